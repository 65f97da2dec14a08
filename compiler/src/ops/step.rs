//! Unit step of every entry, 1 above 0 and else 0; its derivative is 0.

use super::{build::Build, kink};
use crate::{
    expr::{Fact, Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `step(A)`, entry by entry.
pub static STEP: Op = Op {
    name: "step",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise { value: entries!(value), first: "zeros(m, n)", second: "zeros(m, n)" },
    facts: "symmetric A -> symmetric Y; positive A -> positive Y; nonnegative Y",
    bound: "normmax: 1",
    forms: Forms::call("step", r"\operatorname{step}"),
    kink: Some(kink::zero_entry),
    shrink: |g, args| {
        g.facts(args[0]).has(Fact::Positive).then(|| {
            let s = g.shape(args[0]).clone();
            g.ones(&s)
        })
    },
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    x.step()
}
