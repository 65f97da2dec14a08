//! Laws of row-wise vectorization.

use super::{Group, law};

#[rustfmt::skip]
pub(super) static VECTORS: Group = Group {
    title: "row-wise vectorization",
    source: "Magnus & Neudecker (2019) ch. 2, turned row-wise",
    laws: &[
        law("vec-product",     "A: m×n, X: n×p, B: q×p",       "(A ⊗ B) vec_r(X)",               "=>", "vec_r(A X B')"),
        law("vec-left",        "A: m×n, X: n×p",               "(A ⊗ I(p)) vec_r(X)",            "=>", "vec_r(A X)"),
        law("vec-right",       "X: m×n, B: p×n",               "(I(m) ⊗ B) vec_r(X)",            "=>", "vec_r(X B')"),
        law("vec-dot",         "A: m×n, B: m×n",               "vec_r(A)' vec_r(B)",             "=>", "dot(A, B)"),
        law("vec-hadamard",    "A: m×n, B: m×n",               "vec_r(A) ∘ vec_r(B)",            "=>", "vec_r(A ∘ B)"),
        law("vec-outer",       "u: m, v: n",                   "vec_r(u v')",                    "=>", "u ⊗ v"),
        law("vec-outer-back",  "u: m, v: 1×n",                 "vec_r(u v)",                     "=>", "u ⊗ v'"),
        law("vec-diag-vec",    "A: m×n, B: m×n",               "diag(vec_r(A)) vec_r(B)",        "=>", "vec_r(A ∘ B)"),
        law("vec-ones",        "m, n",                         "vec_r(ones(m, n))",              "=>", "ones(m*n, 1)"),
        law("vec-sum",         "A: m×n",                       "ones(1, m*n) vec_r(A)",          "=>", "sum(A)"),
        // false: vec_r(A X B) = (B' ⊗ A) vec_r(X).  That stacks columns; with A = [1 2], X = I(2), B = [0 1; 1 0] it gives
        // [1; 2] where the rows of A X B are [2; 1]
    ],
};
