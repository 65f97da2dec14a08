//! Laws of the inverse.

use super::{Group, law};

#[rustfmt::skip]
pub(super) static INVERSE: Group = Group {
    title: "inverses",
    source: "Magnus & Neudecker (2019) ch. 1; Woodbury (1950) for the last",
    laws: &[
        law("inv-left",        "A: n×n invertible",                            "A^-1 A",            "=>", "I(n)"),
        law("inv-right",       "A: n×n invertible",                            "A A^-1",            "=>", "I(n)"),
        law("inv-twice",       "A: n×n invertible",                            "(A^-1)^-1",         "=>", "A"),
        law("inv-mul",         "A: n×n invertible, B: n×n invertible",         "(A B)^-1",          "=",  "B^-1 A^-1"),
        law("inv-transpose",   "A: n×n invertible",                            "(A')^-1",           "=>", "(A^-1)'"),
        law("inv-kron",        "A: m×m invertible, B: n×n invertible",         "(A ⊗ B)^-1",        "=",  "A^-1 ⊗ B^-1"),
        law("inv-orthogonal",  "Q: n×n orthogonal",                            "Q^-1",              "=>", "Q'"),
        law("adjugate-left",   "A: n×n",                                       "adj(A) A",          "=>", "det(A) I(n)"),
        law("adjugate-right",  "A: n×n",                                       "A adj(A)",          "=>", "det(A) I(n)"),
        law("adjugate",        "A: n×n invertible",                            "adj(A)",            "=",  "det(A) A^-1"),
        law("push-through",    "A: m×n, B: n×m",                               "A (I(n) + B A)",    "=",  "(I(m) + A B) A"),
        // false: (A + B)^-1 = A^-1 + B^-1.  A = B = 1: 1/2 and 2
    ],
};
