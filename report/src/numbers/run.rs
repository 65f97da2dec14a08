//! Programs run on data, with what they were planned to cost.

use super::not_finite;
use crate::page::{ParameterNorm, Planned};
use hesse::nalgebra::DVector;
use hesse_compiler::{
    data::Bound,
    diagnostic::Diagnostic,
    emit::Function,
    index::{Executor, Failure, Prepared, Program, Sample, Setting},
    matrix::Matrix,
    pipeline,
};
use std::{cell::RefCell, collections::BTreeSet, time::Instant};

/// Steps of a plan that are shown.
const STEPS: usize = 25;

/// What runs programs.
pub(super) struct Runner<'a> {
    pub(super) executor: &'a dyn Executor,
    pub(super) data: &'a Bound,
    pub(super) memory: u128,
    pub(super) times: bool,
}

/// A product of the Hessian with a vector.
pub(super) type Times<'a> = &'a dyn Fn(&DVector<f64>) -> DVector<f64>;

impl Runner<'_> {
    /// The mean of the results of a program over the first samples.
    ///
    /// Errors: what the executor says; a result that is not finite.
    pub(super) fn mean(
        &self,
        what: &str,
        program: &Program,
        samples: usize,
        plans: &mut Vec<Planned>,
    ) -> Result<Vec<Matrix<f64>>, Diagnostic> {
        let failed = |f: Failure| pipeline::failed(&f, &format!("`{what}`"));
        let one = [Sample::new()];
        let given: &[Sample] = if self.data.samples.is_empty() { &one } else { &self.data.samples[..samples] };
        let size = |name: &str| self.data.sizes.get(name).copied();
        let setting = Setting { size: &size, memory: self.memory, samples: given.len(), varying: varying(given) };
        let ready = self.executor.prepare(program, setting).map_err(failed)?;
        let start = Instant::now();
        let outcome = ready.mean(&self.data.shared, given).map_err(failed)?;
        plans.push(self.planned(what, given.len(), ready.as_ref(), start));
        match outcome.values.iter().any(|v| v.data.iter().any(|x| !x.is_finite())) {
            true => Err(not_finite(what)),
            false => Ok(outcome.values),
        }
    }

    fn planned(&self, what: &str, samples: usize, ready: &dyn Prepared, start: Instant) -> Planned {
        let seconds = start.elapsed().as_secs_f64();
        let (flops, bytes) = ready.work().unwrap_or_default();
        let text = ready.plan().unwrap_or_default();
        let steps: Vec<(f64, String, String)> = text.lines().filter_map(step).collect();
        let mut dearest: Vec<usize> = (0..steps.len()).collect();
        dearest.sort_by(|&a, &b| steps[b].0.total_cmp(&steps[a].0).then(a.cmp(&b)));
        dearest.truncate(STEPS);
        dearest.sort_unstable();
        Planned {
            of: what.to_owned(),
            samples,
            flops: flops as f64,
            bytes: bytes as f64,
            seconds: self.times.then_some(seconds),
            omitted: steps.len() - dearest.len(),
            steps: dearest.into_iter().map(|k| steps[k].clone()).collect(),
        }
    }

    /// Gives `then` the product of the Hessian over all samples with a vector: the parameters one after another, each by vec_r.
    ///
    /// Errors: what the executor says; a product that is not finite.
    pub(super) fn products<T>(
        &self,
        hvp: &Function,
        parameters: &[ParameterNorm],
        plans: &mut Vec<Planned>,
        then: &mut dyn FnMut(Times) -> T,
    ) -> Result<T, Diagnostic> {
        const WHAT: &str = "hvp(loss)";
        let failed = |f: Failure| pipeline::failed(&f, &format!("`{WHAT}`"));
        let one = [Sample::new()];
        let given: &[Sample] = if self.data.samples.is_empty() { &one } else { &self.data.samples };
        let size = |name: &str| self.data.sizes.get(name).copied();
        let setting = Setting { size: &size, memory: self.memory, samples: given.len(), varying: varying(given) };
        let ready = self.executor.prepare(&hvp.program, setting).map_err(failed)?;
        // the directions are the arguments that the data have not, in the order of the parameters
        let directions: Vec<&str> =
            hvp.arguments[hvp.arguments.len() - parameters.len()..].iter().map(|a| a.name.as_str()).collect();
        let n: usize = parameters.iter().map(|p| p.count).sum();
        let failure = RefCell::new(None);
        let shared = RefCell::new(self.data.shared.clone());
        let product = |v: &DVector<f64>| {
            let (mut at, mut shared) = (0, shared.borrow_mut());
            for (name, p) in directions.iter().zip(parameters) {
                let of = &self.data.shared[&p.name];
                let data = v.as_slice()[at..at + p.count].to_vec();
                shared.insert((*name).to_owned(), Matrix { rows: of.rows, cols: of.cols, data });
                at += p.count;
            }
            match ready.mean(&shared, given) {
                Ok(outcome) => {
                    let all = DVector::from_iterator(n, outcome.values.iter().flat_map(|m| m.data.iter().copied()));
                    ready.reclaim(outcome);
                    all
                }
                Err(f) => {
                    failure.borrow_mut().get_or_insert(f);
                    DVector::repeat(n, f64::NAN)
                }
            }
        };
        let start = Instant::now();
        let first = product(&DVector::repeat(n, 1.0));
        if let Some(f) = failure.borrow_mut().take() {
            return Err(failed(f));
        }
        plans.push(self.planned(WHAT, given.len(), ready.as_ref(), start));
        match first.iter().all(|x| x.is_finite()) {
            true => Ok(then(&product)),
            false => Err(not_finite(WHAT)),
        }
    }
}

fn varying(samples: &[Sample]) -> BTreeSet<String> {
    samples.iter().flat_map(|s| s.keys().cloned()).collect()
}

/// Operations, kind and text of a line of a plan.
fn step(line: &str) -> Option<(f64, String, String)> {
    let mut words = line.trim().splitn(2, "  ");
    let first = words.next()?;
    let (operations, rest) = match first.parse::<f64>() {
        Ok(n) => (n, words.next()?.trim()),
        Err(_) => (0.0, line.trim()),
    };
    // a kind may have two words; the first array has brackets
    let array = rest.find('[').and_then(|k| rest[..k].rfind(' '));
    let (kind, text) = rest.split_at(array.or_else(|| rest.find(' '))?);
    Some((operations, kind.to_owned(), text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn steps_are_read() {
        let read = |line: &str| step(line).map(|(n, kind, text)| format!("{n}|{kind}|{text}"));
        assert_eq!(read("  96  gemm t1[ab] += 1 t2[ac] (a=3) mul").as_deref(), Some("96|gemm|t1[ab] += 1 t2[ac] (a=3) mul"));
        assert_eq!(read("  96  half gemm t1[ab] += 1 t2[ac]").as_deref(), Some("96|half gemm|t1[ab] += 1 t2[ac]"));
        assert_eq!(read("call inverse of t3").as_deref(), Some("0|call|inverse of t3"));
        assert_eq!(read("nothing"), None);
    }
}
