//! Sine of every entry.

use super::build::Build;
use crate::{
    expr::{Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `sin(A)`, entry by entry.
pub static SIN: Op = Op {
    name: "sin",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise { value: entries!(value), first: "cos(A)", second: "-Y" },
    facts: "symmetric A -> symmetric Y",
    bound: "abs: norm(A); normmax: 1",
    // |cos x| ≤ 1, |sin x| ≤ min(1, |x|)
    slope: &["1"],
    bend: &[(0, 0, "normmax(D); normmax(A) normmax(D)")],
    forms: Forms::call("sin", r"\sin"),
    shrink: |g, args| g.is_zero(args[0]).then(|| args[0]),
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    x.sin()
}
