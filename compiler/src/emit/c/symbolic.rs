//! Kernels whose sizes are arguments: one text for all sizes.
//!
//! Products are ordered at typical sizes, as in the code for the processor; whatever is chosen holds for all. Steps are not chained: what
//! lies in one row of an array depends on its sizes.

use super::{
    Gemm, Task, library, matrices,
    module::{Host, Module, WORK},
    product::{self, Moved, Term},
    size::Size,
    text::Draft,
};
use crate::{
    dim::Dim,
    emit::{
        Typical,
        plan::{self, Operand, Place},
        rust::live,
    },
    index::{Letter, Program, Source, Statement, Step, TensorId, plan::ArrayId},
};
use std::collections::{BTreeMap, BTreeSet};

impl Module {
    /// The kernels of a program at all sizes; where something is chosen, it is good at typical ones.
    pub fn symbolic(program: &Program, typical: &Typical) -> Module {
        let mut m = Maker {
            program,
            typical,
            out: Module::default(),
            by_text: BTreeMap::new(),
            places: BTreeMap::new(),
            exists: vec![],
            made: BTreeMap::new(),
            between: 0,
            terms: None,
        };
        let live = live(program);
        for (s, _) in program.statements.iter().zip(live).filter(|x| x.1) {
            m.statement(s);
        }
        m.flush();
        for &t in &program.outputs {
            let a = m.array(t);
            m.read(a);
            let shape = &program.tensors[t.0].shape;
            m.out.outputs.push((a, [shape[0].clone(), shape[1].clone()]));
        }
        let mut out = m.out;
        let texts: String = out.kernels.kernels.iter().map(|k| k.text.as_str()).collect();
        out.kernels.functions = library::functions(&texts);
        out.sizes = names(&out);
        out
    }
}

/// All sizes that are met.
fn names(m: &Module) -> Vec<String> {
    let arrays = m.arrays.iter().map(|a| &a.0);
    let shapes = m.inputs.iter().flat_map(|i| &i.2).chain(m.outputs.iter().flat_map(|o| &o.1));
    let hosts = m.hosts.iter().flat_map(|h| h.arguments.iter().flat_map(|a| &a.1).chain(&h.sizes));
    let conditions = m.conditions.iter().flat_map(|c| &c.1);
    let all = arrays.chain(shapes).chain(hosts).chain(conditions);
    all.flat_map(Dim::names).map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

struct Maker<'p> {
    program: &'p Program,
    typical: &'p Typical,
    out: Module,
    /// Kernels by their text without a name.
    by_text: BTreeMap<String, usize>,
    places: BTreeMap<Place, ArrayId>,
    /// Arrays that have entries.
    exists: Vec<bool>,
    /// What was computed in between, so that it is computed once.
    made: BTreeMap<String, ArrayId>,
    between: usize,
    /// Terms that are added to one array, the formula they belong to, and whether they are the first of it.
    terms: Option<(Vec<Term>, String, bool)>,
}

impl Maker<'_> {
    fn size(&self, d: &Dim) -> Size {
        Size::new(d, self.typical)
    }

    /// A new array.
    fn new_array(&mut self, shape: &[Dim], words: &str, exists: bool) -> ArrayId {
        let entries = shape.iter().fold(Dim::constant(1), |n, d| &n * d);
        self.out.arrays.push((entries, words.to_owned()));
        self.exists.push(exists);
        self.out.arrays.len() - 1
    }

    /// The array of a tensor.
    fn array(&mut self, t: TensorId) -> ArrayId {
        if let Some(&a) = self.places.get(&Place::Tensor(t)) {
            return a;
        }
        let tensor = &self.program.tensors[t.0];
        let text: Vec<String> = tensor.shape.iter().map(ToString::to_string).collect();
        let words = if text.is_empty() { "a number".to_owned() } else { format!("a result of {} entries", text.join(" × ")) };
        let a = self.new_array(&tensor.shape, &words, !matches!(tensor.source, Source::Computed));
        match &tensor.source {
            Source::Input(name) => {
                let shape = [tensor.shape[0].clone(), tensor.shape[1].clone()];
                self.out.inputs.push((a, name.clone(), shape));
            }
            Source::Number(n) => self.out.numbers.push((a, *n)),
            Source::Computed => {}
        }
        self.places.insert(Place::Tensor(t), a);
        a
    }

    /// An array is read: zeros, if nothing was written yet.
    fn read(&mut self, a: ArrayId) {
        if !std::mem::replace(&mut self.exists[a], true) {
            self.out.kernels.tasks.push(Task::Zero(a));
        }
    }

    fn statement(&mut self, s: &Statement) {
        if let Step::Contract { coefficient, factors, target, extents } = &s.step {
            let extents: BTreeMap<Letter, Dim> = extents.iter().cloned().collect();
            // numbers among the factors belong in front
            let (mut coefficient, mut tensors) = (*coefficient, vec![]);
            for f in factors {
                match &self.program.tensors[f.tensor.0].source {
                    Source::Number(n) => coefficient = coefficient * *n,
                    _ => tensors.push(f.clone()),
                }
            }
            for p in plan::plan(coefficient, &tensors, target, &extents, self.typical, &mut self.between) {
                self.product(&p, &extents, &s.note);
            }
            return;
        }
        self.flush();
        match &s.step {
            Step::Map { name, parameters, argument, target, .. } => {
                let (a, c) = (self.array(*argument), self.array(*target));
                self.read(a);
                let n = self.size(&self.out.arrays[a].0);
                match library::map(name, parameters, n) {
                    Some(draft) => self.launch(draft, vec![a, c]),
                    None => {
                        let shape = [Dim::constant(1), self.out.arrays[a].0.clone()];
                        let host = Host {
                            name: Some(name),
                            arguments: vec![(a, shape)],
                            sizes: vec![],
                            parameters: parameters.clone(),
                            target: Some(c),
                            times: 1,
                        };
                        self.host(host);
                    }
                }
                self.exists[c] = true;
            }
            Step::Call { name, arguments, sizes, target, .. } => self.call(name, arguments, sizes, *target),
            Step::Within { what, low, value, high } => {
                self.out.conditions.push((what.clone(), [low.clone(), value.clone(), high.clone()]));
            }
            Step::Watch { .. } | Step::Contract { .. } => {}
        }
    }

    fn call(&mut self, name: &'static str, arguments: &[TensorId], sizes: &[Dim], target: TensorId) {
        let read: Vec<ArrayId> = arguments.iter().map(|a| self.array(*a)).collect();
        read.iter().for_each(|&a| self.read(a));
        let c = self.array(target);
        let shape = |t: TensorId| {
            let s = &self.program.tensors[t.0].shape;
            [s[0].clone(), s[1].clone()]
        };
        let made = match arguments {
            [a] => {
                let [from, to] = [shape(*a), shape(target)].map(|s| s.map(|d| self.size(&d)));
                let by_rows = library::rows_symbolic(name, &from, &to).map(|d| (d, Size::Known(0)));
                by_rows.or_else(|| matrices::symbolic(name, &from))
            }
            _ => None,
        };
        match made {
            Some((draft, work)) => {
                let work = (!work.is(0)).then(|| self.new_array(&[work.dim()], WORK, true));
                self.launch(draft, [vec![read[0]], work.into_iter().collect(), vec![c]].concat());
            }
            None => {
                let arguments = read.iter().copied().zip(arguments.iter().map(|&a| shape(a))).collect();
                self.host(Host {
                    name: Some(name),
                    arguments,
                    sizes: sizes.to_vec(),
                    parameters: vec![],
                    target: Some(c),
                    times: 1,
                });
            }
        }
        self.exists[c] = true;
    }

    fn host(&mut self, h: Host) {
        self.out.hosts.push(h);
        self.out.kernels.tasks.push(Task::Host(self.out.hosts.len() - 1));
    }

    /// Adds a product to its target, unless it was made before.
    fn product(&mut self, p: &plan::Product, extents: &BTreeMap<Letter, Dim>, note: &str) {
        if let Some(shape) = &p.made {
            let key = p.key(extents);
            if let Some(&known) = self.made.get(&key) {
                self.places.insert(p.target.place, known);
                return;
            }
            let a = self.new_array(shape, "a product in between", false);
            self.made.insert(key, a);
            self.places.insert(p.target.place, a);
        }
        let letters: BTreeSet<Letter> = p.factors.iter().chain([&p.target]).flat_map(|o| o.strides.keys().copied()).collect();
        let letters: Vec<Letter> = letters.into_iter().collect();
        let lengths: Vec<Size> = letters.iter().map(|l| self.size(&extents[l])).collect();
        let mut moved = |o: &Operand| -> Moved {
            let a = match o.place {
                Place::Tensor(t) => self.array(t),
                place => self.places[&place],
            };
            let strides = letters.iter().map(|l| o.strides.get(l).map_or(Size::Known(0), |s| self.size(s))).collect();
            (a, self.size(&o.offset), strides)
        };
        let (factors, target): (Vec<Moved>, Moved) = (p.factors.iter().map(&mut moved).collect(), moved(&p.target));
        let counts = p.counts.iter().map(|d| self.size(d)).collect();
        let t = Term::symbolic(p.coefficient, counts, &lengths, factors, target);
        if let Some((terms, ..)) = &mut self.terms
            && terms.len() < product::TERMS
            && product::together(&terms[0], &t)
            && t.read().all(|a| self.exists[a])
        {
            terms.push(t);
            return;
        }
        self.flush();
        t.read().collect::<Vec<_>>().into_iter().for_each(|a| self.read(a));
        let c = t.written();
        let set = !self.exists[c] && t.reaches(&self.size(&self.out.arrays[c].0));
        if !set {
            self.read(c);
        }
        self.exists[c] = true;
        self.terms = Some((vec![t], note.to_owned(), set));
    }

    /// Starts the kernel of the terms that wait.
    fn flush(&mut self) {
        let Some((terms, note, set)) = self.terms.take() else { return };
        let arrays = terms.iter().flat_map(Term::read).chain([terms[0].written()]).collect();
        self.launch(product::draft(&terms, set, &note), arrays);
        // at large sizes each is a product of its own
        let adds = |k: usize| !set || k > 0;
        let large = terms.iter().enumerate().map(|(k, t)| {
            let tile = product::tile(t, !adds(k), &note)?;
            Some((product::gemm(t, adds(k), 0)?, tile))
        });
        let Some(large) = large.collect::<Option<Vec<_>>>() else { return };
        let kernels = &mut self.out.kernels;
        let tiled = |(g, tile): (Gemm, Draft)| Gemm { tile: kernels.kernel(tile, &mut self.by_text), ..g };
        let large: Vec<Gemm> = large.into_iter().map(tiled).collect();
        if let Some(Task::Launch { products, .. }) = kernels.tasks.last_mut() {
            *products = large;
        }
    }

    fn launch(&mut self, draft: Draft, arrays: Vec<ArrayId>) {
        let kernel = self.out.kernels.kernel(draft, &mut self.by_text);
        self.out.kernels.tasks.push(Task::Launch { kernel, arrays, products: vec![] });
    }
}
