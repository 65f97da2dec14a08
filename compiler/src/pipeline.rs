//! The passes in order: what the command line asks for, from a model and queries to formulas and numbers.

mod bounds;
mod enclosed;
mod evaluate;
mod functions;
mod landscape;
mod norms;
mod requests;
mod slack;

pub use bounds::{Measured, Numbers, Values, bounds, bounds_in_style, bounds_of_any_depth, numbers, values};
pub use enclosed::at_most;
pub use evaluate::{Answer, Settings, evaluate, evaluate_on, failed, program, programs};
pub use functions::{Functions, not_emitted};
pub use landscape::{Increment, Landscape, landscape};
pub use norms::{DENSE, Norms, norm_of_block, norm_of_whole, norms, norms_by_products};
pub use requests::{answer, answer_all};
pub use slack::{Loss, losses};

use crate::{
    diagnostic::{Code, Diagnostic},
    expr::{Expr, Graph},
    print::{self, Format, Wanted},
    simplify,
    syntax::{Model, Query},
};

/// The formulas of the queries.
pub struct Derived {
    /// What was asked for, simplified; blocks of a Hessian one by one.
    pub results: Vec<Wanted>,
    /// What simplification did to each part.
    pub reports: Vec<simplify::Report>,
}

/// The formulas of the queries, simplified and printed together so that they share their named parts; with the steps of the
/// simplification if they are asked for.
///
/// Errors: an operation on the way has no derivative.
pub fn formulas(
    model: &mut Model,
    queries: &[Query],
    format: Format,
    settings: &simplify::Settings,
) -> Result<String, Diagnostic> {
    let derived = derive(model, queries, settings)?;
    let notes = derived.notes();
    let explain = settings.proofs;
    let proofs: Vec<String> = match explain {
        true => derived.proofs(&model.graph, format),
        false => vec![],
    };
    let mut further = vec![];
    if format == Format::Json && !notes.is_empty() {
        let all: Vec<String> = notes.iter().map(|n| print::json_string(n)).collect();
        further.push(("notes", format!("[{}]", all.join(", "))));
    }
    if format == Format::Json && explain {
        further.push(("proofs", format!("[\n    {}\n  ]", proofs.join(",\n    "))));
    }
    let mut out = print::results_with(&model.graph, &derived.results, format, &further);
    if format != Format::Json {
        let comment = |n: &String| match format {
            Format::Latex => format!("% note: {n}\n"),
            Format::Mathml => format!("<!-- note: {n} -->\n"),
            _ => format!("# note: {n}\n"),
        };
        out.extend(notes.iter().map(comment));
        out.extend(proofs);
    }
    Ok(out)
}

impl Derived {
    /// What the reader should know: results of simplification that were given up.
    pub fn notes(&self) -> Vec<String> {
        let refused = |r: &simplify::Report| {
            let why = r.refused.as_ref()?;
            Some(format!("a simplification was given up, and the formula left as it was derived: {why}"))
        };
        self.reports.iter().filter_map(refused).collect()
    }

    /// What a report is of: the query, or the part.
    pub fn title(&self, r: &simplify::Report) -> String {
        match self.results.iter().find(|w| w.mirror_of.is_none() && w.expr == r.after) {
            Some(w) => w.query.clone(),
            None => format!("the part {}", r.name),
        }
    }

    /// The proofs of all parts in order, each under the query or the part that it is of.
    fn proofs(&self, g: &Graph, format: Format) -> Vec<String> {
        self.reports.iter().map(|r| simplify::explain(g, &self.title(r), r, format)).collect()
    }
}

/// Derives the formulas of the queries and simplifies them.
///
/// Errors: an operation on the way has no derivative.
pub fn derive(model: &mut Model, queries: &[Query], settings: &simplify::Settings) -> Result<Derived, Diagnostic> {
    let mut results = vec![];
    for q in queries {
        if q.blocks.is_empty() {
            results.push(Wanted { query: q.text.clone(), expr: q.expr, mirror_of: None });
        }
        let first = results.len();
        let call = q.text.split('(').next().unwrap_or("hessian").trim();
        let f = q.text.trim().trim_start_matches(call).trim_matches(['(', ')', ' ']);
        for b in &q.blocks {
            // a Hessian is symmetric
            let mirror_of = q.blocks.iter().position(|o| (&o.row, &o.col) == (&b.col, &b.row)).map(|k| first + k);
            let mirror_of = mirror_of.filter(|&k| k < results.len());
            results.push(Wanted { query: format!("{call}({f}, {}, {})", b.row, b.col), expr: b.expr, mirror_of });
        }
    }
    let roots: Vec<Expr> = results.iter().map(|r| r.expr).collect();
    let derived = answer_all(&mut model.graph, &roots).map_err(|e| not_differentiable(&e, queries))?;
    let asked: Vec<Expr> = results.iter().zip(&derived).filter(|(r, _)| r.mirror_of.is_none()).map(|(_, &e)| e).collect();
    let equations = model.equations();
    let simplified = simplify::simplify(&mut model.graph, &asked, &equations, settings);
    let mut simple = simplified.roots.into_iter();
    for (r, e) in results.iter_mut().zip(derived) {
        r.expr = if r.mirror_of.is_none() { simple.next().unwrap_or(e) } else { e };
    }
    Ok(Derived { results, reports: simplified.reports })
}

fn not_differentiable(e: &crate::differentiate::NotDifferentiable, queries: &[Query]) -> Diagnostic {
    let texts: Vec<String> = queries.iter().map(|q| format!("`{}`", q.text)).collect();
    Diagnostic::new(Code::Derivative, format!("no formula for the derivative asked for in {}", texts.join(", ")))
        .help(e.to_string())
}
