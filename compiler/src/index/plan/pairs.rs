//! Products of two factors that are a term by themselves and a part of other terms: they are made once.
//!
//! In `p ∘ (v - p' v)` with `v = H W` the order of `p' H W` alone does not tell that `H W` is there anyway.

use super::{
    ArrayId, Number,
    draft::{Concrete, Draft},
    inline,
    order::{READ, WRITE, moved},
    term::{Factor, Strides, Term},
};
use std::collections::BTreeMap;

/// A product of two arrays, each with an offset, whatever its letters are called: of each letter the extent and the strides, of those
/// that are kept and of those that are summed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    arrays: [(ArrayId, usize); 2],
    kept: Vec<[usize; 3]>,
    summed: Vec<[usize; 3]>,
}

/// A place where a pair stands: statement, term, two of its factors, and its letters that are kept, in the order of the pair.
struct Place {
    at: (usize, usize),
    factors: [usize; 2],
    axes: Vec<usize>,
}

impl Pair {
    /// Two factors of a term, and its letters that are kept; `None` if nothing is summed.
    fn of(t: &Term, factors: [usize; 2]) -> Option<(Pair, Vec<usize>)> {
        let others = (0..t.factors.len()).filter(|k| !factors.contains(k));
        let kept = others.fold(t.target.letters(), |u, k| u | t.factors[k].letters());
        let [f, g] = factors.map(|k| &t.factors[k]);
        let way = |f: &Factor, g: &Factor| {
            let letters = |wanted: bool| {
                let both = f.letters() | g.letters();
                let chosen = (0..t.extents.len()).filter(|&l| both >> l & 1 == 1 && (kept >> l & 1 == 1) == wanted);
                let mut list: Vec<([usize; 3], usize)> =
                    chosen.map(|l| ([t.extents[l], f.strides[l], g.strides[l]], l)).collect();
                list.sort_unstable();
                list
            };
            let (outside, inside) = (letters(true), letters(false));
            let only = |list: &[([usize; 3], usize)]| list.iter().map(|x| x.0).collect::<Vec<_>>();
            let arrays = [(f.array, f.offset), (g.array, g.offset)];
            (Pair { arrays, kept: only(&outside), summed: only(&inside) }, outside.into_iter().map(|x| x.1).collect::<Vec<_>>())
        };
        let (pair, axes) = way(f, g).min(way(g, f));
        (!pair.summed.is_empty()).then_some((pair, axes))
    }

    fn shape(&self) -> Vec<usize> {
        self.kept.iter().map(|l| l[0]).collect()
    }

    /// The term that makes it an array.
    fn term(&self, array: ArrayId, note: usize) -> Term {
        let letters = || self.kept.iter().chain(&self.summed);
        let strides = |k: usize| letters().map(|l| l[k]).collect::<Strides>();
        let factor = |k: usize| Factor { array: self.arrays[k].0, offset: self.arrays[k].1, strides: strides(k + 1) };
        let mut own: Strides = inline::axes(&self.shape()).into_iter().map(|a| a.0).collect();
        own.resize(self.kept.len() + self.summed.len(), 0);
        let target = Factor { array, offset: 0, strides: own };
        Term::new(Number::ONE, letters().map(|l| l[0]).collect(), vec![factor(0), factor(1)], target, note)
    }

    /// A term with that array in place of two of its factors.
    fn put(&self, array: ArrayId, t: &Term, [a, b]: [usize; 2], axes: &[usize]) -> Term {
        let mut strides = Strides::from_elem(0, t.extents.len());
        for (&l, (stride, _)) in axes.iter().zip(inline::axes(&self.shape())) {
            strides[l] = stride;
        }
        let rest = (0..t.factors.len()).filter(|k| *k != a && *k != b).map(|k| t.factors[k].clone());
        let factors = rest.chain([Factor { array, offset: 0, strides }]);
        // letters that only the pair had are summed in it
        let used = |l: &usize| {
            let moves = |f: &Factor| f.strides[*l] != 0;
            moves(&t.target) || !(moves(&t.factors[a]) || moves(&t.factors[b])) || axes.contains(l)
        };
        let letters: Vec<usize> = (0..t.extents.len()).filter(used).collect();
        let over = |f: &Factor| f.over(&letters);
        let extents = letters.iter().map(|&l| t.extents[l]).collect();
        Term::new(t.coefficient, extents, factors.map(|f| over(&f)).collect(), over(&t.target), t.note)
    }
}

/// Makes such products once, where that seems to cost less; says whether there are any.
pub(super) fn share(draft: &mut Draft) -> bool {
    // those that are a term
    let mut whole: BTreeMap<Pair, Vec<Place>> = BTreeMap::new();
    let mut arrays: BTreeMap<[ArrayId; 2], usize> = BTreeMap::new();
    for (at, t) in terms(draft).filter(|x| x.1.factors.len() == 2) {
        if let Some((pair, axes)) = Pair::of(t, [0, 1]) {
            *arrays.entry(pair.arrays.map(|a| a.0)).or_default() += 1;
            whole.entry(pair).or_default().push(Place { at, factors: [0, 1], axes });
        }
    }
    // those that are a part, where they are worth it
    let mut part: BTreeMap<Pair, Vec<Place>> = BTreeMap::new();
    for (at, t) in terms(draft).filter(|x| x.1.factors.len() > 2) {
        let mut best: Option<(f64, Pair, Place)> = None;
        for b in 1..t.factors.len() {
            for a in 0..b {
                let mut both = [t.factors[a].array, t.factors[b].array];
                both.sort_unstable();
                if !arrays.contains_key(&both) {
                    continue;
                }
                let Some((pair, axes)) = Pair::of(t, [a, b]).filter(|p| whole.contains_key(&p.0)) else { continue };
                let entries = moved(pair.kept.iter().map(|l| l[0] as f64).product());
                // what is made once is read where it was a term
                let saved = t.cost() - pair.put(0, t, [a, b], &axes).cost() - 2.0 * (READ + WRITE) * entries;
                if saved > 0.0 && best.as_ref().is_none_or(|x| saved > x.0) {
                    best = Some((saved, pair, Place { at, factors: [a, b], axes }));
                }
            }
        }
        if let Some((_, pair, place)) = best {
            part.entry(pair).or_default().push(place);
        }
    }
    let found = !part.is_empty();
    let mut made: BTreeMap<usize, Vec<Term>> = BTreeMap::new();
    for (pair, places) in part {
        let array = draft.shapes.len();
        draft.shapes.push(pair.shape());
        draft.ages.push(0);
        let places: Vec<Place> = places.into_iter().chain(whole.remove(&pair).unwrap_or_default()).collect();
        let first = places.iter().map(|p| p.at.0).min().unwrap_or(0);
        for Place { at: (s, k), factors, axes } in places {
            let Concrete::Terms(terms) = &mut draft.statements[s] else { continue };
            if s == first && !made.get(&s).is_some_and(|m| m.iter().any(|t| t.target.array == array)) {
                made.entry(s).or_default().push(pair.term(array, terms[k].note));
            }
            terms[k] = pair.put(array, &terms[k], factors, &axes);
            draft.touch(s);
        }
    }
    // before what reads them first
    let mut statements = vec![];
    for (s, old) in std::mem::take(&mut draft.statements).into_iter().enumerate() {
        statements.extend(made.remove(&s).into_iter().flatten().map(|t| Concrete::Terms(vec![t])));
        statements.push(old);
    }
    draft.statements = statements;
    found
}

/// All terms with their places: statement, and which of it.
fn terms(draft: &Draft) -> impl Iterator<Item = ((usize, usize), &Term)> {
    draft.statements.iter().enumerate().flat_map(|(s, statement)| {
        let list: &[Term] = if let Concrete::Terms(list) = statement { list } else { &[] };
        list.iter().enumerate().map(move |(k, t)| ((s, k), t))
    })
}
