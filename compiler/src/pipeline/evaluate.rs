//! Numbers: queries are answered, lowered once, and run for every sample.

use super::{not_differentiable, requests::answer_all};
use crate::{
    data::Bound,
    diagnostic::{Code, Diagnostic},
    expr::{Expr, Graph, Kind, Meaning, Node},
    index::{Executor, Failure, Outcome, Program, Reference, Sample, Setting},
    lower::{lower, lower_watching},
    matrix::Matrix,
    ops::power::POWER,
    syntax::{self, Model, Query},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// How to evaluate.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Most bytes to hold at once.
    pub memory: u128,
    /// Keep the batch axis instead of the mean over it.
    pub per_sample: bool,
}

/// The numbers of one query.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The query as it was asked.
    pub query: String,
    /// Extents of the axes of the value: rows and columns, or those of an array.
    pub axes: Vec<usize>,
    /// The value; one a sample where the batch axis is kept.
    pub values: Vec<Matrix<f64>>,
    /// What the reader should know: kinks that were met, how a batch was averaged.
    pub notes: Vec<String>,
}

/// How a query meets a batch.
enum Plan {
    /// It does not depend on the batch: one evaluation.
    Once,
    /// Evaluated for every sample, then averaged (or kept).
    Whole,
    /// Its derivative results are averaged first; the rest is applied to the averages, given as fresh names.
    Parts(Vec<Expr>),
}

/// The values of the queries on the data.
///
/// Errors: one diagnostic for missing or ill-fitting data, a value outside a domain, a result that is not finite or too large.
pub fn evaluate(model: &mut Model, queries: &[Query], data: &Bound, settings: &Settings) -> Result<Vec<Answer>, Diagnostic> {
    evaluate_on(&Reference, model, queries, data, settings)
}

/// The same, run by an executor.
///
/// Errors: those of [`evaluate`].
pub fn evaluate_on(
    executor: &dyn Executor,
    model: &mut Model,
    queries: &[Query],
    data: &Bound,
    settings: &Settings,
) -> Result<Vec<Answer>, Diagnostic> {
    let plans: Vec<Plan> = queries.iter().map(|q| plan(model, q.expr, data.batched && !settings.per_sample)).collect();
    // first all that is evaluated sample by sample, in one program
    let mut roots = vec![];
    for (q, p) in queries.iter().zip(&plans) {
        match p {
            Plan::Parts(parts) => roots.extend(parts),
            _ => roots.push(q.expr),
        }
    }
    let derived = answer_all(&mut model.graph, &roots).map_err(|e| not_differentiable(&e, queries))?;
    let expanded: Vec<Expr> = derived.into_iter().map(|e| syntax::expand(&mut model.graph, e)).collect();
    let watched = differentiated(&mut model.graph, &roots);
    let runner = Runner { executor, held: held(model), data, settings, queries };
    let program = lower_watching(&model.graph, &expanded, &watched);
    let keep = settings.per_sample && data.batched;
    let (mut values, mut notes) = runner.samples(model, &program, keep)?;
    // then what is applied to averages
    let mut answers = vec![];
    let averaged = format!("mean over a batch of {}", data.samples.len());
    for (q, p) in queries.iter().zip(&plans) {
        let extents = model.graph.axes(q.expr).into_iter().map(|d| d.eval(&|s| data.sizes.get(s).copied()));
        let axes: Option<Vec<usize>> = extents.collect();
        let mut answer = Answer { query: q.text.clone(), axes: vec![], values: vec![], notes: vec![] };
        match p {
            Plan::Once | Plan::Whole => {
                answer.values = values.remove(0);
                answer.notes = notes.remove(0);
                if matches!(p, Plan::Once) {
                    answer.values.truncate(1);
                }
            }
            Plan::Parts(parts) => {
                let means: Vec<Matrix<f64>> = parts.iter().map(|_| values.remove(0).remove(0)).collect();
                let found: BTreeSet<String> = parts.iter().flat_map(|_| notes.remove(0)).collect();
                answer.notes = found.into_iter().collect();
                answer.values = if parts == &[q.expr] { means } else { vec![runner.outer(model, q, parts, means)?] };
            }
        }
        if data.batched && !keep && !matches!(p, Plan::Once) {
            answer.notes.push(averaged.clone());
        }
        answer.axes = axes.unwrap_or_else(|| vec![answer.values[0].rows, answer.values[0].cols]);
        answers.push(answer);
    }
    Ok(answers)
}

/// The program of a query: its value on one sample, or the mean over a batch.
///
/// Errors: no derivative.
pub fn program(model: &mut Model, query: &Query) -> Result<Program, Diagnostic> {
    programs(model, std::slice::from_ref(query))
}

/// One program of several queries, with a result for each.
///
/// Errors: no derivative.
pub fn programs(model: &mut Model, queries: &[Query]) -> Result<Program, Diagnostic> {
    let roots: Vec<Expr> = queries.iter().map(|q| q.expr).collect();
    let derived = answer_all(&mut model.graph, &roots).map_err(|e| not_differentiable(&e, queries))?;
    let expanded: Vec<Expr> = derived.into_iter().map(|e| syntax::expand(&mut model.graph, e)).collect();
    Ok(lower(&model.graph, &expanded))
}

/// All nodes below a derivative that was asked for: there a kink matters.
fn differentiated(g: &mut Graph, roots: &[Expr]) -> HashSet<Expr> {
    let mut below = vec![];
    for e in g.reachable(roots) {
        if let Node::Apply(op, args) = g.node(e)
            && matches!(op.0.meaning, Meaning::Derivative)
        {
            below.push(args[0]);
        }
    }
    let below: Vec<Expr> = below.into_iter().map(|e| syntax::expand(g, e)).collect();
    g.reachable(&below).into_iter().collect()
}

/// The definitions of names that were held independent.
fn held(model: &Model) -> HashMap<Expr, Expr> {
    model.held.iter().filter_map(|(name, &e)| Some((model.graph.variable(name)?.expr, e))).collect()
}

fn plan(model: &Model, root: Expr, averaged: bool) -> Plan {
    let g = &model.graph;
    let batched = |e: Expr| match g.node(e) {
        Node::Var(v) => {
            g.variable(v).is_some_and(|v| matches!(v.kind, Kind::Input | Kind::Target))
                || model.held.get(v).is_some_and(|&d| depends_on_batch(g, d))
        }
        _ => false,
    };
    if !g.reachable(&[root]).into_iter().any(batched) {
        return Plan::Once;
    }
    if !averaged {
        return Plan::Whole;
    }
    // stop at derivatives and at the loss: those are means
    let (mut parts, mut stack, mut seen) = (vec![], vec![root], BTreeSet::new());
    while let Some(e) = stack.pop() {
        if !seen.insert(e) {
            continue;
        }
        let derivative = matches!(g.node(e), Node::Apply(op, _) if matches!(op.0.meaning, Meaning::Derivative));
        if derivative || model.loss == Some(e) {
            parts.push(e);
        } else if batched(e) {
            return Plan::Whole;
        } else {
            stack.extend(g.args(e));
        }
    }
    parts.sort_unstable();
    Plan::Parts(parts)
}

fn depends_on_batch(g: &Graph, e: Expr) -> bool {
    g.reachable(&[e]).into_iter().any(|e| match g.node(e) {
        Node::Var(v) => g.variable(v).is_some_and(|v| matches!(v.kind, Kind::Input | Kind::Target)),
        _ => false,
    })
}

struct Runner<'a> {
    executor: &'a dyn Executor,
    held: HashMap<Expr, Expr>,
    data: &'a Bound,
    settings: &'a Settings,
    queries: &'a [Query],
}

/// For each root its values (one, or one a sample) and notes.
type Results = (Vec<Vec<Matrix<f64>>>, Vec<Vec<String>>);

impl Runner<'_> {
    /// Runs a program on every sample; the mean, or all values.
    fn samples(&self, model: &mut Model, program: &Program, keep: bool) -> Result<Results, Diagnostic> {
        let definitions = self.definitions(model);
        let n = program.outputs.len();
        let empty = [Sample::new()];
        let given: &[Sample] = if self.data.samples.is_empty() { &empty } else { &self.data.samples };
        let mut samples = vec![];
        for sample in given {
            let mut all = sample.clone();
            all.extend(self.held_values(&definitions, sample)?);
            samples.push(all);
        }
        let parts: Vec<&[Sample]> = if keep { samples.chunks(1).collect() } else { vec![&samples] };
        let mut values: Vec<Vec<Matrix<f64>>> = vec![vec![]; n];
        let mut notes: Vec<BTreeSet<String>> = vec![BTreeSet::new(); n];
        for (k, part) in parts.iter().enumerate() {
            let outcome = self.run(program, part)?;
            if let Some(i) = outcome.values.iter().position(|v| v.data.iter().any(|x| !x.is_finite())) {
                return Err(self.culprit(program, part, k, samples.len(), i));
            }
            for (i, value) in outcome.values.into_iter().enumerate() {
                notes[i].extend(outcome.notes.iter().cloned());
                values[i].push(value);
            }
        }
        Ok((values, notes.into_iter().map(|s| s.into_iter().collect()).collect()))
    }

    /// Looks for the sample and the place where a result that is not finite comes from.
    fn culprit(&self, program: &Program, part: &[Sample], first: usize, of: usize, root: usize) -> Diagnostic {
        for (k, sample) in part.iter().enumerate() {
            let Ok(one) = self.run_on(&Reference, program, std::slice::from_ref(sample)) else { continue };
            if let Some(i) = one.values.iter().position(|v| v.data.iter().any(|x| !x.is_finite())) {
                return self.not_finite(i, one.not_finite.as_deref(), (of > 1).then_some(first + k));
            }
        }
        self.not_finite(root, None, None)
    }

    /// Programs for the names that were held independent, in the order of their definition.
    fn definitions(&self, model: &mut Model) -> Vec<(String, Program)> {
        let mut list: Vec<(Expr, Expr)> = self.held.iter().map(|(k, v)| (*k, *v)).collect();
        list.sort_unstable();
        list.into_iter()
            .map(|(leaf, e)| {
                let e = syntax::expand(&mut model.graph, e);
                let Node::Var(name) = model.graph.node(leaf) else { unreachable!("only names are held independent") };
                (name.clone(), lower(&model.graph, &[e]))
            })
            .collect()
    }

    fn held_values(
        &self,
        definitions: &[(String, Program)],
        sample: &Sample,
    ) -> Result<BTreeMap<String, Matrix<f64>>, Diagnostic> {
        let mut out = BTreeMap::new();
        for (name, program) in definitions {
            // a name that the query does not need may lack its data
            if let Ok(outcome) = self.run(program, std::slice::from_ref(sample)) {
                out.extend(outcome.values.into_iter().next().map(|v| (name.clone(), v)));
            }
        }
        Ok(out)
    }

    /// The mean over some samples.
    fn run(&self, program: &Program, samples: &[Sample]) -> Result<Outcome<f64>, Diagnostic> {
        let failed = match self.run_on(self.executor, program, samples) {
            Ok(outcome) => return Ok(outcome),
            Err(f) => f,
        };
        // many samples at once do not know which of them is outside of a domain
        if matches!(failed, Failure::Domain(_)) {
            for sample in samples {
                self.run_on(&Reference, program, std::slice::from_ref(sample)).map_err(|f| self.failure(&f))?;
            }
        }
        Err(self.failure(&failed))
    }

    fn run_on(&self, executor: &dyn Executor, program: &Program, samples: &[Sample]) -> Result<Outcome<f64>, Failure> {
        let size = |name: &str| self.data.sizes.get(name).copied();
        let has = |name: &str| samples.iter().all(|s| s.contains_key(name)) || self.data.shared.contains_key(name);
        if let Some(name) = program.inputs().into_iter().find(|name| !has(name)) {
            return Err(Failure::MissingData(name.to_owned()));
        }
        let varying = samples.iter().flat_map(|s| s.keys().cloned()).collect();
        let setting = Setting { size: &size, memory: self.settings.memory, samples: samples.len(), varying };
        executor.prepare(program, setting)?.mean(&self.data.shared, samples)
    }

    /// The rest of a query, on the averages of its parts.
    fn outer(&self, model: &mut Model, q: &Query, parts: &[Expr], means: Vec<Matrix<f64>>) -> Result<Matrix<f64>, Diagnostic> {
        let g = &mut model.graph;
        let mut names = HashMap::new();
        let mut values = BTreeMap::new();
        for (k, (&part, mean)) in parts.iter().zip(means).enumerate() {
            let shape = g.shape(part).clone();
            let name = format!("mean {k} of shape {shape}");
            names.insert(part, g.declare_like(&name, part, Kind::Const));
            values.insert(name, mean);
        }
        let e = crate::differentiate::substitute(g, q.expr, &names);
        let e = syntax::expand(g, e);
        let program = lower(g, &[e]);
        let outcome = self.run(&program, &[values])?;
        let value = outcome.values.into_iter().next().expect("one root, one result");
        if value.data.iter().any(|x| !x.is_finite()) {
            return Err(self.not_finite(0, outcome.not_finite.as_deref(), None));
        }
        Ok(value)
    }

    fn asked(&self) -> String {
        self.queries.iter().map(|q| format!("`{}`", q.text)).collect::<Vec<_>>().join(", ")
    }

    fn not_finite(&self, root: usize, place: Option<&str>, sample: Option<usize>) -> Diagnostic {
        let which =
            self.queries.get(root).filter(|_| self.queries.len() == 1).map_or_else(|| self.asked(), |q| format!("`{}`", q.text));
        let sample = sample.map(|k| format!(" in sample {}", k + 1)).unwrap_or_default();
        let d = Diagnostic::new(Code::Infinite, format!("the value of {which} is not finite{sample}"));
        match place {
            Some(p) => d.help(format!("the first value that is infinite or not a number comes from {p}")),
            None => d.help("a sum or product overflows the range of double precision".to_owned()),
        }
    }

    fn failure(&self, f: &Failure) -> Diagnostic {
        failed(f, &self.asked())
    }
}

/// Why a program could not be run, for the user who asked for that.
pub fn failed(f: &Failure, asked: &str) -> Diagnostic {
    {
        match f {
            Failure::MissingData(name) => Diagnostic::new(Code::Missing, format!("no data for `{name}`, which {asked} needs"))
                .help(format!("give an array called `{name}` in the data")),
            Failure::MissingSize(d) => {
                Diagnostic::new(Code::Size, format!("the size {d} is not known, or not a positive whole number")).help(
                    "sizes are read off the arrays; a size that no array has is given in the data by its name, as in {\"L\": 3}"
                        .to_owned(),
                )
            }
            Failure::Shape { name, needed, found } => Diagnostic::new(
                Code::Shape,
                format!("`{name}` is {}×{} in the data, but must be {}×{}", found.0, found.1, needed.0, needed.1),
            ),
            Failure::Range(text) => Diagnostic::new(Code::Range, format!("a slice is out of range: {text}")),
            Failure::Domain(e) => {
                // quotients and roots are powers inside
                let what = if e.op == POWER.name { "a quotient, root or power".to_owned() } else { format!("`{}`", e.op) };
                Diagnostic::new(Code::Domain, format!("{what} is not defined here: {}", e.message))
            }
            Failure::TooLarge { what, bytes, limit } => Diagnostic::new(
                Code::Memory,
                format!("not enough memory: {what} needs {}, the limit is {}", size_text(*bytes), size_text(*limit)),
            )
            .help("ask for single blocks, for `hvp`, or raise the limit with --memory".to_owned()),
            Failure::Device(text) => {
                // further lines are what a compiler says
                let mut lines = text.lines().filter(|l| !l.trim().is_empty());
                let d = Diagnostic::new(Code::Device, lines.next().unwrap_or_default().to_owned());
                lines.take(12).fold(d, |d, l| d.help(l.to_owned()))
            }
            Failure::NoValues(op) => {
                Diagnostic::new(Code::Values, format!("`{op}` cannot be evaluated over this kind of number"))
            }
        }
    }
}

/// A number of bytes in words.
fn size_text(bytes: u128) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let (mut x, mut k) = (bytes as f64, 0);
    while x >= 1024.0 && k + 1 < units.len() {
        x /= 1024.0;
        k += 1;
    }
    if k == 0 { format!("{bytes} bytes") } else { format!("{x:.1} {}", units[k]) }
}
