//! Sizes to try: all different, so that a formula that mistakes one for another is found out.

use super::problem::Problem;
use crate::{dim::Dim, draw::Rng};
use std::collections::BTreeMap;

/// Orders in which small different numbers are given to the names.
const DISTINCT: [[usize; 6]; 8] = [
    [3, 4, 2, 5, 7, 6],
    [2, 3, 5, 4, 6, 7],
    [4, 2, 3, 7, 5, 6],
    [5, 3, 4, 2, 7, 6],
    [4, 6, 3, 2, 5, 7],
    [8, 6, 4, 2, 12, 10],
    [11, 13, 12, 14, 16, 15],
    [25, 23, 24, 22, 27, 26],
];
/// Numbers for sizes that need not differ.
const SMALL: [usize; 7] = [1, 2, 2, 3, 4, 5, 7];
/// Entries that one array of a problem may have.
const LARGEST: usize = 1 << 22;

/// Values of all sizes by name.
pub(super) type Sizes = BTreeMap<String, usize>;

/// Whether every extent is a positive whole number, and no array of data too large.
pub(super) fn fit(p: &Problem, sizes: &Sizes) -> bool {
    let size = |n: &str| sizes.get(n).copied();
    let within = |d: &Dim| d.eval(&size).is_some_and(|n| (1..=LARGEST).contains(&n));
    p.extents.iter().all(within) && p.free.iter().all(|f| within(&f.shape.len()))
}

/// Sizes that all differ, in several ways; none for a problem without sizes but the empty one.
pub(super) fn distinct(p: &Problem) -> Vec<Sizes> {
    if p.sizes.is_empty() {
        return [Sizes::new()].into_iter().filter(|s| fit(p, s)).collect();
    }
    let table = |row: &[usize; 6]| -> Sizes {
        let value = |k: usize| row.get(k).copied().unwrap_or(k + 2);
        p.sizes.iter().enumerate().map(|(k, n)| (n.clone(), value(k))).collect()
    };
    DISTINCT.iter().map(table).filter(|s| fit(p, s)).collect()
}

/// Random small sizes, equal ones allowed; fewer where none fit.
pub(super) fn random(p: &Problem, rng: &mut Rng) -> Option<Sizes> {
    (0..20).map(|_| p.sizes.iter().map(|n| (n.clone(), SMALL[rng.below(SMALL.len())])).collect()).find(|s: &Sizes| fit(p, s))
}

/// How many numbers a program touches at these sizes, roughly.
pub(super) fn cost(p: &Problem, sizes: &Sizes) -> usize {
    let size = |n: &str| sizes.get(n).copied();
    let entries = |shape: &[Dim]| shape.iter().fold(1usize, |n, d| n.saturating_mul(d.eval(&size).unwrap_or(1)));
    p.sides.tensors.iter().map(|t| entries(&t.shape)).fold(0, usize::saturating_add)
}
