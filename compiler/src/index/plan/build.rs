//! From a program and sizes to a plan.

use super::{
    Action, ArrayId, Batch, Failure, Operand, Plan, Planned, Product,
    draft::{Concrete, Draft, Manner},
    inline,
    order::Letters,
    symmetry::{self, Twins},
    term::{Factor, Strides, Term},
    within,
};
use crate::{
    dim::Dim,
    index::{Access, Letter, Program, Source, Step, TensorId},
    number::Number,
};
use smallvec::smallvec;
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Builder<'p> {
    program: &'p Program,
    size: &'p dyn Fn(&str) -> Option<usize>,
    batch: &'p Batch,
    /// Which tensors have one part for every sample.
    varies: Vec<bool>,
    /// Results to which every sample adds its part.
    summed: BTreeSet<TensorId>,
    plan: Plan,
    /// The axes of every array that belongs to a tensor.
    shapes: Vec<Vec<usize>>,
    /// The array of each tensor.
    places: Vec<Option<ArrayId>>,
    /// What was made in between, by what it is made of.
    made: BTreeMap<Key, (ArrayId, Strides)>,
    /// Axes that may change places.
    twins: Twins,
}

/// Terms of a draft for which only the first manner is tried.
const LONG: usize = 400;

/// No array may have more bytes.
const LARGEST: u128 = 1 << 62;

/// What an array in between is: its number of axes, the extents of the letters with those of the axes first, and the factors. Letters and
/// factors are in an order that is the same however they were named.
pub(super) type Key = (usize, Vec<usize>, Vec<Operand>);

/// The key of what is made of factors over those axes, summed over other letters; and the axes in the order of the key.
pub(super) fn key(factors: &[Factor], axes: &[usize], summed: &[usize], sizes: &[usize]) -> (Key, Vec<usize>) {
    let of = |factors: &[&Factor]| {
        let ordered = |letters: &[usize]| {
            let mut letters = letters.to_vec();
            letters.sort_by_key(|&l| (factors.iter().map(|f| f.strides[l]).collect::<Strides>(), sizes[l]));
            letters
        };
        let axes = ordered(axes);
        let letters: Vec<usize> = axes.iter().copied().chain(ordered(summed)).collect();
        let extents = letters.iter().map(|&l| sizes[l]).collect();
        ((axes.len(), extents, factors.iter().map(|f| operand(f, &letters)).collect()), axes)
    };
    match factors {
        [a, b] => of(&[a, b]).min(of(&[b, a])),
        _ => of(&factors.iter().collect::<Vec<_>>()),
    }
}

impl<'p> Builder<'p> {
    pub(super) fn new(program: &'p Program, size: &'p dyn Fn(&str) -> Option<usize>, batch: &'p Batch) -> Builder<'p> {
        let n = program.tensors.len();
        let (varies, places) = (vec![false; n], vec![None; n]);
        Builder {
            program,
            size,
            batch,
            varies,
            summed: BTreeSet::new(),
            plan: Plan::default(),
            shapes: vec![],
            places,
            made: BTreeMap::new(),
            twins: Twins::new(),
        }
    }

    pub(super) fn build(mut self) -> Result<Plan, Failure> {
        self.conditions()?;
        let wanted = self.live();
        self.summed = self.spread(&wanted);
        // what is given first, so that a size that is not known is told of the data it belongs to
        let read: BTreeSet<TensorId> = (self.program.statements.iter().zip(&wanted))
            .filter(|x| *x.1)
            .flat_map(|x| x.0.step.reads())
            .chain(self.program.outputs.iter().copied())
            .collect();
        for t in read {
            if matches!(self.program.tensors[t.0].source, Source::Input(_)) {
                self.array(t)?;
            }
        }
        let mut list = vec![];
        for (k, s) in self.program.statements.iter().enumerate().filter(|x| wanted[x.0]) {
            list.extend(self.statement(&s.step, k)?);
        }
        for &t in &self.program.outputs {
            let (array, shape) = (self.array(t)?, self.shape(t)?);
            let array = if self.varies[t.0] || (self.batch.samples > 0 && !self.summed.contains(&t)) {
                let (sum, term) = self.mean(array, shape, self.varies[t.0], self.program.statements.len())?;
                list.push(Concrete::Terms(vec![term]));
                sum
            } else {
                array
            };
            self.plan.outputs.push((array, shape));
        }
        let kept = self.plan.outputs.iter().map(|o| o.0).collect();
        let draft = Draft::new(list, std::mem::take(&mut self.shapes), kept);
        let given = std::mem::take(&mut self.plan);
        let mut starts = vec![(draft, Manner::Factors)];
        if starts[0].0.terms() <= LONG {
            // products that several terms have made before, of the terms as they are and with definitions in them
            let (mut paired, mut expanded) = (starts[0].0.clone(), starts[0].0.clone());
            inline::expand(&mut expanded);
            starts.extend(within::pairs(&mut paired).then_some((paired, Manner::Factors)));
            starts.extend(within::pairs(&mut expanded).then_some((expanded, Manner::Definitions)));
            let plain: Vec<_> = starts.iter().map(|(d, _)| (d.clone(), Manner::Plain)).collect();
            starts.extend(plain);
        }
        let mut best: Option<(f64, Plan, Draft)> = None;
        for (mut draft, manner) in starts {
            draft.improve(manner);
            let (cost, plan) = self.ordered(&given, &draft)?;
            if best.as_ref().is_none_or(|b| cost < b.0) {
                best = Some((cost, plan, draft));
            }
        }
        let (cost, mut plan, mut draft) = best.expect("there is a manner");
        if within::share(&mut draft) {
            let (less, other) = self.ordered(&given, &draft)?;
            if less < cost {
                plan = other;
            }
        }
        plan.arrange();
        plan.lifetimes();
        Ok(plan)
    }

    /// Writes a draft as products of two factors, behind what is given: the plan and what it costs.
    fn ordered(&mut self, given: &Plan, draft: &Draft) -> Result<(f64, Plan), Failure> {
        self.plan = given.clone();
        self.made.clear();
        self.twins.clear();
        for shape in &draft.shapes[self.plan.arrays.len()..] {
            self.plan.arrays.push(shape.iter().product());
            self.plan.words.push("a sum in between".to_owned());
        }
        for s in &draft.statements {
            match s {
                Concrete::Other { action, note, .. } => self.push(action.clone(), *note),
                Concrete::Terms(terms) => {
                    terms.iter().try_for_each(|t| self.term(t))?;
                    let pairs = symmetry::of_terms(terms, &self.twins);
                    if let Some(t) = terms.first().filter(|_| !pairs.is_empty()) {
                        self.twins.insert(t.target.array, pairs);
                    }
                }
            }
        }
        Ok((self.plan.cost(), std::mem::take(&mut self.plan)))
    }

    fn dim(&self, d: &Dim) -> Result<usize, Failure> {
        d.eval(self.size).ok_or_else(|| Failure::MissingSize(d.to_string()))
    }

    /// Conditions on sizes, before anything is read out of range.
    fn conditions(&self) -> Result<(), Failure> {
        for s in &self.program.statements {
            if let Step::Within { what, low, value, high } = &s.step {
                let (l, v, h) = (self.dim(low)?, self.dim(value)?, self.dim(high)?);
                if v < l || v > h {
                    let value = if value.as_constant().is_some() { format!("{v}") } else { format!("{value} = {v}") };
                    return Err(Failure::Range(format!("{what}: {value} is not between {l} and {h}")));
                }
            }
        }
        Ok(())
    }

    /// Which statements lead to a result or watch.
    fn live(&self) -> Vec<bool> {
        let mut wanted = vec![false; self.program.tensors.len()];
        self.program.outputs.iter().for_each(|t| wanted[t.0] = true);
        let mut out = vec![false; self.program.statements.len()];
        for (k, s) in self.program.statements.iter().enumerate().rev() {
            out[k] = match &s.step {
                Step::Within { .. } => false,
                Step::Watch { .. } => true,
                step => step.target().is_some_and(|t| wanted[t.0]),
            };
            if out[k] {
                s.step.reads().iter().for_each(|t| wanted[t.0] = true);
            }
        }
        out
    }

    /// Finds out which tensors vary from sample to sample. Results that are sums of terms, and that nothing reads, are summed over
    /// the samples at once: those are given back.
    fn spread(&mut self, wanted: &[bool]) -> BTreeSet<TensorId> {
        if self.batch.samples == 0 {
            return BTreeSet::new();
        }
        let live = || self.program.statements.iter().zip(wanted).filter(|x| *x.1).map(|x| &x.0.step);
        let mut direct: BTreeSet<TensorId> = self.program.outputs.iter().copied().collect();
        for (t, tensor) in self.program.tensors.iter().enumerate() {
            if let Source::Input(name) = &tensor.source {
                self.varies[t] = self.batch.inputs.contains(name);
            }
            if tensor.source != Source::Computed {
                direct.remove(&TensorId(t));
            }
        }
        for step in live() {
            step.reads().iter().for_each(|t| {
                direct.remove(t);
            });
            if !matches!(step, Step::Contract { .. })
                && let Some(t) = step.target()
            {
                direct.remove(&t);
            }
        }
        for step in live() {
            if let Some(t) = step.target().filter(|t| !direct.contains(t))
                && step.reads().iter().any(|r| self.varies[r.0])
            {
                self.varies[t.0] = true;
            }
        }
        direct
    }

    /// The mean over all samples of a result, as far as these samples make it.
    fn mean(&mut self, array: ArrayId, shape: [usize; 2], varies: bool, note: usize) -> Result<(ArrayId, Term), Failure> {
        let n = shape[0] * shape[1];
        let sum = self.entries(n as u128, "a mean")?;
        self.shapes.push(shape.to_vec());
        let samples = if varies { self.batch.samples } else { 1 };
        let coefficient = self.share(varies);
        let factor = Factor { array, offset: 0, strides: smallvec![if varies { n } else { 0 }, 1] };
        let target = Factor { array: sum, offset: 0, strides: smallvec![0, 1] };
        Ok((sum, Term::new(coefficient, vec![samples, n], vec![factor], target, note)))
    }

    /// The factor in front of what is added to a mean: once for every sample, or once for all of them.
    fn share(&self, varies: bool) -> Number {
        let whole = |n: usize| n.max(1) as i128;
        let samples = if varies { 1 } else { whole(self.batch.samples) };
        Number::ratio(samples, whole(self.batch.of))
    }

    fn shape(&self, t: TensorId) -> Result<[usize; 2], Failure> {
        let shape = &self.program.tensors[t.0].shape;
        Ok([self.dim(&shape[0])?, self.dim(&shape[1])?])
    }

    /// The array of a tensor.
    fn array(&mut self, t: TensorId) -> Result<ArrayId, Failure> {
        if let Some(a) = self.places[t.0] {
            return Ok(a);
        }
        let tensor = &self.program.tensors[t.0];
        let shape = tensor.shape.iter().map(|d| self.dim(d)).collect::<Result<Vec<_>, _>>()?;
        let varies = self.varies[t.0];
        let shape = if varies { [vec![self.batch.samples], shape].concat() } else { shape };
        let n = shape.iter().fold(1u128, |n, &d| n.saturating_mul(d as u128));
        let text: Vec<String> = tensor.shape.iter().map(ToString::to_string).collect();
        let a = self.entries(n, &format!("a result of {} entries", text.join(" × ")))?;
        match &tensor.source {
            Source::Input(name) => {
                let shape = self.shape(t)?;
                self.plan.inputs.push((a, name.clone(), shape));
            }
            Source::Number(n) => self.plan.numbers.push((a, *n)),
            Source::Computed => {}
        }
        self.shapes.push(shape);
        self.places[t.0] = Some(a);
        Ok(a)
    }

    /// A new array of so many entries.
    fn entries(&mut self, n: u128, what: &str) -> Result<ArrayId, Failure> {
        let bytes = n.saturating_mul(8);
        let n = usize::try_from(n).ok().filter(|_| bytes < LARGEST);
        let n = n.ok_or_else(|| Failure::TooLarge { what: what.to_owned(), bytes, limit: LARGEST })?;
        self.plan.arrays.push(n);
        self.plan.words.push(what.to_owned());
        Ok(self.plan.arrays.len() - 1)
    }

    fn push(&mut self, action: Action, statement: usize) {
        let note = self.program.statements.get(statement).map_or_else(|| "mean".to_owned(), |s| s.note.clone());
        self.plan.steps.push(Planned { action, note, last: vec![] });
    }

    /// A statement at these sizes; nothing if it does nothing.
    fn statement(&mut self, step: &Step, note: usize) -> Result<Option<Concrete>, Failure> {
        let (action, reads) = match step {
            Step::Within { .. } => return Ok(None),
            Step::Contract { coefficient, factors, target, extents } => {
                return Ok(self.read(*coefficient, factors, target, extents, note)?.map(|t| Concrete::Terms(vec![t])));
            }
            Step::Watch { name, argument, kink } => {
                let [rows, cols] = self.shape(*argument)?;
                let times = if self.varies[argument.0] { self.batch.samples } else { 1 };
                let argument = (self.array(*argument)?, [rows * times, cols]);
                (Action::Watch { name, argument, kink: *kink }, vec![argument.0])
            }
            Step::Map { name, values, parameters, argument, target } => {
                let (argument, target) = (self.array(*argument)?, self.array(*target)?);
                let parameters = parameters.clone();
                (Action::Map { name, values, parameters, argument, target }, vec![argument])
            }
            Step::Call { name, values, arguments, sizes, target } => {
                let arguments: Vec<(ArrayId, [usize; 2])> =
                    arguments.iter().map(|&a| Ok((self.array(a)?, self.shape(a)?))).collect::<Result<_, Failure>>()?;
                let sizes = sizes.iter().map(|d| self.dim(d)).collect::<Result<_, _>>()?;
                let times = if self.varies[target.0] { self.batch.samples } else { 1 };
                let target = self.array(*target)?;
                let reads = arguments.iter().map(|a| a.0).collect();
                (Action::Call { name, values, arguments, sizes, target, times }, reads)
            }
        };
        Ok(Some(Concrete::Other { action, note, reads }))
    }

    /// A contraction at these sizes; `None` if it has no terms to add.
    fn read(
        &mut self,
        mut coefficient: Number,
        factors: &[Access],
        target: &Access,
        extents: &[(Letter, Dim)],
        note: usize,
    ) -> Result<Option<Term>, Failure> {
        let mut sizes = extents.iter().map(|e| self.dim(&e.1)).collect::<Result<Vec<_>, _>>()?;
        // samples are one more letter
        let varies = factors.iter().any(|f| self.varies[f.tensor.0]);
        if varies || self.varies[target.tensor.0] {
            sizes.push(self.batch.samples);
        }
        // the target exists, even if nothing is added
        let place = self.array(target.tensor)?;
        if sizes.contains(&0) {
            return Ok(None);
        }
        let factor = |b: &Builder, a: &Access, array: ArrayId| -> Result<Factor, Failure> {
            let mut strides: Strides = smallvec![0; sizes.len()];
            for (l, d) in &a.strides {
                let at = extents.iter().position(|e| e.0 == *l).expect("every letter has an extent");
                strides[at] += b.dim(d)?;
            }
            if b.varies[a.tensor.0] {
                let shape = &b.program.tensors[a.tensor.0].shape;
                *strides.last_mut().expect("samples are a letter") =
                    shape.iter().map(|d| b.dim(d)).product::<Result<usize, _>>()?;
            }
            // a letter of one value moves nothing
            strides.iter_mut().zip(&sizes).filter(|x| *x.1 == 1).for_each(|x| *x.0 = 0);
            Ok(Factor { array, offset: b.dim(&a.offset)?, strides })
        };
        let mut list = vec![];
        for f in factors {
            // numbers belong in front
            if let Source::Number(n) = &self.program.tensors[f.tensor.0].source {
                coefficient = coefficient * *n;
                continue;
            }
            let array = self.array(f.tensor)?;
            list.push(factor(self, f, array)?);
        }
        if self.summed.contains(&target.tensor) {
            coefficient = coefficient * self.share(varies);
        }
        let target = factor(self, target, place)?;
        Ok(Some(Term::new(coefficient, sizes, list, target, note)))
    }

    /// Writes a term as products of two factors.
    fn term(&mut self, t: &Term) -> Result<(), Failure> {
        // letters that nothing mentions count their extent
        let mentioned = t.factors.iter().fold(t.target.letters(), |u, f| u | f.letters());
        let mut coefficient = t.coefficient;
        for (_, &n) in t.extents.iter().enumerate().filter(|(l, _)| mentioned >> l & 1 == 0) {
            coefficient = coefficient * Number::int(i64::try_from(n).unwrap_or(i64::MAX));
        }
        let pairs = t.order();
        let mut list = t.factors.clone();
        let mut alive: Vec<bool> = vec![true; list.len()];
        // which factors of the term each is made of
        let mut parts: Vec<u64> = (0..list.len()).map(|k| 1 << k).collect();
        for (k, &(a, b)) in pairs.iter().enumerate() {
            (alive[a], alive[b]) = (false, false);
            let others = (0..list.len()).filter(|&i| alive[i]).fold(t.target.letters(), |u, i| u | list[i].letters());
            let (fa, fb) = (list[a].clone(), list[b].clone());
            let fa = self.summed(fa, fb.letters() | others, t)?;
            let fb = self.summed(fb, fa.letters() | others, t)?;
            // what is summed is summed before it is spread over letters that only the target has
            let spread = t.target.letters() & !(fa.letters() | fb.letters()) != 0;
            let sums = (fa.letters() | fb.letters()) & !t.target.letters() != 0;
            let part = parts[a] | parts[b];
            if k + 1 == pairs.len() && !(spread && sums) {
                self.product(coefficient, &[fa, fb], &t.target, t, part);
                return Ok(());
            }
            let made = self.make(&[fa, fb], others, t, part)?;
            list.push(made);
            alive.push(true);
            parts.push(part);
        }
        list.retain({
            let mut k = 0;
            move |_| {
                k += 1;
                alive[k - 1]
            }
        });
        self.product(coefficient, &list, &t.target, t, 0);
        Ok(())
    }

    /// A factor summed over the letters that only it has.
    fn summed(&mut self, f: Factor, kept: Letters, t: &Term) -> Result<Factor, Failure> {
        if f.letters() & !kept == 0 { Ok(f) } else { self.make(&[f], kept, t, 0) }
    }

    /// A new array over the letters that are kept: those of both factors first, then of the first, then of the second. It is made of
    /// those parts of the term.
    fn make(&mut self, factors: &[Factor], kept: Letters, t: &Term, parts: u64) -> Result<Factor, Failure> {
        let sizes = &t.extents;
        let has = |f: Option<&Factor>, l: usize| f.is_some_and(|f| f.strides[l] != 0);
        let of = |inside: bool| -> Vec<usize> {
            let read = |l: usize| factors.iter().any(|f| f.strides[l] != 0);
            (0..sizes.len()).filter(|&l| (kept >> l & 1 == 1) == inside && read(l)).collect()
        };
        let rank = |l: usize| match (has(factors.first(), l), has(factors.get(1), l)) {
            (true, true) => 0,
            (true, false) => 1,
            _ => 2,
        };
        let (mut axes, summed) = (of(true), of(false));
        // the same product may have been made before, in another layout
        let (key, order) = key(factors, &axes, &summed, sizes);
        if let Some((array, moves)) = self.made.get(&key) {
            let mut strides: Strides = smallvec![0; sizes.len()];
            order.iter().zip(moves).for_each(|(&l, &s)| strides[l] = s);
            return Ok(Factor { array: *array, offset: 0, strides });
        }
        let along = |l: usize| factors.iter().map(|f| f.strides[l]).max();
        axes.sort_by_key(|&l| (rank(l), std::cmp::Reverse(along(l)), l));
        let (mut strides, mut n): (Strides, _) = (smallvec![0; sizes.len()], 1u128);
        for &l in axes.iter().rev() {
            strides[l] = usize::try_from(n).unwrap_or(usize::MAX);
            n = n.saturating_mul(sizes[l] as u128);
        }
        let array = self.entries(n, "a product in between")?;
        self.made.insert(key, (array, order.iter().map(|&l| strides[l]).collect()));
        let target = Factor { array, offset: 0, strides };
        if let [[a, b]] = self.product(Number::ONE, factors, &target, t, parts).as_slice() {
            let mut pair = [target.strides[*a], target.strides[*b]];
            pair.sort_unstable();
            self.twins.insert(array, BTreeSet::from([pair]));
        }
        Ok(target)
    }

    /// Writes a product of factors that are made of those parts of the term; gives back which of its letters may change places.
    fn product(&mut self, coefficient: Number, factors: &[Factor], target: &Factor, t: &Term, parts: u64) -> Vec<[usize; 2]> {
        let used = factors.iter().fold(target.letters(), |u, f| u | f.letters());
        let letters: Vec<usize> = (0..t.extents.len()).filter(|&l| used >> l & 1 == 1).collect();
        let alike = match factors {
            [f, g] => {
                let (a, b, c) = (f.letters(), g.letters(), target.letters());
                let made: Vec<&Factor> = (t.factors.iter().enumerate()).filter(|x| parts >> x.0 & 1 == 1).map(|x| x.1).collect();
                let sides = (a & !b & c, b & !a & c);
                symmetry::exchange(&made, &t.extents, c, sides, &self.twins).unwrap_or_default()
            }
            _ => vec![],
        };
        let place = |l: usize| letters.iter().position(|&x| x == l).expect("the letters of a factor are used");
        let mut product = Product {
            coefficient,
            extents: letters.iter().map(|&l| t.extents[l]).collect(),
            factors: factors.iter().map(|f| operand(f, &letters)).collect(),
            target: operand(target, &letters),
            symmetric: None,
            exchange: alike.iter().map(|pair| pair.map(place)).collect(),
            first: false,
        };
        if product.exchange.is_empty() {
            self.halve(&mut product);
        }
        self.push(Action::Product(product), t.note);
        alike
    }

    /// Finds two letters that may change places, and puts the factor that has them first.
    fn halve(&self, p: &mut Product) {
        for k in 0..2 {
            let [x, y] = p.factors.as_slice() else { return };
            let (own, other) = if k == 0 { (x, y) } else { (y, x) };
            let at = |stride: usize| own.strides.iter().position(|&s| s == stride);
            let usable = |l: usize| other.strides[l] == 0 && p.target.strides[l] != 0;
            // an offset may lie along one of the axes
            let twins = self.twins.get(&own.array).filter(|_| own.offset == 0);
            let found = twins.into_iter().flatten().find_map(|&[s, t]| {
                let (a, b) = (at(s)?, at(t)?);
                (usable(a) && usable(b) && p.extents[a] == p.extents[b]).then_some([a, b])
            });
            if found.is_some() {
                p.symmetric = found;
                p.factors.swap(0, k);
                return;
            }
        }
    }
}

fn operand(f: &Factor, letters: &[usize]) -> Operand {
    Operand { array: f.array, offset: f.offset, strides: letters.iter().map(|&l| f.strides[l]).collect() }
}
