//! Reduced resolvent at the largest singular value s, the pseudo-inverse of `s^2 I - A A'`; it exists as written when s is
//! simple.
//! Source: Stewart & Sun (1990) ch. V.

use crate::expr::{Forms, Meaning, Op};

/// `norm2_resolvent(A)`.
pub static NORM2_RESOLVENT: Op = Op {
    name: "norm2_resolvent",
    signature: "m×n -> m×m",
    meaning: Meaning::Formula("inv(norm2(A)^2 I(m) - A A' + norm2_grad(A) norm2_grad(A)') - norm2_grad(A) norm2_grad(A)'"),
    facts: "symmetric Y",
    bound: "all: norm(Y)",
    forms: Forms::call("norm2_resolvent", r"R_2"),
    ..Op::BLANK
};
