//! Standard deviation of every row (biased: the mean over n entries), a column. With y the row of `layernorm(A)`, the
//! gradient is `y/n`.

use super::rowwise;
use crate::{
    expr::{DomainError, Forms, Meaning, Op, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `rowstd(A)`.
pub static ROWSTD: Op = Op {
    name: "rowstd",
    signature: "m×n -> m×1",
    meaning: Meaning::Rowwise(functions!(value)),
    vec_form: &["(I(m) ⊗ ones(1, n)) diag(vec_r(layernorm(A))) / n"],
    curvature: &[(
        0,
        0,
        "diag(D ∘ Y.^-1) ⊗ (I(n) - ones(n, n) / n) / n \
         - diag(vec_r(layernorm(A))) (diag(D ∘ Y.^-1) ⊗ ones(n, n)) diag(vec_r(layernorm(A))) / (n n)",
    )],
    facts: "nonnegative Y",
    bound: "normF: normF(A) / sqrt(n); normmax: normrow(A) / sqrt(n); normmax: normmax(A)",
    // J = y' / n with ‖y‖ = √n; the curvature is d / (n s) times a projector
    slope: &["1 / sqrt(n)"],
    bend: &[(0, 0, "normmax(D) normmax(Y.^-1) / n")],
    forms: Forms::call("rowstd", r"\operatorname{rowstd}"),
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    rowwise::map(a[0], 1, |_, row| {
        Ok(vec![if rowwise::is_constant(row) { T::zero() } else { rowwise::rms(&rowwise::centered(row)) }])
    })
}
