//! Hessian-vector product: `hvp(f, X, X1, V1, X2, V2, …)` is the part in X, in its shape, of the Hessian of f in (X1, X2, …)
//! times (V1, V2, …).

use crate::expr::{Forms, Meaning, Op};

/// `hvp`, as asked for.
pub static HVP: Op = Op {
    name: "hvp",
    signature: "1×1, m×n, ... -> m×n",
    meaning: Meaning::Derivative,
    axes: "B",
    bound: "all: norm(Y)",
    forms: Forms::call("hvp", r"\operatorname{hvp}"),
    ..Op::BLANK
};
