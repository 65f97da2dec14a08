//! The functions a program calls: entrywise functions and functions of matrices, over every scalar.

use crate::{
    matrix::Matrix,
    number::Number,
    scalar::{Dual, Dual2, Fp, Interval, Scalar},
};

/// The input is outside the domain of an operation: log of a negative number, inverse of a singular matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainError {
    /// Name of the operation.
    pub op: &'static str,
    /// What it needs and what it met, in words.
    pub message: String,
}

/// An entrywise function of all of these entries; the numbers are its parameters. The values are written to as many entries.
pub type Entries<T> = fn(&[T], &[Number], &mut [T]);

/// An entrywise function over every scalar.
pub struct EntryValues {
    /// Over floats.
    pub real: Entries<f64>,
    /// Over dual numbers.
    pub dual: Entries<Dual<f64>>,
    /// Over nested dual numbers.
    pub dual2: Entries<Dual2>,
    /// Over the prime field.
    pub exact: Entries<Fp>,
    /// Over intervals.
    pub interval: Entries<Interval>,
}

/// `y = f(x)` for every entry.
#[doc(hidden)]
pub fn each<T: Copy>(f: impl Fn(T, &[Number]) -> T, data: &[T], numbers: &[Number], out: &mut [T]) {
    out.iter_mut().zip(data).for_each(|(y, &x)| *y = f(x, numbers));
}

/// What a function of matrices computes: matrix arguments, size arguments.
pub type Function<T> = fn(&[&Matrix<T>], &[usize]) -> Result<Matrix<T>, DomainError>;

/// A function of matrices over every scalar.
pub struct Functions {
    /// Over floats.
    pub real: Function<f64>,
    /// Over dual numbers, where it has such values.
    pub dual: Option<Function<Dual<f64>>>,
    /// Over nested dual numbers, where it has such values.
    pub dual2: Option<Function<Dual2>>,
    /// Over the prime field, where it has such values.
    pub exact: Option<Function<Fp>>,
    /// Over intervals, where it has such values: not where the order of entries decides.
    pub interval: Option<Function<Interval>>,
}

/// `entries!(f)` for a generic `fn f<T: Scalar>(x: T, p: &[Number]) -> T`.
#[macro_export]
#[doc(hidden)]
macro_rules! __entries {
    ($f:path) => {
        $crate::index::EntryValues {
            real: |x, p, y| $crate::index::each($f, x, p, y),
            dual: |x, p, y| $crate::index::each($f, x, p, y),
            dual2: |x, p, y| $crate::index::each($f, x, p, y),
            exact: |x, p, y| $crate::index::each($f, x, p, y),
            // on both sides of zero, all pieces
            interval: |x, p, y| {
                let pieces = |x: $crate::scalar::Interval, p: &[_]| x.pieces(|x| $f(x, p));
                $crate::index::each(pieces, x, p, y)
            },
        }
    };
}
/// `functions!(f)` for a generic function of matrices; `functions!(real f)` for one over floats only, `functions!(ordered f)` for one
/// in which the order of entries decides.
#[macro_export]
#[doc(hidden)]
macro_rules! __functions {
    (real $f:path) => {
        $crate::index::Functions { real: $f, dual: None, dual2: None, exact: None, interval: None }
    };
    ($f:path) => {
        $crate::index::Functions { real: $f, dual: Some($f), dual2: Some($f), exact: Some($f), interval: Some($f) }
    };
    (ordered $f:path) => {
        $crate::index::Functions { real: $f, dual: Some($f), dual2: Some($f), exact: Some($f), interval: None }
    };
}
pub use crate::{__entries as entries, __functions as functions};

/// A number type the rows can be evaluated over.
pub trait Numeric: Scalar {
    /// The entrywise function at this type.
    fn entries(values: &EntryValues) -> Entries<Self>;
    /// The function of matrices at this type, where it has one.
    fn function(values: &Functions) -> Option<Function<Self>>;
}
impl Numeric for f64 {
    fn entries(v: &EntryValues) -> Entries<f64> {
        v.real
    }
    fn function(v: &Functions) -> Option<Function<f64>> {
        Some(v.real)
    }
}
impl Numeric for Dual<f64> {
    fn entries(v: &EntryValues) -> Entries<Self> {
        v.dual
    }
    fn function(v: &Functions) -> Option<Function<Self>> {
        v.dual
    }
}
impl Numeric for Dual2 {
    fn entries(v: &EntryValues) -> Entries<Self> {
        v.dual2
    }
    fn function(v: &Functions) -> Option<Function<Self>> {
        v.dual2
    }
}
impl Numeric for Fp {
    fn entries(v: &EntryValues) -> Entries<Self> {
        v.exact
    }
    fn function(v: &Functions) -> Option<Function<Self>> {
        v.exact
    }
}
impl Numeric for Interval {
    fn entries(v: &EntryValues) -> Entries<Self> {
        v.interval
    }
    fn function(v: &Functions) -> Option<Function<Self>> {
        v.interval
    }
}

/// An entrywise function of all entries.
///
/// Errors: [`DomainError`] at an entry where the function has no value: the logarithm of a negative number, a pole at zero.
/// An overflow is not an error here.
pub fn map<T: Numeric>(op: &'static str, values: &EntryValues, numbers: &[Number], data: &[T]) -> Result<Vec<T>, DomainError> {
    let mut out = data.to_vec();
    map_to(op, values, numbers, data, &mut out)?;
    Ok(out)
}

/// As [`map`], written to entries that exist.
///
/// Errors: as of [`map`]; what is written then is of no use.
pub fn map_to<T: Numeric>(
    op: &'static str,
    values: &EntryValues,
    numbers: &[Number],
    data: &[T],
    out: &mut [T],
) -> Result<(), DomainError> {
    T::entries(values)(data, numbers, out);
    if !T::ORDERED || out.iter().fold(true, |all, y| all & y.real().is_finite()) {
        return Ok(());
    }
    let undefined = |x: f64, y: f64| y.is_nan() && !x.is_nan() || y.is_infinite() && x == 0.0;
    match data.iter().zip(out).position(|(x, y)| undefined(x.real(), y.real())) {
        Some(i) => {
            let message = format!("it has no value at {}, entry {} in row order", data[i].real(), i + 1);
            Err(DomainError { op, message })
        }
        None => Ok(()),
    }
}
