//! Laws of block matrices.

use super::{Group, law};

#[rustfmt::skip]
pub(super) static BLOCKS: Group = Group {
    title: "block matrices",
    source: "Horn & Johnson (2013), Matrix Analysis, 0.7",
    laws: &[
        law("row-of-blocks",   "A: m×n, B: m×p, C: n×q, D: p×q", "hcat(A, B) vcat(C, D)",        "=>", "A C + B D"),
        law("mul-hcat",        "A: m×n, B: n×p, C: n×q",       "A hcat(B, C)",                   "=>", "hcat(A B, A C)"),
        law("vcat-mul",        "A: m×n, B: p×n, C: n×q",       "vcat(A, B) C",                   "=>", "vcat(A C, B C)"),
        law("column-of-blocks","A: m×n, B: p×n, C: n×q, D: n×r", "vcat(A, B) hcat(C, D)",        "=>", "vcat(hcat(A C, A D), hcat(B C, B D))"),
        law("transpose-hcat",  "A: m×n, B: m×p",               "hcat(A, B)'",                    "=>", "vcat(A', B')"),
        law("transpose-vcat",  "A: m×n, B: p×n",               "vcat(A, B)'",                    "=>", "hcat(A', B')"),
        law("blockdiag-mul",   "A: m×n, B: p×q, C: n×r, D: q×s", "blockdiag(A, B) blockdiag(C, D)", "=>", "blockdiag(A C, B D)"),
        law("blockdiag-vcat",  "A: m×n, B: p×q, C: n×r, D: q×r", "blockdiag(A, B) vcat(C, D)",   "=>", "vcat(A C, B D)"),
        // false: det of [A B; C D] = det(A) det(D) - det(B) det(C).  A = D = diag(1, 0), B = C = diag(0, 1): the matrix is a
        // permutation of determinant 1 or -1; the right side is 0
    ],
};
