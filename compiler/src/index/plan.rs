//! `Plan`: a program at given sizes, as a list of products of at most two factors, maps and calls over plain arrays.
//!
//! Every contraction is worked off in its cheapest order; what two contractions make alike in between is made once.

mod alike;
mod build;
mod cost;
mod draft;
mod factor;
mod fold;
mod inline;
mod layout;
mod order;
mod pass;
mod scaled;
mod symmetry;
mod term;
mod within;

pub use pass::{Closing, Pass, Piece};

use super::{EntryValues, Failure, Functions, Kink, Program};
use crate::number::Number;
use std::collections::{BTreeMap, BTreeSet};

/// An array of the plan, by its place in `Plan::arrays`.
pub type ArrayId = usize;

/// Entries of an array: `offset + Σ stride · letter`, one stride for every letter of the product; a letter with stride 0 moves nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operand {
    /// The array.
    pub array: ArrayId,
    /// Its entry at which all letters are zero.
    pub offset: usize,
    /// The stride of every letter.
    pub strides: Vec<usize>,
}

/// `target += coefficient · Σ Π factors`, of at most two factors; letters that do not move the target are summed.
#[derive(Clone, Debug)]
pub struct Product {
    /// A factor in front.
    pub coefficient: Number,
    /// Extents of the letters, none of them zero.
    pub extents: Vec<usize>,
    /// None, one or two factors.
    pub factors: Vec<Operand>,
    /// Where the result is added.
    pub target: Operand,
    /// Two letters that may change places: the first factor and the target stay the same, the second has neither; half of the entries
    /// need to be computed.
    pub symmetric: Option<[usize; 2]>,
    /// Pairs of a letter of the first factor and one of the second that may change places, all at once: the result stays the same, half
    /// of its entries need to be computed.
    pub exchange: Vec<[usize; 2]>,
    /// The first of its target, and it reaches all entries once: it need not be added, it can be written.
    pub first: bool,
}

/// What one step does.
#[derive(Clone)]
pub enum Action {
    /// A product.
    Product(Product),
    /// An entrywise function.
    Map {
        /// Name of the function.
        name: &'static str,
        /// Its values.
        values: &'static EntryValues,
        /// Its parameters.
        parameters: Vec<Number>,
        /// The argument.
        argument: ArrayId,
        /// The array written, of the same length.
        target: ArrayId,
    },
    /// A function of matrices.
    Call {
        /// Name of the function.
        name: &'static str,
        /// Its values.
        values: &'static Functions,
        /// Matrix arguments with their shapes.
        arguments: Vec<(ArrayId, [usize; 2])>,
        /// Size arguments.
        sizes: Vec<usize>,
        /// The array written.
        target: ArrayId,
        /// How many times, each for the next matrices of all arrays; an argument that all times share is of one matrix.
        times: usize,
    },
    /// Tells whether an argument, of that shape, is at a kink.
    Watch {
        /// Name of the function.
        name: &'static str,
        /// Its argument.
        argument: (ArrayId, [usize; 2]),
        /// Says so in words.
        kink: Kink,
    },
}

/// One step.
#[derive(Clone)]
pub struct Planned {
    /// What it does.
    pub action: Action,
    /// The formula it belongs to.
    pub note: String,
    /// Arrays that nothing reads after this step.
    pub last: Vec<ArrayId>,
}

/// Samples that are computed at once.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// How many; none: the program as it is, not a mean.
    pub samples: usize,
    /// How many there are in all: the results are divided by that number.
    pub of: usize,
    /// Names of the data that differ from sample to sample.
    pub inputs: BTreeSet<String>,
}

/// A program at given sizes.
#[derive(Clone, Default)]
pub struct Plan {
    /// Number of entries of every array.
    pub arrays: Vec<usize>,
    /// What every array is, in words.
    pub words: Vec<String>,
    /// Arrays that are given, with their names and shapes; those of a batch sample after sample.
    pub inputs: Vec<(ArrayId, String, [usize; 2])>,
    /// Arrays of one entry that are constants.
    pub numbers: Vec<(ArrayId, Number)>,
    /// The steps in order.
    pub steps: Vec<Planned>,
    /// Passes over large arrays, by their first steps.
    pub passes: BTreeMap<usize, Pass>,
    /// Large arrays that need not be made, with their only readers, which can scale another array in passing: products whose third
    /// factor are weights.
    pub scaled: BTreeMap<ArrayId, Product>,
    /// The results with their shapes.
    pub outputs: Vec<(ArrayId, [usize; 2])>,
    /// Arrays that are read without ever being written before: they are zero.
    pub empty: Vec<ArrayId>,
    /// Of results that are zero but for a few entries the parts that are written: extents and operands.
    pub written: BTreeMap<ArrayId, Vec<(Vec<usize>, Operand)>>,
    /// Results that stay the same where rows and columns change places, by every product that writes them: half of their entries tell all.
    pub mirrored: BTreeSet<ArrayId>,
    /// Most entries held at once, if all arrays are made.
    pub peak: u128,
}

impl Plan {
    /// The plan of a program at given sizes.
    ///
    /// Errors: a size is missing or out of its range.
    pub fn new(program: &Program, size: &dyn Fn(&str) -> Option<usize>) -> Result<Plan, Failure> {
        Plan::batched(program, size, &Batch::default())
    }

    /// The plan of a program for several samples at once: samples are one more letter, and the results are sums over them.
    ///
    /// Errors: a size is missing or out of its range.
    pub fn batched(program: &Program, size: &dyn Fn(&str) -> Option<usize>, batch: &Batch) -> Result<Plan, Failure> {
        build::Builder::new(program, size, batch).build()
    }

    /// Says after which step nothing reads an array any more, and how much is held at most.
    fn lifetimes(&mut self) {
        self.first_writes();
        self.scaled = self.find_scaled();
        self.find_passes();
        let mut last = vec![None; self.arrays.len()];
        for k in 0..self.steps.len() {
            self.touched(k).into_iter().for_each(|a| last[a] = Some(k));
        }
        self.outputs.iter().for_each(|o| last[o.0] = None);
        for (a, k) in last.iter().enumerate() {
            if let Some(k) = k {
                self.steps[*k].last.push(a);
            }
        }
        self.empty = self.never_written();
        self.written = self.outputs.iter().filter_map(|&(array, _)| Some((array, self.few(array)?))).collect();
        self.mirrored = self.outputs.iter().filter(|o| self.same_turned(o.0, o.1)).map(|o| o.0).collect();
        let mut held: u128 = self.inputs.iter().map(|i| self.arrays[i.0] as u128).sum();
        let mut exists = vec![false; self.arrays.len()];
        self.inputs.iter().for_each(|i| exists[i.0] = true);
        self.peak = held;
        for s in &self.steps {
            for a in s.action.arrays() {
                if !std::mem::replace(&mut exists[a], true) {
                    held += self.arrays[a] as u128;
                }
            }
            self.peak = self.peak.max(held);
            held -= s.last.iter().map(|&a| self.arrays[a] as u128).sum::<u128>();
        }
    }
}

impl Plan {
    /// The parts of an array that products write, if that is all that is written and less than a quarter of it.
    fn few(&self, array: ArrayId) -> Option<Vec<(Vec<usize>, Operand)>> {
        let mut parts = vec![];
        let mut entries = 0usize;
        for s in self.steps.iter().filter(|s| s.action.target() == Some(array)) {
            let Action::Product(p) = &s.action else { return None };
            let moving: Vec<usize> = (0..p.extents.len()).filter(|&l| p.target.strides[l] != 0).collect();
            let extents: Vec<usize> = moving.iter().map(|&l| p.extents[l]).collect();
            entries = entries.saturating_add(extents.iter().product());
            let strides = moving.iter().map(|&l| p.target.strides[l]).collect();
            parts.push((extents, Operand { array, offset: p.target.offset, strides }));
        }
        (!parts.is_empty() && entries < self.arrays[array] / 4).then_some(parts)
    }

    /// Whether every product that writes an array, and nothing else does, exchanges rows and columns of the matrix that it is.
    fn same_turned(&self, array: ArrayId, [rows, cols]: [usize; 2]) -> bool {
        let turned = |p: &Product| {
            let strides = &p.target.strides;
            let moving = (0..strides.len()).filter(|&l| strides[l] != 0 && p.extents[l] > 1);
            let of_rows = |&[x, y]: &[usize; 2]| strides[x].max(strides[y]) == rows * strides[x].min(strides[y]);
            p.target.offset == 0
                && moving.clone().all(|l| p.exchange.iter().any(|pair| pair.contains(&l)))
                && p.exchange.iter().all(of_rows)
        };
        let writes = |a: &&Action| a.target() == Some(array);
        rows == cols && self.steps.iter().map(|s| &s.action).filter(writes).all(|a| matches!(a, Action::Product(p) if turned(p)))
    }

    /// Arrays that are read before anything is written there, data and numbers apart.
    fn never_written(&self) -> Vec<ArrayId> {
        let mut known = vec![false; self.arrays.len()];
        let given = self.inputs.iter().map(|i| i.0).chain(self.numbers.iter().map(|n| n.0));
        given.for_each(|a| known[a] = true);
        let mut out = vec![];
        for s in &self.steps {
            let target = s.action.target();
            for a in s.action.arrays().into_iter().filter(|a| Some(*a) != target) {
                if !std::mem::replace(&mut known[a], true) {
                    out.push(a);
                }
            }
            target.into_iter().for_each(|t| known[t] = true);
        }
        out
    }

    /// Marks the products that are the first of their target and reach all of it.
    fn first_writes(&mut self) {
        let mut touched: Vec<bool> = vec![false; self.arrays.len()];
        for s in &mut self.steps {
            if let Action::Product(p) = &mut s.action {
                let all = self.arrays[p.target.array];
                p.first = !touched[p.target.array] && p.target.offset == 0 && p.reaches(all);
            }
            s.action.arrays().into_iter().for_each(|a| touched[a] = true);
        }
    }
}

impl Product {
    /// Whether the letters reach so many entries of the target, each once.
    fn reaches(&self, entries: usize) -> bool {
        let mut moves: Vec<(usize, usize)> =
            self.target.strides.iter().copied().zip(self.extents.iter().copied()).filter(|m| m.0 != 0).collect();
        moves.sort_unstable();
        let mut behind = 1;
        for (stride, extent) in moves {
            if stride != behind {
                return false;
            }
            behind *= extent;
        }
        behind == entries
    }
}

impl Action {
    /// The array it writes, or adds to.
    pub fn target(&self) -> Option<ArrayId> {
        match self {
            Action::Product(p) => Some(p.target.array),
            Action::Map { target, .. } | Action::Call { target, .. } => Some(*target),
            Action::Watch { .. } => None,
        }
    }

    /// The arrays it reads, but for the target of a product.
    pub fn reads(&self) -> Vec<ArrayId> {
        match self {
            Action::Product(p) => p.factors.iter().map(|f| f.array).collect(),
            Action::Map { argument, .. } => vec![*argument],
            Action::Call { arguments, .. } => arguments.iter().map(|a| a.0).collect(),
            Action::Watch { argument, .. } => vec![argument.0],
        }
    }

    /// All arrays it reads or writes.
    pub fn arrays(&self) -> Vec<ArrayId> {
        let mut out: Vec<ArrayId> = match self {
            Action::Product(p) => p.factors.iter().chain([&p.target]).map(|o| o.array).collect(),
            Action::Map { argument, target, .. } => vec![*argument, *target],
            Action::Call { arguments, target, .. } => arguments.iter().map(|a| a.0).chain([*target]).collect(),
            Action::Watch { argument, .. } => vec![argument.0],
        };
        out.sort_unstable();
        out.dedup();
        out
    }
}
