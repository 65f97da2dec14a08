//! Largest entry of each square that a k×k grid cuts images into, `maxpool2d(X, k)`: the squares as rows, the largest of each
//! row. Of equal ones the first in row order is taken, as in `rowmax`.

use crate::expr::{Forms, Meaning, Op};

/// `maxpool2d(A, p, q, k)`.
pub static MAXPOOL2D: Op = Op {
    name: "maxpool2d",
    signature: "c×p*k*q*k, p, q, k -> c×p*q",
    meaning: Meaning::Formula("mat_r(rowmax(mat_r((I(c*p) ⊗ K(q, k) ⊗ I(k)) vec_r(A), c*p*q, k*k)), c, p*q)"),
    axes: "c×p×q",
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normF: normF(A); normmax: normmax(A)",
    forms: Forms::call("maxpool2d", r"\operatorname{maxpool}"),
    ..Op::BLANK
};
