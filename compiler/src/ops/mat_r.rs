//! The inverse of `vec_r`: `mat_r(v, m, n)` is the m×n matrix whose rows, end to end, are v.

use super::{build::Build, vec_r::VEC_R};
use crate::expr::{Expr, Forms, Meaning, Op};

/// `mat_r(v, m, n)`.
pub static MAT_R: Op = Op {
    name: "mat_r",
    signature: "m*n×1, m, n -> m×n",
    meaning: Meaning::Contraction("ij|, i, j -> i|j"),
    vec_form: &["I(m*n)"],
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normF: normF(A); normmax: normmax(A)",
    forms: Forms::call("mat_r", r"\operatorname{mat}_r"),
    shrink: |g, args| {
        let v = args[0];
        let (m, n) = (g.as_dim(args[1])?.clone(), g.as_dim(args[2])?.clone());
        let shape = crate::expr::Shape::new(m, n);
        if shape.cols.is_one() {
            return Some(v);
        }
        if shape.rows.is_one() {
            return Some(g.transpose(v));
        }
        if g.is_zero(v) {
            return Some(g.zeros(&shape));
        }
        if let Some(x) = g.args_of(v, &VEC_R).map(|x| x[0])
            && *g.shape(x) == shape
        {
            return Some(x);
        }
        if let Some((s, x)) = g.as_scaled(v) {
            let x = g.mat_r(x, &shape);
            return Some(g.scale(s, x));
        }
        let terms = g.terms(v)?;
        let parts: Vec<Expr> = terms.into_iter().map(|t| g.mat_r(t, &shape)).collect();
        Some(g.sum(&parts))
    },
    ..Op::BLANK
};
