//! Random data for a model: standard normal numbers, weights scaled by 1/√fan-in, the same bytes for the same seed.

use super::{Array, Data};
use crate::{
    diagnostic::{Code, Diagnostic},
    dim::Dim,
    expr::{Expr, Fact, Facts, Kind, Node},
    matrix::Matrix,
    ops::cross_entropy::CROSS_ENTROPY,
    scalar::Scalar,
    splitmix,
    syntax::Model,
};
use std::collections::BTreeMap;

/// A stream of random numbers (splitmix64).
struct Stream(u64);

impl Stream {
    fn bits(&mut self) -> u64 {
        splitmix::next(&mut self.0)
    }
    /// In (0, 1].
    fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }
    /// Standard normal, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let (u, v) = (self.unit(), self.unit());
        libm::sqrt(-2.0 * libm::log(u)) * libm::cos(std::f64::consts::TAU * v)
    }
}

/// Random data with the given sizes.
///
/// Errors: a size that is missing, unknown, or too large.
pub fn random(model: &Model, seed: u64, dims: &BTreeMap<String, usize>) -> Result<Data, Vec<Diagnostic>> {
    let mut errors = vec![];
    for name in dims.keys().filter(|n| !model.sizes.contains(n) && !model.derived.contains_key(*n)) {
        let known = model.sizes.join(", ");
        errors.push(
            Diagnostic::new(Code::Size, format!("`{name}` is not a size of the model")).help(format!("its sizes are {known}")),
        );
    }
    let missing: Vec<&str> = model.sizes.iter().filter(|n| !dims.contains_key(*n)).map(String::as_str).collect();
    if !missing.is_empty() {
        let example: Vec<String> = missing.iter().map(|n| format!("{n}=4")).collect();
        errors.push(
            Diagnostic::new(Code::Size, format!("random data need a value for {}", missing.join(", ")))
                .help(format!("give it as in --dims {}", example.join(","))),
        );
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let size = |s: &str| dims.get(s).copied();
    let one_hot = one_hot_targets(model);
    let mut data = Data { arrays: BTreeMap::new(), sizes: dims.clone(), source: format!("random data of seed {seed}") };
    for (k, (name, v)) in model.graph.variables().enumerate() {
        if model.held.contains_key(name) {
            continue;
        }
        let axes: Option<Vec<usize>> = model.graph.axes(v.expr).iter().map(|d| d.eval(&size)).collect();
        let Some(axes) = axes else {
            let shown = model.graph.axes_text(v.expr);
            errors.push(Diagnostic::new(Code::Size, format!("`{name}` would be {shown}, which is not a positive whole size")));
            continue;
        };
        let (m, n) = (axes[0], axes[1..].iter().fold(1usize, |a, &b| a.saturating_mul(b)));
        let entries = m as u128 * n as u128;
        if m == 0 || n == 0 || entries > 1 << 31 {
            let message = format!("`{name}` would have {m}×{n} entries");
            errors.push(Diagnostic::new(Code::Memory, message).help("at most 2^31 entries are drawn"));
            continue;
        }
        let mut rng = Stream(seed.wrapping_mul(0xD129_0DDB_5F3A_2C81).wrapping_add((k as u64) << 40));
        let matrix = if one_hot.contains(&v.expr) {
            let hot: Vec<usize> = (0..m).map(|_| (rng.bits() % n as u64) as usize).collect();
            Matrix::from_fn(m, n, |i, j| f64::from(u8::from(hot[i] == j)))
        } else {
            // a kernel takes in all its axes but the first, which is that of its results
            let fan_in = if axes.len() > 2 { n } else { m };
            let scale = if v.kind == Kind::Param && m > 1 && n > 1 { 1.0 / libm::sqrt(fan_in as f64) } else { 1.0 };
            let draw = Matrix::from_fn(m, n, |_, _| scale * rng.normal());
            with_facts(draw, model.graph.facts(v.expr))
        };
        data.arrays.insert(name.to_owned(), Array { shape: axes, data: matrix.data });
    }
    if errors.is_empty() { Ok(data) } else { Err(errors) }
}

/// How many bytes the random data of these sizes take; sizes that are missing or wrong count nothing.
pub fn random_bytes(model: &Model, dims: &BTreeMap<String, usize>) -> u128 {
    let size = |s: &str| dims.get(s).copied();
    let of = |d: &Dim| d.eval(&size).unwrap_or(0) as u128;
    let free = model.graph.variables().filter(|(name, _)| !model.held.contains_key(*name));
    free.map(|(_, v)| of(&v.shape.rows).saturating_mul(of(&v.shape.cols)).saturating_mul(8)).fold(0, u128::saturating_add)
}

/// Targets that are classes: the second argument of a cross-entropy.
fn one_hot_targets(model: &Model) -> Vec<Expr> {
    let Some(loss) = model.loss else { return vec![] };
    let g = &model.graph;
    g.reachable(&[loss])
        .into_iter()
        .filter_map(|e| g.args_of(e, &CROSS_ENTROPY).map(|a| a[1]))
        .filter(|&y| matches!(g.node(y), Node::Var(_)))
        .collect()
}

/// A matrix made to satisfy what is assumed of it.
fn with_facts(a: Matrix<f64>, facts: Facts) -> Matrix<f64> {
    let n = a.rows;
    let identity = |s: f64| Matrix::from_fn(n, n, |i, j| if i == j { s } else { 0.0 });
    let add = |x: &Matrix<f64>, y: &Matrix<f64>| x.zip(y, |p, q| p + q);
    if facts.has(Fact::Orthogonal) && a.cols == n {
        // Cayley: (I - S)^-1 (I + S) for skew S
        let s = a.zip(&a.transpose(), |x, y| (x - y) / 2.0);
        let left = identity(1.0).zip(&s, |x, y| x - y).eliminate().0.unwrap_or_else(|| identity(1.0));
        return left.matmul(&add(&identity(1.0), &s));
    }
    let mut a = a;
    if facts.has(Fact::Positive) || facts.has(Fact::NonNegative) || facts.has(Fact::RowStochastic) {
        a = a.map(|x| x.abs() + 0.05);
    }
    if facts.has(Fact::RowStochastic) {
        let sums: Vec<f64> = (0..a.rows).map(|i| a.row(i).iter().sum()).collect();
        a = Matrix::from_fn(a.rows, a.cols, |i, j| a.at(i, j) / sums[i]);
    }
    if a.rows != a.cols {
        return a;
    }
    if facts.has(Fact::Diagonal) {
        a = Matrix::from_fn(n, n, |i, j| if i == j { a.at(i, j) } else { f64::zero() });
    }
    if facts.has(Fact::PosDef) {
        a = add(&a.matmul(&a.transpose()).map(|x| x / n as f64), &identity(0.5));
    } else if facts.has(Fact::Symmetric) {
        a = a.zip(&a.transpose(), |x, y| (x + y) / 2.0);
    }
    if facts.has(Fact::Invertible) && !facts.has(Fact::PosDef) {
        a = add(&a, &identity(2.0 * (n as f64).sqrt()));
    }
    a
}
