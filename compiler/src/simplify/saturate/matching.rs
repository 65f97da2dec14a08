//! Where a law fits: patterns against classes, and both sides of the law written out there.

use super::{ENode, Search, TERMS};
use crate::{
    expr::{Expr, Facts, OpRef},
    simplify::{
        proof,
        rule::{Pattern, Rule, Sizes},
    },
};
use egg::{Id, Language};

/// Ways in which one law fits one class that are followed up.
const WAYS: usize = 48;
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

impl Search {
    /// What a law says of a class, as equations between formulas that are written out of the cheapest.
    pub(super) fn instances(&mut self, r: &Rule, id: Id) -> Vec<(Expr, Expr)> {
        self.at_class(r, id).iter().filter_map(|m| self.written(r, m)).collect()
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
}
