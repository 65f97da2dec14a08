//! The page as HTML: one file without anything outside of it, readable without scripts, which only copy and unfold.

mod formulas;
mod sections;

use crate::page::Report;

/// The page.
pub fn html(r: &Report) -> String {
    let title = escape(&r.model.file);
    let mut out = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n",
    );
    out.push_str(&format!("<title>{title}: derivatives by hesse</title>\n"));
    out.push_str(&format!("<style>\n{}</style>\n</head>\n<body>\n", include_str!("html/style.css")));
    out.push_str(&format!(
        "<header>\n<h1>{title}</h1>\n<p>Exact gradients and Hessians, derived by hesse {}.</p>\n",
        escape(&r.version)
    ));
    let parts: Vec<(&str, &str, String)> = [
        ("model", "Model", sections::model(r)),
        ("formulas", "Formulas", formulas::formulas(r)),
        ("derivation", "Derivation", sections::derivations(r)),
        ("bounds", "Bounds", sections::bounds(r)),
        ("numbers", "Numbers", sections::numbers(r)),
        ("plan", "Plan", sections::plans(r)),
        ("notes", "Notes", sections::notes(r)),
    ]
    .into_iter()
    .filter(|p| !p.2.is_empty())
    .collect();
    let links: Vec<String> = parts.iter().map(|(id, name, _)| format!("<a href=\"#{id}\">{name}</a>")).collect();
    out.push_str(&format!("<nav aria-label=\"Sections\">{}</nav>\n</header>\n<main>\n", links.join(" ")));
    for (id, name, content) in parts {
        out.push_str(&format!("<section id=\"{id}\">\n<h2>{name}</h2>\n{content}</section>\n"));
    }
    out.push_str(&format!("</main>\n<script>\n{}</script>\n</body>\n</html>\n", include_str!("html/script.js")));
    out
}

/// Text in an element or an attribute.
pub(crate) fn escape(s: &str) -> String {
    s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A folded part of the page.
fn folded(summary: &str, content: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n{content}</details>\n")
}

/// A table; the columns of which the number is given hold numbers.
fn table(head: &[&str], rows: &[Vec<String>], numbers: &[usize]) -> String {
    let class = |k: usize| if numbers.contains(&k) { " class=\"n\"" } else { "" };
    let cells = |tag: &str, row: &mut dyn Iterator<Item = String>| -> String {
        row.enumerate().map(|(k, c)| format!("<{tag}{}>{c}</{tag}>", class(k))).collect()
    };
    let mut out = String::from("<div class=\"wide\" tabindex=\"0\"><table>\n");
    if !head.is_empty() {
        out.push_str(&format!("<thead><tr>{}</tr></thead>\n", cells("th", &mut head.iter().map(|h| (*h).to_owned()))));
    }
    out.push_str("<tbody>\n");
    for row in rows {
        out.push_str(&format!("<tr>{}</tr>\n", cells("td", &mut row.iter().cloned())));
    }
    out.push_str("</tbody></table></div>\n");
    out
}
