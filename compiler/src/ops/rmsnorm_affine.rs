//! Root-mean-square normalization with gain, `rmsnorm(X, gamma)`: each normalized row times gamma, entry by entry.

use crate::expr::{Forms, Meaning, Op};

/// `rmsnorm(A, B)`.
pub static RMSNORM_AFFINE: Op = Op {
    name: "rmsnorm_affine",
    signature: "m×n, n×1 -> m×n",
    meaning: Meaning::Formula("rmsnorm(A) diag(B)"),
    bound: "norm2: sqrt(m n) normmax(B); normrow: sqrt(n) normmax(B)",
    forms: Forms::call("rmsnorm", r"\operatorname{RMSNorm}"),
    ..Op::BLANK
};
