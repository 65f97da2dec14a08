//! Blocks of one kind at several depths, and their closed forms.

use super::{
    AtDepth, Deep, DeepBlock, DeepFormula,
    fit::{self, Sample},
    monomial::{Posynomial, of_one_layer},
    sums::{Reading, Sums, reader, sequence},
    whole::Triangle,
};
use crate::{hessian::Part, print};
use std::collections::{BTreeMap, BTreeSet};

/// The name of a parameter and its layer.
fn layer(name: &str) -> (String, Option<i64>) {
    let split = name.strip_suffix(']').and_then(|n| n.split_once('['));
    match split.and_then(|(base, n)| Some((base, n.parse::<i64>().ok()?))) {
        Some((base, n)) => (base.to_owned(), Some(n)),
        None => (name.to_owned(), None),
    }
}

/// A kind of blocks: the names without layers, and how the layers compare.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    row: String,
    col: String,
    counters: Vec<String>,
    suffixes: [String; 2],
}

/// The kind of a block, and its layers; the first layer on its own where that is asked for.
fn kind(row: &str, col: &str, apart: bool) -> (Kind, Vec<i64>) {
    let ((row, i), (col, j)) = (layer(row), layer(col));
    let first = |k: Option<i64>| apart && k == Some(1);
    let (names, suffixes, at): (&[&str], [&str; 2], Vec<i64>) = match (i, j) {
        _ if first(i) && first(j) => (&[], ["[1]", "[1]"], vec![]),
        (Some(i), Some(_)) if first(j) => (&["i"], ["[i]", "[1]"], vec![i]),
        (Some(_), Some(j)) if first(i) => (&["j"], ["[1]", "[j]"], vec![j]),
        (None, Some(_)) if first(j) => (&[], ["", "[1]"], vec![]),
        (Some(_), None) if first(i) => (&[], ["[1]", ""], vec![]),
        (None, None) => (&[], ["", ""], vec![]),
        (Some(i), None) => (&["i"], ["[i]", ""], vec![i]),
        (None, Some(j)) => (&["j"], ["", "[j]"], vec![j]),
        (Some(i), Some(j)) if i == j => (&["i"], ["[i]", "[i]"], vec![i]),
        (Some(i), Some(j)) => (&["i", "j"], ["[i]", "[j]"], vec![i, j]),
    };
    let counters = names.iter().map(|n| (*n).to_owned()).collect();
    (Kind { row, col, counters, suffixes: suffixes.map(str::to_owned) }, at)
}

/// The closed forms that the bounds at some depths have; blocks with the first layer on their own where that is asked for.
pub(super) fn from_depth(depth: &str, at: &[AtDepth], part: Part, reading: Reading, apart: bool) -> Deep {
    let mut spelled = BTreeMap::new();
    let mut wholes: Vec<Option<Sample>> = vec![];
    let mut kinds: BTreeMap<Kind, Vec<Option<Sample>>> = BTreeMap::new();
    let mut order: BTreeMap<Kind, usize> = BTreeMap::new();
    let deepest = at.last().map_or(0, |a| a.depth);
    let sums = Sums::new(depth, at, reading);
    let count = sums.chains.last().map_or(0, |c| c.chains.len());
    for (a, chains) in at.iter().zip(&sums.chains) {
        let mut reader = reader(a, depth, chains, &sums.fixed, &mut spelled);
        let n = a.depth as i64;
        let mut rows: Vec<Vec<Posynomial>> = vec![];
        let mut complete = true;
        for b in &a.bounds.blocks {
            let read = reader.read(b.reason.bound);
            let (key, layers) = kind(&b.row, &b.col, apart);
            if a.depth == deepest {
                let next = order.len();
                order.entry(key.clone()).or_insert(next);
            }
            let sample = read.clone().map(|p| ([n].into_iter().chain(layers).collect(), p));
            kinds.entry(key).or_default().push(sample);
            if rows.last().is_none_or(|r| r.len() == rows.len()) {
                rows.push(vec![]);
            }
            complete &= read.is_some();
            rows.last_mut().expect("a row was just pushed").push(read.unwrap_or_default());
        }
        wholes.push(complete.then(|| (vec![n], Triangle { rows }.norm())));
    }
    let form = |samples: &[Option<Sample>], counters: &[String]| {
        let all: Option<Vec<Sample>> = samples.iter().cloned().collect();
        let closed = fit::fit(&all?)?;
        let counters = [depth.to_owned()].into_iter().chain(counters.iter().cloned()).collect();
        Some(DeepFormula { closed, counters })
    };
    let mut missing = BTreeSet::new();
    let mut listed: Vec<(usize, Kind)> = order.into_iter().map(|(k, n)| (n, k)).collect();
    listed.sort();
    let blocks: Vec<DeepBlock> = listed
        .into_iter()
        .map(|(_, key)| {
            let bound = form(&kinds[&key], &key.counters);
            DeepBlock { row: format!("{}{}", key.row, key.suffixes[0]), col: format!("{}{}", key.col, key.suffixes[1]), bound }
        })
        .collect();
    let whole = form(&wholes, &[]);
    let sequences: Vec<Option<DeepFormula>> = (0..count).map(|k| sequence(at, &sums, k, depth, &mut spelled)).collect();
    let last = at.last();
    let names = last.map_or(vec![], |a| print::fresh_names(&a.model.graph, &["r", "q"], count));
    if let Some(a) = last {
        missing.extend(a.bounds.missing(&a.model));
        if whole.is_none() || blocks.iter().any(|b| b.bound.is_none()) {
            for name in spelled.keys().filter(|n| n.len() < 80 && of_one_layer(n)) {
                missing.insert(format!(
                    "`{name}` is of one layer; an assumption in the loop such as `norm2(W[p]) <= M` would bound all alike"
                ));
            }
        }
    }
    // a bound in a sequence without a closed form is none
    let keep = |f: Option<DeepFormula>| f.filter(|f| f.mentioned().into_iter().all(|k| sequences[k].is_some()));
    let blocks: Vec<DeepBlock> = blocks.into_iter().map(|b| DeepBlock { bound: keep(b.bound), ..b }).collect();
    let whole = keep(whole);
    let assumptions = last.map_or(vec![], |a| a.bounds.assumptions(&a.model, a.bounds.whole));
    Deep {
        depth: depth.to_owned(),
        from: at.first().map_or(1, |a| a.depth),
        part,
        blocks,
        whole,
        sequences: names.into_iter().zip(sequences).collect(),
        assumptions,
        missing: missing.into_iter().collect(),
        spelled,
    }
}
