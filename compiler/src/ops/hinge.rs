//! Hinge loss, `hinge(s, y)`: the mean of `max(1 - y s, 0)` over all entries, for labels 1 and -1.

use crate::expr::{Forms, Meaning, Op};

/// `hinge(A, B)`.
pub static HINGE: Op = Op {
    name: "hinge",
    signature: "m×n, m×n -> 1×1",
    meaning: Meaning::Formula("sum(relu(ones(m, n) - B ∘ A)) / (m n)"),
    facts: "nonnegative Y",
    bound: "normmax: 1 + normF(A) normF(B) / (m n)",
    output: Some(0),
    forms: Forms::call("hinge", r"\operatorname{hinge}"),
    ..Op::BLANK
};
