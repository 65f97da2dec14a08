//! Logistic function of every entry, `1 / (1 + exp(-x))`: `s' = s (1 - s)`.

use super::build::Build;
use crate::{
    expr::{Forms, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `sigmoid(A)`, entry by entry.
pub static SIGMOID: Op = Op {
    name: "sigmoid",
    signature: "m×n -> m×n",
    meaning: Meaning::Entrywise {
        value: entries!(value),
        first: "Y ∘ (ones(m, n) - Y)",
        second: "Y ∘ (ones(m, n) - Y) ∘ (ones(m, n) - 2 Y)",
    },
    facts: "symmetric A -> symmetric Y; positive Y",
    bound: "normmax: 1",
    // s' = s (1 - s) ≤ 1/4; s'' = s (1 - s) (1 - 2 s) is largest at s = 1/2 ± √3/6
    slope: &["1/4"],
    bend: &[(0, 0, "sqrt(3) / 18 normmax(D)")],
    forms: Forms::call("sigmoid", r"\sigma"),
    shrink: |g, args| {
        g.is_zero(args[0]).then(|| {
            let (s, half) = (g.shape(args[0]).clone(), g.constant(Number::ratio(1, 2)));
            let ones = g.ones(&s);
            g.scale(half, ones)
        })
    },
    ..Op::BLANK
};

pub(super) fn value<T: Scalar>(x: T, _: &[Number]) -> T {
    // the exponential of a number that is not above zero cannot overflow
    if T::ORDERED && x.real() > 0.0 {
        return T::one() / (T::one() + (-x).exp());
    }
    let e = x.exp();
    e / (T::one() + e)
}
