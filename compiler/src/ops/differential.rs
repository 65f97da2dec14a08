//! Differential, `d(F, X1, dX1, X2, dX2, …)`: the part of F that is linear in the increments.

use crate::expr::{Forms, Meaning, Op};

/// `d`, as asked for.
pub static DIFFERENTIAL: Op = Op {
    name: "d",
    signature: "p×q, ... -> p×q",
    meaning: Meaning::Derivative,
    axes: "A",
    bound: "all: norm(Y)",
    forms: Forms::call("d", r"\mathrm{d}"),
    ..Op::BLANK
};
