//! Closed forms as text, LaTeX and MathML.

use super::{
    coefficient::Coefficient,
    fit::{Base, Closed, Family},
    linear::Polynomial,
};
use crate::{
    number::Number,
    print::{self, Format},
};
use std::collections::BTreeMap;

/// How names are written.
pub(super) struct Speller<'a> {
    pub(super) format: Format,
    /// The counters in order; that of the terms of a sum comes after them.
    pub(super) counters: &'a [String],
    /// Names in text, LaTeX and MathML.
    pub(super) spelled: &'a BTreeMap<String, [String; 3]>,
    /// The names of the sequences.
    pub(super) sequences: &'a [String],
}

/// The counter of the terms of a sum.
const TERM: &str = "k";

impl Speller<'_> {
    fn pick<'b>(&self, text: &'b str, latex: &'b str, mathml: &'b str) -> &'b str {
        match self.format {
            Format::Latex => latex,
            Format::Mathml => mathml,
            _ => text,
        }
    }
    fn name(&self, name: &str) -> String {
        match self.format {
            Format::Latex => print::symbol_of(name).1,
            Format::Mathml => print::symbol_of(name).0,
            _ => name.to_owned(),
        }
    }
    fn number(&self, n: Number) -> String {
        let text = match n {
            Number::Float(x) => format!("{x}"),
            n => n.to_string(),
        };
        match (self.format, n) {
            (Format::Latex, Number::Ratio(p, q)) if q != 1 => {
                format!(r"{}\tfrac{{{}}}{{{q}}}", if p < 0 { "-" } else { "" }, p.abs())
            }
            (Format::Mathml, Number::Ratio(p, q)) if q != 1 => format!("<mfrac><mn>{p}</mn><mn>{q}</mn></mfrac>"),
            (Format::Mathml, _) => format!("<mn>{text}</mn>"),
            _ => text,
        }
    }
    fn product(&self, factors: &[String]) -> String {
        factors.join(self.pick(" ", r"\,", "<mo>\u{2062}</mo>"))
    }
    fn raised(&self, base: &str, exponent: &str) -> String {
        match self.format {
            Format::Latex => format!("{base}^{{{exponent}}}"),
            Format::Mathml => format!("<msup><mrow>{base}</mrow><mrow>{exponent}</mrow></msup>"),
            _ if exponent.chars().all(|c| c.is_alphanumeric()) => format!("{base}^{exponent}"),
            _ => format!("{base}^({exponent})"),
        }
    }
    fn brackets(&self, inside: &str) -> String {
        match self.format {
            Format::Latex => format!(r"\left({inside}\right)"),
            Format::Mathml => format!("<mrow><mo>(</mo>{inside}<mo>)</mo></mrow>"),
            _ => format!("({inside})"),
        }
    }

    /// A polynomial in the counters, the terms with most of them first.
    fn polynomial(&self, p: &Polynomial) -> String {
        if p.is_empty() {
            return self.number(Number::ZERO);
        }
        let mut terms: Vec<&(Vec<u32>, Number)> = p.iter().collect();
        terms.sort_by(|a, b| b.0.iter().sum::<u32>().cmp(&a.0.iter().sum()).then(b.0.cmp(&a.0)));
        let mut out = String::new();
        for (k, (powers, c)) in terms.into_iter().enumerate() {
            let size = c.abs();
            let mut factors = vec![];
            if !size.is_one() || powers.iter().all(|&e| e == 0) {
                factors.push(self.number(size));
            }
            let counters = self.counters.iter().map(String::as_str).chain([TERM]);
            for (name, &e) in counters.zip(powers).filter(|x| *x.1 > 0) {
                let name = self.name(name);
                factors.push(if e == 1 { name } else { self.raised(&name, &self.number(Number::int(e.into()))) });
            }
            let minus = self.pick("-", "-", "<mo>-</mo>");
            match (k, c.is_negative()) {
                (0, true) => out.push_str(minus),
                (0, false) => {}
                (_, true) => out.push_str(self.pick(" - ", " - ", "<mo>-</mo>")),
                (_, false) => out.push_str(self.pick(" + ", " + ", "<mo>+</mo>")),
            }
            out.push_str(&self.product(&factors));
        }
        out
    }

    /// `start + k step`.
    fn along(&self, start: &Polynomial, step: Number) -> Polynomial {
        let mut out: Polynomial = start.iter().map(|(e, c)| (padded(e, self.counters.len() + 1), *c)).collect();
        if !step.is_zero() {
            let mut e = vec![0; self.counters.len() + 1];
            e[self.counters.len()] = 1;
            out.push((e, step));
        }
        out
    }

    fn family(&self, f: &Family) -> String {
        let (mut above, mut below) = (vec![], vec![]);
        let mut divisor = Number::ONE;
        match &f.coefficient {
            Coefficient::Polynomial(p) => {
                // what all terms share stands in front
                let shared = p.iter().map(|x| x.1.abs()).reduce(Number::least);
                let front = shared.filter(|s| p.iter().all(|x| (x.1 / *s).as_int().is_some())).unwrap_or(Number::ONE);
                let rest: Polynomial = p.iter().map(|(e, c)| (e.clone(), *c / front)).collect();
                let front = match front {
                    Number::Ratio(n, d) => {
                        divisor = Number::int(d);
                        Number::int(n)
                    }
                    float => float,
                };
                if !front.is_one() {
                    above.push(self.number(front));
                }
                match rest.as_slice() {
                    [(e, c)] if c.is_one() && e.iter().all(|&x| x == 0) => {}
                    [_] => above.push(self.polynomial(&rest)),
                    _ => above.push(self.brackets(&self.polynomial(&rest))),
                }
            }
            Coefficient::Power { factor, base, exponent } => {
                if !factor.is_one() {
                    above.push(self.number(*factor));
                }
                let base = self.number(*base);
                let base = if base.contains('/') { self.brackets(&base) } else { base };
                above.push(self.raised(&base, &self.polynomial(exponent)));
            }
        }
        for x in &f.factors {
            let e = self.along(&x.start, x.step);
            let (text, exponent) = match &x.base {
                Base::Plain(n) => {
                    let text = self.spelled.get(n).map_or(n.as_str(), |t| self.pick(&t[0], &t[1], &t[2]));
                    (text.to_owned(), e)
                }
                Base::Element(sequence, p) => {
                    let name = self.name(&self.sequences[*sequence]);
                    (format!("{name}{}", self.brackets(&self.polynomial(&e))), vec![(vec![], *p)])
                }
            };
            match exponent.as_slice() {
                [] => {}
                [(e, p)] if e.iter().all(|&x| x == 0) => {
                    let size = p.abs();
                    let power = match size {
                        s if s.is_one() => text,
                        Number::Ratio(1, 2) => match self.format {
                            Format::Latex => format!(r"\sqrt{{{text}}}"),
                            Format::Mathml => format!("<msqrt>{text}</msqrt>"),
                            _ => format!("sqrt({text})"),
                        },
                        s => self.raised(&text, &self.number(s)),
                    };
                    if p.is_negative() { below.push(power) } else { above.push(power) }
                }
                _ => above.push(self.raised(&text, &self.polynomial(&exponent))),
            }
        }
        if above.is_empty() {
            above.push(self.number(Number::ONE));
        }
        if !divisor.is_one() {
            below.insert(0, self.number(divisor));
        }
        let (top, bottom) = (self.product(&above), self.product(&below));
        let term = match (below.len(), self.format) {
            (0, _) => top,
            (_, Format::Latex) => format!(r"\frac{{{top}}}{{{bottom}}}"),
            (_, Format::Mathml) => format!("<mfrac><mrow>{top}</mrow><mrow>{bottom}</mrow></mfrac>"),
            (1, _) => format!("{top} / {bottom}"),
            _ => format!("{top} / ({bottom})"),
        };
        let single = matches!(f.length.as_slice(), [(e, c)] if c.is_one() && e.iter().all(|&x| x == 0));
        if single {
            return term;
        }
        let mut last = f.length.clone();
        match last.iter_mut().find(|x| x.0.iter().all(|&e| e == 0)) {
            Some(constant) => constant.1 = constant.1 + -Number::ONE,
            None => last.push((vec![0; self.counters.len()], -Number::ONE)),
        }
        last.retain(|x| !x.1.is_zero());
        let last = self.polynomial(&last);
        match self.format {
            Format::Latex => format!(r"\sum_{{{TERM}=0}}^{{{last}}} {term}"),
            Format::Mathml => format!(
                "<munderover><mo>∑</mo><mrow><mi>{TERM}</mi><mo>=</mo><mn>0</mn></mrow><mrow>{last}</mrow></munderover><mrow>{term}</mrow>"
            ),
            _ => format!("sum({TERM} = 0 .. {last}, {term})"),
        }
    }

    /// A closed form.
    pub(super) fn closed(&self, c: &Closed) -> String {
        if c.is_empty() {
            return self.number(Number::ZERO);
        }
        let terms: Vec<String> = c.iter().map(|f| self.family(f)).collect();
        terms.join(self.pick(" + ", " + ", "<mo>+</mo>"))
    }
}

fn padded(e: &[u32], n: usize) -> Vec<u32> {
    e.iter().copied().chain(std::iter::repeat(0)).take(n).collect()
}
