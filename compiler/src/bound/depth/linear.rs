//! Exact fits: polynomials of low degree through numbers at whole points.

use crate::number::Number;
use std::cmp::Ordering;

/// Numbers that are no more apart than this are equal; fractions are compared exactly.
const CLOSE: f64 = 1e-11;

/// Whether they are the same number.
pub(super) fn close(a: Number, b: Number) -> bool {
    match (a, b) {
        (Number::Ratio(..), Number::Ratio(..)) => a == b,
        _ => (a.to_f64() - b.to_f64()).abs() <= CLOSE * a.to_f64().abs().max(b.to_f64().abs()),
    }
}

/// The order of exponents by their values, name by name.
pub(super) fn before(a: &[Number], b: &[Number]) -> Ordering {
    let all = a.iter().zip(b).map(|(x, y)| x.compare(*y));
    all.into_iter().find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// A polynomial: exponents of the counters, and the factor; nothing for zero.
pub(super) type Polynomial = Vec<(Vec<u32>, Number)>;

/// The value at a point.
pub(super) fn value(p: &Polynomial, t: &[i64]) -> Number {
    p.iter().fold(Number::ZERO, |sum, (powers, c)| sum + *c * product(powers, t))
}

fn product(powers: &[u32], t: &[i64]) -> Number {
    powers.iter().zip(t).fold(Number::ONE, |x, (&e, &v)| x * Number::int(v).powi(i64::from(e)))
}

/// The exponents of all products of so many counters up to a degree, the simplest first.
fn products(counters: usize, degree: u32) -> Vec<Vec<u32>> {
    let mut out = vec![vec![0; counters]];
    for _ in 0..degree {
        for x in out.clone() {
            for k in 0..counters {
                let mut y = x.clone();
                y[k] += 1;
                if !out.contains(&y) {
                    out.push(y);
                }
            }
        }
    }
    out
}

/// The polynomial of the least degree up to that one which goes through all points; `None` if there is none.
pub(super) fn through(points: &[(Vec<i64>, Number)], degree: u32) -> Option<Polynomial> {
    let counters = points.first()?.0.len();
    (0..=degree).find_map(|d| {
        let basis = products(counters, d);
        let found = solve(points, &basis)?;
        points.iter().all(|(t, y)| close(value(&found, t), *y)).then_some(found)
    })
}

/// Gaussian elimination; unknowns that the points leave open are zero.
fn solve(points: &[(Vec<i64>, Number)], basis: &[Vec<u32>]) -> Option<Polynomial> {
    let mut rows: Vec<Vec<Number>> =
        points.iter().map(|(t, y)| basis.iter().map(|b| product(b, t)).chain([*y]).collect()).collect();
    let mut pivots = vec![];
    for column in 0..basis.len() {
        let done = pivots.len();
        // the matrix is of whole numbers, so that zero is exactly that
        let Some(at) = (done..rows.len()).find(|&r| !rows[r][column].is_zero()) else { continue };
        rows.swap(done, at);
        let scale = rows[done][column];
        rows[done].iter_mut().for_each(|x| *x = *x / scale);
        let row = rows[done].clone();
        for (r, other) in rows.iter_mut().enumerate() {
            if r != done && !other[column].is_zero() {
                let factor = -other[column];
                other.iter_mut().zip(&row).for_each(|(x, y)| *x = *x + factor * *y);
            }
        }
        pivots.push(column);
    }
    let last = basis.len();
    let term = |(r, &column): (usize, &usize)| (basis[column].clone(), rows[r][last]);
    Some(pivots.iter().enumerate().map(term).filter(|(_, c)| !c.is_zero()).collect())
}
