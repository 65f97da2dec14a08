//! The passes in order: what the command line asks for, from a model and queries to formulas and numbers.

mod evaluate;
mod functions;
mod requests;

pub use evaluate::{Answer, Settings, evaluate};
pub use functions::{Functions, not_emitted};
pub use requests::{answer, answer_all};

use crate::{
    diagnostic::{Code, Diagnostic},
    print::{self, Format},
    syntax::{Model, Query},
};

/// The formulas of the queries, printed together so that they share their named parts.
///
/// Errors: an operation on the way has no derivative.
pub fn derive(model: &mut Model, queries: &[Query], format: Format) -> Result<String, Diagnostic> {
    let mut names = vec![];
    let mut roots = vec![];
    for q in queries {
        if q.blocks.is_empty() {
            names.push(q.text.clone());
            roots.push(q.expr);
        }
        for b in &q.blocks {
            let call = q.text.split('(').next().unwrap_or("hessian").trim();
            let f = q.text.trim().trim_start_matches(call).trim_matches(['(', ')', ' ']).to_owned();
            names.push(format!("{call}({f}, {}, {})", b.row, b.col));
            roots.push(b.expr);
        }
    }
    let derived = answer_all(&mut model.graph, &roots).map_err(|e| not_differentiable(&e, queries))?;
    let results: Vec<_> = names.into_iter().zip(derived).collect();
    Ok(print::render(&model.graph, &results, format))
}

fn not_differentiable(e: &crate::differentiate::NotDifferentiable, queries: &[Query]) -> Diagnostic {
    let texts: Vec<String> = queries.iter().map(|q| format!("`{}`", q.text)).collect();
    Diagnostic::new(Code::Derivative, format!("no formula for the derivative asked for in {}", texts.join(", ")))
        .help(e.to_string())
}
