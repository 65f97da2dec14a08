//! Values of functions: written by simpler functions where that is always true, else atoms named by their arguments.

use super::{
    atoms::{About, Origin},
    size::{Sizes, multiply},
};
use crate::{
    dim::Dim,
    expr::{Expr, Fact, Meaning, Op, Shape},
    index::{Contraction, TensorId},
    lower::{
        Lower,
        view::{Factor, Term, View},
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

impl Lower<'_> {
    /// The value of a function.
    pub(in crate::lower) fn atom(
        &mut self,
        e: Expr,
        op: &'static Op,
        parts: Vec<(Expr, View)>,
        dims: &[Dim],
        numbers: &[Number],
    ) -> View {
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
            let about = About { symmetric: false, stochastic: false, orthogonal: false, ..about };
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
    fn function(
        &mut self,
        op: &'static Op,
        arguments: &[View],
        shape: &Shape,
        dims: &[Dim],
        numbers: &[Number],
        about: About,
    ) -> TensorId {
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
            return self.standardized(a, view, is(&ROWSTD));
        }
        if is(&ROWRMS) || is(&RMSNORM) {
            return self.by_mean_square(a, view, is(&ROWRMS));
        }
        None
    }

    /// A contraction of two views, collected.
    pub(super) fn times(&mut self, c: &str, e: Expr, a: View, b: View) -> View {
        let out = self.contraction(&Contraction::parse(c), vec![(e, a), (e, b)], &[]);
        self.collected(out)
    }

    /// A number times powers of sizes.
    pub(super) fn sized_view(&mut self, c: Number, sizes: Sizes) -> View {
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
}
