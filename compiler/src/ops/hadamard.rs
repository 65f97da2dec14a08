//! Entrywise product, `A ∘ B`; also written `A .* B`.

use super::build::Build;
use crate::expr::{Expr, Form, Forms, Graph, Meaning, Op};

/// `A ∘ B`.
pub static HADAMARD: Op = Op {
    name: "hadamard",
    signature: "m×n, m×n -> m×n",
    meaning: Meaning::Contraction("i|j, i|j -> i|j"),
    vec_form: &["diag(vec_r(B))", "diag(vec_r(A))"],
    curvature: &[(0, 1, "diag(vec_r(D))")],
    axes: "A B",
    facts: "symmetric A, symmetric B -> symmetric Y; positive A, positive B -> positive Y; \
            nonnegative A, nonnegative B -> nonnegative Y; diagonal A -> diagonal Y; diagonal B -> diagonal Y; \
            posdef A, posdef B -> posdef Y",
    bound: "norm2: norm2(A) norm2(B); norm2: normrow(A) normcol(B); norm2: normcol(A) normrow(B); abs: normmax(A) norm(B); abs: norm(A) normmax(B)",
    stack: &[(0, 1, "1"), (1, 0, "1")],
    forms: Forms { text: Form::Infix("∘", 3), latex: Form::Infix(r"\circ", 3), mathml: Form::Infix("∘", 3) },
    shrink,
    ..Op::BLANK
};

fn shrink(g: &mut Graph, args: &[Expr]) -> Option<Expr> {
    let (a, b) = (args[0], args[1]);
    if g.is_scalar(a) {
        return Some(g.scale(a, b));
    }
    if g.is_zero(a) || g.is_ones(b) {
        return Some(a);
    }
    if g.is_zero(b) || g.is_ones(a) {
        return Some(b);
    }
    if let Some((s, x)) = g.as_scaled(a) {
        let product = g.hadamard(x, b);
        return Some(g.scale(s, product));
    }
    if let Some((s, x)) = g.as_scaled(b) {
        let product = g.hadamard(a, x);
        return Some(g.scale(s, product));
    }
    // A^p ∘ A^q = A^(p+q) for whole powers of one sign
    let ((x, p), (y, q)) = (g.entry_power(a), g.entry_power(b));
    if x == y && p.as_int().zip(q.as_int()).is_some_and(|(p, q)| (p > 0) == (q > 0)) {
        return Some(g.power(x, p + q));
    }
    // commutative: one order
    (b < a).then(|| g.hadamard(b, a))
}
