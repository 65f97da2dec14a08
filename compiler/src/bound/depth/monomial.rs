//! Bounds as sums of products of named things, so that bounds of models of several depths can be compared.

use super::{linear::before, sequences::Sequences};
use crate::{
    bound::{
        formula::{Book, Formula, Term},
        print,
    },
    expr::Graph,
    number::Number,
    print::Format,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a product is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Atom {
    /// What is called the same at every depth.
    Plain(String),
    /// An element of a sequence, by the sequence and the place in it.
    Element(usize, i64),
}

/// `Π x^p`.
pub(super) type Powers = BTreeMap<Atom, Number>;

/// `Σ c Π x^p`, by the products.
pub(super) type Posynomial = BTreeMap<Powers, Number>;

/// Adds a multiple of a product.
pub(super) fn add(to: &mut Posynomial, powers: Powers, c: Number) {
    let sum = to.entry(powers).or_insert(Number::ZERO);
    *sum = *sum + c;
}

/// `a b`.
pub(super) fn times(a: &Powers, b: &Powers) -> Powers {
    let mut out = a.clone();
    for (x, p) in b {
        let e = out.entry(x.clone()).or_insert(Number::ZERO);
        *e = *e + *p;
    }
    out.retain(|_, p| !p.is_zero());
    out
}

/// Most terms of one bound.
const TERMS: usize = 128;

/// The product; `None` beyond the limit.
fn multiply(a: &Posynomial, b: &Posynomial) -> Option<Posynomial> {
    if a.len() * b.len() > TERMS {
        return None;
    }
    let mut out = Posynomial::new();
    for (x, c) in a {
        for (y, d) in b {
            add(&mut out, times(x, y), *c * *d);
        }
    }
    Some(out)
}

/// Reads formulas of one model.
pub(super) struct Reader<'a> {
    pub(super) book: &'a Book,
    pub(super) graph: &'a Graph,
    /// How the number of layers is called, and what it is here.
    pub(super) depth: (&'a str, usize),
    pub(super) sequences: &'a Sequences,
    /// Whether elements of sequences are multiplied out.
    pub(super) expands: bool,
    /// Sums that are the same at every depth, by their text; they stay as they are.
    pub(super) fixed: &'a BTreeSet<String>,
    /// The text of every name in text, LaTeX and MathML, for the printer.
    pub(super) spelled: &'a mut BTreeMap<String, [String; 3]>,
    /// What has been read.
    pub(super) known: BTreeMap<(Formula, Number, bool), Option<Posynomial>>,
}

impl Reader<'_> {
    /// A formula as a sum of products; of a minimum the simplest alternative. `None` without a bound, or beyond the limit.
    pub(super) fn read(&mut self, f: Formula) -> Option<Posynomial> {
        self.power(f, Number::ONE, false)
    }

    /// `x^p` of a factor of a product; with all sums multiplied out, or not.
    fn power(&mut self, x: Formula, p: Number, flat: bool) -> Option<Posynomial> {
        if let Some(known) = self.known.get(&(x, p, flat)) {
            return known.clone();
        }
        let found = self.find(x, p, flat);
        self.known.insert((x, p, flat), found.clone());
        found
    }

    fn find(&mut self, x: Formula, p: Number, flat: bool) -> Option<Posynomial> {
        let one = |powers: Powers| Posynomial::from([(powers, Number::ONE)]);
        match self.book.term(x).clone() {
            Term::Product(c, inner) => {
                let mut out = match c.exact_pow(p) {
                    Some(k) if k.is_zero() => return Some(Posynomial::new()),
                    Some(k) => Posynomial::from([(Powers::new(), k)]),
                    // a root of a number keeps its name
                    None if inner.is_empty() => return Some(one(Powers::from([(self.plain(x), p)]))),
                    None => return None,
                };
                for (y, q) in inner {
                    let next = self.power(y, q * p, flat)?;
                    out = multiply(&out, &next)?;
                }
                Some(out)
            }
            Term::Min(all) => {
                let all: Vec<Posynomial> = all.into_iter().filter_map(|y| self.power(y, p, flat)).collect();
                all.into_iter().min_by(|a, b| weight(a).total_cmp(&weight(b)))
            }
            Term::Unbounded(_) | Term::Spectral(_) | Term::Blocks(..) => None,
            Term::Sum(terms) => match self.sequences.place(x) {
                Some((sequence, place)) if !self.expands => Some(one(Powers::from([(Atom::Element(sequence, place), p)]))),
                _ => match self.fixed(x, p, flat) {
                    Some(found) => Some(found),
                    None => self.multiplied(&terms, p, flat),
                },
            },
            _ => Some(one(Powers::from([(self.plain(x), p)]))),
        }
    }

    /// A power of a sum that is the same at every depth, but for what its terms share.
    fn fixed(&mut self, x: Formula, p: Number, flat: bool) -> Option<Posynomial> {
        if flat || self.fixed.is_empty() {
            return None;
        }
        let sum = self.power(x, Number::ONE, true)?;
        let (front, c, base, exponent) = primitive(&sum);
        let key = self.sum(&base);
        if !self.fixed.contains(&key) {
            return None;
        }
        let mut powers: Powers = front.iter().map(|(a, q)| (a.clone(), *q * p)).collect();
        powers.insert(Atom::Plain(key), exponent * p);
        c.exact_pow(p).map(|c| Posynomial::from([(powers, c)]))
    }

    /// A power of a sum, multiplied out.
    fn multiplied(&mut self, terms: &[(Formula, Number)], p: Number, flat: bool) -> Option<Posynomial> {
        let mut sum = Posynomial::new();
        for &(y, c) in terms {
            for (powers, k) in self.power(y, Number::ONE, flat)? {
                add(&mut sum, powers, k * c);
            }
        }
        let k = p.as_int().filter(|k| (1..=4).contains(k))?;
        let out = (1..k).try_fold(sum.clone(), |y, _| multiply(&y, &sum))?;
        (out.len() <= TERMS).then_some(out)
    }

    /// The text of a sum as a name, in brackets.
    pub(super) fn sum(&mut self, terms: &Posynomial) -> String {
        let spell = |pick: usize, spelled: &BTreeMap<String, [String; 3]>| {
            let term = |(powers, c): (&Powers, &Number)| {
                let mut factors: Vec<String> = powers
                    .iter()
                    .map(|(a, p)| match a {
                        Atom::Plain(n) => {
                            let text = spelled.get(n).map_or(n.as_str(), |t| t[pick].as_str());
                            match (p.is_one(), pick) {
                                (true, _) => text.to_owned(),
                                (_, 0) => {
                                    format!("{text}^{}", if p.as_int().is_some() { p.to_string() } else { format!("({p})") })
                                }
                                (_, 1) => format!("{text}^{{{p}}}"),
                                _ => format!("<msup><mrow>{text}</mrow><mn>{p}</mn></msup>"),
                            }
                        }
                        Atom::Element(k, q) => format!("r{k}({q})"),
                    })
                    .collect();
                if !c.is_one() || factors.is_empty() {
                    factors.insert(0, if pick == 2 { format!("<mn>{c}</mn>") } else { c.to_string() });
                }
                factors.join([" ", r"\,", "<mo>\u{2062}</mo>"][pick])
            };
            let text = terms.iter().map(term).collect::<Vec<_>>().join([" + ", " + ", "<mo>+</mo>"][pick]);
            match pick {
                0 => format!("({text})"),
                1 => format!(r"\left({text}\right)"),
                _ => format!("<mrow><mo>(</mo>{text}<mo>)</mo></mrow>"),
            }
        };
        let all = [0, 1, 2].map(|pick| spell(pick, self.spelled));
        let key = all[0].clone();
        self.spelled.entry(key.clone()).or_insert(all);
        key
    }

    /// A name that does not depend on the depth: what is counted by the depth, or by one less, is called by it.
    fn plain(&mut self, x: Formula) -> Atom {
        let (name, n) = self.depth;
        // which norm it is stands below, too, and is no layer
        let (norm, aside) = (r"\rVert_{", r"\rVert_<");
        let spell = |format: Format, index: &dyn Fn(&str) -> String, called: [String; 2]| {
            let text = print::fragment(self.book, self.graph, x, format).replace(norm, aside);
            let places = [n, n - 1].into_iter().zip(called);
            let text = places.fold(text, |text, (k, called)| {
                let text = text.replace(&index(&k.to_string()), &index(&called));
                // a digit below a letter has no braces in LaTeX
                if format == Format::Latex { text.replace(&format!("_{k} "), &format!("_{{{called}}} ")) } else { text }
            });
            text.replace(aside, norm)
        };
        let plainly = [name.to_owned(), format!("{name} - 1")];
        let text = spell(Format::Text, &|k| format!("[{k}]"), plainly.clone());
        let latex = spell(Format::Latex, &|k| format!("_{{{k}}}"), plainly);
        let number = |k: &str| if k.starts_with('<') { k.to_owned() } else { format!("<mn>{k}</mn>") };
        let marked = [format!("<mi>{name}</mi>"), format!("<mi>{name}</mi><mo>-</mo><mn>1</mn>")];
        let mathml = spell(Format::Mathml, &|k| format!("<mrow>{}</mrow></msub>", number(k)), marked);
        // the deepest model is read last: its layers are named by numbers that stand nowhere else
        self.spelled.insert(text.clone(), [text.clone(), latex, mathml]);
        Atom::Plain(text)
    }
}

/// How simple it is: the number of terms, then the powers in them.
fn weight(p: &Posynomial) -> f64 {
    let powers = |m: &Powers| m.values().map(|x| x.to_f64().abs()).sum::<f64>();
    1e6 * p.len() as f64 + p.keys().map(powers).sum::<f64>()
}

/// A sum as `c Π x^p base^e`: what its terms share, and a base that is no square.
pub(super) fn primitive(sum: &Posynomial) -> (Powers, Number, Posynomial, Number) {
    let atoms: BTreeSet<&Atom> = sum.keys().flat_map(|m| m.keys()).collect();
    let least =
        |a: &Atom| sum.keys().map(|m| m.get(a).copied().unwrap_or(Number::ZERO)).reduce(Number::least).unwrap_or(Number::ZERO);
    let shared: Powers = atoms.into_iter().map(|a| (a.clone(), least(a))).filter(|(_, p)| !p.is_zero()).collect();
    let under: Powers = shared.iter().map(|(a, p)| (a.clone(), -*p)).collect();
    let least = sum.values().copied().reduce(Number::least).unwrap_or(Number::ONE);
    let rest: Posynomial = sum.iter().map(|(m, c)| (times(m, &under), *c / least)).collect();
    match root(&rest) {
        Some(base) => (shared, least, base, Number::int(2)),
        None => (shared, least, rest, Number::ONE),
    }
}

/// Terms of a root that are tried.
const ROOT: usize = 8;

/// `a + b + …` of `a² + 2 a b + b² + …`, term by term from the largest power on.
fn root(p: &Posynomial) -> Option<Posynomial> {
    let atoms: BTreeSet<&Atom> = p.keys().flat_map(|m| m.keys()).collect();
    let at = |m: &Powers| atoms.iter().map(|a| m.get(*a).copied().unwrap_or(Number::ZERO)).collect::<Vec<Number>>();
    let order = |x: &(&Powers, &Number), y: &(&Powers, &Number)| before(&at(x.0), &at(y.0));
    let first = p.iter().max_by(order)?;
    let half: Powers = first.0.iter().map(|(a, q)| (a.clone(), *q * Number::ratio(1, 2))).collect();
    let c = first.1.exact_pow(Number::ratio(1, 2))?;
    let under: Powers = half.iter().map(|(a, q)| (a.clone(), -*q)).collect();
    let mut out = Posynomial::from([(half, c)]);
    while out.len() < ROOT {
        let mut rest = p.clone();
        for (m, k) in multiply(&out, &out)? {
            add(&mut rest, m, -k);
        }
        rest.retain(|_, k| !k.is_zero());
        let Some((m, k)) = rest.iter().max_by(order) else {
            return (out.len() > 1).then_some(out);
        };
        let next = (times(m, &under), *k / (Number::int(2) * c));
        if next.1.is_negative() || out.contains_key(&next.0) {
            return None;
        }
        out.insert(next.0, next.1);
    }
    None
}

/// Whether a symbol is of one layer of many: `norm2(W[2])`.
pub(super) fn of_one_layer(text: &str) -> bool {
    text.split('[').skip(1).any(|t| t.starts_with(|c: char| c.is_ascii_digit()))
}
