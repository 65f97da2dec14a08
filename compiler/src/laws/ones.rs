//! Laws of matrices of ones, of sums of rows, and of matrices whose rows sum to one.

use super::{Group, law};

#[rustfmt::skip]
pub(super) static ONES: Group = Group {
    title: "ones, row sums and projectors",
    source: "each is a sum written out",
    laws: &[
        law("ones-ones",       "m, n, p",                      "ones(m, n) ones(n, p)",          "=>", "n ones(m, p)"),
        law("ones-outer",      "m, n",                         "ones(m, 1) ones(1, n)",          "=>", "ones(m, n)"),
        law("mul-ones",        "A: m×n",                       "A ones(n, 1)",                   "=>", "rowsum(A)"),
        law("ones-mul",        "A: m×n",                       "ones(1, m) A",                   "=>", "colsum(A)"),
        law("mul-ones-wide",   "A: m×n, p",                    "rowsum(A) ones(1, p)",           "=>", "A ones(n, p)"),
        law("rowsum-mul",      "A: m×n, B: n×p",               "rowsum(A B)",                    "=>", "A rowsum(B)"),
        law("rowsum-column",   "u: m, v: 1×n",                 "rowsum(u v)",                    "=>", "sum(v) u"),
        law("rowsum-diag",     "v: n",                         "rowsum(diag(v))",                "=>", "v"),
        law("rowsum-columns",  "u: m, A: m×n",                 "rowsum((u ones(1, n)) ∘ A)",     "=>", "u ∘ rowsum(A)"),
        law("sum-mul",         "u: m, A: m×n, v: n",           "u' A v",                         "=>", "dot(u, A v)"),
        law("sum-rows",        "A: m×n",                       "sum(rowsum(A))",                 "=>", "sum(A)"),
        law("ones-dot",        "A: m×n",                       "dot(ones(m, n), A)",             "=>", "sum(A)"),
        law("center-twice",    "n",                            "(I(n) - ones(n, n) / n) (I(n) - ones(n, n) / n)", "=>", "I(n) - ones(n, n) / n"),
        law("center-ones",     "n, p",                         "(I(n) - ones(n, n) / n) ones(n, p)",              "=>", "zeros(n, p)"),
        law("ones-center",     "n, p",                         "ones(p, n) (I(n) - ones(n, n) / n)",              "=>", "zeros(p, n)"),
        // false: A ones(n, n) = ones(m, m) A.  A = [1 2]: [3 3] and [1 2]
    ],
};

#[rustfmt::skip]
pub(super) static STOCHASTIC: Group = Group {
    title: "matrices whose rows sum to one",
    source: "each is a sum written out; softmax is one of them",
    laws: &[
        law("stochastic-rowsum", "A: m×n rowstochastic",       "rowsum(A)",                      "=>", "ones(m, 1)"),
        law("stochastic-ones",   "A: m×n rowstochastic, p",    "A ones(n, p)",                   "=>", "ones(m, p)"),
        law("ones-stochastic",   "A: m×n rowstochastic, p",    "ones(p, n) A'",                  "=>", "ones(p, m)"),
        law("stochastic-sum",    "A: m×n rowstochastic",       "sum(A)",                         "=>", "m"),
        law("softmax-slope-ones","v: n",                       "(diag(v) - v v') ones(n, 1)",    "=>", "v - sum(v) v"),
        // false: ones(1, m) A = ones(1, n) for rows that sum to one.  A = [1 0; 1 0]: [2 0]
    ],
};
