//! C for devices: the steps of a plan as kernels, in one dialect that is CUDA C and OpenCL C after a short prelude.
//!
//! Sizes, strides and coefficients are constants. Steps of the same shape share one kernel; products that are added to one array
//! after the other are one kernel, as are steps that go over the same rows. What has no kernel is left to the host and named. Kernels are the same bytes for both languages.

mod chain;
mod library;
mod matrices;
mod module;
mod product;
mod reach;
mod size;
mod symbolic;
mod text;

use crate::{
    dim::Dim,
    index::plan::{Action, ArrayId, Plan, Product},
};
pub use module::{Host, Module, formula};

use chain::{Chain, Item};
use library::RowCall;
use product::Term;
use size::Size;
use std::collections::{BTreeMap, BTreeSet};

/// The language that the prelude is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// CUDA C.
    Cuda,
    /// OpenCL C 1.2.
    OpenCl,
}

/// The numbers of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// Four bytes.
    Single,
    /// Eight bytes.
    Double,
}

impl Precision {
    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Precision::Single => 4,
            Precision::Double => 8,
        }
    }

    /// `f32` or `f64`.
    pub fn name(self) -> &'static str {
        match self {
            Precision::Single => "f32",
            Precision::Double => "f64",
        }
    }
}

/// What stands before the kernels: the few words in which the two languages differ, and the type of the numbers.
pub fn prelude(dialect: Dialect, precision: Precision) -> String {
    let text = match dialect {
        Dialect::Cuda => include_str!("c/prelude.cu"),
        Dialect::OpenCl => include_str!("c/prelude.cl"),
    };
    let (real, pragma) = match precision {
        Precision::Single => ("float", ""),
        Precision::Double if dialect == Dialect::OpenCl => ("double", "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"),
        Precision::Double => ("double", ""),
    };
    format!("{text}{pragma}typedef {real} real;\n")
}

/// One kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its name.
    pub name: String,
    /// How it goes about it: `entries`, `reduce`, `tile`, `map`, `rows`, `matrix`; `chain` for several steps.
    pub family: &'static str,
    /// What it computes, then its text.
    pub text: String,
    /// Threads of a group.
    pub threads: usize,
    /// Groups that are started; where sizes are arguments, at typical sizes.
    pub groups: usize,
    /// The same for all sizes: the product of these, each over the other and rounded up.
    pub grid: Vec<(Dim, usize)>,
    /// Sizes that it takes as arguments, the last ones, by their names there.
    pub sizes: Vec<String>,
    /// Sizes up to which it goes.
    pub at_most: Vec<(Dim, usize)>,
    /// How many of its arrays it writes: the last ones.
    pub written: usize,
    /// Whether behind the arrays it takes the flag that tells of a value outside a domain.
    pub flagged: bool,
}

/// A matrix product that a vendor's library can do: `C += alpha A B` (or `=`), `batch` times; strides by row, column and matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Gemm {
    /// Two factors and the result.
    pub arrays: [ArrayId; 3],
    /// Rows, inner size, columns.
    pub shape: [Dim; 3],
    /// How many.
    pub batch: Dim,
    /// Of the left factor.
    pub left: [Dim; 3],
    /// Of the right factor.
    pub right: [Dim; 3],
    /// Of the result.
    pub target: [Dim; 3],
    /// Entries at which the left factor, the right one and the result begin.
    pub offsets: [Dim; 3],
    /// The coefficient.
    pub alpha: f64,
    /// Whether the left factor is the second of the arrays.
    pub swapped: bool,
    /// Whether the result is added.
    pub add: bool,
    /// The kernel with tiles that does the same, by its place.
    pub tile: usize,
}

/// What is done, in order.
#[derive(Clone, Debug)]
pub enum Task {
    /// Sets an array to zero.
    Zero(ArrayId),
    /// Starts a kernel on arrays, of which it writes the last ones.
    Launch {
        /// The kernel, by its place.
        kernel: usize,
        /// Its arrays.
        arrays: Vec<ArrayId>,
        /// The same as matrix products, one after the other, where it is that.
        products: Vec<Gemm>,
    },
    /// A step of the plan that the host does, by its place: a function of matrices without a kernel, a look for kinks.
    Host(usize),
}

/// The kernels of a plan.
#[derive(Clone, Debug, Default)]
pub struct Kernels {
    /// Functions that the kernels call.
    pub functions: String,
    /// The kernels.
    pub kernels: Vec<Kernel>,
    /// What is done, in order.
    pub tasks: Vec<Task>,
    /// Entries of arrays in which kernels work; they are counted behind the arrays of the plan.
    pub work: Vec<usize>,
}

impl Kernels {
    /// The kernels of the steps of a plan.
    ///
    /// Errors: an array of more entries than an `int` counts, in words with that number.
    pub fn new(plan: &Plan) -> Result<Kernels, (String, usize)> {
        if let Some((what, n)) = plan.largest().filter(|l| l.1 > i32::MAX as usize - 1024) {
            return Err((what.to_owned(), n));
        }
        let mut users = vec![vec![]; plan.arrays.len()];
        for (k, s) in plan.steps.iter().enumerate() {
            s.action.arrays().into_iter().for_each(|a| users[a].push(k));
        }
        let exists = vec![false; plan.arrays.len()];
        let mut make = Maker { plan, out: Kernels::default(), by_text: BTreeMap::new(), exists, users };
        plan.inputs.iter().for_each(|i| make.exists[i.0] = true);
        plan.numbers.iter().for_each(|n| make.exists[n.0] = true);
        let items = chain::items(plan);
        let mut next = 0;
        while next < items.len() {
            match &items[next] {
                Item::Step(k) => next += make.step(*k, &items[next + 1..]),
                Item::Chain(c) => {
                    make.chain(c);
                    next += 1;
                }
            }
        }
        for (id, _) in &plan.outputs {
            make.read(*id);
        }
        let names = make.out.kernels.iter().map(|k| k.text.as_str()).collect::<Vec<_>>().concat();
        make.out.functions = library::functions(&names);
        Ok(make.out)
    }

    /// The place of a kernel, among those that are known by their text without a name or behind them.
    fn kernel(&mut self, draft: text::Draft, by_text: &mut BTreeMap<String, usize>) -> usize {
        *by_text.entry(draft.body.clone()).or_insert_with(|| {
            self.kernels.push(draft.named(self.kernels.len()));
            self.kernels.len() - 1
        })
    }

    /// The arrays that a task reads or writes.
    pub fn arrays(plan: &Plan, task: &Task) -> Vec<ArrayId> {
        match task {
            Task::Zero(a) => vec![*a],
            Task::Launch { arrays, .. } => arrays.clone(),
            Task::Host(step) => plan.steps[*step].action.arrays(),
        }
    }

    /// Entries of all arrays: those of the plan, and those in which kernels work.
    pub fn lengths(&self, plan: &Plan) -> Vec<usize> {
        [&plan.arrays[..], &self.work].concat()
    }

    /// Functions and kernels: the same bytes for both languages.
    pub fn text(&self) -> String {
        let mut out = self.functions.clone();
        for k in &self.kernels {
            out.push('\n');
            out.push_str(&k.text);
        }
        out
    }

    /// The whole source, prelude first.
    pub fn source(&self, dialect: Dialect, precision: Precision) -> String {
        format!("{}\n{}", prelude(dialect, precision), self.text())
    }
}

struct Maker<'p> {
    plan: &'p Plan,
    out: Kernels,
    /// Kernels by their text without a name.
    by_text: BTreeMap<String, usize>,
    /// Arrays that have entries.
    exists: Vec<bool>,
    /// The steps that touch each array.
    users: Vec<Vec<usize>>,
}

impl Maker<'_> {
    /// An array is read: zeros, if nothing was written yet.
    fn read(&mut self, a: ArrayId) {
        if !std::mem::replace(&mut self.exists[a], true) {
            self.out.tasks.push(Task::Zero(a));
        }
    }

    /// Takes up the step of that place, and those behind it that go into the same kernel; tells how many.
    fn step(&mut self, k: usize, behind: &[Item]) -> usize {
        match &self.plan.steps[k].action {
            Action::Product(p) => return self.products(k, p, behind),
            Action::Map { name, parameters, argument, target, .. } => {
                match library::map(name, parameters, Size::Known(self.plan.arrays[*argument])) {
                    Some(draft) => {
                        self.read(*argument);
                        self.launch(draft, vec![*argument, *target]);
                    }
                    None => self.host(k),
                }
                self.exists[*target] = true;
            }
            Action::Call { name, arguments, target, times, .. } => {
                let entries = |a: ArrayId| self.plan.arrays[a];
                let draft = if let [(a, shape)] = arguments.as_slice() {
                    let by_rows = RowCall::of(name, *shape, *times, entries(*a), entries(*target)).map(|c| (library::rows(c), 0));
                    let whole = || matrices::matrix(name, *shape, *times, entries(*a), entries(*target));
                    by_rows.or_else(whole).map(|draft| (*a, draft))
                } else {
                    None
                };
                match draft {
                    Some((a, (draft, work))) => {
                        self.read(a);
                        let arrays = [vec![a], self.work(work), vec![*target]].concat();
                        self.launch(draft, arrays);
                    }
                    None => self.host(k),
                }
                self.exists[*target] = true;
            }
            Action::Watch { .. } => self.host(k),
        }
        1
    }

    /// An array of so many entries to work in, if there are any.
    fn work(&mut self, entries: usize) -> Vec<ArrayId> {
        if entries == 0 {
            return vec![];
        }
        self.out.work.push(entries);
        vec![self.plan.arrays.len() + self.out.work.len() - 1]
    }

    fn host(&mut self, k: usize) {
        for a in self.plan.steps[k].action.reads() {
            self.read(a);
        }
        self.out.tasks.push(Task::Host(k));
    }

    /// Products from a step on that are added to the same entries.
    fn products(&mut self, k: usize, first: &Product, behind: &[Item]) -> usize {
        let mut terms = vec![Term::new(first)];
        for item in behind.iter().take(product::TERMS - 1) {
            let Item::Step(k) = item else { break };
            match &self.plan.steps[*k].action {
                Action::Product(p) if !p.first => {
                    let t = Term::new(p);
                    if !product::together(&terms[0], &t) {
                        break;
                    }
                    terms.push(t);
                }
                _ => break,
            }
        }
        let target = first.target.array;
        let mut arrays: Vec<ArrayId> = terms.iter().flat_map(Term::read).collect();
        arrays.iter().for_each(|&a| self.read(a));
        if !first.first {
            self.read(target);
        }
        self.exists[target] = true;
        arrays.push(target);
        let note = &self.plan.steps[k].note;
        let kernel = self.launch(product::draft(&terms, first.first, note), arrays);
        let is_tile = self.out.kernels[kernel].family == "tile";
        if is_tile && let Some(Task::Launch { products, .. }) = self.out.tasks.last_mut() {
            products.extend(product::gemm(&terms[0], !first.first, kernel));
        }
        terms.len()
    }

    /// Steps that one kernel does, row by row.
    fn chain(&mut self, c: &Chain) {
        let steps: BTreeSet<usize> = c.steps().collect();
        let plan = self.plan;
        // arrays that come into being and go within the chain
        let private = |a: ArrayId| {
            self.users[a].iter().all(|s| steps.contains(s)) && !self.exists[a] && plan.outputs.iter().all(|o| o.0 != a)
        };
        let made = chain::draft(c, plan, &private, &|a| !self.exists[a]);
        for a in c.given().chain(made.cleared.iter().copied()) {
            self.read(a);
        }
        for &a in &made.arrays[made.arrays.len() - made.draft.written..] {
            self.exists[a] = true;
        }
        self.launch(made.draft, made.arrays);
    }

    /// Starts a kernel; gives its place.
    fn launch(&mut self, draft: text::Draft, arrays: Vec<ArrayId>) -> usize {
        let kernel = self.out.kernel(draft, &mut self.by_text);
        self.out.tasks.push(Task::Launch { kernel, arrays, products: vec![] });
        kernel
    }
}
