//! Kronecker product, `A ⊗ B`: entry (ik, jl) is `A[i,j] B[k,l]`. Source: Magnus & Neudecker (2019) ch. 2, turned row-wise.

use super::build::Build;
use crate::expr::{Expr, Form, Forms, Graph, Meaning, Op};

/// `A ⊗ B`.
pub static KRON: Op = Op {
    name: "kron",
    signature: "m×n, p×q -> m*p×n*q",
    meaning: Meaning::Contraction("i|j, k|l -> ik|jl"),
    vec_form: &["(I(m) ⊗ K(p, n) ⊗ I(q)) (I(m*n) ⊗ vec_r(B))", "(I(m) ⊗ K(p, n) ⊗ I(q)) (vec_r(A) ⊗ I(p*q))"],
    curvature: &[(0, 1, "mat_r((I(m) ⊗ K(n, p) ⊗ I(q)) vec_r(D), m*n, p*q)")],
    facts: "symmetric A, symmetric B -> symmetric Y; invertible A, invertible B -> invertible Y; posdef A, posdef B -> posdef Y; \
            orthogonal A, orthogonal B -> orthogonal Y; diagonal A, diagonal B -> diagonal Y; positive A, positive B -> positive Y; \
            nonnegative A, nonnegative B -> nonnegative Y; rowstochastic A, rowstochastic B -> rowstochastic Y",
    bound: "all: norm(A) norm(B)",
    forms: Forms { text: Form::Infix("⊗", 2), latex: Form::Infix(r"\otimes", 2), mathml: Form::Infix("⊗", 2) },
    shrink,
    ..Op::BLANK
};

fn shrink(g: &mut Graph, args: &[Expr]) -> Option<Expr> {
    let (a, b) = (args[0], args[1]);
    if g.is_scalar(a) {
        return Some(g.scale(a, b));
    }
    if g.is_scalar(b) {
        return Some(g.scale(b, a));
    }
    if g.is_zero(a) || g.is_zero(b) {
        let (s, t) = (g.shape(a).clone(), g.shape(b).clone());
        return Some(g.zeros(&crate::expr::Shape::new(&s.rows * &t.rows, &s.cols * &t.cols)));
    }
    if g.is_eye(a) && g.is_eye(b) {
        let n = &g.shape(a).rows.clone() * &g.shape(b).rows.clone();
        return Some(g.eye(&n));
    }
    if let Some((s, x)) = g.as_scaled(a) {
        let product = g.kron(x, b);
        return Some(g.scale(s, product));
    }
    if let Some((s, x)) = g.as_scaled(b) {
        let product = g.kron(a, x);
        return Some(g.scale(s, product));
    }
    None
}
