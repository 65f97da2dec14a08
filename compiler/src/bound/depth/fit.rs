//! Closed forms of sums of products that grow regularly with counters: exponents that are affine in them, factors that are
//! polynomials or powers, and sums over a counter of their own (geometric sums).

use super::{
    coefficient::{Coefficient, power},
    linear::{Polynomial, before, close, through, value},
    monomial::{Atom, Posynomial},
};
use crate::number::Number;
use std::collections::{BTreeMap, BTreeSet};

/// Degree of factors in the counters.
const DEGREE: u32 = 2;
/// Fewest counters that a form is read off.
const FEWEST: usize = 4;
/// Most terms of one sample: what has more is no short form.
const MOST: usize = 64;
/// Directions in which terms may follow each other that are tried.
const DIRECTIONS: usize = 8;

/// What is raised to a power.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Base {
    /// A name: what depends on the counters is its exponent.
    Plain(String),
    /// A power of an element of a sequence: what depends on the counters is its place.
    Element(usize, Number),
}

/// A factor of all terms.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    pub(super) base: Base,
    /// The exponent or place of the first term.
    pub(super) start: Polynomial,
    /// How much larger it is from term to term.
    pub(super) step: Number,
}

/// `Σ_k c Π x^(start + k step)`, k from 0 up to below the length.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub(super) coefficient: Coefficient,
    pub(super) factors: Vec<Factor>,
    pub(super) length: Polynomial,
}

/// A sum of families.
pub(super) type Closed = Vec<Family>;

/// What was seen at some counters.
pub(super) type Sample = (Vec<i64>, Posynomial);

/// One term: exponents and places, and the factor in front.
type Point = (Vec<Number>, Number);

/// Terms that follow each other.
type Chain = Vec<Point>;

/// The closed form that all samples have; `None` if none is found.
pub(super) fn fit(samples: &[Sample]) -> Option<Closed> {
    if samples.iter().any(|s| s.1.len() > MOST) {
        return None;
    }
    let names: BTreeSet<&String> = samples
        .iter()
        .flat_map(|s| s.1.keys())
        .flat_map(|p| p.keys())
        .filter_map(|a| match a {
            Atom::Plain(n) => Some(n),
            Atom::Element(..) => None,
        })
        .collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    // terms with the same powers of elements of the same sequences are compared
    let mut kinds: BTreeMap<Vec<Base>, Vec<Vec<Point>>> = BTreeMap::new();
    for (k, (_, terms)) in samples.iter().enumerate() {
        for (powers, &c) in terms {
            let mut at: Vec<Number> =
                names.iter().map(|n| powers.get(&Atom::Plain(n.clone())).copied().unwrap_or(Number::ZERO)).collect();
            let mut kind = vec![];
            for (a, p) in powers {
                if let Atom::Element(sequence, place) = a {
                    kind.push(Base::Element(*sequence, *p));
                    at.push(Number::int(*place));
                }
            }
            kinds.entry(kind).or_insert_with(|| vec![vec![]; samples.len()])[k].push((at, c));
        }
    }
    let mut out = vec![];
    for (kind, points) in kinds {
        let bases: Vec<Base> = names.iter().cloned().map(Base::Plain).chain(kind).collect();
        let counters: Vec<&[i64]> = samples.iter().map(|s| s.0.as_slice()).collect();
        out.extend(of_kind(&counters, &points, &bases)?);
    }
    Some(out)
}

fn difference(a: &[Number], b: &[Number]) -> Vec<Number> {
    a.iter().zip(b).map(|(&x, &y)| x + -y).collect()
}

fn of_kind(counters: &[&[i64]], points: &[Vec<Point>], bases: &[Base]) -> Option<Closed> {
    let most = points.iter().max_by_key(|p| p.len())?;
    let mut counts: BTreeMap<Vec<Number>, usize> = BTreeMap::new();
    for a in most {
        for b in most.iter().filter(|b| before(&a.0, &b.0).is_lt()) {
            *counts.entry(difference(&b.0, &a.0)).or_default() += 1;
        }
    }
    let mut directions: Vec<(Vec<Number>, usize)> = counts.into_iter().collect();
    let size = |d: &[Number]| d.iter().map(|x| x.to_f64().abs()).sum::<f64>();
    directions.sort_by(|a, b| b.1.cmp(&a.1).then(size(&a.0).total_cmp(&size(&b.0))));
    directions.truncate(DIRECTIONS);
    let none = vec![Number::ZERO; bases.len()];
    let all = [none].into_iter().chain(directions.into_iter().map(|d| d.0));
    // each term on its own, else as chains, of which the ends may be apart
    all.flat_map(|d| [(false, false), (true, false), (false, true), (true, true)].map(|ends| (d.clone(), ends)))
        .filter(|(d, ends)| !d.iter().all(|x| x.is_zero()) || *ends == (false, false))
        .find_map(|(d, ends)| {
            let chains: Vec<[Vec<Chain>; 3]> = points.iter().map(|p| chains(p, &d, ends)).collect();
            let counts = |c: &[Vec<Chain>; 3]| [0, 1, 2].map(|part| c[part].len());
            // where a sum is empty there are fewer
            let full = chains.iter().map(counts).max()?;
            let seen: Vec<usize> = (0..chains.len()).filter(|&s| counts(&chains[s]) == full).collect();
            if seen.len() < FEWEST.min(chains.len()) {
                return None;
            }
            let mut out = vec![];
            let places = full.into_iter().enumerate().flat_map(|(part, count)| (0..count).map(move |k| (part, k)));
            for (part, k) in places {
                let same: Vec<(&[i64], &Chain)> = seen.iter().map(|&s| (counters[s], &chains[s][part][k])).collect();
                out.push(family(&same, &d, bases)?);
            }
            let exact = |(t, p): (&&[i64], &Vec<Point>)| written_out(&out, t, bases).is_some_and(|w| same_terms(&w, p));
            counters.iter().zip(points).all(exact).then_some(out)
        })
}

/// The terms of families at some counters; `None` if a length is no whole number from 0 on.
fn written_out(all: &Closed, t: &[i64], bases: &[Base]) -> Option<BTreeMap<Vec<Number>, Number>> {
    let mut out: BTreeMap<Vec<Number>, Number> = BTreeMap::new();
    for f in all {
        let length = value(&f.length, t).as_int().filter(|n| *n >= 0)?;
        for k in 0..length {
            let mut at = vec![Number::ZERO; bases.len()];
            for x in &f.factors {
                let place = (0..bases.len()).find(|&b| bases[b] == x.base && at[b].is_zero())?;
                at[place] = value(&x.start, t) + x.step * Number::int(k);
            }
            let here: Vec<i64> = t.iter().copied().chain([k]).collect();
            let sum = out.entry(at).or_insert(Number::ZERO);
            *sum = *sum + f.coefficient.at(&here);
        }
    }
    out.retain(|_, c| !c.is_zero());
    Some(out)
}

/// Whether these are the terms; powers are a little too large.
fn same_terms(written: &BTreeMap<Vec<Number>, Number>, points: &[Point]) -> bool {
    let near = |a: Number, b: Number| close(a, b) || (1.0..1.0 + 1e-6).contains(&(a.to_f64() / b.to_f64()));
    written.len() == points.len() && points.iter().all(|(at, c)| written.get(at).is_some_and(|x| near(*x, *c)))
}

/// The terms in chains along a direction; first and last terms apart where that is asked for.
fn chains(points: &[Point], d: &[Number], ends: (bool, bool)) -> [Vec<Chain>; 3] {
    let all: BTreeMap<&Vec<Number>, Number> = points.iter().map(|(at, c)| (at, *c)).collect();
    let follows = d.iter().any(|x| !x.is_zero());
    let mut out: [Vec<Chain>; 3] = Default::default();
    for at in all.keys() {
        if follows && all.contains_key(&difference(at, d)) {
            continue;
        }
        let mut chain = vec![];
        let mut here = (*at).clone();
        while let Some(&c) = all.get(&here) {
            chain.push((here.clone(), c));
            if !follows {
                break;
            }
            here.iter_mut().zip(d).for_each(|(x, y)| *x = *x + *y);
        }
        if ends.0 && chain.len() > 1 {
            out[1].push(vec![chain.remove(0)]);
        }
        if ends.1 && chain.len() > 1 {
            out[2].extend(chain.pop().map(|p| vec![p]));
        }
        out[0].push(chain);
    }
    // so that chains at other counters come in the same order
    out.iter_mut().for_each(|part| part.sort_by(|a, b| before(&a[0].0, &b[0].0)));
    out
}

/// What the chains at all counters are.
fn family(chains: &[(&[i64], &Chain)], d: &[Number], bases: &[Base]) -> Option<Family> {
    let affine = |y: &dyn Fn(&Chain) -> Number| {
        let points: Vec<(Vec<i64>, Number)> = chains.iter().map(|(t, c)| (t.to_vec(), y(c))).collect();
        through(&points, 1)
    };
    let length = affine(&|c| Number::int(c.len() as i64))?;
    let mut factors = vec![];
    for (k, base) in bases.iter().enumerate() {
        let start = affine(&|c| c[0].0[k])?;
        let step = d[k];
        // a name that is nowhere has no place
        if !(matches!(base, Base::Plain(_)) && start.is_empty() && step.is_zero()) {
            factors.push(Factor { base: base.clone(), start, step });
        }
    }
    let mut points = vec![];
    for (t, chain) in chains {
        for (k, (_, c)) in chain.iter().enumerate() {
            points.push((t.iter().copied().chain([k as i64]).collect::<Vec<i64>>(), *c));
        }
    }
    let single = length.len() == 1 && length[0].1.is_one() && length[0].0.iter().all(|&e| e == 0);
    factors.iter_mut().filter(|_| single).for_each(|f| f.step = Number::ZERO);
    let coefficient = match through(&points, DEGREE) {
        // as many unknowns as terms say nothing
        Some(p) if p.len() < points.len() || p.len() == 1 => Coefficient::Polynomial(p),
        _ => power(&points)?,
    };
    Some(Family { coefficient, factors, length })
}

/// The value of a closed form at counters; elements of sequences by their place.
pub(super) fn evaluate(
    closed: &Closed,
    t: &[i64],
    plain: &dyn Fn(&str) -> Option<f64>,
    element: &dyn Fn(usize, i64) -> Option<f64>,
) -> Option<f64> {
    let mut sum = 0.0;
    for f in closed {
        let length = value(&f.length, t).as_int().unwrap_or(0);
        for k in 0..length.max(0) {
            let at: Vec<i64> = t.iter().copied().chain([k]).collect();
            let mut term = f.coefficient.at(&at).to_f64();
            for x in &f.factors {
                let here = value(&x.start, t) + x.step * Number::int(k);
                term *= match &x.base {
                    Base::Plain(n) => libm::pow(plain(n)?, here.to_f64()),
                    Base::Element(sequence, p) => libm::pow(element(*sequence, here.as_int()?)?, p.to_f64()),
                };
            }
            sum += term;
        }
    }
    Some(sum)
}
