//! The page as a LaTeX document with amsmath, and its charts as images beside it.

mod words;

use crate::{
    document::{Cell, Chart, Item, Kind, Math, Span, Table, document, line, module, shape},
    files::{Page, file},
    page::{Report, Step},
    plot::Image,
};
use hesse_compiler::print;
use words::{code, plain, written};

/// Only what a plain installation has; its default encoding, whose fonts are outlines there.
const HEAD: &str = r"\documentclass[10pt,a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb}
\usepackage{array,longtable}
\usepackage{graphicx}
\usepackage[margin=20mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\setlength{\LTleft}{0pt}
\setlength{\LTpre}{4pt}
\setlength{\LTpost}{4pt}
\setlength{\tabcolsep}{4pt}
\newcolumntype{P}[1]{>{\raggedright\arraybackslash}p{#1}}
\renewcommand{\arraystretch}{1.15}
\frenchspacing
\allowdisplaybreaks
\emergencystretch=3em
";

/// Points in a line of the page.
const WIDTH: f64 = 483.0;

/// The page. It looks for its charts in a folder of that name beside it.
pub fn tex(r: &Report, folder: &str) -> Page {
    let d = document(r, Image::Png);
    let mut out = format!("{HEAD}\\graphicspath{{{{{folder}/}}}}\n\\begin{{document}}\n\\raggedright\n");
    out.push_str(&format!("\\section*{{{}}}\n{}\n", plain(d.title), plain(&d.lead)));
    for s in &d.sections {
        out.push_str(&format!("\\subsection*{{{}}}\n", s.title));
        s.items.iter().for_each(|i| item(&mut out, i));
    }
    out.push_str("\\end{document}\n");
    Page::new(out, d)
}

fn item(out: &mut String, i: &Item) {
    let text = match i {
        Item::Heading(title) => format!("\\subsubsection*{{{title}}}"),
        Item::Text(text) | Item::Hint(text) => format!("{}\n", spans(text)),
        Item::Model(text) => written(text),
        Item::Command(line) => written(line),
        Item::Notations { items, rust, file } => {
            items.iter().for_each(|i| item(out, i));
            match rust {
                Some(_) => format!("{}\n", spans(&module(file))),
                None => return,
            }
        }
        Item::Formula(f) => {
            let left = if f.kind == "part" { format!("{} = ", print::symbol_of(&f.name).1) } else { String::new() };
            format!("{}, {}:\n\\[\n{left}{}\n\\]", code(&f.name), plain(&shape(&f.shape)), f.latex)
        }
        Item::Where(m) => display(m),
        // the formulas are LaTeX
        Item::Source(_) => return,
        Item::Table(t) => table(t),
        Item::Charts(charts) => row_of(charts),
        Item::Expression(text) => format!("{{\\small {}\\par}}", plain(text)),
        Item::Steps(steps) => {
            let all: String = steps.iter().map(step).collect();
            format!("{{\\small\\begin{{enumerate}}\n{all}\\end{{enumerate}}}}")
        }
        Item::List(all) => {
            let all: String = all.iter().map(|s| format!("\\item {}\n", spans(s))).collect();
            format!("\\begin{{itemize}}\n{all}\\end{{itemize}}")
        }
        Item::Folded(summary, items) => {
            let bold = |s: &Span| match s {
                Span::Plain(s) => format!("\\textbf{{{}}}", plain(s)),
                s => spans(std::slice::from_ref(s)),
            };
            out.push_str(&format!("\n\\medskip{}\\nopagebreak\n\n", summary.iter().map(bold).collect::<String>()));
            return items.iter().for_each(|i| item(out, i));
        }
    };
    out.push_str(&text);
    out.push('\n');
}

fn spans(all: &[Span]) -> String {
    line(all, plain, code)
}

fn display(m: &Math) -> String {
    format!("\\[\n{} {}\n\\]", m.left_latex, m.latex)
}

fn table(t: &Table) -> String {
    let (formulas, columns) = t.parted();
    let displayed = |(name, c): &(&Cell, &Cell)| match c {
        Cell::Formula(m) => display(m),
        Cell::Text(text) => format!("{}: {}\n", cell(name), spans(text)),
    };
    let mut out: Vec<String> = formulas.iter().map(displayed).collect();
    if !columns.is_empty() {
        let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
        let mut head = sets(t, &columns).map(line).unwrap_or_default();
        head.push_str(&line(columns.iter().map(|k| spans(&t.columns[*k].title)).collect()));
        let rows: String = t.rows.iter().map(|row| line(columns.iter().map(|k| cell(&row[*k])).collect())).collect();
        out.push(format!(
            "{{\\small\\begin{{longtable}}{{{}}}\n{head}\\hline\n\\endhead\n{rows}\\end{{longtable}}}}",
            layout(t, &columns)
        ));
    }
    out.join("\n")
}

/// Names of sets of weights, each above its columns; nothing if there is one set only.
fn sets(t: &Table, columns: &[usize]) -> Option<Vec<String>> {
    let groups = columns.chunk_by(|a, b| t.columns[*a].set == t.columns[*b].set);
    let named = |g: &[usize]| format!("\\multicolumn{{{}}}{{c}}{{{}}}", g.len(), plain(&t.columns[g[0]].set));
    columns.iter().any(|k| !t.columns[*k].set.is_empty()).then(|| groups.map(named).collect())
}

/// How the columns share the line: what has several lines takes the room that the others leave.
fn layout(t: &Table, columns: &[usize]) -> String {
    const LETTER: f64 = 5.0;
    const GAP: f64 = 9.0;
    const LONG: usize = 44;
    let letters = |k: usize| {
        let all = t.rows.iter().map(|r| match &r[k] {
            Cell::Text(s) => s.as_slice(),
            Cell::Formula(_) => &[],
        });
        all.chain([t.columns[k].title.as_slice()]).map(length).max().unwrap_or(0)
    };
    let wraps = |k: usize| t.columns[k].kind == Kind::Long || letters(k) > LONG;
    let taken: f64 = columns.iter().filter(|k| !wraps(**k)).map(|k| letters(*k) as f64 * LETTER + GAP).sum();
    let count = columns.iter().filter(|k| wraps(**k)).count() as f64;
    let each = ((WIDTH - taken) / count - GAP).max(70.0);
    let column = |k: &usize| match t.columns[*k].kind {
        _ if wraps(*k) => format!("P{{{each:.0}pt}}"),
        Kind::Number => "r".to_owned(),
        _ => "l".to_owned(),
    };
    columns.iter().map(column).collect()
}

/// About how many letters wide a line is.
fn length(all: &[Span]) -> usize {
    let one = |s: &Span| match s {
        Span::Plain(s) | Span::Code(s) => s.chars().count(),
        Span::Norm(what, _) => what.chars().count() + 3,
    };
    all.iter().map(one).sum()
}

fn cell(c: &Cell) -> String {
    match c {
        Cell::Text(text) => spans(text),
        Cell::Formula(_) => String::new(),
    }
}

/// Charts beside each other, each with its caption.
fn row_of(charts: &[Chart]) -> String {
    let share = if charts.len() == 1 { 0.75 } else { 0.98 / charts.len() as f64 };
    let one = |c: &Chart| {
        format!(
            "\\begin{{minipage}}[t]{{{share:.2}\\linewidth}}\\vspace{{0pt}}\n\
             \\includegraphics[width=\\linewidth,height=0.8\\textheight,keepaspectratio]{{{}}}\\par\n{{\\small {}}}\n\\end{{minipage}}",
            file(c),
            plain(&c.caption)
        )
    };
    format!("\n{}\n", charts.iter().map(one).collect::<Vec<_>>().join("\\hfill\n"))
}

/// What changes stands in bold.
fn step(s: &Step) -> String {
    let given = if s.given.is_empty() { String::new() } else { format!(", given {}", plain(&s.given)) };
    let three = |[left, part, right]: &[String; 3]| format!("{}\\textbf{{{}}}{}", plain(left), plain(part), plain(right));
    format!(
        "\\item \\emph{{{}}}: {}{given}\\par {}\\par $=$ {}\n",
        plain(&s.law),
        plain(&s.statement),
        three(&s.before),
        three(&s.after)
    )
}
