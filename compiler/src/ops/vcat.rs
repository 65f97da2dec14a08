//! Matrices on top of each other, `vcat(A, B)`, by columns of an identity.

use crate::expr::{Forms, Meaning, Op};

/// `vcat(A, B)`.
pub static VCAT: Op = Op {
    name: "vcat",
    signature: "m×n, p×n -> m+p×n",
    meaning: Meaning::Formula("I(m + p)[:, 1:m] A + I(m + p)[:, m + 1:m + p] B"),
    facts: "positive A, positive B -> positive Y; nonnegative A, nonnegative B -> nonnegative Y; rowstochastic A, rowstochastic B -> rowstochastic Y",
    bound: "norm2: sqrt(norm2(A)^2 + norm2(B)^2); normF: sqrt(normF(A)^2 + normF(B)^2); normrow: max(normrow(A), normrow(B)); normcol: sqrt(normcol(A)^2 + normcol(B)^2); \
            norminf: max(norminf(A), norminf(B)); norm1: norm1(A) + norm1(B); normmax: max(normmax(A), normmax(B))",
    forms: Forms::call("vcat", r"\operatorname{vcat}"),
    ..Op::BLANK
};
