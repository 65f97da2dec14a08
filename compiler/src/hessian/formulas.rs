//! The domain of formulas: blocks and adjoints are expressions. Also the Gauss-Newton and functional parts, and
//! Hessian-vector products, which never form a matrix.

use super::{Domain, eliminate};
use crate::{
    differentiate::{self, NotDifferentiable, local_curvature, local_jacobian, slots, tangents},
    expr::{Expr, Graph, Meaning, Node, Op, Shape},
    ops::build::Build,
    syntax,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Marks the output of the network while the loss is expanded, so that no simplification crosses it: in `mse(X W + B, Y)` the
/// sum would become one with the loss. It is gone from every result.
static OUTPUT: Op = Op {
    name: "output",
    signature: "m×n -> m×n",
    meaning: Meaning::Contraction("i|j -> i|j"),
    vec_form: &["I(m*n)"],
    bound: "all: norm(A)",
    ..Op::BLANK
};

/// Which part of the Hessian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// All of it.
    Whole,
    /// J' A J, with A the Hessian of the loss in the output of the network.
    GaussNewton,
    /// The rest.
    Functional,
}

impl Part {
    /// The name of its query: `gauss_newton`.
    pub fn query(self) -> &'static str {
        match self {
            Part::Whole => "hessian",
            Part::GaussNewton => "gauss_newton",
            Part::Functional => "functional",
        }
    }
    /// Whether the curvature of a node counts; `loss` has the nodes above the output of the network.
    pub(crate) fn has(self, loss: &BTreeSet<Expr>, u: Expr) -> bool {
        match self {
            Part::Whole => true,
            Part::GaussNewton => loss.contains(&u),
            Part::Functional => !loss.contains(&u),
        }
    }
}

/// Blocks and adjoints are expressions.
pub struct Formulas {
    part: Part,
    loss: BTreeSet<Expr>,
}

impl Domain for Formulas {
    type Block = Expr;
    type Adjoint = Expr;
    type Error = NotDifferentiable;

    fn seed(&mut self, g: &mut Graph, _: Expr) -> Expr {
        g.one()
    }
    fn pull_adjoint(&mut self, g: &mut Graph, u: Expr, (a, v): (usize, Expr), delta: &Expr) -> Result<Expr, NotDifferentiable> {
        differentiate::pull(g, u, a, v, *delta)
    }
    fn pull(&mut self, g: &mut Graph, u: Expr, a: usize, block: &Expr) -> Result<Expr, NotDifferentiable> {
        let j = local_jacobian(g, u, a)?;
        let jt = g.transpose(j);
        Ok(g.mul(jt, *block))
    }
    fn curvature(&mut self, g: &mut Graph, u: Expr, a: usize, b: usize, delta: &Expr) -> Result<Option<Expr>, NotDifferentiable> {
        if self.part.has(&self.loss, u) { local_curvature(g, u, a, b, *delta) } else { Ok(None) }
    }
    fn transpose(&mut self, g: &mut Graph, block: &Expr) -> Expr {
        g.transpose(*block)
    }
    fn sum(&mut self, g: &mut Graph, blocks: &[Expr]) -> Expr {
        g.sum(blocks)
    }
    fn sum_adjoints(&mut self, g: &mut Graph, adjoints: &[Expr]) -> Expr {
        g.sum(adjoints)
    }
}

/// The nodes of `f` where the loss ends and the network begins: the output of each loss row; in a loss without such a row,
/// the named nodes that it mentions first. Parameters always are such nodes.
fn outputs(g: &Graph, f: Expr) -> BTreeSet<Expr> {
    let order = g.reachable(&[f]);
    let mut has_loss: BTreeSet<Expr> = BTreeSet::new();
    for &e in &order {
        let is_loss = matches!(g.node(e), Node::Apply(op, _) if op.0.output.is_some());
        if is_loss || g.args(e).iter().any(|a| has_loss.contains(a)) {
            has_loss.insert(e);
        }
    }
    let mut out = BTreeSet::new();
    let mut stack = vec![f];
    let mut seen = BTreeSet::new();
    while let Some(e) = stack.pop() {
        if !seen.insert(e) {
            continue;
        }
        if let Node::Apply(op, args) = g.node(e)
            && let Some(slot) = op.0.output
        {
            out.insert(args[slot]);
            stack.extend(args.iter().enumerate().filter(|(k, _)| *k != slot).map(|(_, &a)| a));
            continue;
        }
        if e != f && g.name_of(e).is_some() && !has_loss.contains(&e) {
            out.insert(e);
            continue;
        }
        stack.extend(g.args(e));
    }
    out
}

/// The expanded loss with its outputs marked, and its nodes that lie above every output of the network.
fn marked(g: &mut Graph, f: Expr) -> (Expr, BTreeSet<Expr>) {
    let ends: HashMap<Expr, Expr> = outputs(g, f).into_iter().map(|e| (e, g.apply(&OUTPUT, &[e]))).collect();
    let f = differentiate::substitute(g, f, &ends);
    let f = syntax::expand(g, f);
    let mut out = BTreeSet::new();
    let mut stack = vec![f];
    while let Some(e) = stack.pop() {
        if g.args_of(e, &OUTPUT).is_none() && out.insert(e) {
            stack.extend(g.args(e));
        }
    }
    (f, out)
}

/// What the recursion goes through for a part: f, expanded, and the nodes of the loss above every output of the network, none for
/// the whole. In f outputs are marked for the other parts; [`unmarked`] takes the marks away.
pub fn of_part(g: &mut Graph, f: Expr, part: Part) -> (Expr, BTreeSet<Expr>) {
    if part == Part::Whole { (syntax::expand(g, f), BTreeSet::new()) } else { marked(g, f) }
}

/// The same without marks.
pub fn unmarked(g: &mut Graph, e: Expr) -> Expr {
    let marks: HashMap<Expr, Expr> = g.reachable(&[e]).into_iter().filter_map(|u| Some((u, g.args_of(u, &OUTPUT)?[0]))).collect();
    differentiate::substitute(g, e, &marks)
}

/// Blocks of the Hessian of the scalar f, for pairs of leaves. Shapes: |x| × |y|.
///
/// Errors: [`NotDifferentiable`].
pub fn blocks(g: &mut Graph, f: Expr, part: Part, pairs: &[(Expr, Expr)]) -> Result<Vec<Expr>, NotDifferentiable> {
    let (f, loss) = of_part(g, f, part);
    let leaves: Vec<Expr> = pairs.iter().flat_map(|p| [p.0, p.1]).collect::<BTreeSet<_>>().into_iter().collect();
    let result = eliminate(&mut Formulas { part, loss }, g, f, &leaves)?;
    let mut out = vec![];
    for &(x, y) in pairs {
        let block = match (result.second.get(&(x, y)), result.second.get(&(y, x))) {
            (Some(&b), _) => b,
            (None, Some(&b)) => g.transpose(b),
            (None, None) => {
                let (rows, cols) = (g.shape(x).len(), g.shape(y).len());
                g.zeros(&Shape::new(rows, cols))
            }
        };
        out.push(unmarked(g, block));
    }
    Ok(out)
}

/// The product of the Hessian of f in (x₁, x₂, …) with (v₁, v₂, …), in the shapes of the leaves: one sweep forward, one back.
///
/// Errors: [`NotDifferentiable`].
pub fn hessian_vector(g: &mut Graph, f: Expr, along: &[(Expr, Expr)]) -> Result<BTreeMap<Expr, Expr>, NotDifferentiable> {
    products(g, f, Part::Whole, along)
}

/// The same of a part of the Hessian.
///
/// Errors: [`NotDifferentiable`].
pub fn products(g: &mut Graph, f: Expr, part: Part, along: &[(Expr, Expr)]) -> Result<BTreeMap<Expr, Expr>, NotDifferentiable> {
    let (f, loss) = of_part(g, f, part);
    let leaves: Vec<Expr> = along.iter().map(|p| p.0).collect();
    let moving = tangents(g, f, along)?;
    let delta = differentiate::adjoints(g, f, &leaves)?;
    let mut parts: BTreeMap<Expr, Vec<Expr>> = BTreeMap::new();
    for u in g.reachable(&[f]).into_iter().rev() {
        let Some(&d) = delta.get(&u).filter(|_| !leaves.contains(&u)) else { continue };
        let bent = parts.remove(&u).map(|p| g.sum(&p));
        let inner: Vec<(usize, Expr)> = slots(g, u).into_iter().filter(|(_, v)| moving.contains_key(v)).collect();
        for &(a, v) in &inner {
            if let Some(bent) = bent {
                let moved = differentiate::pull(g, u, a, v, bent)?;
                parts.entry(v).or_default().push(moved);
            }
            for &(b, w) in inner.iter().filter(|_| part.has(&loss, u)) {
                if let Some(s) = local_curvature(g, u, a, b, d)? {
                    let t = g.vec_r(moving[&w]);
                    let moved = g.mul(s, t);
                    let shape = g.shape(v).clone();
                    let moved = g.mat_r(moved, &shape);
                    parts.entry(v).or_default().push(moved);
                }
            }
        }
    }
    let mut out = BTreeMap::new();
    for x in leaves {
        let shape = g.shape(x).clone();
        let h = match parts.remove(&x) {
            Some(p) => g.sum(&p),
            None => g.zeros(&shape),
        };
        let h = unmarked(g, h);
        out.insert(x, h);
    }
    Ok(out)
}
