//! Laws of the entrywise product and of diagonal matrices.

use super::{Group, law};

#[rustfmt::skip]
pub(super) static HADAMARD: Group = Group {
    title: "entrywise products",
    source: "Horn & Johnson (1991), Topics in Matrix Analysis, ch. 5",
    laws: &[
        law("hadamard-associative", "A: m×n, B: m×n, C: m×n",  "A ∘ (B ∘ C)",                    "=",  "A ∘ B ∘ C"),
        law("hadamard-outer",  "u: m, v: 1×n, w: m, z: 1×n",   "(u v) ∘ (w z)",                  "=>", "(u ∘ w) (v ∘ z)"),
        law("hadamard-eye",    "A: n×n",                       "A ∘ I(n)",                       "=>", "diag(diagof(A))"),
        law("hadamard-square", "A: m×n",                       "A ∘ A",                          "=>", "A.^2"),
        law("hadamard-powers", "A: m×n",                       "A.^2 ∘ A",                       "=>", "A.^3"),
        law("hadamard-inverse","A: m×n positive",               "A ∘ A.^-1",                      "=>", "ones(m, n)"),
        law("hadamard-columns","v: m, A: m×n",                 "(v ones(1, n)) ∘ A",             "=>", "diag(v) A"),
        law("hadamard-rows",   "v: n, A: m×n",                 "(ones(m, 1) v') ∘ A",            "=>", "A diag(v)"),
        law("rowsum-hadamard", "A: m×n, B: m×n",               "rowsum(A ∘ B)",                  "=>", "diagof(A B')"),
        // false: (A ∘ B) C = A C ∘ B C.  A = B = [1 1], C = [1; 1]: 2 and 4
    ],
};

#[rustfmt::skip]
pub(super) static DIAGONAL: Group = Group {
    title: "diagonal matrices",
    source: "Magnus & Neudecker (2019) ch. 3",
    laws: &[
        law("diag-diag",       "u: n, v: n",                   "diag(u) diag(v)",                "=>", "diag(u ∘ v)"),
        law("diag-column",     "u: n, v: n",                   "diag(u) v",                      "=>", "u ∘ v"),
        law("row-diag",        "u: 1×n, v: n",                 "u diag(v)",                      "=>", "u ∘ v'"),
        law("diag-ones",       "v: m, n",                      "diag(v) ones(m, n)",             "=>", "v ones(1, n)"),
        law("ones-diag",       "m, v: n",                      "ones(m, n) diag(v)",             "=>", "ones(m, 1) v'"),
        law("ones-row-diag",   "v: n",                         "ones(1, n) diag(v)",             "=>", "v'"),
        law("diag-ones-diag",  "u: m, v: n",                   "diag(u) ones(m, n) diag(v)",     "=>", "u v'"),
        law("diag-outer",      "u: n, v: n, w: 1×p",           "diag(u) (v w)",                  "=>", "(u ∘ v) w"),
        law("diag-inverse",    "v: n positive",                 "diag(v)^-1",                     "=>", "diag(v.^-1)"),
        law("diag-transpose",  "v: n",                         "diag(v)'",                       "=>", "diag(v)"),
        law("diagof-diag",     "v: n",                         "diagof(diag(v))",                "=>", "v"),
        law("diagof-outer",    "u: n, v: 1×n",                 "diagof(u v)",                    "=>", "u ∘ v'"),
        law("diag-vec-column", "u: m, A: m×n",                 "diag(vec_r(u ones(1, n) ∘ A))",  "=>", "(diag(u) ⊗ I(n)) diag(vec_r(A))"),
        // false: diag(u) A = A diag(u).  u = [1; 2], A = ones(2, 2): rows are scaled on the left, columns on the right
    ],
};
