//! The index IR: contractions over letters, maps and calls, as a program of statements; and its interpreter.

mod contraction;
mod executor;
pub mod plan;
mod program;
mod run;
mod values;

pub use contraction::{Contraction, Element};
pub use executor::{Executor, Prepared, Reference, Sample, Setting};
pub use program::{Access, Kink, Letter, Program, Source, Statement, Step, Tensor, TensorId};
pub use run::{Failure, Outcome, Run};
pub use values::{DomainError, Entries, EntryValues, Function, Functions, Numeric, each, entries, functions, map, map_to};
