//! What follows from linearity: sums are multiplied out, and common factors taken out.

use super::{ENode, Search, TERMS};
use crate::{
    expr::{Expr, Graph, Node, OpRef},
    ops::{add::ADD, build::Build, hadamard::HADAMARD, power::POWER, scale::SCALE, transpose::TRANSPOSE},
    simplify::proof::{self, Reason, is_linear},
};
use egg::{Id, Language};
use std::collections::{BTreeMap, HashSet};

impl Search {
    /// What follows from linearity: factors that are sums are multiplied out, and common factors of terms are taken out.
    pub(super) fn linear(&mut self, node: &ENode, out: &mut Vec<(Reason, Expr, Expr)>) {
        let ENode::Apply(op, args) = node else { return };
        let best: Vec<Expr> = args.iter().map(|&a| self.egraph[a].data.expr).collect();
        if is_linear(*op) {
            for (k, &a) in args.iter().enumerate() {
                let sums: Vec<Vec<Id>> = self.egraph[a]
                    .nodes
                    .iter()
                    .filter(|n| n.op().is_some_and(OpRef::is_sum))
                    .map(|n| n.children().to_vec())
                    .collect();
                for terms in sums.into_iter().filter(|t| t.len() <= TERMS) {
                    if self.is_polynomial(&terms) {
                        continue;
                    }
                    let terms: Vec<Expr> = terms.iter().map(|&t| self.egraph[t].data.expr).collect();
                    let g = &mut self.egraph.analysis.g;
                    let sum = g.apply_as_written(&ADD, &terms).expect("terms of a sum");
                    let with = |g: &mut Graph, x: Expr| {
                        let mut args = best.clone();
                        args[k] = x;
                        g.apply_as_written(op.0, &args).expect("a term has the shape of the sum")
                    };
                    let product = with(g, sum);
                    let all: Vec<Expr> = terms.iter().map(|&t| with(g, t)).collect();
                    let expanded = g.apply_as_written(&ADD, &all).expect("the terms have one shape");
                    out.push((Reason::Linear, product, expanded));
                }
            }
        }
        if op.is_sum() && args.len() <= TERMS {
            self.common_factors(args, &best, out);
        }
    }

    /// Whether a sum is a polynomial of variables, entry by entry: what is multiplied with it does not read better multiplied
    /// out, and grows with every factor. Where two formulas are to meet it is.
    fn is_polynomial(&mut self, terms: &[Id]) -> bool {
        !self.to_a_goal && terms.iter().all(|&t| self.is_entrywise(self.egraph[t].data.expr))
    }

    fn is_entrywise(&mut self, e: Expr) -> bool {
        if let Some(&known) = self.entrywise.get(&e) {
            return known;
        }
        let g = &self.egraph.analysis.g;
        let out = g.is_ones(e)
            || match g.node(e).clone() {
                Node::Apply(op, args) => {
                    let entrywise = [&ADD, &HADAMARD, &POWER, &SCALE, &TRANSPOSE].map(OpRef);
                    entrywise.contains(&op) && args.iter().all(|&a| self.is_entrywise(a))
                }
                _ => true,
            };
        self.entrywise.insert(e, out);
        out
    }

    /// Terms `s op(A, X)`, `t op(A, Y)` of a sum become `op(A, s X + t Y)`.
    fn common_factors(&mut self, args: &[Id], best: &[Expr], out: &mut Vec<(Reason, Expr, Expr)>) {
        // operation, slot, other arguments: places of the terms, with the scalar in front and what stands in the slot
        type Common = BTreeMap<(OpRef, usize, Vec<Id>), Vec<(usize, Vec<Expr>, Id)>>;
        let mut common = Common::new();
        for (k, &t) in args.iter().enumerate() {
            let mut seen = HashSet::new();
            for (scalars, core) in self.peeled(t) {
                for n in self.egraph[core].nodes.clone() {
                    let ENode::Apply(op, inner) = &n else { continue };
                    if !is_linear(*op) || inner.len() != 2 || op.0.name == SCALE.name {
                        continue;
                    }
                    for slot in 0..2 {
                        let other = self.egraph.find(inner[1 - slot]);
                        let is_dim = self.egraph.analysis.g.as_dim(self.egraph[other].data.expr).is_some();
                        let key = (*op, slot, vec![other]);
                        if !is_dim && seen.insert(key.clone()) {
                            common.entry(key).or_default().push((k, scalars.clone(), self.egraph.find(inner[slot])));
                        }
                    }
                }
            }
        }
        for ((op, slot, other), group) in common {
            if group.len() < 2 {
                continue;
            }
            let other = self.egraph[other[0]].data.expr;
            let parts: Vec<(usize, Vec<Expr>, Expr)> =
                group.into_iter().map(|(k, s, x)| (k, s, self.egraph[x].data.expr)).collect();
            let g = &mut self.egraph.analysis.g;
            let shape = g.shape(parts[0].2).clone();
            if parts.iter().any(|p| *g.shape(p.2) != shape) {
                continue;
            }
            let scaled: Vec<Expr> = parts.iter().map(|(_, s, x)| s.iter().rev().fold(*x, |x, &s| g.scale(s, x))).collect();
            let sum = g.sum(&scaled);
            if g.args_of(sum, &ADD).is_none_or(|terms| terms.len() != parts.len()) {
                // equal terms are collected by the normal form
                continue;
            }
            let mut both = [other; 2];
            both[slot] = sum;
            let Ok(product) = g.apply_as_written(op.0, &both) else { continue };
            let rest: Vec<Expr> = (0..args.len()).filter(|k| parts.iter().all(|p| p.0 != *k)).map(|k| best[k]).collect();
            let after = proof::with_rest(g, product, &rest);
            // the terms as they are taken apart
            let mut terms = best.to_vec();
            for (k, s, x) in &parts {
                let mut both = [other; 2];
                both[slot] = *x;
                let inner = g.apply_as_written(op.0, &both).expect("a term of the sum");
                terms[*k] = s.iter().rev().fold(inner, |x, &s| g.apply_as_written(&SCALE, &[s, x]).expect("a scalar factor"));
            }
            let before = g.apply_as_written(&ADD, &terms).expect("terms of one sum");
            out.push((Reason::Linear, before, after));
        }
    }

    /// A class as scalars times a class, in every way in which its nodes say so.
    pub(super) fn peeled(&self, id: Id) -> Vec<(Vec<Expr>, Id)> {
        let mut out = vec![(vec![], id)];
        let mut k = 0;
        while k < out.len() && out.len() < TERMS {
            let (scalars, at): (Vec<Expr>, Id) = out[k].clone();
            k += 1;
            for n in &self.egraph[at].nodes {
                if let ENode::Apply(op, args) = n
                    && op.0.name == SCALE.name
                    && scalars.len() < 4
                {
                    let mut scalars = scalars.clone();
                    scalars.push(self.egraph[args[0]].data.expr);
                    out.push((scalars, args[1]));
                }
            }
        }
        out
    }
}
