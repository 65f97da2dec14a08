//! Intermediate results that are better not kept: their definition is put where they are read, when that costs no more.
//!
//! A stored outer product hides its factors from the order of contraction, a stored sum of a diagonal and a product of vectors
//! hides the diagonal. What is best depends on the sizes, so it is decided here, by the cost of the cheapest orders.

use super::{
    ArrayId,
    draft::{Concrete, Draft},
    factor::{self, Settled},
    term::{Factor, LETTERS, Strides, Term},
};
use smallvec::smallvec;
use std::collections::{BTreeMap, BTreeSet};

/// Most factors of a term, terms of a definition, and terms that take the place of one.
const FACTORS: usize = 12;
pub(super) const TERMS: usize = 8;

/// Puts definitions where they are read, when that costs no more, with `ahead` also if only the common factors that come up make it so;
/// says whether something changed.
pub(super) fn inline(draft: &mut Draft, ahead: bool) -> bool {
    let arrays: BTreeSet<ArrayId> = (draft.statements.iter())
        .filter_map(|s| if let Concrete::Terms(t) = s { t.first().map(|t| t.target.array) } else { None })
        .collect();
    let mut changed = false;
    for &a in arrays.iter().rev() {
        changed |= one(draft, a, ahead);
    }
    draft.sweep();
    changed
}

/// Puts matrix products where they are read, and sums of such that are read once, whatever that costs: then all factors stand together.
pub(super) fn expand(draft: &mut Draft) {
    let contracts = |t: &Term| {
        let summed = !t.target.letters();
        (0..t.extents.len()).any(|l| summed >> l & 1 == 1 && t.factors.iter().filter(|f| f.strides[l] != 0).count() > 1)
    };
    for array in (0..draft.shapes.len()).rev() {
        let Some(uses) = Uses::of(draft, array).filter(|u| !u.pinned) else { continue };
        let definition = terms(draft, uses.definition).to_vec();
        let once = uses.readers.values().map(Vec::len).sum::<usize>() == 1;
        if definition.len() > if once { TERMS } else { 1 } || !definition.iter().all(contracts) {
            continue;
        }
        let put = |t: &Term| replaced(t, array, &definition, &draft.shapes);
        let new = uses.readers.keys().map(|&k| Some((k, terms(draft, k).iter().map(put).collect::<Option<Vec<_>>>()?.concat())));
        let Some(new) = new.collect::<Option<Vec<_>>>() else { continue };
        for (k, terms) in new.into_iter().chain([(uses.definition, vec![])]) {
            draft.touch(k);
            draft.statements[k] = Concrete::Terms(terms);
        }
    }
    draft.sweep();
}

/// Where an array is made and read.
struct Uses {
    /// The statement with its terms.
    definition: usize,
    /// Terms that read it, by statement.
    readers: BTreeMap<usize, Vec<usize>>,
    /// It must exist.
    pinned: bool,
}

impl Uses {
    fn of(draft: &Draft, array: ArrayId) -> Option<Uses> {
        let (mut definition, mut readers) = (None, BTreeMap::new());
        let mut pinned = draft.kept.contains(&array);
        for (k, s) in draft.statements.iter().enumerate() {
            match s {
                Concrete::Terms(terms) => {
                    if terms.first().is_some_and(|t| t.target.array == array) {
                        definition = Some(k);
                    }
                    let read = |t: &Term| t.factors.iter().any(|f| f.array == array);
                    let list: Vec<usize> = (0..terms.len()).filter(|&i| read(&terms[i])).collect();
                    if !list.is_empty() {
                        readers.insert(k, list);
                    }
                }
                Concrete::Other { reads, .. } => pinned |= reads.contains(&array),
            }
        }
        Some(Uses { definition: definition?, readers, pinned }).filter(|u| !u.readers.is_empty())
    }
}

fn terms(draft: &Draft, statement: usize) -> &[Term] {
    match &draft.statements[statement] {
        Concrete::Terms(terms) => terms,
        Concrete::Other { .. } => &[],
    }
}

/// Tries it with one array; says whether something changed.
fn one(draft: &mut Draft, array: ArrayId, ahead: bool) -> bool {
    let Some(uses) = Uses::of(draft, array) else { return false };
    let definition = terms(draft, uses.definition);
    if definition.len() > TERMS {
        return false;
    }
    // nothing has changed since it was tried last
    let readers = uses.readers.keys().filter_map(|&k| draft.age(k));
    let seen: Vec<(ArrayId, u64)> = readers.chain([(array, draft.ages[array])]).collect();
    if draft.tried.get(&array) == Some(&seen) {
        return false;
    }
    let definition = definition.to_vec();
    draft.tried.insert(array, seen);
    let mut next = draft.shapes.len();
    let mut choices = vec![];
    for (&k, list) in &uses.readers {
        let old = terms(draft, k);
        let put = |(i, t): (usize, &Term)| match list.binary_search(&i) {
            Ok(_) => replaced(t, array, &definition, &draft.shapes),
            Err(_) => Some(vec![t.clone()]),
        };
        let new: Option<Vec<Vec<Term>>> = old.iter().enumerate().map(put).collect();
        let before: f64 = old.iter().map(Term::cost).sum();
        let new = new.map(|new| {
            let plain = Settled { sums: vec![], terms: new.concat() };
            // terms that take the place of one may have factors in common with others
            if !ahead || plain.cost() < before { plain } else { factor::settle(plain.terms, &mut next) }
        });
        let gain = new.as_ref().map(|new| new.cost() - before);
        choices.push((k, new, gain));
    }
    // where it is cheaper by itself; everywhere, if then the array need not be made
    let spared: f64 = if uses.pinned { 0.0 } else { definition.iter().map(Term::cost).sum() };
    let rest: f64 = choices.iter().filter_map(|c| c.2).filter(|g| *g >= 0.0).sum();
    let everywhere = !uses.pinned && choices.iter().all(|c| c.2.is_some()) && rest <= spared;
    let mut changed = false;
    if everywhere {
        draft.statements[uses.definition] = Concrete::Terms(vec![]);
    }
    // from behind, so that places stay
    for (k, new, gain) in choices.into_iter().rev() {
        if let (Some(new), Some(gain)) = (new, gain)
            && (everywhere || gain < 0.0)
        {
            draft.touch(k);
            draft.replace(k, new);
            changed = true;
        }
    }
    changed
}

/// A term with the definition in the place of the array, wherever it reads it.
pub(super) fn replaced(term: &Term, array: ArrayId, definition: &[Term], shapes: &[Vec<usize>]) -> Option<Vec<Term>> {
    let mut done = vec![];
    let mut open = vec![term.clone()];
    while let Some(t) = open.pop() {
        let Some(at) = t.factors.iter().position(|f| f.array == array) else {
            done.push(t);
            continue;
        };
        for d in definition {
            open.push(put(&t, at, d, &shapes[array])?);
        }
        if done.len() + open.len() > TERMS {
            return None;
        }
    }
    done.reverse();
    Some(done)
}

/// The term with one factor replaced by its definition.
fn put(term: &Term, at: usize, definition: &Term, shape: &[usize]) -> Option<Term> {
    let read = &term.factors[at];
    if read.offset != 0 || definition.target.offset != 0 || term.rank() + definition.rank() > FACTORS + 1 {
        return None;
    }
    // axes of which the strides of both are sums
    let candidates = [digits(&read.strides, &term.extents), digits(&definition.target.strides, &definition.extents), axes(shape)];
    let entries: usize = shape.iter().product();
    let found = candidates.into_iter().filter(|a| a.iter().map(|x| x.1).product::<usize>() == entries).find_map(|axes| {
        let reader = covers(&read.strides, &term.extents, &axes, false)?;
        let written = covers(&definition.target.strides, &definition.extents, &axes, true)?;
        Some((reader, written))
    });
    let (reader, written) = found?;
    // the letter of the term for every letter of the definition; letters that must be equal become one
    let (n, m) = (term.extents.len(), definition.extents.len());
    let mut same: Vec<usize> = (0..n).collect();
    let mut meaning: Vec<Option<usize>> = vec![None; m];
    let mut pinned = vec![false; m];
    for (x, y) in reader.iter().zip(&written) {
        match (x, y) {
            (Some(x), Some(y)) => match meaning[*y] {
                None => meaning[*y] = Some(*x),
                Some(other) => {
                    let (a, b) = (find(&same, other), find(&same, *x));
                    if term.extents[a] != term.extents[b] {
                        return None;
                    }
                    same[b] = a;
                }
            },
            (None, Some(y)) => pinned[*y] = true,
            (None, None) => {}
            (Some(_), None) => return None,
        }
    }
    if (0..m).any(|y| pinned[y] && meaning[y].is_some()) {
        return None;
    }
    let mut extents = term.extents.clone();
    let mut fresh = vec![None; m];
    for y in 0..m {
        if meaning[y].is_none() && !pinned[y] {
            fresh[y] = Some(extents.len());
            extents.push(definition.extents[y]);
        }
    }
    if extents.len() > LETTERS {
        return None;
    }
    let total = extents.len();
    let outer = |f: &Factor| {
        let mut strides: Strides = smallvec![0; total];
        f.strides.iter().enumerate().for_each(|(l, s)| strides[find(&same, l)] += s);
        Factor { array: f.array, offset: f.offset, strides }
    };
    let inner = |f: &Factor| {
        let mut strides: Strides = smallvec![0; total];
        for (y, s) in f.strides.iter().enumerate() {
            match (meaning[y], fresh[y]) {
                (Some(x), _) => strides[find(&same, x)] += s,
                (None, Some(x)) => strides[x] += s,
                (None, None) => {}
            }
        }
        Factor { array: f.array, offset: f.offset, strides }
    };
    let mut factors: Vec<Factor> = vec![];
    for (k, f) in term.factors.iter().enumerate() {
        if k == at {
            factors.extend(definition.factors.iter().map(inner));
        } else {
            factors.push(outer(f));
        }
    }
    let target = outer(&term.target);
    // letters that have become another, or that nothing mentions
    let gone = |l: usize| l < n && find(&same, l) != l;
    let keep: Vec<usize> = (0..total).filter(|&l| !gone(l)).collect();
    let squeeze = |f: Factor| f.over(&keep);
    Some(Term::new(
        term.coefficient * definition.coefficient,
        keep.iter().map(|&l| extents[l]).collect(),
        factors.into_iter().map(squeeze).collect(),
        squeeze(target),
        term.note,
    ))
}

fn find(same: &[usize], mut l: usize) -> usize {
    while same[l] != l {
        l = same[l];
    }
    l
}

/// An axis: its stride and extent.
type Axis = (usize, usize);

/// Letters as axes, the slowest first.
pub(super) fn digits(strides: &[usize], extents: &[usize]) -> Vec<Axis> {
    let mut out: Vec<Axis> = strides.iter().copied().zip(extents.iter().copied()).filter(|a| a.0 != 0).collect();
    out.sort_unstable_by(|a, b| b.cmp(a));
    // a mixed radix: every stride is the number of entries behind it
    let mut behind = 1;
    for &(s, n) in out.iter().rev() {
        if s != behind {
            return vec![(0, 0)];
        }
        behind *= n;
    }
    out
}

/// The axes of a row-major array.
pub(super) fn axes(shape: &[usize]) -> Vec<Axis> {
    let mut out = vec![];
    let mut stride = 1;
    for &n in shape.iter().rev().filter(|n| **n != 1) {
        out.push((stride, n));
        stride *= n;
    }
    out.reverse();
    out
}

/// For every axis the letter that moves along it; `None` if a stride is no sum of axes, or an axis has two letters, or (where
/// `whole`) a letter does not run along all of its axis.
fn covers(strides: &[usize], extents: &[usize], axes: &[Axis], whole: bool) -> Option<Vec<Option<usize>>> {
    let mut out = vec![None; axes.len()];
    for (l, &s) in strides.iter().enumerate().filter(|x| *x.1 != 0) {
        let mut rest = s;
        for (k, &(stride, extent)) in axes.iter().enumerate() {
            if stride <= rest {
                rest -= stride;
                let fits = if whole { extents[l] == extent } else { extents[l] <= extent };
                if !fits || out[k].replace(l).is_some() {
                    return None;
                }
            }
        }
        if rest != 0 {
            return None;
        }
    }
    Some(out)
}
