//! Inner product, `dot(A, B)` = tr(A' B): the sum of the entries of `A ∘ B`.

use super::build::Build;
use crate::expr::{Forms, Meaning, Op};

/// `dot(A, B)`.
pub static DOT: Op = Op {
    name: "dot",
    signature: "m×n, m×n -> 1×1",
    meaning: Meaning::Contraction("i|j, i|j -> |"),
    vec_form: &["vec_r(B)'", "vec_r(A)'"],
    curvature: &[(0, 1, "D I(m*n)")],
    facts: "positive A, positive B -> positive Y; nonnegative A, nonnegative B -> nonnegative Y",
    bound: "normmax: normF(A) normF(B)",
    forms: Forms::call("dot", r"\operatorname{dot}"),
    shrink: |g, args| {
        let (a, b) = (args[0], args[1]);
        if g.is_scalar(a) {
            return Some(g.scale(a, b));
        }
        if g.is_zero(a) || g.is_zero(b) {
            return Some(g.constant(crate::number::Number::ZERO));
        }
        for (x, y) in [(a, b), (b, a)] {
            if let Some((s, x)) = g.as_scaled(x) {
                let d = g.dot(x, y);
                return Some(g.scale(s, d));
            }
        }
        (b < a).then(|| g.dot(b, a))
    },
    ..Op::BLANK
};
