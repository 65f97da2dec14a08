//! The order of a contraction: a product of many factors becomes products of two, each one batched matrix product.

use super::Typical;
use crate::{
    dim::Dim,
    index::{Access, Letter, TensorId},
    number::Number,
};
use std::collections::{BTreeMap, BTreeSet};

/// Where entries are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A tensor of the program.
    Tensor(TensorId),
    /// What a plan keeps in between.
    Between(usize),
}

/// A factor or target: which entry a letter assignment means.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) place: Place,
    pub(super) strides: BTreeMap<Letter, Dim>,
    pub(super) offset: Dim,
}

impl Operand {
    pub(super) fn read(a: &Access) -> Operand {
        let mut strides = BTreeMap::<Letter, Dim>::new();
        for (l, s) in &a.strides {
            let sum = strides.get(l).map_or_else(|| s.clone(), |old| old + s);
            strides.insert(*l, sum);
        }
        // a letter that moves nothing is as if it were not there
        strides.retain(|_, s| *s != Dim::default());
        Operand { place: Place::Tensor(a.tensor), strides, offset: a.offset.clone() }
    }

    fn letters(&self) -> BTreeSet<Letter> {
        self.strides.keys().copied().collect()
    }
}

/// `target += coefficient · counts · Σ Π factors`, of at most two factors.
#[derive(Clone, Debug)]
pub(super) struct Product {
    pub(super) coefficient: Number,
    /// Extents of letters that nothing mentions.
    pub(super) counts: Vec<Dim>,
    pub(super) factors: Vec<Operand>,
    pub(super) target: Operand,
    /// The extents of a target in between, which is made here.
    pub(super) made: Option<Vec<Dim>>,
}

impl Product {
    /// A text that two products share if they compute the same: letters are called by their place in the target, then in the
    /// factors.
    pub(super) fn key(&self, extents: &BTreeMap<Letter, Dim>) -> String {
        let mut names: BTreeMap<Letter, usize> = BTreeMap::new();
        let mut rank: Vec<(&Letter, &Dim)> = self.target.strides.iter().collect();
        rank.sort_by(|a, b| a.1.cmp(b.1));
        let inner = self.factors.iter().flat_map(|f| f.strides.keys());
        for l in rank.into_iter().map(|x| x.0).chain(inner) {
            let next = names.len();
            names.entry(*l).or_insert(next);
        }
        let mut factors: Vec<String> = self
            .factors
            .iter()
            .map(|f| {
                let strides: BTreeMap<usize, String> = f.strides.iter().map(|(l, s)| (names[l], s.to_string())).collect();
                format!("{:?} {} {strides:?}", f.place, f.offset)
            })
            .collect();
        factors.sort();
        let sizes: BTreeMap<usize, String> = names.iter().map(|(l, k)| (*k, extents[l].to_string())).collect();
        let target: BTreeMap<usize, String> = self.target.strides.iter().map(|(l, s)| (names[l], s.to_string())).collect();
        format!("{factors:?} {target:?} {sizes:?}")
    }
}

/// The steps of one contraction; the last adds to its target. Places in between are numbered from `next` on.
pub(super) fn plan(
    coefficient: Number,
    factors: &[Access],
    target: &Access,
    extents: &BTreeMap<Letter, Dim>,
    typical: &Typical,
    next: &mut usize,
) -> Vec<Product> {
    let mut p = Plan { extents, typical, next, steps: vec![] };
    let target = Operand::read(target);
    let mut factors: Vec<Operand> = factors.iter().map(Operand::read).collect();
    let mentioned: BTreeSet<Letter> = factors.iter().chain([&target]).flat_map(Operand::letters).collect();
    let counts = extents.iter().filter(|(l, _)| !mentioned.contains(l)).map(|(_, d)| d.clone()).collect();
    while factors.len() > 2 {
        let (a, b) = p.cheapest(&factors, &target);
        let (b, a) = (factors.remove(b), factors.remove(a));
        let kept: BTreeSet<Letter> = factors.iter().chain([&target]).flat_map(Operand::letters).collect();
        let made = p.product(a, b, &kept);
        factors.push(made);
    }
    if let [a, b] = factors.as_slice() {
        let kept = target.letters();
        factors = vec![p.summed(a, &(&b.letters() | &kept)), p.summed(b, &(&a.letters() | &kept))];
    }
    p.steps.push(Product { coefficient, counts, factors, target, made: None });
    p.steps
}

struct Plan<'a> {
    extents: &'a BTreeMap<Letter, Dim>,
    typical: &'a Typical,
    next: &'a mut usize,
    steps: Vec<Product>,
}

impl Plan<'_> {
    fn extent<'l>(&self, letters: impl IntoIterator<Item = &'l Letter>) -> f64 {
        letters.into_iter().map(|l| self.typical.extent(&self.extents[l])).product()
    }

    /// The pair whose product costs the fewest multiplications at typical sizes, then the smallest result; the first of equals.
    fn cheapest(&self, factors: &[Operand], target: &Operand) -> (usize, usize) {
        let mut best = ((f64::INFINITY, f64::INFINITY), (0, 1));
        for a in 0..factors.len() {
            for b in a + 1..factors.len() {
                let union = &factors[a].letters() | &factors[b].letters();
                let others = factors.iter().enumerate().filter(|(k, _)| *k != a && *k != b).map(|(_, f)| f);
                let kept: BTreeSet<Letter> = others.chain([target]).flat_map(Operand::letters).collect();
                let cost = (self.extent(&union), self.extent(union.intersection(&kept)));
                if cost < best.0 {
                    best = (cost, (a, b));
                }
            }
        }
        best.1
    }

    /// A new place over these letters, row-major.
    fn make(&mut self, letters: &[Letter], factors: Vec<Operand>) -> Operand {
        let shape: Vec<Dim> = letters.iter().map(|l| self.extents[l].clone()).collect();
        let (mut strides, mut stride) = (BTreeMap::new(), Dim::constant(1));
        for (l, d) in letters.iter().zip(&shape).rev() {
            strides.insert(*l, stride.clone());
            stride = &stride * d;
        }
        let made = Operand { place: Place::Between(*self.next), strides, offset: Dim::default() };
        *self.next += 1;
        let target = made.clone();
        self.steps.push(Product { coefficient: Number::ONE, counts: vec![], factors, target, made: Some(shape) });
        made
    }

    /// A factor summed over the letters that only it has.
    fn summed(&mut self, f: &Operand, kept: &BTreeSet<Letter>) -> Operand {
        if f.letters().is_subset(kept) {
            return f.clone();
        }
        let letters: Vec<Letter> = f.letters().intersection(kept).copied().collect();
        self.make(&letters, vec![f.clone()])
    }

    /// The product of two factors over the letters that are kept: those of both first, then of the first, then of the second.
    fn product(&mut self, a: Operand, b: Operand, kept: &BTreeSet<Letter>) -> Operand {
        let a = self.summed(&a, &(&b.letters() | kept));
        let b = self.summed(&b, &(&a.letters() | kept));
        let (la, lb) = (a.letters(), b.letters());
        let mut letters: Vec<Letter> = (&la | &lb).intersection(kept).copied().collect();
        letters.sort_by_key(|l| match (la.contains(l), lb.contains(l)) {
            (true, true) => 0,
            (true, false) => 1,
            _ => 2,
        });
        self.make(&letters, vec![a, b])
    }
}
