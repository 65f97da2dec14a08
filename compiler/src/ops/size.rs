//! A size as a scalar: `n` in `1/n`. As a contraction it is the sum of n ones.

use super::build::Build;
use crate::{
    expr::{Fact, Form, Forms, Meaning, Op},
    number::Number,
};

/// `n` as a number.
pub static SIZE: Op = Op {
    name: "size",
    signature: "n -> 1×1",
    meaning: Meaning::Contraction("i -> |"),
    facts: "positive Y; invertible Y",
    bound: "normmax: n",
    forms: Forms { text: Form::Template("$A"), latex: Form::Template("$A"), mathml: Form::Template("$A") },
    shrink: |g, args| {
        // sums and products of sizes become sums and products of scalars, so that sizes cancel
        let d = g.as_dim(args[0])?.clone();
        if d.as_symbol().is_some() {
            return None;
        }
        let mut terms = vec![];
        for (c, powers) in d.monomials() {
            let mut out = g.constant(c);
            for (name, p) in powers {
                let s = g.size(&crate::dim::Dim::symbol(&name));
                let s = g.power(s, Number::int(p.into()));
                out = g.scale(out, s);
            }
            terms.push(out);
        }
        let zero = g.constant(Number::ZERO);
        let sum = if terms.is_empty() { zero } else { g.sum(&terms) };
        if terms.len() > 1 {
            // a size is positive, though its terms may not be
            g.assume(sum, Fact::Positive);
            g.assume(sum, Fact::Invertible);
        }
        Some(sum)
    },
    ..Op::BLANK
};
