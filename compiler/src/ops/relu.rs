//! Ramp of every entry, `max(x, 0)`, with derivative 0 at 0.

use super::kink;
use crate::{
    expr::{Fact, Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `relu(A)`, entry by entry.
pub static RELU: Op = Op {
    name: "relu",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise { value: entries!(value), first: "step(A)", second: "zeros(m, n)" },
    facts: "symmetric A -> symmetric Y; positive A -> positive Y; nonnegative Y",
    bound: "abs: norm(A)",
    // the slope is 0 or 1
    slope: &["1"],
    forms: Forms::call("relu", r"\operatorname{ReLU}"),
    kink: Some(kink::zero_entry),
    shrink: |g, args| g.facts(args[0]).has(Fact::NonNegative).then(|| args[0]),
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    if x.real() > 0.0 { x } else { T::zero() }
}
