//! Natural logarithm of every entry, for positive entries.

use super::{build::Build, exp::EXP};
use crate::{
    expr::{Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `log(A)`, entry by entry.
pub static LOG: Op = Op {
    name: "log",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise { value: entries!(value), first: "A.^-1", second: "-(A.^-2)" },
    facts: "symmetric A -> symmetric Y",
    domain: "positive A",
    bound: "all: norm(Y)",
    // 1/x and 1/x² are unbounded near 0: they need a lower bound of the entries
    slope: &["normmax(A.^-1)"],
    bend: &[(0, 0, "normmax(A.^-1)^2 normmax(D)")],
    forms: Forms::call("log", r"\log"),
    shrink: |g, args| {
        let a = args[0];
        if g.is_ones(a) {
            let s = g.shape(a).clone();
            return Some(g.zeros(&s));
        }
        g.args_of(a, &EXP).map(|x| x[0])
    },
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    x.ln()
}
