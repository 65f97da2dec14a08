//! Powers of entries: of products factor by factor where that is true, of sums as a name with a power.

use super::{
    atoms::{About, VALUE, sole},
    size::{Sizes, multiply},
};
use crate::{
    dim::Dim,
    expr::Expr,
    index::{Contraction, Letter, TensorId},
    lower::{
        Lower,
        view::{Factor, Term, View},
    },
    number::Number,
};

/// Most products to which a whole power is multiplied out.
const MOST_PRODUCTS: usize = 64;

impl Lower<'_> {
    /// `x.^p`, with what is known of the sign of x; `None` if there is no such writing.
    pub(super) fn powered(&mut self, e: Expr, view: &View, p: Number, positive: bool) -> Option<View> {
        if view.terms.is_empty() {
            return (!p.is_negative()).then(|| view.clone());
        }
        if let [t] = view.terms.as_slice()
            && !self.has_sum(t)
            && self.is_full(view)
            && let Some(out) = self.power_of_product(view, t, p)
        {
            return Some(out);
        }
        if let Some(k) = p.as_int().and_then(|k| usize::try_from(k).ok()).filter(|k| (1..=4).contains(k))
            && view.terms.len().pow(k as u32) <= MOST_PRODUCTS
        {
            let c = Contraction::parse("i|j, i|j -> i|j");
            let mut out = view.clone();
            for _ in 1..k {
                out = self.contraction(&c, vec![(e, out), (e, view.clone())], &[]);
                out = self.collected(out);
            }
            return Some(out);
        }
        if !self.is_full(view) {
            return None;
        }
        if let Some((common, rest)) = self.common(view) {
            let positive = positive || self.polynomial(&rest).is_some_and(|d| d.has_only_positive_terms());
            let definite = |f: &Factor| self.about(self.base_power(f.tensor).0).is_some_and(|a| a.positive || a.nonnegative);
            if p.as_int().is_some() || positive && common.terms[0].factors.iter().all(definite) {
                let (a, b) = (self.powered(e, &common, p, false)?, self.powered(e, &rest, p, positive)?);
                return Some(self.times("i|j, i|j -> i|j", e, a, b));
            }
        }
        // a sum: number and sizes in front, a name for the rest
        let (mut c, sizes, mut body) = self.content(view);
        if p.as_int().is_none() && c.is_negative() {
            c = -c;
            body.terms.iter_mut().for_each(|t| t.coefficient = -t.coefficient);
        }
        let mut powers = Sizes::new();
        sizes.iter().for_each(|(n, q)| multiply(&mut powers, n, *q * p));
        let letters = self.letters(&body);
        // a polynomial of sizes has a name of its own
        let named = self.polynomial(&body).filter(|d| positive || d.has_only_positive_terms()).and_then(|d| {
            let mut powers = powers.clone();
            let front = self.number_power(c, p, &mut powers)?;
            Some((front * self.multiply_dim(&mut powers, &d, p)?, powers))
        });
        let mut factors = vec![];
        let front = match named {
            Some((front, all)) => {
                powers = all;
                front
            }
            None => {
                let about = About { op: VALUE, positive: positive && !c.is_negative(), ..About::default() };
                let f = self.entry_atom(VALUE, &[], &body, about, &letters);
                let tensor = self.power_tensor(f.tensor, p);
                factors.push(Factor { tensor, ..f });
                self.number_power(c, p, &mut powers)?
            }
        };
        for (n, q) in powers {
            factors.push(self.size_factor(&n, q));
        }
        let out = self.product_view(view, letters, front, factors);
        Some(self.collected(out))
    }

    /// The factors that all terms of a full view have, over letters that are not summed, and what is left; the rest is over
    /// the same positions.
    fn common(&self, view: &View) -> Option<(View, View)> {
        // factors over positions, so that terms can be compared
        let placed = |t: &Term, f: &Factor| -> Option<Factor> {
            let at = |l: Letter| t.free.iter().position(|s| s.has(l)).map(|k| sole(&view.terms[0].free[k]));
            let strides = f.strides.iter().map(|(l, s)| Some((at(*l)?, s.clone()))).collect::<Option<_>>()?;
            Some(Factor { strides, ..f.clone() })
        };
        let first = view.terms.first().filter(|_| view.terms.len() > 1)?;
        let mut rest = view.clone();
        let mut common = vec![];
        for f in first.factors.iter().filter(|f| self.about(f.tensor).is_none_or(|a| a.size.is_none())) {
            let Some(f) = placed(first, f) else { continue };
            let find = |t: &Term| {
                t.factors
                    .iter()
                    .position(|h| h.tensor == f.tensor && h.offset == f.offset && placed(t, h).is_some_and(|h| alike(&h, &f)))
            };
            let Some(found) = rest.terms.iter().map(find).collect::<Option<Vec<usize>>>() else { continue };
            rest.terms.iter_mut().zip(found).for_each(|(t, k)| drop(t.factors.remove(k)));
            common.push(f);
        }
        let term = Term { coefficient: Number::ONE, free: first.free.clone(), factors: common };
        (!term.factors.is_empty()).then(|| (View { sizes: view.sizes.clone(), terms: vec![term] }, rest))
    }

    /// Whether a letter of a term is summed.
    fn has_sum(&self, t: &Term) -> bool {
        t.factors.iter().flat_map(|f| &f.strides).any(|(l, _)| !t.is_free(*l))
    }

    /// The polynomial of sizes that all entries of a full sum are, if they are one.
    fn polynomial(&mut self, body: &View) -> Option<Dim> {
        if body.terms.len() < 2 {
            return None;
        }
        let mut out = Dim::default();
        for t in &body.terms {
            let (sizes, factors) = self.sized(t);
            let Number::Ratio(n, d) = t.coefficient else { return None };
            let mut term = Dim::constant(n).divide(&Dim::constant(d))?;
            for (name, p) in sizes {
                let k = p.as_int().filter(|k| *k >= 0)?;
                let base = if Number::parse(&name).is_some() { return None } else { self.book().composites.get(&name).cloned() };
                let base = base.unwrap_or_else(|| Dim::symbol(&name));
                term = (0..k).fold(term, |a, _| &a * &base);
            }
            if !factors.is_empty() {
                return None;
            }
            out = &out + &term;
        }
        Some(out)
    }

    /// `(c ∏ f^q)^p`: a whole power of every factor; a broken power of every factor that is positive, and of the others
    /// together.
    fn power_of_product(&mut self, view: &View, t: &Term, p: Number) -> Option<View> {
        let (sizes, factors) = self.sized(t);
        let mut powers = Sizes::new();
        sizes.iter().for_each(|(n, q)| multiply(&mut powers, n, *q * p));
        let mut groups: Vec<(TensorId, Number, Factor)> = vec![];
        for f in &factors {
            let (base, q) = self.base_power(f.tensor);
            match groups.iter_mut().find(|g| g.0 == base && g.2.offset == f.offset && alike(&g.2, f)) {
                Some(g) => g.1 = g.1 + q,
                None => groups.push((base, q, f.clone())),
            }
        }
        let whole = p.as_int().is_some();
        if whole && p.to_f64().abs() > 8.0 {
            return None;
        }
        let (clear, rest): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|g| whole || self.about(g.0).is_some_and(|a| a.positive));
        // where no sign is open, zero is harmless too
        let (clear, rest) = match rest.iter().all(|g| self.about(g.0).is_some_and(|a| a.nonnegative)) {
            true if !t.coefficient.is_negative() => (clear.into_iter().chain(rest).collect(), vec![]),
            _ => (clear, rest),
        };
        let mut out = vec![];
        for (base, q, f) in clear {
            let tensor = self.power_tensor(base, q * p);
            out.push(Factor { tensor, ..f });
        }
        let mut c = t.coefficient;
        let negative = c.is_negative() && !whole;
        if negative {
            c = -c;
        }
        let even = |q: Number| q.as_int().is_some_and(|k| k % 2 == 0);
        match rest.as_slice() {
            [] if !negative => {}
            // (x^q)^p = x^(qp) for x at least zero, which it is where an odd or a broken power of it has a root
            [(base, q, f)] if !negative && !even(*q) => {
                let tensor = self.power_tensor(*base, *q * p);
                out.push(Factor { tensor, ..f.clone() });
            }
            _ => {
                let mut list = vec![];
                for (base, q, f) in &rest {
                    let tensor = self.power_tensor(*base, *q);
                    list.push(Factor { tensor, ..f.clone() });
                }
                let coefficient = if negative { Number::int(-1) } else { Number::ONE };
                let body =
                    View { sizes: view.sizes.clone(), terms: vec![Term { coefficient, free: t.free.clone(), factors: list }] };
                let letters: Vec<Letter> = t.free.iter().map(sole).collect();
                let f = self.entry_atom(VALUE, &[], &body, About { op: VALUE, ..About::default() }, &letters);
                let tensor = self.power_tensor(f.tensor, p);
                out.push(Factor { tensor, ..f });
            }
        }
        let c = self.number_power(c, p, &mut powers)?;
        for (n, q) in powers {
            out.push(self.size_factor(&n, q));
        }
        let term = Term { coefficient: c, free: t.free.clone(), factors: out };
        Some(self.collected(View { sizes: view.sizes.clone(), terms: vec![term] }))
    }

    /// The root of the sum of the squares of all entries.
    pub(super) fn norm_view(&mut self, e: Expr, view: &View) -> Option<View> {
        if view.terms.len().pow(2) > MOST_PRODUCTS {
            return None;
        }
        let c = Contraction::parse("i|j, i|j -> |");
        let squares = self.contraction(&c, vec![(e, view.clone()), (e, view.clone())], &[]);
        let squares = self.collected(squares);
        self.powered(e, &squares, Number::ratio(1, 2), false)
    }
}

/// Whether two factors have the same letters with the same strides.
pub(super) fn alike(a: &Factor, b: &Factor) -> bool {
    a.strides.len() == b.strides.len() && a.strides.iter().all(|s| b.strides.contains(s))
}
