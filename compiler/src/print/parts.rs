//! Which subexpressions get a name of their own, so that no formula is printed twice and none is endless.

use crate::{
    expr::{Expr, Graph, Node},
    ops::{add::ADD, power::POWER, scale::SCALE, size::SIZE, transpose::TRANSPOSE},
};
use std::collections::{BTreeMap, BTreeSet};

/// From how many operations on a subexpression is worth a name.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Where it occurs twice.
    pub shared: usize,
    /// Where it occurs once: the most operations that stand in one formula, or in one term of a sum.
    pub long: usize,
}

/// Limits for formulas that are read.
pub(super) const READABLE: Limits = Limits { shared: 6, long: 40 };
/// Limits for short mentions: nothing is shared, and what is too long is left out.
pub(super) const MENTION: Limits = Limits { shared: usize::MAX, long: 120 };

/// What is known of a node on the way up.
#[derive(Clone, Copy)]
struct Seen {
    /// Times that it is printed.
    uses: usize,
    /// Operations printed for it.
    size: usize,
    /// The node under its small scalar factors and transposes: what would be named in its place.
    core: Expr,
}

/// The nodes to name, in an order that puts those that others are made of first.
///
/// Names of the file count as names, except where a root is what is being shown.
pub(super) fn choose(g: &Graph, roots: &[Expr], limits: Limits) -> BTreeSet<Expr> {
    let mut seen = BTreeMap::<Expr, Seen>::new();
    let mut stack = roots.to_vec();
    let shown: BTreeSet<Expr> = roots.iter().copied().collect();
    while let Some(e) = stack.pop() {
        if seen.insert(e, Seen { uses: 0, size: 0, core: e }).is_none() && (shown.contains(&e) || g.name_of(e).is_none()) {
            stack.extend(g.args(e));
        }
    }
    let open = |e: Expr| shown.contains(&e) || g.name_of(e).is_none();
    count_uses(g, &mut seen, roots, &open);
    let mut parts = BTreeSet::new();
    let order: Vec<Expr> = seen.keys().copied().collect();
    for e in order {
        if !matches!(g.node(e), Node::Apply(..)) || !open(e) {
            continue;
        }
        let args = g.args(e);
        let size = cut(g, e, args, limits, &mut seen, &mut parts);
        let at = seen[&e];
        let core = if passes(g, e) { args.last().map_or(e, |a| seen[a].core) } else { e };
        if core == e && at.uses > 1 && size > limits.shared && g.name_of(e).is_none() {
            parts.insert(e);
        }
        seen.insert(e, Seen { uses: at.uses, size, core });
    }
    parts
}

/// Counts from the roots down how often each node is printed; a factor or a transpose counts for what stands under it.
fn count_uses(g: &Graph, seen: &mut BTreeMap<Expr, Seen>, roots: &[Expr], open: &dyn Fn(Expr) -> bool) {
    let mut uses = BTreeMap::<Expr, usize>::new();
    for &r in roots {
        *uses.entry(r).or_default() += 1;
    }
    let order: Vec<Expr> = seen.keys().rev().copied().collect();
    for e in order {
        let here = uses.get(&e).copied().unwrap_or(0);
        if let Some(s) = seen.get_mut(&e) {
            s.uses = here;
        }
        if !open(e) {
            continue;
        }
        let more = if passes(g, e) { here } else { 1 };
        for &a in g.args(e) {
            let count = uses.entry(a).or_default();
            *count = count.saturating_add(more);
        }
    }
}

/// The number of operations printed for `e`, after the longest of its arguments have been named where it is too long.
fn cut(g: &Graph, e: Expr, args: &[Expr], limits: Limits, seen: &mut BTreeMap<Expr, Seen>, parts: &mut BTreeSet<Expr>) -> usize {
    let printed = |a: Expr, parts: &BTreeSet<Expr>| {
        let s = seen[&a];
        if parts.contains(&s.core) { s.size.saturating_sub(seen[&s.core].size) } else { s.size }
    };
    let sum = g.args_of(e, &ADD).is_some();
    let mut size = 1 + args.iter().map(|&a| printed(a, parts)).fold(0, usize::saturating_add);
    if size <= limits.long {
        return size;
    }
    let mut longest: Vec<(usize, Expr)> = args.iter().map(|&a| (printed(a, parts), a)).collect();
    longest.sort_by_key(|&(n, a)| (std::cmp::Reverse(n), a));
    for (n, a) in longest {
        let core = seen[&a].core;
        let enough = if sum { n <= limits.long } else { size <= limits.long };
        if enough || n <= limits.shared.min(limits.long / 4) {
            break;
        }
        if matches!(g.node(core), Node::Apply(..)) && g.name_of(core).is_none() && parts.insert(core) {
            size = 1 + args.iter().map(|&a| printed(a, parts)).fold(0, usize::saturating_add);
        }
    }
    size
}

/// Whether a node is a small factor or a transpose in front of what matters: that is named in its place.
fn passes(g: &Graph, e: Expr) -> bool {
    if g.args_of(e, &TRANSPOSE).is_some() {
        return true;
    }
    let small = |s: Expr| {
        let base = g.args_of(s, &POWER).map_or(s, |x| x[0]);
        g.args_of(base, &SIZE).is_some() || !matches!(g.node(base), Node::Apply(..)) || g.name_of(base).is_some()
    };
    g.args_of(e, &SCALE).is_some_and(|x| small(x[0]) && g.name_of(e).is_none())
}
