//! Proofs of equations: the laws join both sides in an e-graph, or both are one sum of products over index letters; each proof
//! has been replayed by the checker of proofs, which knows no e-graph.

use super::problem::Problem;
use crate::{
    expr::Graph,
    simplify::{self, Limits, Proof, Reason},
};

/// How far to search for a proof.
const LIMITS: Limits = Limits { nodes: 1500, iterations: 6 };

/// A proof that both sides are equal, if one is found.
pub(super) fn prove(g: &Graph, p: &Problem) -> Option<Proof> {
    simplify::prove(g, p.left, p.right, &p.equations, LIMITS)
}

/// What a proof rests on, in one line.
pub(super) fn summary(proof: &Proof) -> String {
    let mut reasons: Vec<String> = vec![];
    for s in &proof.steps {
        let name = match &s.reason {
            Reason::Law(name, _) => (*name).to_owned(),
            Reason::IndexForm => "one sum of products over index letters".to_owned(),
            other => other.to_string(),
        };
        if !reasons.contains(&name) {
            reasons.push(name);
        }
    }
    match proof.steps.len() {
        0 => "both sides have one normal form".to_owned(),
        1 => format!("1 step: {}", reasons.join(", ")),
        n => format!("{n} steps: {}", reasons.join(", ")),
    }
}
