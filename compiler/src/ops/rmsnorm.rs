//! Root-mean-square normalization of every row, `a / rms(a)` (no epsilon). With y a row of the result and r the root mean
//! square: `J = (I - y y'/n) / r`; the curvature is `-(d y' + y d' - 3c y y' + n c I) / (n r^2)` with `c = ⟨y, d⟩/n`.
//! Source: Zhang & Sennrich (2019), NeurIPS 32.

use super::rowwise;
use crate::{
    expr::{DomainError, Forms, Meaning, Op, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `rmsnorm(A)`.
pub static RMSNORM: Op = Op {
    name: "rmsnorm",
    signature: "m×n -> m×n",
    meaning: Meaning::Rowwise(functions!(value)),
    vec_form: &["diag(rowrms(A).^-1) ⊗ I(n) - diag(vec_r(Y)) (diag(rowrms(A).^-1) ⊗ ones(n, n)) diag(vec_r(Y)) / n"],
    curvature: &[(
        0,
        0,
        "-diag(vec_r(D)) (diag(rowrms(A).^-2) ⊗ ones(n, n)) diag(vec_r(Y)) / n \
         - diag(vec_r(Y)) (diag(rowrms(A).^-2) ⊗ ones(n, n)) diag(vec_r(D)) / n \
         + 3 diag(vec_r(Y)) (diag(rowrms(A).^-2 ∘ rowsum(Y ∘ D)) ⊗ ones(n, n)) diag(vec_r(Y)) / (n n) \
         - diag(rowrms(A).^-2 ∘ rowsum(Y ∘ D)) ⊗ I(n) / n",
    )],
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "norm2: sqrt(m n); normrow: sqrt(n)",
    // as for `layernorm`, with I in the place of P
    slope: &["normmax(rowrms(A).^-1)"],
    bend: &[(0, 0, "2 / sqrt(3) normrow(D) normmax(rowrms(A).^-1)^2 / sqrt(n)")],
    forms: Forms::call("rmsnorm", r"\operatorname{RMSNorm}"),
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    rowwise::map(a[0], a[0].cols, |i, row| {
        if rowwise::is_zero(row) {
            return Err(DomainError { op: RMSNORM.name, message: format!("row {} is zero", i + 1) });
        }
        let rms = rowwise::rms(row);
        Ok(row.iter().map(|&x| x / rms).collect())
    })
}
