//! Mean over the squares that a k×k grid cuts images into, `avgpool2d(X, k)`: an image `C × m × n` is the matrix C × m n, and
//! its pixel is known by square, place in the square, square, place: so the mean is a product by identities and ones.

use crate::expr::{Forms, Meaning, Op};

/// `avgpool2d(A, p, q, k)`.
pub static AVGPOOL2D: Op = Op {
    name: "avgpool2d",
    signature: "c×p*k*q*k, p, q, k -> c×p*q",
    meaning: Meaning::Formula("A (I(p) ⊗ ones(k, 1) ⊗ I(q) ⊗ ones(k, 1)) / (k k)"),
    axes: "c×p×q",
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normF: normF(A) / k; normmax: normmax(A)",
    forms: Forms::call("avgpool2d", r"\operatorname{avgpool}"),
    ..Op::BLANK
};
