//! Factors in front of terms: polynomials in the counters, or powers of a number.

use super::linear::{Polynomial, value};
use crate::number::Number;

/// What stands in front of a term.
#[derive(Clone, Debug)]
pub(super) enum Coefficient {
    /// A polynomial in the counters and the place of the term.
    Polynomial(Polynomial),
    /// `factor base^exponent`.
    Power { factor: Number, base: Number, exponent: Polynomial },
}

/// Factors that are powers: `c b^(affine)`.
pub(super) fn power(points: &[(Vec<i64>, Number)]) -> Option<Coefficient> {
    let logs: Vec<(Vec<i64>, Number)> = points.iter().map(|(t, c)| (t.clone(), Number::Float(libm::log(c.to_f64())))).collect();
    if logs.iter().any(|x| !x.1.to_f64().is_finite()) {
        return None;
    }
    let line = through_nearly(&logs)?;
    let slope = |e: &[u32]| e.iter().any(|&x| x > 0);
    let unit = line.iter().filter(|(e, _)| slope(e)).map(|x| x.1.to_f64().abs()).fold(f64::INFINITY, f64::min);
    let constant = line.iter().find(|(e, _)| !slope(e)).map_or(0.0, |x| x.1.to_f64());
    let exponent: Option<Polynomial> = line
        .iter()
        .filter(|(e, _)| slope(e))
        .map(|(e, x)| {
            let n = x.to_f64() / unit;
            ((n - n.round()).abs() < 1e-7).then(|| (e.clone(), Number::int(n.round() as i64)))
        })
        .collect();
    let found = Coefficient::Power { factor: tidy(libm::exp(constant)), base: tidy(libm::exp(unit)), exponent: exponent? };
    let near = |(t, c): &(Vec<i64>, Number)| {
        let ratio = found.at(t).to_f64() / c.to_f64();
        (1.0 - 1e-13..1.0 + 1e-7).contains(&ratio)
    };
    points.iter().all(near).then_some(found)
}

/// The line through logarithms, which are not exact.
fn through_nearly(points: &[(Vec<i64>, Number)]) -> Option<Polynomial> {
    let counters = points.first()?.0.len();
    let first = &points[0];
    let mut out: Polynomial = vec![];
    let mut constant = first.1.to_f64();
    for k in 0..counters {
        // two points that differ in one counter alone
        let pair = points.iter().find_map(|a| {
            let other = |b: &&(Vec<i64>, Number)| b.0[k] != a.0[k] && (0..counters).all(|j| j == k || a.0[j] == b.0[j]);
            points.iter().find(other).map(|b| (b.1.to_f64() - a.1.to_f64()) / (b.0[k] - a.0[k]) as f64)
        });
        let Some(slope) = pair.filter(|s| s.abs() > 1e-9) else { continue };
        let mut e = vec![0; counters];
        e[k] = 1;
        out.push((e, Number::Float(slope)));
        constant -= slope * first.0[k] as f64;
    }
    out.push((vec![0; counters], Number::Float(constant)));
    let near = |(t, y): &(Vec<i64>, Number)| (value(&out, t).to_f64() - y.to_f64()).abs() < 1e-9;
    points.iter().all(near).then_some(out)
}

/// A fraction that is so near that it is meant; else the number, a little larger.
fn tidy(x: f64) -> Number {
    let fraction = (1..=64i64).map(|d| ((x * d as f64).round(), d)).find(|&(n, d)| (n / d as f64 - x).abs() <= 1e-12 * x);
    match fraction {
        Some((n, d)) if n.abs() < 1e15 => Number::ratio(n as i128, i128::from(d)),
        _ => Number::Float(x * (1.0 + 1e-12)),
    }
}

impl Coefficient {
    /// The value at counters and a place.
    pub(super) fn at(&self, t: &[i64]) -> Number {
        match self {
            Coefficient::Polynomial(p) => value(p, t),
            Coefficient::Power { factor, base, exponent } => {
                let e = value(exponent, t).to_f64();
                *factor * Number::Float(libm::pow(base.to_f64(), e))
            }
        }
    }
}
