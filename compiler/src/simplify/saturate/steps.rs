//! Explanations of the e-graph as steps of a proof.

use super::{ENode, Search};
use crate::{
    expr::{Expr, Graph},
    simplify::proof::{Proof, Reason, Step},
};
use egg::{FlatTerm, Symbol};
use std::collections::BTreeMap;

impl Search {
    /// The steps from one formula to another that it is known to equal.
    fn steps(&mut self, a: Expr, b: Expr) -> Vec<Step> {
        let (x, y) = (self.add(a), self.add(b));
        self.settle();
        let mut steps = vec![];
        if a != b {
            let mut explanation = self.egraph.explain_id_equivalence(x, y);
            let flat = explanation.make_flat_explanation().clone();
            let g = &mut self.egraph.analysis.g;
            for pair in flat.windows(2) {
                rewritten(g, &self.reasons, &pair[0], &pair[1], &mut vec![], &mut steps);
            }
        }
        steps
    }

    /// The proof that two formulas that are known to be equal are so.
    pub(in crate::simplify) fn prove(mut self, a: Expr, b: Expr) -> Proof {
        let steps = self.steps(a, b);
        let mut proof = Proof::of(self.egraph.analysis.g, self.given);
        proof.append(a, b, steps);
        proof
    }

    /// The proof that two formulas are equal over one step between formulas that they are known to equal.
    pub(in crate::simplify) fn prove_over(mut self, a: Expr, b: Expr, bridge: Step) -> Proof {
        let (x, y) = (bridge.before, bridge.after);
        let (there, back) = (self.steps(a, x), self.steps(y, b));
        let mut proof = Proof::of(self.egraph.analysis.g, self.given);
        proof.append(a, x, there);
        proof.append(x, y, vec![bridge]);
        proof.append(y, b, back);
        proof.start = a;
        proof
    }
}

/// The formula of a term of an explanation.
fn term(g: &mut Graph, t: &FlatTerm<ENode>) -> Expr {
    match &t.node {
        ENode::Leaf(e) => *e,
        ENode::Apply(op, _) => {
            let args: Vec<Expr> = t.children.iter().map(|c| term(g, c)).collect();
            g.apply_as_written(op.0, &args).expect("terms of an explanation are e-nodes")
        }
    }
}

/// The places at which the second term says that it was rewritten.
fn rewritten(
    g: &mut Graph,
    reasons: &BTreeMap<Symbol, Reason>,
    from: &FlatTerm<ENode>,
    to: &FlatTerm<ENode>,
    place: &mut Vec<usize>,
    steps: &mut Vec<Step>,
) {
    let (rule, back) = match (to.forward_rule, to.backward_rule) {
        (Some(r), _) => (Some(r), false),
        (None, r) => (r, true),
    };
    if let Some(rule) = rule {
        let reason = match reasons[&rule].clone() {
            Reason::Law(name, forward) => Reason::Law(name, forward != back),
            other => other,
        };
        let (before, after) = (term(g, from), term(g, to));
        steps.push(Step { reason, place: place.clone(), before, after });
        return;
    }
    for (k, (a, b)) in from.children.iter().zip(&to.children).enumerate() {
        place.push(k);
        rewritten(g, reasons, a, b, place, steps);
        place.pop();
    }
}
