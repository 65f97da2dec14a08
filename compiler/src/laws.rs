//! The laws of the algebra: one typed equation a line, grouped by what they speak of; `tests/laws.rs` checks every line.
//!
//! What a law is given are its variables with their shapes, and the facts that must be known of them: `A: m×n`, `v: n`
//! for a column, `A: n×n invertible, symmetric`, a bare name for a size. The types are the guard: they are checked on every
//! match, and bind the sizes on the right. Sums are flat and sorted, scalar factors stand outside, numbers and sizes are
//! computed with: for all that there are no laws, the graph sees to it. That products, `⊗` and `∘` are linear in each factor is
//! known from their rows. A tempting false law stays as a comment with its counterexample.

mod blocks;
mod functions;
mod hadamard;
mod inverse;
mod kronecker;
mod normalization;
mod ones;
mod product;
mod trace;
mod vectors;

/// An equation between two formulas that is true for all data of which the facts are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Law {
    /// What it does; unique.
    pub name: &'static str,
    /// Variables with shapes and facts, and sizes.
    pub given: &'static str,
    /// The left side.
    pub lhs: &'static str,
    /// Whether it is used from right to left, too.
    pub both: bool,
    /// The right side.
    pub rhs: &'static str,
}

/// Laws that speak of one thing.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// What they speak of.
    pub title: &'static str,
    /// Where they are proved.
    pub source: &'static str,
    /// The laws.
    pub laws: &'static [Law],
}

/// `lhs = rhs` is used both ways, `lhs => rhs` forward only.
const fn law(name: &'static str, given: &'static str, lhs: &'static str, arrow: &'static str, rhs: &'static str) -> Law {
    Law { name, given, lhs, both: arrow.len() == 1, rhs }
}

/// All groups.
pub static GROUPS: &[&Group] = &[
    &product::PRODUCT,
    &inverse::INVERSE,
    &kronecker::KRONECKER,
    &kronecker::COMMUTATION,
    &vectors::VECTORS,
    &hadamard::HADAMARD,
    &hadamard::DIAGONAL,
    &ones::ONES,
    &ones::STOCHASTIC,
    &normalization::NORMALIZATION,
    &trace::TRACE,
    &blocks::BLOCKS,
    &functions::FUNCTIONS,
];

/// All laws in order.
pub fn all() -> impl Iterator<Item = &'static Law> {
    GROUPS.iter().flat_map(|g| g.laws)
}
