//! Jacobians and second derivatives of matrices along all ways from a leaf: their norms, and how long the parts of Jacobians are
//! that belong to one row or one column.

use super::{calculus::Calculus, formula::Formula, norm::Norm};
use crate::{
    differentiate::{self, NotDifferentiable, dependents, slots},
    expr::{Expr, Graph, Meaning, Node, Shape},
    ops::{build::Build, hadamard::HADAMARD, mul::MUL, scale::SCALE, transpose::TRANSPOSE},
    syntax,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Bounds of a Jacobian J; with `J_i` the part of row i of the node, and `J_j` that of column j.
#[derive(Clone, Copy, Debug)]
struct Lengths {
    /// ‖J‖.
    whole: Formula,
    /// max ‖J_i‖.
    row: Formula,
    /// √Σ ‖J_i‖².
    rows: Formula,
    /// max ‖J_j‖.
    column: Formula,
    /// √Σ ‖J_j‖².
    columns: Formula,
}

/// Derivatives of which the norms are symbols beside other bounds.
#[derive(Default)]
pub(super) struct Named {
    /// Of `jacobian(u, x)`.
    jacobians: HashMap<(Expr, Expr), Formula>,
    /// Of `hessian(u, x, y)` of a matrix u.
    stacks: HashMap<(Expr, Expr, Expr), Formula>,
    /// Of matrices that may be Jacobians written out, in one association.
    written_out: HashMap<Expr, Formula>,
}

impl Named {
    fn is_empty(&self) -> bool {
        self.jacobians.is_empty() && self.stacks.is_empty() && self.written_out.is_empty()
    }
}

/// The same with all products in one association.
fn associated(g: &mut Graph, e: Expr) -> Expr {
    let mut new: HashMap<Expr, Expr> = HashMap::new();
    for u in g.reachable(&[e]) {
        let Node::Apply(op, args) = g.node(u).clone() else { continue };
        let moved: Vec<Expr> = args.iter().map(|a| *new.get(a).unwrap_or(a)).collect();
        let v = match g.args_of(u, &MUL) {
            Some(_) => {
                let mut factors = vec![];
                let mut open = vec![moved[1], moved[0]];
                while let Some(f) = open.pop() {
                    match g.args_of(f, &MUL) {
                        Some(inner) => open.extend(inner.iter().rev()),
                        None => factors.push(f),
                    }
                }
                let first = factors[0];
                factors[1..].iter().fold(first, |product, &f| g.mul(product, f))
            }
            None if moved == args => continue,
            None => g.apply(op.0, &moved),
        };
        new.insert(u, v);
    }
    *new.get(&e).unwrap_or(&e)
}

impl Calculus {
    /// Makes the norms of all that is named known to the recursion, where it is a derivative. In derivatives by inner nodes these
    /// are names that stand for them.
    pub(super) fn name_derivatives(&mut self, g: &mut Graph, inner: &HashMap<Expr, Expr>) {
        for e in self.named.clone() {
            let symbol = self.symbol(g, e, Norm::Two);
            if g.is_scalar(e) {
                continue;
            }
            let args = match g.node(e).clone() {
                Node::Apply(op, args) if matches!(op.0.meaning, Meaning::Derivative) => Some((op.0.name, args)),
                _ => None,
            };
            let meant = |g: &mut Graph, e: Expr| {
                let e = differentiate::substitute(g, e, inner);
                syntax::expand(g, e)
            };
            let expanded: Vec<Expr> = args.iter().flat_map(|(_, args)| args.clone()).map(|a| meant(g, a)).collect();
            match (args.map(|a| a.0), expanded.as_slice()) {
                (Some("jacobian"), &[u, x]) => {
                    self.derivatives.jacobians.insert((u, x), symbol);
                }
                (Some("hessian"), &[u, x, y]) if !g.is_scalar(u) => {
                    self.derivatives.stacks.insert((u, x, y), symbol);
                }
                (Some(_), _) => {}
                (None, _) => {
                    let e = meant(g, e);
                    let e = associated(g, e);
                    self.derivatives.written_out.insert(e, symbol);
                }
            }
        }
    }

    /// The norm of the Jacobian of u in x as a symbol, if it is named.
    fn named_jacobian(&mut self, g: &mut Graph, u: Expr, x: Expr) -> Option<Formula> {
        if let Some(&f) = self.derivatives.jacobians.get(&(u, x)) {
            return Some(f);
        }
        let shape = Shape::new(g.shape(u).len(), g.shape(x).len());
        if !self.derivatives.written_out.keys().any(|&e| *g.shape(e) == shape) {
            return None;
        }
        let j = differentiate::jacobian(g, u, x).ok()?;
        let j = syntax::expand(g, j);
        let j = associated(g, j);
        self.derivatives.written_out.get(&j).copied()
    }
}

/// The bound of ‖∂vec(f)/∂vec(x)ᵀ‖₂ over all ways from x to f.
///
/// Errors: [`NotDifferentiable`].
pub fn jacobian(c: &mut Calculus, g: &mut Graph, f: Expr, x: Expr) -> Result<Formula, NotDifferentiable> {
    let order = g.reachable(&[f]);
    let all = lengths(c, g, &order, x)?;
    Ok(all.get(&f).map_or_else(|| c.book.zero(), |l| l.whole))
}

/// The bounds of the Jacobians of all nodes that depend on x.
fn lengths(c: &mut Calculus, g: &mut Graph, order: &[Expr], x: Expr) -> Result<BTreeMap<Expr, Lengths>, NotDifferentiable> {
    let depends = dependents(g, order, &[x]);
    let order: Vec<Expr> = order.iter().copied().filter(|u| depends.contains(u) && *u != x).collect();
    let dominators = if c.derivatives.is_empty() { BTreeMap::new() } else { dominators(g, &order, &[x]) };
    let one = c.book.one();
    let (m, n) = sides(c, g, x);
    let of_leaf = Lengths { whole: one, row: one, rows: c.book.sqrt(m), column: one, columns: c.book.sqrt(n) };
    let mut total = BTreeMap::from([(x, of_leaf)]);
    for u in order {
        let mut terms = vec![];
        for (slot, v) in slots(g, u) {
            if let Some(&inner) = total.get(&v) {
                terms.push(moved(c, g, u, slot, inner)?);
            }
        }
        let sum = |c: &mut Calculus, part: &dyn Fn(&Lengths) -> Formula| c.book.sum(&terms.iter().map(part).collect::<Vec<_>>());
        let mut all = Lengths {
            whole: sum(c, &|l| l.whole),
            row: sum(c, &|l| l.row),
            rows: sum(c, &|l| l.rows),
            column: sum(c, &|l| l.column),
            columns: sum(c, &|l| l.columns),
        };
        let mut known = vec![all.whole];
        known.extend(c.named_jacobian(g, u, x).filter(|_| !c.derivatives.is_empty()));
        for &d in dominators.get(&u).into_iter().flatten().filter(|&&d| d != u && d != x) {
            // what comes by way of d alone: J_u = J J_d
            if let (Some(j), Some(inner)) = (c.named_jacobian(g, u, d), total.get(&d)) {
                known.push(c.book.times(&[j, inner.whole]));
            }
        }
        all.whole = c.book.min(&known);
        total.insert(u, within(c, g, u, all));
    }
    Ok(total)
}

/// The sizes of a node as formulas.
fn sides(c: &mut Calculus, g: &Graph, u: Expr) -> (Formula, Formula) {
    let s = g.shape(u).clone();
    (c.book.size(&s.rows), c.book.size(&s.cols))
}

/// No part is longer than the whole, and lengths of parts bound each other.
fn within(c: &mut Calculus, g: &Graph, u: Expr, l: Lengths) -> Lengths {
    let (m, n) = sides(c, g, u);
    let (m, n) = (c.book.sqrt(m), c.book.sqrt(n));
    let row = c.book.min(&[l.row, l.whole]);
    let column = c.book.min(&[l.column, l.whole]);
    let (by_row, by_column) = (c.book.times(&[m, row]), c.book.times(&[n, column]));
    Lengths { whole: l.whole, row, rows: c.book.min(&[l.rows, by_row]), column, columns: c.book.min(&[l.columns, by_column]) }
}

/// The bound of ‖J‖ of a node in a slot, or its name.
fn slope(c: &mut Calculus, g: &mut Graph, u: Expr, slot: usize) -> Result<Formula, NotDifferentiable> {
    let (slope, _) = c.slope(g, u, slot)?;
    let v = slots(g, u)[slot].1;
    let named = c.derivatives.jacobians.get(&(u, v)).copied();
    let known: Vec<Formula> = [slope].into_iter().chain(named.filter(|_| is_alone(g, u, v))).collect();
    Ok(c.book.min(&known))
}

/// Whether a node depends on one of its arguments by one slot only.
fn is_alone(g: &Graph, u: Expr, v: Expr) -> bool {
    slots(g, u).into_iter().filter(|(_, w)| g.reachable(&[*w]).contains(&v)).count() == 1
}

/// What a slot of a node makes of the Jacobian of its argument.
fn moved(c: &mut Calculus, g: &mut Graph, u: Expr, slot: usize, inner: Lengths) -> Result<Lengths, NotDifferentiable> {
    let slope = slope(c, g, u, slot)?;
    let times = |c: &mut Calculus, l: Lengths, f: Formula| {
        let all = [l.row, l.rows, l.column, l.columns].map(|x| c.book.times(&[f, x]));
        Lengths { whole: c.book.times(&[f, l.whole]), row: all[0], rows: all[1], column: all[2], columns: all[3] }
    };
    let whole = c.book.times(&[slope, inner.whole]);
    let (m, n) = sides(c, g, u);
    let (m, n) = (c.book.sqrt(m), c.book.sqrt(n));
    let plain = Lengths { whole, row: whole, rows: c.book.times(&[m, whole]), column: whole, columns: c.book.times(&[n, whole]) };
    if let Some(&[a, b]) = g.args_of(u, &MUL) {
        // rows of dA B are dA_i B, its columns dA b_j; rows of A dB are a_i dB, its columns A dB_j
        let (of_a, of_b) =
            (|c: &mut Calculus, g: &mut Graph, n| c.norm(g, a, n), |c: &mut Calculus, g: &mut Graph, n| c.norm(g, b, n));
        if slot == 0 {
            let (two, column, frobenius) = (of_b(c, g, Norm::Two), of_b(c, g, Norm::Column), of_b(c, g, Norm::Frobenius));
            return Ok(Lengths {
                whole,
                row: c.book.times(&[inner.row, two]),
                rows: c.book.times(&[inner.rows, two]),
                column: c.book.times(&[inner.whole, column]),
                columns: c.book.times(&[inner.whole, frobenius]),
            });
        }
        let (two, row, frobenius) = (of_a(c, g, Norm::Two), of_a(c, g, Norm::Row), of_a(c, g, Norm::Frobenius));
        return Ok(Lengths {
            whole,
            row: c.book.times(&[inner.whole, row]),
            rows: c.book.times(&[inner.whole, frobenius]),
            column: c.book.times(&[inner.column, two]),
            columns: c.book.times(&[inner.columns, two]),
        });
    }
    if g.args_of(u, &TRANSPOSE).is_some() {
        let l = inner;
        return Ok(Lengths { whole, row: l.column, rows: l.columns, column: l.row, columns: l.rows });
    }
    let Node::Apply(op, _) = g.node(u) else { return Ok(plain) };
    Ok(match op.0.meaning {
        Meaning::Sum => inner,
        // every entry depends on the one in its place
        Meaning::Entrywise { .. } => times(c, inner, slope),
        _ if op.0.name == HADAMARD.name || (op.0.name == SCALE.name && slot == 1) => times(c, inner, slope),
        // and every row on its own
        Meaning::Rowwise(_) => {
            let by_rows = times(c, inner, slope);
            Lengths { row: by_rows.row, rows: by_rows.rows, ..plain }
        }
        _ => plain,
    })
}

/// The nodes that all ways from the leaves to a node pass, of every node.
fn dominators(g: &Graph, order: &[Expr], leaves: &[Expr]) -> BTreeMap<Expr, BTreeSet<Expr>> {
    let mut out: BTreeMap<Expr, BTreeSet<Expr>> = leaves.iter().map(|&x| (x, BTreeSet::from([x]))).collect();
    for &u in order {
        let inner = g.args(u).iter().filter_map(|a| out.get(a).cloned());
        if let Some(mut all) = inner.reduce(|a, b| a.intersection(&b).copied().collect()) {
            all.insert(u);
            out.entry(u).or_insert(all);
        }
    }
    out
}

/// The bound of the norm of the stack of second derivatives of a matrix, `|f| |x| × |y|`, over all ways: with D a Jacobian and S a
/// stack, that of `u(v, w)` is `(D ⊗ I) T_v + (I ⊗ J_v') S J_w`. `None` if a row says nothing of its stack.
///
/// Errors: [`NotDifferentiable`].
pub(super) fn stack(c: &mut Calculus, g: &mut Graph, f: Expr, x: Expr, y: Expr) -> Result<Option<Formula>, NotDifferentiable> {
    let order = g.reachable(&[f]);
    let (in_x, in_y) = (lengths(c, g, &order, x)?, lengths(c, g, &order, y)?);
    let depends = dependents(g, &order, &[x, y]);
    let order: Vec<Expr> = order.into_iter().filter(|u| depends.contains(u) && ![x, y].contains(u)).collect();
    let dominators = if c.derivatives.is_empty() { BTreeMap::new() } else { dominators(g, &order, &[x, y]) };
    let mut total: BTreeMap<Expr, Formula> = BTreeMap::new();
    for u in order {
        let mut known = vec![];
        known.extend(c.derivatives.stacks.get(&(u, x, y)));
        known.extend(by_arguments(c, g, u, &total, [&in_x, &in_y])?);
        for &d in dominators.get(&u).into_iter().flatten().filter(|&&d| d != u && d != x && d != y) {
            // T_u = (J ⊗ I) T_d + (I ⊗ J_d') T J_d of what comes by way of d alone
            let named = (c.named_jacobian(g, u, d), c.derivatives.stacks.get(&(u, d, d)).copied());
            if let ((Some(_), _) | (_, Some(_)), (Some(left), Some(right))) = (named, (in_x.get(&d), in_y.get(&d))) {
                let bend = match named.1 {
                    Some(symbol) => Some(symbol),
                    None => stack(c, g, u, d, d)?,
                };
                let slope = match named.0 {
                    Some(symbol) => symbol,
                    None => jacobian(c, g, u, d)?,
                };
                if let Some(bend) = bend {
                    let inner = total.get(&d).copied().unwrap_or_else(|| c.book.zero());
                    let terms = [c.book.times(&[slope, inner]), c.book.times(&[left.whole, bend, right.whole])];
                    known.push(c.book.sum(&terms));
                }
            }
        }
        if known.is_empty() {
            return Ok(None);
        }
        let bound = c.book.min(&known);
        total.insert(u, bound);
    }
    Ok(Some(total.get(&f).copied().unwrap_or_else(|| c.book.zero())))
}

/// The sum over the arguments of a node, and over pairs of them.
fn by_arguments(
    c: &mut Calculus,
    g: &mut Graph,
    u: Expr,
    total: &BTreeMap<Expr, Formula>,
    [in_x, in_y]: [&BTreeMap<Expr, Lengths>; 2],
) -> Result<Option<Formula>, NotDifferentiable> {
    let mut terms = vec![];
    for (a, v) in slots(g, u) {
        if let Some(&inner) = total.get(&v) {
            let outer = slope(c, g, u, a)?;
            terms.push(c.book.times(&[outer, inner]));
        }
        for (b, w) in slots(g, u) {
            let (Some(&left), Some(&right)) = (in_x.get(&v), in_y.get(&w)) else { continue };
            let own = c.stack(g, u, a, b)?;
            let named = if v == w { c.derivatives.stacks.get(&(u, v, v)).copied() } else { None };
            let known: Vec<Formula> = own.into_iter().chain(named.filter(|_| is_alone(g, u, v))).collect();
            if known.is_empty() {
                return Ok(None);
            }
            let own = c.book.min(&known);
            let Node::Apply(op, _) = g.node(u) else { continue };
            terms.push(match op.0.meaning {
                // row i of (I ⊗ J') S is that of J_i' S_i, and different rows have different columns
                Meaning::Entrywise { .. } | Meaning::Rowwise(_) => c.book.times(&[left.row, own, right.whole]),
                // of dA dB: for row i of A all of J_i', on top of each other; the same of columns of B
                _ if op.0.name == MUL.name && (a, b) == (0, 1) => c.book.times(&[left.rows, right.whole]),
                _ if op.0.name == MUL.name && (a, b) == (1, 0) => c.book.times(&[left.columns, right.whole]),
                _ => c.book.times(&[left.whole, own, right.whole]),
            });
        }
    }
    Ok(Some(c.book.sum(&terms)))
}
