//! The formulas in a notation that the reader chooses.

use super::escape;
use crate::{mathml::even, page::FormulaOf};
use hesse_compiler::print;

/// The notations: their ids, and what they are called.
const NOTATIONS: [(&str, &str); 5] =
    [("mathml", "Formulas"), ("latex", "LaTeX"), ("text", "Text"), ("hesse", ".hesse"), ("rust", "Rust")];

/// How the module returns an array.
const RETURNED: &str = "memory.matrix";

/// Shown only where scripts run.
const BUTTON: &str = "<button type=\"button\" class=\"copy\" hidden>copy</button>";

/// The formulas below a switch of their notation, and the Rust module, which is seen where Rust is chosen.
pub(super) fn switched(formulas: &str, rust: Option<&str>) -> String {
    let mut out = String::from("<p class=\"hint switch\">Notation (arrow keys switch):</p>\n");
    for (k, (id, name)) in NOTATIONS.iter().enumerate().filter(|(_, n)| n.0 != "rust" || rust.is_some()) {
        let checked = if k == 0 { " checked" } else { "" };
        out.push_str(&format!(
            "<span class=\"choice\"><input type=\"radio\" name=\"notation\" id=\"as-{id}\" value=\"{id}\"{checked}><label \
             for=\"as-{id}\">{name}</label></span>\n"
        ));
    }
    out.push_str(formulas);
    if let Some(code) = rust {
        out.push_str(&format!(
            "<div class=\"module\"><h3>Rust module</h3>\n<p>The loss, its gradient and its Hessian as a module of a program that \
             uses the crate <code>hesse</code>; the formulas above name their place in it.</p><article>{BUTTON}<pre \
             class=\"code\">{}</pre></article></div>\n",
            anchored(code)
        ));
    }
    out
}

/// The module with a place to go to at every function, and at every array that the gradient and the Hessian return.
fn anchored(code: &str) -> String {
    let (mut function, mut count) = ("", 0);
    let mut line = |l: &str| {
        if let Some(name) = l.strip_prefix("pub fn ").and_then(|r| r.split(['<', '(']).next()) {
            (function, count) = (["gradient", "hessian"].into_iter().find(|f| *f == name).unwrap_or(""), 0);
        }
        let mut pieces = l.split(RETURNED);
        let mut out = escape(pieces.next().unwrap_or(""));
        for piece in pieces {
            count += 1;
            let place = if function.is_empty() { String::new() } else { format!(" id=\"rust-{function}-{count}\"") };
            out.push_str(&format!("<span{place}>{RETURNED}</span>{}", escape(piece)));
        }
        out
    };
    code.lines().map(&mut line).collect::<Vec<_>>().join("\n")
}

/// One formula in all notations.
pub(super) fn formula(f: &FormulaOf) -> String {
    let part = f.kind == "part";
    let (mathml, latex) = print::symbol_of(&f.name);
    let left = if part { format!("<math>{mathml}<mo>=</mo></math><wbr>") } else { String::new() };
    let equals = if part { format!("{} = ", f.name) } else { String::new() };
    let latex = if part { format!("{latex} = {}", f.latex) } else { f.latex.clone() };
    let rust = match &f.rust {
        None => "// a part, not a result of its own".to_owned(),
        Some(call) => match &f.place {
            Some((function, k)) => format!("<a href=\"#rust-{function}-{k}\">{}</a>", escape(call)),
            None => escape(call),
        },
    };
    format!(
        "<article class=\"formula\" data-name=\"{}\">\n<h4><code>{}</code> <span class=\"shape\">{}</span> {BUTTON}</h4>\n\
         <div class=\"as mathml\">{left}{}</div>\n<pre class=\"as latex\">{}</pre>\n<pre class=\"as text\">{equals}{}</pre>\n\
         <pre class=\"as hesse\">{equals}{}</pre>\n<pre class=\"as rust\">{rust}</pre>\n</article>\n",
        escape(&f.name),
        escape(&f.name),
        escape(&crate::document::shape(&f.shape)),
        even(&f.mathml),
        escape(&latex),
        escape(&f.text),
        escape(&f.hesse)
    )
}
