//! Softmax of every row, `exp(a) / sum(exp(a))`. With y a row of the result: `J = diag(y) - y y'`; the curvature is `diag(g)
//! - g y' - y g'` with `g = y ∘ (d - ⟨y, d⟩)`.

use super::{build::Build, rowwise};
use crate::{
    expr::{DomainError, Forms, Meaning, Op, Published, functions},
    matrix::Matrix,
    number::Number,
    scalar::Scalar,
};

/// `softmax(A)`.
pub static SOFTMAX: Op = Op {
    name: "softmax",
    signature: "m×n -> m×n",
    meaning: Meaning::Rowwise(functions!(value)),
    vec_form: &["diag(vec_r(Y)) - diag(vec_r(Y)) (I(m) ⊗ ones(n, n)) diag(vec_r(Y))"],
    curvature: &[(
        0,
        0,
        "diag(vec_r(Y ∘ (D - rowsum(Y ∘ D) ones(1, n)))) \
         - diag(vec_r(Y ∘ (D - rowsum(Y ∘ D) ones(1, n)))) (I(m) ⊗ ones(n, n)) diag(vec_r(Y)) \
         - diag(vec_r(Y)) (I(m) ⊗ ones(n, n)) diag(vec_r(Y ∘ (D - rowsum(Y ∘ D) ones(1, n))))",
    )],
    facts: "positive Y; rowstochastic Y",
    bound: "norm2: sqrt(m); norminf: 1; normrow: 1; normmax: 1",
    // ‖diag(p) - p p'‖ ≤ 2 p_i (1 - p_i) ≤ 1/2 by Gershgorin, attained at p = (1/2, 1/2, 0, …).
    // ⟨u, S u⟩ is the covariance of d and w = (u - E u)² under p, linear in d: largest at d = 1 on some classes of probability q, and 0
    // on the rest, times the spread of d. Then it is q (1 - q) (E[w|1] - E[w|0]) ≤ q (1 - q) (V + c (a - b)²), c = 1 - 2q, with V and
    // a the variance and the mean of u on the classes of d = 1, and one other class where u = b, being convex in those. For c ≤ 0 it
    // is at most V / 4 ≤ 1/8. Else p is best on two of the classes, linear for given a: with t = λ (1 - λ) the form in u is
    // t w w' + c v v' of |w|² = 2, |v|² = 2 - 2t, (w·v)² = 1 - 4t. Its largest eigenvalue is at most 2c for c ≥ 1/4, as
    // (2c - 2t) 2ct ≥ tc (1 - 4t), and 1/2 below. So all is at most 2 q (1 - q) (1 - 2q) ≤ 1 / (3√3) for ‖u‖ = 1, which two classes attain.
    slope: &["1/2"],
    bend: &[(0, 0, "spread(D) / (3 sqrt(3))")],
    // of one row, with S = diag(y) - y y', the square is the largest eigenvalue of (1 + 2 y y') S² - 4 S³ - 2 S y y' S, which is at
    // most 3 λ² - 6 λ³ ≤ 1/9 at an eigenvalue λ of S
    stack: &[(0, 0, "1/3")],
    published: &[
        Published { of: "norm2", bound: "sqrt(m n)", source: "Theorem 17", errata: None },
        Published { of: "slope 0", bound: "1/2", source: "Theorem 17", errata: Some("T17.bound.dAdT") },
        Published { of: "bend 0 0", bound: "6 normF(D)", source: "Theorem 17", errata: None },
    ],
    forms: Forms::call("softmax", r"\operatorname{softmax}"),
    shrink: |g, args| {
        let s = g.shape(args[0]).clone();
        if s.cols.is_one() {
            return Some(g.ones(&s));
        }
        g.is_zero(args[0]).then(|| {
            let (n, ones) = (g.size(&s.cols), g.ones(&s));
            let share = g.power(n, Number::int(-1));
            g.scale(share, ones)
        })
    },
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    rowwise::map(a[0], a[0].cols, |_, row| {
        let shift = rowwise::maximum(row);
        let exps: Vec<T> = row.iter().map(|&x| (x - shift).exp()).collect();
        let sum = rowwise::sum(&exps);
        Ok(exps.into_iter().map(|e| e / sum).collect())
    })
}
