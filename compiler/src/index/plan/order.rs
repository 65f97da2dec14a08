//! The order of a contraction: which factors are multiplied first. Exact over all orders up to some number of factors.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::{cell::RefCell, collections::BTreeSet};

/// Most factors for which all orders are compared; beyond, the cheapest pair is taken again and again.
const EXACT: usize = 9;
/// Factors that are few enough to be ordered as they are.
const FEW: usize = 6;

/// Multiplications of a matrix product that the writing of one entry costs as much as.
pub(super) const WRITE: f64 = 16.0;
/// And the reading of one.
pub(super) const READ: f64 = 8.0;

/// A set of letters, as bits.
pub(super) type Letters = u64;

/// The product of the extents of a set of letters.
pub(super) fn volume(letters: Letters, extents: &[f64]) -> f64 {
    let (mut rest, mut out) = (letters, 1.0);
    while rest != 0 {
        out *= extents[rest.trailing_zeros() as usize];
        rest &= rest - 1;
    }
    out
}

/// Entries of an array that does not stay near the processor, and how much more its entries cost.
const NEAR: f64 = (1u32 << 18) as f64;
const FAR: f64 = 3.0;

/// What it costs to move so many entries, in entries that are near.
pub(super) fn moved(entries: f64) -> f64 {
    if entries > NEAR { FAR * entries } else { entries }
}

/// The cost of the product of two factors that is written over those letters.
pub(super) fn cost(a: Letters, b: Letters, written: Letters, extents: &[f64]) -> f64 {
    let far = |l: Letters| moved(volume(l, extents));
    volume(a | b, extents) + READ * (far(a) + far(b)) + WRITE * far(written)
}

/// Pairs to multiply, by their places among the factors and, behind them, the products made before; the last pair is the whole.
pub(super) fn order(factors: &[Letters], target: Letters, extents: &[f64]) -> Vec<(usize, usize)> {
    match factors.len() {
        0 | 1 => return vec![],
        2 => return vec![(0, 1)],
        _ => {}
    }
    if let Some(ride) = Ride::of(factors, target, extents) {
        let n = ride.rest.len();
        let place = |k: usize| match k {
            k if k + 1 < n => ride.places[k],
            k => k + 1 + factors.len() - n,
        };
        let pairs = order(&ride.rest, target, extents).into_iter().map(|(a, b)| (place(a), place(b)));
        return std::iter::once(ride.pair).chain(pairs).collect();
    }
    if factors.len() <= EXACT { exact(factors, target, extents) } else { greedy(factors, target, extents).0 }
}

/// What the cheapest order costs, in multiplications.
pub(super) fn total(factors: &[Letters], target: Letters, extents: &[f64]) -> f64 {
    match factors {
        [] | [_] => {
            let all = factors.iter().fold(target, |u, f| u | f);
            (READ + WRITE) * moved(volume(all, extents))
        }
        [a, b] => cost(*a & (b | target), *b & (a | target), target, extents),
        _ => {
            let key = factors.iter().copied().chain([target]).chain(extents.iter().map(|x| x.to_bits())).collect();
            if let Some(known) = KNOWN.with_borrow(|known: &FxHashMap<Key, f64>| known.get(&key).copied()) {
                return known;
            }
            let found = match Ride::of(factors, target, extents) {
                Some(ride) => ride.cost + total(&ride.rest, target, extents),
                None if factors.len() <= EXACT => table(factors, target, extents).1,
                None => greedy(factors, target, extents).1,
            };
            KNOWN.with_borrow_mut(|known| {
                if known.len() > MOST {
                    known.clear();
                }
                known.insert(key, found);
            });
            found
        }
    }
}

/// A factor whose letters another has too: it is multiplied into that one first, so that fewer are left to be ordered.
struct Ride {
    pair: (usize, usize),
    /// The other factors, the product last.
    rest: Vec<Letters>,
    /// Where they stood.
    places: Vec<usize>,
    cost: f64,
}

impl Ride {
    /// A number, always; another factor only if there are many.
    fn of(factors: &[Letters], target: Letters, extents: &[f64]) -> Option<Ride> {
        let few = factors.len() <= FEW;
        let mut best: Option<(f64, usize, usize)> = None;
        for (f, &small) in factors.iter().enumerate().filter(|x| *x.1 == 0 || !few) {
            for (g, &large) in factors.iter().enumerate().filter(|x| x.0 != f && small & !x.1 == 0) {
                let entries = volume(large, extents);
                if best.is_none_or(|b| entries < b.0) {
                    best = Some((entries, f, g));
                }
            }
        }
        let (_, f, g) = best?;
        let places: Vec<usize> = (0..factors.len()).filter(|&k| k != f && k != g).collect();
        let mut rest: Vec<Letters> = places.iter().map(|&k| factors[k]).collect();
        let kept = factors[g] & rest.iter().fold(target, |u, l| u | l);
        rest.push(kept);
        Some(Ride { pair: (f, g), cost: cost(factors[f], factors[g], kept, extents), rest, places })
    }
}

type Key = SmallVec<[u64; 16]>;

thread_local! {
    /// What orders cost, by factors, target and extents: the same questions come up again and again.
    static KNOWN: RefCell<FxHashMap<Key, f64>> = RefCell::default();
}

/// Most of them.
const MOST: usize = 1 << 16;

/// The letters that a set of factors shares with the rest or the target, each factor summed over its own before.
fn exact(factors: &[Letters], target: Letters, extents: &[f64]) -> Vec<(usize, usize)> {
    let n = factors.len();
    let mut out = vec![];
    unfold((1 << n) - 1, &table(factors, target, extents).0, n, &mut out);
    out
}

/// For every set of factors the cost of its cheapest order and the last split; and the cost of the whole.
fn table(factors: &[Letters], target: Letters, extents: &[f64]) -> (Vec<(f64, usize)>, f64) {
    let n = factors.len();
    let all = (1usize << n) - 1;
    let mut union = vec![0; all + 1];
    for set in 1..=all {
        union[set] = union[set & (set - 1)] | factors[set.trailing_zeros() as usize];
    }
    let lefts: Vec<Letters> = (0..=all).map(|set| union[set] & (union[all & !set] | target)).collect();
    let left = |set: usize| lefts[set];
    let reading: Vec<f64> = lefts.iter().map(|l| READ * moved(volume(*l, extents))).collect();
    // the cheapest way to make the product of each set, and its last split
    let mut best: Vec<(f64, usize)> = vec![(f64::INFINITY, 0); all + 1];
    for k in 0..n {
        best[1 << k].0 = 0.0;
    }
    for set in 1..=all {
        if set.count_ones() < 2 {
            continue;
        }
        let lowest = set & set.wrapping_neg();
        // what was made last is added to the target
        let written = if set == all { target } else { left(set) };
        let writing = WRITE * moved(volume(written, extents));
        let mut part = (set - 1) & set;
        while part > 0 {
            // each split once: the part that has the first factor
            if part & lowest != 0 {
                let rest = set & !part;
                let before = best[part].0 + best[rest].0 + reading[part] + reading[rest] + writing;
                if before < best[set].0
                    && let c = before + volume(left(part) | left(rest), extents)
                    && c < best[set].0
                {
                    best[set] = (c, part);
                }
            }
            part = (part - 1) & set;
        }
    }
    let whole = best[all].0;
    (best, whole)
}

/// Writes the pairs that make the product of a set; gives back its place.
fn unfold(set: usize, best: &[(f64, usize)], n: usize, out: &mut Vec<(usize, usize)>) -> usize {
    if set.count_ones() == 1 {
        return set.trailing_zeros() as usize;
    }
    let part = best[set].1;
    let a = unfold(part, best, n, out);
    let b = unfold(set & !part, best, n, out);
    out.push((a, b));
    n + out.len() - 1
}

/// Pairs, and what they cost.
fn greedy(factors: &[Letters], target: Letters, extents: &[f64]) -> (Vec<(usize, usize)>, f64) {
    let mut letters = factors.to_vec();
    let mut alive: BTreeSet<usize> = (0..factors.len()).collect();
    let (mut out, mut sum) = (vec![], 0.0);
    while alive.len() > 1 {
        let mut best = (f64::INFINITY, (0, 0));
        let places: Vec<usize> = alive.iter().copied().collect();
        for (i, &a) in places.iter().enumerate() {
            for &b in &places[i + 1..] {
                let others = places.iter().filter(|&&k| k != a && k != b).fold(target, |u, &k| u | letters[k]);
                let kept = (letters[a] | letters[b]) & others;
                // what was made last is added to the target
                let written = if places.len() == 2 { target } else { kept };
                let c = cost(letters[a] & (letters[b] | others), letters[b] & (letters[a] | others), written, extents);
                if c < best.0 {
                    best = (c, (a, b));
                }
            }
        }
        let (c, (a, b)) = best;
        sum += c;
        alive.remove(&a);
        alive.remove(&b);
        let others = alive.iter().fold(target, |u, &k| u | letters[k]);
        letters.push((letters[a] | letters[b]) & others);
        alive.insert(letters.len() - 1);
        out.push((a, b));
    }
    (out, sum)
}
