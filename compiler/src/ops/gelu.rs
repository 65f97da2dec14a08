//! Gaussian error linear unit of every entry, `x Φ(x)` with the normal distribution function Φ (exact, not the tanh form).
//! Source: Hendrycks & Gimpel (2016), arXiv:1606.08415.

use super::build::Build;
use crate::{
    expr::{Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `gelu(A)`, entry by entry.
pub static GELU: Op = Op {
    name: "gelu",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise {
        value: entries!(value),
        first: "(ones(m, n) + erf(A / sqrt(2))) / 2 + A ∘ exp(-(A.^2) / 2) / sqrt(2 pi)",
        second: "(2 ones(m, n) - A.^2) ∘ exp(-(A.^2) / 2) / sqrt(2 pi)",
    },
    facts: "symmetric A -> symmetric Y; positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "abs: norm(A)",
    // gelu' = Φ(x) + x φ(x) is largest at √2, gelu'' = (2 - x²) φ(x) at 0
    slope: &["1.12890415"],
    bend: &[(0, 0, "sqrt(2 / pi) normmax(D)")],
    forms: Forms::call("gelu", r"\operatorname{GELU}"),
    shrink: |g, args| g.is_zero(args[0]).then(|| args[0]),
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    let scaled = x / T::int(2).sqrt();
    // 1 + erf loses all digits far below zero, where the value is below any that matters
    x * (T::one() + scaled.erf()) / T::int(2)
}
