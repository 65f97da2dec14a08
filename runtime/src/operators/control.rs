//! `Control`: seed, tolerance, count of products and progress of an iteration.

use super::{LinearOperator, OperatorError, random::Random};
use crate::Real;
use nalgebra::DVector;
use std::fmt;

/// How far an iteration is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// What is computed.
    pub task: &'static str,
    /// Products made so far.
    pub products: usize,
    /// The most that will be made.
    pub at_most: usize,
    /// The residual that is reached, relative to what the tolerance is relative to; none if there is none yet.
    pub residual: Option<f64>,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: product {} of at most {}", self.task, self.products, self.at_most)?;
        self.residual.map_or(Ok(()), |r| write!(f, ", residual {r:.1e}"))
    }
}

/// Seed, tolerance, count of products and progress; `Control::default()` is silent.
pub struct Control<'c> {
    seed: u64,
    tolerance: Option<f64>,
    products: usize,
    progress: Option<&'c mut dyn FnMut(Progress)>,
}

impl Default for Control<'_> {
    fn default() -> Self {
        Control { seed: 0, tolerance: None, products: 10_000, progress: None }
    }
}

impl<'c> Control<'c> {
    /// Same operator and seed, same bits; 0 unless given.
    pub fn seed(self, seed: u64) -> Self {
        Control { seed, ..self }
    }

    /// The relative residual at which an iteration ends: `ε^(2/3)` unless given, which is 4e-11 for `f64`, 2e-5 for `f32`.
    pub fn tolerance(self, tolerance: f64) -> Self {
        Control { tolerance: Some(tolerance), ..self }
    }

    /// The most products with vectors that are made, up to those that check the result; 10000 unless given.
    pub fn max_products(self, products: usize) -> Self {
        Control { products, ..self }
    }

    /// Called after every product.
    pub fn progress(self, progress: &'c mut dyn FnMut(Progress)) -> Self {
        Control { progress: Some(progress), ..self }
    }
}

/// An operator at work: products are counted, checked and told.
pub(super) struct Run<'c, 'a, R, A: ?Sized> {
    operator: &'a A,
    task: &'static str,
    control: Control<'c>,
    pub(super) random: Random,
    pub(super) tolerance: R,
    pub(super) products: usize,
    pub(super) residual: Option<f64>,
}

impl<'c, 'a, R: Real, A: LinearOperator<R> + ?Sized> Run<'c, 'a, R, A> {
    /// An operator at a task for which it must be square.
    ///
    /// Errors: it is not.
    pub(super) fn square(task: &'static str, operator: &'a A, control: Control<'c>) -> Result<Self, OperatorError> {
        let (m, n) = (operator.nrows(), operator.ncols());
        if m != n {
            return Err(OperatorError::Shape { what: "the operator", found: [m, n], needed: [m, m] });
        }
        let tolerance = control.tolerance.unwrap_or(R::default_epsilon().f64().powf(2.0 / 3.0));
        if !(tolerance.is_finite() && tolerance >= 0.0) {
            return Err(OperatorError::Parameter { what: "the tolerance", found: tolerance, needed: "finite and not negative" });
        }
        let random = Random(control.seed);
        Ok(Run { operator, task, control, random, tolerance: R::of(tolerance), products: 0, residual: None })
    }

    /// An operator at a task for which it must be symmetric.
    ///
    /// Errors: it is not.
    pub(super) fn symmetric(task: &'static str, operator: &'a A, control: Control<'c>) -> Result<Self, OperatorError> {
        let run = Run::square(task, operator, control)?;
        if operator.is_symmetric() { Ok(run) } else { Err(OperatorError::NotSymmetric) }
    }

    /// Number of rows, and of columns.
    pub(super) fn len(&self) -> usize {
        self.operator.nrows()
    }

    /// Whether the products are spent.
    pub(super) fn spent(&self) -> bool {
        self.products >= self.control.products
    }

    /// `A v`.
    ///
    /// Errors: not finite; of another length than the operator has rows.
    pub(super) fn product(&mut self, v: &DVector<R>) -> Result<DVector<R>, OperatorError> {
        let out = self.operator.matvec(v);
        self.products += 1;
        if out.len() != self.len() {
            return Err(OperatorError::Shape { what: "a product", found: [out.len(), 1], needed: [self.len(), 1] });
        }
        if !out.iter().all(|x| x.is_finite()) {
            return Err(OperatorError::NotFinite(format!("product {} of the operator", self.products)));
        }
        if let Some(tell) = &mut self.control.progress {
            let at_most = self.control.products.max(self.products);
            tell(Progress { task: self.task, products: self.products, at_most, residual: self.residual });
        }
        Ok(out)
    }

    /// That the products did not suffice.
    pub(super) fn not_converged(&self) -> OperatorError {
        let residual = self.residual.unwrap_or(f64::INFINITY);
        OperatorError::NotConverged { task: self.task, products: self.products, residual, tolerance: self.tolerance.f64() }
    }
}
