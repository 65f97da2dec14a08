//! Rows of a matrix: the parts that row-wise functions have in common.

use crate::{expr::DomainError, matrix::Matrix, number::Number, scalar::Scalar};

/// The matrix whose row i is `f(i, row i of a)`, of `cols` entries.
pub(super) fn map<T: Scalar>(
    a: &Matrix<T>,
    cols: usize,
    f: impl Fn(usize, &[T]) -> Result<Vec<T>, DomainError>,
) -> Result<Matrix<T>, DomainError> {
    let mut data = Vec::with_capacity(a.rows * cols);
    for i in 0..a.rows {
        data.extend(f(i, a.row(i))?);
    }
    Ok(Matrix { rows: a.rows, cols, data })
}

/// The largest entry as a constant, to shift a row by; zero where there is no order, so that identities stay identities.
pub(super) fn maximum<T: Scalar>(row: &[T]) -> T {
    let largest = row.iter().fold(f64::NEG_INFINITY, |m, x| m.max(x.real()));
    if T::ORDERED && largest.is_finite() { T::number(Number::Float(largest)) } else { T::zero() }
}

/// Where the first of the largest entries is.
pub(super) fn first<T: Scalar>(row: &[T]) -> usize {
    (0..row.len()).fold(0, |best, j| if row[j].real() > row[best].real() { j } else { best })
}

/// The sum of the entries.
pub(super) fn sum<T: Scalar>(row: &[T]) -> T {
    row.iter().fold(T::zero(), |s, &x| s + x)
}

/// The entries less their mean.
pub(super) fn centered<T: Scalar>(row: &[T]) -> Vec<T> {
    let mean = sum(row) / T::int(row.len() as i64);
    row.iter().map(|&x| x - mean).collect()
}

/// The root of the mean of the squares.
pub(super) fn rms<T: Scalar>(row: &[T]) -> T {
    let squares: Vec<T> = row.iter().map(|&x| x * x).collect();
    (sum(&squares) / T::int(row.len() as i64)).sqrt()
}

/// Whether all entries are equal, exactly.
pub(super) fn is_constant<T: Scalar>(row: &[T]) -> bool {
    T::ORDERED && row.iter().all(|x| x.real() == row[0].real())
}

/// Whether all entries are zero, exactly.
pub(super) fn is_zero<T: Scalar>(row: &[T]) -> bool {
    T::ORDERED && row.iter().all(|x| x.real() == 0.0)
}
