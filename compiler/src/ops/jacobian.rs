//! Jacobian, `jacobian(F, X)` = ∂vec_r(F)/∂vec_r(X)ᵀ.

use crate::expr::{Forms, Meaning, Op};

/// `jacobian`, as asked for.
pub static JACOBIAN: Op = Op {
    name: "jacobian",
    signature: "p×q, m×n -> p*q×m*n",
    meaning: Meaning::Derivative,
    bound: "all: norm(Y)",
    forms: Forms::call("jacobian", r"\operatorname{J}"),
    ..Op::BLANK
};
