//! What names stand for: sizes, matrices, layers; and which known name is nearest to an unknown one.

use super::ast::{self, Layer};
use crate::{dim::Dim, expr::Expr, span::Span};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A matrix (or scalar).
    Matrix(Expr),
    /// A size, which is also a scalar.
    Size(Dim),
}

/// A name with its value and where it was declared; without a value if its definition failed.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    /// The value.
    pub(super) value: Option<Value>,
    /// Where it was declared.
    pub(super) place: Option<Span>,
    /// Whether it was given by `=` (else by a declaration).
    pub(super) defined: bool,
}

impl Binding {
    /// A value without a place.
    pub(super) fn of(value: Value) -> Binding {
        Binding { value: Some(value), place: None, defined: false }
    }
}

/// Names and what they stand for.
pub(super) type Names = BTreeMap<String, Binding>;

/// `NAME = expr`, kept so that it can be read again with another name held fixed.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    /// The name.
    pub(super) name: String,
    /// What it was defined as.
    pub(super) expr: Rc<ast::Expr>,
    /// The counters of the loops around it.
    pub(super) loops: Vec<(String, i64)>,
}

/// Names with a set of nodes held fixed, and the number of definitions known when it was made.
type World = (usize, Rc<Names>);

/// All that a file has declared.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Sizes, data, nodes.
    pub(super) globals: Names,
    /// Layers.
    pub(super) layers: BTreeMap<String, Rc<Layer>>,
    /// Definitions in order.
    pub(super) definitions: Vec<Definition>,
    /// Parameters in order.
    pub(super) params: Vec<String>,
    /// Nodes that a derivative is taken with respect to, and what each is.
    pub(super) held: BTreeMap<String, Expr>,
    /// The names as they are with some nodes held fixed.
    pub(super) worlds: BTreeMap<BTreeSet<String>, World>,
}

/// Number of insertions, deletions, replacements and swaps of neighbors that turn one word into another; at most 3 is exact.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    if a.len().abs_diff(b.len()) > 3 {
        return 4;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// The known name nearest to `name`, if one is near.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = match name.chars().count() {
        0 | 1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    // a name that differs only by case is nearest of all
    let score = |k: &str| if k.to_lowercase() == name.to_lowercase() { 0 } else { distance(name, k) };
    known.map(|k| (score(k), k)).filter(|(d, k)| *k != name && *d <= allowed).min().map(|(_, k)| k)
}
