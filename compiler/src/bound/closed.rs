//! Norms of what is made of numbers alone, by intervals: of a given matrix, no rule is as sharp as its entries.

use super::norm::Norm;
use crate::{
    expr::{Expr, Graph, Node},
    matrix::Matrix,
    scalar::{Interval, Scalar},
    syntax,
};

/// Most entries of a matrix that is looked at, and of all that it is made of.
const ENTRIES: i64 = 64;

/// The value, if it is made of numbers alone and small.
pub(super) fn value(g: &mut Graph, e: Expr) -> Option<Matrix<Interval>> {
    let small = |g: &Graph, u: Expr| g.shape(u).len().as_constant().is_some_and(|n| n <= ENTRIES);
    let known = |g: &Graph, u: Expr| match g.node(u) {
        Node::Dim(d) => d.as_constant().is_some(),
        Node::Var(_) => false,
        _ => small(g, u),
    };
    if !small(g, e) || !g.reachable(&[e]).into_iter().all(|u| known(g, u)) {
        return None;
    }
    let e = syntax::expand(g, e);
    g.eval(e, &|_| None, &|_| None).ok()
}

/// A norm as an interval; nothing of the spectral norm.
pub(super) fn norm(m: &Matrix<Interval>, norm: Norm) -> Option<Interval> {
    let zero = Interval::point(0.0);
    let size = |x: Interval| {
        let low = if x.low <= 0.0 && x.high >= 0.0 { 0.0 } else { x.low.abs().min(x.high.abs()) };
        Interval { low, high: x.magnitude() }
    };
    let row = |i: usize| m.row(i).iter().copied().map(size).collect::<Vec<_>>();
    let column = |j: usize| (0..m.rows).map(|i| size(m.at(i, j))).collect::<Vec<_>>();
    let length = |all: Vec<Interval>| all.into_iter().fold(zero, |s, x| s + x * x).sqrt();
    let sum = |all: Vec<Interval>| all.into_iter().fold(zero, |s, x| s + x);
    let largest =
        |all: Vec<Interval>| all.into_iter().fold(zero, |a, b| Interval { low: a.low.max(b.low), high: a.high.max(b.high) });
    let found = match norm {
        Norm::Two => return None,
        Norm::Frobenius => length(m.data.iter().copied().map(size).collect()),
        Norm::Row => largest((0..m.rows).map(|i| length(row(i))).collect()),
        Norm::Column => largest((0..m.cols).map(|j| length(column(j))).collect()),
        Norm::Infinity => largest((0..m.rows).map(|i| sum(row(i))).collect()),
        Norm::One => largest((0..m.cols).map(|j| sum(column(j))).collect()),
        Norm::Max => largest(m.data.iter().copied().map(size).collect()),
    };
    (found.low.is_finite() && found.high.is_finite()).then_some(found)
}
