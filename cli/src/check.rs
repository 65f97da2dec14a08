//! `hesse check`: parses and type-checks files, and prints the shapes.

use crate::{Manner, files};
use hesse_compiler::{
    diagnostic::Code,
    dim::Dim,
    expr::Kind,
    syntax::{Assumed, Model},
};
use std::path::PathBuf;

/// Parse and type-check files; print the shapes
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: hesse check attention.hesse")]
pub(crate) struct Args {
    /// Model files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    depth: files::Depth,
}

/// What is printed on standard output.
///
/// Errors: the diagnostics of all files.
pub(crate) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    let (mut out, mut errors) = (vec![], vec![]);
    for path in &args.files {
        match files::model(path, &args.depth, manner) {
            Ok(m) => {
                errors.extend(unread(&m, manner));
                out.push(format!("{}\n{}", path.display(), shapes(&m)));
            }
            Err(e) => errors.push(e),
        }
    }
    if errors.is_empty() { Ok(out.join("\n")) } else { Err(errors.join("\n")) }
}

/// What is wrong with claims that are not in the language; one whose sizes do not fit is a claim, and false.
fn unread(m: &Model, manner: Manner) -> Option<String> {
    let all = m.claims.iter().filter_map(|c| c.sides.as_ref().err()).flatten();
    let unread: Vec<_> = all.filter(|d| matches!(d.code, Code::Syntax | Code::Bracket)).cloned().collect();
    (!unread.is_empty()).then(|| files::render(&unread, &m.sources, manner))
}

/// The names of a model with their shapes, as a table.
fn shapes(m: &Model) -> String {
    let g = &m.graph;
    let mut rows: Vec<[String; 3]> = vec![];
    for s in &m.sizes {
        rows.push(["size".into(), s.clone(), String::new()]);
    }
    for (s, d) in &m.derived {
        rows.push(["size".into(), s.clone(), format!("= {d}")]);
    }
    let mut parameters = Dim::default();
    for (name, v) in g.variables().filter(|(n, _)| !m.held.contains_key(*n)) {
        let kind = match v.kind {
            Kind::Input => "input",
            Kind::Target => "target",
            Kind::Const => "const",
            Kind::Param => "param",
        };
        if v.kind == Kind::Param {
            parameters = &parameters + &v.shape.len();
        }
        let facts = g.facts(v.expr).to_string();
        let facts = if facts.is_empty() || v.shape.is_scalar() { String::new() } else { format!("  {facts}") };
        rows.push([kind.into(), name.into(), format!("{}{facts}", g.axes_text(v.expr))]);
    }
    for (name, e) in m.nodes.iter().filter(|n| n.0 != "loss") {
        rows.push(["node".into(), name.clone(), g.axes_text(*e)]);
    }
    if m.loss.is_some() {
        rows.push(["loss".into(), "loss".into(), "1×1".into()]);
    }
    for a in &m.assumptions {
        let kind = if matches!(a.says, Assumed::Fact(..)) { "fact" } else { "bound" };
        rows.push(["assume".into(), kind.into(), a.text.clone()]);
    }
    for c in &m.claims {
        let state = if c.sides.is_ok() { "" } else { "  (its sides do not fit)" };
        rows.push(["claim".into(), format!("\"{}\"", c.id), format!("{}{state}", c.text)]);
    }
    let width = |k: usize| rows.iter().map(|r| r[k].chars().count()).max().unwrap_or(0);
    let (a, b) = (width(0), width(1));
    let mut out = String::new();
    for [kind, name, shape] in &rows {
        let pad = |s: &str, w: usize| format!("{s}{}", " ".repeat(w - s.chars().count()));
        out.push_str(format!("  {}  {}  {shape}", pad(kind, a), pad(name, b)).trim_end());
        out.push('\n');
    }
    if !m.params.is_empty() {
        out.push_str(&format!("  parameters: {parameters}\n"));
    }
    out
}
