//! Gauss-Newton part of a block of the Hessian: Jᵀ A J with A the Hessian of the loss in the output of the network.

use crate::expr::{Forms, Meaning, Op};

/// `gauss_newton`, as asked for.
pub static GAUSS_NEWTON: Op = Op {
    name: "gauss_newton",
    signature: "1×1, m×n, r×s -> m*n×r*s",
    meaning: Meaning::Derivative,
    bound: "all: norm(Y)",
    forms: Forms::call("gauss_newton", r"\operatorname{GN}"),
    ..Op::BLANK
};
