//! Trace and diagonal: exact where the operator knows its diagonal or is small, else estimated, and the result says which.

use super::{Control, LinearOperator, OperatorError, control::Run};
use crate::Real;
use nalgebra::DVector;

/// How a trace or a diagonal was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Exactly: the operator knows its diagonal, as a Hessian by blocks does.
    Structure,
    /// Exactly: by a product with each unit vector, which were not more than the samples.
    Columns,
    /// Estimated by random signs z: `z' A z` is the trace, `z ∘ A z` the diagonal in the mean. Source: Hutchinson (1989), Bekas,
    /// Kokiopoulou & Saad (2007).
    Hutchinson {
        /// How many z there were.
        samples: usize,
    },
}

/// A trace.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trace<R: Real> {
    /// `tr(A)`.
    pub value: R,
    /// Zero if it is exact.
    pub standard_error: R,
    /// How it was found.
    pub method: Method,
}

/// A diagonal.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Diagonal<R: Real> {
    /// `A[i,i]`.
    pub values: DVector<R>,
    /// Entry by entry; zero if they are exact.
    pub standard_errors: DVector<R>,
    /// How it was found.
    pub method: Method,
}

/// The trace of a square operator, with so many products if it does not know its diagonal.
///
/// Errors: not square; products or entries that are not finite; less than 2 samples.
pub fn trace<R: Real>(
    a: &(impl LinearOperator<R> + ?Sized),
    samples: usize,
    control: Control<'_>,
) -> Result<Trace<R>, OperatorError> {
    let sum = |parts: DVector<R>| DVector::repeat(1, parts.sum());
    let Diagonal { values, standard_errors, method } = estimate(a, "trace", samples, control, sum)?;
    Ok(Trace { value: values.sum(), standard_error: standard_errors.sum(), method })
}

/// The diagonal of a square operator, with so many products if it does not know it.
///
/// Errors: not square; products or entries that are not finite; less than 2 samples.
pub fn diagonal<R: Real>(
    a: &(impl LinearOperator<R> + ?Sized),
    samples: usize,
    control: Control<'_>,
) -> Result<Diagonal<R>, OperatorError> {
    estimate(a, "diagonal", samples, control, |parts| parts)
}

/// A linear function of the diagonal.
fn estimate<R: Real>(
    a: &(impl LinearOperator<R> + ?Sized),
    task: &'static str,
    samples: usize,
    control: Control<'_>,
    of: impl Fn(DVector<R>) -> DVector<R>,
) -> Result<Diagonal<R>, OperatorError> {
    let mut run = Run::square(task, a, control)?;
    let n = run.len();
    if samples < 2 {
        return Err(OperatorError::Parameter { what: "the number of samples", found: samples as f64, needed: "at least 2" });
    }
    if let Some(known) = a.exact_diagonal() {
        if !known.iter().all(|x| x.is_finite()) {
            return Err(OperatorError::NotFinite("the diagonal of the operator".to_owned()));
        }
        let values = of(known);
        return Ok(Diagonal { standard_errors: values.map(|_| R::zero()), values, method: Method::Structure });
    }
    // mean and sum of squared deviations, sample by sample. Source: Welford (1962)
    let mut mean = of(DVector::zeros(n));
    let mut squares = mean.clone();
    if n <= samples {
        for i in 0..n {
            let unit = DVector::from_fn(n, |j, _| if i == j { R::one() } else { R::zero() });
            mean += of(run.product(&unit)?.component_mul(&unit));
        }
        return Ok(Diagonal { values: mean, standard_errors: squares, method: Method::Columns });
    }
    for k in 1..=samples {
        let z = run.random.signs(n);
        let sample = of(run.product(&z)?.component_mul(&z));
        let off = &sample - &mean;
        mean.axpy(R::of(1.0 / k as f64), &off, R::one());
        squares += off.component_mul(&(sample - &mean));
    }
    let over = R::of(1.0 / (samples as f64 * (samples - 1) as f64));
    Ok(Diagonal { values: mean, standard_errors: squares.map(|s| (s * over).sqrt()), method: Method::Hutchinson { samples } })
}
