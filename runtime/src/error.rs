//! `Error`: why a derived function has no value.

use crate::operators::OperatorError;

/// Why a derived function has no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two arrays give one size different values.
    #[error("the size {size} is {first} by {first_place}, but {second} by {second_place}")]
    Size {
        /// The size, as in the model.
        size: String,
        /// The value that was found first.
        first: usize,
        /// Where: `the rows of X`.
        first_place: String,
        /// The other value.
        second: usize,
        /// Where that was found.
        second_place: String,
    },
    /// An array has other rows or columns than the sizes of the others ask for.
    #[error("{place} are {found}, but must be {}", if *size == needed.to_string() { size.clone() } else { format!("{size} = {needed}") })]
    Extent {
        /// Which rows or columns.
        place: String,
        /// How many there are.
        found: usize,
        /// The size, as in the model.
        size: String,
        /// Its value.
        needed: usize,
    },
    /// A size is not a positive whole number.
    #[error("the size {size} would be {value}, which is not a positive whole number, by {place}")]
    NotASize {
        /// The size, as in the model.
        size: String,
        /// Its value, in words.
        value: String,
        /// Where it was found.
        place: String,
    },
    /// A slice goes beyond its matrix.
    #[error("a slice is out of range: {0}")]
    Range(String),
    /// A value outside the domain of an operation.
    #[error("`{operation}` is not defined here: {reason}")]
    Domain {
        /// Name of the operation.
        operation: &'static str,
        /// What it needs and what it met.
        reason: String,
    },
    /// A block of that name does not exist.
    #[error("there is no parameter `{0}`; there are {1}")]
    NoBlock(String, String),
    /// A mean over no samples.
    #[error("there are no samples")]
    NoSamples,
    /// A device that cannot compute it, in words.
    #[error("{0}")]
    Device(String),
    /// An iteration with an operator has no result.
    #[error(transparent)]
    Operator(#[from] OperatorError),
}
