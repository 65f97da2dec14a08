//! Proofs that two formulas are equal: by the laws, by their index forms, by definitions that are assumed.

use super::{
    copy::Copy,
    proof::{self, Proof, Reason, Step},
    saturate::{Limits, Search, Stop},
};
use crate::{
    expr::{Expr, Graph, Node},
    lower,
};

/// A proof that two formulas of one shape are equal, if one is found: the laws join them; or both are the same sum of
/// products over index letters, as they stand, after the laws have simplified them, or with definitions that are assumed in
/// the place of variables. Every proof has been replayed.
pub fn prove(g: &Graph, a: Expr, b: Expr, equations: &[(Expr, Expr)], limits: Limits) -> Option<Proof> {
    by_laws(g, a, b, equations, limits).or_else(|| by_definitions(g, a, b, equations))
}

/// Whether two formulas have one index form.
fn one_form(graph: &Graph, a: Expr, b: Expr) -> bool {
    matches!(lower::index_form(graph, &[a, b]).as_slice(), [Some(l), Some(r)] if l == r)
}

fn by_laws(g: &Graph, a: Expr, b: Expr, equations: &[(Expr, Expr)], limits: Limits) -> Option<Proof> {
    let mut copy = Copy::of(g, None);
    let (a, b) = (copy.term(a), copy.term(b));
    let given = copy.assumptions(equations);
    let graph = copy.graph;
    let index_step = |a: Expr, b: Expr| Step { reason: Reason::IndexForm, place: vec![], before: a, after: b };
    let mut proof = if a == b {
        let mut proof = Proof::of(graph, given);
        proof.append(a, b, vec![]);
        proof
    } else if graph.reachable(&[a, b]).len() > limits.nodes / 4 {
        // too large for the laws
        if !one_form(&graph, a, b) {
            return None;
        }
        let mut proof = Proof::of(graph, given);
        proof.append(a, b, vec![index_step(a, b)]);
        proof
    } else {
        let mut search = Search::new(graph, limits);
        for e in [a, b] {
            search.add(e);
        }
        for (reason, x, y) in given {
            search.state(reason, x, y);
        }
        if search.run(Some((a, b))) == Stop::Joined {
            search.prove(a, b)
        } else if one_form(search.graph(), a, b) {
            search.prove_over(a, b, index_step(a, b))
        } else {
            // from each side to its simplest form, if these two are one
            let (x, y) = (search.cheapest(a), search.cheapest(b));
            if (x, y) == (a, b) || !one_form(search.graph(), x, y) {
                return None;
            }
            search.prove_over(a, b, index_step(x, y))
        }
    };
    if proof.replay().is_ok() {
        return Some(proof);
    }
    // steps that the checker cannot follow are no proof
    let Proof { graph, given, .. } = proof;
    if !one_form(&graph, a, b) {
        return None;
    }
    let mut proof = Proof::of(graph, given);
    proof.append(a, b, vec![index_step(a, b)]);
    Some(proof)
}

/// A proof with what variables are assumed to be in their places.
fn by_definitions(g: &Graph, a: Expr, b: Expr, equations: &[(Expr, Expr)]) -> Option<Proof> {
    let mut copy = Copy::of(g, None);
    let (a, b) = (copy.term(a), copy.term(b));
    let mut definitions: Vec<(Expr, Expr)> = vec![];
    let both = equations.iter().flat_map(|&(x, y)| [(x, y), (y, x)]);
    let mut waiting: Vec<(Expr, Expr)> = both.filter(|(x, _)| matches!(g.node(*x), Node::Var(_))).collect();
    while let Some(k) = waiting.iter().position(|(x, _)| copy.knows(*x)) {
        let (x, y) = waiting.remove(k);
        let definition = (copy.term(x), copy.term(y));
        definitions.push(definition);
    }
    let mut graph = copy.graph;
    definitions.retain(|(x, y)| !graph.reachable(&[*y]).contains(x));
    // what is defined later may stand in an earlier definition
    let mut path = |start: Expr| -> Vec<Expr> {
        let mut path = vec![start];
        for &(x, y) in definitions.iter().cycle().take(definitions.len().pow(2)) {
            let now = path[path.len() - 1];
            let next = proof::put(&mut graph, now, x, y);
            if next != now {
                path.push(next);
            }
        }
        path
    };
    let (from, to) = (path(a), path(b));
    let (x, y) = (from[from.len() - 1], to[to.len() - 1]);
    if from.len() + to.len() == 2 || !(x == y || one_form(&graph, x, y)) {
        return None;
    }
    let step = |reason: Reason, before: Expr, after: Expr| Step { reason, place: vec![], before, after };
    let mut steps: Vec<Step> = from.windows(2).map(|w| step(Reason::Assumption, w[0], w[1])).collect();
    steps.push(step(Reason::IndexForm, x, y));
    steps.extend(to.windows(2).rev().map(|w| step(Reason::Assumption, w[1], w[0])));
    let mut proof = Proof::of(graph, definitions.into_iter().map(|(x, y)| (Reason::Assumption, x, y)).collect());
    proof.append(a, b, steps);
    proof.replay().is_ok().then_some(proof)
}
