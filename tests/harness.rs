//! The one place of the tests that calls the compiler: every test is text in, text or numbers out.

pub mod crates;
#[cfg(feature = "opencl")]
pub mod library;

use hesse::dynamic::{Cpu, Dynamic};
use hesse_compiler::{
    data::{self, Bound},
    differentiate::{NotDifferentiable, local_curvature, local_jacobian},
    emit::{Typical, rust},
    expr::{Expr, Fact, Graph, Kind, Numeric},
    hessian::{Domain, Part, eliminate},
    index::Executor,
    lower::index_form,
    matrix::Matrix,
    number::Number,
    pipeline::{Functions, Settings, evaluate, evaluate_on},
    scalar::{Dual, Dual2, Scalar},
    syntax::{self, Model, Source},
    verify::{self, Entry},
};
use std::{collections::BTreeMap, fmt::Write};

/// A random number named by a string and a seed (splitmix64): the same on every machine.
pub fn random(name: &str, seed: u64) -> u64 {
    name.bytes().chain(seed.to_le_bytes()).fold(0, |h: u64, b| {
        let z = (h ^ u64::from(b)).wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

/// A random number in (-1, 1).
pub fn uniform(name: &str, seed: u64) -> f64 {
    (random(name, seed) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// A random model: columns of sizes a and b, maps between them, nonlinearities, products, shared weights, skips.
pub fn random_dag(seed: u64) -> String {
    let mut state = seed.wrapping_mul(7919);
    let mut below = |n: u64| {
        state += 1;
        random("dag", state) % n
    };
    let mut text = String::from(
        "dim a, b, L\ninput x: a × 1\ninput X: L × a\nparam W: b × a\nparam V: a × b\nparam S: a × a\nparam u: b × 1\nparam s\nparam R: L × a\n",
    );
    // nodes by shape: columns of a, columns of b, L × a matrices
    let mut cols_a = vec!["x".to_owned()];
    let mut cols_b = vec!["u".to_owned()];
    let mut mats = vec!["X".to_owned(), "R".to_owned()];
    for k in 0..4 + below(8) {
        let pick = |v: &[String], r: u64| v[r as usize % v.len()].clone();
        let (r1, r2, kind) = (below(97), below(89), below(17));
        let (a, a2) = (pick(&cols_a, r1), pick(&cols_a, r2));
        let (b, b2) = (pick(&cols_b, r1), pick(&cols_b, r2));
        let (m, m2) = (pick(&mats, r1), pick(&mats, r2));
        let name = format!("n{k}");
        let (formula, shape) = match kind {
            0 => (format!("tanh(W {a})"), 'b'),
            1 => (format!("sigmoid(V {b})"), 'a'),
            2 => (format!("S {a} + {a2}"), 'a'),
            3 => (format!("{a} ∘ {a2}"), 'a'),
            4 => (format!("{b} .* {b}"), 'b'),
            5 => (format!("softmax({b}')'"), 'b'),
            6 => (format!("(u' {b}) {b2}"), 'b'),
            7 => (format!("sin({m}) S"), 'm'),
            8 => (format!("softmax({m} S {m2}') {m}"), 'm'),
            9 => (format!("layernorm({m} + 0.3 sin({m2}))"), 'm'),
            10 => (format!("{m}' {m2} {a}"), 'a'),
            11 => (format!("s {a} / (1 + dot({b}, {b}))"), 'a'),
            12 => (format!("hcat({m}[:, 2:a], {m2}[:, 1:1])"), 'm'),
            13 => (format!("{m} diag({a}) + ones(L, 1) {a2}'"), 'm'),
            14 => (format!("gelu({m}) - silu({m2})"), 'm'),
            15 => (format!("(I(a) + S S')^-1 {a}"), 'a'),
            _ => (format!("logsumexp({m})' {m2}"), 't'),
        };
        let formula = if shape == 't' { format!("({formula})'") } else { formula };
        writeln!(text, "{name} = {formula}").expect("a string");
        match shape {
            'b' => cols_b.push(name),
            'm' => mats.push(name),
            _ => cols_a.push(name),
        }
    }
    let last = |v: &[String]| v[v.len() - 1].clone();
    writeln!(
        text,
        "loss dot({0}, {0}) / 2 + logsumexp({1}') + sum({2} ∘ {2} ∘ {2}) / 6 + u' {1} + logdet(I(a) + V V') + normF({2} + 2 ones(L, a))",
        last(&cols_a),
        last(&cols_b),
        last(&mats)
    )
    .expect("a string");
    text
}

/// The Rust module of a model with its loss, gradient and Hessian, and queries as functions of the given names.
pub fn emitted(text: &str, queries: &[(&str, &str)]) -> String {
    let mut model = model(text);
    let read: Vec<_> = queries.iter().map(|(name, q)| (*name, syntax::query(&mut model, q).expect("a query"))).collect();
    let mut make = Functions::new(&mut model, true);
    let all = [make.loss(), make.gradient(), make.hessian(Part::Whole)];
    let mut functions: Vec<_> = all.into_iter().map(|f| f.expect("a function")).collect();
    functions.extend(read.iter().map(|(name, q)| make.query(name, q).expect("a function")));
    rust::module(&["Written by hesse.".to_owned()], &functions, &Typical::default(), "hesse").expect("a module")
}

/// Random data of which the facts are true and nothing else is. Invertible matrices have a positive determinant.
pub fn draw(name: &str, seed: u64, rows: usize, cols: usize, facts: &[Fact]) -> Matrix<f64> {
    let entry = |i: usize, j: usize| uniform(name, random("draw", seed) ^ (i * 4099 + j) as u64);
    let m = Matrix::from_fn(rows, cols, entry);
    let has = |f: Fact| facts.contains(&f);
    let positive = m.map(|x| 0.9 + 0.6 * x);
    if has(Fact::Diagonal) {
        let d = if has(Fact::Positive) || has(Fact::NonNegative) || has(Fact::PosDef) { positive } else { m };
        return Matrix::from_fn(rows, cols, |i, j| if i == j { d.at(i, j) } else { 0.0 });
    }
    if has(Fact::PosDef) {
        let square = positive.matmul(&positive.transpose());
        return Matrix::from_fn(rows, cols, |i, j| square.at(i, j) + if i == j { 0.5 } else { 0.0 });
    }
    if has(Fact::Orthogonal) {
        // two reflections, so that it is no symmetric matrix
        let reflect = |k: usize| {
            let v: Vec<f64> = (0..rows).map(|i| entry(i, k + 17)).collect();
            let square: f64 = v.iter().map(|x| x * x).sum();
            Matrix::from_fn(rows, rows, |i, j| f64::from(u8::from(i == j)) - 2.0 * v[i] * v[j] / square)
        };
        return reflect(0).matmul(&reflect(1));
    }
    if has(Fact::RowStochastic) {
        return Matrix::from_fn(rows, cols, |i, j| positive.at(i, j) / positive.row(i).iter().sum::<f64>());
    }
    if has(Fact::Positive) || has(Fact::NonNegative) {
        return if has(Fact::Symmetric) { positive.zip(&positive.transpose(), |x, y| x + y) } else { positive };
    }
    if has(Fact::Symmetric) {
        return m.zip(&m.transpose(), |x, y| x + y);
    }
    if has(Fact::Invertible) {
        let mut m = Matrix::from_fn(rows, cols, |i, j| m.at(i, j) + if (i + 1) % rows == j { 2.0 } else { 0.0 });
        if m.eliminate().1 < 0.0 {
            (0..cols).for_each(|j| m.data[j] = -m.data[j]);
        }
        return m;
    }
    m
}

/// A model with data.
pub struct Case {
    /// The model.
    pub model: Model,
    /// Its data.
    pub data: Bound,
}

/// Reads a model; panics with the rendered diagnostics if it has errors.
pub fn model(text: &str) -> Model {
    let source = Source { name: "test.hesse".into(), text: text.into() };
    syntax::model(source, &|path, _| Err(format!("{path} is not there"))).unwrap_or_else(|(sources, errors)| {
        let all: Vec<String> = errors.iter().map(|d| d.render(&sources, false)).collect();
        panic!("{}\nin\n{text}", all.join("\n"))
    })
}

/// A model with random data for so many samples, at those of the sizes that it has.
pub fn batch_of(text: &str, samples: usize, sizes: &[(&str, usize)]) -> (Model, Bound) {
    let m = model(text);
    let sizes = sizes.iter().map(|&(n, s)| (n.to_owned(), s));
    let used: BTreeMap<String, usize> = sizes.filter(|(n, _)| m.sizes.iter().any(|s| s == n)).collect();
    let shared = data::random(&m, 1, &used).expect("random data");
    let mut bound = data::bind(&m, &shared).expect("data that fit");
    let inputs: Vec<String> = (m.graph.variables())
        .filter(|(_, v)| matches!(v.kind, Kind::Input | Kind::Target))
        .map(|(name, _)| name.to_owned())
        .collect();
    for k in 0..samples {
        let other = data::bind(&m, &data::random(&m, 100 + k as u64, &used).expect("random data")).expect("data that fit");
        bound.samples.push(inputs.iter().map(|n| (n.clone(), other.shared[n].clone())).collect());
    }
    inputs.iter().for_each(|n| {
        bound.shared.remove(n);
    });
    bound.batched = true;
    (m, bound)
}

/// The claims of a text decided, with what the comments above them expect; the rendered diagnostics if it cannot be read.
/// `include` gives the text of a file that it uses.
pub fn claims(name: &str, text: &str, include: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Entry>, String> {
    let source = Source { name: name.into(), text: text.into() };
    let read = |path: &str, _: &str| match include(path) {
        Some(text) => Ok(Source { name: path.into(), text }),
        None => Err(format!("{path} is not there")),
    };
    let mut model = syntax::model(source, &read)
        .map_err(|(sources, errors)| errors.iter().map(|d| d.render(&sources, false)).collect::<Vec<_>>().join("\n"))?;
    let findings = verify::verify(&mut model, &verify::Settings::default());
    Ok(verify::entries(text, &findings))
}

/// The page of errata for files of decided claims.
pub fn errata(files: &[(String, Vec<Entry>)]) -> String {
    verify::errata(files)
}

/// A model with random data in (-1, 1), of the given sizes.
pub fn case(text: &str, sizes: &[(&str, usize)], seed: u64) -> Case {
    let model = model(text);
    let sizes: BTreeMap<String, usize> = sizes.iter().map(|(n, s)| ((*n).to_owned(), *s)).collect();
    let mut shared = BTreeMap::new();
    for (name, v) in model.graph.variables() {
        let size = |s: &str| sizes.get(s).copied();
        let (Some(r), Some(c)) = (v.shape.rows.eval(&size), v.shape.cols.eval(&size)) else { continue };
        let m = Matrix::from_fn(r, c, |i, j| uniform(name, seed * 1_000_003 + (i * 1009 + j) as u64));
        shared.insert(name.to_owned(), m);
    }
    Case { model, data: Bound { sizes, shared, samples: vec![], batched: false } }
}

impl Case {
    /// The value of a query; panics with the diagnostic if there is none.
    pub fn value(&mut self, query: &str) -> Matrix<f64> {
        self.try_value(query).unwrap_or_else(|e| panic!("{query}: {e}"))
    }

    /// The value of a query by an executor.
    pub fn value_on(&mut self, executor: &dyn Executor, query: &str) -> Matrix<f64> {
        let q = syntax::query(&mut self.model, query).expect("a query");
        let settings = Settings { memory: 4 << 30, per_sample: false };
        let found = evaluate_on(executor, &mut self.model, &[q], &self.data, &settings);
        found.unwrap_or_else(|d| panic!("{query}: {}", d.message)).remove(0).values.remove(0)
    }

    /// The value of a query, or the rendered diagnostics.
    pub fn try_value(&mut self, query: &str) -> Result<Matrix<f64>, String> {
        let q = syntax::query(&mut self.model, query)
            .map_err(|d| d.iter().map(|d| d.render(&self.model.sources, false)).collect::<Vec<_>>().join("\n"))?;
        let settings = Settings { memory: 4 << 30, per_sample: false };
        let slow = evaluate(&mut self.model, std::slice::from_ref(&q), &self.data, &settings);
        let fast = evaluate_on(&Dynamic(Cpu::<f64>::new(2)), &mut self.model, &[q], &self.data, &settings);
        match (slow, fast) {
            (Ok(slow), Ok(fast)) => {
                let (slow, fast) = (&slow[0].values[0], &fast[0].values[0]);
                let apart = distance(slow, fast);
                assert!(apart < 1e-10, "{query}: the executor and the reference are {apart:e} apart");
                Ok(slow.clone())
            }
            (Err(slow), Err(_)) => Err(slow.render(&self.model.sources, false)),
            (slow, fast) => panic!("{query}: the reference gives {slow:?}, the executor {fast:?}"),
        }
    }

    /// Whether two formulas have one index form; `None` where one grows too large.
    pub fn one_form(&mut self, a: &str, b: &str) -> Option<bool> {
        let mut read = |text: &str| {
            let q = syntax::query(&mut self.model, text).unwrap_or_else(|d| panic!("{text}: {}", d[0].message));
            let e = hesse_compiler::pipeline::answer(&mut self.model.graph, q.expr).expect("a derivative with a formula");
            syntax::expand(&mut self.model.graph, e)
        };
        let roots = [read(a), read(b)];
        match index_form(&self.model.graph, &roots).as_slice() {
            [Some(a), Some(b)] => Some(a == b),
            _ => None,
        }
    }

    /// The parameters with their sizes, in order.
    pub fn params(&self) -> Vec<(String, usize, usize)> {
        let size = |s: &str| self.data.sizes.get(s).copied();
        let param = |name: &String| {
            let shape = &self.model.graph.variable(name).expect("a parameter is declared").shape;
            (name.clone(), shape.rows.eval(&size).expect("size"), shape.cols.eval(&size).expect("size"))
        };
        self.model.params.iter().map(param).collect()
    }

    /// The dense reference value of a scalar node at data over any scalar.
    fn reference<T: Numeric>(&mut self, node: &str, lift: &dyn Fn(&str, usize, f64) -> T) -> T {
        let e = match node {
            "loss" => self.model.loss.expect("the model has a loss"),
            name => self.model.nodes.iter().find(|n| n.0 == name).expect("a node of that name").1,
        };
        let e = syntax::expand(&mut self.model.graph, e);
        let data = |name: &str| {
            let m = self.data.shared.get(name)?;
            Some(Matrix::from_fn(m.rows, m.cols, |i, j| lift(name, i * m.cols + j, m.at(i, j))))
        };
        let size = |s: &str| self.data.sizes.get(s).copied();
        let g: &Graph = &self.model.graph;
        g.eval::<T>(e, &data, &size).expect("a reference value").data[0]
    }

    /// The gradient of a scalar node in all parameters, by dual numbers that know nothing of our rules.
    pub fn oracle_gradient(&mut self, node: &str) -> Vec<f64> {
        let places: Vec<(String, usize)> =
            self.params().into_iter().flat_map(|(n, r, c)| (0..r * c).map(move |k| (n.clone(), k))).collect();
        places
            .iter()
            .map(|(name, k)| {
                let lift = |n: &str, at: usize, x: f64| Dual { re: x, eps: f64::from(u8::from(n == name && at == *k)) };
                self.reference::<Dual<f64>>(node, &lift).eps
            })
            .collect()
    }

    /// The Hessian of a scalar node in all parameters, by dual numbers over dual numbers.
    pub fn oracle_hessian(&mut self, node: &str) -> Matrix<f64> {
        let places: Vec<(String, usize)> =
            self.params().into_iter().flat_map(|(n, r, c)| (0..r * c).map(move |k| (n.clone(), k))).collect();
        let p = places.len();
        let mut out = Matrix::zeros(p, p);
        let unit = |hit: bool| Number::int(i64::from(hit));
        for a in 0..p {
            for b in a..p {
                let lift = |n: &str, at: usize, x: f64| Dual {
                    re: Dual { re: x, eps: f64::number(unit(n == places[a].0 && at == places[a].1)) },
                    eps: Dual::number(unit(n == places[b].0 && at == places[b].1)),
                };
                let h = self.reference::<Dual2>(node, &lift).eps.eps;
                out.data[a * p + b] = h;
                out.data[b * p + a] = h;
            }
        }
        out
    }
}

/// The largest difference relative to the largest entry (at least one).
pub fn distance(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    assert_eq!((a.rows, a.cols), (b.rows, b.cols), "shapes differ");
    let scale = b.data.iter().fold(1.0f64, |m, x| m.max(x.abs()));
    a.data.iter().zip(&b.data).fold(0.0f64, |m, (x, y)| m.max((x - y).abs())) / scale
}

/// The recursion over dense matrices: blocks are numbers, the rows' formulas are evaluated densely where they are used.
struct Dense<'a> {
    data: &'a Bound,
}

impl Dense<'_> {
    fn number(&self, g: &Graph, e: Expr) -> Matrix<f64> {
        let size = |s: &str| self.data.sizes.get(s).copied();
        g.eval::<f64>(e, &|name| self.data.shared.get(name).cloned(), &size).expect("a reference value")
    }
    fn jacobian(&self, g: &mut Graph, u: Expr, a: usize) -> Matrix<f64> {
        let j = local_jacobian(g, u, a).expect("a row with a Jacobian");
        let j = syntax::expand(g, j);
        self.number(g, j)
    }
}

impl Domain for Dense<'_> {
    type Block = Matrix<f64>;
    type Adjoint = Matrix<f64>;
    type Error = NotDifferentiable;

    fn seed(&mut self, _: &mut Graph, _: Expr) -> Matrix<f64> {
        Matrix::scalar(1.0)
    }
    fn pull_adjoint(
        &mut self,
        g: &mut Graph,
        u: Expr,
        a: (usize, Expr),
        delta: &Matrix<f64>,
    ) -> Result<Matrix<f64>, NotDifferentiable> {
        let column = Matrix { rows: delta.data.len(), cols: 1, data: delta.data.clone() };
        let moved = self.jacobian(g, u, a.0).transpose().matmul(&column);
        let v = self.number(g, a.1);
        Ok(Matrix { rows: v.rows, cols: v.cols, data: moved.data })
    }
    fn pull(&mut self, g: &mut Graph, u: Expr, a: usize, block: &Matrix<f64>) -> Result<Matrix<f64>, NotDifferentiable> {
        Ok(self.jacobian(g, u, a).transpose().matmul(block))
    }
    fn curvature(
        &mut self,
        g: &mut Graph,
        u: Expr,
        a: usize,
        b: usize,
        delta: &Matrix<f64>,
    ) -> Result<Option<Matrix<f64>>, NotDifferentiable> {
        // the adjoint enters the formula as a name
        let shape = g.shape(u).clone();
        let name = format!("adjoint of shape {shape}");
        let d = g.declare(&name, shape, Kind::Const);
        let Some(s) = local_curvature(g, u, a, b, d)? else { return Ok(None) };
        let s = syntax::expand(g, s);
        let size = |s: &str| self.data.sizes.get(s).copied();
        let data = |n: &str| if n == name { Some(delta.clone()) } else { self.data.shared.get(n).cloned() };
        Ok(Some(g.eval::<f64>(s, &data, &size).expect("a reference value")))
    }
    fn transpose(&mut self, _: &mut Graph, block: &Matrix<f64>) -> Matrix<f64> {
        block.transpose()
    }
    fn sum(&mut self, _: &mut Graph, blocks: &[Matrix<f64>]) -> Matrix<f64> {
        blocks[1..].iter().fold(blocks[0].clone(), |a, b| a.zip(b, |x, y| x + y))
    }
    fn sum_adjoints(&mut self, g: &mut Graph, adjoints: &[Matrix<f64>]) -> Matrix<f64> {
        self.sum(g, adjoints)
    }
}

impl Case {
    /// The Hessian of the loss by the recursion over dense numbers.
    pub fn dense_hessian(&mut self) -> Matrix<f64> {
        let loss = self.model.loss.expect("the model has a loss");
        let g = &mut self.model.graph;
        let loss = syntax::expand(g, loss);
        let leaves: Vec<Expr> = self.model.params.iter().map(|p| g.variable(p).expect("a parameter is declared").expr).collect();
        let blocks = eliminate(&mut Dense { data: &self.data }, g, loss, &leaves).expect("differentiable");
        let params = self.params();
        let total: usize = params.iter().map(|p| p.1 * p.2).sum();
        let mut out = Matrix::zeros(total, total);
        let starts: Vec<usize> = params
            .iter()
            .scan(0, |at, p| {
                *at += p.1 * p.2;
                Some(*at - p.1 * p.2)
            })
            .collect();
        for ((v, w), block) in &blocks.second {
            let (i, j) =
                (leaves.iter().position(|x| x == v).expect("a leaf"), leaves.iter().position(|x| x == w).expect("a leaf"));
            for r in 0..block.rows {
                for c in 0..block.cols {
                    out.data[(starts[i] + r) * total + starts[j] + c] = block.at(r, c);
                    out.data[(starts[j] + c) * total + starts[i] + r] = block.at(r, c);
                }
            }
        }
        out
    }
}
