//! The formula IR: operations, their rows, and the typed, hash-consed graph they form.

mod facts;
mod graph;
mod op;
mod reading;

pub use crate::index::{DomainError, EntryValues, Function, Functions, Numeric, entries, functions};
pub use facts::{Fact, Facts};
pub use graph::{Evaluation, Expr, Graph, Kind, Node, Variable};
pub use op::{Argument, Form, Forms, Meaning, Op, OpRef, Published, Shape, ShapeError, Signature, Type, keep};
