//! Norm bounds with numbers: the values of their symbols on data, and the true norms beside them.

use super::{Settings, evaluate, not_differentiable};
use crate::{
    bound::{self, Bounds, Formula, Norm, Symbol, Symbols, largest_singular},
    data::Bound,
    diagnostic::{Code, Diagnostic},
    expr::{Expr, Graph, Node},
    hessian::Part,
    matrix::Matrix,
    ops::{functional::FUNCTIONAL, gauss_newton::GAUSS_NEWTON, hessian::HESSIAN},
    print::{self, Format},
    syntax::{Model, Query},
};
use std::collections::{BTreeMap, BTreeSet};

/// Norms of data are computed to this relative error, and rounded up by it.
const ROUNDING: f64 = 1e-12;

/// Norms that are found by iteration are exact to 1e-10 or better, and rounded up by this.
const ITERATED: f64 = 1e-9;

/// What the bound of a block is on data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The bound; no smaller than its formula.
    pub bound: f64,
    /// The spectral norm, to a relative error of 1e-10.
    pub norm: f64,
}

impl Measured {
    /// How many times too large the bound is; 1 where both are zero.
    pub fn slack(self) -> f64 {
        if self.bound == 0.0 && self.norm == 0.0 { 1.0 } else { self.bound / self.norm }
    }
}

/// Bounds of the Hessian of the loss in all parameters.
///
/// Errors: there is no loss or no parameter; an operation has no derivative; an assumption contradicts another.
pub fn bounds(model: &mut Model, part: Part, symbols: Symbols) -> Result<Bounds, Diagnostic> {
    let Some(loss) = model.loss else {
        let d = Diagnostic::new(Code::Loss, "the model has no loss, so there is no Hessian to bound");
        return Err(d.help("end it with a line such as `loss mse(F, Y)`: a bound is asked of the Hessian of a scalar"));
    };
    if model.params.is_empty() {
        let d = Diagnostic::new(Code::Parameters, "the model has no parameters");
        return Err(d.help("declare what derivatives are taken in, as in `param W: m × n`"));
    }
    if let Some(d) = bound::contradiction(model) {
        return Err(d);
    }
    bound::bounds(model, loss, part, symbols).map_err(|e| not_differentiable(&e, &[]))
}

/// The symbols of bounds on data, each once a sample or once for all.
pub struct Values {
    values: BTreeMap<Symbol, Vec<f64>>,
    sizes: BTreeMap<String, usize>,
    samples: usize,
}

impl Values {
    /// The bound of the mean over the samples: the mean of the bounds, rounded up. `None` where it is not bounded.
    pub fn of(&self, b: &Bounds, f: Formula) -> Option<f64> {
        let mut sum = 0.0f64;
        for k in 0..self.samples {
            let of = |s: &Symbol| match s {
                Symbol::Size(d) => d.eval(&|n| self.sizes.get(n).copied()).map(|n| n as f64),
                Symbol::Pi => Some(std::f64::consts::PI.next_up()),
                s => self.values.get(s).map(|v| v[k.min(v.len() - 1)]),
            };
            sum = (sum + b.calculus.book.value(f, &of)?).next_up();
        }
        Some(if self.samples == 1 { sum } else { (sum / self.samples as f64).next_up() })
    }
}

/// The values of all symbols of some bounds.
///
/// Errors: missing data, a value outside a domain (a row of which the deviation is zero), a data set that breaks an assumption.
pub fn values(model: &mut Model, b: &Bounds, of: &[Formula], data: &Bound, settings: &Settings) -> Result<Values, Diagnostic> {
    let symbols: BTreeSet<Symbol> = of.iter().flat_map(|&f| b.calculus.book.symbols(f)).collect();
    let asked: Vec<(Symbol, Expr)> = symbols
        .into_iter()
        .filter_map(|s| match s {
            // these are large: the matrix is asked for, and its norm found by iteration
            Symbol::Norm(Norm::Two, e) if iterated(b, e, &model.graph) => Some((s, e)),
            Symbol::Norm(norm, e) => Some((s, bound::expression(&mut model.graph, norm, e))),
            _ => None,
        })
        .collect();
    let query =
        |(s, expr): &(Symbol, Expr)| Query { text: b.calculus.book.symbol_text(&model.graph, s), expr: *expr, blocks: vec![] };
    let mut queries: Vec<Query> = asked.iter().map(query).collect();
    let assumed = bound::assumed(model);
    for (text, small, large) in &assumed {
        for &expr in [small, large] {
            queries.push(Query { text: format!("assume {text}"), expr, blocks: vec![] });
        }
    }
    let settings = Settings { per_sample: true, ..*settings };
    let divisors: Vec<Expr> = asked.iter().filter_map(|(s, _)| bound::divisor(&model.graph, s)).collect();
    let answers = match queries.is_empty() {
        true => Ok(vec![]),
        false => evaluate(model, &queries, data, &settings),
    };
    let answers = answers.map_err(|d| match d.code {
        Code::Domain => divisors.iter().fold(d, |d, &e| {
            let what = print::inline(&model.graph, e, Format::Text);
            d.help(format!("the bounds divide by `{what}`, so no entry of it may be zero: no row of variance zero, for one"))
        }),
        _ => d,
    })?;
    let number = |m: &Matrix<f64>| if m.data.len() == 1 { m.data[0] } else { norm_of_block(m) * (1.0 + ITERATED) };
    let numbers = |k: usize| answers[k].values.iter().map(number).collect::<Vec<f64>>();
    for (k, (text, ..)) in assumed.iter().enumerate() {
        let (small, large) = (numbers(asked.len() + 2 * k), numbers(asked.len() + 2 * k + 1));
        for i in 0..small.len().max(large.len()) {
            let (x, y) = (small[i.min(small.len() - 1)], large[i.min(large.len() - 1)]);
            if x > y + 1e-9 * x.abs().max(y.abs()) {
                let message = format!("the data break the assumption `{text}`: {x} is more than {y}");
                return Err(Diagnostic::new(Code::Data, message).help("a bound holds only where its assumptions do"));
            }
        }
    }
    let values = asked
        .into_iter()
        .enumerate()
        .map(|(k, (s, _))| (s, numbers(k).into_iter().map(|x| x.abs() * (1.0 + ROUNDING)).collect()));
    Ok(Values { values: values.collect(), sizes: data.sizes.clone(), samples: data.samples.len().max(1) })
}

/// Whether a spectral norm is found by iteration.
fn iterated(b: &Bounds, e: Expr, g: &Graph) -> bool {
    b.calculus.symbols() == Symbols::Jacobians && matches!(g.node(e), Node::Apply(..))
}

/// Queries for the blocks of the Hessian, the lower triangle row by row.
pub(super) fn symmetric_blocks(model: &mut Model, part: Part) -> Vec<Query> {
    let op = match part {
        Part::Whole => &HESSIAN,
        Part::GaussNewton => &GAUSS_NEWTON,
        Part::Functional => &FUNCTIONAL,
    };
    let loss = model.loss.expect("bounds have been derived from it");
    let leaves: Vec<(String, Expr)> =
        model.params.iter().filter_map(|p| Some((p.clone(), model.graph.variable(p)?.expr))).collect();
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
pub fn dense_blocks(model: &mut Model, part: Part, data: &Bound, settings: &Settings) -> Result<Vec<Matrix<f64>>, Diagnostic> {
    let queries = symmetric_blocks(model, part);
    let settings = Settings { per_sample: false, ..*settings };
    Ok(evaluate(model, &queries, data, &settings)?.into_iter().map(|a| a.values.into_iter().next().expect("one value")).collect())
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
    let exact: Result<f64, std::convert::Infallible> = largest_singular(m.cols, &mut |x| {
        let (mut y, mut z) = (vec![0.0; m.rows], vec![0.0; m.cols]);
        times(m, x, &mut y);
        times_transposed(m, &y, &mut z);
        Ok(z)
    });
    exact.unwrap_or_else(|never| match never {})
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
    let exact: Result<f64, std::convert::Infallible> = largest_singular(n, &mut |x| Ok(apply(&apply(x))));
    exact.unwrap_or_else(|never| match never {})
}

/// Bounds and true norms on data: of every block, and of the whole. `None` where there is no bound.
///
/// Errors: those of [`values`] and [`dense_blocks`].
pub fn measured(
    model: &mut Model,
    b: &Bounds,
    part: Part,
    data: &Bound,
    settings: &Settings,
) -> Result<(Vec<Option<Measured>>, Option<Measured>), Diagnostic> {
    let formulas: Vec<Formula> = b.blocks.iter().map(|x| x.reason.bound).collect();
    let values = values(model, b, &formulas, data, settings)?;
    let dense = dense_blocks(model, part, data, settings)?;
    let measure = |f: Formula, norm: f64| values.of(b, f).map(|bound| Measured { bound, norm });
    let blocks = formulas.iter().zip(&dense).map(|(&f, m)| measure(f, norm_of_block(m))).collect();
    Ok((blocks, measure(b.whole, norm_of_whole(&dense))))
}
