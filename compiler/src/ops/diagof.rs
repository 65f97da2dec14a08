//! The diagonal of a square matrix as a column, `diagof(A)`; a left inverse of `diag`. Its Jacobian is `E(n)'`.

use super::{build::Build, transpose::TRANSPOSE};
use crate::{
    dim::Dim,
    expr::{Forms, Meaning, Op, Shape},
};

/// `diagof(A)`.
pub static DIAGOF: Op = Op {
    name: "diagof",
    signature: "n×n -> n×1",
    meaning: Meaning::Contraction("i|i -> i|"),
    vec_form: &["E(n)'"],
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y; posdef A -> positive Y",
    bound: "normmax: normmax(A); normF: normF(A); normmax: norm2(A)",
    forms: Forms::call("diagof", r"\operatorname{diagof}"),
    shrink: |g, args| {
        let a = args[0];
        if g.is_scalar(a) {
            return Some(a);
        }
        let column = Shape::new(g.shape(a).rows.clone(), Dim::constant(1));
        if g.is_zero(a) {
            return Some(g.zeros(&column));
        }
        if g.is_eye(a) || g.is_ones(a) {
            return Some(g.ones(&column));
        }
        if let Some((s, x)) = g.as_scaled(a) {
            let d = g.apply(&DIAGOF, &[x]);
            return Some(g.scale(s, d));
        }
        if let Some(x) = g.args_of(a, &TRANSPOSE).map(|x| x[0]) {
            return Some(g.apply(&DIAGOF, &[x]));
        }
        g.diagonal_of(a)
    },
    ..Op::BLANK
};
