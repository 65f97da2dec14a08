//! `diag(v)`: the diagonal matrix with the entries of the column v. Its Jacobian is the thesis' `E_n` (Lemma 36).

use super::build::Build;
use crate::expr::{Forms, Meaning, Op};

/// `diag(v)`.
pub static DIAG: Op = Op {
    name: "diag",
    signature: "n×1 -> n×n",
    meaning: Meaning::Contraction("i| -> i|i"),
    vec_form: &["E(n)"],
    facts: "diagonal Y; nonnegative A -> nonnegative Y",
    bound: "norm2: normmax(A); normF: normF(A); norminf: normmax(A); norm1: normmax(A); normmax: normmax(A)",
    forms: Forms::call("diag", r"\operatorname{diag}"),
    shrink: |g, args| {
        let v = args[0];
        if g.is_scalar(v) {
            return Some(v);
        }
        let n = g.shape(v).rows.clone();
        if g.is_zero(v) {
            return Some(g.zeros(&crate::expr::Shape::new(n.clone(), n)));
        }
        if g.is_ones(v) {
            return Some(g.eye(&n));
        }
        let (s, x) = g.as_scaled(v)?;
        let d = g.diag(x);
        Some(g.scale(s, d))
    },
    ..Op::BLANK
};
