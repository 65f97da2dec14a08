//! An array as one column, `flatten(X)`: its entries in row-major order, which is vec_r of the matrix that it is here.

use crate::expr::{Forms, Meaning, Op};

/// `flatten(A)`.
pub static FLATTEN: Op = Op {
    name: "flatten",
    signature: "m×n -> m*n×1",
    meaning: Meaning::Formula("vec_r(A)"),
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normF: normF(A); normmax: normmax(A)",
    forms: Forms::call("flatten", r"\operatorname{flatten}"),
    ..Op::BLANK
};
