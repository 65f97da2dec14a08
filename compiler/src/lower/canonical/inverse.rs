//! Inverses: of a diagonal matrix entry by entry, of a product factor by factor, else an atom with a rule.

use super::{
    atoms::{About, Origin, sole},
    size::{Sizes, multiply},
};
use crate::{
    expr::Expr,
    lower::{
        Lower,
        view::{COL, ROW, Slot, Term, View},
    },
    number::Number,
    ops::inv::INV,
};
use std::rc::Rc;

impl Lower<'_> {
    /// The inverse of a matrix.
    pub(super) fn inverse(&mut self, a: Expr, view: &View) -> Option<View> {
        if view.terms.is_empty() {
            return None;
        }
        if let Some(out) = self.inverse_of_diagonal(a, view) {
            return Some(out);
        }
        let (c, sizes, mut body) = self.content(view);
        let mut powers = Sizes::new();
        sizes.iter().for_each(|(n, p)| multiply(&mut powers, n, -*p));
        let scale = self.sized_view(c.powi(-1), powers);
        if let Some(out) = self.inverse_of_product(a, &body) {
            return Some(self.times("|, i|j -> i|j", a, scale, out));
        }
        let turned = self.turned(&body);
        let (form, other) = (self.form(&body), self.form(&turned));
        let flipped = other < form;
        let symmetric = other == form;
        if flipped {
            body = turned;
        }
        let (rows, cols) = (body.row_sizes(), body.col_sizes());
        let shape = self.g.shape(a).clone();
        let origin = Origin::new(INV.name, vec![form.min(other)]);
        let about = About { op: INV.name, symmetric, ..About::default() };
        let (tensor, new) = self.intern(origin, vec![shape.rows.clone(), shape.cols.clone()], about);
        if new {
            // the rows of the inverse are the columns of its argument
            let rule = (rows == cols).then(|| self.rule(&body, rows.len())).flatten();
            self.book_mut().about.get_mut(&tensor).expect("it was just put there").rule = rule.map(Rc::new);
        }
        let mut out = self.stored(tensor, cols, rows);
        if flipped {
            out = self.turned(&out);
        }
        Some(self.times("|, i|j -> i|j", a, scale, out))
    }

    /// `(A B)^-1 = B^-1 A^-1` of square matrices.
    fn inverse_of_product(&mut self, a: Expr, body: &View) -> Option<View> {
        let ([t], [n, m]) = (body.terms.as_slice(), body.sizes.as_slice()) else { return None };
        let n = n.0.clone();
        if m.0 != n || t.factors.len() < 2 || !self.is_full(body) {
            return None;
        }
        // the factors in their order, each as a view
        let (mut at, mut left, mut chain) = (sole(&t.free[0]), t.factors.clone(), vec![]);
        while let Some(k) = left.iter().position(|f| f.strides.iter().any(|(l, _)| *l == at)) {
            let f = left.remove(k);
            let axes = self.axes(&f, &[n.clone(), n.clone()])?;
            let next = if axes[0] == at { axes[1] } else { axes[0] };
            let free = vec![Slot::full(at), Slot::full(next)];
            chain
                .push(View { sizes: body.sizes.clone(), terms: vec![Term { coefficient: Number::ONE, free, factors: vec![f] }] });
            at = next;
        }
        if !left.is_empty() || at != sole(&t.free[1]) {
            return None;
        }
        let mut out: Option<View> = None;
        for view in chain.into_iter().rev() {
            let inverse = self.inverse(a, &view)?;
            out = Some(match out {
                Some(before) => self.times("i|k, k|j -> i|j", a, before, inverse),
                None => inverse,
            });
        }
        out
    }

    /// The inverse of a diagonal matrix: the diagonal to the power −1.
    fn inverse_of_diagonal(&mut self, a: Expr, view: &View) -> Option<View> {
        let (rows, cols) = (view.positions(ROW), view.positions(COL));
        if view.row_sizes() != view.col_sizes() {
            return None;
        }
        let diagonal = |t: &Term| rows.iter().zip(&cols).all(|(&r, &c)| t.free[r] == t.free[c]);
        if !view.terms.iter().all(diagonal) {
            return None;
        }
        let half = |t: &Term| Term { free: rows.iter().map(|&r| t.free[r].clone()).collect(), ..t.clone() };
        let d =
            View { sizes: rows.iter().map(|&r| view.sizes[r].clone()).collect(), terms: view.terms.iter().map(half).collect() };
        if !self.is_full(&d) {
            return None;
        }
        let mut out = self.powered(a, &d, Number::int(-1), false)?;
        for t in &mut out.terms {
            let again: Vec<Slot> = t.free.clone();
            t.free.extend(again);
        }
        out.sizes = view.sizes.clone();
        Some(out)
    }
}
