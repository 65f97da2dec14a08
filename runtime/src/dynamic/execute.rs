//! Plans run on a back end; and the executor that evaluates whole jobs by them, in parts of a batch that fit in memory.

use super::{
    backend::Backend,
    finite::{self, Telling},
};
use hesse_compiler::{
    index::{
        DomainError, Executor, Failure, Outcome, Prepared, Program, Sample, Setting,
        plan::{Action, Batch, Closing, Pass, Piece, Plan, Product},
    },
    matrix::Matrix,
};
use smallvec::SmallVec;
use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

/// Most samples that are computed at once: more do not stay near the processor.
const SAMPLES: usize = 16;

/// Gives the entries of a name, in a matrix of that shape.
pub type Input<'a> = &'a dyn Fn(&str, [usize; 2]) -> Result<Cow<'a, [f64]>, Failure>;

/// The arrays of a plan, those that exist.
pub(super) struct Arrays<A>(Vec<RwLock<Option<A>>>);

/// What is said of an array that a step reads.
const MADE: &str = "all arrays that a step reads exist";

impl<A> Arrays<A> {
    /// What is given: data and numbers; and zeros for what is read without ever being written.
    ///
    /// Errors: data that are missing or of another size.
    pub(super) fn given<'a, B: Backend<Array<'a> = A>>(backend: &B, plan: &Plan, input: Input<'a>) -> Result<Arrays<A>, Failure> {
        let mut arrays: Vec<Option<A>> = plan.arrays.iter().map(|_| None).collect();
        for (id, name, shape) in &plan.inputs {
            arrays[*id] = Some(backend.upload(input(name, *shape)?));
        }
        for (id, number) in &plan.numbers {
            arrays[*id] = Some(backend.upload(Cow::Owned(vec![number.to_f64()])));
        }
        for &a in &plan.empty {
            arrays[a].get_or_insert_with(|| backend.zeros(plan.arrays[a]));
        }
        Ok(Arrays(arrays.into_iter().map(RwLock::new).collect()))
    }

    fn read(&self, id: usize) -> RwLockReadGuard<'_, Option<A>> {
        self.0[id].read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an array out.
    pub(super) fn take(&self, id: usize) -> Option<A> {
        self.0[id].write().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, id: usize, array: A) {
        *self.0[id].write().unwrap_or_else(PoisonError::into_inner) = Some(array);
    }

    /// Does a product, or a part of one, by `multiply`; it makes no array that is scaled in passing.
    fn product<'a, B: Backend<Array<'a> = A>>(
        &self,
        backend: &B,
        plan: &Plan,
        p: &Product,
        multiply: impl Fn(&Product, &[&A], &mut A),
    ) {
        let Some(p) = plan.in_passing(p) else { return };
        let mut target = self.target(backend, plan, p);
        let held: SmallVec<[_; 3]> = p.factors.iter().map(|f| self.read(f.array)).collect();
        {
            let factors: SmallVec<[&A; 3]> = held.iter().map(|f| f.as_ref().expect(MADE)).collect();
            multiply(p, &factors, &mut target);
        }
        drop(held);
        self.put(p.target.array, target);
    }

    /// Takes out the target of a product, which may be the first that is done with it.
    fn target<'a, B: Backend<Array<'a> = A>>(&self, backend: &B, plan: &Plan, p: &Product) -> A {
        let n = plan.arrays[p.target.array];
        let make = || if p.first { backend.blank(n) } else { backend.zeros(n) };
        self.take(p.target.array).unwrap_or_else(make)
    }

    /// Does a pass over a large array.
    ///
    /// Errors: values outside a domain.
    fn pass<'a, B: Backend<Array<'a> = A>>(&self, backend: &B, plan: &Plan, pass: &Pass) -> Result<(), DomainError> {
        let mut pieces = pass.pieces.iter();
        let Some(Closing { product, values, pieces: each }) = &pass.closing else {
            return pieces.try_for_each(|piece| self.piece(backend, plan, piece));
        };
        let [a, b, weights] = product.factors.as_slice() else {
            unreachable!("the planner closes passes by half products with weights alone")
        };
        let (mut made, mut done) = (0, Ok(()));
        let mut coming = |n: usize, take: &mut dyn FnMut(&A)| {
            while made < n && done.is_ok() {
                done = pieces.by_ref().take(*each).try_for_each(|piece| self.piece(backend, plan, piece));
                made += values;
            }
            if done.is_ok() {
                take(self.read(weights.array).as_ref().expect(MADE));
            }
        };
        let mut target = self.target(backend, plan, product);
        {
            let (a, b) = (self.read(a.array), self.read(b.array));
            let factors = [&a, &b].map(|f| f.as_ref().expect(MADE));
            backend.product_of_coming(product, factors, &mut coming, &mut target);
        }
        self.put(product.target.array, target);
        done
    }

    /// Does a part of a step.
    ///
    /// Errors: values outside a domain.
    fn piece<'a, B: Backend<Array<'a> = A>>(&self, backend: &B, plan: &Plan, piece: &Piece) -> Result<(), DomainError> {
        match piece {
            Piece::Product(p) => self.product(backend, plan, p, |p, factors, target| backend.product(p, factors, target)),
            Piece::Map { step, entries } => {
                let Action::Map { name, values, parameters, argument, target: id } = &plan.steps[*step].action else {
                    unreachable!("the planner makes such pieces of entrywise functions alone")
                };
                let mut target = self.take(*id).unwrap_or_else(|| backend.blank(plan.arrays[*id]));
                let argument = self.read(*argument);
                let argument = argument.as_ref().expect(MADE);
                let done = backend.map(name, values, parameters, argument, entries.clone(), &mut target);
                self.put(*id, target);
                done?;
            }
        }
        Ok(())
    }

    /// Does one step; `multiply` does its product. Gives back a note, if there is one.
    ///
    /// Errors: values outside a domain.
    pub(super) fn step<'a, B: Backend<Array<'a> = A>>(
        &self,
        backend: &B,
        plan: &Plan,
        action: &Action,
        multiply: impl Fn(&Product, &[&A], &mut A),
    ) -> Result<Option<String>, Failure> {
        match action {
            Action::Product(p) => self.product(backend, plan, p, multiply),
            Action::Map { name, values, parameters, argument, target } => {
                let n = plan.arrays[*target];
                let mut value = backend.blank(n);
                let argument = self.read(*argument);
                backend
                    .map(name, values, parameters, argument.as_ref().expect(MADE), 0..n, &mut value)
                    .map_err(Failure::Domain)?;
                self.put(*target, value);
            }
            Action::Call { name, values, arguments, sizes, target, times } => {
                let held: Vec<_> = arguments.iter().map(|(a, shape)| (self.read(*a), *shape)).collect();
                let list: Vec<(&A, [usize; 2])> = held.iter().map(|(a, shape)| (a.as_ref().expect(MADE), *shape)).collect();
                let value = backend.call(name, values, &list, sizes, *times).map_err(Failure::Domain)?;
                self.put(*target, value);
            }
            Action::Watch { name, argument: (id, [rows, cols]), kink } => {
                let data = backend.download(self.read(*id).as_ref().expect(MADE));
                let words = kink(&Matrix { rows: *rows, cols: *cols, data });
                return Ok(words.map(|words| format!("`{name}` meets {words}")));
            }
        }
        Ok(None)
    }

    /// The results; so many threads look at them.
    pub(super) fn outcome<'a, B: Backend<Array<'a> = A>>(
        self,
        backend: &B,
        plan: &Plan,
        notes: BTreeSet<String>,
        threads: usize,
    ) -> Outcome<f64> {
        let mut values: Vec<Matrix<f64>> = vec![];
        for (k, (id, [rows, cols])) in plan.outputs.iter().enumerate() {
            // one array may be several results
            let again = plan.outputs[..k].iter().position(|o| o.0 == *id);
            let data = match (again, self.take(*id)) {
                (Some(k), _) => values[k].data.clone(),
                (None, Some(array)) => backend.finish(array),
                (None, None) => vec![0.0; rows * cols],
            };
            values.push(Matrix { rows: *rows, cols: *cols, data });
        }
        let results = plan.outputs.iter().zip(&values).flat_map(|((id, [n, _]), value)| {
            let whole = if plan.mirrored.contains(id) { Telling::Upper(*n) } else { Telling::All };
            let few = plan.written.get(id);
            let reached = few.into_iter().flatten().map(|(extents, at)| Telling::Reached(extents, &at.strides, at.offset));
            let telling = reached.chain(few.is_none().then_some(whole));
            telling.map(|telling| (value.data.as_slice(), telling))
        });
        let not_finite = (!finite::all(results, threads)).then(|| "a result".to_owned());
        Outcome { values, notes: notes.into_iter().collect(), not_finite }
    }
}

/// Runs a plan, step after step; passes part after part.
///
/// Errors: data that are missing or of another size; values outside a domain.
pub fn execute<B: Backend>(backend: &B, plan: &Plan, input: Input) -> Result<Outcome<f64>, Failure> {
    run(backend, plan, input, true)
}

fn run<B: Backend>(backend: &B, plan: &Plan, input: Input, in_passes: bool) -> Result<Outcome<f64>, Failure> {
    let arrays = Arrays::given(backend, plan, input)?;
    let mut notes = BTreeSet::new();
    let mut done = 0;
    for (k, step) in plan.steps.iter().enumerate() {
        if let Some(pass) = plan.passes.get(&k).filter(|_| in_passes) {
            if arrays.pass(backend, plan, pass).is_err() {
                // of whole arrays it is known which entry is outside a domain
                return run(backend, plan, input, false);
            }
            done = pass.end;
        }
        if k >= done {
            let note = arrays.step(backend, plan, &step.action, |p, factors, target| backend.product(p, factors, target))?;
            notes.extend(note);
        }
        step.last.iter().filter_map(|&a| arrays.take(a)).for_each(|a| backend.recycle(a));
    }
    Ok(arrays.outcome(backend, plan, notes, 1))
}

/// What runs plans: every [`Backend`], and devices, which take a plan as a whole.
pub trait Engine {
    /// A plan made ready to run several times.
    type Ready;

    /// Makes a plan ready.
    ///
    /// Errors: a device that cannot run it.
    fn ready(&self, plan: Plan) -> Result<Self::Ready, Failure>;
    /// Runs it on data.
    ///
    /// Errors: data that are missing or of another size; values outside a domain.
    fn run_ready(&self, ready: &Self::Ready, input: Input) -> Result<Outcome<f64>, Failure>;
    /// The plan that was made ready.
    fn plan<'a>(&self, ready: &'a Self::Ready) -> &'a Plan;
    /// Takes back entries that a run gave.
    fn take_back(&self, _: Vec<f64>) {}
}

impl<B: Backend> Engine for B {
    type Ready = Plan;

    fn ready(&self, plan: Plan) -> Result<Plan, Failure> {
        Ok(plan)
    }
    fn run_ready(&self, plan: &Plan, input: Input) -> Result<Outcome<f64>, Failure> {
        self.run(plan, input)
    }
    fn plan<'a>(&self, ready: &'a Plan) -> &'a Plan {
        ready
    }
    fn take_back(&self, entries: Vec<f64>) {
        self.reclaim(entries);
    }
}

/// Runs programs by plans on an engine.
pub struct Dynamic<E>(pub E);

impl<E: Engine> Executor for Dynamic<E> {
    fn prepare<'a>(&'a self, program: &'a Program, setting: Setting<'a>) -> Result<Box<dyn Prepared + 'a>, Failure> {
        let mut at_once = setting.samples.clamp(1, SAMPLES);
        let plan = loop {
            let plan = part(program, &setting, at_once)?;
            let bytes = plan.peak.saturating_mul(8);
            if bytes <= setting.memory {
                break plan;
            }
            if at_once == 1 {
                // one array that is too large by itself, or all of them
                let limit = setting.memory;
                return Err(match plan.largest().map(|(what, n)| (what, n as u128 * 8)) {
                    Some((what, bytes)) if bytes > limit => Failure::TooLarge { what: what.to_owned(), bytes, limit },
                    _ => Failure::TooLarge { what: "what is held at once".to_owned(), bytes, limit },
                });
            }
            at_once /= 2;
        };
        let rest = setting.samples % at_once;
        let last = if rest > 0 { Some(self.0.ready(part(program, &setting, rest)?)?) } else { None };
        Ok(Box::new(Planned { engine: &self.0, setting, at_once, plan: self.0.ready(plan)?, last }))
    }
}

/// The plan of so many samples of a batch.
fn part(program: &Program, setting: &Setting, samples: usize) -> Result<Plan, Failure> {
    if setting.samples <= 1 {
        return Plan::new(program, setting.size);
    }
    let batch = Batch { samples, of: setting.samples, inputs: setting.varying.clone() };
    Plan::batched(program, setting.size, &batch)
}

/// A program with its plans: of so many samples at once, and of the few that are left in the end.
struct Planned<'a, E: Engine> {
    engine: &'a E,
    setting: Setting<'a>,
    at_once: usize,
    plan: E::Ready,
    last: Option<E::Ready>,
}

impl<E: Engine> Prepared for Planned<'_, E> {
    fn mean(&self, shared: &Sample, samples: &[Sample]) -> Result<Outcome<f64>, Failure> {
        let mut sum: Option<Outcome<f64>> = None;
        for part in samples.chunks(self.at_once) {
            let plan = self.last.as_ref().filter(|_| part.len() < self.at_once).unwrap_or(&self.plan);
            let one = self.engine.run_ready(plan, &|name, shape| entries(shared, part, name, shape))?;
            match &mut sum {
                None => sum = Some(one),
                Some(sum) => {
                    sum.add(&one);
                    self.reclaim(one);
                }
            }
        }
        Ok(sum.unwrap_or_default())
    }

    fn reclaim(&self, outcome: Outcome<f64>) {
        outcome.values.into_iter().for_each(|m| self.engine.take_back(m.data));
    }

    fn work(&self) -> Option<(u128, u128)> {
        let (whole, last) = ((self.setting.samples / self.at_once) as u128, self.last.as_ref());
        let plan = |ready| self.engine.plan(ready);
        let of = |f: fn(&Plan) -> u128| whole * f(plan(&self.plan)) + last.map_or(0, |l| f(plan(l)));
        Some((of(Plan::flops), of(Plan::bytes)))
    }

    fn plan(&self) -> Option<String> {
        Some(self.engine.plan(&self.plan).to_string())
    }
}

/// The entries of a name: of all samples of a part, one after the other, or of what they share.
fn entries<'d>(shared: &'d Sample, part: &'d [Sample], name: &str, needed: [usize; 2]) -> Result<Cow<'d, [f64]>, Failure> {
    let check = |m: &'d Matrix<f64>| match [m.rows, m.cols] == needed {
        true => Ok(m.data.as_slice()),
        false => Err(Failure::Shape { name: name.to_owned(), needed: needed.into(), found: (m.rows, m.cols) }),
    };
    let own = part.iter().map_while(|sample| sample.get(name)).map(check).collect::<Result<Vec<_>, _>>()?;
    Ok(match own.as_slice() {
        [] => Cow::Borrowed(check(shared.get(name).ok_or_else(|| Failure::MissingData(name.to_owned()))?)?),
        [one] => Cow::Borrowed(*one),
        many => Cow::Owned(many.concat()),
    })
}
