//! The operator norm of the maximum norm, `norminf(A)`: the largest sum of absolute values of a row.

use crate::expr::{Form, Forms, Meaning, Op};

/// `norminf(A)`.
pub static NORMINF: Op = Op {
    name: "norminf",
    signature: "m×n -> 1×1",
    meaning: Meaning::Formula("max(rowsum(abs(A)))"),
    facts: "nonnegative Y; positive A -> positive Y",
    bound: "normmax: norminf(A)",
    forms: Forms {
        text: Form::Call("norminf"),
        latex: Form::Fence(r"\lVert ", r" \rVert_{\infty}"),
        mathml: Form::Fence("‖", "‖_∞"),
    },
    ..Op::BLANK
};
