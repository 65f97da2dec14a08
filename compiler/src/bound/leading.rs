//! The leading term of a bound as sizes grow and norms stay.

use super::formula::{Book, Formula, Symbol, Term};
use crate::number::Number;

impl Book {
    /// How fast a bound grows: its power of a common size of which all sizes are multiples.
    pub fn degree(&self, f: Formula) -> f64 {
        let all = |x: &[Formula]| x.iter().map(|&x| self.degree(x)).collect::<Vec<f64>>();
        match self.term(f) {
            Term::Symbol(Symbol::Size(d)) => f64::from(d.degree()),
            Term::Product(_, factors) => factors.iter().map(|&(x, p)| self.degree(x) * p.to_f64()).sum(),
            Term::Sum(terms) => terms.iter().map(|&(x, _)| self.degree(x)).fold(f64::NEG_INFINITY, f64::max),
            Term::Min(x) => all(x).into_iter().fold(f64::INFINITY, f64::min),
            Term::Max(x) | Term::Spectral(x) | Term::Blocks(_, x) => all(x).into_iter().fold(f64::NEG_INFINITY, f64::max),
            _ => 0.0,
        }
    }

    /// What is left of a bound as all sizes grow alike: of sums and maxima the terms of the highest degree, of minima the lowest.
    pub fn leading(&mut self, f: Formula) -> Formula {
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        match self.term(f).clone() {
            Term::Product(c, factors) => {
                let factors: Vec<(Formula, Number)> = factors.into_iter().map(|(x, p)| (self.leading(x), p)).collect();
                self.product(c, &factors)
            }
            Term::Sum(terms) => {
                let top = self.degree(f);
                let kept: Vec<(Formula, Number)> = terms.into_iter().filter(|(x, _)| close(self.degree(*x), top)).collect();
                let kept: Vec<Formula> = kept
                    .into_iter()
                    .map(|(x, c)| {
                        let x = self.leading(x);
                        self.scaled(c, x)
                    })
                    .collect();
                self.sum(&kept)
            }
            Term::Min(all) => {
                let low = self.degree(f);
                let kept: Vec<Formula> = all.into_iter().filter(|&x| close(self.degree(x), low)).collect();
                let kept: Vec<Formula> = kept.into_iter().map(|x| self.leading(x)).collect();
                self.min(&kept)
            }
            Term::Max(all) => {
                let top = self.degree(f);
                let kept: Vec<Formula> = all.into_iter().filter(|&x| close(self.degree(x), top)).collect();
                let kept: Vec<Formula> = kept.into_iter().map(|x| self.leading(x)).collect();
                self.max(&kept)
            }
            Term::Spectral(all) => {
                let all: Vec<Formula> = all.into_iter().map(|x| self.leading(x)).collect();
                self.spectral(all)
            }
            Term::Blocks(width, all) => {
                let all: Vec<Formula> = all.into_iter().map(|x| self.leading(x)).collect();
                let rows: Vec<Vec<Formula>> = all.chunks(width).map(<[Formula]>::to_vec).collect();
                self.blocks(&rows)
            }
            _ => f,
        }
    }
}
