//! Frobenius norm, `normF(A)`: its gradient is `A / normF(A)`, taken as 0 at A = 0.

use super::{abs::ABS, build::Build, kink};
use crate::{
    expr::{DomainError, Form, Forms, Meaning, Op, functions},
    matrix::Matrix,
    number::Number,
    scalar::Scalar,
};

/// `normF(A)`.
pub static NORMF: Op = Op {
    name: "normF",
    signature: "m×n -> 1×1",
    meaning: Meaning::Function(functions!(value)),
    vec_form: &["vec_r(unit(A))'"],
    curvature: &[(0, 0, "D / normF(A) (I(m*n) - vec_r(unit(A)) vec_r(unit(A))')")],
    facts: "nonnegative Y; positive A -> positive Y; invertible A -> positive Y",
    bound: "normmax: normF(A)",
    // the gradient is A / ‖A‖; the curvature is a projector over ‖A‖
    slope: &["1"],
    bend: &[(0, 0, "normmax(D) normmax(Y.^-1)")],
    forms: Forms {
        text: Form::Call("normF"), latex: Form::Fence(r"\lVert ", r" \rVert_{F}"), mathml: Form::Fence("‖", "‖_F")
    },
    kink: Some(kink::zero_matrix),
    shrink: |g, args| {
        let a = args[0];
        if g.is_scalar(a) {
            return Some(g.apply(&ABS, &[a]));
        }
        if g.is_zero(a) {
            return Some(g.constant(Number::ZERO));
        }
        let (s, x) = g.as_scaled(a)?;
        let (s, r) = (g.apply(&ABS, &[s]), g.apply(&NORMF, &[x]));
        Some(g.scale(s, r))
    },
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    Ok(Matrix::scalar(norm(a[0])))
}

/// The root of the sum of squares; of zero it is zero with all its derivatives.
pub(super) fn norm<T: Scalar>(a: &Matrix<T>) -> T {
    let size = a.data.iter().fold(0.0, |m: f64, x| m.max(x.real().abs()));
    if T::ORDERED && size == 0.0 {
        return T::zero();
    }
    // scaled, so that no square overflows or vanishes
    let unit = if T::ORDERED && size.is_finite() { T::number(Number::Float(size)) } else { T::one() };
    unit * a.data.iter().fold(T::zero(), |s, &x| s + (x / unit) * (x / unit)).sqrt()
}
