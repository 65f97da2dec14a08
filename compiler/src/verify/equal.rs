//! Equations at random points: over a prime field, where equal means equal, and in double precision.
//!
//! A difference in the field alone does not refute: transcendental functions and roots are fixed maps there, and obey no
//! laws. A difference in double precision does.

use super::{
    Found, Settings, Verdict, explain,
    point::Point,
    problem::Problem,
    sizes::{self, Sizes},
};
use crate::{draw::Rng, index::Failure, matrix::Matrix, scalar::Fp};

/// The relative difference up to which numbers agree, and from which they differ.
const AGREE: f64 = 1e-9;
const DIFFER: f64 = 1e-6;
/// A difference is seen at data so near, too, with sides so near; else it is rounding.
const NEARBY: f64 = 1e-9;
const STABLE: f64 = 1e-4;
/// Below this all entries count as rounding.
const FLOOR: f64 = 1e-3;
/// Draws for one point, where data fall outside a domain or rounding decides nothing.
const TRIES: u64 = 8;

/// Two sides at a point.
enum Compared {
    /// They agree, up to this relative difference.
    Same(f64),
    /// They differ.
    Different(String),
}

pub(super) fn decide(p: &Problem, settings: &Settings) -> Found {
    let all = sizes::distinct(p);
    if all.is_empty() {
        return Found::new(Verdict::Error, "no small sizes fit the definitions of the sizes, or the data are too large");
    }
    let mut last = String::new();
    // sizes at which a point can be evaluated; the others are out of range, or too large
    let mut seen = vec![];
    let mut worst: f64 = 0.0;
    for sizes in &all {
        match real(p, sizes, settings, 0) {
            Ok(Compared::Different(why)) => return Found::new(Verdict::Refuted, why),
            Ok(Compared::Same(d)) => {
                worst = worst.max(d);
                seen.push(sizes);
            }
            Err(why) => last = why,
        }
        if seen.len() == 2 {
            break;
        }
    }
    if seen.is_empty() {
        return Found::new(Verdict::Error, last);
    }
    for k in seen.len()..settings.points {
        match real(p, seen[k % seen.len()], settings, k as u64) {
            Ok(Compared::Different(why)) => return Found::new(Verdict::Refuted, why),
            Ok(Compared::Same(d)) => worst = worst.max(d),
            Err(why) => return Found::new(Verdict::Error, why),
        }
    }
    let exact = (0..3).all(|k| in_field(p, seen[k % seen.len()], settings, k as u64));
    let places: Vec<String> = seen.iter().map(|s| explain::sizes(s)).collect();
    let field = if exact { "at 3 points of a prime field and " } else { "" };
    let how = format!("equal {field}at {} points in double precision ({})", settings.points, places.join("; "));
    let how = if exact { how } else { format!("{how}, to {}", bound(worst)) };
    Found::new(Verdict::Holds, how)
}

/// A power of ten above a rounding error, so that machines agree on it.
fn bound(worst: f64) -> String {
    if worst < 1e-12 { "1e-12".to_owned() } else { format!("1e{}", worst.log10().ceil() as i32) }
}

/// Compares in double precision.
///
/// Errors: why no point could be evaluated.
fn real(p: &Problem, sizes: &Sizes, settings: &Settings, k: u64) -> Result<Compared, String> {
    let mut why = "no data were found that keep the assumptions".to_owned();
    for t in 0..TRIES {
        let seed = settings.seed + 1000 * k + t;
        let (point, l, r) = match at(p, sizes, settings, &mut Rng::new(seed)) {
            Ok(found) => found,
            Err(w) => {
                why = w;
                continue;
            }
        };
        let scale = l.data.iter().chain(&r.data).fold(FLOOR, |m: f64, x| m.max(x.abs()));
        let (place, relative) = apart(&l, &r, scale);
        if relative <= AGREE {
            return Ok(Compared::Same(relative));
        }
        let near = at(p, sizes, settings, &mut Rng::near(seed, NEARBY));
        let stable = near.is_ok_and(|(_, a, b)| apart(&l, &a, scale).1 < STABLE && apart(&r, &b, scale).1 < STABLE);
        if relative >= DIFFER && stable {
            return Ok(Compared::Different(refuted(&point, &l, &r, place, seed)));
        }
        why = format!("the sides differ by {relative:.1e}, which may be rounding");
    }
    Err(why)
}

/// Where two matrices are farthest apart, and by how much relative to a scale.
fn apart(a: &Matrix<f64>, b: &Matrix<f64>, scale: f64) -> (usize, f64) {
    let difference = |i: usize| (a.data[i] - b.data[i]).abs();
    let place = (0..a.data.len()).fold(0, |best, i| if difference(i) > difference(best) { i } else { best });
    (place, difference(place) / scale)
}

/// A point with both sides there.
///
/// Errors: why there is none.
fn at(p: &Problem, sizes: &Sizes, settings: &Settings, rng: &mut Rng) -> Result<At, String> {
    let mut point = Point::<f64>::random(p, sizes, rng);
    if !point.settle(p, settings.memory) {
        return Err("no data were found that keep the assumptions".to_owned());
    }
    let (l, r) = point.sides(p, settings.memory).map_err(|f| failure(&f))?;
    if l.data.iter().chain(&r.data).any(|x| !x.is_finite()) {
        return Err("a value is not finite".to_owned());
    }
    Ok((point, l, r))
}

/// A point, and the sides there.
type At = (Point<f64>, Matrix<f64>, Matrix<f64>);

fn refuted(point: &Point<f64>, l: &Matrix<f64>, r: &Matrix<f64>, at: usize, seed: u64) -> String {
    let place = if l.data.len() == 1 { String::new() } else { format!(" in entry ({}, {})", at / l.cols + 1, at % l.cols + 1) };
    let sizes = explain::sizes(&point.sizes);
    format!(
        "left {} and right {}{place}, at {sizes} and random data of seed {seed}",
        explain::number(l.data[at]),
        explain::number(r.data[at])
    )
}

/// Whether both sides agree exactly at a point of the field; false also where a value is not known there.
fn in_field(p: &Problem, sizes: &Sizes, settings: &Settings, k: u64) -> bool {
    let mut rng = Rng::new(settings.seed + 77 + k);
    let mut point = Point::<Fp>::random(p, sizes, &mut rng);
    // inequalities have no meaning in a field
    if !p.rules.is_empty() || point.define(p, settings.memory).is_err() {
        return false;
    }
    point.sides(p, settings.memory).is_ok_and(|(l, r)| l == r)
}

/// A failure in words.
pub(super) fn failure(f: &Failure) -> String {
    match f {
        Failure::MissingData(name) => format!("no data for `{name}`"),
        Failure::MissingSize(d) => format!("the size {d} is not a positive whole number at the sizes that were tried"),
        Failure::Shape { name, .. } => format!("`{name}` has another shape than declared"),
        Failure::Range(text) => format!("a slice is out of range: {text}"),
        Failure::Domain(e) => format!("`{}` is not defined: {}", e.op, e.message),
        Failure::TooLarge { what, .. } => format!("{what} is too large at the sizes that were tried"),
        Failure::Device(text) => text.clone(),
        Failure::NoValues(op) => format!("`{op}` has no values over these numbers"),
    }
}
