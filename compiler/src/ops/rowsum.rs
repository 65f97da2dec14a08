//! Sum of every row, `rowsum(A) = A 1`.

use super::build::Build;
use crate::{
    dim::Dim,
    expr::{Fact, Forms, Meaning, Op, Shape},
};

/// `rowsum(A)`.
pub static ROWSUM: Op = Op {
    name: "rowsum",
    signature: "m×n -> m×1",
    meaning: Meaning::Contraction("i|j -> i|"),
    vec_form: &["I(m) ⊗ ones(1, n)"],
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normF: sqrt(n) norm2(A); normmax: norminf(A); norm1: sqrt(m n) normF(A)",
    forms: Forms::call("rowsum", r"\operatorname{rowsum}"),
    shrink: |g, args| {
        let a = args[0];
        if g.shape(a).cols.is_one() {
            return Some(a);
        }
        let shape = Shape::new(g.shape(a).rows.clone(), Dim::constant(1));
        if g.is_zero(a) {
            return Some(g.zeros(&shape));
        }
        if g.facts(a).has(Fact::RowStochastic) {
            return Some(g.ones(&shape));
        }
        let (s, x) = g.as_scaled(a)?;
        let t = g.apply(&ROWSUM, &[x]);
        Some(g.scale(s, t))
    },
    ..Op::BLANK
};
