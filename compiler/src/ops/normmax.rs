//! The largest absolute value of an entry, `normmax(A)`.

use crate::expr::{Form, Forms, Meaning, Op};

/// `normmax(A)`.
pub static NORMMAX: Op = Op {
    name: "normmax",
    signature: "m×n -> 1×1",
    meaning: Meaning::Formula("max(abs(A))"),
    facts: "nonnegative Y; positive A -> positive Y",
    bound: "normmax: normmax(A)",
    forms: Forms {
        text: Form::Call("normmax"),
        latex: Form::Fence(r"\lVert ", r" \rVert_{\max}"),
        mathml: Form::Fence("‖", "‖_max"),
    },
    ..Op::BLANK
};
