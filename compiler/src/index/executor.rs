//! `Executor`: what runs programs on data; the reference runs them sample by sample.

use super::{Failure, Outcome, Program, Run};
use crate::matrix::Matrix;
use std::collections::{BTreeMap, BTreeSet};

/// Data of one sample, by name.
pub type Sample = BTreeMap<String, Matrix<f64>>;

/// What a program will be run on.
#[derive(Clone)]
pub struct Setting<'a> {
    /// The sizes by name.
    pub size: &'a dyn Fn(&str) -> Option<usize>,
    /// Most bytes that may be held at once.
    pub memory: u128,
    /// How many samples, at least one.
    pub samples: usize,
    /// Names of the data that differ from sample to sample.
    pub varying: BTreeSet<String>,
}

/// Runs programs.
pub trait Executor {
    /// Makes a program ready to be run many times.
    ///
    /// Errors: see [`Failure`].
    fn prepare<'a>(&'a self, program: &'a Program, setting: Setting<'a>) -> Result<Box<dyn Prepared + 'a>, Failure>;
}

/// A program that is ready.
pub trait Prepared {
    /// The mean of the results over the samples, whose data all have the same names and shapes; the notes of all. `shared` has the
    /// data that the samples have not.
    ///
    /// Errors: see [`Failure`].
    fn mean(&self, shared: &Sample, samples: &[Sample]) -> Result<Outcome<f64>, Failure>;

    /// Takes results back that are not needed any more, so that the next mean can be written where they are.
    fn reclaim(&self, _: Outcome<f64>) {}

    /// Floating-point operations and bytes of one mean, where they are planned.
    fn work(&self) -> Option<(u128, u128)> {
        None
    }

    /// The plan as a text, where there is one.
    fn plan(&self) -> Option<String> {
        None
    }
}

/// The interpreter, one sample after the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference;

impl Executor for Reference {
    fn prepare<'a>(&'a self, program: &'a Program, setting: Setting<'a>) -> Result<Box<dyn Prepared + 'a>, Failure> {
        Ok(Box::new(Interpreted { program, setting }))
    }
}

struct Interpreted<'a> {
    program: &'a Program,
    setting: Setting<'a>,
}

impl Prepared for Interpreted<'_> {
    fn mean(&self, shared: &Sample, samples: &[Sample]) -> Result<Outcome<f64>, Failure> {
        let mut total: Option<Outcome<f64>> = None;
        for sample in samples {
            let data = |name: &str| sample.get(name).or_else(|| shared.get(name)).cloned();
            let one = Run { data: &data, size: self.setting.size, memory: self.setting.memory }.run(self.program)?;
            match &mut total {
                None => total = Some(one),
                Some(sum) => sum.add(&one),
            }
        }
        let mut mean = total.unwrap_or_default();
        if samples.len() > 1 {
            let scale = 1.0 / samples.len() as f64;
            mean.values.iter_mut().for_each(|m| *m = m.map(|x| x * scale));
        }
        Ok(mean)
    }
}

impl Outcome<f64> {
    /// Adds the values of another run, and keeps the notes of both.
    pub fn add(&mut self, other: &Outcome<f64>) {
        for (s, v) in self.values.iter_mut().zip(&other.values) {
            s.data.iter_mut().zip(&v.data).for_each(|(s, v)| *s += v);
        }
        self.notes.extend(other.notes.iter().cloned());
        self.notes.sort();
        self.notes.dedup();
        self.not_finite = self.not_finite.take().or_else(|| other.not_finite.clone());
    }
}
