//! The matrix of `diag`: `vec_r(diag(v)) = E(n) v` for a column v of n entries; `E(n)' vec_r(A) = diagof(A)`.
//! Source: Lemma 36 of the thesis.

use super::build::Build;
use crate::expr::{Form, Forms, Meaning, Op};

/// `E(n)`.
pub static DIAGONAL: Op = Op {
    name: "E",
    signature: "n -> n*n×n",
    meaning: Meaning::Contraction("i -> ii|i"),
    facts: "nonnegative Y",
    bound: "norm2: 1; normF: sqrt(n); norminf: 1; norm1: 1; normmax: 1",
    forms: Forms { text: Form::Call("E"), latex: Form::Template("E_{$A}"), mathml: Form::Call("E") },
    shrink: |g, args| g.as_dim(args[0]).is_some_and(|d| d.is_one()).then(|| g.one()),
    ..Op::BLANK
};
