//! Trace, `tr(A)`: the sum of the diagonal; `d tr(A) = ⟨I, dA⟩`. Source: Magnus & Neudecker (2019) ch. 8.

use super::{build::Build, sum::SUM, transpose::TRANSPOSE};
use crate::{
    expr::{Expr, Forms, Meaning, Op},
    number::Number,
};

/// `tr(A)`.
pub static TRACE: Op = Op {
    name: "tr",
    signature: "n×n -> 1×1",
    meaning: Meaning::Contraction("i|i -> |"),
    vec_form: &["vec_r(I(n))'"],
    facts: "posdef A -> positive Y; positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normmax: n norm2(A); normmax: sqrt(n) normF(A); normmax: n normmax(A)",
    forms: Forms::call("tr", r"\operatorname{tr}"),
    shrink: |g, args| {
        let a = args[0];
        if g.is_scalar(a) {
            return Some(a);
        }
        if g.is_zero(a) {
            return Some(g.constant(Number::ZERO));
        }
        if g.is_eye(a) {
            let n = g.shape(a).rows.clone();
            return Some(g.size(&n));
        }
        if let Some((s, x)) = g.as_scaled(a) {
            let t = g.apply(&TRACE, &[x]);
            return Some(g.scale(s, t));
        }
        if let Some(terms) = g.terms(a) {
            let traces: Vec<Expr> = terms.into_iter().map(|t| g.apply(&TRACE, &[t])).collect();
            return Some(g.sum(&traces));
        }
        if let Some(v) = g.diagonal_of(a) {
            return Some(g.apply(&SUM, &[v]));
        }
        g.args_of(a, &TRANSPOSE).map(|x| x[0]).map(|x| g.apply(&TRACE, &[x]))
    },
    ..Op::BLANK
};
