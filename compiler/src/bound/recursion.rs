//! The domain of norms: the recursion that computes the Hessian, on bounds of its blocks.

use super::{calculus::Calculus, formula::Formula};
use crate::{
    differentiate::NotDifferentiable,
    expr::{Expr, Graph},
    hessian::Domain,
    ops::build::Build,
};
use std::rc::Rc;

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
