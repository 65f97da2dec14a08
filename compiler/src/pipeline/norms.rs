//! The true spectral norms of the blocks of a Hessian on data: of dense blocks where these are small, by products with vectors
//! where they are not, so that nothing larger than the parameters is held.

use super::{Settings, evaluate_on, failed, not_differentiable};
use crate::{
    bound::largest_singular,
    data::Bound,
    diagnostic::{Code, Diagnostic},
    expr::{Expr, Kind},
    hessian::{self, Part},
    index::{Executor, Failure, Prepared, Program, Sample, Setting},
    lower::lower,
    matrix::Matrix,
    ops::{build::Build, functional::FUNCTIONAL, gauss_newton::GAUSS_NEWTON, hessian::HESSIAN},
    syntax::{self, Model, Query},
};
use std::{collections::BTreeSet, convert::Infallible};

/// Entries of the blocks on and below the diagonal of which dense blocks are made; the norms of more are found by products.
pub const DENSE: usize = 1 << 24;

/// Spectral norms, to a relative error of 1e-10.
#[derive(Clone, Debug, PartialEq)]
pub struct Norms {
    /// Of the blocks of the lower triangle, row by row.
    pub blocks: Vec<f64>,
    /// Of the whole.
    pub whole: f64,
}

/// The norms of the blocks of the Hessian, averaged over a batch, and of the whole.
///
/// Errors: missing data, a value outside a domain, one that is not finite.
pub fn norms(
    executor: &dyn Executor,
    model: &mut Model,
    part: Part,
    data: &Bound,
    settings: &Settings,
) -> Result<Norms, Diagnostic> {
    let count = |name: &String| data.shared.get(name).map_or(0, |m| m.data.len());
    let rows: usize = model.params.iter().map(count).sum();
    let entries = rows.saturating_mul(rows + 1) / 2;
    // blocks are computed in several steps, each with intermediate results of their size
    if entries <= DENSE && entries as u128 * 8 * 4 <= settings.memory {
        let dense = dense_blocks(executor, model, part, data, settings)?;
        return Ok(Norms { blocks: dense.iter().map(norm_of_block).collect(), whole: norm_of_whole(&dense) });
    }
    norms_by_products(executor, model, part, data, settings)
}

/// Queries for the blocks of the Hessian, the lower triangle row by row.
pub(super) fn symmetric_blocks(model: &mut Model, part: Part) -> Vec<Query> {
    let op = match part {
        Part::Whole => &HESSIAN,
        Part::GaussNewton => &GAUSS_NEWTON,
        Part::Functional => &FUNCTIONAL,
    };
    let loss = model.loss.expect("bounds have been derived from it");
    let leaves = model.leaves();
    let mut queries = vec![];
    for (i, (row, x)) in leaves.iter().enumerate() {
        for (col, y) in &leaves[..=i] {
            let expr = model.graph.apply(op, &[loss, *x, *y]);
            queries.push(Query { text: format!("{}(loss, {row}, {col})", op.name), expr, blocks: vec![] });
        }
    }
    queries
}

/// The blocks of the Hessian on data, the lower triangle row by row, averaged over a batch.
///
/// Errors: missing data, a value outside a domain.
fn dense_blocks(
    executor: &dyn Executor,
    model: &mut Model,
    part: Part,
    data: &Bound,
    settings: &Settings,
) -> Result<Vec<Matrix<f64>>, Diagnostic> {
    let queries = symmetric_blocks(model, part);
    let settings = Settings { per_sample: false, ..*settings };
    let answers = evaluate_on(executor, model, &queries, data, &settings)?;
    Ok(answers.into_iter().map(|a| a.values.into_iter().next().expect("one value")).collect())
}

/// A linear map of directions in some parameters, as a program.
struct Map<'a> {
    ready: Box<dyn Prepared + 'a>,
    /// Name, rows and columns of each direction.
    inputs: Vec<(String, usize, usize)>,
    data: &'a Bound,
}

impl Map<'_> {
    fn apply(&self, v: &[f64]) -> Result<Vec<f64>, Failure> {
        let (mut shared, mut at) = (self.data.shared.clone(), 0);
        for (name, rows, cols) in &self.inputs {
            let data = v[at..at + rows * cols].to_vec();
            at += data.len();
            shared.insert(name.clone(), Matrix { rows: *rows, cols: *cols, data });
        }
        let one = [Sample::new()];
        let samples: &[Sample] = if self.data.samples.is_empty() { &one } else { &self.data.samples };
        let outcome = self.ready.mean(&shared, samples)?;
        Ok(outcome.values.into_iter().flat_map(|m| m.data).collect())
    }
}

/// The same by products of the blocks with vectors alone.
///
/// Errors: those of [`norms`].
pub fn norms_by_products(
    executor: &dyn Executor,
    model: &mut Model,
    part: Part,
    data: &Bound,
    settings: &Settings,
) -> Result<Norms, Diagnostic> {
    const WHAT: &str = "the product of the Hessian with a vector";
    let loss = model.loss.expect("bounds have been derived from it");
    let leaves = model.leaves();
    let g = &mut model.graph;
    let name = |k: usize| format!("direction of {}", leaves[k].0);
    let mut directions = vec![];
    for (k, (_, x)) in leaves.iter().enumerate() {
        directions.push(g.declare_like(&name(k), *x, Kind::Const));
    }
    // H[x, y] V for all x, of each y; and of all together
    let mut columns: Vec<Vec<Expr>> = vec![];
    for moved in (0..leaves.len()).map(Some).chain([None]) {
        let along: Vec<(Expr, Expr)> = leaves
            .iter()
            .enumerate()
            .map(|(k, (_, x))| {
                let shape = g.shape(*x).clone();
                (*x, if moved.is_none_or(|m| m == k) { directions[k] } else { g.zeros(&shape) })
            })
            .collect();
        let found = hessian::products(g, loss, part, &along).map_err(|e| not_differentiable(&e, &[]))?;
        columns.push(leaves.iter().map(|(_, x)| syntax::expand(g, found[x])).collect());
    }
    let all = columns.pop().unwrap_or_default();
    let blocks: Vec<Vec<Program>> = columns.iter().map(|c| c.iter().map(|&e| lower(g, &[e])).collect()).collect();
    let whole = lower(g, &all);

    let failed = |f: Failure| failed(&f, WHAT);
    let size = |name: &str| data.sizes.get(name).copied();
    let varying: BTreeSet<String> = data.samples.iter().flat_map(|s| s.keys().cloned()).collect();
    let samples = data.samples.len().max(1);
    let shape = |k: usize| data.shared.get(&leaves[k].0).map_or((0, 0), |m| (m.rows, m.cols));
    let map = |program, inputs: &[usize]| -> Result<Map, Diagnostic> {
        let setting = Setting { size: &size, memory: settings.memory, samples, varying: varying.clone() };
        let ready = executor.prepare(program, setting).map_err(failed)?;
        let inputs = inputs.iter().map(|&k| (name(k), shape(k).0, shape(k).1)).collect();
        Ok(Map { ready, inputs, data })
    };
    let norm = |first: &Map, second: &Map, n: usize| -> Result<f64, Diagnostic> {
        let found = largest_singular(n, &mut |v| second.apply(&first.apply(v)?)).map_err(failed)?;
        let message = format!("the value of {WHAT} is not finite");
        if found.is_finite() { Ok(found) } else { Err(Diagnostic::new(Code::Infinite, message)) }
    };
    let count = |k: usize| shape(k).0 * shape(k).1;
    let mut out = vec![];
    let pairs = (0..leaves.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
    for (i, j) in pairs {
        let (forward, back) = (map(&blocks[j][i], &[j])?, map(&blocks[i][j], &[i])?);
        out.push(norm(&forward, &back, count(j))?);
    }
    let every: Vec<usize> = (0..leaves.len()).collect();
    let whole = map(&whole, &every)?;
    let whole = norm(&whole, &whole, every.iter().map(|&k| count(k)).sum())?;
    Ok(Norms { blocks: out, whole })
}

fn times(m: &Matrix<f64>, x: &[f64], y: &mut [f64]) {
    for (i, yi) in y.iter_mut().enumerate() {
        *yi += m.row(i).iter().zip(x).map(|(a, b)| a * b).sum::<f64>();
    }
}

fn times_transposed(m: &Matrix<f64>, x: &[f64], y: &mut [f64]) {
    for (i, xi) in x.iter().enumerate() {
        y.iter_mut().zip(m.row(i)).for_each(|(a, b)| *a += b * xi);
    }
}

/// The spectral norm of a dense block.
pub fn norm_of_block(m: &Matrix<f64>) -> f64 {
    let Ok(norm) = largest_singular(m.cols, &mut |x| {
        let (mut y, mut z) = (vec![0.0; m.rows], vec![0.0; m.cols]);
        times(m, x, &mut y);
        times_transposed(m, &y, &mut z);
        Ok::<_, Infallible>(z)
    });
    norm
}

/// The spectral norm of the symmetric matrix of which the blocks of the lower triangle are given row by row.
pub fn norm_of_whole(blocks: &[Matrix<f64>]) -> f64 {
    let mut starts = vec![0];
    for row in 0.. {
        let Some(m) = blocks.get(row * (row + 1) / 2 + row) else { break };
        starts.push(starts[row] + m.rows);
    }
    let n = starts[starts.len() - 1];
    let apply = |x: &[f64]| {
        let mut y = vec![0.0; n];
        let mut k = 0;
        for i in 0..starts.len() - 1 {
            for j in 0..=i {
                times(&blocks[k], &x[starts[j]..starts[j + 1]], &mut y[starts[i]..starts[i + 1]]);
                if i != j {
                    times_transposed(&blocks[k], &x[starts[i]..starts[i + 1]], &mut y[starts[j]..starts[j + 1]]);
                }
                k += 1;
            }
        }
        y
    };
    let Ok(norm) = largest_singular(n, &mut |x| Ok::<_, Infallible>(apply(&apply(x))));
    norm
}
