//! Formulas for people: text, LaTeX, MathML, JSON, and the language itself; large results with named shared parts.
//!
//! Assumes a well-typed graph. Guarantees: every part is printed once, before what it stands in; output is linear in the
//! number of nodes; the `hesse` form reads back as the same expression. The spelling of an operation comes from its row.

mod formula;
mod json;
mod latex;
mod mathml;
mod parts;
mod spelled;
mod symbol;
mod text;
mod wrap;

use crate::{
    dim::Dim,
    expr::{Expr, Graph, Node, Type},
    ops::transpose::TRANSPOSE,
};
use formula::{Formula, formula};
pub use json::string as json_string;
use parts::Same;
pub use spelled::{Spelled, spelled, symbol_of};
use std::collections::{BTreeMap, BTreeSet};

/// The convention of every formula, in one line.
pub const CONVENTION: &str =
    "vec_r stacks rows: vec_r(A X B) = (A ⊗ B') vec_r(X); jacobian(F, X) = ∂vec_r(F)/∂vec_r(X)'; columns go in the same order";

/// Characters in a line of text before it is wrapped.
const TEXT_WIDTH: usize = 110;
/// Signs in a line of a LaTeX display.
const LATEX_WIDTH: usize = 80;

/// What formulas are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Plain text with the signs of mathematics, for a terminal.
    Text,
    /// LaTeX with amsmath.
    Latex,
    /// Presentation MathML.
    Mathml,
    /// The language itself: pastes back into a file.
    Hesse,
    /// All of them as data.
    Json,
}

impl Format {
    /// All formats with their names on the command line.
    pub const ALL: [(Format, &'static str); 5] = [
        (Format::Text, "text"),
        (Format::Latex, "latex"),
        (Format::Mathml, "mathml"),
        (Format::Hesse, "hesse"),
        (Format::Json, "json"),
    ];

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Format> {
        Format::ALL.iter().find(|(_, n)| *n == name).map(|(f, _)| *f)
    }
}

/// A formula with the named parts that it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// Names and formulas of the parts, each before what it stands in.
    pub parts: Vec<(String, String)>,
    /// The formula.
    pub formula: String,
    /// Its shape, `L*dV×dK`.
    pub shape: String,
}

/// A result to be printed.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The query.
    pub query: String,
    /// The formula.
    pub expr: Expr,
    /// The number of an earlier result of which it is the transpose, as a block below the diagonal is.
    pub mirror_of: Option<usize>,
}

/// Several formulas in one format, each called by its query; see [`results`].
pub fn render(g: &Graph, roots: &[(String, Expr)], format: Format) -> String {
    let wanted: Vec<Wanted> = roots.iter().map(|(q, e)| Wanted { query: q.clone(), expr: *e, mirror_of: None }).collect();
    results(g, &wanted, format)
}

/// Several results in one format, as one text that ends in a newline; they share their named parts.
///
/// A root is called by its query. In the `hesse` format that is the name of its statement where it can be one, else it
/// becomes a comment.
pub fn results(g: &Graph, wanted: &[Wanted], format: Format) -> String {
    results_with(g, wanted, format, &[])
}

/// The same; as JSON with further members, each a name and a value in JSON.
pub fn results_with(g: &Graph, wanted: &[Wanted], format: Format, further: &[(&str, String)]) -> String {
    let document = Document::new(g, wanted, format == Format::Hesse);
    match format {
        Format::Text => document.text(),
        Format::Hesse => document.hesse(),
        Format::Latex => latex::document(&document),
        Format::Mathml => mathml::document(&document),
        Format::Json => json::document(&document, further),
    }
}

/// One formula with its parts, each in one line; `Json` gives the text.
pub fn printed(g: &Graph, e: Expr, format: Format) -> Printed {
    let wanted = Wanted { query: String::new(), expr: e, mirror_of: None };
    let document = Document::new(g, &[wanted], format == Format::Hesse);
    let parts = document.parts.iter().map(|p| (p.name.clone(), line(&p.formula, format))).collect();
    let root = &document.results[0];
    Printed { parts, formula: line(&root.formula, format), shape: root.shape.clone() }
}

/// A formula that was written as LaTeX in one line as a display: in `aligned` where it is too long for a page.
pub fn wrapped(latex: &str) -> String {
    latex::wrapped(latex)
}

/// The nodes under the roots that would get a name of their own when these are printed.
pub fn parts(g: &Graph, roots: &[Expr]) -> BTreeSet<Expr> {
    parts::choose(g, roots, parts::READABLE, &Same::default())
}

/// A short mention of an expression, in one line and without parts; what is too long for that is left out as `…`.
pub fn inline(g: &Graph, e: Expr, format: Format) -> String {
    if matches!(g.ty(e), Type::Dim(_)) {
        return line(&formula(g, &Names::default(), e, true), format);
    }
    let omitted = parts::choose(g, &[e], parts::MENTION, &Same::default());
    let names = Names { same: Same::default(), parts: omitted.into_iter().filter(|&p| p != e).map(|p| (p, None)).collect() };
    line(&formula(g, &names, e, true), format)
}

/// A formula in one line.
fn line(f: &Formula, format: Format) -> String {
    match format {
        Format::Text | Format::Json => wrap::unbroken(&text::text(f, false)),
        Format::Hesse => wrap::unbroken(&text::text(f, true)),
        Format::Latex => wrap::unbroken(&latex::latex(f)),
        Format::Mathml => mathml::display(f),
    }
}

/// What stands for an expression: a part by its name, or an ellipsis where it has none.
#[derive(Default)]
struct Names {
    /// Which expressions need not be told apart.
    same: Same,
    parts: BTreeMap<Expr, Option<String>>,
}

impl Names {
    /// What stands for `e`; nothing if it is what is being shown.
    fn get(&self, g: &Graph, e: Expr, shown: bool) -> Option<Formula> {
        if shown {
            return None;
        }
        match self.parts.get(&e) {
            Some(Some(name)) => Some(Formula::Name(name.clone())),
            Some(None) => Some(Formula::Omitted),
            None => g.name_of(e).map(|n| Formula::Name(n.to_owned())),
        }
    }
}

/// A formula and what it is called.
struct Line {
    /// The part's name; of a result, the query or the name of its statement.
    name: String,
    /// The query; the name again for a part.
    query: String,
    formula: Formula,
    shape: String,
}

/// Parts and results, before they are spelled in a format.
struct Document {
    parts: Vec<Line>,
    results: Vec<Line>,
}

impl Document {
    /// `exact`: what was built in another order is told apart, and results have names that can be statements.
    fn new(g: &Graph, wanted: &[Wanted], exact: bool) -> Document {
        let exprs: Vec<Expr> = wanted.iter().filter(|w| w.mirror_of.is_none()).map(|w| w.expr).collect();
        let same = if exact { Same::default() } else { Same::new(g, &exprs) };
        let shown: Vec<Expr> = exprs.iter().map(|&e| same.of(e)).collect();
        let chosen = parts::choose(g, &shown, parts::READABLE, &same);
        let mut taken = taken(g);
        taken.extend(wanted.iter().map(|w| w.query.clone()));
        let parts = fresh(&mut taken, &["S", "G", "P", "Part"], chosen.len());
        let names = Names { same, parts: chosen.iter().copied().zip(parts.into_iter().map(Some)).collect() };
        let statements = fresh(&mut taken, &["H", "R", "Result"], wanted.len());
        let called: Vec<String> = wanted
            .iter()
            .zip(statements)
            .map(|(w, statement)| if exact && !is_identifier(&w.query) { statement } else { w.query.clone() })
            .collect();
        let shown = |name: &str, e: Expr| {
            let e = names.same.of(e);
            let is_part = names.parts.contains_key(&e) && names.parts[&e].as_deref() != Some(name);
            formula(g, &names, e, !is_part)
        };
        let line = |name: &str, query: &str, formula: Formula, e: Expr| Line {
            name: name.to_owned(),
            query: query.to_owned(),
            formula,
            shape: g.shape(e).to_string(),
        };
        let parts = names.parts.iter().map(|(&e, n)| {
            let name = n.as_deref().unwrap_or_default();
            line(name, name, shown(name, e), e)
        });
        let parts = parts.collect();
        let results = wanted.iter().zip(&called).map(|(w, name)| {
            let formula = match w.mirror_of {
                Some(k) => Formula::Apply(&TRANSPOSE, vec![Formula::Name(called[k].clone())]),
                None => shown(name, w.expr),
            };
            line(name, &w.query, formula, w.expr)
        });
        let results = results.collect();
        Document { parts, results }
    }

    fn text(&self) -> String {
        let mut out = format!("# {CONVENTION}\n");
        for l in self.parts.iter().chain(&self.results) {
            let lines = wrap::lines(&text::text(&l.formula, false), TEXT_WIDTH, &wrap::plain);
            let indent = if lines.len() > 1 { "\n    " } else { " " };
            out.push_str(&format!("{} ={indent}{}  # {}\n", l.name, lines.join("\n    "), l.shape));
        }
        out
    }

    fn hesse(&self) -> String {
        let mut out = format!("# {CONVENTION}\n");
        for l in self.parts.iter().chain(&self.results) {
            let comment = if l.query == l.name { String::new() } else { format!("{}: ", one_line(&l.query)) };
            out.push_str(&format!("{} = {}  # {comment}{}\n", l.name, line(&l.formula, Format::Hesse), l.shape));
        }
        out
    }
}

/// All names of a graph: of variables, of the file's nodes, and of sizes.
fn taken(g: &Graph) -> BTreeSet<String> {
    let mut out: BTreeSet<String> = g.names().map(|(_, n)| n.to_owned()).collect();
    let mut sizes = |d: &Dim| out.extend(d.names().map(str::to_owned));
    for (_, v) in g.variables() {
        sizes(&v.shape.rows);
        sizes(&v.shape.cols);
    }
    for e in g.iter() {
        if let Node::Dim(d) = g.node(e) {
            sizes(d);
        }
    }
    out.extend(g.variables().map(|(n, _)| n.to_owned()));
    out
}

/// `count` names that nothing in the graph has: the first prefix that clashes with no name, and a number.
pub fn fresh_names(g: &Graph, prefixes: &[&str], count: usize) -> Vec<String> {
    fresh(&mut taken(g), prefixes, count)
}

/// `count` new names `S1, S2, …` with the first prefix that clashes with no name.
fn fresh(taken: &mut BTreeSet<String>, prefixes: &[&str], count: usize) -> Vec<String> {
    let clashes = |prefix: &str| {
        let numbered = |n: &String| n.strip_prefix(prefix).is_some_and(|r| r.chars().all(|c| c.is_ascii_digit()));
        taken.iter().any(numbered)
    };
    let mut prefix = prefixes.iter().find(|p| !clashes(p)).map_or("Part_", |p| *p).to_owned();
    while clashes(&prefix) {
        prefix.push('_');
    }
    let names: Vec<String> = (1..=count).map(|i| format!("{prefix}{i}")).collect();
    taken.extend(names.iter().cloned());
    names
}

/// Whether a query is a name, so that it can be the name of a statement.
fn is_identifier(s: &str) -> bool {
    s.chars().next().is_some_and(char::is_alphabetic) && s.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// A query without line ends, for a comment.
fn one_line(s: &str) -> String {
    s.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A piece of a template.
enum Piece<'a> {
    /// Text as it stands.
    Text(&'a str),
    /// The argument of that number.
    Argument(usize),
}

/// The pieces of `$A.^$B`.
fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut out = vec![];
    for (i, chunk) in template.split('$').enumerate() {
        let letter = chunk.bytes().next().filter(|b| i > 0 && b.is_ascii_uppercase());
        let rest = match letter {
            Some(b) => {
                out.push(Piece::Argument(usize::from(b - b'A')));
                &chunk[1..]
            }
            None => chunk,
        };
        if !rest.is_empty() {
            out.push(Piece::Text(rest));
        }
    }
    out
}
