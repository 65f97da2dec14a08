//! Eigenvalues at the ends of the spectrum and the spectral norm, by products with vectors.

use super::{
    Control, LinearOperator, OperatorError, Product,
    control::Run,
    krylov::{Krylov, descending, length},
    random::Random,
};
use crate::Real;
use nalgebra::DVector;

/// An eigenvalue, to within its residual, with its vector.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Eigenpair<R: Real> {
    /// λ.
    pub value: R,
    /// v, of length 1.
    pub vector: DVector<R>,
    /// `‖A v - λ v‖`, by a product of its own: an eigenvalue of A is not farther from λ than that.
    pub residual: R,
}

/// Eigenvalues, the largest first.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Eigenvalues<R: Real> {
    /// Eigenvalues with their vectors.
    pub pairs: Vec<Eigenpair<R>>,
    /// The residual at which the iteration ended: the tolerance times the largest absolute value found.
    pub tolerance: R,
    /// How many products were made.
    pub products: usize,
}

/// The eigenvalues at the ends of the spectrum.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Extremes<R: Real> {
    /// The smallest, which is negative if the operator is indefinite.
    pub smallest: Eigenpair<R>,
    /// The largest.
    pub largest: Eigenpair<R>,
    /// The residual at which the iteration ended: the tolerance times the larger absolute value of the two.
    pub tolerance: R,
    /// How many products were made.
    pub products: usize,
}

/// A spectral norm.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Norm<R: Real> {
    /// `‖A‖₂`.
    pub value: R,
    /// What a singular value is not farther from it than.
    pub residual: R,
    /// The residual at which the iteration ended.
    pub tolerance: R,
    /// How many products were made; one with A' after one with A counts as one.
    pub products: usize,
}

/// As many numbers as the vectors of an iteration should not exceed: 512 MiB in double precision.
const MEMORY: usize = 1 << 26;

/// Which eigenvalues are wanted.
#[derive(Clone, Copy)]
enum Wanted {
    Largest(usize),
    Ends,
    LargestAbsolute,
}

impl Wanted {
    fn count(self) -> usize {
        match self {
            Wanted::Largest(k) => k,
            Wanted::Ends => 2,
            Wanted::LargestAbsolute => 1,
        }
    }

    /// The places of values that are sorted, the most wanted first.
    fn order<R: Real>(self, values: &[R]) -> Vec<usize> {
        let m = values.len();
        let ends = (0..m).map(|k| if k % 2 == 0 { k / 2 } else { m - 1 - k / 2 });
        match self {
            Wanted::Largest(_) => (0..m).collect(),
            Wanted::Ends => ends.collect(),
            Wanted::LargestAbsolute => {
                let mut order: Vec<usize> = ends.collect();
                order.sort_by(|a, b| descending(&values[*a].abs(), &values[*b].abs()));
                order
            }
        }
    }
}

/// The k largest eigenvalues of a symmetric operator, as often as they are there; all of them if there are less.
///
/// The residuals say that each is an eigenvalue; that none is left out holds almost surely over the seeds. Vectors of 64
/// million numbers are held, but not less than 4 k + 80 vectors and not more than 4 k + 600.
///
/// Errors: not symmetric; products that are not finite; no convergence.
pub fn top_eigenvalues<R: Real>(
    a: &(impl LinearOperator<R> + ?Sized),
    k: usize,
    control: Control<'_>,
) -> Result<Eigenvalues<R>, OperatorError> {
    eigenvalues(Run::symmetric("top eigenvalues", a, control)?, Wanted::Largest(k))
}

/// The smallest and the largest eigenvalue of a symmetric operator.
///
/// Errors: not symmetric; no rows; products that are not finite; no convergence.
pub fn extreme_eigenvalues<R: Real>(
    a: &(impl LinearOperator<R> + ?Sized),
    control: Control<'_>,
) -> Result<Extremes<R>, OperatorError> {
    let Eigenvalues { pairs, tolerance, products } =
        eigenvalues(Run::symmetric("extreme eigenvalues", a, control)?, Wanted::Ends)?;
    let (Some(largest), Some(smallest)) = (pairs.first().cloned(), pairs.last().cloned()) else {
        return Err(OperatorError::Parameter { what: "the number of rows", found: 0.0, needed: "positive" });
    };
    Ok(Extremes { smallest, largest, tolerance, products })
}

/// The spectral norm, which is the largest absolute eigenvalue if the operator is symmetric, and else the root of the largest
/// eigenvalue of `A' A`; zero if there are no rows or columns.
///
/// Errors: products that are not finite; no convergence.
pub fn spectral_norm<R: Real>(a: &(impl LinearOperator<R> + ?Sized), control: Control<'_>) -> Result<Norm<R>, OperatorError> {
    const TASK: &str = "spectral norm";
    if a.is_symmetric() {
        let found = eigenvalues(Run::symmetric(TASK, a, control)?, Wanted::LargestAbsolute)?;
        let (value, residual) = found.pairs.first().map_or((R::zero(), R::zero()), |p| (p.value.abs(), p.residual));
        return Ok(Norm { value, residual, tolerance: found.tolerance, products: found.products });
    }
    let (m, n) = (a.nrows(), a.ncols());
    // at the scale of one product, so that no square is too large or too small
    let size = length(&a.matvec(&Random(0).uniform(n)));
    let size = if size.is_finite() && size > R::zero() { size } else { R::one() };
    let gram = Product::symmetric(n, |v: &DVector<R>| {
        let image = a.matvec(v) / size;
        // a wrong length is told by the run
        if image.len() == m { a.matvec_transpose(&image) / size } else { DVector::zeros(0) }
    });
    let found = eigenvalues(Run::symmetric(TASK, &gram, control)?, Wanted::LargestAbsolute)?;
    let (square, residual) = found.pairs.first().map_or((R::zero(), R::zero()), |p| (p.value.max(R::zero()), p.residual));
    let root = square.sqrt();
    // |σ - s| ≤ |σ² - s²| / s
    let over = |x: R| size * if root > R::zero() { x / root } else { x.sqrt() };
    Ok(Norm { value: size * root, residual: over(residual), tolerance: over(found.tolerance), products: found.products + 1 })
}

fn eigenvalues<R: Real, A: LinearOperator<R> + ?Sized>(
    mut run: Run<'_, '_, R, A>,
    wanted: Wanted,
) -> Result<Eigenvalues<R>, OperatorError> {
    let n = run.len();
    let count = wanted.count().min(n);
    if count == 0 {
        return Ok(Eigenvalues { pairs: vec![], tolerance: R::zero(), products: 0 });
    }
    let width = if let Wanted::Largest(_) = wanted { count } else { 1 };
    let mut space = Krylov::new(run.random.uniform(n));
    for _ in 1..width {
        let start = run.random.uniform(n);
        space.adjoin(start);
    }
    let room = (MEMORY / (2 * n)).clamp(2 * count + 40, 2 * count + 300).min(n);
    loop {
        // the dense eigenvalues cost about as much as the products in between
        for _ in 0..width.max(space.len() / 8) {
            if !run.spent() {
                space.grow(&mut run)?;
            }
        }
        if space.len() == 0 {
            return Err(run.not_converged());
        }
        let ritz = space.ritz();
        let order = wanted.order(&ritz.values);
        let best = &order[..count.min(order.len())];
        let scale = ritz.values.iter().fold(R::zero(), |s, x| s.max(x.abs()));
        let residual = best.iter().map(|k| space.residual(&ritz, *k)).fold(R::zero(), R::max);
        run.residual = Some((if scale > R::zero() { residual / scale } else { residual }).f64());
        // a space of a random vector that is invariant has a vector of each eigenvalue
        let enough = best.len() == count || space.is_invariant();
        if enough && residual <= run.tolerance * scale {
            let (mut pairs, mut best) = (vec![], best.to_vec());
            best.sort_unstable();
            for k in best {
                let (value, vector) = (ritz.values[k], space.vector(&ritz, k));
                let residual = length(&(run.product(&vector)? - &vector * value));
                pairs.push(Eigenpair { value, vector, residual });
            }
            return Ok(Eigenvalues { pairs, tolerance: run.tolerance * scale, products: run.products });
        }
        if run.spent() || space.is_invariant() {
            return Err(run.not_converged());
        }
        if space.len() + width > room && room < n {
            space.restart(&ritz, &order[..(count + room) / 3]);
        }
    }
}
