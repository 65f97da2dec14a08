//! Words for findings: diagnostics in one line, data, sizes, and what a derivative really is.

use crate::{
    diagnostic::Diagnostic,
    expr::{Meaning, Node},
    matrix::Matrix,
    pipeline,
    print::{self, Format},
    syntax::{self, Claim, Model},
};
use std::collections::BTreeMap;

/// Most characters of a derived formula that is shown beside a claim.
const FORMULA: usize = 400;
/// Most entries of data that are written out.
const ENTRIES: usize = 16;

/// A diagnostic in one line: the message, and what stands at each place.
pub(super) fn diagnostic(model: &Model, d: &Diagnostic) -> String {
    let places: Vec<String> = d
        .labels
        .iter()
        .filter_map(|(span, remark)| {
            let source = model.sources.get(span.file)?;
            let text: Vec<&str> = source.slice(*span).split_whitespace().collect();
            Some(format!("`{}`: {remark}", text.join(" ")))
        })
        .collect();
    if places.is_empty() { d.message.clone() } else { format!("{} ({})", d.message, places.join("; ")) }
}

/// The value of a derivative that stands alone on one side of a claim, unless it is long.
pub(super) fn derived(model: &mut Model, claim: &Claim) -> Option<String> {
    let sides: Vec<String> = claim.text.split("==").map(|s| s.trim().to_owned()).collect();
    let sides = if sides.len() == 2 { sides } else { return None };
    let derivative = ["jacobian(", "hessian(", "grad(", "gauss_newton(", "functional(", "d("];
    let side = sides.iter().find(|s| derivative.iter().any(|d| s.starts_with(d)))?;
    let count = model.sources.len();
    let query = syntax::query(model, side).ok();
    model.sources.truncate(count);
    let e = query?.expr;
    let is_derivative = matches!(model.graph.node(e), Node::Apply(op, _) if matches!(op.0.meaning, Meaning::Derivative));
    if !is_derivative {
        return None;
    }
    let e = pipeline::answer(&mut model.graph, e).ok()?;
    let p = print::printed(&model.graph, e, Format::Text);
    let parts: Vec<String> = p.parts.iter().map(|(n, f)| format!("{n} = {f}")).collect();
    let text = if parts.is_empty() { p.formula } else { format!("{} with {}", p.formula, parts.join(", ")) };
    (text.chars().count() <= FORMULA).then(|| format!("{side} = {text}"))
}

/// Sizes in one line.
pub(super) fn sizes(sizes: &BTreeMap<String, usize>) -> String {
    let all: Vec<String> = sizes.iter().map(|(n, k)| format!("{n} = {k}")).collect();
    if all.is_empty() { "fixed sizes".to_owned() } else { all.join(", ") }
}

/// A number with as many digits as a reader needs.
pub(super) fn number(x: f64) -> String {
    if x == 0.0 || (1e-4..1e7).contains(&x.abs()) {
        let text = format!("{x:.6}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if text.is_empty() || text == "-0" { "0".to_owned() } else { text.to_owned() }
    } else {
        format!("{x:.4e}")
    }
}

/// Data in one line, row by row; large arrays by their shape alone.
pub(super) fn data(values: &BTreeMap<String, Matrix<f64>>) -> String {
    let one = |(name, m): (&String, &Matrix<f64>)| {
        if m.data.len() > ENTRIES {
            return format!("{name}: {}×{}", m.rows, m.cols);
        }
        let rows: Vec<String> = (0..m.rows).map(|i| m.row(i).iter().map(|&x| short(x)).collect::<Vec<_>>().join(" ")).collect();
        match m.data.len() {
            1 => format!("{name} = {}", rows[0]),
            _ => format!("{name} = [{}]", rows.join("; ")),
        }
    };
    values.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A number in four digits.
fn short(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    if (1e-3..1e5).contains(&x.abs()) {
        let digits = (3 - x.abs().log10().floor() as i64).clamp(0, 6) as usize;
        let text = format!("{x:.digits$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        format!("{x:.3e}")
    }
}
