//! Arrays that hold the same up to a factor, perhaps with their axes in another order: one of them is made, the others are read from it.
//!
//! A derivative often needs a matrix and its transpose, written in two ways: `A X W - Y` and `W' X' A' - Y'`, or one with and without
//! the number of samples. Two arrays are alike if their definitions are, once the definitions of what they read are put in and letters
//! are named in one order.

use super::{
    Action, ArrayId, Number,
    draft::{Concrete, Draft},
    inline,
    term::{Factor, Strides, Term},
};
use crate::index::EntryValues;
use rustc_hash::FxHasher;
use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{Hash, Hasher},
};

/// Most axes whose orders are all tried.
const AXES: usize = 3;

/// One array as another, times a factor: for each axis its stride in the one, its extent, and its stride in the other.
#[derive(Clone, Debug)]
pub(super) struct View {
    array: ArrayId,
    scale: Number,
    axes: Vec<(usize, usize, usize)>,
}

impl View {
    /// An array with its axes, each a stride and an extent, in another order.
    pub(super) fn permuted(array: ArrayId, own: &[(usize, usize)], order: &[usize]) -> View {
        let mut axes: Vec<(usize, usize, usize)> = own.iter().map(|&(s, n)| (s, n, 0)).collect();
        let mut stride = 1;
        for &k in order.iter().rev() {
            axes[k].2 = stride;
            stride *= axes[k].1;
        }
        View { array, scale: Number::ONE, axes }
    }

    /// Whether both have their entries in the same order.
    fn in_order(&self) -> bool {
        self.axes.iter().all(|a| a.0 == a.2)
    }

    /// Whether both are the same.
    fn plain(&self) -> bool {
        self.in_order() && self.scale.is_one()
    }

    /// Where a factor that reads the one reads the other; `None` if it leaves an axis for the next.
    pub(super) fn of(&self, f: &Factor, extents: &[usize]) -> Option<Factor> {
        let mut ends = vec![0; self.axes.len()];
        let offset = self.moved(f.offset, 1, &mut ends)?;
        let mut strides = Strides::new();
        for (&s, &n) in f.strides.iter().zip(extents) {
            strides.push(self.moved(s, n - 1, &mut ends)?);
        }
        ends.iter().zip(&self.axes).all(|(end, axis)| *end < axis.1).then_some(Factor { array: self.array, offset, strides })
    }

    /// A step in the one as a step in the other; so many of it go to the ends that are reached along the axes.
    fn moved(&self, step: usize, times: usize, ends: &mut [usize]) -> Option<usize> {
        let (mut rest, mut out) = (step, 0);
        for (end, &(from, _, to)) in ends.iter_mut().zip(&self.axes) {
            let count = rest / from;
            rest -= count * from;
            out += count * to;
            *end += count * times;
        }
        (rest == 0).then_some(out)
    }
}

/// What an array is, apart from the names of letters and a factor: the extents of its axes, and its terms.
type Form = (Vec<usize>, BTreeMap<Product, Number>);
/// A term without its coefficient: extents, target and factors over letters in one order.
type Product = (Vec<usize>, Factor, Vec<Factor>);

/// A function of arrays: its name and parameters, what it reads, sizes, and how many times.
type Applied = (&'static str, Vec<Number>, Vec<(ArrayId, [usize; 2])>, Vec<usize>, usize);

/// What is known of the arrays that were made so far.
#[derive(Default)]
struct Known {
    views: BTreeMap<ArrayId, View>,
    /// Arrays with the factors in front of their forms.
    sums: BTreeMap<Form, (ArrayId, Number)>,
    applied: BTreeMap<Applied, ArrayId>,
    /// Outlines of the sums.
    outlines: BTreeSet<u64>,
    /// Definitions, with those of what they read put in.
    whole: BTreeMap<ArrayId, Vec<Term>>,
    /// Arrays that must be as they are: results, and what functions of matrices read.
    fixed: BTreeSet<ArrayId>,
}

/// Makes what is alike once.
pub(super) fn merge(draft: &mut Draft) {
    let mut known = Known { fixed: draft.kept.clone(), ..Known::default() };
    for s in &draft.statements {
        if let Concrete::Other { action: Action::Call { .. } | Action::Watch { .. }, reads, .. } = s {
            known.fixed.extend(reads);
        }
    }
    for at in 0..draft.statements.len() {
        match draft.statements[at].clone() {
            Concrete::Terms(terms) => known.terms(draft, at, terms),
            Concrete::Other { action, note, .. } => {
                let (action, reads) = known.action(draft, action);
                draft.statements[at] = Concrete::Other { action, note, reads };
            }
        }
    }
    draft.bury();
}

impl Known {
    /// A sum: reads what it can from what is made once, and is it if it is alike.
    fn terms(&mut self, draft: &mut Draft, at: usize, mut terms: Vec<Term>) {
        let Some(array) = terms.first().map(|t| t.target.array) else { return };
        let mut changed = false;
        for t in &mut terms {
            for k in 0..t.factors.len() {
                let f = &t.factors[k];
                let viewed = self.views.get(&f.array).and_then(|v| Some((v.of(f, &t.extents)?, v.scale)));
                if let Some((factor, scale)) = viewed {
                    t.coefficient = t.coefficient * scale;
                    t.factors[k] = factor;
                    changed = true;
                }
            }
        }
        let whole = self.whole(&terms, &draft.shapes).unwrap_or_else(|| terms.clone());
        let own = inline::axes(&draft.shapes[array]);
        let mut found = None;
        // an order of the axes does not change the outline
        let news = self.outlines.insert(outline(&whole));
        for order in orders(own.len(), if news { 0 } else { AXES }) {
            let view = View::permuted(array, &own, &order);
            let Some((form, scale)) = form(&whole, &view) else { continue };
            match self.sums.get(&form) {
                Some(&(other, unit)) => {
                    found = Some(View { array: other, scale: scale / unit, ..view });
                    break;
                }
                // in its own order, which is tried first
                None if view.in_order() => drop(self.sums.insert(form, (array, scale))),
                None => {}
            }
        }
        // what was entered just now is no find
        match found.filter(|v| v.array != array) {
            Some(view) => {
                let copy = copied(array, &view, terms[0].note);
                let cost: f64 = terms.iter().map(Term::cost).sum();
                if !draft.kept.contains(&array) || copy.cost() < cost {
                    (terms, changed) = (vec![copy], true);
                }
                self.views.insert(array, view);
            }
            None => drop(self.whole.insert(array, whole)),
        }
        if changed {
            draft.statements[at] = Concrete::Terms(terms);
            draft.touch(at);
        }
    }

    /// The terms with the definitions of what they read put in; `None` if that is too much.
    fn whole(&self, terms: &[Term], shapes: &[Vec<usize>]) -> Option<Vec<Term>> {
        let mut out = terms.to_vec();
        loop {
            let next = out.iter().flat_map(|t| &t.factors).find_map(|f| Some((f.array, self.whole.get(&f.array)?)));
            let Some((array, definition)) = next else { return Some(out) };
            let mut list = vec![];
            for t in out {
                list.extend(inline::replaced(&t, array, definition, shapes)?);
            }
            out = list;
            if out.len() > inline::TERMS {
                return None;
            }
        }
    }

    /// A function of arrays: it reads what is made once, and is that if it is alike.
    fn action(&mut self, draft: &mut Draft, action: Action) -> (Action, Vec<ArrayId>) {
        // the array that has the same entries in the same order
        let same = |known: &Known, a: ArrayId| known.views.get(&a).filter(|v| v.plain()).map_or(a, |v| v.array);
        match action {
            Action::Map { name, values, parameters, argument, target } => {
                self.map(draft, (name, values, parameters), same(self, argument), target)
            }
            Action::Call { name, values, arguments, sizes, target, times } => {
                let arguments: Vec<_> = arguments.into_iter().map(|(a, shape)| (same(self, a), shape)).collect();
                let applied = (name, vec![], arguments.clone(), sizes.clone(), times);
                self.applied(draft, applied, target, None);
                let reads = arguments.iter().map(|a| a.0).collect();
                (Action::Call { name, values, arguments, sizes, target, times }, reads)
            }
            Action::Watch { name, argument: (a, shape), kink } => {
                let a = same(self, a);
                (Action::Watch { name, argument: (a, shape), kink }, vec![a])
            }
            product @ Action::Product(_) => {
                let reads = product.reads();
                (product, reads)
            }
        }
    }

    /// An entrywise function does not care for the order of the axes.
    fn map(
        &mut self,
        draft: &mut Draft,
        (name, values, parameters): (&'static str, &'static EntryValues, Vec<Number>),
        mut argument: ArrayId,
        target: ArrayId,
    ) -> (Action, Vec<ArrayId>) {
        let view = self.views.get(&argument).cloned();
        let applied = |argument| (name, parameters.clone(), vec![(argument, [0; 2])], vec![], 1);
        match view {
            Some(v) if v.scale.is_one() && self.applied.contains_key(&applied(v.array)) => {
                self.applied(draft, applied(v.array), target, Some(&v))
            }
            // it is made in the order of what it reads
            Some(v) if v.scale.is_one() && !v.in_order() && self.movable(draft, target, &v) => {
                argument = v.array;
                draft.shapes[target] = draft.shapes[argument].clone();
                self.applied.insert(applied(argument), target);
                self.views.insert(target, View { array: target, ..v });
            }
            _ => self.applied(draft, applied(argument), target, None),
        }
        (Action::Map { name, values, parameters, argument, target }, vec![argument])
    }

    /// Whether the axes of an array may stand in another order: it is no result, and sums alone read it, which can.
    fn movable(&self, draft: &Draft, array: ArrayId, view: &View) -> bool {
        let reads = |s: &Concrete| match s {
            Concrete::Terms(terms) => {
                let all = |t: &Term| t.factors.iter().all(|f| f.array != array || view.of(f, &t.extents).is_some());
                terms.iter().all(all)
            }
            Concrete::Other { reads, .. } => !reads.contains(&array),
        };
        !self.fixed.contains(&array) && draft.statements.iter().all(reads)
    }

    /// Enters what a function was applied to, or reads the result from what it gave before.
    fn applied(&mut self, draft: &Draft, applied: Applied, target: ArrayId, view: Option<&View>) {
        match self.applied.get(&applied) {
            Some(&before) => {
                let own = || inline::axes(&draft.shapes[target]).into_iter().map(|(s, n)| (s, n, s)).collect();
                let axes = view.map_or_else(own, |v| v.axes.clone());
                self.views.insert(target, View { array: before, scale: Number::ONE, axes });
            }
            None => drop(self.applied.insert(applied, target)),
        }
    }
}

/// All orders of so many axes, the given one first; only that one if there are more than so many.
pub(super) fn orders(n: usize, most: usize) -> Vec<Vec<usize>> {
    let given: Vec<usize> = (0..n).collect();
    if n > most {
        return vec![given];
    }
    let mut out = vec![vec![]];
    for k in 0..n {
        // the next axis, at every place
        out = out.iter().flat_map(|o: &Vec<usize>| (0..=k).rev().map(|at| [&o[..at], &[k], &o[at..]].concat())).collect();
    }
    out
}

/// A number that alike sums have in common, whatever the order of their axes.
fn outline(terms: &[Term]) -> u64 {
    let of = |t: &Term| {
        let mut arrays: Vec<ArrayId> = t.factors.iter().map(|f| f.array).collect();
        let mut extents = t.extents.clone();
        arrays.sort_unstable();
        extents.sort_unstable();
        hashed(&(arrays, extents))
    };
    let mut all: Vec<u64> = terms.iter().map(of).collect();
    all.sort_unstable();
    // terms that are one but for their coefficients become one
    all.dedup();
    hashed(&all)
}

fn hashed(x: &impl Hash) -> u64 {
    let mut h = FxHasher::default();
    x.hash(&mut h);
    h.finish()
}

/// The form of a sum whose target is seen that way, and the factor in front of it.
fn form(terms: &[Term], view: &View) -> Option<(Form, Number)> {
    let mut out: BTreeMap<Product, Number> = BTreeMap::new();
    for t in terms {
        let target = view.of(&t.target, &t.extents)?;
        let colors = colors(t, &target);
        let mut order: Vec<usize> = (0..t.extents.len()).collect();
        order.sort_by_key(|&l| (std::cmp::Reverse(target.strides[l]), colors[l]));
        let extents = order.iter().map(|&l| t.extents[l]).collect();
        let mut factors: Vec<Factor> = t.factors.iter().map(|f| f.over(&order)).collect();
        factors.sort();
        let target = Factor { array: 0, ..target.over(&order) };
        let sum = out.entry((extents, target, factors)).or_insert(Number::ZERO);
        *sum = *sum + t.coefficient;
    }
    let mut axes: Vec<(usize, usize)> = view.axes.iter().map(|a| (a.2, a.1)).collect();
    axes.sort_unstable();
    // a factor that all have in common: it must be exact, and not zero
    let scale = out.values().next().copied().filter(|s| matches!(s, Number::Ratio(..)) && !s.is_zero()).unwrap_or(Number::ONE);
    if !scale.is_one() {
        out.values_mut().for_each(|c| *c = *c / scale);
    }
    Some(((axes.into_iter().map(|a| a.1).collect(), out), scale))
}

/// A number for each letter that depends on what it moves, and on what moves with that, but not on its name. Two letters may have one
/// number: then what is alike may be missed, nothing else.
fn colors(t: &Term, target: &Factor) -> Vec<u64> {
    let mut out: Vec<u64> = (0..t.extents.len()).map(|l| hashed(&(t.extents[l], target.strides[l]))).collect();
    for _ in 0..t.factors.len() {
        let of_factor = |f: &Factor| {
            let mut moving: Vec<(usize, u64)> = f.strides.iter().zip(&out).filter(|x| *x.0 != 0).map(|(s, c)| (*s, *c)).collect();
            moving.sort_unstable();
            hashed(&(f.array, f.offset, moving))
        };
        let factors: Vec<u64> = t.factors.iter().map(of_factor).collect();
        let next = |l: usize| {
            let mut moved: Vec<(u64, usize)> =
                t.factors.iter().zip(&factors).map(|(f, c)| (*c, f.strides[l])).filter(|x| x.1 != 0).collect();
            moved.sort_unstable();
            hashed(&(out[l], moved))
        };
        out = (0..out.len()).map(next).collect();
    }
    out
}

/// The array as a copy of what it is read from.
fn copied(array: ArrayId, view: &View, note: usize) -> Term {
    let extents = view.axes.iter().map(|a| a.1).collect();
    let strides = |of: fn(&(usize, usize, usize)) -> usize| view.axes.iter().map(of).collect();
    let factor = Factor { array: view.array, offset: 0, strides: strides(|a| a.2) };
    let target = Factor { array, offset: 0, strides: strides(|a| a.0) };
    Term::new(view.scale, extents, vec![factor], target, note)
}
