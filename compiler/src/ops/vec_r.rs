//! Row-wise vectorisation, `vec_r(A)`: rows laid end to end in one column.

use super::{build::Build, mat_r::MAT_R};
use crate::expr::{Forms, Meaning, Op};

/// `vec_r(A)`.
pub static VEC_R: Op = Op {
    name: "vec_r",
    signature: "m×n -> m*n×1",
    meaning: Meaning::Contraction("i|j -> ij|"),
    vec_form: &["I(m*n)"],
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normF: normF(A); normmax: normmax(A)",
    forms: Forms::call("vec_r", r"\operatorname{vec}_r"),
    shrink: |g, args| {
        let a = args[0];
        if g.shape(a).cols.is_one() {
            return Some(a); // a column is its own vec_r
        }
        if g.shape(a).rows.is_one() {
            return Some(g.transpose(a));
        }
        if g.is_zero(a) {
            let n = g.shape(a).len();
            return Some(g.zeros(&crate::expr::Shape::new(n, crate::dim::Dim::constant(1))));
        }
        if let Some((s, x)) = g.as_scaled(a) {
            let v = g.vec_r(x);
            return Some(g.scale(s, v));
        }
        g.args_of(a, &MAT_R).map(|x| x[0])
    },
    ..Op::BLANK
};
