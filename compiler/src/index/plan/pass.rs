//! Passes: steps that go over the same large array are done together, part by part along its slowest letter, so that it is fetched
//! from memory once.
//!
//! `X w`, `X v`, functions of their entries, and what these have to do with `X' t` are one pass over the rows of X. `X' diag(d) X` closes a
//! pass that makes d: it copies rows of X as it goes on, and asks for their weights then.

use super::{Action, ArrayId, Operand, Plan, Planned, Product};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// Entries from which on an array does not stay near the processor.
const LARGE: usize = 1 << 17;
/// Neighbours in a sum from which on one row after the other is added to it.
const SPAN: usize = 16;
/// Entries of it that are done before the next.
const PART: usize = 1 << 16;

/// Steps that are done part by part.
#[derive(Clone, Debug)]
pub struct Pass {
    /// The step after the last one.
    pub end: usize,
    /// What is done in order.
    pub pieces: Vec<Piece>,
    /// What closes it.
    pub closing: Option<Closing>,
}

/// A half product, scaled in passing by weights that a pass makes, value after value of what is summed.
#[derive(Clone, Debug)]
pub struct Closing {
    /// It, with three factors.
    pub product: Product,
    /// For so many values, so many pieces of the pass are done at once.
    pub values: usize,
    /// How many pieces.
    pub pieces: usize,
}

/// A part of a step.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Of a product.
    Product(Product),
    /// Of the entrywise function at that step: these entries.
    Map {
        /// The step.
        step: usize,
        /// The entries, of its argument and of its target.
        entries: Range<usize>,
    },
}

impl Plan {
    /// Finds passes; their steps are moved together.
    pub(super) fn find_passes(&mut self) {
        let mut k = 0;
        while k < self.steps.len() {
            let found = self.large(k).and_then(|(array, unit)| Candidate::new(self, k, array, unit));
            let Some(Candidate { before, steps, unit, values, closing, .. }) = found else {
                k += 1;
                continue;
            };
            let last = closing.iter().flat_map(|c| c.1);
            let chosen: Vec<usize> = before.iter().copied().chain(steps.iter().map(|s| s.0)).chain(last).collect();
            let mut all: Vec<Option<Planned>> = std::mem::take(&mut self.steps).into_iter().map(Some).collect();
            let order = (0..k).chain(chosen.iter().copied()).chain(k..all.len());
            self.steps = order.filter_map(|step| all[step].take()).collect();
            let begin = k + before.len();
            let pieces = self.pieces(begin, &steps, unit, values);
            let at_once = at_once(unit);
            k = begin + steps.len() + closing.as_ref().map_or(0, |c| c.1.len());
            let closing = closing.map(|(product, _)| Closing { product, values: at_once, pieces: steps.len() });
            self.passes.insert(begin, Pass { end: k, pieces, closing });
        }
    }

    /// The large array of which a product reads every entry once, and how far its slowest letter moves there.
    fn large(&self, step: usize) -> Option<(ArrayId, usize)> {
        let Action::Product(p) = &self.steps[step].action else { return None };
        let all: usize = p.extents.iter().product();
        let once = |f: &&Operand| f.offset == 0 && f.strides.iter().all(|s| *s != 0) && self.arrays[f.array] == all;
        let factor = p.factors.iter().find(once).filter(|_| all > LARGE && p.factors.len() == 2)?;
        Some((factor.array, factor.strides.iter().copied().max()?))
    }

    /// One part of every step, then the next of every one.
    fn pieces(&self, begin: usize, steps: &[(usize, usize)], unit: usize, values: usize) -> Vec<Piece> {
        let at_once = at_once(unit);
        let mut out = vec![];
        for from in (0..values).step_by(at_once) {
            let part = from..values.min(from + at_once);
            for (step, &(_, along)) in (begin..).zip(steps) {
                out.push(match &self.steps[step].action {
                    Action::Product(p) => Piece::Product(p.part(along, part.clone())),
                    _ => Piece::Map { step, entries: part.start * along..part.end * along },
                });
            }
        }
        out
    }
}

/// How many values of the letter are done at once, of so many entries each.
fn at_once(unit: usize) -> usize {
    (PART / unit).max(1)
}

/// What a pass is made of.
struct Candidate<'p> {
    plan: &'p Plan,
    /// Entries of the large array for every value of its slowest letter, and the number of values.
    unit: usize,
    values: usize,
    /// Arrays of which every value of the letter has so many entries, one after the other.
    units: BTreeMap<ArrayId, usize>,
    /// Arrays that are read as a whole.
    whole: BTreeSet<ArrayId>,
    /// Sums over the letter, complete after the last part.
    sums: BTreeSet<ArrayId>,
    /// Steps among these that need nothing of them, and are done before.
    before: Vec<usize>,
    /// The steps; for a product the letter, for a function its entries for every value of the letter.
    steps: Vec<(usize, usize)>,
    /// The half product that closes it, with the step that it saves and its own.
    closing: Option<(Product, [usize; 2])>,
}

impl<'p> Candidate<'p> {
    /// The pass from a step on, if it reads the large array at least twice.
    fn new(plan: &'p Plan, begin: usize, array: ArrayId, unit: usize) -> Option<Candidate<'p>> {
        let mut pass = Candidate {
            plan,
            unit,
            values: plan.arrays[array] / unit,
            units: BTreeMap::from([(array, unit)]),
            whole: BTreeSet::new(),
            sums: BTreeSet::new(),
            before: vec![],
            steps: vec![],
            closing: None,
        };
        // what steps read and write that come later: those in between that have no part in it
        let (mut read, mut written): (BTreeSet<ArrayId>, BTreeSet<ArrayId>) = Default::default();
        // how much there is when the large array is read
        let mut readers = vec![];
        let last = plan.steps.iter().rposition(|s| s.action.reads().contains(&array))?;
        for (k, step) in plan.steps.iter().enumerate().take(last + 1).skip(begin) {
            let (reads, target) = (step.action.reads(), step.action.target());
            pass.closing = pass.closed_by(k, array, &read, &written);
            if pass.closing.is_some() {
                readers.push((pass.before.len(), pass.steps.len()));
                break;
            }
            let free =
                !reads.iter().any(|a| written.contains(a)) && !target.is_some_and(|t| read.contains(&t) || written.contains(&t));
            let made = !target.is_some_and(|t| plan.scaled.contains_key(&t));
            match pass.along(&step.action).filter(|_| free && made && target != Some(array)) {
                Some(along) => {
                    pass.join(&step.action, along);
                    pass.steps.push((k, along));
                    if reads.contains(&array) {
                        readers.push((pass.before.len(), pass.steps.len()));
                    }
                }
                None if k == begin => return None,
                None if free && target.is_some_and(|t| !pass.has(t)) && !reads.iter().any(|a| pass.makes(*a)) => {
                    pass.before.push(k);
                }
                None => {
                    read.extend(reads);
                    written.extend(target);
                }
            }
        }
        let (before, steps) = readers.pop()?;
        pass.before.truncate(before);
        pass.steps.truncate(steps);
        (!readers.is_empty()).then_some(pass)
    }

    /// The half product at a step, if it closes the pass, with the step that it saves and its own; steps that have no part in the pass read
    /// and write these arrays before it.
    fn closed_by(
        &self,
        step: usize,
        array: ArrayId,
        read: &BTreeSet<ArrayId>,
        written: &BTreeSet<ArrayId>,
    ) -> Option<(Product, [usize; 2])> {
        let Action::Product(p) = &self.plan.steps[step].action else { return None };
        let (scaled, joint) = p.factors.iter().find_map(|f| self.plan.scaled.get_key_value(&f.array))?;
        let saved = self.plan.steps.iter().position(|s| s.action.target() == Some(*scaled))?;
        let [a, b, weights] = joint.factors.as_slice() else { return None };
        let mut summed = (0..joint.extents.len()).filter(|l| weights.strides[*l] != 0);
        let (letter, target) = (summed.next()?, joint.target.array);
        let one = summed.next().is_none() && joint.extents[letter] == self.values && weights.strides[letter] == 1;
        let own = |o: &Operand| o.array == array && o.offset == 0 && o.strides[letter] == self.unit;
        let made = self.makes(weights.array) && self.units.get(&weights.array) == Some(&1) && weights.offset == 0;
        let free =
            ![array, weights.array, target].iter().any(|a| written.contains(a)) && !read.contains(&target) && !self.has(target);
        (one && own(a) && own(b) && made && free).then(|| (joint.clone(), [saved, step]))
    }

    /// Whether a step of it reads or writes an array.
    fn has(&self, array: ArrayId) -> bool {
        self.units.contains_key(&array) || self.whole.contains(&array) || self.sums.contains(&array)
    }

    /// Whether a step of it writes an array.
    fn makes(&self, array: ArrayId) -> bool {
        self.steps.iter().any(|s| self.plan.steps[s.0].action.target() == Some(array))
    }

    /// The letter along which a product can be parted, or how many entries a function has for every value of the letter; nothing if
    /// it cannot be parted.
    fn along(&self, action: &Action) -> Option<usize> {
        match action {
            Action::Product(p) => self.letter(p),
            Action::Map { argument, target, .. } => self.units.get(argument).copied().filter(|unit| self.writes(*target, *unit)),
            Action::Call { .. } | Action::Watch { .. } => None,
        }
    }

    /// Whether an array can be written part by part.
    fn writes(&self, target: ArrayId, unit: usize) -> bool {
        let known = self.units.get(&target).is_none_or(|u| *u == unit);
        known && self.plan.arrays[target] == unit * self.values && !self.whole.contains(&target) && !self.sums.contains(&target)
    }

    fn letter(&self, p: &Product) -> Option<usize> {
        if p.factors.iter().any(|f| self.sums.contains(&f.array)) || p.is_matrix_product() {
            return None;
        }
        // what is read or written for one value of the letter lies between that and the next
        let parted = |o: &Operand, l: usize, unit: usize| {
            let rest: usize = (0..p.extents.len()).filter(|m| *m != l).map(|m| (p.extents[m] - 1) * o.strides[m]).sum();
            o.offset == 0 && o.strides[l] == unit && rest < unit
        };
        let own = p.factors.iter().chain([&p.target]).filter_map(|o| Some((o, *self.units.get(&o.array)?)));
        let own: Vec<(&Operand, usize)> = own.collect();
        let along = |l: &usize| p.extents[*l] == self.values && own.iter().all(|(o, unit)| parted(o, *l, *unit));
        let letter = (0..p.extents.len()).find(along).filter(|_| !own.is_empty())?;
        let (target, step) = (p.target.array, p.target.strides[letter]);
        let fits = match step {
            // added up in one order, in parts and as a whole: nothing else is added to it
            0 => !self.has(target) && p.adds_rows(),
            _ => self.writes(target, step) && parted(&p.target, letter, step),
        };
        let halved = p.symmetric.iter().chain(&p.exchange).any(|pair| pair.contains(&letter));
        (fits && !halved).then_some(letter)
    }

    fn join(&mut self, action: &Action, along: usize) {
        let own = |a: &ArrayId| !self.units.contains_key(a);
        self.whole.extend(action.reads().into_iter().filter(own));
        let unit = if let Action::Product(p) = action { p.target.strides[along] } else { along };
        if let Some(target) = action.target() {
            match unit {
                0 => drop(self.sums.insert(target)),
                _ => drop(self.units.insert(target, unit)),
            }
        }
    }
}

impl Product {
    /// Whether it has rows, columns and sums.
    fn is_matrix_product(&self) -> bool {
        let [a, b] = self.factors.as_slice() else { return false };
        let moves = |l: usize| [a.strides[l] != 0, b.strides[l] != 0, self.target.strides[l] != 0];
        let roles: BTreeSet<[bool; 3]> = (0..self.extents.len()).map(moves).collect();
        [[true, false, true], [false, true, true], [true, true, false]].iter().all(|r| roles.contains(r))
    }

    /// Whether neighbours in a factor are neighbours in the target, many of them.
    fn adds_rows(&self) -> bool {
        let near = |l: usize| self.factors.iter().all(|f| f.strides[l] <= 1) && self.factors.iter().any(|f| f.strides[l] == 1);
        (0..self.extents.len()).any(|l| self.extents[l] >= SPAN && self.target.strides[l] == 1 && near(l))
    }

    /// The part for these values of a letter.
    fn part(&self, letter: usize, values: Range<usize>) -> Product {
        let mut part = self.clone();
        part.extents[letter] = values.len();
        part.factors.iter_mut().chain([&mut part.target]).for_each(|o| o.offset += values.start * o.strides[letter]);
        // what the first part has written is added to
        part.first &= self.target.strides[letter] != 0 || values.start == 0;
        part
    }
}
