//! Gradient, `grad(f, X)`: the matrix of the shape of X with `df = ⟨grad(f, X), dX⟩`.

use crate::expr::{Forms, Meaning, Op};

/// `grad`, as asked for.
pub static GRAD: Op = Op {
    name: "grad",
    signature: "1×1, m×n -> m×n",
    meaning: Meaning::Derivative,
    axes: "B",
    bound: "all: norm(Y)",
    forms: Forms::call("grad", r"\nabla"),
    ..Op::BLANK
};
