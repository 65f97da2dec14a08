//! Error function of every entry, `2/sqrt(pi)` times the integral of `exp(-t^2)` from 0 to x.

use super::build::Build;
use crate::{
    expr::{Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `erf(A)`, entry by entry.
pub static ERF: Op = Op {
    name: "erf",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise {
        value: entries!(value),
        first: "2 exp(-(A.^2)) / sqrt(pi)",
        second: "-4 A ∘ exp(-(A.^2)) / sqrt(pi)",
    },
    facts: "symmetric A -> symmetric Y; positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normmax: 1; abs: 2 norm(A) / sqrt(pi)",
    // erf' = 2/√π exp(-x²); erf'' is largest at x² = 1/2: 4 exp(-1/2) / √(2π) < 0.9678829
    slope: &["2 / sqrt(pi)"],
    bend: &[(0, 0, "0.9678829 normmax(D)")],
    forms: Forms::call("erf", r"\operatorname{erf}"),
    shrink: |g, args| g.is_zero(args[0]).then(|| args[0]),
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    x.erf()
}
