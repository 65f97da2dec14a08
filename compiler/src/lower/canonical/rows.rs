//! Functions of rows: softmax, which does not see what is added to a row; layernorm and rowstd by centered rows C and their
//! deviations s, `layernorm = C s^-1`, of which products know that rows of C sum to zero and their squares to `n s^2`; and
//! the same without centering.

use super::{
    atoms::{About, Origin},
    size::Sizes,
};
use crate::{
    dim::Dim,
    expr::Expr,
    lower::{
        Lower, row_major,
        view::{COL, Factor, Term, View},
    },
    number::Number,
    ops::{rowstd::ROWSTD, softmax::SOFTMAX},
};

/// The operation of centered rows, and of the means of rows.
const CENTERED: &str = " centered";
const MEAN: &str = " mean";

impl Lower<'_> {
    /// A view without the terms that are the same in all columns.
    fn varying(&self, view: &View) -> View {
        let constant = |t: &Term| {
            view.positions(COL).into_iter().all(|k| {
                let s = &t.free[k];
                let whole = s.letter().filter(|l| s.offset == Dim::default() && *self.extent(*l) == view.sizes[k].0);
                whole.is_some_and(|l| {
                    let reads = |f: &Factor| f.strides.iter().any(|(x, _)| *x == l);
                    t.free.iter().filter(|r| r.has(l)).count() == 1 && !t.factors.iter().any(reads)
                })
            })
        };
        View { sizes: view.sizes.clone(), terms: view.terms.iter().filter(|t| !constant(t)).cloned().collect() }
    }

    /// A softmax does not see what is added to a whole row.
    pub(super) fn softmax(&mut self, e: Expr, view: &View) -> Option<View> {
        let view = self.varying(view);
        let shape = self.g.shape(e).clone();
        if view.terms.is_empty() {
            let mut sizes = Sizes::new();
            let c = self.multiply_dim(&mut sizes, &shape.cols, Number::int(-1))?;
            let factors = sizes.into_iter().map(|(n, p)| self.size_factor(&n, p)).collect();
            let letters = self.letters(&view);
            return Some(self.product_view(&view, letters, c, factors));
        }
        let form = self.form(&view);
        let about = About { positive: true, ..About::from_facts(SOFTMAX.name, self.g.facts(e)) };
        let (tensor, _) = self.intern(Origin::new(SOFTMAX.name, vec![form]), vec![shape.rows.clone(), shape.cols.clone()], about);
        Some(self.view_of(tensor, &shape.rows, &shape.cols))
    }

    /// Centered rows and their deviations: the argument, up to means of rows, is `c · sizes · C`, and the deviations are
    /// `|c| · sizes · s`. The result is (c, sizes, C, s).
    fn standard(&mut self, view: &View) -> Option<(Number, Sizes, View, View)> {
        let view = self.varying(view);
        if view.terms.is_empty() {
            return None;
        }
        let (c, sizes, body) = self.content(&view);
        let plain = self.plain(&body);
        if let Some(tensor) = plain
            && let Some(s) = self.about(tensor).and_then(|a| a.deviation)
        {
            let rows = body.row_sizes();
            let deviation = self.stored(s, rows, vec![]);
            return Some((c, sizes, body, deviation));
        }
        let (centered, deviation) = self.centered(&body);
        Some((c, sizes, centered, deviation))
    }

    /// The tensors of the centered rows of a view and of their deviations, as views.
    fn centered(&mut self, body: &View) -> (View, View) {
        let form = self.form(body);
        let (rows, cols) = (body.row_sizes(), body.col_sizes());
        let product = |ds: &[Dim]| ds.iter().fold(Dim::constant(1), |a, b| &a * b);
        let shape = vec![product(&rows), product(&cols)];
        let about = About { op: ROWSTD.name, nonnegative: true, ..About::default() };
        let (s, _) = self.intern(Origin::new(ROWSTD.name, vec![form.clone()]), vec![shape[0].clone(), Dim::constant(1)], about);
        let about = About { op: CENTERED, deviation: Some(s), ..About::default() };
        let (c, _) = self.intern(Origin::new(CENTERED, vec![form]), shape, about);
        (self.stored(c, rows.clone(), cols), self.stored(s, rows, vec![]))
    }

    /// A variable as its centered rows plus their means.
    pub(super) fn by_means(&mut self, view: &View) -> View {
        let form = self.form(view);
        let (mut out, _) = self.centered(view);
        let rows = view.row_sizes();
        let product = rows.iter().fold(Dim::constant(1), |a, b| &a * b);
        let (m, _) = self.intern(Origin::new(MEAN, vec![form]), vec![product, Dim::constant(1)], About::default());
        let letters = self.letters(view);
        let strides = letters.iter().copied().zip(row_major(&rows)).collect();
        let f = Factor { tensor: m, strides, offset: Dim::default() };
        out.terms.extend(self.product_view(view, letters, Number::ONE, vec![f]).terms);
        out
    }

    /// `layernorm(A)`, or the deviations of its rows alone.
    pub(super) fn standardized(&mut self, a: Expr, view: &View, deviation: bool) -> Option<View> {
        let (scale, size, c, s) = self.standard(view)?;
        let sign = if scale.is_negative() { Number::int(-1) } else { Number::ONE };
        let power = if deviation { Number::ONE } else { Number::int(-1) };
        let s = self.powered(a, &s, power, false)?;
        if deviation {
            let scale = self.sized_view(sign * scale, size);
            return Some(self.times("|, i|j -> i|j", a, scale, s));
        }
        let scale = self.sized_view(sign, Sizes::new());
        let out = self.times("i|j, i| -> i|j", a, c, s);
        Some(self.times("|, i|j -> i|j", a, scale, out))
    }

    /// `rmsnorm(A)`, or the roots of the mean squares of its rows alone.
    pub(super) fn by_mean_square(&mut self, a: Expr, view: &View, only_root: bool) -> Option<View> {
        let squares = self.times("i|j, i|j -> i|", a, view.clone(), view.clone());
        let n = self.g.shape(a).cols.clone();
        let mut sizes = Sizes::new();
        let c = self.multiply_dim(&mut sizes, &n, Number::int(-1))?;
        let by = self.sized_view(c, sizes);
        let squares = self.times("|, i|j -> i|j", a, by, squares);
        let half = Number::ratio(1, 2);
        if only_root {
            return self.powered(a, &squares, half, false);
        }
        let inverse = self.powered(a, &squares, -half, false)?;
        Some(self.times("i|j, i| -> i|j", a, view.clone(), inverse))
    }
}
