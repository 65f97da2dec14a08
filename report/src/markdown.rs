//! The page as Markdown with LaTeX between dollar signs; it says what the HTML says, without charts.

use crate::{
    figure::{figure, large},
    page::{BoundOf, FormulaOf, Numbers, Report},
};
use hesse_compiler::print;

/// The page.
pub fn markdown(r: &Report) -> String {
    let mut out = format!("# {}\n\nExact gradients and Hessians, derived by hesse {}.\n\n", r.model.file, r.version);
    out.push_str(&format!("## Model\n\n```text\n{}\n```\n\n", r.model.text.trim_end()));
    let extents = |e: &Option<Vec<usize>>| e.as_ref().map(|e| e.iter().map(ToString::to_string).collect::<Vec<_>>().join("×"));
    let row = |d: &crate::page::Declared| {
        vec![d.kind.clone(), format!("`{}`", d.name), d.shape.clone(), extents(&d.extents).unwrap_or_default()]
    };
    table(&mut out, &["", "name", "shape", "on the data"], &r.model.names.iter().map(row).collect::<Vec<_>>());
    let count = r.model.parameter_count.map(|n| format!(" = {n}")).unwrap_or_default();
    out.push_str(&format!("Parameters: {}{count}.\n\n", r.model.parameters.replace('*', "\\*")));
    if let Some(seed) = r.model.seed {
        out.push_str(&format!("Random data of seed {seed}.\n\n"));
    }
    out.push_str(&format!("This page is made again by\n\n```sh\n{}\n```\n\n", r.command));
    out.push_str(&format!("## Formulas\n\n`{}`\n\n", r.convention));
    for (title, kind) in [
        ("Gradients", "gradient"),
        ("Hessian", "hessian"),
        ("Gauss-Newton part", "gauss_newton"),
        ("Functional part", "functional"),
    ] {
        out.push_str(&format!("### {title}\n\n"));
        r.formulas.results.iter().filter(|f| f.kind == kind).for_each(|f| formula(&mut out, f));
    }
    if !r.formulas.parts.is_empty() {
        out.push_str("### Parts\n\n");
        r.formulas.parts.iter().for_each(|f| formula(&mut out, f));
    }
    out.push_str("## Derivation\n\n");
    for d in &r.derivations {
        out.push_str(&format!("### `{}`\n\n", d.of));
        for (name, what) in &d.parts {
            out.push_str(&format!("where `{name}` = `{what}`\n\n"));
        }
        out.push_str(&format!("Start: `{}`\n\n", d.start));
        for (k, s) in d.steps.iter().enumerate() {
            let given = if s.given.is_empty() { String::new() } else { format!(", given `{}`", s.given) };
            let n = k + 1;
            out.push_str(&format!(
                "{n}. **{}**: `{}`{given}; at {}: `{}` becomes `{}`\n",
                s.law, s.statement, s.place, s.before[1], s.after[1]
            ));
        }
        out.push_str(&format!("\nResult: `{}` ({} nodes; {})\n\n", d.end, d.nodes, d.stop));
    }
    bounds(&mut out, r);
    r.numbers.iter().for_each(|n| numbers(&mut out, n));
    if !r.plans.is_empty() {
        out.push_str("## Plan\n\n");
        let row = |p: &crate::page::Planned| {
            let seconds = p.seconds.map(|s| format!("{} s", figure(s))).unwrap_or_default();
            vec![format!("`{}`", p.of), p.samples.to_string(), large(p.flops), large(p.bytes), seconds]
        };
        table(&mut out, &["what", "samples", "flop", "bytes", "one evaluation"], &r.plans.iter().map(row).collect::<Vec<_>>());
    }
    out.push_str("## Notes\n\n");
    for n in &r.notes {
        out.push_str(&format!("- {n}\n"));
    }
    out
}

fn formula(out: &mut String, f: &FormulaOf) {
    let left = if f.kind == "part" { format!("{} = ", print::symbol_of(&f.name).1) } else { String::new() };
    out.push_str(&format!("`{}`, {}\n\n$$\n{left}{}\n$$\n\n", f.name, f.shape.replace('*', "\\*"), f.latex));
}

fn table(out: &mut String, head: &[&str], rows: &[Vec<String>]) {
    out.push_str(&format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len())));
    for row in rows {
        out.push_str(&format!("| {} |\n", row.iter().map(|c| c.replace('|', "\\|")).collect::<Vec<_>>().join(" | ")));
    }
    out.push('\n');
}

fn bounds(out: &mut String, r: &Report) {
    out.push_str("## Bounds\n\nUpper bounds of the spectral norms of the blocks.\n\n");
    let number = |x: Option<f64>| x.map(figure).unwrap_or_default();
    let row = |x: &BoundOf| {
        let name = if x.row.is_empty() { "whole".to_owned() } else { format!("{}, {}", x.row, x.col) };
        vec![name, format!("`{}`", x.text), x.assumptions.join("; "), number(x.bound), number(x.norm), number(x.slack)]
    };
    let rows: Vec<Vec<String>> = r.bounds.blocks.iter().chain(&r.bounds.whole).map(row).collect();
    table(out, &["block", "is at most", "assumed", "bound", "norm", "slack"], &rows);
    for p in &r.bounds.parts {
        out.push_str(&format!("where `{}` = `{}`\n\n", p.name, p.text));
    }
    if !r.bounds.layers.is_empty() {
        out.push_str("Where the slack arises:\n\n");
        let row = |l: &crate::page::LayerSlack| vec![l.name.clone(), figure(l.bound), figure(l.norm), figure(l.slack)];
        table(out, &["node", "bound of its norm", "norm", "slack"], &r.bounds.layers.iter().map(row).collect::<Vec<_>>());
    }
}

fn numbers(out: &mut String, n: &Numbers) {
    let label = if n.label.is_empty() { String::new() } else { format!(" {}", n.label) };
    out.push_str(&format!("## Numbers{label}\n\n"));
    let number = |x: Option<f64>| x.map(figure).unwrap_or_default();
    let s = n.spectrum.as_ref();
    let rows = [
        ("data", format!("`{}`", n.source)),
        ("samples", n.samples.to_string()),
        ("samples of blocks and norms", n.dense_samples.to_string()),
        ("rows of the Hessian", n.size.to_string()),
        ("loss", figure(n.loss)),
        ("largest eigenvalues", s.map(|s| s.top.iter().map(|x| figure(*x)).collect::<Vec<_>>().join(", ")).unwrap_or_default()),
        ("smallest eigenvalue", number(s.and_then(|s| s.smallest))),
        ("trace", number(s.and_then(|s| s.trace))),
        ("standard error of the trace", number(s.and_then(|s| s.trace_error))),
        ("share of the Gauss-Newton part", number(n.gauss_newton_share)),
        ("heterogeneity", number(n.heterogeneity)),
    ];
    table(out, &["", "value"], &rows.map(|(a, b)| vec![a.to_owned(), b]));
    if let Some(s) = s {
        out.push_str(&format!("Spectrum: {}.\n\n", s.how));
    }
    let row = |p: &crate::page::ParameterNorm| vec![p.name.clone(), p.count.to_string(), figure(p.norm), figure(p.gradient_norm)];
    table(out, &["parameter", "entries", "Frobenius norm", "of its gradient"], &n.parameters.iter().map(row).collect::<Vec<_>>());
    let row = |b: &crate::page::BlockNorm| {
        let mut row = vec![format!("{}, {}", b.row, b.col)];
        row.extend([b.spectral, b.frobenius, b.gauss_newton, b.functional].map(figure));
        row
    };
    if !n.blocks.is_empty() {
        let head = ["block", "spectral norm", "Frobenius norm", "of the Gauss-Newton part", "of the functional part"];
        table(out, &head, &n.blocks.iter().map(row).collect::<Vec<_>>());
    }
}
