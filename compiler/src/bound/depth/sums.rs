//! Sums that are factors in bounds: those that are the same at every depth, and sequences of others.

use super::{
    AtDepth, DeepFormula, fit,
    monomial::{self, Reader},
    sequences::{self, Sequences},
};
use crate::bound::formula::Formula;
use std::collections::{BTreeMap, BTreeSet};

/// Sums in each other that make a sequence.
const CHAIN: usize = 3;
/// Longer sums are no names, and in no sequence.
const LONG: u64 = 200;

/// What is said of sums at all depths.
pub(super) struct Sums {
    /// Chains of sums at each depth.
    pub(super) chains: Vec<Sequences>,
    /// Those that are the same at every depth, by their text.
    pub(super) fixed: BTreeSet<String>,
}

/// How sums that are factors are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reading {
    /// As sequences where they are in each other, even if the first of them are the same at every depth.
    Sequences,
    /// The same; what is the same at every depth is in none.
    Apart,
    /// In no sequence.
    Plain,
}

impl Sums {
    /// What the bounds of models of several depths have of them.
    pub(super) fn new(depth: &str, at: &[AtDepth], reading: Reading) -> Sums {
        let (none, nothing) = (Sequences::none(), BTreeSet::new());
        let mut spelled = BTreeMap::new();
        let mut texts: Vec<BTreeMap<Formula, String>> = vec![];
        for a in at {
            let book = &a.bounds.calculus.book;
            let roots: Vec<Formula> = a.bounds.blocks.iter().map(|b| b.reason.bound).collect();
            let mut reader = reader(a, depth, &none, &nothing, &mut spelled);
            let mut here = BTreeMap::new();
            for f in sequences::sums(book, &roots).into_iter().filter(|&f| book.length(f) < LONG) {
                if let Some(sum) = reader.read(f) {
                    let (_, _, base, _) = monomial::primitive(&sum);
                    here.insert(f, reader.sum(&base));
                }
            }
            texts.push(here);
        }
        let everywhere = |t: &&String| texts.iter().all(|x| x.values().any(|y| y == *t));
        let mut fixed: BTreeSet<String> =
            texts.first().into_iter().flat_map(BTreeMap::values).filter(everywhere).cloned().collect();
        let chains = |fixed: &BTreeSet<String>| -> Vec<Sequences> {
            let of = |(a, x): (&AtDepth, &BTreeMap<Formula, String>)| {
                let moving: BTreeSet<Formula> = x.iter().filter(|(_, t)| !fixed.contains(*t)).map(|(f, _)| *f).collect();
                // at small depths there are fewer
                Sequences::new(&a.bounds.calculus.book, &moving, CHAIN.min(a.depth.saturating_sub(1)).max(1))
            };
            at.iter().zip(&texts).map(of).collect()
        };
        let chains = match reading {
            Reading::Sequences => {
                let chains = chains(&BTreeSet::new());
                if let (Some(c), Some(x)) = (chains.last(), texts.last()) {
                    let inside: BTreeSet<&String> = c.chains.iter().flatten().filter_map(|f| x.get(f)).collect();
                    fixed.retain(|t| !inside.contains(t));
                }
                chains
            }
            Reading::Apart => chains(&fixed),
            Reading::Plain => at.iter().map(|_| Sequences::none()).collect(),
        };
        Sums { chains, fixed }
    }
}

/// Reads the bounds of one model.
pub(super) fn reader<'a>(
    a: &'a AtDepth,
    depth: &'a str,
    sequences: &'a Sequences,
    fixed: &'a BTreeSet<String>,
    spelled: &'a mut BTreeMap<String, [String; 3]>,
) -> Reader<'a> {
    Reader {
        book: &a.bounds.calculus.book,
        graph: &a.model.graph,
        depth: (depth, a.depth),
        sequences,
        expands: false,
        fixed,
        spelled,
        known: BTreeMap::new(),
    }
}

/// The closed form of a sequence, from the deepest model.
pub(super) fn sequence(
    at: &[AtDepth],
    sums: &Sums,
    k: usize,
    depth: &str,
    spelled: &mut BTreeMap<String, [String; 3]>,
) -> Option<DeepFormula> {
    let (a, chains) = (at.last()?, sums.chains.last()?);
    let mut reader = Reader { expands: true, ..reader(a, depth, chains, &sums.fixed, spelled) };
    let mut samples = vec![];
    for (&x, place) in chains.chains[k].iter().zip(1..) {
        samples.push((vec![place], reader.read(x)?));
    }
    let closed = fit::fit(&samples)?;
    Some(DeepFormula { closed, counters: vec!["q".to_owned()] })
}
