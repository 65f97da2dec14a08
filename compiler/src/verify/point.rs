//! A point: values of all data of a claim that keep what is assumed; and the two sides at a point.

use super::{
    problem::{Named, Problem, Repair, Rule},
    sizes::Sizes,
};
use crate::{
    draw::{self, Draw, Rng},
    index::{Failure, Program, Run},
    matrix::Matrix,
};
use std::collections::BTreeSet;

/// Turns of repair until all rules are kept.
const TURNS: usize = 12;

/// Values at given sizes.
#[derive(Clone, Debug)]
pub(super) struct Point<T> {
    /// The sizes.
    pub(super) sizes: Sizes,
    /// All data by name.
    pub(super) values: Named<Matrix<T>>,
}

impl<T: Draw> Point<T> {
    /// Random data of which the assumed facts are true. Definitions and rules are not seen to yet.
    pub(super) fn random(p: &Problem, sizes: &Sizes, rng: &mut Rng) -> Point<T> {
        let mut values = Named::new();
        for f in &p.free {
            let (rows, cols) = extent(&f.shape, sizes);
            values.insert(f.name.clone(), draw::array(rows, cols, f.facts, rng));
        }
        Point { sizes: sizes.clone(), values }
    }

    /// The results of a program here.
    pub(super) fn run(&self, program: &Program, memory: u128) -> Result<Vec<Matrix<T>>, Failure> {
        let data = |name: &str| self.values.get(name).cloned();
        let size = |name: &str| self.sizes.get(name).copied();
        Ok(Run { data: &data, size: &size, memory }.run(program)?.values)
    }

    /// Computes the data that are given by other data.
    pub(super) fn define(&mut self, p: &Problem, memory: u128) -> Result<(), Failure> {
        for (name, program) in &p.defined {
            let value = self.run(program, memory)?.swap_remove(0);
            self.values.insert(name.clone(), value);
        }
        Ok(())
    }

    /// Both sides of the claim.
    pub(super) fn sides(&self, p: &Problem, memory: u128) -> Result<(Matrix<T>, Matrix<T>), Failure> {
        let mut both = self.run(&p.sides, memory)?;
        let right = both.swap_remove(1);
        Ok((both.swap_remove(0), right))
    }
}

/// Rows and columns of a shape that fits.
pub(super) fn extent(shape: &crate::expr::Shape, sizes: &Sizes) -> (usize, usize) {
    let size = |n: &str| sizes.get(n).copied();
    (shape.rows.eval(&size).unwrap_or(1), shape.cols.eval(&size).unwrap_or(1))
}

impl Point<f64> {
    /// Definitions computed and rules kept; scalars that only bound something become as small as they may be.
    /// False if that does not succeed.
    pub(super) fn settle(&mut self, p: &Problem, memory: u128) -> bool {
        let raised = |r: &Rule| match &r.repair {
            Repair::Raise(name) if r.moves => Some(name.clone()),
            _ => None,
        };
        let bounds: BTreeSet<String> = p.rules.iter().filter_map(raised).collect();
        for name in bounds {
            if let Some(m) = self.values.get_mut(&name) {
                *m = Matrix::scalar(0.0);
            }
        }
        for _ in 0..TURNS {
            if self.define(p, memory).is_err() {
                return false;
            }
            let mut kept = true;
            for rule in &p.rules {
                let Ok(sides) = self.run(&rule.sides, memory) else { return false };
                let (small, large) = (largest(&sides[0]), least(&sides[1]));
                if !small.is_finite() || !large.is_finite() {
                    return false;
                }
                if small > large * (1.0 + 1e-12) + 1e-300 || (small > large && large <= 0.0) {
                    kept = false;
                    if !self.repair(&rule.repair, small, large) {
                        return false;
                    }
                }
            }
            if kept {
                return true;
            }
        }
        false
    }

    fn repair(&mut self, repair: &Repair, small: f64, large: f64) -> bool {
        let (name, value) = match repair {
            Repair::Raise(name) => (name, Matrix::scalar(small)),
            Repair::Lower(name) => (name, Matrix::scalar(large)),
            Repair::Shrink(name) if large >= 0.0 => match self.values.get(name) {
                Some(m) => (name, m.map(|x| x * (large / small) * (1.0 - 1e-12))),
                None => return false,
            },
            _ => return false,
        };
        self.values.insert(name.clone(), value).is_some()
    }
}

fn largest(m: &Matrix<f64>) -> f64 {
    m.data.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn least(m: &Matrix<f64>) -> f64 {
    m.data.iter().copied().fold(f64::INFINITY, f64::min)
}
