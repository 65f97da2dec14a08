//! `Draft`: the statements of a program at given sizes, made cheaper before they are ordered.

use super::{
    Action, ArrayId, alike,
    factor::{self, Settled},
    fold, inline,
    term::Term,
};
use std::collections::{BTreeMap, BTreeSet};

/// Rounds of improvement; each ends early if nothing changes.
const ROUNDS: usize = 6;

/// A way to look for a cheaper draft; none is best for all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Common factors first; a definition is put where it is read if that pays once common factors are out.
    Factors,
    /// Definitions first, looking forward to common factors.
    Definitions,
    /// Definitions first, by what their terms cost alone.
    Plain,
}

/// A statement at given sizes.
#[derive(Clone)]
pub(super) enum Concrete {
    /// All terms of one array.
    Terms(Vec<Term>),
    /// Anything else, of the statement of that number.
    Other { action: Action, note: usize, reads: Vec<ArrayId> },
}

/// Statements in order, each array being complete before it is read.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) statements: Vec<Concrete>,
    /// The axes of every array.
    pub(super) shapes: Vec<Vec<usize>>,
    /// Arrays that must exist: the results.
    pub(super) kept: BTreeSet<ArrayId>,
    /// How often the terms of each array have changed.
    pub(super) ages: Vec<u64>,
    /// What each array and its readers were when it was last tried to put the array where it is read.
    pub(super) tried: BTreeMap<ArrayId, Vec<(ArrayId, u64)>>,
    /// The age at which a sum had no common factors.
    pub(super) factored: BTreeMap<ArrayId, u64>,
}

impl Draft {
    pub(super) fn new(statements: Vec<Concrete>, shapes: Vec<Vec<usize>>, kept: BTreeSet<ArrayId>) -> Draft {
        let ages = vec![0; shapes.len()];
        let mut draft = Draft { statements, shapes, kept, ages, tried: BTreeMap::new(), factored: BTreeMap::new() };
        draft.gather();
        fold::fold(&mut draft);
        alike::merge(&mut draft);
        draft
    }

    /// The number of all terms.
    pub(super) fn terms(&self) -> usize {
        let of = |s: &Concrete| if let Concrete::Terms(t) = s { t.len() } else { 0 };
        self.statements.iter().map(of).sum()
    }

    /// What the terms of a statement make, and its age.
    pub(super) fn age(&self, statement: usize) -> Option<(ArrayId, u64)> {
        match &self.statements[statement] {
            Concrete::Terms(t) => t.first().map(|t| (t.target.array, self.ages[t.target.array])),
            Concrete::Other { .. } => None,
        }
    }

    /// The terms of a statement have changed.
    pub(super) fn touch(&mut self, statement: usize) {
        if let Some((array, _)) = self.age(statement) {
            self.ages[array] += 1;
        }
    }

    /// Puts a sum with its common factors taken out in the place of a statement.
    pub(super) fn replace(&mut self, at: usize, new: Settled) {
        if new.sums.is_empty() {
            self.statements[at] = Concrete::Terms(new.terms);
        } else {
            for s in &new.sums {
                // arrays are counted in the order in which they are begun
                let n = self.shapes.len().max(s.array + 1);
                self.shapes.resize(n, vec![]);
                self.ages.resize(n, 0);
                self.shapes[s.array] = s.shape.clone();
                self.factored.insert(s.array, 0);
            }
            let sums = new.sums.into_iter().map(|s| Concrete::Terms(s.terms));
            self.statements.splice(at..=at, sums.chain([Concrete::Terms(new.terms)]));
        }
    }

    /// All terms of an array stand together, where the last of them stood.
    fn gather(&mut self) {
        let mut terms: BTreeMap<ArrayId, Vec<Term>> = BTreeMap::new();
        let mut last: BTreeMap<ArrayId, usize> = BTreeMap::new();
        for (k, s) in self.statements.iter_mut().enumerate() {
            if let Concrete::Terms(list) = s {
                for t in list.drain(..) {
                    last.insert(t.target.array, k);
                    terms.entry(t.target.array).or_default().push(t);
                }
            }
        }
        for (array, k) in last {
            if let Concrete::Terms(list) = &mut self.statements[k] {
                list.extend(terms.remove(&array).unwrap_or_default());
            }
        }
        self.sweep();
    }

    /// Drops what nothing reads.
    pub(super) fn bury(&mut self) {
        let mut live = self.kept.clone();
        let mut alive: Vec<bool> = vec![];
        for s in self.statements.iter().rev() {
            let (target, reads): (_, Vec<ArrayId>) = match s {
                Concrete::Terms(terms) => {
                    let factors = terms.iter().flat_map(|t| &t.factors).map(|f| f.array);
                    (terms.first().map(|t| t.target.array), factors.collect())
                }
                Concrete::Other { action, reads, .. } => (action.target(), reads.clone()),
            };
            // what watches has no target
            let read = target.is_none_or(|t| live.contains(&t));
            if read {
                live.extend(reads);
            }
            alive.push(read);
        }
        let mut alive = alive.into_iter().rev();
        self.statements.retain(|_| alive.next().unwrap_or(true));
        self.sweep();
    }

    /// Drops statements without terms.
    pub(super) fn sweep(&mut self) {
        self.statements.retain(|s| !matches!(s, Concrete::Terms(t) if t.is_empty()));
    }

    /// Puts definitions where they are read, and common factors in front of sums, as long as that costs less.
    pub(super) fn improve(&mut self, manner: Manner) {
        for _ in 0..ROUNDS {
            let early = manner == Manner::Factors && factor::factor(self);
            let inlined = inline::inline(self, manner != Manner::Plain);
            let factored = factor::factor(self);
            if !early && !inlined && !factored {
                break;
            }
        }
        alike::merge(self);
    }
}
