//! Mean squared error, `mse(F, Y)`: the squared Frobenius norm of the difference over the number of entries.

use crate::expr::{Forms, Meaning, Op};

/// `mse(A, B)`.
pub static MSE: Op = Op {
    name: "mse",
    signature: "m×n, m×n -> 1×1",
    meaning: Meaning::Formula("dot(A - B, A - B) / (m n)"),
    facts: "nonnegative Y",
    bound: "normmax: (normF(A) + normF(B))^2 / (m n)",
    output: Some(0),
    forms: Forms::call("mse", r"\operatorname{mse}"),
    ..Op::BLANK
};
