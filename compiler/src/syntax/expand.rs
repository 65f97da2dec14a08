//! Expansion: every operation that is short for a formula is replaced by that formula.
//!
//! Assumes: a typed graph. Guarantees: the result has no `Meaning::Formula`; expanding it again changes nothing.

use super::row;
use crate::expr::{Expr, Fact, Graph, Meaning, Node};
use std::collections::HashMap;

/// The same value without operations that are short for formulas; names and known facts go over to what replaces a node.
pub fn expand(g: &mut Graph, e: Expr) -> Expr {
    let mut e = e;
    // a formula may itself use such operations: one level a turn
    while let Some(next) = expand_once(g, e) {
        e = next;
    }
    e
}

/// One level of all formulas; `None` if there are none.
fn expand_once(g: &mut Graph, e: Expr) -> Option<Expr> {
    let order = g.reachable(&[e]);
    let formula = |g: &Graph, u: Expr| match g.node(u) {
        Node::Apply(op, _) => match op.0.meaning {
            Meaning::Formula(text) => Some(text),
            _ => None,
        },
        _ => None,
    };
    if !order.iter().any(|&u| formula(g, u).is_some()) {
        return None;
    }
    let mut new = HashMap::<Expr, Expr>::new();
    for u in order {
        let Node::Apply(op, args) = g.node(u).clone() else { continue };
        let moved: Vec<Expr> = args.iter().map(|a| *new.get(a).unwrap_or(a)).collect();
        let v = match formula(g, u) {
            Some(text) => row(g, op.0, &moved, text, None, None),
            None if moved == args => continue,
            None => g.apply(op.0, &moved),
        };
        carry_over(g, u, v);
        new.insert(u, v);
    }
    Some(*new.get(&e).unwrap_or(&e))
}

/// Names `v` as `u`, and knows of it what is known of `u`.
fn carry_over(g: &mut Graph, u: Expr, v: Expr) {
    if let Some(name) = g.name_of(u).map(str::to_owned) {
        g.name(v, &name);
    }
    let known = g.facts(u);
    for (fact, _) in Fact::ALL {
        if known.has(fact) && !g.facts(v).has(fact) {
            g.assume(v, fact);
        }
    }
}
