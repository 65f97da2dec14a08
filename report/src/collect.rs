//! Everything that the compiler knows of a model, gathered into a [`Report`]; with data also numbers.

mod bounded;
mod described;

use crate::{
    numbers,
    page::{Bounded, Derived, FormulaOf, Formulas, Numbers, Planned, Report, Step},
};
use hesse_compiler::{
    data::Bound,
    diagnostic::{Code, Diagnostic},
    emit::{Typical, rust},
    expr::{Expr, Op},
    hessian::Part,
    ops::{functional::FUNCTIONAL, gauss_newton::GAUSS_NEWTON, grad::GRAD, hessian::HESSIAN},
    pipeline::{self, Functions},
    print::{self, CONVENTION, Spelled},
    simplify,
    syntax::{Model, Query},
};
use std::collections::{BTreeMap, BTreeSet};

/// Data with one set of weights.
#[derive(Clone, Debug)]
pub struct Set {
    /// `before`, `after`; empty if there is one set only.
    pub label: String,
    /// Where the data come from.
    pub source: String,
    /// The data.
    pub data: Bound,
}

/// What to collect.
#[derive(Clone, Debug)]
pub struct Options {
    /// The command that makes the page again.
    pub command: String,
    /// The seed of random data.
    pub seed: Option<u64>,
    /// None, one or two sets of data.
    pub sets: Vec<Set>,
    /// Most bytes to hold at once.
    pub memory: u128,
    /// Most threads.
    pub threads: usize,
    /// Whether to measure times: without, the same input gives the same bytes.
    pub times: bool,
    /// Whether blocks are computed on all samples, however long it takes.
    pub all_samples: bool,
}

/// What is being done.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// In words.
    pub task: &'a str,
    /// Steps done of it.
    pub done: usize,
    /// Steps that it has.
    pub of: usize,
}

/// The contents of the page of a model.
///
/// Errors: one diagnostic: no loss, no parameter, no derivative; data that are missing or do not fit; a value outside a domain.
pub fn collect(model: &mut Model, options: &Options, progress: &mut dyn FnMut(Progress)) -> Result<Report, Diagnostic> {
    let loss = loss(model)?;
    let mut notes = vec![];
    // what is wrong with the data is told first
    let mut numbers: Vec<Numbers> = vec![];
    let mut plans: Vec<Planned> = vec![];
    let mut measured = vec![];
    for set in &options.sets {
        let mut found = numbers::numbers(model, set, options, progress)?;
        let name = |n: String| if set.label.is_empty() { n } else { format!("{}: {n}", set.label) };
        notes.extend(found.notes.into_iter().map(name));
        if plans.is_empty() {
            plans.append(&mut found.plans);
        }
        numbers.push(found.numbers);
        measured.push(found.norms);
    }
    progress(Progress { task: "formulas", done: 0, of: 3 });
    let (formulas, derivations, mut said) = formulas(model, loss)?;
    notes.append(&mut said);
    progress(Progress { task: "formulas", done: 1, of: 3 });
    let mut formulas = Formulas { rust: emitted(model, options, &mut notes), ..formulas };
    if formulas.rust.is_some() {
        in_rust(&mut formulas.results, &described::file(model));
    }
    progress(Progress { task: "formulas", done: 2, of: 3 });
    let data = options.sets.first().zip(measured.first());
    let bounds = bounded::bounded(model, data, options, &mut notes)?;
    progress(Progress { task: "formulas", done: 3, of: 3 });
    let mut seen = BTreeSet::new();
    notes.retain(|n| seen.insert(n.clone()));
    Ok(Report {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: options.command.clone(),
        convention: CONVENTION.to_owned(),
        model: described::described(model, options),
        formulas,
        derivations,
        bounds,
        numbers,
        plans,
        notes,
    })
}

/// The numbers alone, for a plot.
///
/// Errors: those of [`collect`].
pub fn numbers_of(model: &mut Model, options: &Options, progress: &mut dyn FnMut(Progress)) -> Result<Vec<Numbers>, Diagnostic> {
    loss(model)?;
    options.sets.iter().map(|set| Ok(numbers::numbers(model, set, options, progress)?.numbers)).collect()
}

/// The bounds alone, for a plot.
///
/// Errors: those of [`collect`].
pub fn bounds_of(model: &mut Model, options: &Options, progress: &mut dyn FnMut(Progress)) -> Result<Bounded, Diagnostic> {
    loss(model)?;
    let Some(set) = options.sets.first() else { return bounded::bounded(model, None, options, &mut vec![]) };
    let norms = numbers::numbers(model, set, options, progress)?.norms;
    bounded::bounded(model, Some((set, &norms)), options, &mut vec![])
}

/// The loss of a model that has parameters.
fn loss(model: &Model) -> Result<Expr, Diagnostic> {
    let Some(loss) = model.loss else {
        let d = Diagnostic::new(Code::Loss, "the model has no loss, so there is nothing to report");
        return Err(d.help("end it with a line such as `loss mse(F, Y)`: the report is on the derivatives of a scalar"));
    };
    if model.params.is_empty() {
        let d = Diagnostic::new(Code::Parameters, "the model has no parameters");
        return Err(d.help("declare what derivatives are taken in, as in `param W: m × n`"));
    }
    Ok(loss)
}

/// A derivative that is asked for: its kind, row and column.
struct Asked {
    kind: &'static str,
    row: String,
    col: Option<String>,
}

fn formulas(model: &mut Model, loss: Expr) -> Result<(Formulas, Vec<Derived>, Vec<String>), Diagnostic> {
    let params = model.leaves();
    let (mut queries, mut asked) = (vec![], vec![]);
    for (row, x) in &params {
        let expr = model.graph.apply(&GRAD, &[loss, *x]);
        queries.push(Query { text: format!("grad(loss, {row})"), expr, blocks: vec![] });
        asked.push(Asked { kind: "gradient", row: row.clone(), col: None });
    }
    let parts: [&'static Op; 3] = [&HESSIAN, &GAUSS_NEWTON, &FUNCTIONAL];
    for op in parts {
        for (i, (row, x)) in params.iter().enumerate() {
            for (col, y) in &params[i..] {
                let expr = model.graph.apply(op, &[loss, *x, *y]);
                queries.push(Query { text: format!("{}(loss, {row}, {col})", op.name), expr, blocks: vec![] });
                asked.push(Asked { kind: op.name, row: row.clone(), col: Some(col.clone()) });
            }
        }
    }
    let settings = simplify::Settings { proofs: true, ..simplify::Settings::default() };
    let mut derived = pipeline::derive(model, &queries, &settings)?;
    let mut notes = derived.notes();
    let titles: Vec<String> = derived.reports.iter().map(|r| derived.title(r)).collect();
    let (parts, results) = print::spelled(&model.graph, &derived.results);
    let (mut derivations, mut limited) = (vec![], vec![]);
    for (title, r) in titles.into_iter().zip(&mut derived.reports) {
        let Some(d) = simplify::derivation(&model.graph, r) else { continue };
        if d.limited {
            limited.push(title.clone());
        }
        // a part has its name on the page, too
        let title = parts.iter().find(|s| s.hesse == d.end).map_or(title, |s| s.name.clone());
        let three = |m: &simplify::Marked| [m.left.clone(), m.part.clone(), m.right.clone()];
        let step = |s: &simplify::Change| Step {
            law: s.law.clone(),
            statement: s.statement.clone(),
            given: s.given.clone(),
            place: s.place.clone(),
            before: three(&s.before),
            after: three(&s.after),
        };
        if !d.steps.is_empty() {
            derivations.push(Derived {
                of: title,
                parts: d.parts.into_iter().collect(),
                start: d.start,
                steps: d.steps.iter().map(step).collect(),
                end: d.end,
                nodes: d.nodes,
                stop: d.stop.to_owned(),
            });
        }
    }
    if !limited.is_empty() {
        let count = derived.reports.len();
        notes.push(format!(
            "the search for a shorter form reached its limit of nodes or iterations in {} of {count} formulas and parts; they are \
             correct, but a shorter form may exist",
            limited.len()
        ));
    }
    let part = |s: Spelled| formula(s, "part", None, None);
    let result = |(s, a): (Spelled, Asked)| formula(s, a.kind, Some(a.row), a.col);
    let formulas = Formulas {
        parts: parts.into_iter().map(part).collect(),
        results: results.into_iter().zip(asked).map(result).collect(),
        rust: None,
    };
    Ok((formulas, derivations, notes))
}

fn formula(s: Spelled, kind: &str, row: Option<String>, col: Option<String>) -> FormulaOf {
    let Spelled { name, shape, text, latex, mathml, hesse } = s;
    FormulaOf { name, kind: kind.to_owned(), row, col, shape, text, latex, mathml, hesse, rust: None, place: None }
}

/// Which result of the module each formula is; the two parts of the Hessian have modules of their own.
fn in_rust(results: &mut [FormulaOf], file: &str) {
    let mut count = BTreeMap::new();
    for f in results {
        let k = count.entry(f.kind.clone()).or_insert(0usize);
        *k += 1;
        let place = (f.kind.clone(), *k);
        (f.rust, f.place) = match (f.kind.as_str(), &f.row, &f.col) {
            ("gradient", ..) => (Some(format!("gradient(…)?[{}]", *k - 1)), Some(place)),
            ("hessian", Some(row), Some(col)) => (Some(format!("hessian(…)?.block(\"{row}\", \"{col}\")")), Some(place)),
            _ => (Some(format!("hesse emit {file} --target rust -q '{}' -o {}.rs", f.name, f.kind)), None),
        };
    }
}

/// The loss, the gradient and the Hessian as a Rust module; a note where they cannot be written.
fn emitted(model: &mut Model, options: &Options, notes: &mut Vec<String>) -> Option<String> {
    let sizes = options.sets.first().map(|s| s.data.sizes.clone()).unwrap_or_default();
    let file = described::file(model);
    let mut make = Functions::new(model, false);
    let functions = [make.loss(), make.gradient(), make.hessian(Part::Whole)].into_iter().collect::<Result<Vec<_>, _>>();
    let page =
        [format!("The loss, its gradient and its Hessian of the model `{file}`, written by hesse."), CONVENTION.to_owned()];
    let written = functions
        .map_err(|d| d.message)
        .and_then(|f| rust::module(&page, &f, &Typical(sizes), "hesse").map_err(|e| e.to_string()));
    match written {
        Ok(text) => Some(text),
        Err(why) => {
            notes.push(format!("no Rust module: {why}"));
            None
        }
    }
}

/// The sizes of the first set.
fn sizes(options: &Options) -> BTreeMap<String, usize> {
    options.sets.first().map(|s| s.data.sizes.clone()).unwrap_or_default()
}
