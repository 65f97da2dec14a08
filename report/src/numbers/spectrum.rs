//! Eigenvalues: all of a small Hessian, and of a large one the ends, the trace and a quadrature of their density.

use super::{EXACT, run::Times};
use crate::{collect::Progress, page::Spectrum};
use hesse::{
    nalgebra::{DMatrix, DVector},
    operators::{self, Control, LinearOperator, Method, Product},
};

/// The largest eigenvalues that are told.
const TOP: usize = 5;
/// Random vectors and steps of the quadrature.
const VECTORS: usize = 3;
const STEPS: usize = 40;
/// Random vectors of an estimated trace.
const TRACE: usize = 30;
/// Products after which the search for an end of the spectrum is given up.
const PRODUCTS: usize = 300;
/// Relative residual of the ends.
const TOLERANCE: f64 = 1e-6;

/// Of a matrix whose entries are known.
pub(super) fn of_matrix(
    m: &DMatrix<f64>,
    _memory: u128,
    notes: &mut Vec<String>,
    progress: &mut dyn FnMut(Progress),
) -> Option<Spectrum> {
    let n = m.nrows();
    if n > EXACT {
        let mut s = of_operator(m, notes, progress)?;
        s.trace = Some(m.trace());
        s.trace_error = Some(0.0);
        return Some(s);
    }
    progress(Progress { task: "eigenvalues", done: 0, of: 1 });
    let mut nodes: Vec<f64> = m.clone().symmetric_eigenvalues().iter().copied().collect();
    nodes.sort_by(f64::total_cmp);
    progress(Progress { task: "eigenvalues", done: 1, of: 1 });
    Some(Spectrum {
        method: "exact".to_owned(),
        how: format!("all {n} eigenvalues of the matrix"),
        weights: vec![1.0 / n as f64; n],
        top: nodes.iter().rev().take(TOP).copied().collect(),
        smallest: nodes.first().copied(),
        trace: Some(m.trace()),
        trace_error: Some(0.0),
        nodes,
    })
}

/// Of a matrix that is known by its products.
pub(super) fn of_product(
    n: usize,
    product: Times,
    notes: &mut Vec<String>,
    progress: &mut dyn FnMut(Progress),
) -> Option<Spectrum> {
    of_operator(&Product::symmetric(n, |v: &DVector<f64>| product(v)), notes, progress)
}

fn of_operator(
    a: &(impl LinearOperator<f64> + ?Sized),
    notes: &mut Vec<String>,
    progress: &mut dyn FnMut(Progress),
) -> Option<Spectrum> {
    let n = a.nrows();
    let mut tell = |p: operators::Progress| progress(Progress { task: p.task, done: p.products, of: p.at_most });
    let mut missed = |what: &str, e: &dyn std::fmt::Display| notes.push(format!("{what}: {e}"));
    let density = operators::spectral_density(a, VECTORS, STEPS, Control::default().seed(1).progress(&mut tell));
    let density = density.map_err(|e| missed("the density of the eigenvalues was not found", &e)).ok()?;
    let control = Control::default().seed(2).tolerance(TOLERANCE).max_products(PRODUCTS);
    let top = operators::top_eigenvalues(a, TOP.min(n), control.progress(&mut tell));
    let top = top.map_err(|e| missed("the largest eigenvalues were not found", &e));
    let control = Control::default().seed(3).tolerance(TOLERANCE).max_products(PRODUCTS);
    let ends = operators::extreme_eigenvalues(a, control.progress(&mut tell));
    let ends = ends.map_err(|e| missed("the smallest eigenvalue was not found", &e));
    let trace = operators::trace(a, TRACE, Control::default().seed(4).progress(&mut tell));
    let trace = trace.map_err(|e| missed("the trace was not found", &e)).ok();
    let exact = trace.as_ref().is_some_and(|t| matches!(t.method, Method::Structure | Method::Columns));
    Some(Spectrum {
        method: "lanczos".to_owned(),
        how: format!(
            "stochastic Lanczos quadrature with {VECTORS} vectors of {STEPS} steps; the ends to a relative residual of {TOLERANCE:e}; \
             the trace {}",
            if exact { "exact".to_owned() } else { format!("estimated with {TRACE} vectors") }
        ),
        nodes: density.nodes,
        weights: density.weights,
        top: top.map(|t| t.pairs.iter().map(|p| p.value).collect()).unwrap_or_default(),
        smallest: ends.map(|e| e.smallest.value).ok(),
        trace_error: trace.as_ref().map(|t| t.standard_error),
        trace: trace.map(|t| t.value),
    })
}
