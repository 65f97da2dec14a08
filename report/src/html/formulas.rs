//! The formulas in a notation that the reader chooses.

use super::{escape, folded};
use crate::{
    mathml::even,
    page::{FormulaOf, Report},
};
use hesse_compiler::print;

/// The notations: their ids, and what they are called.
const NOTATIONS: [(&str, &str); 5] =
    [("mathml", "Formulas"), ("latex", "LaTeX"), ("text", "Text"), ("hesse", ".hesse"), ("rust", "Rust")];

pub(super) fn formulas(r: &Report) -> String {
    let f = &r.formulas;
    let mut out = format!("<p class=\"convention\">{}.</p>\n", escape(&r.convention));
    out.push_str("<p class=\"hint\">Notation (arrow keys switch):</p>\n");
    for (k, (id, name)) in NOTATIONS.iter().enumerate().filter(|(_, n)| n.0 != "rust" || f.rust.is_some()) {
        let checked = if k == 0 { " checked" } else { "" };
        out.push_str(&format!(
            "<span class=\"choice\"><input type=\"radio\" name=\"notation\" id=\"as-{id}\" value=\"{id}\"{checked}><label \
             for=\"as-{id}\">{name}</label></span>\n"
        ));
    }
    out.push_str("<div class=\"formulas\">\n");
    let of = |kind: &str| f.results.iter().filter(|x| x.kind == kind).map(formula).collect::<String>();
    out.push_str("<h3>Gradients</h3>\n");
    out.push_str(&of("gradient"));
    out.push_str(
        "<h3>Hessian</h3>\n<p>Blocks on and above the diagonal; a block below it is the transpose of its mirror image.</p>\n",
    );
    out.push_str(&of("hessian"));
    if !f.parts.is_empty() {
        out.push_str("<h3>Parts</h3>\n<p>What the formulas share, each before what it stands in.</p>\n");
        out.push_str(&f.parts.iter().map(formula).collect::<String>());
    }
    let count = |kind: &str| f.results.iter().filter(|x| x.kind == kind).count();
    out.push_str("<h3>Gauss-Newton and functional part</h3>\n<p>They add up to the Hessian.</p>\n");
    out.push_str(&folded(&format!("Gauss-Newton part: {} blocks", count("gauss_newton")), &of("gauss_newton")));
    out.push_str(&folded(&format!("Functional part: {} blocks", count("functional")), &of("functional")));
    out.push_str("</div>\n");
    if let Some(code) = &f.rust {
        out.push_str(&format!(
            "<div class=\"rust\"><p>The loss, its gradient and its Hessian as a module of a program that uses the crate \
             <code>hesse</code>.</p><article>{}<pre class=\"code\">{}</pre></article></div>\n",
            BUTTON,
            escape(code)
        ));
    }
    out
}

/// Shown only where scripts run.
const BUTTON: &str = "<button type=\"button\" class=\"copy\" hidden>copy</button>";

fn formula(f: &FormulaOf) -> String {
    let left = match f.kind.as_str() {
        "part" => format!("<math>{}<mo>=</mo></math><wbr>", print::symbol_of(&f.name).0),
        _ => String::new(),
    };
    let (name, equals) = match f.kind.as_str() {
        "part" => (f.name.clone(), format!("{} = ", f.name)),
        _ => (f.name.clone(), String::new()),
    };
    let latex = match f.kind.as_str() {
        "part" => format!("{} = {}", print::symbol_of(&f.name).1, f.latex),
        _ => f.latex.clone(),
    };
    format!(
        "<article class=\"formula\" data-name=\"{}\">\n<h4><code>{}</code> <span class=\"shape\">{}</span> {BUTTON}</h4>\n\
         <div class=\"as mathml\">{left}{}</div>\n<pre class=\"as latex\">{}</pre>\n<pre class=\"as text\">{equals}{}</pre>\n\
         <pre class=\"as hesse\">{equals}{}</pre>\n</article>\n",
        escape(&name),
        escape(&name),
        escape(&f.shape.replace('*', "·")),
        even(&f.mathml),
        escape(&latex),
        escape(&f.text),
        escape(&f.hesse)
    )
}
