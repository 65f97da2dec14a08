//! Mean of all entries, `mean(A)`.

use crate::expr::{Forms, Meaning, Op};

/// `mean(A)`.
pub static MEAN: Op = Op {
    name: "mean",
    signature: "m×n -> 1×1",
    meaning: Meaning::Formula("sum(A) / (m n)"),
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normmax: normmax(A)",
    forms: Forms::call("mean", r"\operatorname{mean}"),
    ..Op::BLANK
};
