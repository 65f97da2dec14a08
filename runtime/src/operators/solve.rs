//! `(A + λ I) x = b` by conjugate gradients. Source: Hestenes & Stiefel (1952).

use super::{Control, LinearOperator, OperatorError, control::Run, krylov::length};
use crate::Real;
use nalgebra::DVector;

/// A solution of a linear system.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Solution<R: Real> {
    /// x.
    pub vector: DVector<R>,
    /// `‖b - (A + λ I) x‖`, by a product of its own.
    pub residual: R,
    /// The residual that was wanted: the tolerance times `‖b‖`.
    pub tolerance: R,
    /// How many products were made.
    pub products: usize,
}

/// Solves `(A + λ I) x = b` for a symmetric operator that is positive definite with the damping λ.
///
/// Errors: not symmetric; lengths that differ; numbers that are not finite; not positive definite, with the curvature that was
/// met; no convergence.
pub fn solve<R: Real>(
    a: &(impl LinearOperator<R> + ?Sized),
    b: &DVector<R>,
    damping: R,
    control: Control<'_>,
) -> Result<Solution<R>, OperatorError> {
    let mut run = Run::symmetric("conjugate gradients", a, control)?;
    if b.len() != run.len() {
        return Err(OperatorError::Shape { what: "the right side", found: [b.len(), 1], needed: [run.len(), 1] });
    }
    if !b.iter().all(|x| x.is_finite()) || !damping.is_finite() {
        let what = if damping.is_finite() { "the right side" } else { "the damping" };
        return Err(OperatorError::NotFinite(what.to_owned()));
    }
    let size = length(b);
    let tolerance = run.tolerance * size;
    let done = |vector, residual, products| Ok(Solution { vector, residual, tolerance, products });
    if size == R::zero() {
        return done(b.clone(), size, 0);
    }
    // for b of length 1: no square is too large or too small
    let unit = b / size;
    let (mut x, mut r) = (DVector::zeros(b.len()), unit.clone());
    let (mut p, mut rr) = (r.clone(), r.norm_squared());
    let mut steepest = R::zero();
    run.residual = Some(1.0);
    loop {
        if rr.sqrt() <= run.tolerance {
            // the recurrence may have drifted away: the residual itself decides
            r = &unit - run.product(&x)? - &x * damping;
            rr = r.norm_squared();
            run.residual = Some(rr.sqrt().f64());
            if rr.sqrt() <= run.tolerance * R::of(2.0) {
                return done(x * size, rr.sqrt() * size, run.products);
            }
            p = r.clone();
        }
        if run.spent() {
            return Err(run.not_converged());
        }
        let image = run.product(&p)? + &p * damping;
        let pp = p.norm_squared();
        let curvature = p.dot(&image) / pp;
        if !curvature.is_finite() {
            return Err(OperatorError::NotFinite("the curvature that was met".to_owned()));
        }
        steepest = steepest.max(curvature);
        // below rounding a curvature is as good as none
        if curvature <= steepest * R::default_epsilon() {
            return Err(OperatorError::NotPositiveDefinite { curvature: curvature.f64() });
        }
        let step = rr / (curvature * pp);
        x.axpy(step, &p, R::one());
        r.axpy(-step, &image, R::one());
        let next = r.norm_squared();
        p = &r + &p * (next / rr);
        rr = next;
        run.residual = Some(rr.sqrt().f64());
    }
}
