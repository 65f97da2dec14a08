//! Laws of determinants and of entrywise functions.

use super::{Group, law};

#[rustfmt::skip]
pub(super) static FUNCTIONS: Group = Group {
    title: "determinants and entrywise functions",
    source: "Magnus & Neudecker (2019) ch. 1; DLMF 4",
    laws: &[
        law("det-mul",         "A: n×n, B: n×n",                         "det(A B)",             "=",  "det(A) det(B)"),
        law("det-transpose",   "A: n×n",                                 "det(A')",              "=>", "det(A)"),
        law("det-inverse",     "A: n×n invertible",                      "det(A^-1)",            "=>", "det(A)^-1"),
        law("square-root",     "A: m×n positive",                        "A.^0.5 ∘ A.^0.5",  "=>", "A"),
        law("exp-sum",         "A: m×n, B: m×n",                         "exp(A) ∘ exp(B)",      "=>", "exp(A + B)"),
        law("log-exp",         "A: m×n",                                 "log(exp(A))",          "=>", "A"),
        law("sigmoid-odd",     "A: m×n",                                 "sigmoid(-A)",          "=>", "ones(m, n) - sigmoid(A)"),
        law("tanh-odd",        "A: m×n",                                 "tanh(-A)",             "=>", "-tanh(A)"),
        law("relu-step",       "A: m×n",                                 "step(A) ∘ A",          "=>", "relu(A)"),
        law("step-step",       "A: m×n",                                 "step(A) ∘ step(A)",    "=>", "step(A)"),
        law("pythagoras",      "A: m×n",                                 "sin(A).^2 + cos(A).^2","=>", "ones(m, n)"),
        // false: sqrt(A ∘ A) = A.  A = -1: 1 and -1
        // false: log(A ∘ B) = log(A) + log(B) without knowing that both are positive.  A = B = -1: 0 on the left only
    ],
};
