//! Sum of all entries, `sum(A) = 1' A 1`.

use super::{build::Build, hadamard::HADAMARD};
use crate::{
    expr::{Forms, Meaning, Op},
    number::Number,
};

/// `sum(A)`.
pub static SUM: Op = Op {
    name: "sum",
    signature: "m×n -> 1×1",
    meaning: Meaning::Contraction("i|j -> |"),
    vec_form: &["ones(1, m*n)"],
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y; posdef A -> positive Y",
    bound: "normmax: sqrt(m n) norm2(A); normmax: m norminf(A); normmax: n norm1(A)",
    forms: Forms::call("sum", r"\operatorname{sum}"),
    shrink: |g, args| {
        let a = args[0];
        if g.is_scalar(a) {
            return Some(a);
        }
        if g.is_zero(a) {
            return Some(g.constant(Number::ZERO));
        }
        if g.is_ones(a) {
            let n = g.shape(a).len();
            return Some(g.size(&n));
        }
        if let Some((s, x)) = g.as_scaled(a) {
            let t = g.apply(&SUM, &[x]);
            return Some(g.scale(s, t));
        }
        if let Some(&[x, y]) = g.args_of(a, &HADAMARD) {
            return Some(g.dot(x, y));
        }
        let (x, p) = g.entry_power(a);
        (p == Number::int(2)).then(|| g.dot(x, x))
    },
    ..Op::BLANK
};
