//! Ramp with slope `s` below zero, `max(x, 0) + s min(x, 0)`, with derivative s at 0. Source: Maas, Hannun & Ng (2013), ICML.

use super::kink;
use crate::{
    expr::{Fact, Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `leaky_relu(A, s)`, entry by entry.
pub static LEAKY_RELU: Op = Op {
    name: "leaky_relu",
    signature: "m×n, # -> m×n",
    meaning: Meaning::Entrywise { value: entries!(value), first: "step(A) + B (ones(m, n) - step(A))", second: "zeros(m, n)" },
    facts: "symmetric A -> symmetric Y; positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "abs: max(1, B) norm(A)",
    // the slope is 1 or B
    slope: &["max(1, B)"],
    forms: Forms::call("leaky_relu", r"\operatorname{LeakyReLU}"),
    kink: Some(kink::zero_entry),
    shrink: |g, args| g.facts(args[0]).has(Fact::NonNegative).then(|| args[0]),
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, slope: &[Number]) -> T {
    if x.real() > 0.0 { x } else { T::number(slope[0]) * x }
}
