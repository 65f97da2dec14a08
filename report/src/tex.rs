//! The page as a LaTeX document with amsmath; it says what the HTML says, without charts.

use crate::{
    figure::{figure, large},
    page::{BoundOf, FormulaOf, Numbers, Report},
};
use hesse_compiler::print;

const HEAD: &str = r"\documentclass[10pt,a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{amsmath,amssymb}
\usepackage{longtable}
\usepackage[margin=20mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\allowdisplaybreaks
\emergencystretch=3em
\begin{document}
";

/// The page.
pub fn tex(r: &Report) -> String {
    let mut out = String::from(HEAD);
    out.push_str(&format!("\\section*{{{}}}\n", plain(&r.model.file)));
    out.push_str(&format!("Exact gradients and Hessians, derived by hesse {}.\n", plain(&r.version)));
    out.push_str("\\subsection*{Model}\n");
    code(&mut out, &r.model.text);
    let extents = |e: &Option<Vec<usize>>| e.as_ref().map(|e| e.iter().map(ToString::to_string).collect::<Vec<_>>().join("×"));
    let row = |d: &crate::page::Declared| {
        [&d.kind, &d.name, &d.shape, &extents(&d.extents).unwrap_or_default()].map(|c| plain(c)).to_vec()
    };
    table(&mut out, &["", "name", "shape", "on the data"], "llll", &r.model.names.iter().map(row).collect::<Vec<_>>());
    let count = r.model.parameter_count.map(|n| format!(" = {n}")).unwrap_or_default();
    out.push_str(&format!("Parameters: {}{count}.\n", plain(&r.model.parameters)));
    if let Some(seed) = r.model.seed {
        out.push_str(&format!("Random data of seed {seed}.\n"));
    }
    out.push_str("\nThis page is made again by\n");
    code(&mut out, &r.command);
    out.push_str(&format!("\\subsection*{{Formulas}}\n{}\n", plain(&r.convention)));
    for (title, kind) in [
        ("Gradients", "gradient"),
        ("Hessian", "hessian"),
        ("Gauss-Newton part", "gauss_newton"),
        ("Functional part", "functional"),
    ] {
        out.push_str(&format!("\\subsubsection*{{{title}}}\n"));
        r.formulas.results.iter().filter(|f| f.kind == kind).for_each(|f| formula(&mut out, f));
    }
    if !r.formulas.parts.is_empty() {
        out.push_str("\\subsubsection*{Parts}\n");
        r.formulas.parts.iter().for_each(|f| formula(&mut out, f));
    }
    out.push_str("\\subsection*{Derivation}\n");
    for d in &r.derivations {
        out.push_str(&format!("\\paragraph{{{}}} {}\n", plain(&d.of), plain(&d.start)));
        for (name, what) in &d.parts {
            out.push_str(&format!("\n\\quad where {} = {}\n", plain(name), plain(what)));
        }
        out.push_str("\\begin{enumerate}\n");
        for s in &d.steps {
            let given = if s.given.is_empty() { String::new() } else { format!(", given {}", plain(&s.given)) };
            out.push_str(&format!(
                "\\item \\emph{{{}}}: {}{given}; {} \\underline{{becomes}} {}\n",
                plain(&s.law),
                plain(&s.statement),
                plain(&s.before[1]),
                plain(&s.after[1])
            ));
        }
        out.push_str(&format!("\\end{{enumerate}}\nResult: {} ({} nodes; {}).\n", plain(&d.end), d.nodes, plain(&d.stop)));
    }
    bounds(&mut out, r);
    r.numbers.iter().for_each(|n| numbers(&mut out, n));
    if !r.plans.is_empty() {
        out.push_str("\\subsection*{Plan}\n");
        let row = |p: &crate::page::Planned| {
            let seconds = p.seconds.map(|s| format!("{} s", figure(s))).unwrap_or_default();
            vec![plain(&p.of), p.samples.to_string(), large(p.flops), large(p.bytes), seconds]
        };
        let rows: Vec<Vec<String>> = r.plans.iter().map(row).collect();
        table(&mut out, &["what", "samples", "flop", "bytes", "one evaluation"], "lrrrr", &rows);
    }
    out.push_str("\\subsection*{Notes}\n");
    if r.notes.is_empty() {
        out.push_str("Nothing was left open.\n");
    } else {
        let items: Vec<String> = r.notes.iter().map(|n| format!("\\item {}\n", plain(n))).collect();
        out.push_str(&format!("\\begin{{itemize}}\n{}\\end{{itemize}}\n", items.concat()));
    }
    out.push_str("\\end{document}\n");
    out
}

/// Text in which nothing is a command; signs of mathematics become commands that LaTeX knows without further packages.
fn plain(s: &str) -> String {
    let mut out = String::new();
    for c in s.chars() {
        match c {
            '_' | '#' | '%' | '&' | '$' | '{' | '}' => out.push_str(&format!("\\{c}")),
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '\\' => out.push_str("\\textbackslash{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '\'' => out.push_str("\\textquotesingle{}"),
            '⊗' => out.push_str("\\ensuremath{\\otimes}"),
            '∘' => out.push_str("\\ensuremath{\\circ}"),
            '⊘' => out.push_str("\\ensuremath{\\oslash}"),
            '×' => out.push_str("\\ensuremath{\\times}"),
            '∂' => out.push_str("\\ensuremath{\\partial}"),
            '‖' => out.push_str("\\ensuremath{\\|}"),
            '…' => out.push_str("\\ldots{}"),
            '±' => out.push_str("\\ensuremath{\\pm}"),
            '·' => out.push_str("\\ensuremath{\\cdot}"),
            '−' => out.push_str("\\ensuremath{-}"),
            '≤' => out.push_str("\\ensuremath{\\le}"),
            '⁰'..='⁹' | '²' | '³' | '¹' => out.push_str(&format!("\\ensuremath{{^{{{}}}}}", superscript(c))),
            c if c.is_ascii() => out.push(c),
            c => out.push_str(&other(c)),
        }
    }
    out
}

fn superscript(c: char) -> char {
    "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().zip('0'..='9').find(|x| x.0 == c).map_or(c, |x| x.1)
}

/// A Greek letter by its command; another letter by its number, since no font of plain LaTeX has all.
fn other(c: char) -> String {
    let command = print::symbol_of(&c.to_string()).1;
    if command.starts_with('\\') && command.is_ascii() {
        format!("\\ensuremath{{{command}}}")
    } else {
        format!("U+{:04X}", u32::from(c))
    }
}

/// Lines as they are written, broken where they are too long.
fn code(out: &mut String, text: &str) {
    out.push_str("{\\ttfamily\\small\\obeylines\\raggedright\n");
    for line in text.trim_end().lines() {
        let indent = line.len() - line.trim_start().len();
        out.push_str(&format!("\\mbox{{}}{}{}\n", "~".repeat(indent), plain(line.trim_start())));
    }
    out.push_str("}\n");
}

fn formula(out: &mut String, f: &FormulaOf) {
    let left = if f.kind == "part" { format!("{} = ", print::symbol_of(&f.name).1) } else { String::new() };
    out.push_str(&format!("{}, {}:\n\\[\n{left}{}\n\\]\n", plain(&f.name), plain(&f.shape), f.latex));
}

fn table(out: &mut String, head: &[&str], columns: &str, rows: &[Vec<String>]) {
    out.push_str(&format!("\\begin{{longtable}}{{{columns}}}\n{} \\\\ \\hline\n", head.join(" & ")));
    for row in rows {
        out.push_str(&format!("{} \\\\\n", row.join(" & ")));
    }
    out.push_str("\\end{longtable}\n");
}

fn bounds(out: &mut String, r: &Report) {
    out.push_str("\\subsection*{Bounds}\nUpper bounds of the spectral norms of the blocks.\n");
    for x in &r.bounds.blocks {
        let left = format!("\\lVert H_{{{}}} \\rVert_2 \\le", index(x));
        out.push_str(&statement(&left, &x.latex, &x.text));
        if !x.assumptions.is_empty() {
            out.push_str(&format!("assumed: {}\n", plain(&x.assumptions.join("; "))));
        }
    }
    if r.bounds.whole.is_some() {
        out.push_str("\nThe bound of the whole is the norm of the matrix of these bounds.\n");
    }
    for p in &r.bounds.parts {
        out.push_str(&statement(&format!("{} =", print::symbol_of(&p.name).1), &p.latex, &p.text));
    }
    let number = |x: Option<f64>| x.map(figure).unwrap_or_default();
    let all = || r.bounds.blocks.iter().chain(&r.bounds.whole).filter(|x| x.bound.is_some());
    if all().next().is_some() {
        let name = |x: &BoundOf| if x.row.is_empty() { "whole".to_owned() } else { plain(&format!("{}, {}", x.row, x.col)) };
        let row = |x: &BoundOf| vec![name(x), number(x.bound), number(x.norm), number(x.slack)];
        table(out, &["block", "bound", "norm", "slack"], "lrrr", &all().map(row).collect::<Vec<_>>());
    }
    if !r.bounds.layers.is_empty() {
        out.push_str("Where the slack arises:\n");
        let row = |l: &crate::page::LayerSlack| vec![plain(&l.name), figure(l.bound), figure(l.norm), figure(l.slack)];
        table(out, &["node", "bound of its norm", "norm", "slack"], "lrrr", &r.bounds.layers.iter().map(row).collect::<Vec<_>>());
    }
}

/// A bound as a display, or as text that can be broken over lines where a display would be wider than the page.
fn statement(left: &str, latex: &str, text: &str) -> String {
    const WIDE: usize = 100;
    match text.chars().count() > WIDE {
        true => format!("\n${left}$ {{\\small\\raggedright {}\\par}}\n", plain(text)),
        false => format!("\\[\n{left} {latex}\n\\]\n"),
    }
}

/// `W_q,W_k`.
fn index(x: &BoundOf) -> String {
    format!("{},{}", print::symbol_of(&x.row).1, print::symbol_of(&x.col).1)
}

fn numbers(out: &mut String, n: &Numbers) {
    let label = if n.label.is_empty() { String::new() } else { format!(" {}", plain(&n.label)) };
    out.push_str(&format!("\\subsection*{{Numbers{label}}}\n"));
    let number = |x: Option<f64>| x.map(figure).unwrap_or_default();
    let s = n.spectrum.as_ref();
    let rows = [
        ("data", plain(&n.source)),
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
    table(out, &["", "value"], "lr", &rows.map(|(a, b)| vec![a.to_owned(), b]));
    if let Some(s) = s {
        out.push_str(&format!("Spectrum: {}.\n", plain(&s.how)));
    }
    let row = |p: &crate::page::ParameterNorm| vec![plain(&p.name), p.count.to_string(), figure(p.norm), figure(p.gradient_norm)];
    table(
        out,
        &["parameter", "entries", "Frobenius norm", "of its gradient"],
        "lrrr",
        &n.parameters.iter().map(row).collect::<Vec<_>>(),
    );
    let row = |b: &crate::page::BlockNorm| {
        let mut row = vec![plain(&format!("{}, {}", b.row, b.col))];
        row.extend([b.spectral, b.frobenius, b.gauss_newton, b.functional].map(figure));
        row
    };
    if !n.blocks.is_empty() {
        let head = ["block", "spectral", "Frobenius", "Gauss-Newton", "functional"];
        table(out, &head, "lrrrr", &n.blocks.iter().map(row).collect::<Vec<_>>());
    }
}
