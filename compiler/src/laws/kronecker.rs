//! Laws of the Kronecker product and of the commutation matrix, in the row-wise convention.

use super::{Group, law};

#[rustfmt::skip]
pub(super) static KRONECKER: Group = Group {
    title: "Kronecker products",
    source: "Van Loan (2000), J. Comput. Appl. Math. 123; Magnus & Neudecker (2019) ch. 2",
    laws: &[
        law("kron-associative", "A: m×n, B: p×q, C: r×s",              "A ⊗ (B ⊗ C)",                   "=",  "A ⊗ B ⊗ C"),
        law("mixed-product",    "A: m×n, B: p×q, C: n×r, D: q×s",      "(A ⊗ B) (C ⊗ D)",               "=>", "A C ⊗ B D"),
        law("kron-eye",         "m, n",                                "I(m) ⊗ I(n)",                   "=>", "I(m*n)"),
        law("kron-split",       "A: m×n, B: p×q",                      "(A ⊗ I(p)) (I(n) ⊗ B)",         "=>", "A ⊗ B"),
        law("kron-split-back",  "A: m×n, B: p×q",                      "(I(m) ⊗ B) (A ⊗ I(q))",         "=>", "A ⊗ B"),
        law("kron-column",      "A: m×n, v: p, C: n×q",                "(A ⊗ v) C",                     "=>", "A C ⊗ v"),
        law("kron-column-left", "u: p, A: m×n, C: n×q",                "(u ⊗ A) C",                     "=>", "u ⊗ A C"),
        law("kron-row",         "A: m×n, v: 1×p, C: q×m",              "C (A ⊗ v)",                     "=>", "C A ⊗ v"),
        law("kron-row-left",    "u: 1×p, A: m×n, C: q×m",              "C (u ⊗ A)",                     "=>", "u ⊗ C A"),
        law("kron-outer",       "u: m, v: 1×n",                        "u ⊗ v",                         "=>", "u v"),
        law("kron-outer-back",  "u: 1×m, v: n",                        "u ⊗ v",                         "=>", "v u"),
        law("kron-ones",        "m, n, p, q",                          "ones(m, n) ⊗ ones(p, q)",       "=>",  "ones(m*p, n*q)"),
        law("kron-diag",        "u: m, v: n",                          "diag(u) ⊗ diag(v)",             "=>", "diag(u ⊗ v)"),
        law("kron-eye-diag",    "m, v: n",                             "diag(ones(m, 1) ⊗ v)",          "=>", "I(m) ⊗ diag(v)"),
        law("kron-diag-eye",    "u: m, n",                             "diag(u ⊗ ones(n, 1))",          "=>", "diag(u) ⊗ I(n)"),
        law("kron-hadamard",    "A: m×n, B: p×q, C: m×n, D: p×q",      "(A ⊗ B) ∘ (C ⊗ D)",             "=>", "(A ∘ C) ⊗ (B ∘ D)"),
        // false: A ⊗ B = B ⊗ A.  A = [1 2], B = [1; 3] agree, but A = I(2), B = diag(1, 2) give diag(1, 2, 1, 2) and diag(1, 1, 2, 2)
        // false: (A ⊗ B) C = A C ⊗ B C, even where it fits in shape.  A = B = 1, C = 2: 2 and 4
    ],
};

#[rustfmt::skip]
pub(super) static COMMUTATION: Group = Group {
    title: "commutation matrices, K(m, n) vec(A) = vec(A') for A: m×n",
    source: "Magnus & Neudecker (1979), Ann. Statist. 7; turned row-wise",
    laws: &[
        law("commute-twice",    "m, n",                                "K(m, n) K(n, m)",               "=>", "I(m*n)"),
        law("commute-kron",     "A: m×n, B: p×q",                      "K(p, m) (A ⊗ B)",               "=",  "(B ⊗ A) K(q, n)"),
        law("commute-kron-both","A: m×n, B: p×q",                      "K(p, m) (A ⊗ B) K(n, q)",       "=>", "B ⊗ A"),
        law("commute-column",   "A: m×n, b: p",                        "K(p, m) (A ⊗ b)",               "=>", "b ⊗ A"),
        law("commute-column-back","A: m×n, b: p",                      "K(m, p) (b ⊗ A)",               "=>", "A ⊗ b"),
        law("commute-row",      "A: m×n, b: 1×q",                      "(A ⊗ b) K(n, q)",               "=>", "b ⊗ A"),
        law("commute-row-back", "A: m×n, b: 1×q",                      "(b ⊗ A) K(q, n)",               "=>", "A ⊗ b"),
        law("commute-vec",      "X: m×n",                              "K(n, m) vec_r(X)",              "=>", "vec_r(X')"),
        law("commute-diag",     "A: m×n",                              "K(n, m) diag(vec_r(A)) K(m, n)","=>", "diag(vec_r(A'))"),
        // false: K(m, p) (B ⊗ A) = (A ⊗ B) K(n, q) for A: m×n, B: p×q.  It fits in shape; with A = [1; 2], B = I(2) the two
        // sides differ already in the second row
    ],
};
