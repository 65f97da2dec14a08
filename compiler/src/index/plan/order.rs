//! The order of a contraction: which factors are multiplied first. Exact over all orders up to some number of factors.

use std::collections::BTreeSet;

/// Most factors for which all orders are compared; beyond, the cheapest pair is taken again and again.
const EXACT: usize = 9;

/// Multiplications of a matrix product that the writing of one entry costs as much as.
const WRITE: f64 = 16.0;
/// And the reading of one.
const READ: f64 = 8.0;

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

/// The cost of the product of two factors that is written over those letters.
fn cost(a: Letters, b: Letters, written: Letters, extents: &[f64]) -> f64 {
    volume(a | b, extents) + READ * (volume(a, extents) + volume(b, extents)) + WRITE * volume(written, extents)
}

/// Pairs to multiply, by their places among the factors and, behind them, the products made before; the last pair is the whole.
pub(super) fn order(factors: &[Letters], target: Letters, extents: &[f64]) -> Vec<(usize, usize)> {
    match factors.len() {
        0 | 1 => vec![],
        n if n <= EXACT => exact(factors, target, extents),
        _ => greedy(factors, target, extents),
    }
}

/// What the cheapest order costs, in multiplications.
pub(super) fn total(factors: &[Letters], target: Letters, extents: &[f64]) -> f64 {
    let all = factors.iter().fold(target, |u, f| u | f);
    match factors {
        [] | [_] => (READ + WRITE) * volume(all, extents),
        _ => {
            let n = factors.len();
            let mut letters = factors.to_vec();
            let mut alive = vec![true; n];
            let mut sum = 0.0;
            for (a, b) in order(factors, target, extents) {
                (alive[a], alive[b]) = (false, false);
                let others = (0..letters.len()).filter(|&k| alive[k]).fold(target, |u, k| u | letters[k]);
                let kept = (letters[a] | letters[b]) & others;
                // what was made last is added to the target
                let written = if alive.contains(&true) { kept } else { target };
                sum += cost(letters[a] & (letters[b] | others), letters[b] & (letters[a] | others), written, extents);
                letters.push(kept);
                alive.push(true);
            }
            sum
        }
    }
}

/// The letters that a set of factors shares with the rest or the target, each factor summed over its own before.
fn exact(factors: &[Letters], target: Letters, extents: &[f64]) -> Vec<(usize, usize)> {
    let n = factors.len();
    let all = (1usize << n) - 1;
    let mut union = vec![0; all + 1];
    for set in 1..=all {
        union[set] = union[set & (set - 1)] | factors[set.trailing_zeros() as usize];
    }
    let lefts: Vec<Letters> = (0..=all).map(|set| union[set] & (union[all & !set] | target)).collect();
    let left = |set: usize| lefts[set];
    let reading: Vec<f64> = lefts.iter().map(|l| READ * volume(*l, extents)).collect();
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
        let writing = WRITE * volume(written, extents);
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
    let mut out = vec![];
    unfold(all, &best, n, &mut out);
    out
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

fn greedy(factors: &[Letters], target: Letters, extents: &[f64]) -> Vec<(usize, usize)> {
    let mut letters = factors.to_vec();
    let mut alive: BTreeSet<usize> = (0..factors.len()).collect();
    let mut out = vec![];
    while alive.len() > 1 {
        let mut best = (f64::INFINITY, (0, 0));
        let places: Vec<usize> = alive.iter().copied().collect();
        for (i, &a) in places.iter().enumerate() {
            for &b in &places[i + 1..] {
                let others = places.iter().filter(|&&k| k != a && k != b).fold(target, |u, &k| u | letters[k]);
                let c = cost(letters[a], letters[b], (letters[a] | letters[b]) & others, extents);
                if c < best.0 {
                    best = (c, (a, b));
                }
            }
        }
        let (a, b) = best.1;
        alive.remove(&a);
        alive.remove(&b);
        let others = alive.iter().fold(target, |u, &k| u | letters[k]);
        letters.push((letters[a] | letters[b]) & others);
        alive.insert(letters.len() - 1);
        out.push((a, b));
    }
    out
}
