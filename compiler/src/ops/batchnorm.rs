//! Batch normalization of every column over the rows, which are the batch, `batchnorm(X)`: as layer normalization (biased
//! variance, no epsilon), but of columns. Source: Ioffe & Szegedy (2015), arXiv:1502.03167.

use crate::expr::{Forms, Meaning, Op};

/// `batchnorm(A)`.
pub static BATCHNORM: Op = Op {
    name: "batchnorm",
    signature: "m×n -> m×n",
    meaning: Meaning::Formula("layernorm(A')'"),
    bound: "norm2: sqrt(m n); normcol: sqrt(m)",
    forms: Forms::call("batchnorm", r"\operatorname{BN}"),
    ..Op::BLANK
};
