//! Exponential of every entry: `exp' = exp`.

use super::{build::Build, log::LOG};
use crate::{
    expr::{Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `exp(A)`, entry by entry.
pub static EXP: Op = Op {
    name: "exp",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise { value: entries!(value), first: "Y", second: "Y" },
    facts: "symmetric A -> symmetric Y; positive Y",
    bound: "normmax: exp(normmax(A))",
    // exp grows, so its largest value is at the largest entry
    slope: &["exp(normmax(A))"],
    bend: &[(0, 0, "exp(normmax(A)) normmax(D)")],
    forms: Forms::call("exp", r"\exp"),
    shrink: |g, args| {
        let a = args[0];
        if g.is_zero(a) {
            let s = g.shape(a).clone();
            return Some(g.ones(&s));
        }
        g.args_of(a, &LOG).map(|x| x[0])
    },
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    x.exp()
}
