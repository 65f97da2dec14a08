//! The largest singular value of a linear map that is only applied: Lanczos with full reorthogonalization.

use crate::splitmix;
use nalgebra::DMatrix;

/// A vector.
type Vector = Vec<f64>;

/// The residual of the singular pair, relative to its square, at which it is taken for exact.
pub const TOLERANCE: f64 = 1e-10;

/// Most steps.
const STEPS: usize = 400;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The largest singular value of a map of vectors of length n, given what `A' A` does; never above the exact one but for rounding.
///
/// Errors: those of the map.
///
/// Source: Lanczos (1950); Golub & Van Loan (2013), Matrix Computations, section 10.3.
pub fn largest_singular<E>(n: usize, gram: &mut dyn FnMut(&[f64]) -> Result<Vector, E>) -> Result<f64, E> {
    let mut state = 1;
    let mut start: Vector = (0..n).map(|_| (splitmix::next(&mut state) >> 11) as f64 / (1u64 << 52) as f64 - 1.0).collect();
    let length = dot(&start, &start).sqrt();
    start.iter_mut().for_each(|x| *x /= length);
    let (mut basis, mut alpha, mut beta): (Vec<Vector>, Vector, Vector) = (vec![start], vec![], vec![]);
    let mut best = 0.0f64;
    loop {
        let k = basis.len() - 1;
        let mut w = gram(&basis[k])?;
        alpha.push(dot(&w, &basis[k]));
        // twice is enough. Source: Giraud, Langou & Rozložník (2005)
        for _ in 0..2 {
            for v in &basis {
                let c = dot(&w, v);
                w.iter_mut().zip(v).for_each(|(x, y)| *x -= c * y);
            }
        }
        let rest = dot(&w, &w).sqrt();
        let last = k + 1 == n || k + 1 == STEPS;
        if last || k < 10 || k % 5 == 0 || rest <= f64::EPSILON * best {
            let m = k + 1;
            let t = DMatrix::from_fn(m, m, |i, j| match i.abs_diff(j) {
                0 => alpha[i],
                1 => beta[i.min(j)],
                _ => 0.0,
            });
            let eigen = t.symmetric_eigen();
            let top = eigen.eigenvalues.imax();
            best = eigen.eigenvalues[top].max(0.0);
            let residual = rest * eigen.eigenvectors[(k, top)].abs();
            if last || residual <= TOLERANCE * TOLERANCE.sqrt() * best || rest <= f64::EPSILON * best || best == 0.0 {
                return Ok(best.sqrt());
            }
        }
        beta.push(rest);
        w.iter_mut().for_each(|x| *x /= rest);
        basis.push(w);
    }
}
