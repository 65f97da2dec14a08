//! The sections of the page that are not formulas: model, derivations, bounds, numbers, plans, notes.

use super::{escape, folded, table};
use crate::{
    figure::{figure, large},
    mathml::breakable,
    page::{BoundOf, Numbers, Report, Step},
    plot::{self, HeatMap, Image},
};
use hesse_compiler::print;

pub(super) fn model(r: &Report) -> String {
    let m = &r.model;
    let mut out = format!("<pre class=\"model\">{}</pre>\n", highlighted(&m.text));
    let extents = |e: &Option<Vec<usize>>| {
        e.as_ref().map(|e| e.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")).unwrap_or_default()
    };
    let with_data = !m.sizes.is_empty();
    let row = |d: &crate::page::Declared| {
        let mut row = vec![escape(&d.kind), format!("<code>{}</code>", escape(&d.name)), escape(&d.shape.replace('*', "·"))];
        if with_data {
            row.push(extents(&d.extents));
        }
        row
    };
    let rows: Vec<Vec<String>> = m.names.iter().map(row).collect();
    let head = ["", "name", "shape", "on the data"];
    out.push_str(&table(&head[..if with_data { 4 } else { 3 }], &rows, &[]));
    let count = m.parameter_count.map(|n| format!(" = {n}")).unwrap_or_default();
    out.push_str(&format!("<p>Parameters: {}{count}.", escape(&m.parameters.replace('*', "·"))));
    if let Some(seed) = m.seed {
        out.push_str(&format!(" Random data of seed {seed}."));
    }
    out.push_str("</p>\n");
    out.push_str(&format!("<p>This page is made again by</p>\n<pre class=\"command\">{}</pre>\n", escape(&r.command)));
    out
}

/// Comments, keywords and numbers apart.
fn highlighted(text: &str) -> String {
    const WORDS: [&str; 12] =
        ["dim", "input", "target", "const", "param", "loss", "layer", "use", "for", "in", "assume", "claim"];
    let line = |l: &str| {
        let (code, comment) = l.split_at(l.find('#').unwrap_or(l.len()));
        let mut out = String::new();
        let (start, rest) = code.split_at(code.len() - code.trim_start().len());
        out.push_str(start);
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        match WORDS.contains(&word) {
            true => out.push_str(&format!("<b>{word}</b>")),
            false => out.push_str(&escape(word)),
        }
        out.push_str(&escape(rest));
        if !comment.is_empty() {
            out.push_str(&format!("<i>{}</i>", escape(comment)));
        }
        out
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

pub(super) fn derivations(r: &Report) -> String {
    if r.derivations.is_empty() {
        return "<p>Nothing was there to simplify.</p>\n".to_owned();
    }
    let mut out = String::from(
        "<p>How the formulas that differentiation yields became the ones above. Each step names its law; what it changes is \
         marked. A small checker has replayed all steps.</p>\n",
    );
    let three = |[left, part, right]: &[String; 3]| format!("{}<mark>{}</mark>{}", escape(left), escape(part), escape(right));
    let step = |s: &Step| {
        let given =
            if s.given.is_empty() { String::new() } else { format!(" <span class=\"given\">given {}</span>", escape(&s.given)) };
        format!(
            "<li><b>{}</b>: <span class=\"law\">{}</span>{given}<div class=\"step\">{}</div><div class=\"step\">= {}</div></li>\n",
            escape(&s.law),
            escape(&s.statement),
            three(&s.before),
            three(&s.after)
        )
    };
    for d in &r.derivations {
        let mut content = String::new();
        for (name, what) in &d.parts {
            content.push_str(&format!("<p class=\"where\">where {} = {}</p>\n", escape(name), escape(what)));
        }
        content.push_str(&format!("<div class=\"step\">{}</div>\n<ol>\n", escape(&d.start)));
        content.extend(d.steps.iter().map(step));
        content.push_str(&format!("</ol>\n<p class=\"where\">{} nodes; {}.</p>\n", d.nodes, escape(&d.stop)));
        let steps = if d.steps.len() == 1 { "1 step".to_owned() } else { format!("{} steps", d.steps.len()) };
        out.push_str(&folded(&format!("<code>{}</code>, {steps}", escape(&d.of)), &content));
    }
    out
}

fn number(x: Option<f64>) -> String {
    x.map(figure).unwrap_or_default()
}

pub(super) fn bounds(r: &Report) -> String {
    let b = &r.bounds;
    let with_data = b.blocks.iter().chain(&b.whole).any(|x| x.bound.is_some());
    let mut out = String::from(
        "<p>Upper bounds of the spectral norms of the blocks. ‖·‖<sub>2</sub> is the spectral norm, ‖·‖<sub>F</sub> the Frobenius \
         norm, ‖·‖<sub>2,∞</sub> the length of the longest row, ‖·‖<sub>1,2</sub> that of the longest column, ‖·‖<sub>∞</sub> and \
         ‖·‖<sub>1</sub> the largest absolute sums of rows and columns.</p>\n",
    );
    if with_data && let Some(n) = r.numbers.first() {
        let of = if n.dense_samples < n.samples { format!(" of the first {} samples", n.dense_samples) } else { String::new() };
        out.push_str(&format!(
            "<p>Bound and norm are means{of} on <code>{}</code>; slack is bound over norm.</p>\n",
            escape(&n.source)
        ));
    }
    let with_assumptions = b.blocks.iter().any(|x| !x.assumptions.is_empty());
    let row = |x: &BoundOf| {
        let name = if x.row.is_empty() { "whole".to_owned() } else { format!("{}, {}", escape(&x.row), escape(&x.col)) };
        let formula = match x.row.is_empty() && b.blocks.len() > 6 {
            // as long as the table
            true => "the norm of the matrix of the bounds above".to_owned(),
            false => format!("<div class=\"bound\">{}</div>", breakable(&x.mathml)),
        };
        let mut row = vec![name, formula];
        if with_assumptions {
            row.push(x.assumptions.iter().map(|a| escape(a)).collect::<Vec<_>>().join("; "));
        }
        if with_data {
            row.extend([number(x.bound), number(x.norm), number(x.slack)]);
        }
        row
    };
    let rows: Vec<Vec<String>> = b.blocks.iter().chain(&b.whole).map(row).collect();
    let mut head = vec!["block", "is at most"];
    head.extend(with_assumptions.then_some("assumed"));
    let first = head.len();
    head.extend(["bound", "norm", "slack"].into_iter().filter(|_| with_data));
    out.push_str(&table(&head, &rows, &[first, first + 1, first + 2]));
    if !b.parts.is_empty() {
        out.push_str("<p>where</p>\n");
        for p in &b.parts {
            out.push_str(&format!(
                "<div class=\"bound\"><math>{}<mo>=</mo></math><wbr>{}</div>\n",
                print::symbol_of(&p.name).0,
                breakable(&p.mathml)
            ));
        }
    }
    let latex: Vec<String> = b.parts.iter().map(|p| (&p.name, &p.latex)).map(|(n, l)| format!("{n} = {l}")).collect();
    let all: Vec<String> = b
        .blocks
        .iter()
        .chain(&b.whole)
        .map(|x| format!("\\lVert H_{{{},{}}}\\rVert_2 \\le {}", x.row, x.col, x.latex))
        .chain(latex)
        .collect();
    out.push_str(&folded("These bounds as LaTeX", &format!("<pre class=\"code\">{}</pre>\n", escape(&all.join("\n")))));
    for m in &b.missing {
        out.push_str(&format!("<p class=\"missing\">No bound: {}.</p>\n", escape(m)));
    }
    if with_data && let Ok(svg) = plot::slack(b, Image::Svg) {
        out.push_str("<h3>Where the slack arises</h3>\n");
        out.push_str(&figure_of(
            &svg,
            "How many times the bounds of node norms and of blocks exceed the true norms, in log scale.",
        ));
        if !b.layers.is_empty() {
            let row = |l: &crate::page::LayerSlack| vec![escape(&l.name), figure(l.bound), figure(l.norm), figure(l.slack)];
            let rows: Vec<Vec<String>> = b.layers.iter().map(row).collect();
            out.push_str(&table(&["node", "bound of its norm", "norm", "slack"], &rows, &[1, 2, 3]));
        }
    }
    out
}

/// A chart with its caption, which is also what is read aloud.
fn figure_of(svg: &[u8], caption: &str) -> String {
    let svg = String::from_utf8_lossy(svg);
    let svg = svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{}\" ", escape(caption)), 1);
    format!("<figure>\n{svg}<figcaption>{}</figcaption>\n</figure>\n", escape(caption))
}

pub(super) fn numbers(r: &Report) -> String {
    let Some(first) = r.numbers.first() else { return String::new() };
    let all = &r.numbers;
    let labels: Vec<String> = match all.len() {
        1 => vec!["value".to_owned()],
        _ => all.iter().map(|n| escape(&n.label)).collect(),
    };
    let mut head = vec![""];
    head.extend(labels.iter().map(String::as_str));
    let line = |name: &str, f: &dyn Fn(&Numbers) -> String| -> Vec<String> {
        std::iter::once(name.to_owned()).chain(all.iter().map(f)).collect()
    };
    let spectrum = |n: &Numbers, f: &dyn Fn(&crate::page::Spectrum) -> String| n.spectrum.as_ref().map(f).unwrap_or_default();
    let trace = |s: &crate::page::Spectrum| match s.trace_error {
        Some(e) if e > 0.0 => format!("{} ± {}", number(s.trace), figure(e)),
        _ => number(s.trace),
    };
    let list = |v: &[f64]| v.iter().map(|x| figure(*x)).collect::<Vec<_>>().join(", ");
    let rows = vec![
        line("data", &|n| format!("<code>{}</code>", escape(&n.source))),
        line("samples", &|n| n.samples.to_string()),
        line("samples of blocks, norms and heat maps", &|n| n.dense_samples.to_string()),
        line("rows of the Hessian", &|n| n.size.to_string()),
        line("loss", &|n| figure(n.loss)),
        line("largest eigenvalues", &|n| spectrum(n, &|s| list(&s.top))),
        line("smallest eigenvalue", &|n| spectrum(n, &|s| number(s.smallest))),
        line("trace", &|n| spectrum(n, &trace)),
        line(
            "share of the Gauss-Newton part, ‖GN‖<sub>F</sub> / (‖GN‖<sub>F</sub> + ‖functional‖<sub>F</sub>)",
            &|n| number(n.gauss_newton_share),
        ),
        line("heterogeneity, largest over smallest norm of a diagonal block", &|n| number(n.heterogeneity)),
    ];
    let columns: Vec<usize> = (1..=all.len()).collect();
    let mut out = table(&head, &rows, &columns);
    if first.heat.is_some() {
        out.push_str("<h3>Entries</h3>\n<div class=\"pair\">\n");
        let maps = HeatMap::of(all);
        for (k, n) in all.iter().enumerate() {
            if let Ok(svg) = plot::heatmap(&maps.only(k), Image::Svg) {
                let label = if n.label.is_empty() { String::new() } else { format!(", {}", n.label) };
                let side = n.heat.as_ref().map_or(0, |h| h.side);
                let each =
                    if side < n.size { format!(" Each of {side}×{side} cells shows its largest entry.") } else { String::new() };
                let caption = format!("Absolute entries of the Hessian{label}, in log scale; gray is zero.{each}");
                out.push_str(&figure_of(&svg, &caption));
            }
        }
        out.push_str("</div>\n");
    }
    if all.iter().any(|n| n.spectrum.is_some()) {
        out.push_str("<h3>Spectrum</h3>\n<div class=\"pair\">\n");
        for n in all {
            let (Some(s), Ok(svg)) = (&n.spectrum, plot::spectrum(std::slice::from_ref(n), Image::Svg)) else { continue };
            let label = if n.label.is_empty() { String::new() } else { format!(", {}", n.label) };
            let caption = format!("Density of the eigenvalues{label}, each widened by a hundredth of the range: {}.", s.how);
            out.push_str(&figure_of(&svg, &caption));
        }
        out.push_str("</div>\n");
    }
    if let Ok(svg) = plot::blocks(all, Image::Svg) {
        out.push_str("<h3>Norms of parameters and of their blocks</h3>\n");
        let caption = "Frobenius norms of the parameters beside the spectral norms of their diagonal blocks of the Hessian.";
        out.push_str(&figure_of(&svg, caption));
    }
    let mut head = vec!["parameter", "entries"];
    let mut rows: Vec<Vec<String>> = first.parameters.iter().map(|p| vec![escape(&p.name), p.count.to_string()]).collect();
    let titles: Vec<[String; 2]> =
        all.iter().map(|n| ["‖W‖<sub>F</sub>", "‖gradient‖<sub>F</sub>"].map(|t| titled(t, n))).collect();
    for (n, t) in all.iter().zip(&titles) {
        head.extend(t.iter().map(String::as_str));
        for (row, p) in rows.iter_mut().zip(&n.parameters) {
            row.extend([figure(p.norm), figure(p.gradient_norm)]);
        }
    }
    out.push_str(&table(&head, &rows, &(1..head.len()).collect::<Vec<_>>()));
    if !first.blocks.is_empty() {
        out.push_str(&blocks(all));
    }
    out
}

fn titled(what: &str, n: &Numbers) -> String {
    if n.label.is_empty() { what.to_owned() } else { format!("{what}<br>{}", escape(&n.label)) }
}

/// Diagonal blocks with their spectral norms, the largest first.
fn ranked(n: &Numbers) -> String {
    let mut diagonal: Vec<_> = n.blocks.iter().filter(|b| b.row == b.col).collect();
    diagonal.sort_by(|a, b| b.spectral.total_cmp(&a.spectral));
    diagonal.iter().map(|b| format!("{} {}", b.row, figure(b.spectral))).collect::<Vec<_>>().join(", ")
}

/// Norms of all blocks, and which is the largest.
fn blocks(all: &[Numbers]) -> String {
    let mut out = String::new();
    for n in all {
        let largest = n.blocks.iter().max_by(|a, b| a.spectral.total_cmp(&b.spectral));
        if let Some(b) = largest {
            let label = if n.label.is_empty() { String::new() } else { format!("{}: ", escape(&n.label)) };
            out.push_str(&format!(
                "<p>{label}the block of the largest spectral norm is {}, {}: {}. Diagonal blocks from the largest on: {}.</p>\n",
                escape(&b.row),
                escape(&b.col),
                figure(b.spectral),
                escape(&ranked(n))
            ));
        }
    }
    let mut head = vec!["block"];
    let titles: Vec<[String; 4]> = all
        .iter()
        .map(|n| ["‖H‖<sub>2</sub>", "‖H‖<sub>F</sub>", "‖GN‖<sub>F</sub>", "‖functional‖<sub>F</sub>"].map(|t| titled(t, n)))
        .collect();
    let mut rows: Vec<Vec<String>> =
        all[0].blocks.iter().map(|b| vec![format!("{}, {}", escape(&b.row), escape(&b.col))]).collect();
    for (n, t) in all.iter().zip(&titles) {
        head.extend(t.iter().map(String::as_str));
        for (row, b) in rows.iter_mut().zip(&n.blocks) {
            row.extend([b.spectral, b.frobenius, b.gauss_newton, b.functional].map(figure));
        }
    }
    let numbers: Vec<usize> = (1..head.len()).collect();
    out.push_str(&folded(&format!("Norms of all {} blocks", rows.len()), &table(&head, &rows, &numbers)));
    out
}

pub(super) fn plans(r: &Report) -> String {
    let mut out = String::new();
    if r.plans.is_empty() {
        return out;
    }
    let row = |p: &crate::page::Planned| {
        let seconds = p.seconds.map(|s| format!("{} s", figure(s))).unwrap_or_default();
        vec![format!("<code>{}</code>", escape(&p.of)), p.samples.to_string(), large(p.flops), large(p.bytes), seconds]
    };
    let rows: Vec<Vec<String>> = r.plans.iter().map(row).collect();
    out.push_str(&table(&["what", "samples", "flop", "bytes", "one evaluation"], &rows, &[1, 2, 3, 4]));
    for p in r.plans.iter().filter(|p| !p.steps.is_empty()) {
        let row =
            |(n, kind, step): &(f64, String, String)| vec![large(*n), escape(kind), format!("<code>{}</code>", escape(step))];
        let rows: Vec<Vec<String>> = p.steps.iter().map(row).collect();
        let omitted = if p.omitted > 0 { format!(" ({} cheaper ones are not shown)", p.omitted) } else { String::new() };
        let content = table(&["operations", "kind", "step"], &rows, &[0]);
        out.push_str(&folded(&format!("Steps of <code>{}</code>{omitted}", escape(&p.of)), &content));
    }
    out
}

pub(super) fn notes(r: &Report) -> String {
    if r.notes.is_empty() {
        return "<p>Nothing was left open: no limit was reached, no kink met, no bound is missing.</p>\n".to_owned();
    }
    let item = |n: &String| format!("<li>{}</li>\n", escape(n));
    format!("<ul>\n{}</ul>\n", r.notes.iter().map(item).collect::<String>())
}
