//! Formulas as presentation MathML, for a page.

use super::{
    CONVENTION, Document, Piece,
    formula::{Formula, infix, level},
    pieces,
    symbol::symbol,
};
use crate::{
    dim::Dim,
    expr::{Form, Op},
    greek::greek,
    number::Number,
};

/// A table of the convention, the parts and the results.
pub(super) fn document(d: &Document) -> String {
    let mut out = String::from("<math display=\"block\"><mtable columnalign=\"right left\">\n");
    out.push_str(&format!("<mtr><mtd></mtd><mtd><mtext>{}</mtext></mtd></mtr>\n", escape(CONVENTION)));
    for l in &d.parts {
        out.push_str(&row(&name(&l.name), &l.formula));
    }
    for l in &d.results {
        let label = match l.name.chars().all(char::is_alphanumeric) {
            true => name(&l.name),
            false => format!("<mtext>{}</mtext>", escape(&l.name)),
        };
        out.push_str(&row(&label, &l.formula));
    }
    out.push_str("</mtable></math>\n");
    out
}

fn row(label: &str, f: &Formula) -> String {
    format!("<mtr><mtd>{label}</mtd><mtd><mrow><mo>=</mo>{}</mrow></mtd></mtr>\n", mathml(f))
}

/// A formula in a display of its own.
pub(super) fn display(f: &Formula) -> String {
    format!("<math display=\"block\">{}</math>", mathml(f))
}

/// One element for a formula.
fn mathml(f: &Formula) -> String {
    match f {
        Formula::Name(n) => name(n),
        Formula::Omitted => "<mo>…</mo>".to_owned(),
        Formula::Number(n) => number(*n),
        Formula::Size(d) => size(d),
        Formula::Sum(terms) => {
            let mut out = String::new();
            for (i, t) in terms.iter().enumerate() {
                if i > 0 || t.is_negative() {
                    out.push_str(&sign(if t.is_negative() { "−" } else { "+" }));
                }
                out.push_str(&unsigned(t));
            }
            row_of(&out)
        }
        Formula::Multiple { negative, .. } => match negative {
            true => row_of(&format!("{}{}", sign("−"), unsigned(f))),
            false => unsigned(f),
        },
        Formula::Infix(op, quotient, sides) => between(op, *quotient, &sides.0, &sides.1),
        Formula::Power(x, p, entrywise) => {
            let mut exponent = if *entrywise { sign("∘") } else { String::new() };
            if p.is_negative() {
                exponent.push_str(&sign("−"));
            }
            exponent.push_str(&number(p.abs()));
            format!("<msup>{}{}</msup>", operand(x, level::ATOM), row_of(&exponent))
        }
        Formula::Root(x) => format!("<msqrt>{}</msqrt>", mathml(x)),
        Formula::Slice(x, ranges) => {
            let range = |r: &Option<(Dim, Dim)>| match r {
                None => sign(":"),
                Some((a, b)) if a == b => size(a),
                Some((a, b)) => format!("{}{}{}", size(a), sign(":"), size(b)),
            };
            let (rows, cols) = (range(&ranges[0]), range(&ranges[1]));
            row_of(&format!("{}{}{rows}{}{cols}{}", operand(x, level::POSTFIX), sign("["), sign(","), sign("]")))
        }
        Formula::Apply(op, args) => apply(op, args),
    }
}

fn row_of(inner: &str) -> String {
    format!("<mrow>{inner}</mrow>")
}

fn sign(s: &str) -> String {
    format!("<mo>{}</mo>", escape(s))
}

/// In brackets if it is looser than its place.
fn operand(f: &Formula, least: u8) -> String {
    match f.level() >= least {
        true => mathml(f),
        false => row_of(&format!("{}{}{}", sign("("), mathml(f), sign(")"))),
    }
}

fn factors(fs: &[Formula]) -> String {
    fs.iter().map(|x| operand(x, level::PRODUCT + 1)).collect::<Vec<_>>().join(&sign("\u{2062}"))
}

/// The formula without the minus in front, which its surroundings have written.
fn unsigned(f: &Formula) -> String {
    let Formula::Multiple { above, below, of, .. } = f else {
        return operand(f, level::SUM + 1);
    };
    let side = |fs: &[Formula]| match fs {
        [] => "<mn>1</mn>".to_owned(),
        [one] => mathml(one),
        several => row_of(&factors(several)),
    };
    let front = match (above.as_slice(), below.as_slice()) {
        ([], []) => None,
        (several, []) => Some(factors(several)),
        (above, below) => Some(format!("<mfrac>{}{}</mfrac>", side(above), side(below))),
    };
    match (front, of) {
        (None, None) => "<mn>1</mn>".to_owned(),
        (Some(front), None) => row_of(&front),
        (None, Some(of)) => operand(of, level::SUM + 1),
        (Some(front), Some(of)) => row_of(&format!("{front}{}{}", sign("\u{2062}"), operand(of, level::SUM + 1))),
    }
}

fn between(op: &'static Op, quotient: bool, a: &Formula, b: &Formula) -> String {
    let own = infix(op).map_or(level::PRODUCT, |(_, l)| l);
    let spelled = match op.forms.mathml {
        _ if quotient => "⊘",
        Form::Infix(s, _) => s,
        _ => "\u{2062}",
    };
    let other = |side: &Formula| match side {
        Formula::Infix(o, q, _) => *q != quotient || quotient || o.name != op.name,
        Formula::Multiple { .. } => spelled != "\u{2062}",
        _ => true,
    };
    let left = operand(a, own + u8::from(a.level() == own && other(a)));
    let inside = b.level() == own && (other(b) || matches!(b, Formula::Multiple { .. }));
    let right = operand(b, own + u8::from(inside));
    row_of(&format!("{left}{}{right}", sign(spelled)))
}

fn apply(op: &'static Op, args: &[Formula]) -> String {
    let listed = |sep: &str| args.iter().map(mathml).collect::<Vec<_>>().join(&sign(sep));
    match op.forms.mathml {
        Form::Call(name) if !args.is_empty() && args.iter().all(|a| matches!(a, Formula::Size(_))) => {
            format!("<msub><mi>{}</mi>{}</msub>", escape(name), row_of(&listed(",")))
        }
        Form::Call(spelled) => {
            let called = name(spelled);
            let called = format!("{called}{}", sign("\u{2061}"));
            row_of(&format!("{called}{}{}{}", sign("("), listed(","), sign(")")))
        }
        Form::Fence(open, close) => {
            let close = match close.split_once('_') {
                Some((close, below)) => format!("<msub>{}{}</msub>", sign(close), letters(below)),
                None => sign(close),
            };
            row_of(&format!("{}{}{close}", sign(open), listed(",")))
        }
        Form::Postfix(s) => {
            let base = args.first().map(|a| operand(a, level::POSTFIX)).unwrap_or_default();
            format!("<msup>{base}{}</msup>", superscript(s))
        }
        Form::Infix(s, own) => row_of(&args.iter().map(|a| operand(a, own + 1)).collect::<Vec<_>>().join(&sign(s))),
        Form::Template(template) => {
            let mut out = String::new();
            for piece in pieces(template) {
                match piece {
                    Piece::Text(t) => out.push_str(&sign(t.trim())),
                    Piece::Argument(0) => out.push_str(&args.first().map(|a| operand(a, level::POSTFIX)).unwrap_or_default()),
                    Piece::Argument(i) => out.push_str(&args.get(i).map(mathml).unwrap_or_default()),
                }
            }
            row_of(&out)
        }
    }
}

/// `⊤` is a sign, `−1` a number with one.
fn superscript(s: &str) -> String {
    match s.strip_prefix('−') {
        Some(n) => row_of(&format!("{}<mn>{}</mn>", sign("−"), escape(n))),
        None => sign(s),
    }
}

/// A name with its subscript.
pub(super) fn name(n: &str) -> String {
    if n.contains('(') {
        // a result is called by its query
        return format!("<mtext>{}</mtext>", escape(n));
    }
    let s = symbol(n);
    let base = letters(&s.base);
    match s.subscript.as_str() {
        "" => base,
        sub => {
            let inner = sub.split(',').map(letters).collect::<Vec<_>>().join(&sign(","));
            format!("<msub>{base}{}</msub>", row_of(&inner))
        }
    }
}

fn letters(s: &str) -> String {
    match greek(s) {
        Some((_, letter)) => format!("<mi>{letter}</mi>"),
        None if !s.is_empty() && s.chars().all(|c| c.is_ascii_digit()) => format!("<mn>{s}</mn>"),
        None => format!("<mi>{}</mi>", escape(s)),
    }
}

fn size(d: &Dim) -> String {
    let text = d.to_string();
    let mut out = String::new();
    for word in text.split(' ') {
        let (minus, word) = word.strip_prefix('-').map_or((false, word), |w| (true, w));
        if minus {
            out.push_str(&sign("−"));
        }
        if word == "+" {
            out.push_str(&sign("+"));
        } else if !word.is_empty() {
            let quotient = |f: &str| match f.split_once('/') {
                Some((a, b)) => format!("<mfrac>{}{}</mfrac>", letters_or_name(a), letters_or_name(b)),
                None => letters_or_name(f),
            };
            out.push_str(&word.split('*').map(quotient).collect::<Vec<_>>().join(&sign("\u{2062}")));
        }
    }
    row_of(&out)
}

fn letters_or_name(s: &str) -> String {
    if s.chars().all(|c| c.is_ascii_digit()) { letters(s) } else { name(s) }
}

/// A number that is not negative.
fn number(n: Number) -> String {
    match n {
        Number::Ratio(n, 1) => format!("<mn>{n}</mn>"),
        Number::Ratio(n, d) => format!("<mfrac><mn>{n}</mn><mn>{d}</mn></mfrac>"),
        Number::Float(x) if x == std::f64::consts::PI => "<mi>π</mi>".to_owned(),
        Number::Float(x) => format!("<mn>{x}</mn>"),
    }
}

/// Text inside an element or an attribute.
fn escape(s: &str) -> String {
    s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
