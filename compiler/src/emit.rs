//! Source code of programs: what a function computes becomes text of another language. Reads the index IR alone.
//!
//! Assumes a program whose sizes all occur in the shapes of its arguments. Guarantees: the text is formatted, needs nothing of
//! the compiler, and reads as the formulas do: sizes and named nodes keep their names.

pub mod c;
mod layout;
mod names;
mod plan;
pub mod rust;
mod sizes;
pub mod table;

pub use names::identifier;

use crate::{dim::Dim, index::Program};
use std::fmt;

/// A function to be written: arguments, results, and the program between them.
#[derive(Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it computes, in lines of text: the formulas.
    pub formula: Vec<String>,
    /// All arrays that it takes, in order; every size occurs in one of them.
    pub arguments: Vec<Argument>,
    /// What it returns.
    pub results: Results,
    /// How it is computed.
    pub program: Program,
}

/// An array that a function takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its name in the model.
    pub name: String,
    /// Rows and columns.
    pub shape: [Dim; 2],
}

/// What a function returns, of the outputs of its program.
#[derive(Clone, Debug, PartialEq)]
pub enum Results {
    /// The single output, which is a number where it is 1×1.
    One,
    /// All outputs in order, each with a name.
    Many(Vec<String>),
    /// The blocks on and above the diagonal of a symmetric matrix, row by row, with the names of its parts.
    Symmetric(Vec<String>),
}

/// What is taken for the sizes where one order of computation must be chosen for all of them.
#[derive(Clone, Debug, Default)]
pub struct Typical(pub std::collections::BTreeMap<String, usize>);

impl Typical {
    /// The extent taken for a size whose name is not given.
    pub const SIZE: usize = 16;

    fn extent(&self, d: &Dim) -> f64 {
        let size = |name: &str| Some(self.0.get(name).copied().unwrap_or(Self::SIZE));
        d.eval(&size).map_or(Self::SIZE as f64, |n| n as f64)
    }
}

/// Why a function cannot be written.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EmitError {
    /// No shape of an argument tells this size.
    UnknownSize(String),
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EmitError::UnknownSize(d) => write!(f, "the size {d} cannot be read off the shape of any array"),
        }
    }
}
