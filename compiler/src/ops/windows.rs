//! The matrix of sliding windows, `windows(p, k, h)`: p windows of k entries, each h entries after the one before.
//! `windows(p, k, h) x` stacks the first entries of all windows of the column x, then the second ones, and so on: row (t, i) is
//! the basis row h i + t. Its transpose adds windows up where they overlap, and never more than k meet in one place.

use super::build::Build;
use crate::expr::{Form, Forms, Meaning, Op};

/// `windows(p, k, h)`.
pub static WINDOWS: Op = Op {
    name: "windows",
    signature: "p, k, h -> k*p×h*(p - 1) + k",
    meaning: Meaning::Contraction("i, t, H -> ti|(Hit)"),
    facts: "nonnegative Y; rowstochastic Y",
    bound: "norm2: sqrt(k); norminf: 1; norm1: k; normmax: 1",
    forms: Forms { text: Form::Call("windows"), latex: Form::Template("S_{$A,\\,$B,\\,$C}"), mathml: Form::Call("S") },
    shrink: |g, args| {
        let (p, k, h) = (g.as_dim(args[0])?.clone(), g.as_dim(args[1])?.clone(), g.as_dim(args[2])?.clone());
        if p.is_one() {
            return Some(g.eye(&k));
        }
        (k.is_one() && h.is_one()).then(|| g.eye(&p))
    },
    ..Op::BLANK
};
