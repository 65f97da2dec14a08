//! Matrices side by side, `hcat(A, B)`, by columns of an identity: `A [I 0] + B [0 I]`.

use crate::expr::{Forms, Meaning, Op};

/// `hcat(A, B)`.
pub static HCAT: Op = Op {
    name: "hcat",
    signature: "m×n, m×q -> m×n+q",
    meaning: Meaning::Formula("A I(n + q)[1:n, :] + B I(n + q)[n + 1:n + q, :]"),
    facts: "positive A, positive B -> positive Y; nonnegative A, nonnegative B -> nonnegative Y",
    bound: "norm2: sqrt(norm2(A)^2 + norm2(B)^2); normF: sqrt(normF(A)^2 + normF(B)^2); normrow: sqrt(normrow(A)^2 + normrow(B)^2); normcol: max(normcol(A), normcol(B)); \
            norminf: norminf(A) + norminf(B); norm1: max(norm1(A), norm1(B)); normmax: max(normmax(A), normmax(B))",
    forms: Forms::call("hcat", r"\operatorname{hcat}"),
    ..Op::BLANK
};
