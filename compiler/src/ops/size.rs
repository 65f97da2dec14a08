//! A size as a scalar: `n` in `1/n`. As a contraction it is the sum of n ones.

use super::build::Build;
use crate::{
    expr::{Form, Forms, Meaning, Op},
    number::Number,
};

/// `n` as a number.
pub static SIZE: Op = Op {
    name: "size",
    signature: "n -> 1×1",
    meaning: Meaning::Contraction("i -> |"),
    facts: "positive Y; invertible Y",
    bound: "n",
    forms: Forms { text: Form::Template("$A"), latex: Form::Template("$A"), mathml: Form::Template("$A") },
    shrink: |g, args| {
        // a product of sizes becomes a product of scalars, so that sizes cancel
        let d = g.as_dim(args[0])?.clone();
        if d.as_symbol().is_some() {
            return None;
        }
        let (c, powers) = d.as_monomial()?;
        let mut out = g.constant(c);
        for (name, p) in powers {
            let s = g.size(&crate::dim::Dim::symbol(name));
            let s = g.power(s, Number::int(p.into()));
            out = g.scale(out, s);
        }
        Some(out)
    },
    ..Op::BLANK
};
