//! Plans run on a back end; and the executor that evaluates whole jobs by them, in parts of a batch that fit in memory.

use super::backend::Backend;
use hesse_compiler::{
    index::{
        Executor, Failure, Outcome, Prepared, Program, Sample, Setting,
        plan::{Action, Batch, Plan},
    },
    matrix::Matrix,
};
use std::collections::BTreeSet;

/// Most samples that are computed at once.
const SAMPLES: usize = 32;

/// Gives the entries of a name, in a matrix of that shape.
pub type Input<'a> = &'a dyn Fn(&str, [usize; 2]) -> Result<Vec<f64>, Failure>;

/// Runs a plan.
///
/// Errors: data that are missing or of another size; values outside a domain.
pub fn execute<B: Backend>(backend: &B, plan: &Plan, input: Input) -> Result<Outcome<f64>, Failure> {
    let mut arrays: Vec<Option<B::Array>> = plan.arrays.iter().map(|_| None).collect();
    let (mut notes, mut not_finite) = (BTreeSet::new(), None);
    for (id, name, shape) in &plan.inputs {
        arrays[*id] = Some(backend.upload(&input(name, *shape)?));
    }
    for (id, number) in &plan.numbers {
        arrays[*id] = Some(backend.upload(&[number.to_f64()]));
    }
    const MADE: &str = "all arrays that a step reads exist";
    for step in &plan.steps {
        match &step.action {
            Action::Product(p) => {
                for f in &p.factors {
                    arrays[f.array].get_or_insert_with(|| backend.zeros(plan.arrays[f.array]));
                }
                let (id, n) = (p.target.array, plan.arrays[p.target.array]);
                let make = || if p.first { backend.blank(n) } else { backend.zeros(n) };
                let mut target = arrays[id].take().unwrap_or_else(make);
                let factors: Vec<&B::Array> = p.factors.iter().map(|f| arrays[f.array].as_ref().expect(MADE)).collect();
                backend.product(p, &factors, &mut target);
                arrays[id] = Some(target);
            }
            Action::Map { name, values, parameters, argument, target } => {
                let argument = &*arrays[*argument].get_or_insert_with(|| backend.zeros(plan.arrays[*argument]));
                let value = backend.map(name, values, parameters, argument).map_err(Failure::Domain)?;
                arrays[*target] = Some(value);
            }
            Action::Call { values, arguments, sizes, target, times, .. } => {
                for (a, _) in arguments {
                    arrays[*a].get_or_insert_with(|| backend.zeros(plan.arrays[*a]));
                }
                let list: Vec<(&B::Array, [usize; 2])> =
                    arguments.iter().map(|(a, s)| (arrays[*a].as_ref().expect(MADE), *s)).collect();
                let value = backend.call(values, &list, sizes, *times).map_err(Failure::Domain)?;
                arrays[*target] = Some(value);
            }
            Action::Watch { name, argument: (id, [rows, cols]), kink } => {
                let array = &*arrays[*id].get_or_insert_with(|| backend.zeros(plan.arrays[*id]));
                let data = backend.download(array);
                if let Some(words) = kink(&Matrix { rows: *rows, cols: *cols, data }) {
                    notes.insert(format!("`{name}` meets {words}"));
                }
            }
        }
        for a in &step.last {
            arrays[*a].take().into_iter().for_each(|a| backend.recycle(a));
        }
    }
    let mut values: Vec<Matrix<f64>> = vec![];
    for (k, (id, [rows, cols])) in plan.outputs.iter().enumerate() {
        // one array may be several results
        let again = plan.outputs[..k].iter().position(|o| o.0 == *id);
        let data = match (again, arrays[*id].take()) {
            (Some(k), _) => values[k].data.clone(),
            (None, Some(array)) => backend.finish(array),
            (None, None) => vec![0.0; rows * cols],
        };
        let finite = |part: &[f64]| part.iter().fold(true, |all, x| all & x.is_finite());
        if not_finite.is_none() && !data.chunks(1 << 12).all(finite) {
            not_finite = Some("a result".to_owned());
        }
        values.push(Matrix { rows: *rows, cols: *cols, data });
    }
    Ok(Outcome { values, notes: notes.into_iter().collect(), not_finite })
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
    fn run(&self, ready: &Self::Ready, input: Input) -> Result<Outcome<f64>, Failure>;
    /// The plan that was made ready.
    fn plan<'a>(&self, ready: &'a Self::Ready) -> &'a Plan;
    /// Takes back what [`Engine::run`] gave.
    fn reclaim(&self, _: Vec<f64>) {}
}

impl<B: Backend> Engine for B {
    type Ready = Plan;

    fn ready(&self, plan: Plan) -> Result<Plan, Failure> {
        Ok(plan)
    }
    fn run(&self, plan: &Plan, input: Input) -> Result<Outcome<f64>, Failure> {
        execute(self, plan, input)
    }
    fn plan<'a>(&self, ready: &'a Plan) -> &'a Plan {
        ready
    }
    fn reclaim(&self, entries: Vec<f64>) {
        Backend::reclaim(self, entries);
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
    fn mean(&self, shared: &dyn Fn(&str) -> Option<Matrix<f64>>, samples: &[Sample]) -> Result<Outcome<f64>, Failure> {
        let mut sum: Option<Outcome<f64>> = None;
        for part in samples.chunks(self.at_once) {
            let plan = self.last.as_ref().filter(|_| part.len() < self.at_once).unwrap_or(&self.plan);
            let one = self.engine.run(plan, &|name, shape| entries(shared, part, name, shape))?;
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
        outcome.values.into_iter().for_each(|m| self.engine.reclaim(m.data));
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
fn entries(
    shared: &dyn Fn(&str) -> Option<Matrix<f64>>,
    part: &[Sample],
    name: &str,
    needed: [usize; 2],
) -> Result<Vec<f64>, Failure> {
    let check = |m: &Matrix<f64>| match [m.rows, m.cols] == needed {
        true => Ok(()),
        false => Err(Failure::Shape { name: name.to_owned(), needed: needed.into(), found: (m.rows, m.cols) }),
    };
    let mut out = vec![];
    for m in part.iter().map_while(|sample| sample.get(name)) {
        check(m)?;
        out.extend_from_slice(&m.data);
    }
    if out.is_empty() {
        let m = shared(name).ok_or_else(|| Failure::MissingData(name.to_owned()))?;
        check(&m)?;
        out = m.data;
    }
    Ok(out)
}
