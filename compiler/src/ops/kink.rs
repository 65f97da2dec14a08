//! Kinks: the places where a value has no derivative, and the piece that is taken there, in words.

use super::{argmax, norm2, rowwise};
use crate::matrix::Matrix;

/// An entry that is exactly zero, where the piece below zero is taken (for `abs` and `sign`: derivative zero).
pub(super) fn zero_entry(a: &Matrix<f64>) -> Option<String> {
    let at = a.data.iter().position(|&x| x == 0.0)?;
    Some(format!("exactly 0 at entry {}", entry(a, at)))
}

/// A matrix that is exactly zero, where a norm is taken to have derivative zero.
pub(super) fn zero_matrix(a: &Matrix<f64>) -> Option<String> {
    a.data.iter().all(|&x| x == 0.0).then(|| "the zero matrix, where its derivative is taken as 0".to_owned())
}

/// A maximum that is reached twice, of which the first is taken.
pub(super) fn tied_maximum(a: &Matrix<f64>) -> Option<String> {
    let first = argmax::first(a);
    let second = (first + 1..a.data.len()).find(|&i| a.data[i] == a.data[first])?;
    Some(format!("equal maxima at entries {} and {}, of which the first is taken", entry(a, first), entry(a, second)))
}

/// A row whose maximum is reached twice, of which the first is taken.
pub(super) fn tied_row(a: &Matrix<f64>) -> Option<String> {
    (0..a.rows).find_map(|i| {
        let (row, first) = (a.row(i), rowwise::first(a.row(i)));
        let second = (first + 1..a.cols).find(|&j| row[j] == row[first])?;
        Some(format!("equal maxima in row {}, at {} and {}, of which the first is taken", i + 1, first + 1, second + 1))
    })
}

/// A largest singular value that is not simple, to rounding; one pair of its vectors is taken.
pub(super) fn tied_singular_value(a: &Matrix<f64>) -> Option<String> {
    if a.data.iter().all(|&x| x == 0.0) {
        return zero_matrix(a);
    }
    let (s, u, v) = norm2::top_singular(a).ok()?;
    let rest = Matrix::from_fn(a.rows, a.cols, |i, j| a.at(i, j) - s * u[i] * v[j]);
    let (second, ..) = norm2::top_singular(&rest).ok()?;
    (s - second <= 1e-12 * s).then(|| "two equal largest singular values, of which one pair of vectors is taken".to_owned())
}

fn entry(a: &Matrix<f64>, at: usize) -> String {
    format!("({}, {})", at / a.cols + 1, at % a.cols + 1)
}
