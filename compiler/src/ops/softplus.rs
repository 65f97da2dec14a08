//! Smooth ramp of every entry, `log(1 + exp(x))`: its derivative is the logistic function. Source: Dugas et al. (2001), NIPS 13.

use crate::{
    expr::{Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `softplus(A)`, entry by entry.
pub static SOFTPLUS: Op = Op {
    name: "softplus",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise {
        value: entries!(value), first: "sigmoid(A)", second: "sigmoid(A) ∘ (ones(m, n) - sigmoid(A))"
    },
    facts: "symmetric A -> symmetric Y; positive Y",
    bound: "normmax: normmax(A) + log(2); normF: normF(A) + sqrt(m n) log(2)",
    // the slope is the logistic function, below 1, and its slope is at most 1/4
    slope: &["1"],
    bend: &[(0, 0, "normmax(D) / 4")],
    forms: Forms::call("softplus", r"\operatorname{softplus}"),
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    // log(1 + e^x) = x + log(1 + e^-x): no overflow on either side
    if T::ORDERED && x.real() > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}
