//! Bounds as a page: text, LaTeX or MathML, line by line.

use super::{Found, name};
use hesse_compiler::{
    bound::{self, Formula, Style, rounded_up},
    hessian::Part,
    pipeline::{Loss, Measured},
    print::Format,
};

/// Where the slack arises, line by line.
fn table(losses: &[Loss]) -> String {
    let line = |x: &Loss| format!("  {}\n    bound {}, norm {:.6e}, slack {:.4}\n", x.of, rounded_up(x.bound), x.norm, x.slack());
    let lines: String = losses.iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("where the slack arises\n{lines}") }
}

/// What is bounded: the norm of a block.
pub(super) fn of_block(part: Part, (row, col): (&str, &str), format: Format) -> String {
    match format {
        Format::Latex => format!(r"\lVert H_{{{row},{col}}}\rVert_2"),
        Format::Mathml => format!("<!-- {row}, {col} -->"),
        _ => format!("norm2({}(loss, {row}, {col}))", part.query()),
    }
}

/// And that of the whole.
pub(super) fn of_whole(part: Part, format: Format) -> String {
    match format {
        Format::Latex => r"\lVert H\rVert_2".to_owned(),
        Format::Mathml => "<!-- the whole -->".to_owned(),
        _ => format!("norm2({}(loss))", part.query()),
    }
}

/// The blocks line by line, long parts under names of their own.
pub(super) fn text(found: &Found, format: Format, explain: bool, asymptotic: bool) -> String {
    let (b, model, numbers) = (&found.bounds, &found.model, found.numbers.as_ref());
    let mut out = String::new();
    let names = b.parts(model);
    let print = |f: Formula| bound::printed(&b.calculus.book, &model.graph, f, &names, format);
    let (eq, end) = match format {
        Format::Latex if asymptotic => (r" \sim ", "\n"),
        Format::Latex => (r" \le ", "\n"),
        Format::Mathml => ("\n", "\n"),
        _ if asymptotic => (" ~ ", "\n"),
        _ => (" <= ", "\n"),
    };
    let second = name(if found.style == Style::Tight { Style::Thesis } else { Style::Tight });
    let measured = |n: Option<Measured>, other: Option<f64>| match n {
        Some(n) => {
            let other = other.map(|x| format!(" ({second} {})", rounded_up(x))).unwrap_or_default();
            format!("    bound {}{other}, norm {:.6e}, slack {:.4}\n", rounded_up(n.bound), n.norm, n.slack())
        }
        None => String::new(),
    };
    for (k, x) in b.blocks.iter().enumerate() {
        let left = of_block(b.part, (&x.row, &x.col), format);
        out.push_str(&format!("{left}{eq}{}{end}", print(x.reason.bound)));
        out.push_str(&numbers.map(|n| measured(n.blocks[k], n.other[k])).unwrap_or_default());
        if explain {
            out.push_str(&b.explain(model, &x.reason, &names, format));
        }
    }
    if b.blocks.len() > 1 {
        let left = of_whole(b.part, format);
        out.push_str(&format!("{left}{eq}{}{end}", b.whole_text(model, format)));
        out.push_str(&numbers.map(|n| measured(n.whole, n.other_whole)).unwrap_or_default());
    }
    out.push_str(&table(&found.losses));
    let wheres: Vec<(Formula, &String)> = names.iter().map(|(f, n)| (*f, n)).collect();
    if !wheres.is_empty() {
        out.push_str("where\n");
        for (f, n) in wheres {
            out.push_str(&format!("  {n} = {}\n", print(f)));
        }
    }
    let assumptions = b.assumptions(model, b.whole);
    if !assumptions.is_empty() {
        out.push_str(&format!("assumed: {}\n", assumptions.join("; ")));
    }
    for (k, line) in b.calculus.sources().iter().enumerate() {
        out.push_str(&format!("{}{line}\n", if k == 0 { "of the thesis\n  " } else { "  " }));
    }
    let open = numbers.map_or(0, |n| n.open.len());
    if open > 0 {
        out.push_str(&format!("right but for rounding: {open} norms, of which there are no intervals (--json names them)\n"));
    }
    for gap in b.missing(model) {
        out.push_str(&format!("no bound: {gap}\n"));
    }
    out
}
