//! Direction of a matrix, `unit(A) = A / normF(A)`, and 0 at A = 0. With u the unit vector and r the norm: `J = (I - u u') /
//! r`; the curvature is `-(d u' + u d' - 3c u u' + c I) / r^2` with `c = ⟨u, d⟩`.

use super::{build::Build, kink, sign::SIGN};
use crate::{
    expr::{DomainError, Forms, Meaning, Op, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `unit(A)`.
pub static UNIT: Op = Op {
    name: "unit",
    signature: "m×n -> m×n",
    meaning: Meaning::Function(functions!(value)),
    vec_form: &["(I(m*n) - vec_r(Y) vec_r(Y)') / normF(A)"],
    curvature: &[(
        0,
        0,
        "-(vec_r(D) vec_r(Y)' + vec_r(Y) vec_r(D)' + dot(Y, D) I(m*n) - 3 dot(Y, D) vec_r(Y) vec_r(Y)') / normF(A)^2",
    )],
    facts: "symmetric A -> symmetric Y; positive A -> positive Y; nonnegative A -> nonnegative Y; posdef A -> posdef Y; diagonal A -> diagonal Y",
    bound: "normF: 1",
    forms: Forms::call("unit", r"\operatorname{unit}"),
    kink: Some(kink::zero_matrix),
    shrink: |g, args| {
        let a = args[0];
        if g.is_scalar(a) {
            return Some(g.apply(&SIGN, &[a]));
        }
        if g.is_zero(a) {
            return Some(a);
        }
        let (s, x) = g.as_scaled(a)?;
        let (s, u) = (g.apply(&SIGN, &[s]), g.apply(&UNIT, &[x]));
        Some(g.scale(s, u))
    },
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    let norm = super::normf::norm(a[0]);
    Ok(if norm.is_zero() { a[0].map(|_| T::zero()) } else { a[0].map(|x| x / norm) })
}
