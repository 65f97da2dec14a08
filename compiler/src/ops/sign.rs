//! Sign of every entry, -1, 0 or 1; its derivative is 0.

use super::{build::Build, kink};
use crate::{
    expr::{Fact, Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `sign(A)`, entry by entry.
pub static SIGN: Op = Op {
    name: "sign",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise { value: entries!(value), first: "zeros(m, n)", second: "zeros(m, n)" },
    facts: "symmetric A -> symmetric Y; positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normmax: 1",
    forms: Forms::call("sign", r"\operatorname{sign}"),
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
    x.step() - (-x).step()
}
