//! The language: text to graph. A file is cut into statements, each is read by the grammar, then names, shapes and
//! sizes are resolved; every mistake is gathered, none stops the others from being found.

pub mod ast;
mod expand;
mod formula;
mod model;
mod names;
mod parse;
mod resolve;
mod scan;

pub use crate::diagnostic::Source;
pub use expand::expand;
pub use formula::{Scope, formula, row};
pub use model::{Assumed, Assumption, Block, Claim, Compared, Depths, Model, Query, depths, model, model_of_depth, query};
pub use names::nearest;
