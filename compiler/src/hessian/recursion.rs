//! The recursion itself, written once: what a block and an adjoint are is left to the domain.

use crate::{
    differentiate::{dependents, slots},
    expr::{Expr, Graph},
};
use std::collections::{BTreeMap, BTreeSet};

/// What the recursion computes with: formulas, numbers, norms, costs …
pub trait Domain {
    /// A second derivative in two nodes: |v| × |w|.
    type Block: Clone;
    /// A first derivative in a node, in its shape.
    type Adjoint: Clone;
    /// What can go wrong.
    type Error;

    /// The adjoint of the result itself: one.
    fn seed(&mut self, g: &mut Graph, f: Expr) -> Self::Adjoint;
    /// `D_a' δ` for slot a (node v) of u.
    fn pull_adjoint(
        &mut self,
        g: &mut Graph,
        u: Expr,
        a: (usize, Expr),
        delta: &Self::Adjoint,
    ) -> Result<Self::Adjoint, Self::Error>;
    /// `D_a' W` for a block with rows u.
    fn pull(&mut self, g: &mut Graph, u: Expr, a: usize, block: &Self::Block) -> Result<Self::Block, Self::Error>;
    /// `S_{u;a,b}` for the adjoint of u; `None` if it is zero.
    fn curvature(
        &mut self,
        g: &mut Graph,
        u: Expr,
        a: usize,
        b: usize,
        delta: &Self::Adjoint,
    ) -> Result<Option<Self::Block>, Self::Error>;
    /// The transpose.
    fn transpose(&mut self, g: &mut Graph, block: &Self::Block) -> Self::Block;
    /// The sum of blocks, at least one.
    fn sum(&mut self, g: &mut Graph, blocks: &[Self::Block]) -> Self::Block;
    /// The sum of adjoints, at least one.
    fn sum_adjoints(&mut self, g: &mut Graph, adjoints: &[Self::Adjoint]) -> Self::Adjoint;
}

/// What is left at the leaves: `(v, w)` with v ≥ w in the order of nodes; absent blocks are zero.
pub struct Blocks<D: Domain> {
    /// Second derivatives, one of each symmetric pair.
    pub second: BTreeMap<(Expr, Expr), D::Block>,
    /// First derivatives.
    pub first: BTreeMap<Expr, D::Adjoint>,
}

/// Eliminates all nodes of the scalar f between it and the leaves. `f` must be expanded.
///
/// Errors: those of the domain.
pub fn eliminate<D: Domain>(domain: &mut D, g: &mut Graph, f: Expr, leaves: &[Expr]) -> Result<Blocks<D>, D::Error> {
    let order = g.reachable(&[f]);
    let depends = dependents(g, &order, leaves);
    let is_leaf: BTreeSet<Expr> = leaves.iter().copied().collect();
    // leaves come last, whatever their ids
    let key = |v: Expr, w: Expr| {
        let rank = |e: Expr| (!is_leaf.contains(&e), e);
        if rank(v) >= rank(w) { (v, w, false) } else { (w, v, true) }
    };
    let mut pending: BTreeMap<Expr, BTreeMap<Expr, Vec<D::Block>>> = BTreeMap::new();
    let mut adjoints: BTreeMap<Expr, Vec<D::Adjoint>> = BTreeMap::new();
    if depends.contains(&f) {
        adjoints.insert(f, vec![domain.seed(g, f)]);
    }
    let mut first = BTreeMap::new();
    for u in order.into_iter().rev().filter(|u| depends.contains(u) && !is_leaf.contains(u)) {
        let Some(parts) = adjoints.remove(&u) else { continue };
        let delta = domain.sum_adjoints(g, &parts);
        let mut row = BTreeMap::new();
        for (w, parts) in pending.remove(&u).unwrap_or_default() {
            row.insert(w, domain.sum(g, &parts));
        }
        let inner: Vec<(usize, Expr)> = slots(g, u).into_iter().filter(|(_, v)| depends.contains(v)).collect();
        let mut add = |domain: &mut D, g: &mut Graph, v: Expr, w: Expr, block: D::Block| {
            let (v, w, flip) = key(v, w);
            let block = if flip { domain.transpose(g, &block) } else { block };
            pending.entry(v).or_default().entry(w).or_default().push(block);
        };
        // the node's own block and its curvature
        let own = row.remove(&u);
        for (i, &(a, v)) in inner.iter().enumerate() {
            for &(b, w) in &inner[i..] {
                let mut parts = vec![];
                if let Some(own) = &own {
                    let right = domain.pull(g, u, b, own)?; // D_b' W
                    let right = domain.transpose(g, &right); // W D_b
                    parts.push(domain.pull(g, u, a, &right)?);
                }
                parts.extend(domain.curvature(g, u, a, b, &delta)?);
                for block in parts {
                    if a != b && v == w {
                        let other = domain.transpose(g, &block);
                        add(domain, g, v, v, other);
                    }
                    add(domain, g, v, w, block);
                }
            }
        }
        // its blocks with other nodes
        for (w, block) in row {
            for &(a, v) in &inner {
                let moved = domain.pull(g, u, a, &block)?;
                if v == w {
                    let other = domain.transpose(g, &moved);
                    add(domain, g, v, v, other);
                }
                add(domain, g, v, w, moved);
            }
        }
        for &(a, v) in &inner {
            let moved = domain.pull_adjoint(g, u, (a, v), &delta)?;
            adjoints.entry(v).or_default().push(moved);
        }
    }
    let mut second = BTreeMap::new();
    for (v, row) in pending {
        for (w, parts) in row {
            second.insert((v, w), domain.sum(g, &parts));
        }
    }
    for (v, parts) in adjoints {
        first.insert(v, domain.sum_adjoints(g, &parts));
    }
    Ok(Blocks { second, first })
}
