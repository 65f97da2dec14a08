//! Inverse, `A^-1`: `dY = -Y dA Y`. Source: Lemma 35; Magnus & Neudecker (2019) ch. 8.

use super::build::Build;
use crate::{
    expr::{DomainError, Form, Forms, Meaning, Op, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `A^-1`.
pub static INV: Op = Op {
    name: "inv",
    signature: "n×n -> n×n",
    meaning: Meaning::Function(functions!(value)),
    vec_form: &["-(Y ⊗ Y')"],
    curvature: &[(0, 0, "(Y' D Y' ⊗ Y) K(n, n) + (Y' ⊗ Y D' Y) K(n, n)")],
    facts: "invertible Y; symmetric A -> symmetric Y; posdef A -> posdef Y; orthogonal A -> orthogonal Y; diagonal A -> diagonal Y",
    domain: "invertible A",
    bound: "all: norm(Y)",
    forms: Forms { text: Form::Postfix("^-1"), latex: Form::Postfix("^{-1}"), mathml: Form::Postfix("−1") },
    shrink: |g, args| {
        let a = args[0];
        if g.is_scalar(a) {
            return Some(g.power(a, crate::number::Number::int(-1)));
        }
        if g.is_eye(a) {
            return Some(a);
        }
        if let Some(x) = g.args_of(a, &INV).map(|x| x[0]) {
            return Some(x);
        }
        let (s, x) = g.as_scaled(a)?;
        let (s, x) = (g.power(s, crate::number::Number::int(-1)), g.apply(&INV, &[x]));
        Some(g.scale(s, x))
    },
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    a[0].eliminate()
        .0
        .ok_or_else(|| DomainError { op: INV.name, message: format!("the {}×{} matrix is singular", a[0].rows, a[0].cols) })
}
