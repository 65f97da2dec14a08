//! The norms that are kept of every matrix, and how each bounds the others.

use super::formula::{Book, Formula};
use crate::{dim::Dim, expr::Shape, number::Number};

/// A norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub enum Norm {
    /// The largest singular value.
    Two,
    /// The root of the sum of the squares.
    Frobenius,
    /// The length of the longest row.
    Row,
    /// The length of the longest column.
    Column,
    /// The largest sum of absolute values in a row.
    Infinity,
    /// The largest sum of absolute values in a column.
    One,
    /// The largest absolute value.
    Max,
}

/// A kind of made-up matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Random {
    /// Of independent normal numbers.
    Normal,
    /// Of rank one.
    RankOne,
    /// Zero but for a row.
    OneRow,
    /// Zero but for a column.
    OneColumn,
}

/// Bounds of all norms of a matrix, in the order of [`Norm::ALL`].
pub type Norms = [Formula; 7];

impl Norm {
    /// All norms.
    pub const ALL: [Norm; 7] = [Norm::Two, Norm::Frobenius, Norm::Row, Norm::Column, Norm::Infinity, Norm::One, Norm::Max];

    /// The name in formulas of the rows, and of the language where it has the norm.
    pub fn name(self) -> &'static str {
        ["norm2", "normF", "normrow", "normcol", "norminf", "norm1", "normmax"][self as usize]
    }
    /// The norm of that name.
    pub fn parse(name: &str) -> Option<Norm> {
        Norm::ALL.into_iter().find(|n| n.name() == name)
    }
    /// The same norm of the transpose.
    pub fn transposed(self) -> Norm {
        match self {
            Norm::Row => Norm::Column,
            Norm::Column => Norm::Row,
            Norm::Infinity => Norm::One,
            Norm::One => Norm::Infinity,
            same => same,
        }
    }
    /// Whether it depends on the absolute values of the entries alone, and grows with each.
    pub fn is_absolute(self) -> bool {
        self != Norm::Two
    }

    /// About the norm of a random m×n matrix. What must hold between norms holds.
    pub(super) fn of_random(self, m: f64, n: f64, kind: Random) -> f64 {
        let (m, n) = match kind {
            Random::OneRow => (1.0, n),
            Random::OneColumn => (m, 1.0),
            _ => (m, n),
        };
        let fro = (m * n).sqrt();
        let row = (n.sqrt() * if m > 1.0 { 1.2 } else { 1.0 }).min(fro);
        let column = (m.sqrt() * if n > 1.0 { 1.2 } else { 1.0 }).min(fro);
        let two = if kind == Random::RankOne { fro } else { (0.9 * (m.sqrt() + n.sqrt())).min(fro) }.max(row).max(column);
        let max = (1.5 + 0.5 * (m * n).ln()).min(row).min(column).min(fro);
        match self {
            Norm::Two => two,
            Norm::Frobenius => fro,
            Norm::Row => row,
            Norm::Column => column,
            Norm::Infinity => (0.85 * n.sqrt() * row).max(row),
            Norm::One => (0.85 * m.sqrt() * column).max(column),
            Norm::Max => max,
        }
    }
}

/// How a norm is bounded by others of the same m×n matrix: with a power of m, and of n. `Two` by `√(Infinity · One)` apart.
/// Source: Golub & Van Loan (2013), Matrix Computations, sections 2.3.2 and 2.3.3.
pub(super) const RELATIONS: [(Norm, Norm, i128, i128); 22] = {
    use Norm::*;
    // (this norm, is at most that one, times m^(a/2) n^(b/2))
    [
        (Two, Frobenius, 0, 0),
        (Two, Row, 1, 0),
        (Two, Column, 0, 1),
        (Frobenius, Row, 1, 0),
        (Frobenius, Column, 0, 1),
        (Frobenius, Two, 1, 0),
        (Frobenius, Two, 0, 1),
        (Frobenius, Max, 1, 1),
        (Row, Two, 0, 0),
        (Row, Infinity, 0, 0),
        (Row, Max, 0, 1),
        (Row, Frobenius, 0, 0),
        (Column, Two, 0, 0),
        (Column, One, 0, 0),
        (Column, Max, 1, 0),
        (Column, Frobenius, 0, 0),
        (Infinity, Row, 0, 1),
        (One, Column, 1, 0),
        (Infinity, Max, 0, 2),
        (One, Max, 2, 0),
        (Max, Row, 0, 0),
        (Max, Column, 0, 0),
    ]
};

/// The size to the power p/2.
fn root(book: &mut Book, d: &Dim, p: i128) -> Formula {
    let size = book.size(d);
    book.power(size, Number::ratio(p, 2))
}

/// Norms of which each is the least of what is known of it and of what the others say.
pub(super) fn closed(book: &mut Book, known: &[Vec<Formula>; 7], shape: &Shape, nothing: Formula) -> Norms {
    let mut all: Norms = std::array::from_fn(|k| if known[k].is_empty() { nothing } else { book.min(&known[k]) });
    // a few rounds reach every norm from any
    for _ in 0..5 {
        let before = all;
        for (this, that, a, b) in RELATIONS {
            let (a, b) = (root(book, &shape.rows, a), root(book, &shape.cols, b));
            let candidate = book.times(&[all[that as usize], a, b]);
            all[this as usize] = book.min(&[all[this as usize], candidate]);
        }
        let product = book.times(&[all[Norm::Infinity as usize], all[Norm::One as usize]]);
        let mean = book.sqrt(product);
        all[Norm::Two as usize] = book.min(&[all[Norm::Two as usize], mean]);
        if all == before {
            break;
        }
    }
    all
}
