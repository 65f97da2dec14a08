//! Entrywise power `A.^p` for a fixed number p; for a scalar also written `s^p`, `sqrt(s)`, `1/s`.

use super::{build::Build, scale::SCALE};
use crate::{
    expr::{Expr, Form, Forms, Graph, Meaning, Op, entries},
    number::Number,
    scalar::Scalar,
};

/// `A.^p`.
pub static POWER: Op = Op {
    name: "power",
    signature: "m×n, # -> m×n",
    meaning: Meaning::Entrywise { value: entries!(value), first: "B A.^(B - 1)", second: "B (B - 1) A.^(B - 2)" },
    facts: "symmetric A -> symmetric Y; positive A -> positive Y",
    bound: "normmax: normmax(A)^B; abs: norm(A) normmax(A)^(B - 1)",
    forms: Forms { text: Form::Template("$A.^$B"), latex: Form::Template(r"$A^{\circ $B}"), mathml: Form::Template("$A^∘$B") },
    shrink,
    ..Op::BLANK
};

fn value<T: Scalar>(x: T, p: &[Number]) -> T {
    x.pow(p[0])
}

fn shrink(g: &mut Graph, args: &[Expr]) -> Option<Expr> {
    let (a, p) = (args[0], g.as_number(args[1])?);
    if p.is_zero() {
        let s = g.shape(a).clone();
        return Some(g.ones(&s));
    }
    if p.is_one() {
        return Some(a);
    }
    if let Some(n) = g.as_number(a)
        && let Some(power) = n.exact_pow(p)
    {
        return Some(g.constant(power));
    }
    if g.is_ones(a) {
        return Some(a);
    }
    if g.is_zero(a) && !p.is_negative() {
        return Some(a);
    }
    // (x^q)^p = x^(qp) where that is true: whole p, or a base that is positive
    let (x, q) = g.entry_power(a);
    if x != a && (p.as_int().is_some() || g.facts(x).has(crate::expr::Fact::Positive)) {
        return Some(g.power(x, q * p));
    }
    // a product of scalars, and a multiple: each factor to the power
    if let Some(&[s, x]) = g.args_of(a, &SCALE)
        && (p.as_int().is_some() || g.facts(s).has(crate::expr::Fact::Positive))
    {
        let (s, x) = (g.power(s, p), g.power(x, p));
        return Some(g.scale(s, x));
    }
    None
}
