//! `Formula`: what a bound is: sums, products, powers, minima and maxima of symbols that are not negative.
//!
//! In normal form: equal bounds are equal ids. Every formula grows with every norm in it, so a symbol may always be replaced by
//! an upper bound of itself; negative powers are of sizes and numbers alone.

use super::norm::{Norm, Random};
use crate::{dim::Dim, expr::Expr, number::Number, splitmix};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A bound; a place in a [`Book`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Formula(u32);

/// What a bound may mention.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// A norm of an expression; of a scalar its absolute value.
    Norm(Norm, Expr),
    /// A size, at least 1.
    Size(Dim),
    /// π.
    Pi,
}

/// What stands at a place of the book.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// A symbol.
    Symbol(Symbol),
    /// `c Π x^p`, c ≥ 0; sorted, no factor twice, none a product.
    Product(Number, Vec<(Formula, Number)>),
    /// `Σ c x`, at least two; sorted, no term twice, none a sum.
    Sum(Vec<(Formula, Number)>),
    /// The least, of at least two.
    Min(Vec<Formula>),
    /// The largest, of at least two.
    Max(Vec<Formula>),
    /// The logarithm of what is at least 1, else 0.
    Log(Formula),
    /// The exponential.
    Exp(Formula),
    /// The spectral norm of a symmetric matrix of bounds, its lower triangle row by row.
    Spectral(Vec<Formula>),
    /// The spectral norm of any matrix of bounds: its number of columns, and what stands in it row by row.
    Blocks(usize, Vec<Formula>),
    /// None is known; which gap it is that is in the way.
    Unbounded(usize),
}

/// Places at which alternatives are compared; those that are the least at none of them are dropped.
const POINTS: usize = 6;
/// The same in a search: of matrices of one row or one column, too.
const MORE_POINTS: usize = 8;

/// Most alternatives of a minimum.
const MORE: usize = 8;

/// All formulas of one run, hash-consed.
#[derive(Default)]
pub struct Book {
    terms: Vec<Term>,
    ids: HashMap<Term, Formula>,
    /// Values at made-up data, to choose between alternatives.
    trial: Vec<[f64; MORE_POINTS]>,
    /// Number of symbols, to prefer the shorter of two.
    length: Vec<u64>,
    /// Whether a minimum keeps all that is not larger everywhere than another.
    more: bool,
}

/// A number that is no smaller than the sum, product … whose nearest float is x.
fn up(x: f64) -> f64 {
    if x > 0.0 { x.next_up() } else { x }
}

/// A product of constants, rounded up where it is not exact.
fn times_up(a: Number, b: Number) -> Number {
    match a * b {
        Number::Float(x) => Number::Float(up(x)),
        exact => exact,
    }
}

/// Two units in the last place above a transcendental function.
fn up2(x: f64) -> f64 {
    up(up(x))
}

/// A number that is at least the exact one.
pub(super) fn number_up(n: Number) -> f64 {
    match n {
        Number::Ratio(p, 1) if p.unsigned_abs() < 1 << 53 => p as f64,
        n => up(n.to_f64()),
    }
}

impl Book {
    /// Lets minima keep every alternative that is not larger everywhere than another, for a search.
    pub fn keep_more(&mut self) {
        self.more = true;
    }
    /// Makes the made-up data of a symbol keep that it is at most a bound.
    pub(super) fn keep_below(&mut self, symbol: Formula, bound: Formula) {
        let bound = self.trial[bound.0 as usize];
        self.trial[symbol.0 as usize].iter_mut().zip(bound).for_each(|(x, b)| *x = x.min(b));
    }
    /// Makes the made-up data of a symbol about a bound of it, now below and now above, so that minima keep both.
    pub(super) fn keep_near(&mut self, symbol: Formula, bound: Formula) {
        let bound = self.trial[bound.0 as usize];
        for (k, (x, b)) in self.trial[symbol.0 as usize].iter_mut().zip(bound).enumerate() {
            *x = if k % 2 == 0 { b / 2.0 } else { b * 2.0 };
        }
    }
    fn intern(&mut self, term: Term) -> Formula {
        if let Some(&f) = self.ids.get(&term) {
            return f;
        }
        let f = Formula(u32::try_from(self.terms.len()).expect("fewer than 2^32 formulas fit in memory"));
        let trial = std::array::from_fn(|k| {
            self.step(&term, &|s| Some(trial(s, k)), &|x| self.trial[x.0 as usize][k]).unwrap_or(f64::INFINITY)
        });
        let length = match &term {
            Term::Symbol(_) | Term::Unbounded(_) => 1,
            term => children(term).iter().map(|x| self.length[x.0 as usize]).fold(1, u64::saturating_add),
        };
        self.trial.push(trial);
        self.length.push(length);
        self.terms.push(term.clone());
        self.ids.insert(term, f);
        f
    }

    /// What stands there.
    pub fn term(&self, f: Formula) -> &Term {
        &self.terms[f.0 as usize]
    }
    /// What it is made of.
    pub(super) fn children(&self, f: Formula) -> Vec<Formula> {
        children(self.term(f))
    }
    /// Number of symbols, written out.
    pub fn length(&self, f: Formula) -> u64 {
        self.length[f.0 as usize]
    }
    /// A number that is not negative.
    pub fn number(&mut self, n: Number) -> Formula {
        self.intern(Term::Product(n, vec![]))
    }
    /// An integer.
    pub fn int(&mut self, n: i64) -> Formula {
        self.number(Number::int(n))
    }
    /// Zero.
    pub fn zero(&mut self) -> Formula {
        self.int(0)
    }
    /// One.
    pub fn one(&mut self) -> Formula {
        self.int(1)
    }
    /// The number it is.
    pub fn as_number(&self, f: Formula) -> Option<Number> {
        match self.term(f) {
            Term::Product(c, x) if x.is_empty() => Some(*c),
            _ => None,
        }
    }
    /// A symbol.
    pub fn symbol(&mut self, s: Symbol) -> Formula {
        self.intern(Term::Symbol(s))
    }
    /// That nothing is known, because of a gap.
    pub fn unbounded(&mut self, gap: usize) -> Formula {
        self.intern(Term::Unbounded(gap))
    }
    /// The gap because of which there is no bound.
    pub fn gap(&self, f: Formula) -> Option<usize> {
        match self.term(f) {
            Term::Unbounded(gap) => Some(*gap),
            _ => None,
        }
    }
    /// Whether it is exactly a product of sizes and a fraction.
    pub(super) fn is_of_sizes(&self, f: Formula) -> bool {
        match self.term(f) {
            Term::Product(Number::Ratio(..), factors) => factors.iter().all(|&(x, _)| self.is_of_sizes(x)),
            Term::Symbol(s) => matches!(s, Symbol::Size(_)),
            _ => false,
        }
    }
    /// A size: a product of named sizes, or a sum of such as one symbol.
    pub fn size(&mut self, d: &Dim) -> Formula {
        let Some((c, powers)) = d.as_monomial() else { return self.symbol(Symbol::Size(d.clone())) };
        let powers: Vec<(Dim, u32)> = powers.into_iter().map(|(n, p)| (Dim::symbol(n), p)).collect();
        let mut factors = vec![];
        for (d, p) in powers {
            factors.push((self.symbol(Symbol::Size(d)), Number::int(p.into())));
        }
        self.product(c, &factors)
    }

    /// `c Π x^p`, brought into normal form.
    pub fn product(&mut self, c: Number, factors: &[(Formula, Number)]) -> Formula {
        let mut coefficient = c;
        let mut powers: BTreeMap<Formula, Number> = BTreeMap::new();
        let mut open: Vec<(Formula, Number)> = factors.to_vec();
        let mut radicals: BTreeMap<i64, Number> = BTreeMap::new();
        let mut floats = vec![];
        while let Some((x, p)) = open.pop() {
            match self.term(x).clone() {
                _ if p.is_zero() => {}
                Term::Unbounded(_) => return x,
                Term::Product(c, inner) => {
                    match (c.exact_pow(p), c) {
                        (Some(q), _) => coefficient = times_up(coefficient, q),
                        // √(2/27) = 2^(1/2) 3^(-3/2): by primes, so that equal numbers look alike
                        (None, Number::Ratio(n, d)) => {
                            for (prime, k) in primes(n).into_iter().chain(primes(d).into_iter().map(|(q, k)| (q, -k))) {
                                let e = radicals.entry(prime).or_insert(Number::ZERO);
                                *e = *e + Number::int(k) * p;
                            }
                        }
                        (None, Number::Float(v)) => floats.push(up2(v.powf(p.to_f64()))),
                    }
                    open.extend(inner.into_iter().map(|(y, q)| (y, q * p)));
                }
                _ => {
                    let e = powers.entry(x).or_insert(Number::ZERO);
                    *e = *e + p;
                }
            }
        }
        for (prime, e) in radicals {
            // the whole part of the exponent is a number
            let whole = e.to_f64().floor() as i64;
            coefficient = times_up(coefficient, Number::int(prime).powi(whole));
            let rest = e + Number::int(-whole);
            if !rest.is_zero() {
                let base = self.number(Number::int(prime));
                powers.insert(base, rest);
            }
        }
        for v in floats {
            coefficient = Number::Float(up(coefficient.to_f64() * v));
        }
        if coefficient.is_zero() {
            return self.zero();
        }
        let mut powers: Vec<(Formula, Number)> = powers.into_iter().filter(|(_, p)| !p.is_zero()).collect();
        match powers[..] {
            [(x, p)] if coefficient.is_one() && p.is_one() => x,
            // a multiple of a sum is a sum of multiples, so that like terms meet
            [(x, p)] if p.is_one() && matches!(self.term(x), Term::Sum(_)) => {
                let Term::Sum(terms) = self.term(x).clone() else { return x };
                let terms: Vec<(Formula, Number)> = terms.into_iter().map(|(y, q)| (y, times_up(q, coefficient))).collect();
                self.sum_of(&terms)
            }
            _ => {
                powers.sort();
                self.intern(Term::Product(coefficient, powers))
            }
        }
    }
    /// The product of all.
    pub fn times(&mut self, all: &[Formula]) -> Formula {
        let factors: Vec<(Formula, Number)> = all.iter().map(|&x| (x, Number::ONE)).collect();
        self.product(Number::ONE, &factors)
    }
    /// A multiple.
    pub fn scaled(&mut self, c: Number, x: Formula) -> Formula {
        self.product(c, &[(x, Number::ONE)])
    }
    /// A power.
    pub fn power(&mut self, x: Formula, p: Number) -> Formula {
        self.product(Number::ONE, &[(x, p)])
    }
    /// The root.
    pub fn sqrt(&mut self, x: Formula) -> Formula {
        self.power(x, Number::ratio(1, 2))
    }

    /// A term as a multiple of something without a coefficient.
    fn split(&mut self, x: Formula) -> (Number, Formula) {
        match self.term(x).clone() {
            Term::Product(c, inner) => {
                let rest = self.product(Number::ONE, &inner);
                (c, rest)
            }
            _ => (Number::ONE, x),
        }
    }
    /// `Σ c x`, brought into normal form.
    pub(super) fn sum_of(&mut self, terms: &[(Formula, Number)]) -> Formula {
        let mut all: BTreeMap<Formula, Number> = BTreeMap::new();
        let mut open = terms.to_vec();
        while let Some((x, c)) = open.pop() {
            match self.term(x).clone() {
                Term::Unbounded(_) => return x,
                Term::Sum(inner) => open.extend(inner.into_iter().map(|(y, q)| (y, times_up(q, c)))),
                _ => {
                    let (q, rest) = self.split(x);
                    let e = all.entry(rest).or_insert(Number::ZERO);
                    *e = match *e + times_up(q, c) {
                        Number::Float(x) => Number::Float(up(x)),
                        exact => exact,
                    };
                }
            }
        }
        let all: Vec<(Formula, Number)> = all.into_iter().filter(|(_, c)| !c.is_zero()).collect();
        match all.as_slice() {
            [] => self.zero(),
            &[(x, c)] => self.scaled(c, x),
            _ => self.intern(Term::Sum(all)),
        }
    }

    /// The least of all; those that are the least at no made-up data are dropped, which keeps it a bound.
    pub fn min(&mut self, all: &[Formula]) -> Formula {
        let mut flat = vec![];
        for &x in all {
            match self.term(x) {
                Term::Min(inner) => flat.extend(inner.iter().copied()),
                _ => flat.push(x),
            }
        }
        // the shorter first: it stays where both are equal
        flat.sort_by_key(|&x| (self.length[x.0 as usize], x));
        flat.dedup();
        // of numbers the least
        let number = |x: &Formula| self.as_number(*x).map(number_up);
        let least = flat
            .iter()
            .copied()
            .filter(|x| number(x).is_some())
            .min_by(|a, b| number(a).unwrap_or(f64::INFINITY).total_cmp(&number(b).unwrap_or(f64::INFINITY)));
        flat.retain(|x| number(x).is_none() || Some(*x) == least);
        let at = |x: Formula, k: usize| self.trial[x.0 as usize][k];
        let mut kept: Vec<Formula> = (0..POINTS)
            .filter_map(|k| {
                let better = |best: Formula, x: Formula| if at(x, k) < at(best, k) * (1.0 - 1e-9) { x } else { best };
                flat.iter().copied().reduce(better)
            })
            .collect();
        if self.more {
            let larger = |x: Formula, y: Formula| {
                x != y
                    && (0..MORE_POINTS).all(|k| at(x, k) >= at(y, k) * (1.0 - 1e-9))
                    && (0..MORE_POINTS).any(|k| at(x, k) > at(y, k) * (1.0 + 1e-9))
            };
            kept = flat.iter().copied().filter(|&x| !flat.iter().any(|&y| larger(x, y))).take(MORE).collect();
        }
        kept.sort();
        kept.dedup();
        match kept.as_slice() {
            &[x] => x,
            _ => self.intern(Term::Min(kept)),
        }
    }
    /// The largest of all.
    pub fn max(&mut self, all: &[Formula]) -> Formula {
        let mut flat = vec![];
        for &x in all {
            match self.term(x) {
                Term::Unbounded(_) => return x,
                Term::Max(inner) => flat.extend(inner.iter().copied()),
                _ => flat.push(x),
            }
        }
        flat.sort();
        flat.dedup();
        let zero = self.zero();
        if flat.len() > 1 {
            flat.retain(|&x| x != zero);
        }
        match flat.as_slice() {
            &[x] => x,
            _ => self.intern(Term::Max(flat)),
        }
    }
    /// The logarithm; zero below one.
    pub fn log(&mut self, x: Formula) -> Formula {
        match (self.gap(x), self.as_number(x)) {
            (Some(_), _) => x,
            (_, Some(n)) if n.to_f64() <= 1.0 => self.zero(),
            _ => self.intern(Term::Log(x)),
        }
    }
    /// The exponential.
    pub fn exp(&mut self, x: Formula) -> Formula {
        if self.gap(x).is_some() { x } else { self.intern(Term::Exp(x)) }
    }
    /// The spectral norm of a symmetric matrix, of which the lower triangle is given row by row.
    pub fn spectral(&mut self, triangle: Vec<Formula>) -> Formula {
        if let Some(&x) = triangle.iter().find(|&&x| self.gap(x).is_some()) {
            return x;
        }
        let zero = self.zero();
        match triangle.as_slice() {
            &[x] => x,
            all if all.iter().all(|&x| x == zero) => zero,
            _ => self.intern(Term::Spectral(triangle)),
        }
    }
    /// The spectral norm of a matrix of bounds.
    pub fn blocks(&mut self, rows: &[Vec<Formula>]) -> Formula {
        let n = rows.len();
        let width = rows.first().map_or(0, Vec::len);
        if n == width && (0..n).all(|i| (0..i).all(|j| rows[i][j] == rows[j][i])) {
            return self.spectral(rows.iter().enumerate().flat_map(|(i, row)| row[..=i].to_vec()).collect());
        }
        let all = rows.concat();
        match all.iter().find(|&&x| self.gap(x).is_some()) {
            Some(&x) => x,
            None if n == 1 || width == 1 => {
                let squares: Vec<Formula> = all.iter().map(|&x| self.power(x, Number::int(2))).collect();
                let sum = self.sum(&squares);
                self.sqrt(sum)
            }
            None => self.intern(Term::Blocks(width, all)),
        }
    }

    /// All symbols of a formula.
    pub fn symbols(&self, f: Formula) -> Vec<Symbol> {
        let mut out = vec![];
        for x in self.reachable(f) {
            if let Term::Symbol(s) = self.term(x) {
                out.push(s.clone());
            }
        }
        out
    }
    /// All formulas that f is made of, itself last.
    pub(super) fn reachable(&self, f: Formula) -> Vec<Formula> {
        let mut seen = BTreeSet::new();
        let mut stack = vec![f];
        while let Some(x) = stack.pop() {
            if seen.insert(x) {
                stack.extend(children(self.term(x)));
            }
        }
        seen.into_iter().collect()
    }

    /// The value, rounded upwards: no smaller than the exact one if the values of the norms are no smaller than the norms, and
    /// sizes are exact. `None` where a symbol has no value or there is no bound.
    pub fn value(&self, f: Formula, of: &dyn Fn(&Symbol) -> Option<f64>) -> Option<f64> {
        let mut values: HashMap<Formula, f64> = HashMap::new();
        for x in self.reachable(f) {
            let v = self.step(self.term(x), of, &|y| values[&y])?;
            values.insert(x, v);
        }
        values.get(&f).copied()
    }

    fn step(&self, term: &Term, of: &dyn Fn(&Symbol) -> Option<f64>, at: &dyn Fn(Formula) -> f64) -> Option<f64> {
        Some(match term {
            Term::Symbol(s) => of(s)?,
            Term::Product(c, factors) => factors.iter().fold(number_up(*c), |product, &(x, p)| {
                let base = at(x);
                let factor = match p.as_int() {
                    Some(1) => base,
                    Some(k @ 2..=64) => (1..k).fold(base, |y, _| up(y * base)),
                    Some(-1) => up(1.0 / base),
                    _ if p == Number::ratio(1, 2) => up(base.sqrt()),
                    _ if base == 0.0 => 0.0,
                    _ => up2(libm::pow(base, p.to_f64())),
                };
                // no bound at all times zero is zero
                if product == 0.0 || factor == 0.0 { 0.0 } else { up(product * factor) }
            }),
            Term::Sum(terms) => terms.iter().fold(0.0, |sum, &(x, c)| {
                let v = at(x);
                let v = if c.is_one() { v } else { up(number_up(c) * v) };
                if sum == 0.0 { v } else { up(sum + v) }
            }),
            Term::Min(all) => all.iter().map(|&x| at(x)).fold(f64::INFINITY, f64::min),
            Term::Max(all) => all.iter().map(|&x| at(x)).fold(0.0, f64::max),
            Term::Log(x) => up2(libm::log(at(*x).max(1.0))),
            Term::Exp(x) => up2(libm::exp(at(*x))),
            Term::Spectral(triangle) => perron(&triangle.iter().map(|&x| at(x)).collect::<Vec<_>>()),
            Term::Blocks(width, all) => {
                // the root of the norm of N N'
                let rows: Vec<Vec<f64>> = all.chunks(*width).map(|r| r.iter().map(|&x| at(x)).collect()).collect();
                let product = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0, |s, (x, y)| up(s + up(x * y)));
                let square: Vec<f64> =
                    (0..rows.len()).flat_map(|i| (0..=i).map(|j| product(&rows[i], &rows[j])).collect::<Vec<_>>()).collect();
                up(perron(&square).sqrt())
            }
            Term::Unbounded(_) => return None,
        })
    }
}

fn children(term: &Term) -> Vec<Formula> {
    match term {
        Term::Symbol(_) | Term::Unbounded(_) => vec![],
        Term::Product(_, x) | Term::Sum(x) => x.iter().map(|x| x.0).collect(),
        Term::Min(x) | Term::Max(x) | Term::Spectral(x) | Term::Blocks(_, x) => x.clone(),
        Term::Log(x) | Term::Exp(x) => vec![*x],
    }
}

/// The prime factors of n ≥ 1 with their powers; what is left of a very large number is taken for a prime.
fn primes(mut n: i64) -> Vec<(i64, i64)> {
    let mut out = vec![];
    let mut q = 2;
    while q * q <= n && q < 10_000 {
        let mut k = 0;
        while n % q == 0 {
            n /= q;
            k += 1;
        }
        if k > 0 {
            out.push((q, k));
        }
        q += 1;
    }
    if n > 1 {
        out.push((n, 1));
    }
    out
}

/// An upper bound of the spectral norm of a symmetric matrix that is not negative, sharp to rounding: for any positive x it is
/// at most `max (N x)_i / x_i`. Source: Collatz (1942); Horn & Johnson (2013), Matrix Analysis, thm 8.1.26.
fn perron(triangle: &[f64]) -> f64 {
    let n = (0..).find(|n| n * (n + 1) / 2 == triangle.len()).unwrap_or(0);
    let at = |i: usize, j: usize| triangle[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)];
    let apply = |x: &[f64]| -> Vec<f64> { (0..n).map(|i| (0..n).fold(0.0, |s, j| up(s + up(at(i, j) * x[j])))).collect() };
    let largest = triangle.iter().fold(0.0, |m: f64, &x| m.max(x));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let (mut x, mut best) = (vec![1.0; n], f64::INFINITY);
    for _ in 0..200 {
        let y = apply(&x);
        let ratio = (0..n).map(|i| up(y[i] / x[i])).fold(0.0, f64::max);
        best = best.min(ratio);
        // half a step keeps every entry positive and damps oscillation
        let top = y.iter().fold(0.0, |m: f64, &v| m.max(v));
        x = (0..n).map(|i| (0.5 * x[i] + 0.5 * y[i] / top).max(1e-9)).collect();
        let size = x.iter().fold(0.0, |m: f64, &v| m.max(v));
        x.iter_mut().for_each(|v| *v /= size);
    }
    best
}

/// A made-up value of a symbol.
fn trial(s: &Symbol, k: usize) -> f64 {
    match s {
        Symbol::Size(d) => size_trial(d, k),
        Symbol::Pi => std::f64::consts::PI.next_up(),
        // replaced by `Book::norm`, which knows the shape
        Symbol::Norm(..) => f64::INFINITY,
    }
}

/// A made-up size.
pub(super) fn size_trial(d: &Dim, k: usize) -> f64 {
    let name = |n: &str| {
        let mut state = n.bytes().fold(k as u64, |h, b| h.wrapping_mul(131).wrapping_add(u64::from(b)));
        (5 + splitmix::next(&mut state) % 40) as f64
    };
    let monomial =
        |(c, powers): (Number, Vec<(String, u32)>)| powers.iter().fold(c.to_f64(), |v, (n, p)| v * name(n).powi(*p as i32));
    d.monomials().into_iter().map(monomial).sum::<f64>().max(1.0)
}

impl Book {
    /// The symbol of a norm of an expression of that shape, or of a scalar that is not negative. Made-up data are normal random
    /// matrices of several scales, and in some points of rank one.
    pub fn norm(&mut self, norm: Norm, e: Expr, rows: &Dim, cols: &Dim) -> Formula {
        let s = Symbol::Norm(norm, e);
        if let Some(&f) = self.ids.get(&Term::Symbol(s.clone())) {
            return f;
        }
        let f = self.symbol(s);
        self.trial[f.0 as usize] = std::array::from_fn(|k| {
            let (m, n) = (size_trial(rows, k), size_trial(cols, k));
            let mut state = (e.index() * POINTS + k) as u64;
            let scale = 0.5 + (splitmix::next(&mut state) % 1000) as f64 / 500.0;
            let kind = match (k + 1).checked_sub(POINTS) {
                None => Random::Normal,
                Some(0) => Random::RankOne,
                Some(1) => Random::OneRow,
                Some(_) => Random::OneColumn,
            };
            scale * norm.of_random(m, n, kind)
        });
        f
    }
}
