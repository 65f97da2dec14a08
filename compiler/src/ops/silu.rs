//! Sigmoid linear unit of every entry, `x / (1 + exp(-x))`, also called swish.
//! Source: Elfwing, Uchibe & Doya (2018), Neural Networks 107.

use super::build::Build;
use crate::{
    expr::{Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `silu(A)`, entry by entry.
pub static SILU: Op = Op {
    name: "silu",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise {
        value: entries!(value),
        first: "sigmoid(A) + A ∘ sigmoid(A) ∘ (ones(m, n) - sigmoid(A))",
        second: "sigmoid(A) ∘ (ones(m, n) - sigmoid(A)) ∘ (2 ones(m, n) + A - 2 A ∘ sigmoid(A))",
    },
    facts: "symmetric A -> symmetric Y; positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "abs: norm(A)",
    // silu' is largest where 2 = x tanh(x/2), at 2.3994; silu'' at 0, where it is 2 s' = 1/2
    slope: &["1.09983933"],
    bend: &[(0, 0, "normmax(D) / 2")],
    forms: Forms::call("silu", r"\operatorname{SiLU}"),
    shrink: |g, args| g.is_zero(args[0]).then(|| args[0]),
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, p: &[Number]) -> T {
    x * super::sigmoid::value(x, p)
}
