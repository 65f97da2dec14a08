//! The operator norm of the 1-norm, `norm1(A)`: the largest sum of absolute values of a column.

use crate::expr::{Form, Forms, Meaning, Op};

/// `norm1(A)`.
pub static NORM1: Op = Op {
    name: "norm1",
    signature: "m×n -> 1×1",
    meaning: Meaning::Formula("max(colsum(abs(A)))"),
    facts: "nonnegative Y; positive A -> positive Y",
    bound: "normmax: norm1(A)",
    forms: Forms {
        text: Form::Call("norm1"), latex: Form::Fence(r"\lVert ", r" \rVert_{1}"), mathml: Form::Fence("‖", "‖_1")
    },
    ..Op::BLANK
};
