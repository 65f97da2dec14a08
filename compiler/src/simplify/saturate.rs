//! Equality saturation: the laws in, everything equal to a formula out. The only file that knows egg.
//!
//! A class knows the cheapest of its formulas; what a law makes is written out of these. The graph's normal form of every
//! formula is equal to it, too. Limits are counts of iterations and of nodes, never seconds.

use super::{
    cost,
    proof::{self, Proof, Reason, Step, is_linear},
    rule::{Pattern, RULES, Rule, Sizes},
};
use crate::{
    expr::{Expr, Facts, Graph, Node, OpRef},
    ops::{add::ADD, build::Build},
};
use egg::{Analysis, DidMerge, FlatTerm, Id, Language, Symbol};
use std::collections::{BTreeMap, HashMap, HashSet};

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

/// Ways in which one law fits one class that are followed up.
const WAYS: usize = 48;
/// Terms of a sum that are multiplied out or searched for common factors.
const TERMS: usize = 8;

/// Rounds in which the choice of the cheapest is improved.
const ROUNDS: usize = 24;

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

/// A formula as an e-node of a match stands for it: the order of arguments is that of the e-node.
#[derive(Clone, Debug)]
enum Written {
    Class(Id),
    Leaf(Expr),
    Apply(OpRef, Vec<Written>),
    /// A sum, and those of its terms that the law does not speak of.
    Sum(OpRef, Vec<Written>, Vec<Id>),
}

/// A law that fits a class.
#[derive(Clone, Debug)]
struct Match {
    vars: Vec<Option<Id>>,
    sizes: Sizes,
    written: Written,
}

/// An e-graph that holds formulas of one graph.
pub(super) struct Search {
    egraph: EGraph,
    ids: HashMap<Expr, Id>,
    reasons: BTreeMap<Symbol, Reason>,
    given: Vec<(Reason, Expr, Expr)>,
    told: HashSet<(Expr, Expr)>,
    limits: Limits,
}

impl Search {
    /// Starts from a graph; what is written in it later is written by the search.
    pub(super) fn new(g: Graph, limits: Limits) -> Search {
        let world = World { g, costs: HashMap::new(), normal: vec![] };
        Search {
            egraph: EGraph::new(world).with_explanations_enabled().without_explanation_length_optimization(),
            ids: HashMap::new(),
            reasons: BTreeMap::new(),
            given: vec![],
            told: HashSet::new(),
            limits,
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
        for _ in 0..self.limits.iterations {
            self.settle();
            if goal.is_some_and(|(a, b)| self.joined(a, b)) {
                return Stop::Joined;
            }
            let before = (self.egraph.total_size(), self.egraph.number_of_classes(), self.told.len());
            let found = self.found();
            for (reason, a, b) in found {
                if self.egraph.total_size() > self.limits.nodes {
                    self.settle();
                    return match goal.is_some_and(|(a, b)| self.joined(a, b)) {
                        true => Stop::Joined,
                        false => Stop::Nodes,
                    };
                }
                self.equate(&reason, a, b);
            }
            self.settle();
            if before == (self.egraph.total_size(), self.egraph.number_of_classes(), self.told.len()) {
                return Stop::Saturated;
            }
        }
        match goal.is_some_and(|(a, b)| self.joined(a, b)) {
            true => Stop::Joined,
            false => Stop::Iterations,
        }
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

    /// Everything that the laws say of what is there, as equations between formulas.
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
        let mut out = vec![];
        for r in RULES.iter() {
            let Pattern::Apply(op, _) = &r.from else { continue };
            let reason = Reason::Law(r.law.name, r.forward);
            for &id in by_op.get(op.0.name).into_iter().flatten() {
                for m in self.at_class(r, id) {
                    if let Some((a, b)) = self.written(r, &m) {
                        out.push((reason.clone(), a, b));
                    }
                }
            }
        }
        for &id in &classes {
            for node in self.egraph[id].nodes.clone() {
                self.linear(&node, &mut out);
            }
        }
        out
    }

    /// All ways in which the rule fits the class; a sum may have further terms.
    fn at_class(&self, r: &Rule, id: Id) -> Vec<Match> {
        let start = Match { vars: vec![None; r.variables.len()], sizes: Sizes::default(), written: Written::Class(id) };
        let mut found = match &r.from {
            Pattern::Apply(op, patterns) if op.is_sum() => {
                let sums = self.egraph[id].nodes.iter().filter(|n| n.op() == Some(*op));
                sums.flat_map(|n| self.some_of(r, *op, patterns, n.children(), &start, true)).collect()
            }
            p => self.matches(r, p, id, &start),
        };
        found.retain(|m| m.sizes.fits() && self.known(r, m));
        found.truncate(WAYS);
        found
    }

    /// Whether what the law asks for is known of what its variables stand for.
    fn known(&self, r: &Rule, m: &Match) -> bool {
        r.variables.iter().zip(&m.vars).all(|(v, id)| {
            let facts = |id: Id| self.egraph.analysis.g.facts(self.egraph[id].data.expr);
            v.facts == Facts::default() || id.is_some_and(|id| facts(id).includes(v.facts))
        })
    }

    fn matches(&self, r: &Rule, p: &Pattern, id: Id, m: &Match) -> Vec<Match> {
        let class = &self.egraph[id];
        let g = &self.egraph.analysis.g;
        let leaf = || class.nodes.iter().find_map(|n| if let ENode::Leaf(e) = n { Some(*e) } else { None });
        match p {
            Pattern::Var(k) => {
                let id = self.egraph.find(id);
                if g.as_dim(class.data.expr).is_some() || m.vars[*k].is_some_and(|x| x != id) {
                    return vec![];
                }
                let mut m = m.clone();
                if !m.sizes.unify_shape(&r.variables[*k].shape, g.shape(class.data.expr)) {
                    return vec![];
                }
                m.vars[*k] = Some(id);
                m.written = Written::Class(id);
                vec![m]
            }
            Pattern::Number(n) => match leaf().filter(|&e| g.as_number(e) == Some(*n)) {
                Some(e) => vec![Match { written: Written::Leaf(e), ..m.clone() }],
                None => vec![],
            },
            Pattern::Dim(d) => {
                let Some(e) = leaf() else { return vec![] };
                let mut m = Match { written: Written::Leaf(e), ..m.clone() };
                match g.as_dim(e) {
                    Some(actual) if m.sizes.unify(d, actual) => vec![m],
                    _ => vec![],
                }
            }
            Pattern::Apply(op, patterns) => {
                let mut out = vec![];
                for n in &class.nodes {
                    let ENode::Apply(o, args) = n else { continue };
                    if o != op || args.len() != patterns.len() {
                        continue;
                    }
                    if op.is_sum() {
                        out.extend(self.some_of(r, *op, patterns, args, m, false));
                        continue;
                    }
                    out.extend(self.in_order(r, *op, patterns, args, m));
                    if let (true, [p, q]) = (op.commutes(), patterns.as_slice()) {
                        out.extend(self.in_order(r, *op, &[q.clone(), p.clone()], args, m));
                    }
                    if out.len() > WAYS {
                        break;
                    }
                }
                out
            }
        }
    }

    fn in_order(&self, r: &Rule, op: OpRef, patterns: &[Pattern], args: &[Id], m: &Match) -> Vec<Match> {
        let mut all = vec![(m.clone(), vec![])];
        for (p, &a) in patterns.iter().zip(args) {
            let mut next = vec![];
            for (m, done) in all {
                for found in self.matches(r, p, a, &m) {
                    let mut done: Vec<Written> = done.clone();
                    done.push(found.written.clone());
                    next.push((found, done));
                }
            }
            all = next;
        }
        all.into_iter().map(|(m, args)| Match { written: Written::Apply(op, args), ..m }).collect()
    }

    /// Ways in which terms of a sum, all or some of them, are the patterns.
    fn some_of(&self, r: &Rule, op: OpRef, patterns: &[Pattern], args: &[Id], m: &Match, rest: bool) -> Vec<Match> {
        if args.len() < patterns.len() || args.len() > TERMS || (!rest && args.len() != patterns.len()) {
            return vec![];
        }
        let whole: Vec<Written> = args.iter().map(|&a| Written::Class(a)).collect();
        let mut all: Vec<(Match, Vec<usize>, Vec<Written>)> = vec![(m.clone(), vec![], whole)];
        for p in patterns {
            let mut next = vec![];
            for (m, used, whole) in all {
                for (k, &a) in args.iter().enumerate().filter(|(k, _)| !used.contains(k)) {
                    for found in self.matches(r, p, a, &m) {
                        let mut whole = whole.clone();
                        whole[k] = found.written.clone();
                        next.push((found, [used.clone(), vec![k]].concat(), whole));
                    }
                }
            }
            all = next;
        }
        let further = |used: &[usize]| (0..args.len()).filter(|k| !used.contains(k)).map(|k| args[k]).collect();
        all.into_iter().map(|(m, used, whole)| Match { written: Written::Sum(op, whole, further(&used)), ..m }).collect()
    }

    /// Both sides of a law where it fits, written out of the cheapest formulas.
    fn written(&mut self, r: &Rule, m: &Match) -> Option<(Expr, Expr)> {
        let rest: Vec<Expr> = match &m.written {
            Written::Sum(_, _, rest) => rest.iter().map(|&id| self.egraph[id].data.expr).collect(),
            _ => vec![],
        };
        let from = self.expr(&m.written);
        let to = self.instantiate(&r.to, m)?;
        let to = proof::with_rest(&mut self.egraph.analysis.g, to, &rest);
        Some((from, to))
    }

    fn expr(&mut self, w: &Written) -> Expr {
        match w {
            Written::Class(id) => self.egraph[*id].data.expr,
            Written::Leaf(e) => *e,
            Written::Apply(op, args) | Written::Sum(op, args, _) => {
                let args: Vec<Expr> = args.iter().map(|a| self.expr(a)).collect();
                self.egraph.analysis.g.apply_as_written(op.0, &args).expect("it is written as an e-node that is there")
            }
        }
    }

    fn instantiate(&mut self, p: &Pattern, m: &Match) -> Option<Expr> {
        Some(match p {
            Pattern::Var(k) => self.egraph[m.vars[*k]?].data.expr,
            Pattern::Number(n) => self.egraph.analysis.g.number(*n),
            Pattern::Dim(d) => {
                let d = m.sizes.of(d)?;
                self.egraph.analysis.g.dim(&d)
            }
            Pattern::Apply(op, args) => {
                let args: Option<Vec<Expr>> = args.iter().map(|a| self.instantiate(a, m)).collect();
                self.egraph.analysis.g.apply_as_written(op.0, &args?).ok()?
            }
        })
    }

    /// What follows from linearity: factors that are sums are multiplied out, and common factors of terms are taken out.
    fn linear(&mut self, node: &ENode, out: &mut Vec<(Reason, Expr, Expr)>) {
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
                    if !is_linear(*op) || inner.len() != 2 || op.0.name == "scale" {
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
                terms[*k] = s
                    .iter()
                    .rev()
                    .fold(inner, |x, &s| g.apply_as_written(&crate::ops::scale::SCALE, &[s, x]).expect("a scalar factor"));
            }
            let before = g.apply_as_written(&ADD, &terms).expect("terms of one sum");
            out.push((Reason::Linear, before, after));
        }
    }

    /// A class as scalars times a class, in every way in which its nodes say so.
    fn peeled(&self, id: Id) -> Vec<(Vec<Expr>, Id)> {
        let mut out = vec![(vec![], id)];
        let mut k = 0;
        while k < out.len() && out.len() < TERMS {
            let (scalars, at): (Vec<Expr>, Id) = out[k].clone();
            k += 1;
            for n in &self.egraph[at].nodes {
                if let ENode::Apply(op, args) = n
                    && op.0.name == "scale"
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

    /// The cheapest formula that is equal to it, with its cost.
    pub(super) fn cheapest(&mut self, e: Expr) -> (Expr, u64) {
        let id = self.add(e);
        let best = self.egraph[id].data;
        (best.expr, best.cost)
    }

    /// The formula equal to it whose different parts together cost least, by the cost of one operation given its arguments: each
    /// class keeps the cheapest set of classes it can be made of, until nothing changes.
    pub(super) fn least(&mut self, e: Expr, cost: &dyn Fn(&Graph, Expr) -> u64) -> Expr {
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

    /// Nodes of the e-graph.
    pub(super) fn len(&self) -> usize {
        self.egraph.total_size()
    }

    /// The graph that the formulas are written in.
    pub(super) fn graph(&self) -> &Graph {
        &self.egraph.analysis.g
    }

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
    pub(super) fn prove(mut self, a: Expr, b: Expr) -> Proof {
        let steps = self.steps(a, b);
        let mut proof = Proof::of(self.egraph.analysis.g, self.given);
        proof.append(a, b, steps);
        proof
    }

    /// The proof that two formulas are equal over one step between formulas that they are known to equal.
    pub(super) fn prove_over(mut self, a: Expr, b: Expr, bridge: Step) -> Proof {
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

impl ENode {
    fn op(&self) -> Option<OpRef> {
        match self {
            ENode::Leaf(_) => None,
            ENode::Apply(op, _) => Some(*op),
        }
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
