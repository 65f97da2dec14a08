//! What a page says, in order: sections of paragraphs, formulas, tables and charts. Every format prints all of them, so that
//! what is added here stands on the page, in the Markdown and in the LaTeX.

mod bounds;
mod derivation;
mod formulas;
mod model;
mod numbers;

use crate::{
    figure::figure,
    page::{FormulaOf, Report, Step},
    plot::Image,
};

/// A page.
pub(crate) struct Document<'a> {
    pub(crate) title: &'a str,
    pub(crate) lead: String,
    /// Those that have something to say.
    pub(crate) sections: Vec<Section<'a>>,
}

/// A part of a page with a title.
pub(crate) struct Section<'a> {
    /// A name that can stand in an address.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) items: Vec<Item<'a>>,
}

/// One thing after another in a section.
pub(crate) enum Item<'a> {
    /// The title of what follows.
    Heading(&'static str),
    /// A paragraph.
    Text(Vec<Span>),
    /// A paragraph that explains what stands beside it.
    Hint(Vec<Span>),
    /// The text of a model.
    Model(&'a str),
    /// A line for a shell.
    Command(&'a str),
    /// Formulas that a page shows in the notation that the reader chooses.
    Notations {
        items: Vec<Item<'a>>,
        /// The Rust module, if there is one.
        rust: Option<&'a str>,
        /// The file of the model.
        file: &'a str,
    },
    /// A formula under its name.
    Formula(&'a FormulaOf),
    /// A name and what it stands for.
    Where(Math),
    /// The source of formulas, where they are not LaTeX themselves.
    Source(String),
    /// A table.
    Table(Table),
    /// Charts that belong beside each other.
    Charts(Vec<Chart>),
    /// An expression as text.
    Expression(&'a str),
    /// Steps of a derivation.
    Steps(&'a [Step]),
    /// Sentences.
    List(Vec<Vec<Span>>),
    /// What may be folded, under what stays visible.
    Folded(Vec<Span>, Vec<Item<'a>>),
}

/// A part of a line.
#[derive(Clone)]
pub(crate) enum Span {
    Plain(String),
    /// A formula, a path or a command as it would be typed.
    Code(String),
    /// `‖what‖` with an index.
    Norm(&'static str, &'static str),
}

/// A formula with what stands to its left: `a =`, or `a ≤`.
#[derive(Clone)]
pub(crate) struct Math {
    /// In MathML, one element that is not `math`, with the sign behind it.
    pub(crate) left_mathml: String,
    /// In LaTeX, with the sign behind it.
    pub(crate) left_latex: String,
    /// One `math` element.
    pub(crate) mathml: String,
    /// A display.
    pub(crate) latex: String,
}

/// A table.
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// A column of a table.
pub(crate) struct Column {
    pub(crate) title: Vec<Span>,
    /// The set of weights that it is of; empty if there is one set only.
    pub(crate) set: String,
    pub(crate) kind: Kind,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words that stay in one line.
    Words,
    /// Text that may have several lines.
    Long,
    Number,
    /// Formulas, or text in their place.
    Formula,
}

/// An entry of a table.
pub(crate) enum Cell {
    Text(Vec<Span>),
    Formula(Math),
}

/// A chart.
pub(crate) struct Chart {
    /// The name of its file, without an ending.
    pub(crate) name: String,
    pub(crate) caption: String,
    /// In the format that the document was made for.
    pub(crate) image: Vec<u8>,
}

/// What the report says, with charts in that format.
pub(crate) fn document(r: &Report, image: Image) -> Document<'_> {
    let section = |id, title, items| Section { id, title, items };
    let all = [
        section("model", "Model", model::model(r)),
        section("formulas", "Formulas", formulas::formulas(r)),
        section("derivation", "Derivation", derivation::derivation(r)),
        section("bounds", "Bounds", bounds::bounds(r, image)),
        section("numbers", "Numbers", numbers::numbers(r, image)),
        section("plan", "Plan", numbers::plans(r)),
        section("notes", "Notes", notes(r)),
    ];
    Document {
        title: &r.model.file,
        lead: format!("Exact gradients and Hessians, derived by hesse {}.", r.version),
        sections: all.into_iter().filter(|s| !s.items.is_empty()).collect(),
    }
}

fn notes(r: &Report) -> Vec<Item<'_>> {
    if r.notes.is_empty() {
        return vec![Item::Text(plain("Nothing was left open: no limit was reached, no kink met, no bound is missing."))];
    }
    vec![Item::List(r.notes.iter().map(plain).collect())]
}

/// Words.
fn plain(s: impl Into<String>) -> Vec<Span> {
    vec![Span::Plain(s.into())]
}

/// As it would be typed.
fn code(s: impl Into<String>) -> Vec<Span> {
    vec![Span::Code(s.into())]
}

/// A shape in sizes with the sign of a product between them.
pub(crate) fn shape(s: &str) -> String {
    s.replace('*', "·")
}

/// `\lVert W\rVert_F`.
fn norm(what: &str, index: &str) -> String {
    let what = match what {
        "·" => "\\cdot".to_owned(),
        word if word.len() > 1 => format!("\\mathrm{{{word}}}"),
        letter => letter.to_owned(),
    };
    let index = index.replace('∞', "\\infty").replace("max", "\\mathrm{max}");
    format!("\\lVert {what}\\rVert_{{{index}}}")
}

/// Words of a format that has formulas between dollar signs, which says how it writes plain text and what would be typed.
pub(crate) fn line(all: &[Span], plain: fn(&str) -> String, code: fn(&str) -> String) -> String {
    let span = |s: &Span| match s {
        Span::Plain(s) => plain(s),
        Span::Code(s) => code(s),
        Span::Norm(what, index) => format!("${}$", norm(what, index)),
    };
    all.iter().map(span).collect()
}

/// Where the Rust module is found that is too long for a format.
pub(crate) fn module(file: &str) -> Vec<Span> {
    vec![Span::Plain("As a Rust module: ".to_owned()), Span::Code(format!("hesse emit {file} --target rust -o model.rs"))]
}

/// A number that may be unknown.
fn number(x: Option<f64>) -> String {
    x.map(figure).unwrap_or_default()
}

/// A label behind a comma, if there is one.
fn behind(label: &str) -> String {
    if label.is_empty() { String::new() } else { format!(", {label}") }
}

impl Column {
    fn new(title: impl Into<String>, kind: Kind) -> Column {
        Column { title: plain(title), set: String::new(), kind }
    }
}

impl Table {
    /// What stands in columns of formulas, each with the first entry of its row; and the other columns, if a table of them says
    /// more than its names: for formats in which a formula needs a line of its own.
    pub(crate) fn parted(&self) -> (Vec<(&Cell, &Cell)>, Vec<usize>) {
        let (formulas, others): (Vec<usize>, Vec<usize>) =
            (0..self.columns.len()).partition(|k| self.columns[*k].kind == Kind::Formula);
        let displays = self.rows.iter().flat_map(|row| formulas.iter().map(move |k| (&row[0], &row[*k]))).collect();
        (displays, if others.len() == 1 && !formulas.is_empty() { vec![] } else { others })
    }

    /// A table of words and numbers; columns that hold numbers are those of the numbers given.
    fn of(head: &[&str], numbers: &[usize], rows: impl IntoIterator<Item = Vec<Vec<Span>>>) -> Table {
        let kind = |k: usize| if numbers.contains(&k) { Kind::Number } else { Kind::Words };
        let columns = head.iter().enumerate().map(|(k, h)| Column::new(*h, kind(k))).collect();
        Table { columns, rows: rows.into_iter().map(|r| r.into_iter().map(Cell::Text).collect()).collect() }
    }
}
