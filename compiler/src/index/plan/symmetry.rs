//! Letters of a product that may change places: what is symmetric needs to be computed only once.
//!
//! A product of factors stays the same under an exchange of letters if the exchange maps its factors onto each other. So
//! `Σ_i w_i X_ij X_ik` is symmetric in j and k: its factors X change places, w stays.

use super::{
    ArrayId,
    order::Letters,
    term::{Factor, LETTERS, Term},
};
use std::collections::{BTreeMap, BTreeSet};

/// For every array the pairs of strides whose axes may change places.
pub(super) type Twins = BTreeMap<ArrayId, BTreeSet<[usize; 2]>>;

/// Where an exchange may take a letter.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    /// Nowhere.
    Fixed,
    /// To a column.
    Row,
    /// To a row.
    Column,
    /// To another that is summed.
    Summed,
}

/// The search for an exchange.
struct Search<'a> {
    factors: &'a [&'a Factor],
    extents: &'a [usize],
    twins: &'a Twins,
    sides: Vec<Side>,
    /// Where each letter goes, as far as that is known.
    map: [Option<u8>; LETTERS],
}

/// Pairs of a row and a column, such that the product of the factors, summed over all letters but those that are kept, stays the same
/// if every row changes places with its column; `None` if there is no such pairing.
pub(super) fn exchange(
    factors: &[&Factor],
    extents: &[usize],
    kept: Letters,
    (rows, cols): (Letters, Letters),
    twins: &Twins,
) -> Option<Vec<[usize; 2]>> {
    let among = |set: Letters| (0..extents.len()).filter(move |l| set >> l & 1 == 1);
    let sizes = |set: Letters| {
        let mut n: Vec<usize> = among(set).map(|l| extents[l]).collect();
        n.sort_unstable();
        n
    };
    if rows == 0 || rows & cols != 0 || sizes(rows) != sizes(cols) {
        return None;
    }
    let side = |l: usize| match (rows >> l & 1 == 1, cols >> l & 1 == 1, kept >> l & 1 == 1) {
        (true, ..) => Side::Row,
        (_, true, _) => Side::Column,
        (.., true) => Side::Fixed,
        _ => Side::Summed,
    };
    let sides = (0..extents.len()).map(side).collect();
    let mut search = Search { factors, extents, twins, sides, map: [None; LETTERS] };
    if !search.place(0, 0) {
        return None;
    }
    among(rows).map(|l| search.map[l].map(|to| [l, usize::from(to)])).collect()
}

impl Search<'_> {
    /// Finds a place for the factors from number k on, given which are taken.
    fn place(&mut self, k: usize, taken: u64) -> bool {
        let Some(&f) = self.factors.get(k) else { return true };
        for (j, g) in self.factors.iter().enumerate().filter(|(_, g)| g.array == f.array && g.offset == f.offset) {
            if taken >> j & 1 == 1 {
                continue;
            }
            // an offset may lie along one of the axes
            let twins = self.twins.get(&f.array).filter(|_| f.offset == 0);
            let variants = twins.into_iter().flatten().map(|pair| Some(*pair));
            for swap in std::iter::once(None).chain(variants) {
                let before = self.map;
                if self.unify(f, g, swap) && self.place(k + 1, taken | 1 << j) {
                    return true;
                }
                self.map = before;
            }
        }
        false
    }

    /// Maps the letters of a factor to those of another, by their strides, two of which may have changed places.
    fn unify(&mut self, f: &Factor, g: &Factor, swap: Option<[usize; 2]>) -> bool {
        let swapped = |s: usize| match swap {
            Some([x, y]) if s == x => y,
            Some([x, y]) if s == y => x,
            _ => s,
        };
        let sorted = |strides: &mut dyn Iterator<Item = (usize, usize)>| {
            let mut list: Vec<(usize, usize)> = strides.filter(|x| x.0 != 0).collect();
            list.sort_unstable();
            list
        };
        let from = sorted(&mut f.strides.iter().enumerate().map(|(l, s)| (swapped(*s), l)));
        let to = sorted(&mut g.strides.iter().enumerate().map(|(l, s)| (*s, l)));
        from.len() == to.len() && from.iter().zip(&to).all(|(x, y)| x.0 == y.0 && self.join(x.1, y.1))
    }

    /// Lets two letters change places.
    fn join(&mut self, l: usize, to: usize) -> bool {
        let fits = match (self.sides[l], self.sides[to]) {
            (Side::Fixed, _) | (_, Side::Fixed) => l == to,
            (Side::Row, other) => other == Side::Column,
            (Side::Column, other) => other == Side::Row,
            (Side::Summed, other) => other == Side::Summed,
        };
        let free = |x: Option<u8>, y: usize| x.is_none_or(|x| usize::from(x) == y);
        if !fits || self.extents[l] != self.extents[to] || !free(self.map[l], to) || !free(self.map[to], l) {
            return false;
        }
        // letters are bits of a word: there are no more than 64
        self.map[l] = Some(to as u8);
        self.map[to] = Some(l as u8);
        true
    }
}

/// The pairs of strides of a target whose axes may change places in all of these terms.
pub(super) fn of_terms(terms: &[Term], twins: &Twins) -> BTreeSet<[usize; 2]> {
    let mut common: Option<BTreeSet<[usize; 2]>> = None;
    for t in terms {
        let kept = t.target.letters();
        let axes: Vec<usize> = (0..t.extents.len()).filter(|l| kept >> l & 1 == 1).collect();
        let factors: Vec<&Factor> = t.factors.iter().collect();
        let mut own = BTreeSet::new();
        for (k, &a) in axes.iter().enumerate() {
            for &b in &axes[k + 1..] {
                let mut pair = [t.target.strides[a], t.target.strides[b]];
                pair.sort_unstable();
                // an array has its axes alike only if all terms reach it alike
                if t.target.offset == 0
                    && t.extents[a] == t.extents[b]
                    && common.as_ref().is_none_or(|c| c.contains(&pair))
                    && exchange(&factors, &t.extents, kept, (1 << a, 1 << b), twins).is_some()
                {
                    own.insert(pair);
                }
            }
        }
        if own.is_empty() {
            return own;
        }
        common = Some(own);
    }
    common.unwrap_or_default()
}
