//! Softmax cross-entropy from logits, `cross_entropy(Z, Y)`: the mean over rows of `-⟨y, log softmax(z)⟩`, through the
//! log-sum-exp, so that logits of any size are exact.

use crate::expr::{Forms, Meaning, Op};

/// `cross_entropy(A, B)`.
pub static CROSS_ENTROPY: Op = Op {
    name: "cross_entropy",
    signature: "m×n, m×n -> 1×1",
    meaning: Meaning::Formula("(dot(rowsum(B), logsumexp(A)) - dot(B, A)) / m"),
    facts: "nonnegative B -> nonnegative Y",
    bound: "normmax: normF(B) sqrt(m n) (2 normmax(A) + log(n)) / m",
    output: Some(0),
    forms: Forms::call("cross_entropy", r"\operatorname{CE}"),
    ..Op::BLANK
};
