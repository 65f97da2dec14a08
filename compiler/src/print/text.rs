//! Formulas as plain text: exact enough to be read back by the language, or with only the brackets that a reader needs.

use super::{
    formula::{Formula, infix, level},
    wrap::{BREAK_PRODUCT, BREAK_SUM},
};
use crate::{
    dim::Dim,
    expr::{Form, Op},
    number::Number,
};

/// A formula in text, with marks where a line may end.
///
/// `exact`: products keep the brackets that say in which order they were built.
pub(super) fn text(f: &Formula, exact: bool) -> String {
    let mut out = String::new();
    Text { exact }.write(f, &mut out);
    out
}

struct Text {
    exact: bool,
}

impl Text {
    fn write(&self, f: &Formula, out: &mut String) {
        match f {
            Formula::Name(n) => out.push_str(n),
            Formula::Omitted => out.push('…'),
            Formula::Number(n) => out.push_str(&number(*n, self.exact)),
            Formula::Size(d) => out.push_str(&d.to_string()),
            Formula::Sum(terms) => {
                for (i, t) in terms.iter().enumerate() {
                    if i > 0 {
                        out.push(BREAK_SUM);
                        out.push_str(if t.is_negative() { " - " } else { " + " });
                    } else if t.is_negative() {
                        out.push('-');
                    }
                    self.unsigned(t, level::SUM + 1, out);
                }
            }
            Formula::Multiple { negative, .. } => {
                if *negative {
                    out.push('-');
                }
                self.unsigned(f, 0, out);
            }
            Formula::Infix(op, quotient, sides) => self.infix(op, *quotient, &sides.0, &sides.1, out),
            Formula::Power(x, p, entrywise) => {
                self.operand(x, level::POSTFIX, out);
                out.push_str(if *entrywise { ".^" } else { "^" });
                match p.as_int() {
                    Some(k) => out.push_str(&k.to_string()),
                    None => out.push_str(&format!("({})", signed(*p, self.exact))),
                }
            }
            Formula::Root(x) => {
                out.push_str("sqrt(");
                self.write(x, out);
                out.push(')');
            }
            Formula::Slice(x, ranges) => {
                self.operand(x, level::POSTFIX, out);
                let range = |r: &Option<(Dim, Dim)>| match r {
                    None => ":".to_owned(),
                    Some((a, b)) if a == b => a.to_string(),
                    Some((a, b)) => format!("{a}:{b}"),
                };
                out.push_str(&format!("[{}, {}]", range(&ranges[0]), range(&ranges[1])));
            }
            Formula::Apply(op, args) => self.apply(op, args, out),
        }
    }

    /// In brackets if it is looser than its place.
    fn operand(&self, f: &Formula, least: u8, out: &mut String) {
        if f.level() >= least {
            return self.write(f, out);
        }
        out.push('(');
        self.write(f, out);
        out.push(')');
    }

    /// The formula without the minus in front, which its surroundings have written.
    fn unsigned(&self, f: &Formula, least: u8, out: &mut String) {
        let Formula::Multiple { above, below, of, .. } = f else {
            return self.operand(f, least, out);
        };
        let factors = |fs: &[Formula], out: &mut String| {
            for (i, x) in fs.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                self.operand(x, level::PRODUCT + 1, out);
            }
        };
        if !above.is_empty() {
            factors(above, out);
        } else if !below.is_empty() {
            out.push('1');
        }
        if !below.is_empty() {
            out.push('/');
            match below.as_slice() {
                [one] => self.operand(one, level::PRODUCT + 1, out),
                several => {
                    out.push('(');
                    factors(several, out);
                    out.push(')');
                }
            }
        }
        match of {
            None if above.is_empty() && below.is_empty() => out.push('1'),
            None => {}
            Some(of) => {
                if !above.is_empty() || !below.is_empty() {
                    out.push(' ');
                }
                self.operand(of, level::SUM + 1, out);
            }
        }
    }

    fn infix(&self, op: &'static Op, quotient: bool, a: &Formula, b: &Formula, out: &mut String) {
        let (sign, own) = infix(op).unwrap_or((" ", level::PRODUCT));
        let sign = if quotient { "./" } else { sign };
        self.operand(a, own + u8::from(a.level() == own && other_sign(a, sign, quotient)), out);
        out.push(BREAK_PRODUCT);
        match sign {
            " " => out.push(' '),
            sign => out.push_str(&format!(" {sign} ")),
        }
        let factor = matches!(b, Formula::Multiple { .. });
        let brackets = b.level() == own && (self.exact || quotient || factor || other_sign(b, sign, quotient));
        self.operand(b, own + u8::from(brackets), out);
    }

    fn apply(&self, op: &'static Op, args: &[Formula], out: &mut String) {
        let alone = |f: &Formula| {
            let mut s = String::new();
            self.write(f, &mut s);
            s
        };
        match op.forms.text {
            Form::Call(name) => {
                let args: Vec<String> = args.iter().map(alone).collect();
                out.push_str(&format!("{name}({})", args.join(", ")));
            }
            Form::Fence(open, close) => {
                let args: Vec<String> = args.iter().map(alone).collect();
                out.push_str(&format!("{open}{}{close}", args.join(", ")));
            }
            Form::Postfix(sign) => {
                if let Some(a) = args.first() {
                    self.operand(a, level::POSTFIX, out);
                }
                out.push_str(sign);
            }
            Form::Infix(sign, own) => {
                for (i, a) in args.iter().enumerate() {
                    if i > 0 {
                        out.push_str(&format!(" {sign} "));
                    }
                    self.operand(a, own + 1, out);
                }
            }
            Form::Template(template) => {
                for piece in super::pieces(template) {
                    match piece {
                        super::Piece::Text(t) => out.push_str(t),
                        super::Piece::Argument(0) => {
                            if let Some(a) = args.first() {
                                self.operand(a, level::POSTFIX, out);
                            }
                        }
                        super::Piece::Argument(i) => {
                            if let Some(a) = args.get(i) {
                                self.write(a, out);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Whether a side of an infix operation is written with another sign of the same level, so that brackets help.
fn other_sign(side: &Formula, sign: &str, quotient: bool) -> bool {
    match side {
        Formula::Infix(op, q, _) => *q != quotient || infix(op).is_some_and(|(s, _)| !quotient && s != sign),
        Formula::Multiple { .. } => sign != " ",
        _ => true,
    }
}

/// A number that is not negative.
fn number(n: Number, exact: bool) -> String {
    match n {
        Number::Float(x) if x == std::f64::consts::PI => if exact { "pi" } else { "π" }.to_owned(),
        // with so many digits it is read as a float again, not as a fraction
        Number::Float(x) if exact => padded(x),
        Number::Float(x) if (1e-4..1e15).contains(&x) => x.to_string(),
        _ => n.to_string(),
    }
}

/// The shortest digits of a float, and zeros up to 20 of them.
fn padded(x: f64) -> String {
    let shortest = format!("{x:e}");
    let Some((mantissa, exponent)) = shortest.split_once('e') else { return shortest };
    let point = if mantissa.contains('.') { "" } else { "." };
    let digits = mantissa.chars().filter(char::is_ascii_digit).count();
    format!("{mantissa}{point}{}e{exponent}", "0".repeat(20usize.saturating_sub(digits)))
}

/// A number with its sign.
fn signed(n: Number, exact: bool) -> String {
    if n.is_negative() { format!("-{}", number(-n, exact)) } else { number(n, exact) }
}
