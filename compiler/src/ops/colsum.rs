//! Sum of every column, `colsum(A) = 1' A`.

use super::build::Build;
use crate::{
    dim::Dim,
    expr::{Forms, Meaning, Op, Shape},
};

/// `colsum(A)`.
pub static COLSUM: Op = Op {
    name: "colsum",
    signature: "m×n -> 1×n",
    meaning: Meaning::Contraction("i|j -> |j"),
    vec_form: &["ones(1, m) ⊗ I(n)"],
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normF: sqrt(m) norm2(A); normmax: norm1(A)",
    forms: Forms::call("colsum", r"\operatorname{colsum}"),
    shrink: |g, args| {
        let a = args[0];
        if g.shape(a).rows.is_one() {
            return Some(a);
        }
        let shape = Shape::new(Dim::constant(1), g.shape(a).cols.clone());
        if g.is_zero(a) {
            return Some(g.zeros(&shape));
        }
        let (s, x) = g.as_scaled(a)?;
        let t = g.apply(&COLSUM, &[x]);
        Some(g.scale(s, t))
    },
    ..Op::BLANK
};
