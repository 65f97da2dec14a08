//! Equality saturation: the laws in, everything equal to a formula out. Only this file and its folder know egg.
//!
//! A class knows the cheapest of its formulas; what a law makes is written out of these. The graph's normal form of every
//! formula is equal to it, too. Limits are counts of iterations and of nodes, never seconds.

mod extract;
mod fresh;
mod linear;
mod matching;
mod steps;

use super::{
    cost,
    proof::Reason,
    rule::{Pattern, RULES},
};
use crate::expr::{Expr, Graph, Node, OpRef};
use egg::{Analysis, DidMerge, Id, Language, Symbol};
use fresh::Seen;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, HashMap};

/// How far to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most nodes of an e-graph.
    pub nodes: usize,
    /// Most rounds in which all laws are tried everywhere.
    pub iterations: usize,
}

/// Why the search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// No law says anything new.
    Saturated,
    /// The two sides have met.
    Joined,
    /// The most nodes were reached.
    Nodes,
    /// The most iterations were reached.
    Iterations,
}

/// Terms of a sum that are multiplied out or searched for common factors.
const TERMS: usize = 8;

/// A leaf of the graph, or an operation on classes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum ENode {
    Leaf(Expr),
    Apply(OpRef, Vec<Id>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Head {
    Leaf(Expr),
    Op(&'static str),
}

impl Language for ENode {
    type Discriminant = Head;
    fn discriminant(&self) -> Head {
        match self {
            ENode::Leaf(e) => Head::Leaf(*e),
            ENode::Apply(op, _) => Head::Op(op.0.name),
        }
    }
    fn matches(&self, o: &Self) -> bool {
        self.discriminant() == o.discriminant() && self.children().len() == o.children().len()
    }
    fn children(&self) -> &[Id] {
        match self {
            ENode::Leaf(_) => &[],
            ENode::Apply(_, a) => a,
        }
    }
    fn children_mut(&mut self) -> &mut [Id] {
        match self {
            ENode::Leaf(_) => &mut [],
            ENode::Apply(_, a) => a,
        }
    }
}

/// What is known of a class: the cheapest formula in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Best {
    cost: u64,
    expr: Expr,
}

/// The graph that formulas are written in, their costs, and normal forms that the e-graph has not been told of.
struct World {
    g: Graph,
    costs: HashMap<Expr, u64>,
    normal: Vec<(Expr, Expr)>,
}

impl World {
    fn best(&mut self, expr: Expr) -> Best {
        Best { cost: cost::readable(&self.g, &mut self.costs, expr).saturating_mul(2), expr }
    }
}

type EGraph = egg::EGraph<ENode, World>;

impl Analysis<ENode> for World {
    type Data = Best;

    fn make(egraph: &mut EGraph, node: &ENode, _: Id) -> Best {
        match node {
            ENode::Leaf(e) => egraph.analysis.best(*e),
            ENode::Apply(op, args) => {
                let best: Vec<Expr> = args.iter().map(|&a| egraph[a].data.expr).collect();
                let w = &mut egraph.analysis;
                let written = w.g.apply_as_written(op.0, &best).expect("laws preserve shapes (tests/laws.rs)");
                let normal = w.g.apply(op.0, &best);
                if normal != written {
                    w.normal.push((written, normal));
                }
                let (mut a, b) = (w.best(written), w.best(normal));
                if normal != written {
                    // of two that read alike the normal form is taken
                    a.cost += 1;
                }
                if b.cost <= a.cost { b } else { a }
            }
        }
    }

    fn merge(&mut self, to: &mut Best, from: Best) -> DidMerge {
        let key = |b: &Best| (b.cost, b.expr);
        if key(&from) < key(to) {
            *to = from;
            DidMerge(true, false)
        } else {
            DidMerge(false, key(&from) != key(to))
        }
    }
}

/// An e-graph that holds formulas of one graph.
pub(super) struct Search {
    egraph: EGraph,
    ids: FxHashMap<Expr, Id>,
    reasons: BTreeMap<Symbol, Reason>,
    given: Vec<(Reason, Expr, Expr)>,
    told: FxHashSet<(Expr, Expr)>,
    /// The classes as the laws last found them.
    seen: Seen,
    limits: Limits,
    /// Whether two formulas are to meet.
    to_a_goal: bool,
    /// Of formulas, whether they are polynomials of variables, entry by entry.
    entrywise: FxHashMap<Expr, bool>,
}

impl Search {
    /// Starts from a graph; what is written in it later is written by the search.
    pub(super) fn new(g: Graph, limits: Limits) -> Search {
        let world = World { g, costs: HashMap::new(), normal: vec![] };
        Search {
            egraph: EGraph::new(world).with_explanations_enabled().without_explanation_length_optimization(),
            ids: FxHashMap::default(),
            reasons: BTreeMap::new(),
            given: vec![],
            told: FxHashSet::default(),
            seen: Seen::default(),
            limits,
            to_a_goal: false,
            entrywise: FxHashMap::default(),
        }
    }

    /// The e-node that stands for exactly this formula.
    pub(super) fn add(&mut self, e: Expr) -> Id {
        if let Some(&id) = self.ids.get(&e) {
            return id;
        }
        let node = match self.egraph.analysis.g.node(e).clone() {
            Node::Apply(op, args) => ENode::Apply(op, args.iter().map(|&a| self.add(a)).collect()),
            _ => ENode::Leaf(e),
        };
        let id = self.egraph.add_uncanonical(node);
        self.ids.insert(e, id);
        id
    }

    /// States an equation of the file.
    pub(super) fn state(&mut self, reason: Reason, a: Expr, b: Expr) {
        self.given.push((reason.clone(), a, b));
        self.equate(&reason, a, b);
    }

    /// Two formulas are equal.
    fn equate(&mut self, reason: &Reason, a: Expr, b: Expr) -> bool {
        if a == b || !self.told.insert((a, b)) {
            return false;
        }
        let (x, y) = (self.add(a), self.add(b));
        let symbol = Symbol::from(format!("{reason:?}"));
        self.reasons.insert(symbol, reason.clone());
        self.egraph.union_trusted(x, y, symbol)
    }

    /// Whether both are known to be equal.
    pub(super) fn joined(&mut self, a: Expr, b: Expr) -> bool {
        let (x, y) = (self.add(a), self.add(b));
        self.egraph.find(x) == self.egraph.find(y)
    }

    /// Tries all laws everywhere until nothing new is found, the goal is reached, or a limit.
    pub(super) fn run(&mut self, goal: Option<(Expr, Expr)>) -> Stop {
        self.to_a_goal = goal.is_some();
        let stop = self.rounds(goal);
        if self.reached(goal) { Stop::Joined } else { stop }
    }

    fn reached(&mut self, goal: Option<(Expr, Expr)>) -> bool {
        goal.is_some_and(|(a, b)| self.joined(a, b))
    }

    fn rounds(&mut self, goal: Option<(Expr, Expr)>) -> Stop {
        self.settle();
        for _ in 0..self.limits.iterations {
            if self.reached(goal) {
                return Stop::Joined;
            }
            let size = |s: &Search| (s.egraph.total_size(), s.egraph.number_of_classes(), s.told.len());
            let before = size(self);
            for (reason, a, b) in self.found() {
                if self.egraph.total_size() > self.limits.nodes {
                    // not all has been said of what there is
                    self.seen = Seen::default();
                    self.settle();
                    return Stop::Nodes;
                }
                self.equate(&reason, a, b);
            }
            self.settle();
            if before == size(self) {
                return Stop::Saturated;
            }
        }
        Stop::Iterations
    }

    /// Congruence, and the normal forms that have come up.
    fn settle(&mut self) {
        self.egraph.rebuild();
        // normal forms of normal forms are few: this ends when the cheapest formulas no longer change
        for _ in 0..8 {
            let normal = std::mem::take(&mut self.egraph.analysis.normal);
            if normal.is_empty() {
                return;
            }
            for (a, b) in normal {
                self.equate(&Reason::NormalForm, a, b);
            }
            self.egraph.rebuild();
        }
    }

    /// Everything that the laws say of what is there and that they have not said before, as equations between formulas: what they
    /// say of a class depends on the classes as far below it as they look.
    fn found(&mut self) -> Vec<(Reason, Expr, Expr)> {
        let mut by_op: BTreeMap<&'static str, Vec<Id>> = BTreeMap::new();
        let mut classes: Vec<Id> = self.egraph.classes().map(|c| c.id).collect();
        classes.sort_unstable();
        for &id in &classes {
            let mut heads: Vec<&'static str> = self.egraph[id].nodes.iter().filter_map(ENode::op).map(|o| o.0.name).collect();
            heads.sort_unstable();
            heads.dedup();
            for h in heads {
                by_op.entry(h).or_default().push(id);
            }
        }
        let fresh = self.seen.fresh(&self.egraph, &classes);
        let mut out = vec![];
        for r in RULES.iter() {
            let Pattern::Apply(op, _) = &r.from else { continue };
            let reason = Reason::Law(r.law.name, r.forward);
            for &id in by_op.get(op.0.name).into_iter().flatten() {
                if !fresh.law(self, r, id) {
                    continue;
                }
                out.extend(self.instances(r, id).into_iter().map(|(a, b)| (reason.clone(), a, b)));
            }
        }
        for &id in &classes {
            for node in self.egraph[id].nodes.clone() {
                if fresh.linear(self, id, &node) {
                    self.linear(&node, &mut out);
                }
            }
        }
        out
    }

    /// Nodes of the e-graph.
    pub(super) fn len(&self) -> usize {
        self.egraph.total_size()
    }

    /// The graph that the formulas are written in.
    pub(super) fn graph(&self) -> &Graph {
        &self.egraph.analysis.g
    }
}

impl ENode {
    fn op(&self) -> Option<OpRef> {
        match self {
            ENode::Leaf(_) => None,
            ENode::Apply(op, _) => Some(*op),
        }
    }
}
