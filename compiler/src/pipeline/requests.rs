//! Replaces the derivatives that were asked for by what they are.

use crate::{
    differentiate::{self, NotDifferentiable},
    expr::{Expr, Graph, Meaning, Node},
    hessian::{self, Part},
    ops::{
        build::Build, differential::DIFFERENTIAL, functional::FUNCTIONAL, gauss_newton::GAUSS_NEWTON, grad::GRAD,
        hessian::HESSIAN, hvp::HVP, jacobian::JACOBIAN,
    },
};
use std::collections::{BTreeMap, HashMap, hash_map::Entry};

/// Pairs of a variable and what it moves by.
type Increments = Vec<(Expr, Expr)>;

/// The increments of a request: pairs of a variable and what it moves by.
fn pairs(args: &[Expr]) -> Increments {
    args.chunks_exact(2).map(|p| (p[0], p[1])).collect()
}

/// `e` without derivative nodes. Blocks of one Hessian come from one elimination.
///
/// Errors: [`NotDifferentiable`] if an operation on the way has no derivative.
pub fn answer(g: &mut Graph, e: Expr) -> Result<Expr, NotDifferentiable> {
    answer_all(g, &[e]).map(|v| v[0])
}

/// The same for several roots, sharing what they share.
///
/// Errors: [`NotDifferentiable`].
pub fn answer_all(g: &mut Graph, roots: &[Expr]) -> Result<Vec<Expr>, NotDifferentiable> {
    let order = g.reachable(roots);
    let mut new: HashMap<Expr, Expr> = HashMap::new();
    let mut known: HashMap<(Expr, Part), BTreeMap<(Expr, Expr), Expr>> = HashMap::new();
    let mut vectors: HashMap<(Expr, Increments), BTreeMap<Expr, Expr>> = HashMap::new();
    for &u in &order {
        let Node::Apply(op, args) = g.node(u).clone() else { continue };
        let moved: Vec<Expr> = args.iter().map(|a| *new.get(a).unwrap_or(a)).collect();
        if !matches!(op.0.meaning, Meaning::Derivative) {
            if moved != args {
                let v = g.apply(op.0, &moved);
                new.insert(u, v);
            }
            continue;
        }
        let name = op.0.name;
        let result = if name == GRAD.name {
            differentiate::gradient(g, moved[0], moved[1])?
        } else if name == JACOBIAN.name {
            if g.is_scalar(moved[0]) {
                let d = differentiate::gradient(g, moved[0], moved[1])?;
                let v = g.vec_r(d);
                g.transpose(v)
            } else {
                differentiate::jacobian(g, moved[0], moved[1])?
            }
        } else if name == DIFFERENTIAL.name {
            differentiate::differential(g, moved[0], &pairs(&moved[1..]))?
        } else if name == HVP.name {
            let key = (moved[0], pairs(&moved[2..]));
            if !vectors.contains_key(&key) {
                let all = hessian::hessian_vector(g, key.0, &key.1)?;
                vectors.insert(key.clone(), all);
            }
            vectors[&key][&moved[1]]
        } else if name == HESSIAN.name && !g.is_scalar(moved[0]) {
            differentiate::second(g, moved[0], moved[1], moved[2])?
        } else {
            let part = match name {
                n if n == HESSIAN.name => Part::Whole,
                n if n == GAUSS_NEWTON.name => Part::GaussNewton,
                n if n == FUNCTIONAL.name => Part::Functional,
                _ => unreachable!("every derivative row is answered here"),
            };
            let key = (moved[0], part);
            if let Entry::Vacant(place) = known.entry(key) {
                let wanted: Vec<(Expr, Expr)> = order
                    .iter()
                    .filter_map(|&v| match g.node(v) {
                        Node::Apply(o, a) if o.0.name == name && a[0] == args[0] => Some((a[1], a[2])),
                        _ => None,
                    })
                    .collect();
                let found = hessian::blocks(g, moved[0], part, &wanted)?;
                place.insert(wanted.into_iter().zip(found).collect());
            }
            known[&key][&(moved[1], moved[2])]
        };
        new.insert(u, result);
    }
    Ok(roots.iter().map(|e| *new.get(e).unwrap_or(e)).collect())
}
