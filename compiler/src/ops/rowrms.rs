//! Root mean square of every row, a column. With y the row of `rmsnorm(A)`, the gradient is `y/n`.

use super::rowwise;
use crate::{
    expr::{DomainError, Forms, Meaning, Op, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `rowrms(A)`.
pub static ROWRMS: Op = Op {
    name: "rowrms",
    signature: "m×n -> m×1",
    meaning: Meaning::Rowwise(functions!(value)),
    vec_form: &["(I(m) ⊗ ones(1, n)) diag(vec_r(rmsnorm(A))) / n"],
    curvature: &[(
        0,
        0,
        "diag(D ∘ Y.^-1) ⊗ I(n) / n \
         - diag(vec_r(rmsnorm(A))) (diag(D ∘ Y.^-1) ⊗ ones(n, n)) diag(vec_r(rmsnorm(A))) / (n n)",
    )],
    facts: "nonnegative Y; positive A -> positive Y",
    bound: "normF: normF(A) / sqrt(n); normmax: normrow(A) / sqrt(n); normmax: normmax(A)",
    // J = y' / n with ‖y‖ = √n; the curvature is d / (n r) times a projector
    slope: &["1 / sqrt(n)"],
    bend: &[(0, 0, "normmax(D) normmax(Y.^-1) / n")],
    forms: Forms::call("rowrms", r"\operatorname{rowrms}"),
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    rowwise::map(a[0], 1, |_, row| Ok(vec![if rowwise::is_zero(row) { T::zero() } else { rowwise::rms(row) }]))
}
