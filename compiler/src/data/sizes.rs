//! Sizes read off arrays: plain names first, then sizes with one name unknown.

use super::{Data, Reading};
use crate::{
    diagnostic::{Code, Diagnostic},
    dim::Dim,
    number::Number,
    syntax::Model,
};
use std::collections::{BTreeMap, BTreeSet};

/// The value of every size, with where it comes from.
///
/// Errors: the sizes that disagree, with both sources.
pub(super) fn solve(
    model: &Model,
    data: &Data,
    chosen: &BTreeMap<&str, Reading>,
) -> Result<BTreeMap<String, usize>, Vec<Diagnostic>> {
    let mut known: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut errors = vec![];
    for (name, &n) in &data.sizes {
        if n == 0 {
            errors.push(Diagnostic::new(Code::Size, format!("the size {name} is 0; sizes are positive whole numbers")));
        } else if model.sizes.contains(name) {
            known.insert(name.clone(), (n, "its own value in the data".to_owned()));
        }
    }
    // plain names first; then sizes with one name still unknown, until nothing changes
    let mut equations: Vec<(Dim, usize, String)> = vec![];
    for (name, (found, _)) in chosen {
        let Some(v) = model.graph.variable(name) else { continue };
        let declared = model.graph.axes(v.expr);
        let matrix = declared.len() == 2;
        for (k, (d, n)) in declared.into_iter().zip(found).enumerate() {
            let place = match k {
                0 if matrix => format!("the rows of `{name}`"),
                1 if matrix => format!("the columns of `{name}`"),
                _ => format!("axis {} of `{name}`", k + 1),
            };
            equations.push((d, *n, place));
        }
    }
    for (name, d) in &model.derived {
        if let Some(&n) = data.sizes.get(name) {
            equations.push((d.clone(), n, format!("the value of `{name}` in the data")));
        }
    }
    for round in 0..=equations.len() {
        let mut changed = false;
        for (d, n, place) in &equations {
            let unknown: BTreeSet<&str> = d.names().filter(|s| !known.contains_key(*s)).collect();
            let plain = d.as_symbol().is_some();
            if unknown.len() == 1 && (plain || round > 0) {
                let name = (*unknown.iter().next().expect("one name")).to_owned();
                let others = |s: &str| known.get(s).map(|k| k.0);
                if let Some(x) = if plain { Some(*n) } else { unknown_size(d, &name, &others, *n) } {
                    known.insert(name, (x, place.clone()));
                    changed = true;
                }
            }
        }
        if !changed && round > 0 {
            break;
        }
    }
    for (d, n, place) in &equations {
        let value = d.eval(&|s| known.get(s).map(|k| k.0));
        if d.names().all(|s| known.contains_key(s)) && value != Some(*n) {
            let from: Vec<String> = d.names().map(|s| format!("{s} is {} by {}", known[s].0, known[s].1)).collect();
            let value = value.map_or("not a positive whole number".to_owned(), |v| v.to_string());
            errors.push(
                Diagnostic::new(Code::Size, format!("the size {d} is {n} by {place}, but must be {value}")).help(from.join("; ")),
            );
        }
    }
    if errors.is_empty() { Ok(known.into_iter().map(|(n, (x, _))| (n, x)).collect()) } else { Err(errors) }
}

/// The value of one name at which a size takes the value `n`, when all other names are known.
fn unknown_size(d: &Dim, name: &str, others: &dyn Fn(&str) -> Option<usize>, n: usize) -> Option<usize> {
    // slope and offset, as long as the name comes in no higher power than the first
    let (mut slope, mut offset, mut linear) = (Number::ZERO, Number::ZERO, true);
    for (mut term, powers) in d.monomials() {
        let mut power = 0;
        for (s, p) in powers {
            if s == name {
                power = p;
            } else {
                term = term * Number::int(i64::try_from(others(&s)?).ok()?).powi(i64::from(p));
            }
        }
        match power {
            0 => offset = offset + term,
            1 => slope = slope + term,
            _ => linear = false,
        }
    }
    if linear {
        if slope.is_zero() {
            return None;
        }
        let x = (Number::int(i64::try_from(n).ok()?) + -offset) / slope;
        return usize::try_from(x.as_int()?).ok().filter(|&x| x > 0);
    }
    let at = |x: usize| d.eval(&|s| if s == name { Some(x) } else { others(s) });
    (1..=n.saturating_mul(2).min(1 << 20)).find(|&x| at(x) == Some(n))
}
