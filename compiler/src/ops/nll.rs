//! Negative log-likelihood of probabilities, `nll(P, Y)`: the mean over rows of `-⟨y, log p⟩`.

use crate::expr::{Forms, Meaning, Op};

/// `nll(A, B)`.
pub static NLL: Op = Op {
    name: "nll",
    signature: "m×n, m×n -> 1×1",
    meaning: Meaning::Formula("-dot(B, log(A)) / m"),
    domain: "positive A",
    bound: "normmax: normF(B) normF(log(A)) / m",
    output: Some(0),
    forms: Forms::call("nll", r"\operatorname{nll}"),
    ..Op::BLANK
};
