//! Formulas written out as sums of products: above the small side, below the large side.

use super::Prover;
use crate::{
    bound::formula::{Formula, Symbol, Term, number_up},
    number::Number,
};
use std::collections::BTreeMap;

/// Alternatives of one formula that are tried.
const ALTERNATIVES: usize = 16;
/// Terms of one alternative.
const TERMS: usize = 120;

/// A product: `c Π x^p`, c rounded up or, on the large side, down by less than [`super::ROUNDING`].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Monomial {
    pub(super) constant: f64,
    pub(super) powers: BTreeMap<Formula, Number>,
}

/// A sum of products.
pub(super) type Posynomial = Vec<Monomial>;

/// Which side of the comparison a formula stands on: what is written out is above it, or below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Small,
    Large,
}

fn multiply(a: &Posynomial, b: &Posynomial) -> Option<Posynomial> {
    if a.len() * b.len() > TERMS {
        return None;
    }
    let mut out: Posynomial = vec![];
    for x in a {
        for y in b {
            let mut powers = x.powers.clone();
            for (&s, &p) in &y.powers {
                let e = powers.entry(s).or_insert(Number::ZERO);
                *e = *e + p;
            }
            powers.retain(|_, p| !p.is_zero());
            add(&mut out, Monomial { constant: x.constant * y.constant, powers });
        }
    }
    Some(out)
}

fn add(to: &mut Posynomial, m: Monomial) {
    match to.iter_mut().find(|x| x.powers == m.powers) {
        Some(x) => x.constant += m.constant,
        None => to.push(m),
    }
}

/// A power of a constant, hardly above.
fn raised(c: f64, p: Number) -> f64 {
    if p.is_one() { c } else { libm::pow(c, p.to_f64()) * (1.0 + 4.0 * f64::EPSILON) }
}

fn one(constant: f64) -> Posynomial {
    vec![Monomial { constant, powers: BTreeMap::new() }]
}

fn atom(x: Formula, p: Number) -> Posynomial {
    vec![Monomial { constant: 1.0, powers: BTreeMap::from([(x, p)]) }]
}

impl Prover<'_> {
    /// Sums of products that a formula is at most, or at least; those first that mention what the large side mentions.
    pub(super) fn alternatives(&mut self, f: Formula, side: Side) -> Vec<Posynomial> {
        self.powers(f, Number::ONE, side)
    }

    /// The same of a power.
    fn powers(&mut self, x: Formula, p: Number, side: Side) -> Vec<Posynomial> {
        if let Some(known) = self.expanded.get(&(x, p, side)) {
            return known.clone();
        }
        let found = self.written_out(x, p, side);
        let found = self.best(found);
        self.expanded.insert((x, p, side), found.clone());
        found
    }

    fn written_out(&mut self, x: Formula, p: Number, side: Side) -> Vec<Posynomial> {
        let term = self.c.book.term(x).clone();
        let small = side == Side::Small;
        // as it stands, where the large side has it too
        let mut out = match &term {
            Term::Product(..) => vec![],
            Term::Sum(_) if p.as_int().is_some() => vec![],
            Term::Symbol(_) | Term::Log(_) | Term::Exp(_) | Term::Unbounded(_) => return vec![atom(x, p)],
            _ if self.targets.contains(&x) => vec![atom(x, p)],
            _ => vec![],
        };
        match term {
            Term::Product(c, factors) => {
                let mut all = vec![one(raised(number_up(c), p))];
                for (y, q) in factors {
                    let next = self.powers(y, q * p, side);
                    all = self.best(all.iter().flat_map(|a| next.iter().filter_map(|b| multiply(a, b))).collect());
                }
                out.extend(all);
            }
            Term::Sum(terms) => out.extend(self.power_of_sum(&terms, x, p, side)),
            // of a negative power only sizes are known
            _ if p.is_negative() => {}
            Term::Min(all) if small => out.extend(all.into_iter().flat_map(|y| self.powers(y, p, side)).collect::<Vec<_>>()),
            Term::Max(all) if !small => out.extend(all.into_iter().flat_map(|y| self.powers(y, p, side)).collect::<Vec<_>>()),
            // a maximum is at most the sum
            Term::Max(all) => {
                let terms: Vec<(Formula, Number)> = all.into_iter().map(|y| (y, Number::ONE)).collect();
                out.extend(self.sums(&terms, p, side));
            }
            Term::Spectral(triangle) if small => {
                // ‖N‖ ≤ ‖N‖_F, and ‖N‖ ≤ tr N where N_ij² ≤ N_ii N_jj
                let full: Vec<Formula> = places(&triangle).flat_map(|(i, j, x)| vec![x; if i == j { 1 } else { 2 }]).collect();
                let squares = self.squares(&full);
                out.extend(self.powers(squares, p * Number::ratio(1, 2), side));
                if let Some(trace) = self.trace(&triangle) {
                    out.extend(self.powers(trace, p, side));
                }
            }
            Term::Blocks(_, all) if small => {
                let squares = self.squares(&all);
                out.extend(self.powers(squares, p * Number::ratio(1, 2), side));
            }
            _ => {}
        }
        out
    }

    /// `(Σ c x)^p`.
    fn power_of_sum(&mut self, terms: &[(Formula, Number)], sum: Formula, p: Number, side: Side) -> Vec<Posynomial> {
        if p.is_negative() {
            return vec![];
        }
        if p.is_one() {
            return self.sums(terms, p, side);
        }
        if let Some(k @ 2..=8) = p.as_int() {
            let all = self.powers(sum, Number::ONE, side);
            return all.iter().filter_map(|a| (1..k).try_fold(a.clone(), |y, _| multiply(&y, a))).collect();
        }
        if side == Side::Large {
            // (a + b)^p ≥ a^p
            return terms.iter().flat_map(|&(x, c)| self.sums(&[(x, c)], p, side)).collect();
        }
        let whole = p.to_f64().floor() as i64;
        if whole == 0 {
            // √(a + b) ≤ √a + √b
            return self.sums(terms, p, side);
        }
        let (a, b) = (self.powers(sum, Number::int(whole), side), self.powers(sum, p + Number::int(-whole), side));
        a.iter().flat_map(|x| b.iter().filter_map(|y| multiply(x, y))).collect()
    }

    /// `Σ (c x)^p`.
    fn sums(&mut self, terms: &[(Formula, Number)], p: Number, side: Side) -> Vec<Posynomial> {
        let mut all = vec![vec![]];
        for &(x, c) in terms {
            let (next, c) = (self.powers(x, p, side), raised(number_up(c), p));
            let joined = all.iter().flat_map(|a: &Posynomial| {
                next.iter().map(move |b| {
                    let mut sum = a.clone();
                    b.iter().for_each(|m| add(&mut sum, Monomial { constant: m.constant * c, ..m.clone() }));
                    sum
                })
            });
            all = self.best(joined.filter(|s| s.len() <= TERMS).collect());
        }
        all
    }

    fn squares(&mut self, all: &[Formula]) -> Formula {
        let squares: Vec<Formula> = all.iter().map(|&x| self.c.book.power(x, Number::int(2))).collect();
        self.c.book.sum(&squares)
    }

    /// The trace of a symmetric matrix N, if `N_ij² = N_ii N_jj`: no entry is then above that of `b b'` with `b_i = √N_ii`.
    fn trace(&mut self, triangle: &[Formula]) -> Option<Formula> {
        let diagonal: Vec<Formula> = places(triangle).filter(|(i, j, _)| i == j).map(|x| x.2).collect();
        for (i, j, x) in places(triangle).filter(|(i, j, _)| i != j) {
            let (square, product) = (self.c.book.power(x, Number::int(2)), self.c.book.times(&[diagonal[i], diagonal[j]]));
            let no_more = self
                .c
                .book
                .as_number(square)
                .zip(self.c.book.as_number(product))
                .is_some_and(|(a, b)| a.to_f64() <= b.to_f64() * (1.0 + super::ROUNDING / 4.0));
            if square != product && !no_more {
                return None;
            }
        }
        Some(self.c.book.sum(&diagonal))
    }

    /// The most promising alternatives.
    fn best(&self, mut all: Vec<Posynomial>) -> Vec<Posynomial> {
        let strange = |p: &Posynomial| {
            p.iter().flat_map(|m| m.powers.keys()).filter(|x| !self.targets.contains(x) && !self.is_size(**x)).count()
        };
        all.sort_by_key(|p| (strange(p), p.len()));
        let mut kept: Vec<Posynomial> = vec![];
        for p in all {
            if kept.len() < ALTERNATIVES && !kept.contains(&p) {
                kept.push(p);
            }
        }
        kept
    }

    pub(super) fn is_size(&self, x: Formula) -> bool {
        matches!(self.c.book.term(x), Term::Symbol(Symbol::Size(_)))
    }
}

/// The places of a lower triangle with what stands there.
fn places(triangle: &[Formula]) -> impl Iterator<Item = (usize, usize, Formula)> + '_ {
    (0..).flat_map(|i| (0..=i).map(move |j| (i, j))).zip(triangle).map(|((i, j), &x)| (i, j, x))
}
