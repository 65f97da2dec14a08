//! Norms of expressions on data that are no smaller than the exact ones: the entries as intervals, the norms rounded up.

use super::answer_all;
use crate::{
    bound::{Norm, largest_singular},
    data::Bound,
    expr::Expr,
    index::{Run, Sample},
    lower::lower,
    matrix::Matrix,
    scalar::{Interval, Scalar},
    syntax::{self, Model},
};
use nalgebra::DMatrix;
use std::convert::Infallible;

/// Upper bounds of norms of expressions, each sample by sample; nothing where intervals say nothing.
pub(super) fn norms(model: &mut Model, of: &[(Norm, Expr)], data: &Bound, memory: u128) -> Vec<Option<Vec<f64>>> {
    of.iter().map(|&(norm, e)| one(model, norm, e, data, memory)).collect()
}

fn one(model: &mut Model, norm: Norm, e: Expr, data: &Bound, memory: u128) -> Option<Vec<f64>> {
    let e = answer_all(&mut model.graph, &[e]).ok()?[0];
    let e = syntax::expand(&mut model.graph, e);
    let program = lower(&model.graph, &[e]);
    let none = [Sample::new()];
    let samples: &[Sample] = if data.samples.is_empty() { &none } else { &data.samples };
    let mut out = vec![];
    for sample in samples {
        let given = |name: &str| Some(sample.get(name).or_else(|| data.shared.get(name))?.map_to(Interval::point));
        let run = Run { data: &given, size: &|name| data.sizes.get(name).copied(), memory };
        let value = run.run(&program).ok()?.values.into_iter().next()?;
        let found = at_most(norm, &value);
        if !found.is_finite() {
            return None;
        }
        out.push(found);
    }
    Some(out)
}

/// A number that no norm of a matrix in the intervals is above.
pub fn at_most(norm: Norm, m: &Matrix<Interval>) -> f64 {
    let zero = Interval::point(0.0);
    let size = |x: Interval| Interval::point(x.magnitude());
    let row = |i: usize| m.row(i).iter().copied();
    let column = |j: usize| (0..m.rows).map(move |i| m.at(i, j));
    let length = |all: &mut dyn Iterator<Item = Interval>| all.fold(zero, |s, x| s + size(x) * size(x)).sqrt().high;
    let sum = |all: &mut dyn Iterator<Item = Interval>| all.fold(zero, |s, x| s + size(x)).high;
    let largest = |count: usize, of: &dyn Fn(usize) -> f64| {
        // of what is not a number it is said that it is infinite
        (0..count).map(of).fold(0.0, |a: f64, b| if b.is_nan() { f64::INFINITY } else { a.max(b) })
    };
    match norm {
        Norm::Frobenius => length(&mut m.data.iter().copied()),
        Norm::Row => largest(m.rows, &|i| length(&mut row(i))),
        Norm::Column => largest(m.cols, &|j| length(&mut column(j))),
        Norm::Infinity => largest(m.rows, &|i| sum(&mut row(i))),
        Norm::One => largest(m.cols, &|j| sum(&mut column(j))),
        Norm::Max => largest(m.data.len(), &|k| m.data[k].magnitude()),
        Norm::Two => spectral(m),
    }
}

/// ‖A‖₂ ≤ ‖M‖₂ + ‖R‖_F with M the middles and R the radii, each rounded up.
fn spectral(m: &Matrix<Interval>) -> f64 {
    let radii = m.map(|x| Interval::point(x.radius()));
    let spread = at_most(Norm::Frobenius, &radii);
    let middles = DMatrix::from_fn(m.rows, m.cols, |i, j| m.at(i, j).middle());
    if !spread.is_finite() || middles.iter().any(|x| !x.is_finite()) {
        return f64::INFINITY;
    }
    (spectral_of_floats(&middles) + spread).next_up()
}

/// A number that ‖M‖₂ is not above: s with `s² I - M' M` positive semidefinite to within the errors of its computation.
///
/// With u = 2⁻⁵³ and γ_k = k u / (1 - k u): the computed product differs from `M' M` by at most γ_m ‖M‖_F² in norm, the difference by
/// u of its diagonal, and where the Cholesky decomposition of an n×n matrix B runs to its end, the least eigenvalue of B is at least
/// `-γ_(n+1) / (1 - γ_(n+1)) tr(B)`. Source: Demmel (1989), LAPACK working note 14; Rump (2006), Verification of positive definiteness,
/// BIT 46; the same constants serve every order of summation.
fn spectral_of_floats(m: &DMatrix<f64>) -> f64 {
    let wide = m.ncols() > m.nrows();
    let m = if wide { m.transpose() } else { m.clone() };
    let (rows, n) = m.shape();
    let top = m.amax();
    if top == 0.0 {
        return 0.0;
    }
    // by a power of two, which is exact, so that nothing overflows
    let scale = 2f64.powi(-(top.log2().floor() as i32).clamp(-1000, 1000));
    let m = m * scale;
    let gram = m.tr_mul(&m);
    let Ok(about) = largest_singular(n, &mut |x| {
        let x = DMatrix::from_column_slice(n, 1, x);
        Ok::<_, Infallible>((&gram * x).as_slice().to_vec())
    });
    let gamma = |k: usize| (1.01 * k as f64 * (f64::EPSILON / 2.0)).next_up();
    let frobenius = (1.0 + 2.0 * gamma(rows * n)) * m.iter().map(|x| x * x).sum::<f64>();
    // what vanishes below the smallest normal number
    let tiny = rows as f64 * n as f64 * f64::MIN_POSITIVE;
    let mut margin = 4.0 * gamma(rows + n) * frobenius / (about * about).max(f64::MIN_POSITIVE);
    for _ in 0..60 {
        let square = about * about * (1.0 + margin);
        let shifted =
            DMatrix::from_fn(n, n, |i, j| if i == j { square - gram[(i, i)] } else { -0.5 * (gram[(i, j)] + gram[(j, i)]) });
        if shifted.diagonal().iter().all(|&x| x > 0.0) && shifted.clone().cholesky().is_some() {
            let trace = shifted.trace() * (1.0 + 2.0 * gamma(n));
            let missing = 1.01 * (gamma(n + 1) * trace + (gamma(rows) + gamma(2)) * frobenius + gamma(2) * square) + tiny;
            let scaled = Interval::point((square + missing).next_up()).sqrt().high;
            return (scaled / scale).next_up();
        }
        margin *= 2.0;
    }
    (frobenius.sqrt() / scale * (1.0 + 4.0 * f64::EPSILON)).next_up()
}
