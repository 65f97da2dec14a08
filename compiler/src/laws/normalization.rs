//! Laws of layer normalization.

use super::{Group, law};

#[rustfmt::skip]
pub(super) static NORMALIZATION: Group = Group {
    title: "layer normalization",
    source: "Ba, Kiros & Hinton (2016), arXiv:1607.06450: rows have mean zero and mean square one",
    laws: &[
        law("layernorm-rowsum",  "X: m×n",     "rowsum(layernorm(X))",                                 "=>", "zeros(m, 1)"),
        law("layernorm-ones",    "X: m×n, p",  "layernorm(X) ones(n, p)",                              "=>", "zeros(m, p)"),
        law("ones-layernorm",    "X: m×n, p",  "ones(p, n) layernorm(X)'",                             "=>", "zeros(p, m)"),
        law("layernorm-sum",     "X: m×n",     "sum(layernorm(X))",                                    "=>", "0"),
        law("layernorm-squares", "X: m×n",     "rowsum(layernorm(X).^2)",                              "=>", "n ones(m, 1)"),
        law("layernorm-norm",    "X: m×n",     "dot(layernorm(X), layernorm(X))",                      "=>", "n m"),
        law("layernorm-center",  "X: m×n",     "layernorm(X) (I(n) - ones(n, n) / n)",                 "=>", "layernorm(X)"),
        law("layernorm-unfold",  "X: m×n",     "diag(rowstd(X)) layernorm(X)",                         "=>", "X - rowsum(X) ones(1, n) / n"),
        law("rmsnorm-unfold",    "X: m×n",     "diag(rowrms(X)) rmsnorm(X)",                           "=>", "X"),
        // false: layernorm(X) = X with rows of mean zero.  X = [2 -2]: [1 -1]
        // false: colsum(layernorm(X)) = zeros(1, n).  X = [2 -2]: [1 -1]
    ],
};
