//! What has changed in the e-graph since the laws were last tried, and where a law may therefore say something new.

use super::{EGraph, ENode, Search, TERMS};
use crate::{
    expr::{Expr, OpRef},
    ops::add::ADD,
    simplify::{
        proof::is_linear,
        rule::{Pattern, Rule},
    },
};
use egg::{Id, Language};
use rustc_hash::FxHashMap;

/// Classes as they were: their nodes, and the cheapest formula.
#[derive(Default)]
pub(super) struct Seen(FxHashMap<Id, (Vec<ENode>, Expr)>);

/// What of a class has changed.
#[derive(Clone, Default)]
struct Change {
    /// The class was not there.
    new: bool,
    /// The cheapest formula.
    best: bool,
    /// A number, a size or a name.
    leaf: bool,
    /// The operations of nodes that have come or gone.
    ops: Vec<OpRef>,
}

/// What has changed, by class.
pub(super) struct Fresh(Vec<Change>);

impl Seen {
    /// What has changed since it was last asked.
    pub(super) fn fresh(&mut self, egraph: &EGraph, classes: &[Id]) -> Fresh {
        let size = classes.iter().map(|&id| usize::from(id) + 1).max().unwrap_or(0);
        let mut changes = vec![Change::default(); size];
        let mut now = FxHashMap::default();
        for &id in classes {
            let class = &egraph[id];
            let (change, expr) = (&mut changes[usize::from(id)], class.data.expr);
            let state = match self.0.remove(&id) {
                None => {
                    change.new = true;
                    (class.nodes.clone(), expr)
                }
                Some((nodes, best)) => {
                    change.best = best != expr;
                    if nodes == class.nodes {
                        (nodes, expr)
                    } else {
                        // both are sorted
                        let gone = nodes.iter().filter(|n| class.nodes.binary_search(n).is_err());
                        let come = class.nodes.iter().filter(|n| nodes.binary_search(n).is_err());
                        for n in gone.chain(come) {
                            match n.op() {
                                Some(op) if !change.ops.contains(&op) => change.ops.push(op),
                                Some(_) => {}
                                None => change.leaf = true,
                            }
                        }
                        (class.nodes.clone(), expr)
                    }
                }
            };
            now.insert(id, state);
        }
        self.0 = now;
        Fresh(changes)
    }
}

impl Fresh {
    fn of(&self, s: &Search, id: Id) -> &Change {
        &self.0[usize::from(s.egraph.find(id))]
    }

    /// Whether another formula stands for a class.
    fn best(&self, s: &Search, id: Id) -> bool {
        let c = self.of(s, id);
        c.new || c.best
    }

    /// Whether there are other nodes of an operation in a class.
    fn has(&self, s: &Search, id: Id, op: OpRef) -> bool {
        let c = self.of(s, id);
        c.new || c.ops.contains(&op)
    }

    /// Whether a law may fit a class otherwise than before.
    pub(super) fn law(&self, s: &Search, r: &Rule, id: Id) -> bool {
        let rest = |op: OpRef| {
            // terms that the law does not speak of are written, too
            let mut sums = s.egraph[id].nodes.iter().filter(|n| n.op() == Some(op));
            sums.any(|n| n.children().iter().any(|&a| self.best(s, a)))
        };
        self.pattern(s, &r.from, id) || matches!(&r.from, Pattern::Apply(op, ..) if op.is_sum() && rest(*op))
    }

    fn pattern(&self, s: &Search, p: &Pattern, id: Id) -> bool {
        match p {
            Pattern::Var(_) => self.best(s, id),
            Pattern::Number(_) | Pattern::Dim(_) => {
                let c = self.of(s, id);
                c.new || c.leaf
            }
            Pattern::Apply(op, patterns) => {
                self.has(s, id, *op)
                    || s.egraph[id].nodes.iter().filter(|n| n.op() == Some(*op)).any(|n| {
                        let in_any_order = op.is_sum() || op.commutes();
                        n.children().iter().enumerate().any(|(k, &a)| match patterns.get(k) {
                            Some(p) if !in_any_order => self.pattern(s, p, a),
                            _ => patterns.iter().any(|p| self.pattern(s, p, a)),
                        })
                    })
            }
        }
    }

    /// Whether the linearity of a node may say something new.
    pub(super) fn linear(&self, s: &Search, id: Id, node: &ENode) -> bool {
        let ENode::Apply(op, args) = node else { return false };
        let sums = |a: Id| {
            let mut sums = s.egraph[a].nodes.iter().filter(|n| n.op().is_some_and(OpRef::is_sum));
            self.has(s, a, OpRef(&ADD)) || sums.any(|n| n.children().iter().any(|&t| self.best(s, t)))
        };
        let inside = |t: Id| {
            let c = self.of(s, t);
            c.new
                || c.leaf
                || !c.ops.is_empty()
                || s.egraph[t].nodes.iter().any(|n| n.children().iter().any(|&x| self.best(s, x)))
        };
        self.has(s, id, *op)
            || args.iter().any(|&a| self.best(s, a))
            || (is_linear(*op) && args.iter().any(|&a| sums(a)))
            || (op.is_sum() && args.len() <= TERMS && args.iter().any(|&t| s.peeled(t).iter().any(|x| inside(x.1))))
    }
}
