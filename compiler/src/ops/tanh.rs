//! Hyperbolic tangent of every entry: `tanh' = 1 - tanh^2`.

use super::build::Build;
use crate::{
    expr::{Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `tanh(A)`, entry by entry.
pub static TANH: Op = Op {
    name: "tanh",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise { value: entries!(value), first: "ones(m, n) - Y.^2", second: "2 Y.^3 - 2 Y" },
    facts: "symmetric A -> symmetric Y; positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "abs: norm(A); normmax: 1",
    // tanh' = 1 at 0; tanh'' = -2 t (1 - t²) with t = tanh x is largest at t² = 1/3
    slope: &["1"],
    bend: &[(0, 0, "4 sqrt(3) / 9 normmax(D)")],
    forms: Forms::call("tanh", r"\tanh"),
    shrink: |g, args| g.is_zero(args[0]).then(|| args[0]),
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    x.tanh()
}
