//! Identity, `I(n)`; its order is an argument, so laws can speak of it.

use super::build::Build;
use crate::expr::{Forms, Meaning, Op};

/// `I(n)`.
pub static EYE: Op = Op {
    name: "I",
    signature: "n -> n×n",
    meaning: Meaning::Contraction("i -> i|i"),
    facts: "posdef Y; orthogonal Y; diagonal Y; nonnegative Y; rowstochastic Y",
    bound: "norm2: 1; normF: sqrt(n); norminf: 1; norm1: 1; normmax: 1",
    forms: Forms::call("I", "I"),
    shrink: |g, args| g.as_dim(args[0]).is_some_and(|d| d.is_one()).then(|| g.one()),
    ..Op::BLANK
};
