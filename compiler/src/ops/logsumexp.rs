//! Logarithm of the sum of exponentials of every row, a column; its gradient is the softmax. Exact for entries of any size,
//! since the row maximum is taken out first.

use super::rowwise;
use crate::{
    expr::{DomainError, Forms, Meaning, Op, Published, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `logsumexp(A)`.
pub static LOGSUMEXP: Op = Op {
    name: "logsumexp",
    signature: "m×n -> m×1",
    meaning: Meaning::Rowwise(functions!(value)),
    vec_form: &["(I(m) ⊗ ones(1, n)) diag(vec_r(softmax(A)))"],
    curvature: &[(
        0,
        0,
        "diag(vec_r((D ones(1, n)) ∘ softmax(A))) \
         - diag(vec_r(softmax(A))) (diag(D) ⊗ ones(n, n)) diag(vec_r(softmax(A)))",
    )],
    bound: "normmax: normmax(A) + log(n)",
    // J is a row of probabilities, ‖p‖ ≤ 1; the curvature is d (diag(p) - p p'), of norm ≤ |d|/2 as for softmax
    slope: &["1"],
    bend: &[(0, 0, "normmax(D) / 2")],
    published: &[Published {
        of: "bend 0 0",
        bound: "sqrt(2) normmax(D)",
        source: "Theorem 8, of which the product of norms starts a layer too early: see T8 in ERRATA.md",
        errata: None,
    }],
    forms: Forms::call("logsumexp", r"\operatorname{logsumexp}"),
    shrink: |g, args| g.shape(args[0]).cols.is_one().then(|| args[0]),
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    rowwise::map(a[0], 1, |_, row| {
        let shift = rowwise::maximum(row);
        let exps: Vec<T> = row.iter().map(|&x| (x - shift).exp()).collect();
        Ok(vec![shift + rowwise::sum(&exps).ln()])
    })
}
