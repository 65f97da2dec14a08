//! What generated code calls: sizes, entries, matrix products; the functions of the rows stand in the modules below.

mod blocks;
mod contract;
mod functions;
pub(crate) mod gemm;
#[cfg(feature = "dynamic")]
mod half;
mod maps;
mod memory;
#[cfg(feature = "dynamic")]
pub(crate) mod mirror;
mod packing;
mod panels;
#[cfg(feature = "dynamic")]
mod places;
pub(crate) mod product;
mod rowwise;
mod tile;
#[cfg(feature = "dynamic")]
pub(crate) mod triangle;
#[cfg(feature = "dynamic")]
pub(crate) mod values;
#[cfg(feature = "dynamic")]
pub(crate) mod weights;
pub(crate) mod wide;

pub use functions::{adj, argmax, cofactor2, det, inv, logdet, max, norm2, norm2_grad, normF, unit};
pub use maps::{abs, cos, erf, exp, gelu, leaky_relu, log, power, relu, sigmoid, sign, silu, sin, softplus, step, tanh};
pub use memory::{Array, Memory};
pub use rowwise::{layernorm, logsumexp, rmsnorm, rowargmax, rowmax, rowrms, rowstd, softmax};

use crate::{Error, Real};
use nalgebra::{DMatrix, DMatrixView};

/// Where a size was found, and its value.
type Found<'a> = (&'a str, usize);

/// The size that all these are.
///
/// Errors: two that disagree; zero.
pub fn size(name: &str, found: &[Found]) -> Result<usize, Error> {
    let (first_place, first) = found[0];
    if first == 0 {
        return Err(not_a_size(name, 0, 1, first_place));
    }
    match found.iter().find(|f| f.1 != first) {
        None => Ok(first),
        Some(&(second_place, second)) => Err(Error::Size {
            size: name.to_owned(),
            first,
            first_place: first_place.to_owned(),
            second,
            second_place: second_place.to_owned(),
        }),
    }
}

fn not_a_size(name: &str, numerator: i64, denominator: i64, place: &str) -> Error {
    let value = if denominator == 1 { format!("{numerator}") } else { format!("{numerator}/{denominator}") };
    Error::NotASize { size: name.to_owned(), value, place: place.to_owned() }
}

/// `numerator / denominator`, if that is a whole number of at least `least`.
fn quotient(numerator: i64, denominator: i64, least: i64) -> Option<usize> {
    let fits = denominator != 0 && numerator % denominator == 0 && numerator / denominator >= least;
    usize::try_from(numerator / denominator.max(1)).ok().filter(|_| fits)
}

/// The size x with `scale · extent = slope · x + offset`.
///
/// Errors: it is not a positive whole number.
pub fn solve(name: &str, (place, extent): Found, [slope, offset]: [i64; 2], scale: i64) -> Result<usize, Error> {
    let (mut numerator, mut denominator) = (extent as i64 * scale - offset, slope);
    if denominator < 0 {
        (numerator, denominator) = (-numerator, -denominator);
    }
    quotient(numerator, denominator, 1).ok_or_else(|| not_a_size(name, numerator, denominator, place))
}

/// Checks that an extent is the size `numerator / denominator`.
///
/// Errors: it is not.
pub fn check(name: &str, (place, found): Found, numerator: i64, denominator: i64) -> Result<(), Error> {
    let needed = quotient(numerator, denominator, 0).ok_or_else(|| not_a_size(name, numerator, denominator, place))?;
    if needed == found {
        return Ok(());
    }
    Err(Error::Extent { place: place.to_owned(), found, size: name.to_owned(), needed })
}

/// A derived size.
///
/// Errors: it is not a whole number, or negative.
pub fn whole(name: &str, numerator: i64, denominator: i64) -> Result<usize, Error> {
    quotient(numerator, denominator, 0).ok_or_else(|| not_a_size(name, numerator, denominator, "its formula"))
}

/// Checks that `low ≤ value ≤ high`; each is a numerator and a denominator.
///
/// Errors: it is not so.
pub fn within(what: &str, value_name: &str, low: (i64, i64), value: (i64, i64), high: (i64, i64)) -> Result<(), Error> {
    let real = |x: (i64, i64)| x.0 as f64 / x.1 as f64;
    if real(low) <= real(value) && real(value) <= real(high) {
        return Ok(());
    }
    let (l, v, h) = (real(low), real(value), real(high));
    Err(Error::Range(format!("{what}: {value_name}{v} is not between {l} and {h}")))
}

/// `x` times a product of sizes.
pub fn at_size<R: Real>(x: f64, n: usize) -> R {
    R::of(x * n as f64)
}

/// The entries of a matrix, row by row.
fn rows<R: Real>(m: &DMatrix<R>) -> Vec<R> {
    m.transpose().as_slice().to_vec()
}

/// Entries row by row, as a matrix.
pub(crate) fn matrix<R: Real>(data: &[R], rows: usize, cols: usize) -> DMatrix<R> {
    // row-major m×n is column-major n×m
    DMatrixView::from_slice(data, cols, rows).transpose()
}
