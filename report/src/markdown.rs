//! The page as Markdown with LaTeX between dollar signs, and its charts as images beside it.

use crate::{
    document::{Cell, Chart, Item, Kind, Math, Span, Table, document, line, module, shape},
    files::{Page, file},
    page::{Report, Step},
    plot::Image,
};
use hesse_compiler::print;

/// The page. It looks for its charts in a folder of that name beside it.
///
/// They are files and not part of the text because GitHub and most editors show no images from `data:` addresses; PNG, because
/// every viewer shows it, and LaTeX too, so that both pages share one folder.
pub fn markdown(r: &Report, folder: &str) -> Page {
    let d = document(r, Image::Png);
    let mut out = format!("# {}\n\n{}\n\n", plain(d.title), plain(&d.lead));
    for s in &d.sections {
        out.push_str(&format!("## {}\n\n", s.title));
        s.items.iter().for_each(|i| item(&mut out, i, folder));
    }
    Page::new(format!("{}\n", out.trim_end()), d)
}

fn item(out: &mut String, i: &Item, folder: &str) {
    let text = match i {
        Item::Heading(title) => format!("### {title}"),
        Item::Text(text) | Item::Hint(text) => spans(text),
        Item::Model(text) => format!("```text\n{}\n```", text.trim_end()),
        Item::Command(line) => format!("```sh\n{line}\n```"),
        Item::Notations { items, rust, file } => {
            items.iter().for_each(|i| item(out, i, folder));
            match rust {
                Some(_) => spans(&module(file)),
                None => return,
            }
        }
        Item::Formula(f) => {
            let left = if f.kind == "part" { format!("{} = ", print::symbol_of(&f.name).1) } else { String::new() };
            format!("{}, {}\n\n$$\n{left}{}\n$$", code(&f.name), plain(&shape(&f.shape)), f.latex)
        }
        Item::Where(m) => display(m),
        // the formulas are LaTeX
        Item::Source(_) => return,
        Item::Table(t) => table(t),
        Item::Charts(charts) => charts.iter().map(|c| chart(c, folder)).collect::<Vec<_>>().join("\n\n"),
        Item::Expression(text) => code(text),
        Item::Steps(steps) => steps.iter().enumerate().map(step).collect::<Vec<_>>().join("\n"),
        Item::List(all) => all.iter().map(|s| format!("- {}", spans(s))).collect::<Vec<_>>().join("\n"),
        Item::Folded(summary, items) => {
            out.push_str(&format!("#### {}\n\n", spans(summary)));
            return items.iter().for_each(|i| item(out, i, folder));
        }
    };
    out.push_str(&text);
    out.push_str("\n\n");
}

/// Text in which nothing is a sign of Markdown.
fn plain(s: &str) -> String {
    let mut out = String::new();
    for c in s.chars() {
        if "\\`*_[<$|".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// As it would be typed; with as many backticks as it needs.
fn code(s: &str) -> String {
    match s.contains('`') {
        true => format!("`` {s} ``"),
        false => format!("`{s}`"),
    }
}

fn spans(all: &[Span]) -> String {
    line(all, plain, code)
}

fn display(m: &Math) -> String {
    format!("$$\n{} {}\n$$", m.left_latex, m.latex)
}

fn table(t: &Table) -> String {
    let (formulas, columns) = t.parted();
    let displayed = |(name, c): &(&Cell, &Cell)| match c {
        Cell::Formula(m) => display(m),
        Cell::Text(text) => format!("{}: {}", cell(name), spans(text)),
    };
    let mut out: Vec<String> = formulas.iter().map(displayed).collect();
    if !columns.is_empty() {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let title = |k: &usize| format!("{} {}", spans(&t.columns[*k].title), plain(&t.columns[*k].set)).trim_end().to_owned();
        let rule = |k: &usize| if t.columns[*k].kind == Kind::Number { "---:" } else { "---" }.to_owned();
        let mut text = line(columns.iter().map(title).collect()) + &line(columns.iter().map(rule).collect());
        for row in &t.rows {
            text.push_str(&line(columns.iter().map(|k| cell(&row[*k])).collect()));
        }
        out.push(text.trim_end().to_owned());
    }
    out.join("\n\n")
}

/// An entry in one line, where a bar would end it.
fn cell(c: &Cell) -> String {
    let Cell::Text(all) = c else { return String::new() };
    let span = |s: &Span| match s {
        Span::Code(s) => code(s).replace('|', "\\|"),
        s => spans(std::slice::from_ref(s)),
    };
    all.iter().filter(|s| !matches!(s, Span::Code(s) if s.is_empty())).map(span).collect()
}

fn chart(c: &Chart, folder: &str) -> String {
    let caption = plain(&c.caption);
    format!("![{caption}]({folder}/{})\n\n*{caption}*", file(c))
}

/// What changes stands in bold.
fn step((k, s): (usize, &Step)) -> String {
    let given = if s.given.is_empty() { String::new() } else { format!(", given {}", code(&s.given)) };
    let part = |s: &String| if s.is_empty() { String::new() } else { code(s) };
    let three = |[left, changed, right]: &[String; 3]| format!("{}**{}**{}", part(left), code(changed), part(right));
    let (law, statement) = (plain(&s.law), code(&s.statement));
    format!("{}. **{law}**: {statement}{given}\\\n   {}\\\n   = {}", k + 1, three(&s.before), three(&s.after))
}
