//! Functions of a whole matrix that is given by its entries, row by row, and its shape, by the names of their rows.

use super::{matrix, rows};
use crate::{Error, Real};
use nalgebra::DMatrix;

fn domain(operation: &'static str, reason: String) -> Error {
    Error::Domain { operation, reason }
}

/// The inverse.
pub fn inv<R: Real>(a: &[R], [m, n]: [usize; 2]) -> Result<Vec<R>, Error> {
    let inverse = matrix(a, m, n).lu().try_inverse();
    inverse.map(|x| rows(&x)).ok_or_else(|| domain("inv", format!("the {m}×{n} matrix is singular")))
}

/// The determinant.
pub fn det<R: Real>(a: &[R], [m, n]: [usize; 2]) -> Result<Vec<R>, Error> {
    Ok(vec![matrix(a, m, n).lu().determinant()])
}

/// The logarithm of the determinant, which must be positive.
pub fn logdet<R: Real>(a: &[R], [m, n]: [usize; 2]) -> Result<Vec<R>, Error> {
    let error = |why: &str| domain("logdet", format!("the determinant of the {m}×{n} matrix is {why}"));
    let lu = matrix(a, m, n).lu();
    // the sum of logarithms, since the product of pivots may overflow
    let (mut sign, mut sum) = (lu.p().determinant::<R>(), R::of(0.0));
    for &p in lu.u().diagonal().iter() {
        if p == R::of(0.0) {
            return Err(error("zero"));
        }
        if p < R::of(0.0) {
            sign = -sign;
        }
        sum += p.abs().ln();
    }
    if sign < R::of(0.0) { Err(error("negative")) } else { Ok(vec![sum]) }
}

/// Orders up to which determinants go by a method that takes no pivots.
const SMALL: usize = 12;

/// Adjugate and determinant by the method of Faddeev and Leverrier: no pivots, so singular matrices are no exception.
fn adjugate<R: Real>(a: &DMatrix<R>) -> (DMatrix<R>, R) {
    let n = a.nrows();
    let (mut m, mut c) = (DMatrix::identity(n, n), R::of(1.0));
    let sign = |odd: bool| if odd { R::of(-1.0) } else { R::of(1.0) };
    for k in 1..=n {
        let am = a * &m;
        c = -am.trace() / R::of(k as f64);
        if k < n {
            m = am + DMatrix::identity(n, n) * c;
        }
    }
    (m * sign(n % 2 != 1), sign(n % 2 == 1) * c)
}

/// The transpose of the matrix of cofactors.
pub fn adj<R: Real>(a: &[R], [m, n]: [usize; 2]) -> Result<Vec<R>, Error> {
    Ok(rows(&adjugate(&matrix(a, m, n)).0))
}

/// All second derivatives of the determinant: signed minors without two rows and two columns.
pub fn cofactor2<R: Real>(a: &[R], [m, n]: [usize; 2]) -> Result<Vec<R>, Error> {
    let a = matrix(a, m, n);
    let mut out = vec![R::of(0.0); n * n * n * n];
    let determinant = |x: DMatrix<R>| match x.nrows() {
        0 => R::of(1.0),
        k if k <= SMALL => adjugate(&x).1,
        _ => x.lu().determinant(),
    };
    let pairs = || (0..n).flat_map(move |i| (i + 1..n).map(move |k| (i, k)));
    for (i, k) in pairs() {
        for (j, l) in pairs() {
            let minor = determinant(a.clone().remove_rows_at(&[i, k]).remove_columns_at(&[j, l]));
            let minor = if (i + j + k + l) % 2 == 0 { minor } else { -minor };
            // exchanging two rows or two columns changes the sign
            out[(i * n + j) * n * n + k * n + l] = minor;
            out[(k * n + l) * n * n + i * n + j] = minor;
            out[(i * n + l) * n * n + k * n + j] = -minor;
            out[(k * n + j) * n * n + i * n + l] = -minor;
        }
    }
    Ok(out)
}

/// The place of the first of the largest entries.
fn first_largest<R: Real>(a: &[R]) -> usize {
    (0..a.len()).fold(0, |best, i| if a[i] > a[best] { i } else { best })
}

/// The largest entry.
pub fn max<R: Real>(a: &[R], _: [usize; 2]) -> Result<Vec<R>, Error> {
    Ok(vec![a[first_largest(a)]])
}

/// 1 at the first of the largest entries, else 0.
pub fn argmax<R: Real>(a: &[R], _: [usize; 2]) -> Result<Vec<R>, Error> {
    let mut out = vec![R::of(0.0); a.len()];
    out[first_largest(a)] = R::of(1.0);
    Ok(out)
}

/// The Frobenius norm, scaled so that no square overflows or vanishes.
fn frobenius<R: Real>(a: &[R]) -> R {
    let unit = a.iter().fold(R::of(0.0), |m, x| if x.abs() > m { x.abs() } else { m });
    if unit == R::of(0.0) {
        // of a NaN, too, which is larger than nothing
        return a.iter().fold(R::of(0.0), |s, &x| s + x);
    }
    unit * a.iter().fold(R::of(0.0), |s, &x| s + (x / unit) * (x / unit)).sqrt()
}

/// The Frobenius norm.
#[allow(non_snake_case)]
pub fn normF<R: Real>(a: &[R], _: [usize; 2]) -> Result<Vec<R>, Error> {
    Ok(vec![frobenius(a)])
}

/// The matrix over its Frobenius norm; 0 at 0.
pub fn unit<R: Real>(a: &[R], _: [usize; 2]) -> Result<Vec<R>, Error> {
    let norm = frobenius(a);
    Ok(a.iter().map(|&x| if norm == R::of(0.0) { R::of(0.0) } else { x / norm }).collect())
}

/// The largest singular value with its vectors.
fn top<R: Real>(operation: &'static str, a: &[R], [m, n]: [usize; 2]) -> Result<(R, DMatrix<R>), Error> {
    if a.iter().any(|x| !x.is_finite()) {
        return Err(domain(operation, "the matrix has entries that are not finite".to_owned()));
    }
    let svd = matrix(a, m, n).svd(true, true);
    let (Some(u), Some(vt)) = (svd.u, svd.v_t) else {
        return Err(domain(operation, "the singular values were not found".to_owned()));
    };
    let k = svd.singular_values.imax();
    Ok((svd.singular_values[k], u.column(k) * vt.row(k)))
}

/// The spectral norm.
pub fn norm2<R: Real>(a: &[R], shape: [usize; 2]) -> Result<Vec<R>, Error> {
    Ok(vec![top("norm2", a, shape)?.0])
}

/// The gradient of the spectral norm, `u v'` of its singular vectors; 0 at 0.
pub fn norm2_grad<R: Real>(a: &[R], shape: [usize; 2]) -> Result<Vec<R>, Error> {
    let (s, uv) = top("norm2_grad", a, shape)?;
    Ok(if s == R::of(0.0) { vec![s; a.len()] } else { rows(&uv) })
}
