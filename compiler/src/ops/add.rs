//! Sum, `A + B + …`: any number of terms, sorted, equal terms collected.

use super::build::{Build, collect};
use crate::expr::{Form, Forms, Meaning, Op};

/// `A + B`.
pub static ADD: Op = Op {
    name: "add",
    signature: "m×n, m×n -> m×n",
    meaning: Meaning::Sum,
    vec_form: &["I(m*n)", "I(m*n)"],
    bound: "all: norm(A) + norm(B)",
    forms: Forms { text: Form::Infix("+", 1), latex: Form::Infix("+", 1), mathml: Form::Infix("+", 1) },
    shrink: |g, args| {
        let shape = g.shape(args[0]).clone();
        let terms = collect(g, args);
        Some(match terms.as_slice() {
            [] => g.zeros(&shape),
            [one] => *one,
            _ => g.intern_op(&ADD, terms, shape),
        })
    },
    ..Op::BLANK
};
