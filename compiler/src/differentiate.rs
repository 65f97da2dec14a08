//! First derivatives by the rows: Jacobians, gradients, differentials; and the pass that replaces derivatives that were asked for.
//!
//! Assumes: a typed graph. Guarantees: the result contains no derivative node. The textbook route: every operation gives
//! its `J` in vec_r form, and the chain rule multiplies them (Lemmas 31 to 38 of the thesis are rows of `ops`).

use crate::{
    expr::{Expr, Graph, Kind, Meaning, Node, Op, Shape},
    number::Number,
    ops::{build::Build, vec_r::VEC_R},
    syntax,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

/// An operation without a derivative where one was needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDifferentiable {
    /// Name of the operation.
    pub op: &'static str,
}
impl fmt::Display for NotDifferentiable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` has no derivative here: hesse knows its value, but no formula for its Jacobian", self.op)
    }
}
impl std::error::Error for NotDifferentiable {}

/// The nodes among `order` that depend on a node of `wrt`, those included.
pub fn dependents(g: &Graph, order: &[Expr], wrt: &[Expr]) -> HashSet<Expr> {
    let mut out: HashSet<Expr> = wrt.iter().copied().collect();
    for &e in order {
        if g.args(e).iter().any(|a| out.contains(a)) {
            out.insert(e);
        }
    }
    out
}

/// The matrix arguments of a node with their slots, as the row counts them.
pub fn slots(g: &Graph, e: Expr) -> Vec<(usize, Expr)> {
    g.args(e).iter().copied().filter(|&a| !matches!(g.node(a), Node::Dim(_))).enumerate().collect()
}

/// The operation and arguments of a node that is not a leaf.
fn operation(g: &Graph, e: Expr) -> (&'static Op, Vec<Expr>) {
    match g.node(e) {
        Node::Apply(op, args) => (op.0, args.clone()),
        _ => unreachable!("only applications depend on something else"),
    }
}

/// `J` of node `u` in one slot: `vec_r(du) = J vec_r(d slot)`. Shapes: |u| × |slot|.
///
/// Errors: [`NotDifferentiable`] if the row gives none.
pub fn local_jacobian(g: &mut Graph, u: Expr, slot: usize) -> Result<Expr, NotDifferentiable> {
    let (op, args) = operation(g, u);
    match &op.meaning {
        Meaning::Sum => {
            let n = g.shape(u).len();
            Ok(g.eye(&n))
        }
        Meaning::Entrywise { first, .. } => {
            let slope = syntax::row(g, op, &args, first, Some(u), None);
            let slope = as_shape(g, slope, u);
            let v = g.vec_r(slope);
            Ok(g.diag(v))
        }
        _ => match op.vec_form.get(slot) {
            Some(text) if !text.is_empty() => Ok(syntax::row(g, op, &args, text, Some(u), None)),
            _ => Err(NotDifferentiable { op: op.name }),
        },
    }
}

/// A formula of a row that came out as a number is that number in every entry.
fn as_shape(g: &mut Graph, e: Expr, like: Expr) -> Expr {
    let shape = g.shape(like).clone();
    if g.is_scalar(e) && !shape.is_scalar() {
        let ones = g.ones(&shape);
        return g.scale(e, ones);
    }
    e
}

/// `S` of node `u` for two slots: the second derivative of `⟨δ, u⟩`; `None` if it is zero. Shapes: |slot a| × |slot b|.
///
/// Errors: [`NotDifferentiable`] for an operation that is not linear and states no curvature.
pub fn local_curvature(g: &mut Graph, u: Expr, a: usize, b: usize, delta: Expr) -> Result<Option<Expr>, NotDifferentiable> {
    let (op, args) = operation(g, u);
    let s = match &op.meaning {
        Meaning::Sum | Meaning::Slice => None,
        Meaning::Entrywise { second, .. } => {
            let bend = syntax::row(g, op, &args, second, Some(u), None);
            let bend = as_shape(g, bend, u);
            let weighted = g.hadamard(delta, bend);
            let v = g.vec_r(weighted);
            Some(g.diag(v))
        }
        meaning => {
            let (low, high) = (a.min(b), a.max(b));
            match op.curvature.iter().find(|c| (c.0, c.1) == (low, high)) {
                Some((_, _, text)) => {
                    let s = syntax::row(g, op, &args, text, Some(u), Some(delta));
                    Some(if a <= b { s } else { g.transpose(s) })
                }
                None if matches!(meaning, Meaning::Contraction(_)) => None,
                None if op.curvature.is_empty() => second_by_jacobian(g, u, a, b, delta)?,
                None => None,
            }
        }
    };
    Ok(s.filter(|&s| !g.is_zero(s)))
}

/// `S` as the Jacobian of `J' vec_r(δ)` in slot b, for rows that give only `J`. The arguments and δ are held independent:
/// it is worked out for fresh names, which are then replaced.
fn second_by_jacobian(g: &mut Graph, u: Expr, a: usize, b: usize, delta: Expr) -> Result<Option<Expr>, NotDifferentiable> {
    let (op, args) = operation(g, u);
    let mut names = HashMap::new();
    let mut fresh = |g: &mut Graph, e: Expr, k: usize| {
        let shape = g.shape(e).clone();
        let v = g.declare(&format!("argument {k} of {} as {shape}", op.name), shape, Kind::Const);
        names.insert(v, e);
        v
    };
    let held: Vec<Expr> = args
        .iter()
        .enumerate()
        .map(|(k, &x)| if matches!(g.node(x), Node::Dim(_) | Node::Number(_)) { x } else { fresh(g, x, k) })
        .collect();
    let cotangent = fresh(g, delta, args.len());
    let y = g.apply(op, &held);
    let wrt = slots(g, y)[b].1;
    let pulled = pull(g, y, a, slots(g, y)[a].1, cotangent)?;
    let v = g.vec_r(pulled);
    let s = jacobian(g, v, wrt)?;
    let s = substitute(g, s, &names);
    Ok((!g.is_zero(s)).then_some(s))
}

/// `e` with nodes replaced; what contains them is built anew.
pub fn substitute(g: &mut Graph, e: Expr, by: &HashMap<Expr, Expr>) -> Expr {
    let mut new: HashMap<Expr, Expr> = by.clone();
    for u in g.reachable(&[e]) {
        if new.contains_key(&u) {
            continue;
        }
        let Node::Apply(op, args) = g.node(u).clone() else { continue };
        let moved: Vec<Expr> = args.iter().map(|a| *new.get(a).unwrap_or(a)).collect();
        if moved != args {
            let v = g.apply(op.0, &moved);
            new.insert(u, v);
        }
    }
    *new.get(&e).unwrap_or(&e)
}

/// `jacobian(f, x)`: the row-wise Jacobian. Shapes: f: p×q, x: m×n; result pq × mn.
///
/// Errors: [`NotDifferentiable`] if an operation on the way has no `J`.
pub fn jacobian(g: &mut Graph, f: Expr, x: Expr) -> Result<Expr, NotDifferentiable> {
    let f = syntax::expand(g, f);
    let order = g.reachable(&[f]);
    let depends = dependents(g, &order, &[x]);
    let columns = g.shape(x).len();
    let mut total: HashMap<Expr, Expr> = HashMap::new();
    let eye = g.eye(&columns);
    total.insert(x, eye);
    for u in order.into_iter().filter(|u| depends.contains(u) && *u != x) {
        let mut terms = vec![];
        for (slot, v) in slots(g, u) {
            if let Some(&inner) = total.get(&v) {
                let outer = local_jacobian(g, u, slot)?;
                terms.push(g.mul(outer, inner));
            }
        }
        let sum = g.sum(&terms);
        total.insert(u, sum);
    }
    Ok(match total.get(&f) {
        Some(&j) => j,
        None => {
            let rows = g.shape(f).len();
            g.zeros(&Shape::new(rows, columns))
        }
    })
}

/// The matrix of shape `like` whose `vec_r` is `J' vec_r(δ)`: how a cotangent moves to an argument.
pub fn pull(g: &mut Graph, u: Expr, slot: usize, v: Expr, delta: Expr) -> Result<Expr, NotDifferentiable> {
    let j = local_jacobian(g, u, slot)?;
    let jt = g.transpose(j);
    let d = g.vec_r(delta);
    let moved = g.mul(jt, d);
    let shape = g.shape(v).clone();
    Ok(g.mat_r(moved, &shape))
}

/// The matrix whose `vec_r` is `J vec_r(t)`: how a tangent moves to a result.
pub fn push(g: &mut Graph, u: Expr, slot: usize, tangent: Expr) -> Result<Expr, NotDifferentiable> {
    let j = local_jacobian(g, u, slot)?;
    let t = g.vec_r(tangent);
    let moved = g.mul(j, t);
    let shape = g.shape(u).clone();
    Ok(g.mat_r(moved, &shape))
}

/// The differential of `f` along increments of some nodes. Shapes: each increment as its node; result as f.
///
/// Errors: [`NotDifferentiable`].
pub fn differential(g: &mut Graph, f: Expr, along: &[(Expr, Expr)]) -> Result<Expr, NotDifferentiable> {
    let f = syntax::expand(g, f);
    let tangents = tangents(g, f, along)?;
    Ok(match tangents.get(&f) {
        Some(&t) => t,
        None => {
            let shape = g.shape(f).clone();
            g.zeros(&shape)
        }
    })
}

/// The tangent of every node of `f` that moves. `f` must be expanded.
pub fn tangents(g: &mut Graph, f: Expr, along: &[(Expr, Expr)]) -> Result<HashMap<Expr, Expr>, NotDifferentiable> {
    let order = g.reachable(&[f]);
    let leaves: Vec<Expr> = along.iter().map(|p| p.0).collect();
    let depends = dependents(g, &order, &leaves);
    let mut out: HashMap<Expr, Expr> = along.iter().copied().collect();
    for u in order.into_iter().filter(|u| depends.contains(u) && !leaves.contains(u)) {
        let mut terms = vec![];
        for (slot, v) in slots(g, u) {
            if let Some(&t) = out.get(&v) {
                terms.push(push(g, u, slot, t)?);
            }
        }
        let sum = g.sum(&terms);
        out.insert(u, sum);
    }
    Ok(out)
}

/// The adjoint of every node of the scalar `f` that the leaves reach: `df = Σ ⟨δ_v, dv⟩`. `f` must be expanded.
pub fn adjoints(g: &mut Graph, f: Expr, leaves: &[Expr]) -> Result<BTreeMap<Expr, Expr>, NotDifferentiable> {
    let order = g.reachable(&[f]);
    let depends = dependents(g, &order, leaves);
    let mut parts: BTreeMap<Expr, Vec<Expr>> = BTreeMap::new();
    let mut out = BTreeMap::new();
    let one = g.constant(Number::ONE);
    parts.insert(f, vec![one]);
    for u in order.into_iter().rev().filter(|u| depends.contains(u)) {
        let Some(terms) = parts.remove(&u) else { continue };
        let delta = g.sum(&terms);
        out.insert(u, delta);
        if leaves.contains(&u) {
            continue;
        }
        for (slot, v) in slots(g, u) {
            if depends.contains(&v) {
                let moved = pull(g, u, slot, v, delta)?;
                parts.entry(v).or_default().push(moved);
            }
        }
    }
    Ok(out)
}

/// `grad(f, x)` of a scalar f: the matrix of the shape of x. Errors: [`NotDifferentiable`].
pub fn gradient(g: &mut Graph, f: Expr, x: Expr) -> Result<Expr, NotDifferentiable> {
    let f = syntax::expand(g, f);
    Ok(match adjoints(g, f, &[x])?.get(&x) {
        Some(&d) => d,
        None => {
            let shape = g.shape(x).clone();
            g.zeros(&shape)
        }
    })
}

/// A second derivative by the textbook route: the Jacobian of the Jacobian. Shapes: (|f| |x|) × |y|.
///
/// Errors: [`NotDifferentiable`].
pub fn second(g: &mut Graph, f: Expr, x: Expr, y: Expr) -> Result<Expr, NotDifferentiable> {
    let j = jacobian(g, f, x)?;
    if let Some(inner) = g.args_of(j, &VEC_R).map(|x| x[0]) {
        return jacobian(g, inner, y);
    }
    let v = g.vec_r(j);
    jacobian(g, v, y)
}
