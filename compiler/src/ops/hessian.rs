//! Second derivative, `hessian(F, X, Y)` = `jacobian(jacobian(F, X), Y)`; for a scalar F one block of its Hessian.

use crate::expr::{Forms, Meaning, Op};

/// `hessian`, as asked for.
pub static HESSIAN: Op = Op {
    name: "hessian",
    signature: "p×q, m×n, r×s -> p*q*m*n×r*s",
    meaning: Meaning::Derivative,
    bound: "all: norm(Y)",
    forms: Forms::call("hessian", r"\nabla^2"),
    ..Op::BLANK
};
