//! The domain of norms: the recursion that computes the Hessian, on bounds of its blocks.

use super::{calculus::Calculus, formula::Formula};
use crate::{
    differentiate::{NotDifferentiable, dependents, slots},
    expr::{Expr, Graph},
    hessian::Domain,
    number::Number,
    ops::build::Build,
};
use std::{collections::BTreeMap, rc::Rc};

/// A bound of the spectral norm of a block, and how it came about.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The bound.
    pub bound: Formula,
    /// What it is of, in one line.
    pub rule: Rule,
    /// What it was made from.
    pub from: Vec<Rc<Reason>>,
}

/// The rule that was applied.
#[derive(Clone, Debug)]
pub enum Rule {
    /// `‖D' W‖ ≤ ‖D‖ ‖W‖`, with D the Jacobian of the node in a slot: its bound and the rule of the row.
    Chain(Expr, usize, Formula, String),
    /// The curvature of a node in two slots, contracted with its cotangent, and the rule of the row.
    Curvature(Expr, (usize, usize), Expr, String),
    /// `‖J_a' S J_b‖ ≤ ‖J_a‖ ‖S‖ ‖J_b‖` with S, the curvature of a node between two of its arguments, and the Jacobians of these.
    Between(Between),
    /// `‖A + B‖ ≤ ‖A‖ + ‖B‖`.
    Sum,
}

/// What one node adds to a block of the Hessian: `J' S J`.
#[derive(Clone, Debug)]
pub struct Between {
    /// The node.
    pub node: Expr,
    /// Its argument in which the rows are differentiated.
    pub left: Expr,
    /// Its argument in which the columns are.
    pub right: Expr,
    /// S, the curvature of the node between these.
    pub curvature: Expr,
    /// The parameter of the rows.
    pub row: Expr,
    /// The parameter of the columns.
    pub col: Expr,
}

/// Which curvatures are counted: all, or those of the loss, or those below it.
pub type Wanted = Box<dyn Fn(Expr) -> bool>;

/// Blocks are bounds; an adjoint is a formula in cotangents of which norms are known.
pub struct NormDomain<'a> {
    /// The calculus.
    pub calculus: &'a mut Calculus,
    /// Which nodes contribute their curvature.
    pub curved: Wanted,
}

impl Domain for NormDomain<'_> {
    type Block = Rc<Reason>;
    type Adjoint = Expr;
    type Error = NotDifferentiable;

    fn seed(&mut self, g: &mut Graph, _: Expr) -> Expr {
        g.one()
    }
    fn pull_adjoint(&mut self, g: &mut Graph, u: Expr, (a, v): (usize, Expr), delta: &Expr) -> Result<Expr, NotDifferentiable> {
        self.calculus.pull(g, u, a, v, *delta)
    }
    fn pull(&mut self, g: &mut Graph, u: Expr, a: usize, block: &Rc<Reason>) -> Result<Rc<Reason>, NotDifferentiable> {
        let (slope, text) = self.calculus.slope(g, u, a)?;
        let bound = self.calculus.book.times(&[slope, block.bound]);
        Ok(Rc::new(Reason { bound, rule: Rule::Chain(u, a, slope, text), from: vec![block.clone()] }))
    }
    fn curvature(
        &mut self,
        g: &mut Graph,
        u: Expr,
        a: usize,
        b: usize,
        delta: &Expr,
    ) -> Result<Option<Rc<Reason>>, NotDifferentiable> {
        if !(self.curved)(u) {
            return Ok(None);
        }
        let found = self.calculus.bend(g, u, a, b, *delta)?;
        Ok(found.map(|(bound, text)| Rc::new(Reason { bound, rule: Rule::Curvature(u, (a, b), *delta, text), from: vec![] })))
    }
    fn transpose(&mut self, _: &mut Graph, block: &Rc<Reason>) -> Rc<Reason> {
        block.clone()
    }
    fn sum(&mut self, _: &mut Graph, blocks: &[Rc<Reason>]) -> Rc<Reason> {
        if let [one] = blocks {
            return one.clone();
        }
        let bounds: Vec<Formula> = blocks.iter().map(|b| b.bound).collect();
        let bound = self.calculus.book.sum(&bounds);
        Rc::new(Reason { bound, rule: Rule::Sum, from: blocks.to_vec() })
    }
    fn sum_adjoints(&mut self, g: &mut Graph, adjoints: &[Expr]) -> Expr {
        g.sum(adjoints)
    }
}

/// The bound of ‖∂vec(f)/∂vec(x)ᵀ‖₂ over all ways from x to f.
///
/// Errors: [`NotDifferentiable`].
pub fn jacobian(c: &mut Calculus, g: &mut Graph, f: Expr, x: Expr) -> Result<Formula, NotDifferentiable> {
    let order = g.reachable(&[f]);
    let total = jacobians(c, g, &order, x)?;
    Ok(total.get(&f).copied().unwrap_or_else(|| c.book.number(Number::ZERO)))
}

/// The same of all nodes that depend on x.
fn jacobians(c: &mut Calculus, g: &mut Graph, order: &[Expr], x: Expr) -> Result<BTreeMap<Expr, Formula>, NotDifferentiable> {
    let depends = dependents(g, order, &[x]);
    let one = c.book.one();
    let mut total = BTreeMap::from([(x, one)]);
    for &u in order.iter().filter(|u| depends.contains(u) && **u != x) {
        let mut terms = vec![];
        for (slot, v) in slots(g, u) {
            if let Some(&inner) = total.get(&v) {
                let (outer, _) = c.slope(g, u, slot)?;
                terms.push(c.book.times(&[outer, inner]));
            }
        }
        total.insert(u, c.book.sum(&terms));
    }
    Ok(total)
}

/// The bound of the norm of the stack of second derivatives of a matrix, `|f| |x| × |y|`, over all ways: with D a Jacobian and S a
/// stack, that of `u(v, w)` is `(D ⊗ I) T_v + (I ⊗ J_v') S J_w`. `None` if a row says nothing of its stack.
///
/// Errors: [`NotDifferentiable`].
pub(super) fn stack(c: &mut Calculus, g: &mut Graph, f: Expr, x: Expr, y: Expr) -> Result<Option<Formula>, NotDifferentiable> {
    let order = g.reachable(&[f]);
    let (in_x, in_y) = (jacobians(c, g, &order, x)?, jacobians(c, g, &order, y)?);
    let mut total: BTreeMap<Expr, Formula> = BTreeMap::new();
    for &u in order.iter().filter(|&&u| u != x && u != y) {
        let mut terms = vec![];
        for (a, v) in slots(g, u) {
            if let Some(&inner) = total.get(&v) {
                let (outer, _) = c.slope(g, u, a)?;
                terms.push(c.book.times(&[outer, inner]));
            }
            for (b, w) in slots(g, u) {
                let (Some(&left), Some(&right)) = (in_x.get(&v), in_y.get(&w)) else { continue };
                let Some(own) = c.stack(g, u, a, b)? else { return Ok(None) };
                terms.push(c.book.times(&[left, own, right]));
            }
        }
        if !terms.is_empty() {
            total.insert(u, c.book.sum(&terms));
        }
    }
    Ok(Some(total.get(&f).copied().unwrap_or_else(|| c.book.zero())))
}
