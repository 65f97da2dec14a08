//! Where the slack of bounds arises: along the recursion the bound of every Jacobian and curvature beside its true norm on data.

use super::{
    Settings,
    bounds::{Values, values},
    evaluate, norm_of_block, not_differentiable,
};
use crate::{
    bound::{Bounds, Formula, Reason, Rule},
    data::Bound,
    diagnostic::Diagnostic,
    differentiate::{NotDifferentiable, adjoints, local_curvature, local_jacobian},
    expr::{Expr, Graph},
    hessian,
    ops::{build::Build, jacobian::JACOBIAN},
    print::{self, Format},
    syntax::{self, Model, Query},
};
use std::{collections::BTreeSet, rc::Rc};

/// One inequality on the way.
#[derive(Clone, Debug)]
pub struct Loss {
    /// What is bounded.
    pub of: String,
    /// The bound; over a batch the mean.
    pub bound: f64,
    /// The spectral norm, to a relative error of 1e-10; over a batch the mean.
    pub norm: f64,
}

impl Loss {
    /// How many times too large the bound is; 1 where both are zero.
    pub fn slack(&self) -> f64 {
        if self.bound == 0.0 && self.norm == 0.0 { 1.0 } else { self.bound / self.norm }
    }
}

/// A bound, and what it is of.
struct Asked {
    of: String,
    bound: Formula,
    expr: Expr,
}

/// All inequalities of the bounds of the blocks, from the loss to the parameters, each once.
///
/// Errors: those of [`values`]; an operation without a derivative.
pub fn losses(model: &mut Model, b: &Bounds, data: &Bound, settings: &Settings) -> Result<Vec<Loss>, Diagnostic> {
    let asked = asked(model, b).map_err(|e| not_differentiable(&e, &[]))?;
    let formulas: Vec<Formula> = asked.iter().map(|a| a.bound).collect();
    let numbers: Values = values(model, b, &formulas, data, settings)?;
    let settings = Settings { per_sample: true, ..*settings };
    let mut out = vec![];
    for a in asked {
        let Some(bound) = numbers.of(b, a.bound) else { continue };
        // one by one, since they are large
        let query = Query { text: a.of.clone(), expr: a.expr, blocks: vec![] };
        let answers = evaluate(model, &[query], data, &settings)?;
        let norms: Vec<f64> = answers[0].values.iter().map(norm_of_block).collect();
        let norm = norms.iter().sum::<f64>() / norms.len() as f64;
        out.push(Loss { of: a.of, bound, norm });
    }
    Ok(out)
}

fn asked(model: &mut Model, b: &Bounds) -> Result<Vec<Asked>, NotDifferentiable> {
    let loss = model.loss.expect("bounds have been derived from it");
    let leaves: Vec<Expr> = model.leaves().into_iter().map(|l| l.1).collect();
    let g = &mut model.graph;
    let (f, _) = hessian::of_part(g, loss, b.part);
    let delta = adjoints(g, f, &leaves)?;
    let mut steps: Vec<Rc<Reason>> = vec![];
    let mut seen = BTreeSet::new();
    for x in &b.blocks {
        walk(&x.reason, &mut seen, &mut steps);
    }
    let (mut out, mut said) = (vec![], BTreeSet::new());
    for r in steps {
        let (text, bound, expr) = match &r.rule {
            Rule::Chain(u, slot, slope, _) => {
                let j = local_jacobian(g, *u, *slot)?;
                (format!("jacobian of {} in argument {}", inline(g, *u), slot + 1), *slope, j)
            }
            Rule::Curvature(u, (i, j), ..) => {
                let Some(&d) = delta.get(u) else { continue };
                let Some(s) = local_curvature(g, *u, *i, *j, d)? else { continue };
                (format!("curvature of {} in arguments {} and {}", inline(g, *u), i + 1, j + 1), r.bound, s)
            }
            Rule::Between(t) => {
                let mut side = |v: Expr, x: Expr| {
                    let v = hessian::unmarked(g, v);
                    (v != x).then(|| g.apply(&JACOBIAN, &[v, x]))
                };
                let (left, right) = (side(t.left, t.row), side(t.right, t.col));
                let mut product = t.curvature;
                if let Some(j) = left {
                    let j = g.transpose(j);
                    product = g.mul(j, product);
                }
                if let Some(j) = right {
                    product = g.mul(product, j);
                }
                let (row, col) = (inline(g, t.row), inline(g, t.col));
                (format!("curvature of {} in {row} and {col}", inline(g, t.node)), r.bound, product)
            }
            Rule::Sum => continue,
        };
        let expr = syntax::expand(g, expr);
        let expr = hessian::unmarked(g, expr);
        if said.insert((text.clone(), bound)) {
            out.push(Asked { of: text, bound, expr });
        }
    }
    Ok(out)
}

fn inline(g: &mut Graph, e: Expr) -> String {
    let e = hessian::unmarked(g, e);
    print::inline(g, e, Format::Text)
}

/// Reasons, what they are made from first.
fn walk(r: &Rc<Reason>, seen: &mut BTreeSet<usize>, out: &mut Vec<Rc<Reason>>) {
    if seen.insert(Rc::as_ptr(r) as usize) {
        for x in &r.from {
            walk(x, seen, out);
        }
        out.push(r.clone());
    }
}
