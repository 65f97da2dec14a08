//! Bounds in the Jacobians and curvatures at hand: `‖H[x,y]‖₂ ≤ Σ ‖∂a/∂x‖₂ ‖S_{u;a,b}‖₂ ‖∂b/∂y‖₂` over all nodes u with a
//! curvature and their arguments a, b.
//!
//! The recursion of block elimination, written out: the Hessian is the sum of `J_a' S_{u;a,b} J_b` with J the Jacobian over all
//! ways from a parameter. So only this triangle inequality and these products are lost, at any depth.

use super::{
    calculus::Calculus,
    norm::Norm,
    recursion::{Between, Reason, Rule, Wanted},
};
use crate::{
    differentiate::{NotDifferentiable, adjoints, dependents, local_curvature, slots},
    expr::{Expr, Graph},
    hessian::unmarked,
    ops::{build::Build, jacobian::JACOBIAN},
    syntax,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    rc::Rc,
};

/// Sums of terms by pairs of leaves, the larger first.
type Terms = BTreeMap<(Expr, Expr), Vec<Rc<Reason>>>;

/// Bounds of the blocks of the Hessian of the scalar f in some leaves, `(x, y)` with x ≥ y; absent blocks are zero. `f` must be
/// expanded.
///
/// Errors: [`NotDifferentiable`].
pub(super) fn blocks(
    c: &mut Calculus,
    g: &mut Graph,
    f: Expr,
    curved: &Wanted,
    leaves: &[Expr],
) -> Result<BTreeMap<(Expr, Expr), Rc<Reason>>, NotDifferentiable> {
    let order = g.reachable(&[f]);
    let depends = dependents(g, &order, leaves);
    let of: BTreeMap<Expr, HashSet<Expr>> = leaves.iter().map(|&x| (x, dependents(g, &order, &[x]))).collect();
    let delta = adjoints(g, f, leaves)?;
    let is_leaf: BTreeSet<Expr> = leaves.iter().copied().collect();
    let mut terms = Terms::new();
    for u in order.into_iter().rev().filter(|u| depends.contains(u) && !is_leaf.contains(u)) {
        let Some(&cotangent) = delta.get(&u).filter(|_| curved(u)) else { continue };
        let inner: Vec<(usize, Expr)> = slots(g, u).into_iter().filter(|(_, v)| depends.contains(v)).collect();
        for (i, &(a, v)) in inner.iter().enumerate() {
            for &(b, w) in &inner[i..] {
                let Some(s) = local_curvature(g, u, a, b, cotangent)? else { continue };
                let s = syntax::expand(g, s);
                let s = unmarked(g, s);
                if g.is_zero(s) {
                    continue;
                }
                let curvature = c.symbol(g, s, Norm::Two);
                // off the diagonal the transpose of the curvature counts, too
                let sides = if a == b { vec![(v, w)] } else { vec![(v, w), (w, v)] };
                for (v, w) in sides {
                    for (&x, from_x) in &of {
                        for (&y, from_y) in of.range(..=x) {
                            if !from_x.contains(&v) || !from_y.contains(&w) {
                                continue;
                            }
                            let (left, right) = (total(c, g, v, x), total(c, g, w, y));
                            let bound = c.book.times(&[left, curvature, right]);
                            let rule = Rule::Between(Between { node: u, left: v, right: w, curvature: s, row: x, col: y });
                            terms.entry((x, y)).or_default().push(Rc::new(Reason { bound, rule, from: vec![] }));
                        }
                    }
                }
            }
        }
    }
    let mut out = BTreeMap::new();
    for (pair, from) in terms {
        let bounds: Vec<_> = from.iter().map(|r| r.bound).collect();
        let bound = c.book.sum(&bounds);
        out.insert(pair, Rc::new(Reason { bound, rule: Rule::Sum, from }));
    }
    Ok(out)
}

/// The norm of the Jacobian of a node in a leaf, as a symbol.
fn total(c: &mut Calculus, g: &mut Graph, v: Expr, x: Expr) -> super::Formula {
    if v == x {
        return c.book.one();
    }
    let v = unmarked(g, v);
    let j = g.apply(&JACOBIAN, &[v, x]);
    c.symbol(g, j, Norm::Two)
}
