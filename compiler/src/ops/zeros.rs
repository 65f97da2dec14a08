//! The zero matrix, `zeros(m, n)`.

use super::build::Build;
use crate::{
    expr::{Forms, Meaning, Op},
    number::Number,
};

/// `zeros(m, n)`.
pub static ZEROS: Op = Op {
    name: "zeros",
    signature: "m, n -> m×n",
    meaning: Meaning::Contraction("i, j -> 0 i|j"),
    facts: "nonnegative Y",
    bound: "all: 0",
    forms: Forms::call("zeros", r"\mathbf{0}"),
    shrink: |g, args| {
        let one = |i: usize| g.as_dim(args[i]).is_some_and(|d| d.is_one());
        (one(0) && one(1)).then(|| g.constant(Number::ZERO))
    },
    ..Op::BLANK
};
