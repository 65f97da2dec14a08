//! Proofs of equations, of two kinds so far: both sides are the same node, because the graph simplifies by construction; or
//! both have the same canonical index form, a sum of products over letters.

use crate::{
    expr::{Expr, Graph},
    lower::index_form,
};
use std::fmt;

/// Why an equation is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The steps from the left side to the right, in words.
    pub steps: Vec<String>,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.steps.join("; "))
    }
}

/// A proof that both sides are equal, if one is found. Both must be free of derivatives and of rows that stand for formulas.
pub fn prove(g: &Graph, left: Expr, right: Expr) -> Option<Proof> {
    debug_assert_eq!(g.shape(left), g.shape(right), "the sides of an equation have one shape");
    let proof = |step: &str| Some(Proof { steps: vec![step.to_owned()] });
    if left == right {
        return proof("both sides have one normal form");
    }
    match index_form(g, &[left, right]).as_slice() {
        [Some(l), Some(r)] if l == r => proof("both sides have one index form, a sum of products over letters"),
        _ => None,
    }
}
