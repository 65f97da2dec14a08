//! Letters of a product numbered in one canonical way, so that equal products have equal keys.

use super::{Index, Key, Place};
use crate::{
    dim::Dim,
    index::Letter,
    lower::{
        Lower,
        view::{Factor, Slot},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Most orders of letters that look alike that are tried.
const MOST_ORDERS: usize = 5040;

/// A size by its number in the order in which sizes were met.
pub(super) type DimId = u32;

/// What surrounds a letter in one factor: tensor, own stride, offset, strides of all its letters by color.
type Around = (usize, DimId, DimId, Vec<(usize, DimId)>);

/// The sizes met so far.
#[derive(Default)]
pub(super) struct Dims(BTreeMap<Dim, DimId>);

impl Dims {
    fn id(&mut self, d: &Dim) -> DimId {
        if let Some(&id) = self.0.get(d) {
            return id;
        }
        let id = DimId::try_from(self.0.len()).expect("fewer than 2^32 sizes");
        self.0.insert(d.clone(), id);
        id
    }
}

impl Lower<'_> {
    /// Free slots and factors with letters numbered in one canonical way; no powers of sizes.
    pub(super) fn labelled(&mut self, free: &[Slot], factors: &[Factor]) -> Key {
        let mut letters: Vec<Letter> = vec![];
        let read = factors.iter().flat_map(|f| f.strides.iter().map(|s| s.0));
        for l in free.iter().flat_map(|s| s.letters.iter().map(|x| x.0)).chain(read) {
            if !letters.contains(&l) {
                letters.push(l);
            }
        }
        let at = |l: Letter| letters.iter().position(|x| *x == l).expect("all letters were listed");
        let extents: Vec<Dim> = letters.iter().map(|l| self.extent(*l).clone()).collect();
        let symmetric: Vec<bool> = factors.iter().map(|f| self.turns(f)).collect();
        let dims = &mut self.atoms.as_mut().expect("formulas are compared here").dims;
        let one = dims.id(&Dim::constant(1));
        let extents: Vec<DimId> = extents.iter().map(|d| dims.id(d)).collect();
        let slots: Vec<Index> =
            free.iter().map(|s| (s.letters.iter().map(|(l, d)| (at(*l), dims.id(d))).collect(), dims.id(&s.offset))).collect();
        let places: Vec<Place> = factors
            .iter()
            .zip(symmetric)
            .map(|(f, turns)| {
                // the two letters of a symmetric matrix are alike
                let stride = |dims: &mut Dims, s: &Dim| if turns { one } else { dims.id(s) };
                (f.tensor, f.strides.iter().map(|(l, s)| (at(*l), stride(dims, s))).collect(), dims.id(&f.offset))
            })
            .collect();
        // colors: what distinguishes a letter, refined by its neighbours until nothing changes
        let first: Vec<(Vec<(usize, DimId)>, DimId)> = (0..letters.len())
            .map(|k| {
                let stride = |s: &Index| s.0.iter().find(|x| x.0 == k).map(|x| x.1);
                (slots.iter().enumerate().filter_map(|(p, s)| Some((p, stride(s)?))).collect(), extents[k])
            })
            .collect();
        let mut color = ranks(&first);
        for _ in 0..letters.len() {
            let mut around: Vec<Vec<Around>> = vec![vec![]; letters.len()];
            for (t, strides, offset) in &places {
                let mut others: Vec<(usize, DimId)> = strides.iter().map(|(x, s)| (color[*x], *s)).collect();
                others.sort_unstable();
                for (l, s) in strides {
                    around[*l].push((t.0, *s, *offset, others.clone()));
                }
            }
            let refined: Vec<(usize, Vec<Around>)> = around
                .into_iter()
                .enumerate()
                .map(|(k, mut a)| {
                    a.sort_unstable();
                    (color[k], a)
                })
                .collect();
            let new = ranks(&refined);
            if new == color {
                break;
            }
            color = new;
        }
        // letters still alike are tried in every order, up to a limit
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (k, c) in color.iter().enumerate() {
            groups.entry(*c).or_default().push(k);
        }
        let orders = groups.values().flat_map(|g| 1..=g.len()).try_fold(1, |n: usize, k| n.checked_mul(k)).unwrap_or(usize::MAX);
        let renumbered = |order: &[usize]| -> Vec<Place> {
            let mut number = vec![0; letters.len()];
            for (n, &k) in order.iter().enumerate() {
                number[k] = n;
            }
            let mut list: Vec<Place> = places
                .iter()
                .map(|(t, strides, offset)| {
                    let mut strides: Vec<(usize, DimId)> = strides.iter().map(|(l, s)| (number[*l], *s)).collect();
                    strides.sort_unstable();
                    (*t, strides, *offset)
                })
                .collect();
            list.sort_unstable();
            list
        };
        let mut order: Vec<usize> = groups.values().flatten().copied().collect();
        let mut list = renumbered(&order);
        if orders > 1 && orders <= MOST_ORDERS {
            permutations(&groups.into_values().collect::<Vec<_>>(), &mut vec![], &mut |other| {
                let l = renumbered(other);
                if l < list {
                    (order, list) = (other.to_vec(), l);
                }
            });
        }
        let number = |k: usize| order.iter().position(|&x| x == k).expect("every letter has a place in the order");
        Key {
            sizes: BTreeMap::new(),
            extents: order.iter().map(|&k| extents[k]).collect(),
            free: slots
                .iter()
                .map(|(letters, o)| {
                    let mut letters: Vec<(usize, DimId)> = letters.iter().map(|(k, d)| (number(*k), *d)).collect();
                    letters.sort_unstable();
                    (letters, *o)
                })
                .collect(),
            factors: list,
        }
    }

    /// Whether a factor is a symmetric matrix with one letter a side, which may be exchanged.
    pub(super) fn turns(&self, f: &Factor) -> bool {
        let shape = &self.program.tensors[f.tensor.0].shape;
        self.about(f.tensor).is_some_and(|a| a.symmetric)
            && f.offset == Dim::default()
            && matches!(f.strides.as_slice(), [(_, s), (_, t)] if (s.is_one() && *t == shape[1]) || (t.is_one() && *s == shape[1]))
    }
}

/// Positions in the sorted list of distinct values.
fn ranks<T: Ord>(values: &[T]) -> Vec<usize> {
    let sorted: BTreeSet<&T> = values.iter().collect();
    let order: Vec<&T> = sorted.into_iter().collect();
    values.iter().map(|v| order.binary_search(&v).expect("every value is in the list")).collect()
}

/// All concatenations of permutations of the groups.
pub(super) fn permutations(groups: &[Vec<usize>], prefix: &mut Vec<usize>, f: &mut dyn FnMut(&[usize])) {
    let Some((first, rest)) = groups.split_first() else { return f(prefix) };
    fn inner(left: &mut Vec<usize>, rest: &[Vec<usize>], prefix: &mut Vec<usize>, f: &mut dyn FnMut(&[usize])) {
        if left.is_empty() {
            return permutations(rest, prefix, f);
        }
        for k in 0..left.len() {
            let x = left.remove(k);
            prefix.push(x);
            inner(left, rest, prefix, f);
            prefix.pop();
            left.insert(k, x);
        }
    }
    inner(&mut first.clone(), rest, prefix, f);
}
