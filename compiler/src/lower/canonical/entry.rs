//! Values of functions: written by simpler functions where that is always true, else atoms named by their arguments.

use super::{
    atoms::{About, Origin},
    size::{Sizes, multiply},
};
use crate::{
    dim::Dim,
    expr::{Expr, Fact, Meaning, Op, Shape},
    index::{Contraction, Letter, TensorId},
    lower::{
        Lower, row_major,
        view::{COL, Factor, ROW, Slot, Term, View},
    },
    number::Number,
    ops::{
        adj::ADJ, det::DET, exp::EXP, inv::INV, layernorm::LAYERNORM, logdet::LOGDET, norm2::NORM2, normf::NORMF, power::POWER,
        rmsnorm::RMSNORM, rowrms::ROWRMS, rowstd::ROWSTD, sigmoid::SIGMOID, softmax::SOFTMAX, unit::UNIT,
    },
};

use std::rc::Rc;

/// Functions of which a matrix and its transpose have the same value.
const TURNING: [&str; 3] = [DET.name, LOGDET.name, NORM2.name];

/// The operation of centered rows, and of the means of rows.
const CENTERED: &str = " centered";
const MEAN: &str = " mean";

impl Lower<'_> {
    /// The value of a function.
    pub(in crate::lower) fn atom(&mut self, e: Expr, op: &'static Op, parts: Vec<(Expr, View)>, dims: &[Dim], numbers: &[Number]) -> View {
        if let [(a, view)] = parts.as_slice()
            && let Some(out) = self.rewritten(e, op, *a, view, numbers)
        {
            return out;
        }
        let shape = self.g.shape(e).clone();
        let about = About::from_facts(op.name, self.g.facts(e));
        if let (Meaning::Entrywise { .. }, [(_, view)]) = (&op.meaning, parts.as_slice()) {
            if self.is_full(view) {
                let letters = self.letters(view);
                let f = self.entry_atom(op.name, numbers, view, about, &letters);
                return self.product_view(view, letters, Number::ONE, vec![f]);
            }
            // f(X') = f(X)': the smaller writing names the atom
            let (form, turned) = (self.form(view), self.turned(view));
            let other = self.form(&turned);
            let flipped = other < form;
            let (form, like) = if flipped { (other, turned) } else { (form, view.clone()) };
            let s = if flipped { shape.transposed() } else { shape };
            let origin = Origin { numbers: numbers.to_vec(), ..Origin::new(op.name, vec![form]) };
            let about = About { symmetric: false, ..about };
            let (tensor, _) = self.intern(origin, vec![s.rows.clone(), s.cols.clone()], about);
            let out = self.view_like(tensor, &like, &s.rows, &s.cols);
            return if flipped { self.turned(&out) } else { out };
        }
        let arguments: Vec<View> = parts.into_iter().map(|p| p.1).collect();
        let tensor = self.function(op, &arguments, &shape, dims, numbers, about);
        match op.meaning {
            Meaning::Rowwise(_) => self.view_like(tensor, &arguments[0], &shape.rows, &shape.cols),
            _ => self.view_of(tensor, &shape.rows, &shape.cols),
        }
    }

    /// The tensor of a value of a function.
    fn function(&mut self, op: &'static Op, arguments: &[View], shape: &Shape, dims: &[Dim], numbers: &[Number], about: About) -> TensorId {
        let turns = TURNING.contains(&op.name);
        let mut forms = vec![];
        for view in arguments {
            let form = self.form(view);
            forms.push(if turns {
                let turned = self.turned(view);
                form.min(self.form(&turned))
            } else {
                form
            });
        }
        let origin = Origin { numbers: numbers.to_vec(), dims: dims.to_vec(), ..Origin::new(op.name, forms) };
        self.intern(origin, vec![shape.rows.clone(), shape.cols.clone()], about).0
    }

    /// The value by other functions.
    fn rewritten(&mut self, e: Expr, op: &'static Op, a: Expr, view: &View, numbers: &[Number]) -> Option<View> {
        let is = |row: &Op| op.name == row.name;
        if is(&POWER) {
            let positive = self.g.facts(a).has(Fact::Positive);
            return self.powered(a, view, numbers[0], positive);
        }
        if is(&EXP) {
            return self.exponential(view);
        }
        if is(&SIGMOID) && self.book().by_exponentials {
            return self.logistic(a, view);
        }
        if is(&SOFTMAX) {
            return self.softmax(e, view);
        }
        if is(&INV) {
            return self.inverse(a, view);
        }
        if is(&NORMF) {
            return self.norm_view(a, view);
        }
        if is(&NORM2) {
            return self.spectral(a, view);
        }
        if is(&UNIT) {
            return self.unit(e, a, view);
        }
        if is(&ADJ) && self.book().inverted.contains(&a) {
            // det(A) A^-1, for A has an inverse wherever the formulas are defined
            let one = Dim::constant(1);
            let about = About { op: DET.name, ..About::default() };
            let det = self.function(&DET, std::slice::from_ref(view), &Shape::scalar(), &[], &[], about);
            let det = self.view_of(det, &one, &one);
            let inverse = self.inverse(a, view)?;
            return Some(self.times("|, i|j -> i|j", a, det, inverse));
        }
        if is(&LAYERNORM) || is(&ROWSTD) {
            let (scale, size, c, s) = self.standard(view)?;
            let sign = if scale.is_negative() { Number::int(-1) } else { Number::ONE };
            let power = if is(&ROWSTD) { Number::ONE } else { Number::int(-1) };
            let s = self.powered(a, &s, power, false)?;
            if is(&ROWSTD) {
                let scale = self.sized_view(sign * scale, size);
                return Some(self.times("|, i|j -> i|j", a, scale, s));
            }
            let scale = self.sized_view(sign, Sizes::new());
            let out = self.times("i|j, i| -> i|j", a, c, s);
            return Some(self.times("|, i|j -> i|j", a, scale, out));
        }
        if is(&ROWRMS) || is(&RMSNORM) {
            let squares = self.times("i|j, i|j -> i|", a, view.clone(), view.clone());
            let n = self.g.shape(a).cols.clone();
            let mut sizes = Sizes::new();
            let c = self.multiply_dim(&mut sizes, &n, Number::int(-1))?;
            let by = self.sized_view(c, sizes);
            let squares = self.times("|, i|j -> i|j", a, by, squares);
            let half = Number::ratio(1, 2);
            if is(&ROWRMS) {
                return self.powered(a, &squares, half, false);
            }
            let inverse = self.powered(a, &squares, -half, false)?;
            return Some(self.times("i|j, i| -> i|j", a, view.clone(), inverse));
        }
        None
    }

    /// A contraction of two views, collected.
    pub(super) fn times(&mut self, c: &str, e: Expr, a: View, b: View) -> View {
        let out = self.contraction(&Contraction::parse(c), vec![(e, a), (e, b)], &[]);
        self.collected(out)
    }

    /// A number times powers of sizes.
    fn sized_view(&mut self, c: Number, sizes: Sizes) -> View {
        let factors = sizes.into_iter().map(|(n, p)| self.size_factor(&n, p)).collect();
        View { sizes: vec![], terms: vec![Term { coefficient: c, free: vec![], factors }] }
    }

    /// `exp(a + c b) = exp(a) exp(b)^c`, entry by entry.
    fn exponential(&mut self, view: &View) -> Option<View> {
        if !self.is_full(view) || view.terms.iter().any(|t| matches!(t.coefficient, Number::Float(_))) {
            return None;
        }
        let letters = self.letters(view);
        let mut factors = vec![];
        for t in &view.terms {
            let one = View { sizes: view.sizes.clone(), terms: vec![Term { coefficient: Number::ONE, ..t.clone() }] };
            let f = self.entry_atom(EXP.name, &[], &one, About { op: EXP.name, positive: true, ..About::default() }, &letters);
            let tensor = self.power_tensor(f.tensor, t.coefficient);
            factors.push(Factor { tensor, ..f });
        }
        Some(self.product_view(view, letters, Number::ONE, factors))
    }

    /// `sigmoid(x) = 1 - (1 + exp(x))^-1`.
    fn logistic(&mut self, a: Expr, view: &View) -> Option<View> {
        let exp = self.exponential(view)?;
        let letters = self.letters(&exp);
        let one = self.product_view(&exp, letters, Number::ONE, vec![]).terms;
        let mut sum = exp;
        sum.terms.extend(one.iter().cloned());
        let mut out = self.powered(a, &sum, Number::int(-1), true)?;
        out.terms.iter_mut().for_each(|t| t.coefficient = -t.coefficient);
        out.terms.extend(one);
        Some(self.collected(out))
    }

    /// `A / normF(A)`, where A is not zero; elsewhere an atom U with `U normF(A) = A`, for it is zero where A is.
    fn unit(&mut self, e: Expr, a: Expr, view: &View) -> Option<View> {
        if view.terms.is_empty() {
            return Some(view.clone());
        }
        let norm = self.norm_view(a, view)?;
        if self.book().nonzero.contains(&a) {
            let inverse = self.powered(a, &norm, Number::int(-1), false)?;
            return Some(self.times("|, i|j -> i|j", a, inverse, view.clone()));
        }
        let [t] = norm.terms.as_slice() else { return None };
        let (sizes, factors) = self.sized(t);
        let [f] = factors.as_slice() else { return None };
        let (base, half) = self.base_power(f.tensor);
        if half != Number::ratio(1, 2) || !f.strides.is_empty() {
            return None;
        }
        let mut inverse = Sizes::new();
        sizes.iter().for_each(|(n, p)| multiply(&mut inverse, n, -*p));
        let by = self.sized_view(t.coefficient.powi(-1), inverse);
        let scaled = self.times("|, i|j -> i|j", a, by, view.clone());
        let form = self.form(view);
        let shape = self.g.shape(e).clone();
        let about = About { op: UNIT.name, unit: Some((Rc::new(scaled), base)), ..About::default() };
        let (tensor, _) = self.intern(Origin::new(UNIT.name, vec![form]), vec![shape.rows.clone(), shape.cols.clone()], about);
        Some(self.view_like(tensor, view, &shape.rows, &shape.cols))
    }

    /// A view without the terms that are the same in all columns.
    fn varying(&self, view: &View) -> View {
        let constant = |t: &Term| {
            view.positions(COL).into_iter().all(|k| {
                let s = &t.free[k];
                s.offset == Dim::default()
                    && *self.extent(s.letter) == view.sizes[k].0
                    && t.free.iter().filter(|r| r.letter == s.letter).count() == 1
                    && !t.factors.iter().any(|f| f.strides.iter().any(|(l, _)| *l == s.letter))
            })
        };
        View { sizes: view.sizes.clone(), terms: view.terms.iter().filter(|t| !constant(t)).cloned().collect() }
    }

    /// A softmax does not see what is added to a whole row.
    fn softmax(&mut self, e: Expr, view: &View) -> Option<View> {
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

    /// The tensor that a view is, entry for entry.
    pub(super) fn plain(&self, view: &View) -> Option<TensorId> {
        let [t] = view.terms.as_slice() else { return None };
        let [f] = t.factors.as_slice() else { return None };
        let sizes: Vec<Dim> = view.sizes.iter().map(|p| p.0.clone()).collect();
        let letters: Vec<Letter> = t.free.iter().map(|s| s.letter).collect();
        (t.coefficient.is_one() && self.is_full(view) && self.axes(f, &sizes)? == letters).then_some(f.tensor)
    }

    /// The inverse of a matrix.
    fn inverse(&mut self, a: Expr, view: &View) -> Option<View> {
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
        let (mut at, mut left, mut chain) = (t.free[0].letter, t.factors.clone(), vec![]);
        while let Some(k) = left.iter().position(|f| f.strides.iter().any(|(l, _)| *l == at)) {
            let f = left.remove(k);
            let axes = self.axes(&f, &[n.clone(), n.clone()])?;
            let next = if axes[0] == at { axes[1] } else { axes[0] };
            let free = vec![Slot::full(at), Slot::full(next)];
            chain.push(View { sizes: body.sizes.clone(), terms: vec![Term { coefficient: Number::ONE, free, factors: vec![f] }] });
            at = next;
        }
        if !left.is_empty() || at != t.free[1].letter {
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
        let d = View { sizes: rows.iter().map(|&r| view.sizes[r].clone()).collect(), terms: view.terms.iter().map(half).collect() };
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
