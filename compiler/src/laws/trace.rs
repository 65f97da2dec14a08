//! Laws of the trace and the inner product.

use super::{Group, law};

#[rustfmt::skip]
pub(super) static TRACE: Group = Group {
    title: "traces and inner products",
    source: "Magnus & Neudecker (2019) ch. 1",
    laws: &[
        law("trace-cyclic",    "A: m×n, B: n×m",               "tr(A B)",                        "=",  "tr(B A)"),
        law("trace-dot",       "A: m×n, B: m×n",               "tr(A' B)",                       "=>", "dot(A, B)"),
        law("trace-dot-back",  "A: m×n, B: m×n",               "tr(A B')",                       "=>", "dot(A, B)"),
        law("trace-mul-dot",   "A: m×n, B: n×m",               "tr(A B)",                        "=>", "dot(A', B)"),
        law("trace-outer",     "u: n, v: n",                   "tr(u v')",                       "=>", "dot(u, v)"),
        law("trace-kron",      "A: m×m, B: n×n",               "tr(A ⊗ B)",                      "=>", "tr(A) tr(B)"),
        law("dot-transpose",   "A: m×n, B: m×n",               "dot(A', B')",                    "=>", "dot(A, B)"),
        law("dot-move-left",   "A: m×n, B: m×p, C: p×n",       "dot(A, B C)",                    "=",  "dot(B' A, C)"),
        law("dot-move-right",  "A: m×n, B: m×p, C: p×n",       "dot(A, B C)",                    "=",  "dot(A C', B)"),
        law("dot-hadamard",    "A: m×n, B: m×n, C: m×n",       "dot(A ∘ B, C)",                  "=",  "dot(B, A ∘ C)"),
        law("dot-eye",         "A: n×n",                       "dot(I(n), A)",                   "=>", "tr(A)"),
        law("row-column",      "u: n, v: n",                   "u' v",                           "=>", "dot(u, v)"),
        law("frobenius",       "A: m×n",                       "normF(A)^2",                     "=>", "dot(A, A)"),
        // false: tr(A B C) = tr(A C B).  A = [0 1; 0 0], B = [0 0; 1 0], C = diag(1, 0): 1 and 0
    ],
};
