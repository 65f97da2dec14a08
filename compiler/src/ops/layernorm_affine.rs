//! Layer normalization with gain and bias, `layernorm(X, gamma, beta)`: each normalized row times gamma, entry by entry, plus
//! beta.

use crate::expr::{Forms, Meaning, Op};

/// `layernorm(A, B, C)`.
pub static LAYERNORM_AFFINE: Op = Op {
    name: "layernorm_affine",
    signature: "m×n, n×1, n×1 -> m×n",
    meaning: Meaning::Formula("layernorm(A) diag(B) + ones(m, 1) C'"),
    bound: "norm2: sqrt(m n) normmax(B) + sqrt(m) normF(C); normrow: sqrt(n) normmax(B) + normF(C)",
    forms: Forms::call("layernorm", r"\operatorname{LN}"),
    ..Op::BLANK
};
