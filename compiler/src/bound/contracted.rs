//! Products with the stack of second derivatives of a matrix: against a residual, and by rows.

use super::{calculus::Calculus, formula::Formula, norm::Norm};
use crate::{
    expr::{Expr, Graph, Kind, Meaning, Node},
    hessian::Part,
    ops::{build::Build, kron::KRON, mul::MUL},
    syntax,
};

/// The factors of a Kronecker product from left to right.
fn factors(g: &Graph, e: Expr) -> Vec<Expr> {
    match g.args_of(e, &KRON) {
        Some(&[a, b]) => [factors(g, a), factors(g, b)].concat(),
        _ => vec![e],
    }
}

impl Calculus {
    /// A sharper bound of `A hessian(f, x, y)` for a matrix f, where A keeps it together.
    pub(super) fn of_stack(&mut self, g: &mut Graph, u: Expr) -> Option<(Formula, String)> {
        let &[a, h] = g.args_of(u, &MUL)?.first_chunk::<2>()?;
        let Node::Apply(op, args) = g.node(h).clone() else { return None };
        if op.0.name != "hessian" || g.is_scalar(args[0]) {
            return None;
        }
        let f = syntax::expand(g, args[0]);
        let all = factors(g, a);
        match *all.as_slice() {
            [r, i] if g.is_eye(i) && g.shape(r).rows.is_one() && g.shape(r).cols == g.shape(f).len() => {
                self.against(g, f, r, [args[1], args[2]]).map(|b| (b, "(r ⊗ I) hessian(f) is the Hessian of ⟨r, f⟩".to_owned()))
            }
            [i, p, q, r] if g.is_eye(i) && args[1] == args[2] => {
                let bound = self.by_rows(g, f, args[1], [i, p, q, r])?;
                Some((bound, "rows of a function by rows do not meet".to_owned()))
            }
            _ => None,
        }
    }

    /// The Hessian of `⟨r, f⟩`, in which r is held fixed.
    fn against(&mut self, g: &mut Graph, f: Expr, r: Expr, [x, y]: [Expr; 2]) -> Option<Formula> {
        let shape = g.shape(f).clone();
        let column = g.transpose(r);
        let residual = g.mat_r(column, &shape);
        let fixed = g.declare(&format!("residual {}", residual.index()), shape, Kind::Const);
        self.held.insert(fixed, residual);
        let product = g.dot(fixed, f);
        let mut leaves = vec![(String::new(), x)];
        if x != y {
            leaves.push((String::new(), y));
        }
        let blocks = super::blocks(self, g, product, Part::Whole, &leaves).ok()?;
        Some(blocks[usize::from(x != y)].reason.bound)
    }

    /// `(I ⊗ P ⊗ Q ⊗ R) hessian(f, x, x)` of f by rows: with `S_i` the stack of row i it is `Σ e_i ⊗ (P ⊗ Q e_i ⊗ R) S_i` in other
    /// columns for every i, so the largest of them counts.
    fn by_rows(&mut self, g: &mut Graph, f: Expr, x: Expr, [i, p, q, r]: [Expr; 4]) -> Option<Formula> {
        let Node::Apply(op, args) = g.node(f).clone() else { return None };
        let shape = g.shape(f).clone();
        let fits = |e: Expr, d: &crate::dim::Dim| g.shape(e).cols == *d;
        let is_by_rows = matches!(op.0.meaning, Meaning::Rowwise(_)) && args[0] == x && *g.shape(x) == shape;
        if !is_by_rows || !fits(i, &shape.rows) || !fits(p, &shape.cols) || !fits(q, &shape.rows) || !fits(r, &shape.cols) {
            return None;
        }
        let own = self.stack(g, f, 0, 0).ok()??;
        let (p, q, r) = (self.norm(g, p, Norm::Two), self.norm(g, q, Norm::Column), self.norm(g, r, Norm::Two));
        Some(self.book.times(&[p, q, r, own]))
    }
}
