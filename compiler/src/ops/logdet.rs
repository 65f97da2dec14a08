//! Logarithm of the determinant of a matrix with positive determinant, `logdet(A)`: `d logdet(A) = tr(A^-1 dA)`.
//! Source: Magnus & Neudecker (2019) ch. 8.

use super::{build::Build, log::LOG};
use crate::{
    expr::{DomainError, Forms, Meaning, Op, functions},
    matrix::Matrix,
    number::Number,
    scalar::Scalar,
};

/// `logdet(A)`.
pub static LOGDET: Op = Op {
    name: "logdet",
    signature: "n×n -> 1×1",
    meaning: Meaning::Function(functions!(value)),
    vec_form: &["vec_r(inv(A)')'"],
    curvature: &[(0, 0, "-D (inv(A)' ⊗ inv(A)) K(n, n)")],
    domain: "invertible A",
    bound: "all: norm(Y)",
    forms: Forms::call("logdet", r"\log\det"),
    shrink: |g, args| {
        if g.is_eye(args[0]) {
            return Some(g.constant(Number::ZERO));
        }
        g.is_scalar(args[0]).then(|| g.apply(&LOG, &[args[0]]))
    },
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    let n = a[0].rows;
    let error = |why: &str| DomainError { op: LOGDET.name, message: format!("the determinant of the {n}×{n} matrix is {why}") };
    let pivots = a[0].pivots().ok_or_else(|| error("zero"))?;
    if !T::ORDERED {
        // in a field without order the logarithm is an atom of the determinant itself
        return Ok(Matrix::scalar(pivots.into_iter().fold(T::one(), |d, p| d * p).ln()));
    }
    // the sum of logarithms, since the product of pivots may overflow
    if pivots.iter().filter(|p| p.real() < 0.0).count() % 2 == 1 {
        return Err(error("negative"));
    }
    let magnitude = |p: T| if p.real() < 0.0 { -p } else { p };
    Ok(Matrix::scalar(pivots.into_iter().fold(T::zero(), |s, p| s + magnitude(p).ln())))
}
