//! Inequalities: random data of several kinds and scales, then steps uphill from the tightest, always under the assumptions.
//!
//! What is looked for is a small ratio of the larger side to the smaller: below one the claim is refuted.

use super::{
    Found, Settings, Verdict,
    equal::failure,
    explain,
    point::{Point, extent},
    problem::{Named, Problem},
    sizes::{self, Sizes},
};
use crate::{
    draw::{Rng, with_facts},
    expr::{Fact, Facts},
    matrix::Matrix,
};

/// A violation is larger than rounding: relative to the sides, and absolute.
const RELATIVE: f64 = 1e-9;
const ABSOLUTE: f64 = 1e-8;
/// A ratio that nobody takes for rounding, and the steps that are taken to it from a violation.
const CLEAR: f64 = 0.9;
const PLAIN: usize = 60;
/// Ratios that are looked at longer, and how often.
const ATTAINED: f64 = 1.0005;
const NEAR: f64 = 2.0;
const MORE: usize = 2;
/// A violation is seen at data so near, with a value so near.
const NEARBY: f64 = 1e-9;
const STABLE: f64 = 1e-3;
/// Numbers that all evaluations of one claim may touch.
const WORK: usize = 6_000_000;
/// The tightest draws from which steps are taken.
const STARTS: usize = 3;
/// Scales of drawn arrays.
const SCALES: [f64; 9] = [1.0, 1.0, 1.0, 0.3, 3.0, 0.1, 10.0, 0.01, 100.0];

/// Data before what is assumed of them is made true.
#[derive(Clone)]
struct Raw {
    sizes: Sizes,
    values: Named<Matrix<f64>>,
}

/// Data that keep the assumptions, and the sides there.
#[derive(Clone)]
struct Tried {
    raw: Raw,
    point: Point<f64>,
    small: f64,
    large: f64,
    strict: bool,
}

impl Tried {
    /// The larger side over the smaller.
    fn ratio(&self) -> f64 {
        match self.small {
            s if s > 0.0 => self.large / s,
            _ if self.large >= self.small => f64::INFINITY,
            s => s / self.large,
        }
    }
    fn violates(&self) -> bool {
        let gap = self.small - self.large;
        if self.strict && gap >= 0.0 {
            return true;
        }
        gap > RELATIVE * self.small.abs().max(self.large.abs()) && gap > ABSOLUTE
    }
}

pub(super) fn decide(p: &Problem, settings: &Settings) -> Found {
    let mut rng = Rng::new(settings.seed);
    let different = sizes::distinct(p);
    let mut count = 0;
    let mut why = "no small sizes fit the definitions of the sizes, or the data are too large".to_owned();
    let mut best: Vec<Tried> = vec![];
    let fixed = p.free.is_empty();
    let mut work = 0usize;
    for k in 0..if fixed { 1 } else { settings.draws } {
        // first the sizes that all differ, then any
        let sizes = match different.get(k / 4) {
            Some(s) if k < 8 => s.clone(),
            _ => match sizes::random(p, &mut rng).or_else(|| different.first().cloned()) {
                Some(s) => s,
                None => break,
            },
        };
        work = work.saturating_add(sizes::cost(p, &sizes) + 1000);
        if work > WORK / 2 && count >= 40 {
            break;
        }
        let raw = random(p, &sizes, k < 8, &mut rng);
        match evaluate(p, raw, settings) {
            Ok(t) => {
                count += 1;
                if t.violates() {
                    return refuted(p, t, settings, &mut rng);
                }
                best.push(t);
                best.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
                best.truncate(STARTS);
            }
            Err(w) => why = w,
        }
    }
    if count == 0 {
        return Found::new(Verdict::Error, why);
    }
    if fixed {
        let t = &best[0];
        let how = format!("{} <= {} at the assumed data", explain::number(t.small), explain::number(t.large));
        return Found::new(Verdict::NotRefuted, how);
    }
    let (mut steps, mut smallest) = (0, f64::INFINITY);
    let starts = best.len().max(1);
    for mut t in best.clone() {
        let cost = sizes::cost(p, &t.point.sizes) + 1000;
        let budget = (settings.steps / starts).min(WORK / 2 / starts / cost).max(30);
        steps += budget;
        climb(p, &mut t, budget, settings, &mut rng);
        // what comes near without being attained is worth more
        for _ in 0..MORE {
            if t.violates() || !(ATTAINED..NEAR).contains(&t.ratio()) {
                break;
            }
            steps += budget;
            climb(p, &mut t, budget, settings, &mut rng);
        }
        if t.violates() {
            return refuted(p, t, settings, &mut rng);
        }
        smallest = smallest.min(t.ratio());
    }
    let how = format!("{count} draws and {steps} steps uphill; smallest ratio right / left {}", ratio(smallest));
    Found::new(Verdict::NotRefuted, how)
}

/// A ratio with three digits, never rounded below one.
fn ratio(r: f64) -> String {
    match r {
        r if !r.is_finite() => "infinite".to_owned(),
        r if r < 1e4 => format!("{:.3}", (r * 1000.0).floor().max(1000.0) / 1000.0),
        r => format!("{r:.2e}"),
    }
}

/// The violation, after a few more steps that make it plain.
fn refuted(p: &Problem, mut t: Tried, settings: &Settings, rng: &mut Rng) -> Found {
    if !p.free.is_empty() {
        climb(p, &mut t, PLAIN, settings, rng);
    }
    let (small, large) = (explain::number(t.small), explain::number(t.large));
    let sign = if small == large { "=" } else { ">" };
    let (sizes, data) = (explain::sizes(&t.point.sizes), explain::data(&t.point.values));
    let how = format!("left {small} {sign} right {large}, at {sizes} and {data}");
    Found::new(Verdict::Refuted, how)
}

/// The sides at data.
///
/// Errors: why there is no value, or none but rounding.
fn evaluate(p: &Problem, raw: Raw, settings: &Settings) -> Result<Tried, String> {
    let t = sides(p, raw, settings)?;
    let gap = t.small - t.large;
    if gap > RELATIVE * t.small.abs().max(t.large.abs()) && gap <= ABSOLUTE {
        return Err("a side is all rounding".to_owned());
    }
    if t.violates() && !p.free.is_empty() {
        // a value that is all rounding is another one close by
        let mut rng = Rng::new(settings.seed + 5);
        let mut near = t.raw.clone();
        for m in near.values.values_mut() {
            m.data.iter_mut().for_each(|x| *x *= 1.0 + NEARBY * (rng.unit() - 0.5));
        }
        let near = sides(p, near, settings)?;
        if (near.small - t.small).abs() > STABLE * t.small.abs().max(t.large.abs()) {
            return Err("a side is all rounding".to_owned());
        }
    }
    Ok(t)
}

/// The sides at data, rounding or not.
///
/// Errors: why there is no value.
fn sides(p: &Problem, raw: Raw, settings: &Settings) -> Result<Tried, String> {
    let mut values = raw.values.clone();
    for f in &p.free {
        if let Some(m) = values.get_mut(&f.name) {
            *m = with_facts(signed(m, f.facts), f.facts);
        }
    }
    let mut point = Point { sizes: raw.sizes.clone(), values };
    if !point.settle(p, settings.memory) {
        return Err("no data were found that keep the assumptions".to_owned());
    }
    let (l, r) = point.sides(p, settings.memory).map_err(|f| failure(&f))?;
    let (small, large) = (l.data[0], r.data[0]);
    if !small.is_finite() || !large.is_finite() {
        return Err("a side is not finite".to_owned());
    }
    Ok(Tried { raw, point, small, large, strict: p.strict })
}

/// The entries with the sign that the facts ask for.
fn signed(m: &Matrix<f64>, facts: Facts) -> Matrix<f64> {
    match () {
        () if facts.has(Fact::Positive) => m.map(|x| x.abs() + 1e-9),
        () if facts.has(Fact::NonNegative) => m.map(f64::abs),
        () if facts.has(Fact::RowStochastic) => m.map(|x| x.abs() + 1e-12),
        () => m.clone(),
    }
}

/// Data of random kinds and scales, in some draws one scale for all parameters; plain normal numbers if `plain`.
fn random(p: &Problem, sizes: &Sizes, plain: bool, rng: &mut Rng) -> Raw {
    let mut values = Named::new();
    let common = (rng.below(2) == 0).then(|| SCALES[rng.below(SCALES.len())]);
    for f in &p.free {
        let (rows, cols) = extent(&f.shape, sizes);
        let own = SCALES[rng.below(SCALES.len())];
        let scale = match common {
            _ if plain => 1.0,
            Some(s) if f.param => s,
            _ => own,
        };
        let kind = if plain { 0 } else { rng.below(9) };
        values.insert(f.name.clone(), kind_of(kind, rows, cols, rng).map(|x| x * scale));
    }
    Raw { sizes: sizes.clone(), values }
}

/// An array of a kind: normal, equal rows, rank one, a one in every row, few entries, constant, signs, nearly the identity.
fn kind_of(kind: usize, rows: usize, cols: usize, rng: &mut Rng) -> Matrix<f64> {
    let normals = |n: usize, rng: &mut Rng| -> Vec<f64> { (0..n).map(|_| rng.normal()).collect() };
    match kind {
        1 => {
            let row = normals(cols, rng);
            Matrix::from_fn(rows, cols, |_, j| row[j])
        }
        2 => {
            let (u, v) = (normals(rows, rng), normals(cols, rng));
            Matrix::from_fn(rows, cols, |i, j| u[i] * v[j])
        }
        3 => {
            let at: Vec<usize> = (0..rows).map(|_| rng.below(cols)).collect();
            Matrix::from_fn(rows, cols, |i, j| f64::from(u8::from(at[i] == j)))
        }
        4 => Matrix::from_fn(rows, cols, |_, _| if rng.below(3) == 0 { rng.normal() } else { 0.0 }),
        5 => Matrix::from_fn(rows, cols, |_, _| 1.0),
        6 => Matrix::from_fn(rows, cols, |_, _| if rng.below(2) == 0 { 1.0 } else { -1.0 }),
        7 => Matrix::from_fn(rows, cols, |i, j| f64::from(u8::from(i == j)) + 0.01 * rng.normal()),
        _ => Matrix::from_fn(rows, cols, |_, _| rng.normal()),
    }
}

/// Steps that make the ratio smaller are kept; their length follows success.
fn climb(p: &Problem, t: &mut Tried, steps: usize, settings: &Settings, rng: &mut Rng) {
    let mut length = 0.3;
    for _ in 0..steps {
        let mut raw = t.raw.clone();
        step(&mut raw, length, rng);
        let better = evaluate(p, raw, settings).ok().filter(|n| n.ratio() < t.ratio());
        match better {
            Some(n) => {
                *t = n;
                if t.ratio() < CLEAR {
                    return;
                }
                length = (length * 1.6f64).min(2.0);
            }
            None => length = (length * 0.93f64).max(1e-4),
        }
    }
}

/// A random step: all entries, one entry, or the scale of some of the arrays.
fn step(raw: &mut Raw, length: f64, rng: &mut Rng) {
    let count = raw.values.len();
    let chosen = rng.below(count + 1);
    for (k, m) in raw.values.values_mut().enumerate() {
        if chosen != count && chosen != k {
            continue;
        }
        let size = (m.data.iter().map(|x| x * x).sum::<f64>() / m.data.len() as f64).sqrt().max(1e-3);
        match rng.below(4) {
            0 => {
                let at = rng.below(m.data.len());
                m.data[at] += 2.0 * length * size * rng.normal();
            }
            1 => {
                let factor = (2.0 * length * rng.normal()).exp();
                *m = m.map(|x| x * factor);
            }
            _ => m.data.iter_mut().for_each(|x| *x += length * size * rng.normal()),
        }
    }
}
