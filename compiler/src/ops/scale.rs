//! Multiple, `s A` of a matrix by a scalar, and the product of scalars; chains are sorted, numbers and powers collected.

use super::build::{Build, monomial};
use crate::expr::{Form, Forms, Meaning, Op};

/// `s A`.
pub static SCALE: Op = Op {
    name: "scale",
    signature: "1×1, m×n -> m×n",
    meaning: Meaning::Contraction("|, i|j -> i|j"),
    vec_form: &["vec_r(B)", "A I(m*n)"],
    curvature: &[(0, 1, "vec_r(D)'")],
    axes: "B",
    facts: "symmetric B -> symmetric Y; positive A, positive B -> positive Y; positive A, posdef B -> posdef Y; \
            nonnegative A, nonnegative B -> nonnegative Y; diagonal B -> diagonal Y; invertible A, invertible B -> invertible Y",
    bound: "all: normmax(A) norm(B)",
    stack: &[(0, 1, "1"), (1, 0, "sqrt(m n)")],
    forms: Forms { text: Form::Infix(" ", 3), latex: Form::Infix(r"\,", 3), mathml: Form::Infix("\u{2062}", 3) },
    shrink: |g, args| {
        let (s, rest) = monomial(g, args[0], args[1]);
        Some(g.scaled(&s, rest))
    },
    ..Op::BLANK
};
