//! The ramp with the customary slope 1/100 below zero, `leaky_relu(A)`. Source: Maas, Hannun & Ng (2013), ICML.

use crate::expr::{Forms, Meaning, Op};

/// `leaky_relu(A)`.
pub static LEAKY_RELU_PLAIN: Op = Op {
    name: "leaky_relu_plain",
    signature: "m×n -> m×n",
    meaning: Meaning::Formula("leaky_relu(A, 1/100)"),
    facts: "symmetric A -> symmetric Y; positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normF(A)",
    forms: Forms::call("leaky_relu", r"\operatorname{LeakyReLU}"),
    ..Op::BLANK
};
