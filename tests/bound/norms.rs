//! Norms of dense matrices by other means than the compiler's: singular values by rotations of columns.

use hesse_compiler::{bound::Norm, matrix::Matrix};

/// A norm.
pub(crate) fn norm(kind: Norm, a: &Matrix<f64>) -> f64 {
    let rows = || (0..a.rows).map(|i| a.row(i).to_vec());
    let columns = || (0..a.cols).map(|j| (0..a.rows).map(|i| a.at(i, j)).collect::<Vec<f64>>());
    let length = |v: Vec<f64>| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let sum = |v: Vec<f64>| v.iter().map(|x| x.abs()).sum::<f64>();
    match kind {
        Norm::Two => largest_singular(a),
        Norm::Frobenius => length(a.data.clone()),
        Norm::Row => rows().map(length).fold(0.0, f64::max),
        Norm::Column => columns().map(length).fold(0.0, f64::max),
        Norm::Infinity => rows().map(sum).fold(0.0, f64::max),
        Norm::One => columns().map(sum).fold(0.0, f64::max),
        Norm::Max => a.data.iter().fold(0.0, |m, x| m.max(x.abs())),
    }
}

/// One-sided Jacobi: rotates pairs of columns until all are orthogonal; then their lengths are the singular values.
/// Source: Hestenes (1958); Golub & Van Loan (2013), section 8.6.3.
fn largest_singular(a: &Matrix<f64>) -> f64 {
    let a = if a.rows < a.cols { a.transpose() } else { a.clone() };
    let mut c: Vec<Vec<f64>> = (0..a.cols).map(|j| (0..a.rows).map(|i| a.at(i, j)).collect()).collect();
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(p, q)| p * q).sum::<f64>();
    for _ in 0..60 {
        let mut turned = false;
        for p in 0..c.len() {
            for q in p + 1..c.len() {
                let (alpha, beta, gamma) = (dot(&c[p], &c[p]), dot(&c[q], &c[q]), dot(&c[p], &c[q]));
                if gamma.abs() <= 1e-15 * (alpha * beta).sqrt() {
                    continue;
                }
                turned = true;
                let zeta = (beta - alpha) / (2.0 * gamma);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let t = if zeta == 0.0 { 1.0 } else { t };
                let cos = 1.0 / (1.0 + t * t).sqrt();
                let sin = cos * t;
                for i in 0..c[p].len() {
                    let (x, y) = (c[p][i], c[q][i]);
                    c[p][i] = cos * x - sin * y;
                    c[q][i] = sin * x + cos * y;
                }
            }
        }
        if !turned {
            break;
        }
    }
    c.iter().map(|v| dot(v, v).sqrt()).fold(0.0, f64::max)
}
