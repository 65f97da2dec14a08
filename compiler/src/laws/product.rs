//! Laws of the matrix product and the transpose.

use super::{Group, law};

#[rustfmt::skip]
pub(super) static PRODUCT: Group = Group {
    title: "products and transposes",
    source: "Magnus & Neudecker (2019) ch. 1",
    laws: &[
        law("mul-associative", "A: m×n, B: n×p, C: p×q",      "A (B C)",             "=",  "A B C"),
        law("transpose-mul",   "A: m×n, B: n×p",              "B' A'",               "=>", "(A B)'"),
        law("transpose-kron",  "A: m×n, B: p×q",              "A' ⊗ B'",             "=>", "(A ⊗ B)'"),
        law("transpose-twice", "A: m×n",                      "A''",                 "=>", "A"),
        law("scales-mul",      "A: m×n, B: n×p, s: 1×1",      "s^-2 (A B)",          "=>", "(s^-1 A) (s^-1 B)"),
        law("scale-left",      "A: m×n, B: n×p, s: 1×1",      "s (A B)",             "=>", "(s A) B"),
        law("scale-right",     "A: m×n, B: n×p, s: 1×1",      "s (A B)",             "=>", "A (s B)"),
        law("scale-transpose", "A: m×n, s: 1×1",              "s A'",                "=>", "(s A)'"),
        law("scale-diag",      "v: n, s: 1×1",                "s diag(v)",           "=>", "diag(s v)"),
        law("orthogonal-left", "Q: n×n orthogonal",           "Q' Q",                "=>", "I(n)"),
        law("orthogonal-right","Q: n×n orthogonal",           "Q Q'",                "=>", "I(n)"),
        // false: A B = B A.  A = [0 1; 0 0], B = [0 0; 1 0]: A B = diag(1, 0), B A = diag(0, 1)
        // false: A B = A C gives B = C.  A = [1 0], B = [1; 2], C = [1; 3]
    ],
};
