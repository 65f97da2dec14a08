//! Sums told apart: what is a multiple of something named, and products with common factors, `A X B + A Y B = A (X + Y) B`.

use super::{calculus::Calculus, formula::Formula, norm::Norm};
use crate::{
    expr::{Expr, Graph},
    number::Number,
    ops::{build::Build, mul::MUL, scale::SCALE},
};
use std::collections::BTreeMap;

/// A number and what it multiplies.
fn multiple(g: &Graph, e: Expr) -> (Number, Expr) {
    match g.args_of(e, &SCALE) {
        Some(&[s, x]) => g.as_number(s).map_or((Number::ONE, e), |n| (n, x)),
        _ => (Number::ONE, e),
    }
}

/// The terms of a sum with the numbers in front, through multiples of sums.
fn terms(g: &Graph, e: Expr) -> Option<BTreeMap<Expr, Number>> {
    let mut out: BTreeMap<Expr, Number> = BTreeMap::new();
    let mut open: Vec<(Number, Expr)> = g.terms(e)?.into_iter().map(|t| (Number::ONE, t)).collect();
    while let Some((c, t)) = open.pop() {
        let (n, x) = multiple(g, t);
        match g.terms(x) {
            Some(inner) => open.extend(inner.into_iter().map(|t| (c * n, t))),
            None => {
                let sum = out.entry(x).or_insert(Number::ZERO);
                *sum = *sum + c * n;
            }
        }
    }
    out.retain(|_, n| !n.is_zero());
    Some(out)
}

/// The factors of a product from left to right.
fn factors(g: &Graph, e: Expr) -> Vec<Expr> {
    match g.args_of(e, &MUL) {
        Some(&[a, b]) => [factors(g, a), factors(g, b)].concat(),
        _ => vec![e],
    }
}

impl Calculus {
    /// Bounds of a sum by parts of it, for a search.
    pub(super) fn by_parts(&mut self, g: &mut Graph, u: Expr) -> Vec<(Norm, Formula, String)> {
        let Some(all) = terms(g, u) else { return vec![] };
        let mut out = vec![];
        for e in self.named.clone() {
            let turned = g.transpose(e);
            for (part, flipped) in [(e, false), (turned, true)] {
                let Some(named) = terms(g, part).filter(|t| !t.is_empty() && (part != u || flipped)) else { continue };
                let ratio = |(x, n): (&Expr, &Number)| Some(*all.get(x)? / *n);
                let ratios: Option<Vec<Number>> = named.iter().map(ratio).collect();
                let Some(ratio) = ratios.filter(|r| r.iter().all(|x| *x == r[0])).map(|r| r[0]) else { continue };
                let rest: Vec<Expr> = all
                    .iter()
                    .filter(|(x, _)| !named.contains_key(x))
                    .map(|(&x, &n)| {
                        let n = g.constant(n);
                        g.scale(n, x)
                    })
                    .collect();
                let rest = if rest.is_empty() { None } else { Some(g.sum(&rest)) };
                for norm in Norm::ALL {
                    let symbol = self.symbol(g, e, if flipped { norm.transposed() } else { norm });
                    let mut bound = self.book.scaled(ratio.abs(), symbol);
                    if let Some(rest) = rest {
                        let more = self.norm(g, rest, norm);
                        bound = self.book.sum(&[bound, more]);
                    }
                    out.push((norm, bound, "a multiple of what is named, and the rest".to_owned()));
                }
            }
        }
        out.extend(self.common_factors(g, &all));
        out
    }

    /// The bound of `Σ A X_i B + C` by `‖A‖ ‖Σ X_i‖ ‖B‖ + ‖C‖`.
    fn common_factors(&mut self, g: &mut Graph, all: &BTreeMap<Expr, Number>) -> Option<(Norm, Formula, String)> {
        let mut groups: BTreeMap<(Expr, Expr), Vec<(Expr, Number)>> = BTreeMap::new();
        let mut rest = vec![];
        for (&x, &n) in all {
            // a number in front, and other scalars, stay in the middle
            let (scalar, core) = match g.args_of(x, &SCALE) {
                Some(&[s, y]) => (Some(s), y),
                _ => (None, x),
            };
            match factors(g, core).as_slice() {
                &[left, ref middle @ .., right] if !middle.is_empty() => {
                    let product = middle[1..].iter().fold(middle[0], |product, &f| g.mul(product, f));
                    let product = scalar.map_or(product, |s| g.scale(s, product));
                    groups.entry((left, right)).or_default().push((product, n));
                }
                _ => rest.push((x, n)),
            }
        }
        if groups.values().all(|group| group.len() == 1) {
            return None;
        }
        let sum = |g: &mut Graph, all: &[(Expr, Number)]| {
            let all: Vec<Expr> = all
                .iter()
                .map(|&(x, n)| {
                    let n = g.constant(n);
                    g.scale(n, x)
                })
                .collect();
            g.sum(&all)
        };
        let mut bounds = vec![];
        for ((left, right), middles) in groups {
            let middle = sum(g, &middles);
            let parts = [left, middle, right].map(|x| self.norm(g, x, Norm::Two));
            bounds.push(self.book.times(&parts));
        }
        if !rest.is_empty() {
            let rest = sum(g, &rest);
            bounds.push(self.norm(g, rest, Norm::Two));
        }
        Some((Norm::Two, self.book.sum(&bounds), "‖A X B + A Y B‖ ≤ ‖A‖ ‖X + Y‖ ‖B‖".to_owned()))
    }
}
