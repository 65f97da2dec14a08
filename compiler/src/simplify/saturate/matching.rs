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
use std::cell::Cell;

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

/// What the variables and sizes of a law stand for on the way to a match.
struct Bound {
    vars: Vec<Option<Id>>,
    sizes: Sizes,
}

/// What is done with each way in which a pattern fits; whether to look for more.
type Then<'a> = dyn FnMut(&mut Bound, &Written) -> bool + 'a;

/// A pattern with terms of a sum.
struct Terms<'a> {
    op: OpRef,
    patterns: &'a [Pattern],
    args: &'a [Id],
}

impl Search {
    /// What a law says of a class, as equations between formulas that are written out of the cheapest.
    pub(super) fn instances(&mut self, r: &Rule, id: Id) -> Vec<(Expr, Expr)> {
        self.at_class(r, id).iter().filter_map(|m| self.written(r, m)).collect()
    }

    /// All ways in which the rule fits the class; a sum may have further terms.
    fn at_class(&self, r: &Rule, id: Id) -> Vec<Match> {
        let mut b = Bound { vars: vec![None; r.variables.len()], sizes: Sizes::default() };
        let mut found = vec![];
        let mut then = |b: &mut Bound, w: &Written| {
            if b.sizes.fits() && self.known(r, &b.vars) {
                found.push(Match { vars: b.vars.clone(), sizes: b.sizes.clone(), written: w.clone() });
            }
            found.len() < WAYS
        };
        match &r.from {
            Pattern::Apply(op, patterns) if op.is_sum() => {
                for n in self.egraph[id].nodes.iter().filter(|n| n.op() == Some(*op)) {
                    let terms = Terms { op: *op, patterns, args: n.children() };
                    if !self.some_of(r, &terms, true, &mut b, &mut then) {
                        break;
                    }
                }
            }
            p => {
                self.matches(r, p, id, &mut b, &mut then);
            }
        }
        found
    }

    /// Whether what the law asks for is known of what its variables stand for.
    fn known(&self, r: &Rule, vars: &[Option<Id>]) -> bool {
        r.variables.iter().zip(vars).all(|(v, id)| {
            let facts = |id: Id| self.egraph.analysis.g.facts(self.egraph[id].data.expr);
            v.facts == Facts::default() || id.is_some_and(|id| facts(id).includes(v.facts))
        })
    }

    /// All ways in which a pattern fits a class, in order; false once there is enough.
    fn matches(&self, r: &Rule, p: &Pattern, id: Id, b: &mut Bound, then: &mut Then) -> bool {
        let class = &self.egraph[id];
        let g = &self.egraph.analysis.g;
        let leaf = || class.nodes.iter().find_map(|n| if let ENode::Leaf(e) = n { Some(*e) } else { None });
        match p {
            Pattern::Var(k) => {
                let (id, old) = (self.egraph.find(id), b.vars[*k]);
                if g.as_dim(class.data.expr).is_some() || old.is_some_and(|x| x != id) {
                    return true;
                }
                let mark = b.sizes.mark();
                let mut more = true;
                if b.sizes.unify_shape(&r.variables[*k].shape, g.shape(class.data.expr)) {
                    b.vars[*k] = Some(id);
                    more = then(b, &Written::Class(id));
                    b.vars[*k] = old;
                }
                b.sizes.back_to(mark);
                more
            }
            Pattern::Number(n) => match leaf().filter(|&e| g.as_number(e) == Some(*n)) {
                Some(e) => then(b, &Written::Leaf(e)),
                None => true,
            },
            Pattern::Dim(d) => {
                let Some((e, actual)) = leaf().and_then(|e| Some((e, g.as_dim(e)?))) else { return true };
                let mark = b.sizes.mark();
                let more = !b.sizes.unify(d, actual) || then(b, &Written::Leaf(e));
                b.sizes.back_to(mark);
                more
            }
            Pattern::Apply(op, patterns) => {
                let ways = Cell::new(0);
                let mut counted = |b: &mut Bound, w: &Written| {
                    ways.set(ways.get() + 1);
                    then(b, w)
                };
                for n in &class.nodes {
                    let ENode::Apply(o, args) = n else { continue };
                    if !std::ptr::eq(o.0, op.0) || args.len() != patterns.len() {
                        continue;
                    }
                    let terms = Terms { op: *op, patterns, args };
                    if op.is_sum() {
                        if !self.some_of(r, &terms, false, b, &mut counted) {
                            return false;
                        }
                        continue;
                    }
                    if !self.in_order(r, &terms, false, &mut vec![], b, &mut counted) {
                        return false;
                    }
                    if op.commutes() && patterns.len() == 2 && !self.in_order(r, &terms, true, &mut vec![], b, &mut counted) {
                        return false;
                    }
                    if ways.get() > WAYS {
                        break;
                    }
                }
                true
            }
        }
    }

    /// Ways in which arguments are the patterns one by one, or two of them the other way round.
    fn in_order(&self, r: &Rule, t: &Terms, swapped: bool, done: &mut Vec<Written>, b: &mut Bound, then: &mut Then) -> bool {
        let k = done.len();
        let Some(&a) = t.args.get(k) else { return then(b, &Written::Apply(t.op, done.clone())) };
        let p = &t.patterns[if swapped { 1 - k } else { k }];
        self.matches(r, p, a, b, &mut |b, w| {
            done.push(w.clone());
            let more = self.in_order(r, t, swapped, done, b, then);
            done.pop();
            more
        })
    }

    /// Ways in which terms of a sum, all or some of them, are the patterns.
    fn some_of(&self, r: &Rule, t: &Terms, rest: bool, b: &mut Bound, then: &mut Then) -> bool {
        if t.args.len() < t.patterns.len() || t.args.len() > TERMS || (!rest && t.args.len() != t.patterns.len()) {
            return true;
        }
        let mut whole: Vec<Written> = t.args.iter().map(|&a| Written::Class(a)).collect();
        self.next_term(r, t, &mut vec![], &mut whole, b, then)
    }

    fn next_term(
        &self,
        r: &Rule,
        t: &Terms,
        used: &mut Vec<usize>,
        whole: &mut Vec<Written>,
        b: &mut Bound,
        then: &mut Then,
    ) -> bool {
        let Some(p) = t.patterns.get(used.len()) else {
            let further = (0..t.args.len()).filter(|k| !used.contains(k)).map(|k| t.args[k]).collect();
            return then(b, &Written::Sum(t.op, whole.clone(), further));
        };
        for (k, &a) in t.args.iter().enumerate() {
            if used.contains(&k) {
                continue;
            }
            used.push(k);
            let more = self.matches(r, p, a, b, &mut |b, w| {
                let old = std::mem::replace(&mut whole[k], w.clone());
                let more = self.next_term(r, t, used, whole, b, then);
                whole[k] = old;
                more
            });
            used.pop();
            if !more {
                return false;
            }
        }
        true
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
