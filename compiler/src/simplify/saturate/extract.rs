//! Which of all equal formulas is taken out of the e-graph.

use super::{ENode, Search};
use crate::expr::{Expr, Graph};
use egg::{Id, Language};
use std::collections::{BTreeMap, HashMap};

/// Rounds in which the choice of the cheapest is improved.
const ROUNDS: usize = 24;

impl Search {
    /// The formula equal to it that reads best.
    pub(in crate::simplify) fn cheapest(&mut self, e: Expr) -> Expr {
        let id = self.add(e);
        self.egraph[id].data.expr
    }

    /// The formula equal to it whose different parts together cost least, by the cost of one operation given its arguments: each
    /// class keeps the cheapest set of classes it can be made of, until nothing changes.
    pub(in crate::simplify) fn least(&mut self, e: Expr, cost: &dyn Fn(&Graph, Expr) -> u64) -> Expr {
        struct Choice {
            total: u64,
            parts: BTreeMap<Id, u64>,
            expr: Expr,
        }
        let root = self.add(e);
        let root = self.egraph.find(root);
        let mut classes: Vec<Id> = self.egraph.classes().map(|c| c.id).collect();
        classes.sort_unstable();
        let mut chosen: HashMap<Id, Choice> = HashMap::new();
        for _ in 0..ROUNDS {
            let mut changed = false;
            for &id in &classes {
                for node in self.egraph[id].nodes.clone() {
                    let children: Vec<Id> = node.children().iter().map(|&c| self.egraph.find(c)).collect();
                    // what a class is made of does not contain the class
                    let known = children.iter().all(|c| chosen.get(c).is_some_and(|x| !x.parts.contains_key(&id)));
                    if !known {
                        continue;
                    }
                    let expr = match &node {
                        ENode::Leaf(x) => *x,
                        ENode::Apply(op, _) => {
                            let args: Vec<Expr> = children.iter().map(|c| chosen[c].expr).collect();
                            self.egraph.analysis.g.apply_as_written(op.0, &args).expect("classes keep their shapes")
                        }
                    };
                    let mut parts: BTreeMap<Id, u64> = BTreeMap::new();
                    for c in &children {
                        parts.extend(&chosen[c].parts);
                    }
                    parts.insert(id, cost(&self.egraph.analysis.g, expr));
                    let total = parts.values().fold(0, |a: u64, b| a.saturating_add(*b));
                    if chosen.get(&id).is_none_or(|c| total < c.total) {
                        chosen.insert(id, Choice { total, parts, expr });
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        chosen.get(&root).map_or(e, |c| c.expr)
    }
}
