//! Layer normalization of every row, `(a - mean) / std` (biased variance, no epsilon). With y a row of the result, P the
//! centering `I - 1 1'/n` and s the deviation: `J = (P - y y'/n) / s`; the curvature is `-(q y' + y q' - 3c y y' + n c P) /
//! (n s^2)` with `q = P d`, `c = ⟨y, d⟩/n`.
//! Source: Ba, Kiros & Hinton (2016), arXiv:1607.06450.

use super::rowwise;
use crate::{
    expr::{DomainError, Forms, Meaning, Op, Published, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `layernorm(A)`.
pub static LAYERNORM: Op = Op {
    name: "layernorm",
    signature: "m×n -> m×n",
    meaning: Meaning::Rowwise(functions!(value)),
    vec_form: &["diag(rowstd(A).^-1) ⊗ (I(n) - ones(n, n) / n) \
         - diag(vec_r(Y)) (diag(rowstd(A).^-1) ⊗ ones(n, n)) diag(vec_r(Y)) / n"],
    curvature: &[(
        0,
        0,
        "-diag(vec_r(D - rowsum(D) ones(1, n) / n)) (diag(rowstd(A).^-2) ⊗ ones(n, n)) diag(vec_r(Y)) / n \
         - diag(vec_r(Y)) (diag(rowstd(A).^-2) ⊗ ones(n, n)) diag(vec_r(D - rowsum(D) ones(1, n) / n)) / n \
         + 3 diag(vec_r(Y)) (diag(rowstd(A).^-2 ∘ rowsum(Y ∘ D)) ⊗ ones(n, n)) diag(vec_r(Y)) / (n n) \
         - diag(rowstd(A).^-2 ∘ rowsum(Y ∘ D)) ⊗ (I(n) - ones(n, n) / n) / n",
    )],
    bound: "norm2: sqrt(m n); normrow: sqrt(n)",
    // J is a projector over s. With y = √n u, P d = a u + b z, z ⟂ u: S = -(b (z u' + u z') + a (P - u u')) / (√n s²), of norm
    // (|a| + √(a² + 4b²)) / 2 over √n s², at most 2/√3 √(a² + b²); attained at a = b / √2 for n > 2
    slope: &["normmax(rowstd(A).^-1)"],
    bend: &[(0, 0, "2 / sqrt(3) normrow(D) normmax(rowstd(A).^-1)^2 / sqrt(n)")],
    // √(max(2, n - 2) / n) / s² in truth, and n > 1
    stack: &[(0, 0, "normmax(rowstd(A).^-1)^2")],
    // printed with the least norm of a centered row where the proof has its deviation
    published: &[
        Published { of: "norm2", bound: "sqrt(m n)", source: "Lemma 22", errata: None },
        Published {
            of: "slope 0",
            bound: "normmax(rowstd(A).^-1) + norm2(A)^2 normmax(rowstd(A).^-1)^3 / sqrt(n)",
            source: "Lemma 23, (2.15)",
            errata: Some("L23.2.15 statement"),
        },
        Published {
            of: "bend 0 0",
            bound: "normF(D) ((1 + sqrt(m / n)) norm2(A) normmax(rowstd(A).^-1)^3 \
                + norm2(A)^2 normmax(rowstd(A).^-1)^3 / sqrt(n) + 3 norm2(A)^3 normmax(rowstd(A).^-1)^5 / n)",
            source: "Lemma 23, (2.16)",
            errata: Some("L23.2.16 statement"),
        },
    ],
    forms: Forms::call("layernorm", r"\operatorname{LN}"),
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    rowwise::map(a[0], a[0].cols, |i, row| {
        if rowwise::is_constant(row) {
            let message = format!("row {} has variance zero: all its entries are equal", i + 1);
            return Err(DomainError { op: LAYERNORM.name, message });
        }
        let centered = rowwise::centered(row);
        let std = rowwise::rms(&centered);
        Ok(centered.into_iter().map(|x| x / std).collect())
    })
}
