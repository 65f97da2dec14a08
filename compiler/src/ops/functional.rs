//! Functional part of a block of the Hessian: what is left beside the Gauss-Newton part.

use crate::expr::{Forms, Meaning, Op};

/// `functional`, as asked for.
pub static FUNCTIONAL: Op = Op {
    name: "functional",
    signature: "1×1, m×n, r×s -> m*n×r*s",
    meaning: Meaning::Derivative,
    bound: "all: norm(Y)",
    forms: Forms::call("functional", r"\operatorname{H}_f"),
    ..Op::BLANK
};
