//! The functions a program calls: entrywise functions and functions of matrices, over every scalar.

use crate::{
    matrix::Matrix,
    number::Number,
    scalar::{Dual, Dual2, Fp, Scalar},
};

/// The input is outside the domain of an operation: log of a negative number, inverse of a singular matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainError {
    /// Name of the operation.
    pub op: &'static str,
    /// What it needs and what it met, in words.
    pub message: String,
}

/// An entrywise function over every scalar; the numbers are its parameters.
pub struct EntryValues {
    /// Over floats.
    pub real: fn(f64, &[Number]) -> f64,
    /// Over dual numbers.
    pub dual: fn(Dual<f64>, &[Number]) -> Dual<f64>,
    /// Over nested dual numbers.
    pub dual2: fn(Dual2, &[Number]) -> Dual2,
    /// Over the prime field.
    pub exact: fn(Fp, &[Number]) -> Fp,
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
}

/// `entries!(f)` for a generic `fn f<T: Scalar>(x: T, p: &[Number]) -> T`.
#[macro_export]
#[doc(hidden)]
macro_rules! __entries {
    ($f:path) => {
        $crate::index::EntryValues { real: $f, dual: $f, dual2: $f, exact: $f }
    };
}
/// `functions!(f)` for a generic function of matrices; `functions!(real f)` for one over floats only.
#[macro_export]
#[doc(hidden)]
macro_rules! __functions {
    (real $f:path) => {
        $crate::index::Functions { real: $f, dual: None, dual2: None, exact: None }
    };
    ($f:path) => {
        $crate::index::Functions { real: $f, dual: Some($f), dual2: Some($f), exact: Some($f) }
    };
}
pub use crate::{__entries as entries, __functions as functions};

/// A number type the rows can be evaluated over.
pub trait Numeric: Scalar {
    /// The entrywise function at this type.
    fn entry(values: &EntryValues) -> fn(Self, &[Number]) -> Self;
    /// The function of matrices at this type, where it has one.
    fn function(values: &Functions) -> Option<Function<Self>>;
}
impl Numeric for f64 {
    fn entry(v: &EntryValues) -> fn(f64, &[Number]) -> f64 {
        v.real
    }
    fn function(v: &Functions) -> Option<Function<f64>> {
        Some(v.real)
    }
}
impl Numeric for Dual<f64> {
    fn entry(v: &EntryValues) -> fn(Self, &[Number]) -> Self {
        v.dual
    }
    fn function(v: &Functions) -> Option<Function<Self>> {
        v.dual
    }
}
impl Numeric for Dual2 {
    fn entry(v: &EntryValues) -> fn(Self, &[Number]) -> Self {
        v.dual2
    }
    fn function(v: &Functions) -> Option<Function<Self>> {
        v.dual2
    }
}
impl Numeric for Fp {
    fn entry(v: &EntryValues) -> fn(Self, &[Number]) -> Self {
        v.exact
    }
    fn function(v: &Functions) -> Option<Function<Self>> {
        v.exact
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
    let f = T::entry(values);
    for (i, (&x, y)) in data.iter().zip(out).enumerate() {
        *y = f(x, numbers);
        let undefined = y.real().is_nan() && !x.real().is_nan() || y.real().is_infinite() && x.real() == 0.0;
        if T::ORDERED && undefined {
            let message = format!("it has no value at {}, entry {} in row order", x.real(), i + 1);
            return Err(DomainError { op, message });
        }
    }
    Ok(())
}
