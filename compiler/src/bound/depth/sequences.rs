//! Sums that grow from layer to layer: `h(q) = M h(q - 1) + b`.

use crate::{
    bound::formula::{Book, Formula, Term},
    number::Number,
};
use std::collections::{BTreeMap, BTreeSet};

/// How a sum is made of another: its terms, each with its factor in front, its factors but that sum, and the power of that sum.
type Link = Vec<(Number, Vec<(Formula, Number)>, Number)>;

fn factors(book: &Book, f: Formula) -> Vec<(Formula, Number)> {
    match book.term(f) {
        Term::Product(_, factors) => factors.clone(),
        _ => vec![(f, Number::ONE)],
    }
}

fn link(book: &Book, terms: &[(Formula, Number)], x: Formula) -> Link {
    let mut out: Link = terms
        .iter()
        .map(|&(t, c)| {
            let (own, others): (Vec<_>, Vec<_>) = factors(book, t).into_iter().partition(|f| f.0 == x);
            (c, others, own.first().map_or(Number::ZERO, |f| f.1))
        })
        .collect();
    out.sort();
    out
}

/// Chains of sums, each made of the one before.
#[derive(Default)]
pub(super) struct Sequences {
    /// The chains, the innermost sum first.
    pub(super) chains: Vec<Vec<Formula>>,
    places: BTreeMap<Formula, (usize, i64)>,
}

impl Sequences {
    /// The chains of at least so many sums, of those that are factors in some formulas.
    pub(super) fn new(book: &Book, sums: &BTreeSet<Formula>, least: usize) -> Sequences {
        // from a sum to one that is made of it, in the same way all along a chain
        let mut links: BTreeMap<Link, BTreeMap<Formula, Formula>> = BTreeMap::new();
        for &s in sums {
            let Term::Sum(terms) = book.term(s) else { continue };
            let inner: BTreeSet<Formula> =
                terms.iter().flat_map(|t| factors(book, t.0)).map(|x| x.0).filter(|x| sums.contains(x)).collect();
            for x in inner {
                links.entry(link(book, terms, x)).or_default().entry(x).or_insert(s);
            }
        }
        let mut out = Sequences::default();
        for next in links.values() {
            let ends: BTreeSet<Formula> = next.values().copied().collect();
            for &first in next.keys().filter(|x| !ends.contains(x)) {
                let chain: Vec<Formula> = std::iter::successors(Some(first), |x| next.get(x).copied()).collect();
                if chain.len() >= least {
                    out.chains.push(chain);
                }
            }
        }
        // of those that share sums the longest
        out.chains.sort_by_key(|c| (std::cmp::Reverse(c.len()), c[0]));
        let mut taken: BTreeSet<Formula> = BTreeSet::new();
        out.chains.retain(|c| {
            let free = c.iter().all(|x| !taken.contains(x));
            taken.extend(c.iter().filter(|_| free));
            free
        });
        out.chains.sort_by_key(|c| c[0]);
        for (k, chain) in out.chains.iter().enumerate() {
            out.places.extend(chain.iter().zip(1..).map(|(&x, q)| (x, (k, q))));
        }
        out
    }

    /// Which element of which chain it is.
    pub(super) fn place(&self, x: Formula) -> Option<(usize, i64)> {
        self.places.get(&x).copied()
    }

    /// No chain: sums in it stay as they are.
    pub(super) fn none() -> Sequences {
        Sequences::default()
    }
}

/// The sums that are factors.
pub(super) fn sums(book: &Book, roots: &[Formula]) -> BTreeSet<Formula> {
    let all: BTreeSet<Formula> = roots.iter().flat_map(|&r| book.reachable(r)).collect();
    let factors = all.into_iter().flat_map(|f| match book.term(f) {
        Term::Product(_, factors) => factors.iter().map(|x| x.0).collect::<Vec<_>>(),
        _ => vec![],
    });
    factors.filter(|&x| matches!(book.term(x), Term::Sum(_))).collect()
}
