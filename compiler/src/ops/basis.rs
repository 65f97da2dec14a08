//! Basis column, `e(i, n)`: column i of the identity of order n.

use crate::expr::{Form, Forms, Meaning, Op};

/// `e(i, n)`.
pub static BASIS: Op = Op {
    name: "e",
    signature: "i, n -> n×1",
    meaning: Meaning::Formula("I(n)[:, i:i]"),
    facts: "nonnegative Y",
    bound: "normF: 1; norm1: 1; normmax: 1",
    forms: Forms { text: Form::Call("e"), latex: Form::Template("e_{$A}"), mathml: Form::Call("e") },
    ..Op::BLANK
};
