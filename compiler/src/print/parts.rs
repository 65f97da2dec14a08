//! Which subexpressions get a name of their own, so that no formula is printed twice and none is endless.

use super::formula::infix;
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

/// Longest product that is compared factor by factor.
const FACTORS: usize = 64;

/// Expressions that print the same though they were built in another order, `A (B C)` and `(A B) C`: the first stands for all.
#[derive(Default)]
pub(super) struct Same {
    first: BTreeMap<Expr, Expr>,
}

impl Same {
    /// For everything that the roots are made of.
    pub(super) fn new(g: &Graph, roots: &[Expr]) -> Same {
        let mut same = Same::default();
        let mut keys = BTreeMap::<(&str, Vec<Expr>), Expr>::new();
        let mut factors = BTreeMap::<Expr, Vec<Expr>>::new();
        for e in g.reachable(roots) {
            let Node::Apply(op, _) = g.node(e) else { continue };
            let mut args = same.args(g, e);
            if args.len() == 2 && infix(op.0).is_some() && g.args_of(e, &SCALE).is_none() && g.args_of(e, &ADD).is_none() {
                let of_same = |a: Expr| match factors.get(&a) {
                    Some(f) if g.args_of(a, op.0).is_some() => f.clone(),
                    _ => vec![a],
                };
                let all = [of_same(args[0]), of_same(args[1])].concat();
                if all.len() <= FACTORS {
                    factors.insert(e, all.clone());
                    args = all;
                }
            }
            if g.args_of(e, &ADD).is_some() {
                args.sort();
            }
            // a name of the file stands for itself
            if g.name_of(e).is_none() {
                let first = *keys.entry((op.0.name, args)).or_insert(e);
                same.first.insert(e, first);
            } else {
                keys.entry((op.0.name, args)).or_insert(e);
            }
        }
        same
    }

    /// The expression that stands for `e`.
    pub(super) fn of(&self, e: Expr) -> Expr {
        self.first.get(&e).copied().unwrap_or(e)
    }

    /// What stands for the arguments of `e`.
    fn args(&self, g: &Graph, e: Expr) -> Vec<Expr> {
        g.args(e).iter().map(|&a| self.of(a)).collect()
    }
}

/// What is known of a node on the way up.
#[derive(Clone, Copy)]
struct Seen {
    /// Times that it is printed.
    uses: usize,
    /// Operations printed for it; those above its core, if it is not its own core.
    size: usize,
    /// The node under its small scalar factors and transposes: what would be named in its place.
    core: Expr,
}

/// The nodes to name, in an order that puts those that others are made of first.
///
/// Names of the file count as names, except where a root is what is being shown.
pub(super) fn choose(g: &Graph, roots: &[Expr], limits: Limits, same: &Same) -> BTreeSet<Expr> {
    let mut seen = BTreeMap::<Expr, Seen>::new();
    let mut stack = roots.to_vec();
    let shown: BTreeSet<Expr> = roots.iter().copied().collect();
    while let Some(e) = stack.pop() {
        if seen.insert(e, Seen { uses: 0, size: 0, core: e }).is_none() && (shown.contains(&e) || g.name_of(e).is_none()) {
            stack.extend(same.args(g, e));
        }
    }
    let open = |e: Expr| shown.contains(&e) || g.name_of(e).is_none();
    count_uses(g, &mut seen, roots, same, &open);
    let mut parts = BTreeSet::new();
    let order: Vec<Expr> = seen.keys().copied().collect();
    for e in order {
        if !matches!(g.node(e), Node::Apply(..)) || !open(e) {
            continue;
        }
        let args = same.args(g, e);
        let size = cut(g, e, &args, limits, &seen, &mut parts);
        let at = seen[&e];
        let core = under(g, e).map_or(e, |a| seen[&same.of(a)].core);
        if core == e && at.uses > 1 && size > limits.shared && g.name_of(e).is_none() {
            parts.insert(e);
        }
        seen.insert(e, Seen { uses: at.uses, size, core });
    }
    parts
}

/// Counts from the roots down how often each node is printed; a factor or a transpose counts for what stands under it.
fn count_uses(g: &Graph, seen: &mut BTreeMap<Expr, Seen>, roots: &[Expr], same: &Same, open: &dyn Fn(Expr) -> bool) {
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
        let more = if under(g, e).is_some() { here } else { 1 };
        for a in same.args(g, e) {
            let count = uses.entry(a).or_default();
            *count = count.saturating_add(more);
        }
    }
}

/// The number of operations printed for `e`, after the longest of its arguments have been named where it is too long.
fn cut(g: &Graph, e: Expr, args: &[Expr], limits: Limits, seen: &BTreeMap<Expr, Seen>, parts: &mut BTreeSet<Expr>) -> usize {
    let printed = |a: Expr, parts: &BTreeSet<Expr>| {
        let s = seen[&a];
        let core = if parts.contains(&s.core) { 0 } else { seen[&s.core].size };
        if s.core == a { core } else { s.size.saturating_add(core) }
    };
    if let (Some(_), Some((&rest, factors))) = (under(g, e), args.split_last()) {
        // the core is named where it is used, so it is not counted here
        let factors: usize = factors.iter().map(|&a| printed(a, parts)).sum();
        let above = if seen[&rest].core == rest { 0 } else { seen[&rest].size };
        return 1 + factors + above;
    }
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

/// What stands under a transpose or a small factor, which are never named themselves.
fn under(g: &Graph, e: Expr) -> Option<Expr> {
    let small = |s: Expr| {
        let base = g.args_of(s, &POWER).map_or(s, |x| x[0]);
        g.args_of(base, &SIZE).is_some() || !matches!(g.node(base), Node::Apply(..)) || g.name_of(base).is_some()
    };
    match (g.args_of(e, &TRANSPOSE), g.args_of(e, &SCALE)) {
        (Some(&[x]), _) => Some(x),
        (_, Some(&[s, x])) if small(s) => Some(x),
        _ => None,
    }
}
