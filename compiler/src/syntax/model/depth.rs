//! Models of any depth: loops that count to a size.

use super::load::{self, Loaded};
use crate::{
    diagnostic::{Code, Diagnostic, Source, quote},
    syntax::{
        ast::{Expr, ExprKind, Statement, StatementKind},
        names::nearest,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Values of sizes that loops count to, by name: so many layers are written out.
pub type Depths = BTreeMap<String, usize>;

/// The sizes that loops count to, by name.
pub fn depths(source: Source, read: &dyn Fn(&str, &str) -> Result<Source, String>) -> BTreeSet<String> {
    let loaded = load::load(source, read);
    let free = sizes(&loaded);
    let mut out = BTreeSet::new();
    walk(&loaded.statements, &mut |s| {
        if let StatementKind::For(l) = &s.kind {
            names(&l.from, &mut out);
            names(&l.to, &mut out);
        }
    });
    out.retain(|n| free.contains(n));
    out
}

/// What is said of values for names that are no sizes.
pub(super) fn unknown(loaded: &Loaded, depths: &Depths) -> Vec<Diagnostic> {
    let known = sizes(loaded);
    let strange = depths.keys().filter(|n| !known.contains(*n));
    strange
        .map(|n| {
            let d = Diagnostic::new(
                Code::Size,
                format!("the depth `{}` has a value, and the model has no size of that name", quote(n)),
            );
            match nearest(n, known.iter().map(String::as_str)) {
                Some(near) => d.help(format!("did you mean `{near}`?")),
                None => d.help("a depth is declared with `dim L` and counted to in `for p in 1..L { … }`"),
            }
        })
        .collect()
}

/// The sizes without a definition.
fn sizes(loaded: &Loaded) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    walk(&loaded.statements, &mut |s| {
        if let StatementKind::Dims(all) = &s.kind {
            out.extend(all.iter().filter(|(t, e)| t.index.is_empty() && e.is_none()).map(|(t, _)| t.name.clone()));
        }
    });
    out
}

fn walk(all: &[Statement], see: &mut dyn FnMut(&Statement)) {
    for s in all {
        see(s);
        match &s.kind {
            StatementKind::For(l) => walk(&l.body, see),
            StatementKind::Included(inner) => walk(inner, see),
            _ => {}
        }
    }
}

/// The names in sums and products.
fn names(e: &Expr, out: &mut BTreeSet<String>) {
    match &e.kind {
        ExprKind::Name(n) => drop(out.insert(n.clone())),
        ExprKind::Sum(terms) => terms.iter().for_each(|t| names(&t.1, out)),
        ExprKind::Product(factors) => factors.iter().for_each(|f| names(&f.1, out)),
        _ => {}
    }
}
