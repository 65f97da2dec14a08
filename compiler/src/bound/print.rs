//! Bounds as text in the language, LaTeX and MathML.

use super::{
    formula::{Book, Formula, Symbol, Term},
    norm::Norm,
};
use crate::{
    expr::{Expr, Fact, Graph},
    number::Number,
    print::{self, Format},
};
use std::collections::BTreeMap;

/// How tight a printed formula binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Sum,
    Product,
    Atom,
}

/// The spellings of one format.
struct Signs {
    format: Format,
    /// Between factors.
    times: &'static str,
    /// Between terms.
    plus: &'static str,
}

struct Printer<'a> {
    book: &'a Book,
    g: &'a Graph,
    names: &'a BTreeMap<Formula, String>,
    signs: Signs,
}

/// A bound in a format; formulas that have a name are called by it, f itself is not.
pub fn formula(book: &Book, g: &Graph, f: Formula, names: &BTreeMap<Formula, String>, format: Format) -> String {
    let text = Printer { book, g, names, signs: signs(format) }.term(f).0;
    if format == Format::Mathml { mathml(&text) } else { text }
}

/// A formula as a part of a longer one.
pub(super) fn fragment(book: &Book, g: &Graph, f: Formula, format: Format) -> String {
    Printer { book, g, names: &BTreeMap::new(), signs: signs(format) }.term(f).0
}

/// A whole formula in MathML.
pub(super) fn mathml(text: &str) -> String {
    format!("<math xmlns=\"http://www.w3.org/1998/Math/MathML\"><mrow>{text}</mrow></math>")
}

fn signs(format: Format) -> Signs {
    match format {
        Format::Latex => Signs { format, times: r"\,", plus: " + " },
        Format::Mathml => Signs { format, times: "<mo>\u{2062}</mo>", plus: "<mo>+</mo>" },
        _ => Signs { format, times: " ", plus: " + " },
    }
}

impl Book {
    /// A symbol as text.
    pub fn symbol_text(&self, g: &Graph, s: &Symbol) -> String {
        let signs = Signs { format: Format::Text, times: " ", plus: " + " };
        Printer { book: self, g, names: &BTreeMap::new(), signs }.symbol(s)
    }
}

impl Printer<'_> {
    fn at(&self, f: Formula, level: Level) -> String {
        let (text, own) = match self.names.get(&f) {
            Some(n) => (self.identifier(n), Level::Atom),
            None => self.term(f),
        };
        if own < level { self.bracket(&text) } else { text }
    }
    fn identifier(&self, name: &str) -> String {
        match self.signs.format {
            // the bound of a block
            Format::Latex if name.contains('[') => format!(r"\mathtt{{{}}}", name.replace('_', r"\_")),
            Format::Mathml if name.contains('[') => format!("<mi>{name}</mi>"),
            Format::Latex => print::symbol_of(name).1,
            Format::Mathml => print::symbol_of(name).0,
            _ => name.to_owned(),
        }
    }
    fn bracket(&self, x: &str) -> String {
        match self.signs.format {
            Format::Latex => format!(r"\left({x}\right)"),
            Format::Mathml => format!("<mrow><mo>(</mo>{x}<mo>)</mo></mrow>"),
            _ => format!("({x})"),
        }
    }
    fn call(&self, name: &str, all: &[Formula]) -> (String, Level) {
        let args: Vec<String> = all.iter().map(|&x| self.at(x, Level::Sum)).collect();
        let text = match self.signs.format {
            Format::Latex => format!(r"\{name}\left({}\right)", args.join(", ")),
            Format::Mathml => format!("<mi>{name}</mi><mrow><mo>(</mo>{}<mo>)</mo></mrow>", args.join("<mo>,</mo>")),
            _ => format!("{name}({})", args.join(", ")),
        };
        (text, Level::Atom)
    }
    fn number(&self, n: Number) -> String {
        let text = match n {
            Number::Float(x) => format!("{x}"),
            n => n.to_string(),
        };
        match (self.signs.format, n) {
            (Format::Latex, Number::Ratio(p, q)) if q != 1 => format!(r"\tfrac{{{p}}}{{{q}}}"),
            (Format::Mathml, Number::Ratio(p, q)) if q != 1 => format!("<mfrac><mn>{p}</mn><mn>{q}</mn></mfrac>"),
            (Format::Mathml, _) => format!("<mn>{text}</mn>"),
            _ => text,
        }
    }
    fn power(&self, x: Formula, p: Number) -> String {
        if p.is_one() {
            return self.at(x, Level::Product);
        }
        let half = p == Number::ratio(1, 2);
        let base = || self.at(x, Level::Atom);
        match self.signs.format {
            Format::Latex if half => format!(r"\sqrt{{{}}}", self.at(x, Level::Sum)),
            Format::Latex => format!("{}^{{{p}}}", base()),
            Format::Mathml if half => format!("<msqrt>{}</msqrt>", self.at(x, Level::Sum)),
            Format::Mathml => format!("<msup><mrow>{}</mrow>{}</msup>", base(), self.number(p)),
            _ if half => format!("sqrt({})", self.at(x, Level::Sum)),
            _ if p.as_int().is_some() => format!("{}^{p}", base()),
            _ => format!("{}^({p})", base()),
        }
    }
    /// Factors, roots of numbers and sizes together under one sign.
    fn factors(&self, coefficient: Option<i64>, factors: &[(Formula, Number)]) -> (String, usize) {
        let half = Number::ratio(1, 2);
        let simple = |x: Formula| match self.book.term(x) {
            Term::Symbol(Symbol::Size(d)) => d.is_product(),
            Term::Product(..) => true,
            _ => false,
        };
        let mut out: Vec<String> = coefficient.into_iter().filter(|&c| c != 1).map(|c| self.number(Number::int(c))).collect();
        let rooted: Vec<Formula> = factors.iter().filter(|(x, p)| *p == half && simple(*x)).map(|x| x.0).collect();
        if !rooted.is_empty() {
            let numbers: Vec<Number> = rooted.iter().filter_map(|&x| self.book.as_number(x)).collect();
            let number = numbers.iter().fold(Number::ONE, |a, &b| a * b);
            let others = rooted.iter().filter(|&&x| self.book.as_number(x).is_none()).map(|&x| self.at(x, Level::Product));
            let inside: Vec<String> = (!numbers.is_empty()).then(|| self.number(number)).into_iter().chain(others).collect();
            let inside = inside.join(self.signs.times);
            out.push(match self.signs.format {
                Format::Latex => format!(r"\sqrt{{{inside}}}"),
                Format::Mathml => format!("<msqrt>{inside}</msqrt>"),
                _ => format!("sqrt({inside})"),
            });
        }
        for &(x, p) in factors.iter().filter(|(x, p)| *p != half || !simple(*x)) {
            out.push(self.power(x, p));
        }
        (out.join(self.signs.times), out.len())
    }
    fn product(&self, c: Number, factors: &[(Formula, Number)]) -> (String, Level) {
        let (over, under): (Vec<_>, Vec<_>) = factors.iter().partition(|(_, p)| !p.is_negative());
        let under: Vec<(Formula, Number)> = under.into_iter().map(|(x, p)| (x, -p)).collect();
        let (num, den, float) = match c {
            Number::Ratio(n, d) => (Some(n), Some(d), None),
            Number::Float(_) => (None, None, Some(self.number(c))),
        };
        let (mut top, mut count) = self.factors(num, &over);
        if let Some(f) = float {
            top = if top.is_empty() { f } else { format!("{f}{}{top}", self.signs.times) };
            count += 1;
        }
        if count == 0 {
            top = self.number(Number::int(num.unwrap_or(1)));
        }
        let (bottom, below) = self.factors(den, &under);
        if below == 0 {
            return (top, Level::Product);
        }
        let text = match self.signs.format {
            Format::Latex => format!(r"\frac{{{top}}}{{{bottom}}}"),
            Format::Mathml => format!("<mfrac><mrow>{top}</mrow><mrow>{bottom}</mrow></mfrac>"),
            _ if below == 1 => format!("{top} / {bottom}"),
            _ => format!("{top} / ({bottom})"),
        };
        (text, Level::Product)
    }

    fn term(&self, f: Formula) -> (String, Level) {
        match self.book.term(f) {
            Term::Symbol(s) => (self.symbol(s), Level::Atom),
            Term::Product(c, factors) if factors.is_empty() => {
                let level = if c.as_int().is_some() || matches!(c, Number::Float(_)) { Level::Atom } else { Level::Product };
                (self.number(*c), level)
            }
            Term::Product(c, factors) => self.product(*c, factors),
            Term::Sum(terms) => {
                let term = |&(x, c): &(Formula, Number)| match (c.is_one(), self.names.get(&x), self.book.term(x)) {
                    (true, ..) => self.at(x, Level::Product),
                    (false, None, Term::Product(q, factors)) => self.product(c * *q, factors).0,
                    _ => self.product(c, &[(x, Number::ONE)]).0,
                };
                let terms: Vec<String> = terms.iter().map(term).collect();
                (terms.join(self.signs.plus), Level::Sum)
            }
            Term::Min(all) => self.call("min", all),
            Term::Max(all) => self.call("max", all),
            Term::Log(x) => self.call("log", &[*x]),
            Term::Exp(x) => self.call("exp", &[*x]),
            Term::Spectral(triangle) => (self.symmetric(triangle), Level::Atom),
            Term::Blocks(width, all) => {
                (self.matrix(&all.chunks(*width).map(<[Formula]>::to_vec).collect::<Vec<_>>()), Level::Atom)
            }
            Term::Unbounded(_) => (if self.signs.format == Format::Latex { r"\infty" } else { "∞" }.to_owned(), Level::Atom),
        }
    }
    /// The spectral norm of a symmetric matrix, by its lower triangle.
    fn symmetric(&self, triangle: &[Formula]) -> String {
        let n = (0..).find(|n| n * (n + 1) / 2 >= triangle.len()).unwrap_or(0);
        let at = |i: usize, j: usize| triangle[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)];
        self.matrix(&(0..n).map(|i| (0..n).map(|j| at(i, j)).collect()).collect::<Vec<_>>())
    }
    /// The spectral norm of a matrix.
    fn matrix(&self, rows: &[Vec<Formula>]) -> String {
        let full: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(|&x| self.at(x, Level::Sum)).collect()).collect();
        match self.signs.format {
            Format::Latex => {
                let rows: Vec<String> = full.iter().map(|r| r.join(" & ")).collect();
                format!(r"\left\lVert \begin{{bmatrix}} {} \end{{bmatrix}} \right\rVert_2", rows.join(r" \\ "))
            }
            Format::Mathml => {
                let cell = |x: &String| format!("<mtd>{x}</mtd>");
                let rows: Vec<String> =
                    full.iter().map(|r| format!("<mtr>{}</mtr>", r.iter().map(cell).collect::<String>())).collect();
                format!("<msub><mrow><mo>‖</mo><mtable>{}</mtable><mo>‖</mo></mrow><mn>2</mn></msub>", rows.concat())
            }
            _ => {
                let rows: Vec<String> = full.iter().map(|r| format!("hcat({})", r.join(", "))).collect();
                format!("norm2(vcat({}))", rows.join(", "))
            }
        }
    }

    fn symbol(&self, s: &Symbol) -> String {
        match s {
            Symbol::Size(d) => match self.signs.format {
                Format::Mathml | Format::Latex => match d.as_symbol() {
                    Some(name) => self.identifier(name),
                    None if self.signs.format == Format::Mathml => format!("<mi>{d}</mi>"),
                    None if d.is_product() => d.to_string(),
                    None => format!("({d})"),
                },
                _ if d.is_product() => d.to_string(),
                _ => format!("({d})"),
            },
            Symbol::Pi => match self.signs.format {
                Format::Latex => r"\pi".to_owned(),
                Format::Mathml => "<mi>π</mi>".to_owned(),
                _ => "pi".to_owned(),
            },
            Symbol::Norm(norm, e) => self.norm(*norm, *e),
        }
    }
    fn norm(&self, norm: Norm, e: Expr) -> String {
        let inside = print::inline(self.g, e, self.signs.format);
        // it stands inside of a formula
        let bare = inside.strip_prefix("<math display=\"block\">").and_then(|t| t.strip_suffix("</math>"));
        let inside = bare.map_or_else(|| inside.clone(), |t| format!("<mrow>{t}</mrow>"));
        let positive = self.g.facts(e).has(Fact::NonNegative);
        if self.g.is_scalar(e) {
            return match self.signs.format {
                _ if positive => inside,
                Format::Latex => format!(r"\lvert {inside}\rvert"),
                Format::Mathml => format!("<mrow><mo>|</mo>{inside}<mo>|</mo></mrow>"),
                _ => format!("abs({inside})"),
            };
        }
        let index = ["2", "F", r"2,\infty", r"1,2", r"\infty", "1", r"\max"][norm as usize];
        match self.signs.format {
            Format::Latex => format!(r"\lVert {inside}\rVert_{{{index}}}"),
            Format::Mathml => {
                let index = ["2", "F", "2,∞", "1,2", "∞", "1", "max"][norm as usize];
                format!("<msub><mrow><mo>‖</mo>{inside}<mo>‖</mo></mrow><mi>{index}</mi></msub>")
            }
            _ => format!("{}({inside})", norm.name()),
        }
    }
}
