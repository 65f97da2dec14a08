//! The matrix of ones, `ones(m, n)`.

use super::build::Build;
use crate::expr::{Forms, Meaning, Op};

/// `ones(m, n)`.
pub static ONES: Op = Op {
    name: "ones",
    signature: "m, n -> m×n",
    meaning: Meaning::Contraction("i, j -> i|j"),
    facts: "positive Y",
    bound: "norm2: sqrt(m n); norminf: n; norm1: m; normmax: 1",
    forms: Forms::call("ones", r"\mathbf{1}"),
    shrink: |g, args| {
        let one = |i: usize| g.as_dim(args[i]).is_some_and(|d| d.is_one());
        (one(0) && one(1)).then(|| g.one())
    },
    ..Op::BLANK
};
