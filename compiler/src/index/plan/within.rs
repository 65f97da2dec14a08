//! Terms that are a part of other terms: what they sum is made once.
//!
//! In `p ∘ (v - p' v)` with `v = H W` the order of `p' H W` alone does not tell that `H W` is there anyway.

use super::{
    ArrayId, Number,
    build::{Key, key},
    draft::{Concrete, Draft},
    inline,
    order::{Letters, READ, WRITE, moved},
    term::{Factor, Strides, Term},
};
use std::collections::{BTreeMap, BTreeSet};

/// What an entry of such a sum costs that is written apart, in multiplications: short sums are made again where they are needed, beside
/// what is done there anyway (measured; two writings and readings alone would be a quarter of it).
const APART: f64 = 8.0 * (READ + WRITE);

/// Where a term stands: statement, and which of its terms.
type At = (usize, usize);

/// What terms sum, with the terms that it is a part of.
type Shared = (Term, Vec<(At, Part)>);

/// A term without its coefficient and target as a part of another: for each of its letters that of the other, and which factors of the
/// other it is made of.
struct Part {
    letters: Vec<usize>,
    factors: u64,
}

impl Part {
    /// A term in another, if it is there.
    fn of(whole: &Term, t: &Term) -> Option<Part> {
        let mut part = Part { letters: vec![usize::MAX; whole.extents.len()], factors: 0 };
        if !part.extend(whole, t, 0) {
            return None;
        }
        // what it sums nothing else may have
        let others = (0..t.factors.len()).filter(|k| part.factors >> k & 1 == 0);
        let outside = others.fold(t.target.letters(), |u, k| u | t.factors[k].letters());
        let summed = |l: &usize| whole.target.strides[*l] == 0 && part.letters[*l] != usize::MAX;
        (0..part.letters.len()).filter(summed).all(|l| outside >> part.letters[l] & 1 == 0).then_some(part)
    }

    /// Finds the factors from one on, with letters as they were found so far.
    fn extend(&mut self, whole: &Term, t: &Term, from: usize) -> bool {
        let Some(f) = whole.factors.get(from) else { return true };
        for (k, g) in t.factors.iter().enumerate() {
            if self.factors >> k & 1 == 1 || g.array != f.array || g.offset != f.offset {
                continue;
            }
            let before = self.letters.clone();
            if self.matched(whole, t, [f, g]) {
                self.factors |= 1 << k;
                if self.extend(whole, t, from + 1) {
                    return true;
                }
                self.factors &= !(1 << k);
            }
            self.letters = before;
        }
        false
    }

    /// Names the letters of a factor by those of another that moves alike.
    fn matched(&mut self, whole: &Term, t: &Term, [f, g]: [&Factor; 2]) -> bool {
        let moves = |f: &Factor| f.letters().count_ones();
        let all = (0..f.strides.len()).filter(|&l| f.strides[l] != 0).all(|l| {
            let alike = |m: usize| g.strides[m] == f.strides[l] && t.extents[m] == whole.extents[l];
            if self.letters[l] == usize::MAX {
                let free = (0..g.strides.len()).find(|&m| alike(m) && !self.letters.contains(&m));
                self.letters[l] = free.unwrap_or(usize::MAX);
            }
            self.letters[l] != usize::MAX && alike(self.letters[l])
        });
        all && moves(f) == moves(g)
    }
}

/// Letters that move a factor of a term.
fn mentioned(t: &Term) -> Letters {
    t.factors.iter().fold(0, |u, f| u | f.letters())
}

/// Letters of a term that its factors and its target have: the axes of what it sums.
fn axes(whole: &Term) -> Vec<usize> {
    let kept = mentioned(whole) & whole.target.letters();
    (0..whole.extents.len()).filter(|l| kept >> l & 1 == 1).collect()
}

/// Strides of an array with these letters of a term as its axes.
fn strides(whole: &Term, axes: &[usize]) -> Vec<usize> {
    let shape: Vec<usize> = axes.iter().map(|&l| whole.extents[l]).collect();
    inline::axes(&shape).into_iter().map(|a| a.0).collect()
}

/// The term that makes the array.
fn definition(whole: &Term, array: ArrayId) -> Term {
    let axes = axes(whole);
    let mentioned = mentioned(whole);
    let letters: Vec<usize> = (0..whole.extents.len()).filter(|l| mentioned >> l & 1 == 1).collect();
    let mut own = Strides::from_elem(0, whole.extents.len());
    axes.iter().zip(strides(whole, &axes)).for_each(|(&l, s)| own[l] = s);
    let target = Factor { array, offset: 0, strides: own }.over(&letters);
    let extents = letters.iter().map(|&l| whole.extents[l]).collect();
    Term::new(Number::ONE, extents, whole.factors.iter().map(|f| f.over(&letters)).collect(), target, whole.note)
}

/// A term with the array in place of a part of it.
fn put(whole: &Term, part: &Part, t: &Term, array: ArrayId) -> Term {
    let axes = axes(whole);
    let mut own = Strides::from_elem(0, t.extents.len());
    axes.iter().zip(strides(whole, &axes)).for_each(|(&l, s)| own[part.letters[l]] = s);
    let rest = (0..t.factors.len()).filter(|k| part.factors >> k & 1 == 0).map(|k| t.factors[k].clone());
    let factors: Vec<Factor> = rest.chain([Factor { array, offset: 0, strides: own }]).collect();
    // letters that the part sums are gone
    let gone = |l: &usize| part.letters.iter().zip(&whole.target.strides).any(|(m, s)| m == l && *s == 0);
    let letters: Vec<usize> = (0..t.extents.len()).filter(|l| !gone(l)).collect();
    let extents = letters.iter().map(|&l| t.extents[l]).collect();
    Term::new(t.coefficient, extents, factors.iter().map(|f| f.over(&letters)).collect(), t.target.over(&letters), t.note)
}

/// Makes what such terms sum once, where that seems to cost less; says whether there are any.
pub(super) fn share(draft: &mut Draft) -> bool {
    let marks = |t: &Term| t.factors.iter().fold(0u64, |m, f| m | 1 << (f.array % 64));
    let sums = |t: &Term| t.factors.len() > 1 && mentioned(t) & !t.target.letters() != 0;
    let all: Vec<(At, u64, Term)> = terms(draft).map(|(at, t)| (at, marks(t), t.clone())).collect();
    let wholes: Vec<&(At, u64, Term)> = all.iter().filter(|x| sums(&x.2)).collect();
    // for each whole the terms that it is a part of, where that is worth it: each term has one part at most
    let mut found: BTreeMap<At, Vec<(At, Part)>> = BTreeMap::new();
    for (at, mark, t) in all.iter().filter(|x| (3..64).contains(&x.2.factors.len())) {
        let mut best: Option<(f64, At, Part)> = None;
        let fits = |w: &&&(At, u64, Term)| w.1 & !mark == 0 && w.2.factors.len() < t.factors.len();
        for (whole_at, _, whole) in wholes.iter().filter(fits) {
            let Some(part) = Part::of(whole, t) else { continue };
            let entries = moved(axes(whole).iter().map(|&l| whole.extents[l] as f64).product());
            let saved = t.cost() - put(whole, &part, t, 0).cost() - APART * entries;
            if saved > 0.0 && best.as_ref().is_none_or(|b| saved > b.0) {
                best = Some((saved, *whole_at, part));
            }
        }
        if let Some((_, whole_at, part)) = best {
            found.entry(whole_at).or_default().push((*at, part));
        }
    }
    let by_place: BTreeMap<At, &Term> = all.iter().map(|x| (x.0, &x.2)).collect();
    // a term that has a part is no whole for others
    let parted: Vec<At> = found.values().flatten().map(|x| x.0).collect();
    found.retain(|at, _| !parted.contains(at));
    let found = found.into_iter().map(|(at, mut places)| {
        let whole = by_place[&at].clone();
        // letters that nothing mentions stay
        let mentioned = mentioned(&whole);
        let own = |l: usize| if mentioned >> l & 1 == 1 { l } else { usize::MAX };
        let own = Part { letters: (0..whole.extents.len()).map(own).collect(), factors: (1 << whole.factors.len()) - 1 };
        places.push((at, own));
        (whole, places)
    });
    let found = found.collect();
    make(draft, found)
}

/// Makes what terms sum before what reads it first, and reads it wherever it is a part; says whether there is any.
fn make(draft: &mut Draft, found: Vec<Shared>) -> bool {
    let any = !found.is_empty();
    let mut made: BTreeMap<usize, Vec<Term>> = BTreeMap::new();
    for (whole, places) in found {
        let array = draft.shapes.len();
        draft.shapes.push(axes(&whole).iter().map(|&l| whole.extents[l]).collect());
        draft.ages.push(0);
        if let Some(first) = places.iter().map(|p| p.0.0).min() {
            made.entry(first).or_default().push(definition(&whole, array));
        }
        for (at, part) in &places {
            if let Concrete::Terms(list) = &mut draft.statements[at.0] {
                list[at.1] = put(&whole, part, &list[at.1], array);
            }
            draft.touch(at.0);
        }
    }
    let mut statements = vec![];
    for (s, old) in std::mem::take(&mut draft.statements).into_iter().enumerate() {
        statements.extend(made.remove(&s).into_iter().flatten().map(|t| Concrete::Terms(vec![t])));
        statements.push(old);
    }
    draft.statements = statements;
    any
}

/// Products of two factors that several terms have are made once, the one that saves most first, where that seems to cost less: in
/// `A X W` and `B X W` nothing but the other tells that `X W` is better made than `A X`. Says whether there are any.
pub(super) fn pairs(draft: &mut Draft) -> bool {
    let mut changed = false;
    while let Some(found) = pair(draft) {
        changed |= make(draft, vec![found]);
    }
    changed
}

/// The product of two factors that saves most, with the terms that have it.
fn pair(draft: &Draft) -> Option<Shared> {
    let all: Vec<(At, Term)> =
        terms(draft).filter(|x| (3..64).contains(&x.1.factors.len())).map(|(at, t)| (at, t.clone())).collect();
    let mut readers: BTreeMap<ArrayId, BTreeSet<usize>> = BTreeMap::new();
    for (k, (_, t)) in all.iter().enumerate() {
        for f in &t.factors {
            readers.entry(f.array).or_default().insert(k);
        }
    }
    let mut tried = BTreeSet::new();
    let mut best: Option<(f64, Shared)> = None;
    for (_, t) in &all {
        for (k, f) in t.factors.iter().enumerate() {
            for (l, g) in t.factors.iter().enumerate().skip(k + 1) {
                let both: Vec<usize> = readers[&f.array].intersection(&readers[&g.array]).copied().collect();
                let Some((whole, key)) = Some(both.len()).filter(|n| *n > 1).and_then(|_| product(t, k, l)) else { continue };
                if !tried.insert(key) {
                    continue;
                }
                let mut gain = -whole.cost();
                let mut places = vec![];
                for (at, t) in both.into_iter().map(|k| &all[k]) {
                    let Some(part) = Part::of(&whole, t) else { continue };
                    let saved = t.cost() - put(&whole, &part, t, 0).cost();
                    if saved > 0.0 {
                        gain += saved;
                        places.push((*at, part));
                    }
                }
                if places.len() > 1 && gain > 0.0 && best.as_ref().is_none_or(|b| gain > b.0) {
                    best = Some((gain, (whole, places)));
                }
            }
        }
    }
    best.map(|b| b.1)
}

/// The product of two factors of a term, summed over letters that both have and nothing else, as a term; and what it is.
fn product(t: &Term, k: usize, l: usize) -> Option<(Term, Key)> {
    let (f, g) = (t.factors[k].letters(), t.factors[l].letters());
    let others = (0..t.factors.len()).filter(|i| *i != k && *i != l).fold(t.target.letters(), |u, i| u | t.factors[i].letters());
    if f & g & !others == 0 || (f | g) & others == 0 {
        return None;
    }
    let of = |set: Letters| (0..t.extents.len()).filter(|l| set >> l & 1 == 1).collect::<Vec<usize>>();
    let (kept, summed) = (of((f | g) & others), of((f | g) & !others));
    let factors = [t.factors[k].clone(), t.factors[l].clone()];
    let key = key(&factors, &kept, &summed, &t.extents).0;
    let letters: Vec<usize> = kept.iter().chain(&summed).copied().collect();
    let extents: Vec<usize> = letters.iter().map(|&l| t.extents[l]).collect();
    let mut strides = Strides::from_elem(0, letters.len());
    inline::axes(&extents[..kept.len()]).into_iter().zip(&mut strides).for_each(|(axis, s)| *s = axis.0);
    let target = Factor { array: usize::MAX, offset: 0, strides };
    Some((Term::new(Number::ONE, extents, factors.iter().map(|f| f.over(&letters)).collect(), target, t.note), key))
}

/// All terms with their places.
fn terms(draft: &Draft) -> impl Iterator<Item = (At, &Term)> {
    draft.statements.iter().enumerate().flat_map(|(s, statement)| {
        let list: &[Term] = if let Concrete::Terms(list) = statement { list } else { &[] };
        list.iter().enumerate().map(move |(k, t)| ((s, k), t))
    })
}
