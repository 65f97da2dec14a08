//! Proofs of equations. So far one kind: both sides are the same node, because the graph simplifies by construction.

use crate::expr::{Expr, Graph};
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

/// A proof that both sides are equal, if one is found. Both must be free of derivatives.
pub fn prove(g: &Graph, left: Expr, right: Expr) -> Option<Proof> {
    debug_assert_eq!(g.shape(left), g.shape(right), "the sides of an equation have one shape");
    (left == right).then(|| Proof { steps: vec!["both sides have one normal form".to_owned()] })
}
