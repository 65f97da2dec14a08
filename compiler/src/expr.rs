//! The formula IR: operations, their rows, and the typed, hash-consed graph they form.

mod facts;
mod graph;
mod op;

pub use facts::{Fact, Facts};
pub use graph::{Evaluation, Expr, Graph, Kind, Node, Variable};
pub use op::{
    Argument, DomainError, EntryValues, Form, Forms, Function, Functions, Meaning, Numeric, Op, OpRef, Shape, ShapeError,
    Signature, Type, entries, functions, keep,
};
