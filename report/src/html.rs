//! The page as HTML: one file without anything outside of it, readable without scripts, which only copy and unfold.

mod formulas;

use crate::{
    document::{Cell, Chart, Document, Item, Kind, Math, Span, Table, document},
    mathml::{even, narrow},
    page::{Report, Step},
    plot::Image,
};

/// The page.
pub fn html(r: &Report) -> String {
    let d = document(r, Image::Svg);
    let title = escape(d.title);
    let mut out = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n",
    );
    out.push_str(&format!("<title>{title}: derivatives by hesse</title>\n"));
    out.push_str(&format!("<style>\n{}</style>\n</head>\n<body>\n", include_str!("html/style.css")));
    out.push_str(&format!("<header>\n<h1>{title}</h1>\n<p>{}</p>\n{}</header>\n<main>\n", escape(&d.lead), links(&d)));
    for s in &d.sections {
        out.push_str(&format!("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", s.id, s.title, items(&s.items)));
    }
    out.push_str(&format!("</main>\n<script>\n{}</script>\n</body>\n</html>\n", include_str!("html/script.js")));
    out
}

fn links(d: &Document) -> String {
    let link = |s: &crate::document::Section| format!("<a href=\"#{}\">{}</a>", s.id, s.title);
    format!("<nav aria-label=\"Sections\">{}</nav>\n", d.sections.iter().map(link).collect::<Vec<_>>().join(" "))
}

/// Text in an element or an attribute.
pub(crate) fn escape(s: &str) -> String {
    s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn items(all: &[Item]) -> String {
    all.iter().map(item).collect()
}

fn item(i: &Item) -> String {
    match i {
        Item::Heading(title) => format!("<h3>{title}</h3>\n"),
        Item::Text(text) => format!("<p>{}</p>\n", spans(text)),
        Item::Hint(text) => format!("<p class=\"hint\">{}</p>\n", spans(text)),
        Item::Model(text) => format!("<pre class=\"model\">{}</pre>\n", highlighted(text)),
        Item::Command(line) => format!("<pre class=\"command\">{}</pre>\n", escape(line)),
        Item::Notations { items: inside, rust, .. } => formulas::switched(&items(inside), *rust),
        Item::Formula(f) => formulas::formula(f),
        Item::Where(m) => bound(m),
        Item::Source(latex) => folded("These formulas as LaTeX", &format!("<pre class=\"code\">{}</pre>\n", escape(latex))),
        Item::Table(t) => table(t),
        Item::Charts(charts) => format!("<div class=\"pair\">\n{}</div>\n", charts.iter().map(chart).collect::<String>()),
        Item::Expression(text) => format!("<div class=\"step\">{}</div>\n", escape(text)),
        Item::Steps(steps) => format!("<ol>\n{}</ol>\n", steps.iter().map(step).collect::<String>()),
        Item::List(all) => {
            let sentence = |s: &Vec<Span>| format!("<li>{}</li>\n", spans(s));
            format!("<ul>\n{}</ul>\n", all.iter().map(sentence).collect::<String>())
        }
        Item::Folded(summary, inside) => folded(&spans(summary), &items(inside)),
    }
}

fn spans(all: &[Span]) -> String {
    let span = |s: &Span| match s {
        Span::Plain(s) => escape(s),
        Span::Code(s) => format!("<code>{}</code>", escape(s)),
        Span::Norm(what, index) => format!("‖{what}‖<sub>{index}</sub>"),
    };
    all.iter().map(span).collect()
}

/// A folded part of the page.
fn folded(summary: &str, content: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n{content}</details>\n")
}

fn bound(m: &Math) -> String {
    let left = if m.left_mathml.is_empty() { String::new() } else { format!("<math>{}</math><wbr>", m.left_mathml) };
    format!("<div class=\"bound\">{left}{}</div>\n", even(&narrow(&m.mathml)))
}

fn table(t: &Table) -> String {
    let class = |k: usize| match t.columns[k].kind {
        Kind::Number => " class=\"n\"",
        Kind::Long => " class=\"long\"",
        Kind::Words | Kind::Formula => "",
    };
    let head = t.columns.iter().enumerate().map(|(k, c)| {
        let set = if c.set.is_empty() { String::new() } else { format!("<br>{}", escape(&c.set)) };
        format!("<th{}>{}{set}</th>", class(k), spans(&c.title))
    });
    let mut out = String::from("<div class=\"wide\" tabindex=\"0\"><table>\n");
    out.push_str(&format!("<thead><tr>{}</tr></thead>\n<tbody>\n", head.collect::<String>()));
    for row in &t.rows {
        let cell = |(k, c): (usize, &Cell)| match c {
            Cell::Text(text) => format!("<td{}>{}</td>", class(k), spans(text)),
            Cell::Formula(m) => format!("<td>{}</td>", bound(m)),
        };
        out.push_str(&format!("<tr>{}</tr>\n", row.iter().enumerate().map(cell).collect::<String>()));
    }
    out.push_str("</tbody></table></div>\n");
    out
}

/// A chart with its caption, which is also what is read aloud.
fn chart(c: &Chart) -> String {
    let (svg, caption) = (String::from_utf8_lossy(&c.image), escape(&c.caption));
    let svg = svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{caption}\" "), 1);
    format!("<figure>\n{svg}<figcaption>{caption}</figcaption>\n</figure>\n")
}

fn step(s: &Step) -> String {
    let three = |[left, part, right]: &[String; 3]| format!("{}<mark>{}</mark>{}", escape(left), escape(part), escape(right));
    let given =
        if s.given.is_empty() { String::new() } else { format!(" <span class=\"given\">given {}</span>", escape(&s.given)) };
    format!(
        "<li><b>{}</b>: <span class=\"law\">{}</span>{given}<div class=\"step\">{}</div><div class=\"step\">= {}</div></li>\n",
        escape(&s.law),
        escape(&s.statement),
        three(&s.before),
        three(&s.after)
    )
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
