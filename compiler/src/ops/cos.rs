//! Cosine of every entry.

use super::build::Build;
use crate::{
    expr::{Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `cos(A)`, entry by entry.
pub static COS: Op = Op {
    name: "cos",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise { value: entries!(value), first: "-sin(A)", second: "-Y" },
    facts: "symmetric A -> symmetric Y",
    bound: "normmax: 1",
    // |sin x| ≤ min(1, |x|), |cos x| ≤ 1
    slope: &["1; normmax(A)"],
    bend: &[(0, 0, "normmax(D)")],
    forms: Forms::call("cos", r"\cos"),
    shrink: |g, args| {
        g.is_zero(args[0]).then(|| {
            let s = g.shape(args[0]).clone();
            g.ones(&s)
        })
    },
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    x.cos()
}
