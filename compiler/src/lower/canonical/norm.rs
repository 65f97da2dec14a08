//! The spectral norm of a product of independent parts: `‖A ⊗ B‖ = ‖A‖ ‖B‖`, up to the order of rows and columns, where a
//! part with rows alone is a vector.

use super::{
    IndexForm,
    atoms::{About, Origin},
    label::permutations,
};
use crate::{
    dim::Dim,
    expr::Expr,
    index::Letter,
    lower::{
        Lower,
        view::{COL, Factor, ROW, Term, View},
    },
    number::Number,
    ops::norm2::NORM2,
};

impl Lower<'_> {
    /// `norm2(A)`.
    pub(super) fn spectral(&mut self, a: Expr, view: &View) -> Option<View> {
        if view.terms.is_empty() {
            return Some(View::scalar(Number::ZERO));
        }
        let (c, sizes, body) = self.content(view);
        let mut out = View::scalar(c.abs());
        for (n, p) in sizes {
            let f = self.size_factor(&n, p);
            out.terms[0].factors.push(f);
        }
        let parts = match body.terms.as_slice() {
            [t] => self.parts_of_product(&body, t),
            _ => self.parts_of_sum(&body),
        };
        for part in parts {
            let norm = self.norm_of_part(a, &part)?;
            out = self.times("|, | -> |", a, out, norm);
        }
        Some(out)
    }

    fn norm_of_part(&mut self, a: Expr, part: &View) -> Option<View> {
        if part.row_sizes().is_empty() || part.col_sizes().is_empty() {
            return self.norm_view(a, part);
        }
        if let [t] = part.terms.as_slice()
            && t.factors.is_empty()
            && let [r, c] = t.free.as_slice()
            && r == c
            && r.letter().is_some()
        {
            return Some(View::scalar(t.coefficient));
        }
        let (c, form) = self.unordered(part)?;
        let one = Dim::constant(1);
        let about = About { op: NORM2.name, nonnegative: true, ..About::default() };
        let (tensor, _) = self.intern(Origin::new(NORM2.name, vec![form]), vec![one.clone(), one.clone()], about);
        let mut out = self.view_of(tensor, &one, &one);
        out.terms[0].coefficient = c;
        Some(out)
    }

    /// The least form of a matrix by a number, up to the order of rows, of columns, and of both sides; and that number, above
    /// zero.
    fn unordered(&mut self, part: &View) -> Option<(Number, IndexForm)> {
        let mut best: Option<(IndexForm, Number)> = None;
        let mut try_order = |l: &mut Self, order: &[usize], rows: usize| {
            let view = View {
                sizes: order
                    .iter()
                    .enumerate()
                    .map(|(k, &p)| (part.sizes[p].0.clone(), if k < rows { ROW } else { COL }))
                    .collect(),
                terms: part
                    .terms
                    .iter()
                    .map(|t| Term { free: order.iter().map(|&p| t.free[p].clone()).collect(), ..t.clone() })
                    .collect(),
            };
            let mut form = l.form(&view);
            let Some(c) = form.terms.values().next().copied() else { return };
            form.terms.values_mut().for_each(|x| *x = *x / c);
            if best.as_ref().is_none_or(|b| form < b.0) {
                best = Some((form, c.abs()));
            }
        };
        let (rows, cols) = (part.positions(ROW), part.positions(COL));
        for sides in [[&rows, &cols], [&cols, &rows]] {
            let mut orders = vec![];
            if rows.len() <= 3 && cols.len() <= 3 {
                permutations(&[sides[0].clone(), sides[1].clone()], &mut vec![], &mut |o| orders.push(o.to_vec()));
            } else {
                orders.push([sides[0].clone(), sides[1].clone()].concat());
            }
            orders.iter().for_each(|o| try_order(self, o, sides[0].len()));
        }
        best.map(|(form, c)| (c, form))
    }

    /// The parts of a product with coefficient one: what letters and factors join, directly or through others.
    fn parts_of_product(&self, view: &View, t: &Term) -> Vec<View> {
        let mut sets: Vec<Vec<Letter>> = vec![];
        let own = t.free.iter().map(|s| s.letters.iter().map(|x| x.0).collect::<Vec<_>>());
        let read = t.factors.iter().map(|f| f.strides.iter().map(|s| s.0).collect::<Vec<_>>());
        for letters in own.chain(read) {
            let (mut joined, rest): (Vec<_>, Vec<_>) = sets.into_iter().partition(|r| r.iter().any(|l| letters.contains(l)));
            joined.push(letters);
            sets = rest;
            sets.push(joined.concat());
        }
        let within = |set: &[Letter], f: &Factor| f.strides.iter().any(|s| set.contains(&s.0));
        let part = |set: &Vec<Letter>| {
            let at: Vec<usize> = (0..t.free.len()).filter(|&p| t.free[p].letters.iter().any(|x| set.contains(&x.0))).collect();
            let factors =
                t.factors.iter().filter(|f| within(set, f) || set.is_empty() && f.strides.is_empty()).cloned().collect();
            restricted(view, &at, vec![Term { coefficient: Number::ONE, free: t.free.clone(), factors }])
        };
        sets.iter().map(part).collect()
    }

    /// The parts of a sum: positions on which no entry depends and which all its products join in one way, and all the rest.
    fn parts_of_sum(&self, view: &View) -> Vec<View> {
        let n = view.sizes.len();
        let first = &view.terms[0];
        let fixed = |p: usize| {
            view.terms.iter().all(|t| {
                let (Some(l), Some(m)) = (t.free[p].letter(), first.free[p].letter()) else { return false };
                t.free[p].offset == first.free[p].offset
                    && self.extent(l) == self.extent(m)
                    && (0..n).all(|q| t.free[q].has(l) == first.free[q].has(m))
                    && (0..n).all(|q| !t.free[q].has(l) || t.free[q].letter().is_some())
                    && !t.factors.iter().any(|f| f.strides.iter().any(|(x, _)| *x == l))
            })
        };
        let mut out = vec![];
        for p in (0..n).filter(|&p| fixed(p)) {
            let at: Vec<usize> = (0..n).filter(|&q| first.free[q].letters == first.free[p].letters).collect();
            if at[0] == p {
                let bare = Term { coefficient: Number::ONE, free: first.free.clone(), factors: vec![] };
                out.push(restricted(view, &at, vec![bare]));
            }
        }
        let rest: Vec<usize> = (0..n).filter(|&p| !fixed(p)).collect();
        out.push(restricted(view, &rest, view.terms.clone()));
        out
    }
}

/// A view over some of its positions.
fn restricted(view: &View, at: &[usize], terms: Vec<Term>) -> View {
    let cut = |t: Term| Term { free: at.iter().map(|&p| t.free[p].clone()).collect(), ..t };
    View { sizes: at.iter().map(|&p| view.sizes[p].clone()).collect(), terms: terms.into_iter().map(cut).collect() }
}
