//! The density of the eigenvalues, by stochastic Lanczos quadrature. Source: Golub & Meurant (2010), Ubaru, Chen & Saad (2017).

use super::{Control, LinearOperator, OperatorError, control::Run, krylov::Krylov};
use crate::Real;

/// Points with weights that stand for the eigenvalues: `tr(f(A)) / n` is about `Σ weight f(node)`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Density<R: Real> {
    /// Ascending.
    pub nodes: Vec<R>,
    /// Not negative, of sum 1: the share of the eigenvalues that a node stands for.
    pub weights: Vec<R>,
    /// How many eigenvalues there are.
    pub size: usize,
    /// How many random vectors were used.
    pub samples: usize,
    /// How many products were made.
    pub products: usize,
}

/// The density of the eigenvalues of a symmetric operator: of each of so many random vectors, the quadrature of so many steps, or
/// fewer if that is exact.
///
/// With s steps and one vector, moments up to 2 s - 1 are exact for that vector; over vectors they vary as `1/√(n samples)` at most.
///
/// Errors: not symmetric; products that are not finite; no samples, no steps or no rows; more products than the control allows.
pub fn spectral_density<R: Real>(
    a: &(impl LinearOperator<R> + ?Sized),
    samples: usize,
    steps: usize,
    control: Control<'_>,
) -> Result<Density<R>, OperatorError> {
    let mut run = Run::symmetric("spectral density", a, control)?;
    let n = run.len();
    for (what, count) in [("the number of samples", samples), ("the number of steps", steps), ("the number of rows", n)] {
        positive(what, count as f64)?;
    }
    let mut points: Vec<(R, R)> = vec![];
    for _ in 0..samples {
        let mut space = Krylov::new(run.random.signs(n));
        while space.len() < steps && !space.is_invariant() {
            if run.spent() {
                return Err(run.not_converged());
            }
            space.grow(&mut run)?;
        }
        let ritz = space.ritz();
        let share = R::of(1.0 / samples as f64);
        let weight = |k: usize| ritz.vectors[(0, k)] * ritz.vectors[(0, k)] * share;
        points.extend(ritz.values.iter().enumerate().map(|(k, node)| (*node, weight(k))));
    }
    points.sort_by(|a, b| super::krylov::descending(&b.0, &a.0));
    let (nodes, weights) = points.into_iter().unzip();
    Ok(Density { nodes, weights, size: n, samples, products: run.products })
}

impl<R: Real> Density<R> {
    /// The mean of a function of the eigenvalues: `tr(f(A)) / n`.
    pub fn mean(&self, f: impl Fn(R) -> R) -> R {
        self.nodes.iter().zip(&self.weights).fold(R::zero(), |s, (x, w)| s + *w * f(*x))
    }

    /// The density, each node widened to a Gaussian of so large a deviation, at so many points from three deviations below the
    /// first node to three above the last; its integral is 1.
    ///
    /// Errors: no deviation; less than two points.
    pub fn curve(&self, points: usize, deviation: R) -> Result<Vec<(R, R)>, OperatorError> {
        positive("the deviation", deviation.f64())?;
        positive("the number of points less one", points as f64 - 1.0)?;
        let Some((first, last)) = self.nodes.first().zip(self.nodes.last()) else { return Ok(vec![]) };
        let (low, high) = (*first - deviation * R::of(3.0), *last + deviation * R::of(3.0));
        let height = R::one() / (deviation * R::two_pi().sqrt());
        let gauss = |x: R| (-x * x / R::of(2.0)).exp() * height;
        let at = |k: usize| low + (high - low) * R::of(k as f64 / (points - 1) as f64);
        Ok((0..points).map(at).map(|x| (x, self.mean(|node| gauss((x - node) / deviation)))).collect())
    }
}

fn positive(what: &'static str, found: f64) -> Result<(), OperatorError> {
    let ok = found.is_finite() && found > 0.0;
    if ok { Ok(()) } else { Err(OperatorError::Parameter { what, found, needed: "positive" }) }
}
