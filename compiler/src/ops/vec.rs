//! Column-wise vectorization, `vec(A)`: columns laid end to end in one column; `vec(A) = vec_r(A')`.

use crate::expr::{Forms, Meaning, Op};

/// `vec(A)`.
pub static VEC: Op = Op {
    name: "vec",
    signature: "m×n -> m*n×1",
    meaning: Meaning::Formula("vec_r(A')"),
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normF: normF(A); normmax: normmax(A)",
    forms: Forms::call("vec", r"\operatorname{vec}"),
    ..Op::BLANK
};
