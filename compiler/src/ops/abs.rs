//! Absolute value of every entry, with derivative 0 at 0.

use super::kink;
use crate::{
    expr::{Fact, Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `abs(A)`, entry by entry.
pub static ABS: Op = Op {
    name: "abs",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise { value: entries!(value), first: "sign(A)", second: "zeros(m, n)" },
    facts: "symmetric A -> symmetric Y; positive A -> positive Y; nonnegative Y",
    bound: "abs: norm(A)",
    // the slope is -1, 0 or 1
    slope: &["1"],
    forms: Forms::call("abs", r"\operatorname{abs}"),
    kink: Some(kink::zero_entry),
    shrink: |g, args| g.facts(args[0]).has(Fact::NonNegative).then(|| args[0]),
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    match x.real() {
        r if r > 0.0 => x,
        r if r < 0.0 => -x,
        // not x: at the kink the derivative is 0; a NaN stays one
        r => {
            if r == 0.0 {
                T::zero()
            } else {
                x
            }
        }
    }
}
