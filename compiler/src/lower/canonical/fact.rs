//! Facts of products, used until none applies: equal entries add their powers, a sum stands in for its name, rows of a
//! softmax sum to one, centered rows to zero and their squares to the variance, `Q' Q = I`; and the rules of definitions.

use super::{
    Key,
    power::alike,
    size::{below, floor},
};
use crate::{
    dim::Dim,
    index::Letter,
    lower::{
        Lower,
        view::{Factor, Slot, Term},
    },
    number::Number,
};

/// Most steps for one product, and most repetitions of one factor.
const MOST_STEPS: usize = 400;
const MOST_REPEATED: i64 = 8;

impl Lower<'_> {
    /// The canonical writings of a term that add up to it.
    pub(super) fn keys(&mut self, t: &Term) -> Vec<(Key, Number, Term)> {
        let mut out = vec![];
        for t in self.reduced(t.clone()) {
            let (sizes, factors) = self.sized(&t);
            let key = self.labelled(&t.free, &factors);
            for (c, sizes) in self.expanded(sizes) {
                let mut term = Term { coefficient: Number::ONE, free: t.free.clone(), factors: factors.clone() };
                for (name, p) in &sizes {
                    let f = self.size_factor(name, *p);
                    term.factors.push(f);
                }
                out.push((Key { sizes, ..key.clone() }, t.coefficient * c, term));
            }
        }
        out
    }

    /// A sum of terms equal to a term, to which no fact applies.
    fn reduced(&mut self, t: Term) -> Vec<Term> {
        let (mut todo, mut out, mut steps) = (vec![t], vec![], 0);
        while let Some(t) = todo.pop() {
            let next = if steps < MOST_STEPS { self.step(&t) } else { None };
            match next {
                Some(terms) => todo.extend(terms),
                None => out.push(t),
            }
            steps += 1;
        }
        out
    }

    fn step(&mut self, t: &Term) -> Option<Vec<Term>> {
        if let Some(u) = self.ordered(t) {
            return self.step(&u).or(Some(vec![u]));
        }
        self.merged(t)
            .map(|u| vec![u])
            .or_else(|| self.inlined(t))
            .or_else(|| self.lengthened(t))
            .or_else(|| self.summed(t))
            .or_else(|| self.by_rules(t))
    }

    /// Symmetric matrices with their letters in order; `None` if they are.
    fn ordered(&self, t: &Term) -> Option<Term> {
        let wrong = |f: &Factor| {
            self.turns(f) && {
                let at = |one: bool| f.strides.iter().find(|s| s.1.is_one() == one).map(|s| s.0);
                at(false) > at(true)
            }
        };
        if !t.factors.iter().any(wrong) {
            return None;
        }
        let turned = |f: &Factor| match f.strides.as_slice() {
            [(a, s), (b, u)] if wrong(f) => Factor { strides: vec![(*a, u.clone()), (*b, s.clone())], ..f.clone() },
            _ => f.clone(),
        };
        Some(Term { factors: t.factors.iter().map(turned).collect(), ..t.clone() })
    }

    /// Powers of equal entries added; `None` if there are none to add.
    fn merged(&mut self, t: &Term) -> Option<Term> {
        let sorted = |f: &Factor| {
            let mut s = f.strides.clone();
            s.sort();
            s
        };
        for k in 0..t.factors.len() {
            let f = &t.factors[k];
            let (base, p) = self.base_power(f.tensor);
            let strides = sorted(f);
            let mut group = vec![k];
            for (q, h) in t.factors.iter().enumerate() {
                if q != k && self.base_power(h.tensor).0 == base && h.offset == f.offset && sorted(h) == strides {
                    group.push(q);
                }
            }
            let powers: Vec<Number> =
                group.iter().map(|&q| self.base_power(t.factors[q].tensor).1).filter(|p| !p.is_one()).collect();
            let is_value = self.about(base).is_some_and(|a| a.value.is_some());
            let large = group.len() == 1
                && below(Number::ONE, p)
                && floor(p).is_some_and(|(n, rest)| n <= MOST_REPEATED && (is_value || rest.is_zero()));
            let several = match powers.as_slice() {
                [] => false,
                [p] => group.len() > 1 && (!is_value || p.is_negative()),
                _ => true,
            };
            if !(several || large) {
                continue;
            }
            let sum = group.iter().fold(Number::ZERO, |s, &q| s + self.base_power(t.factors[q].tensor).1);
            let f = f.clone();
            let factors = (0..t.factors.len()).filter(|q| !group.contains(q)).map(|q| t.factors[q].clone()).collect();
            let mut out = Term { factors, ..t.clone() };
            // whole parts above zero are repeated factors
            let (whole, rest) = match floor(sum) {
                Some((n, rest)) if (1..=MOST_REPEATED).contains(&n) && (rest.is_zero() || is_value) => (n, rest),
                _ => (0, sum),
            };
            out.factors.extend((0..whole).map(|_| Factor { tensor: base, ..f.clone() }));
            if !rest.is_zero() {
                let tensor = self.power_tensor(base, rest);
                out.factors.push(Factor { tensor, ..f.clone() });
            }
            let letters: Vec<Letter> = f.strides.iter().map(|s| s.0).collect();
            self.count(&mut out, &letters);
            return Some(out);
        }
        None
    }

    /// A sum in the place of its name.
    fn inlined(&mut self, t: &Term) -> Option<Vec<Term>> {
        for k in 0..t.factors.len() {
            let f = &t.factors[k];
            let Some(value) = self.about(f.tensor).and_then(|a| a.value.clone()) else { continue };
            let sizes: Vec<Dim> = value.sizes.iter().map(|p| p.0.clone()).collect();
            let Some(axes) = self.axes(f, &sizes) else { continue };
            let mut context = t.clone();
            context.factors.remove(k);
            return Some(value.terms.iter().map(|r| self.at(&context, r, &axes)).collect());
        }
        None
    }

    /// `unit(A) normF(A)^p = A normF(A)^(p - 1)` for p at least one.
    fn lengthened(&mut self, t: &Term) -> Option<Vec<Term>> {
        for k in 0..t.factors.len() {
            let Some((value, base)) = self.about(t.factors[k].tensor).and_then(|a| a.unit.clone()) else { continue };
            let half = Number::ratio(1, 2);
            let norm = |f: &Factor| {
                let (b, p) = self.base_power(f.tensor);
                b == base && !below(p, half)
            };
            let Some(q) = t.factors.iter().position(norm) else { continue };
            let sizes: Vec<Dim> = value.sizes.iter().map(|p| p.0.clone()).collect();
            let Some(axes) = self.axes(&t.factors[k], &sizes) else { continue };
            let mut context = t.clone();
            let left = self.base_power(t.factors[q].tensor).1 + -half;
            context.factors[q].tensor = self.power_tensor(base, left);
            if left.is_zero() {
                context.factors.remove(q);
            }
            context.factors.remove(if left.is_zero() && q < k { k - 1 } else { k });
            return Some(value.terms.iter().map(|r| self.at(&context, r, &axes)).collect());
        }
        None
    }

    /// Facts of letters that are summed.
    fn summed(&mut self, t: &Term) -> Option<Vec<Term>> {
        for k in 0..t.factors.len() {
            let f = t.factors[k].clone();
            let Some(about) = self.about(f.tensor).cloned() else { continue };
            let stochastic = about.stochastic || about.op == "softmax";
            if !(stochastic || about.orthogonal || about.deviation.is_some()) || f.offset != Dim::default() {
                continue;
            }
            let [_, cols] = self.program.tensors[f.tensor.0].shape.as_slice() else { continue };
            let cols = cols.clone();
            let count = |l: Letter| {
                t.factors.iter().filter(|f| f.strides.iter().any(|(x, _)| *x == l)).count()
                    + t.free.iter().filter(|s| s.has(l)).count()
            };
            let mut gone = t.clone();
            gone.factors.remove(k);
            if about.orthogonal {
                if let Some(u) = self.orthogonal(t, k) {
                    return Some(vec![u]);
                }
                continue;
            }
            let Some(l) = f.strides.iter().find(|(l, s)| s.is_one() && *self.extent(*l) == cols).map(|s| s.0) else { continue };
            let others: Vec<Letter> = f.strides.iter().map(|s| s.0).filter(|x| *x != l).collect();
            // the other letters must be the row
            if !f.strides.iter().filter(|s| s.0 != l).all(|s| s.1.divide(&cols).is_some()) {
                continue;
            }
            if stochastic && count(l) == 1 {
                self.count(&mut gone, &others);
                return Some(vec![gone]);
            }
            let Some(deviation) = about.deviation else { continue };
            if count(l) == 1 {
                return Some(vec![]);
            }
            let twin = t
                .factors
                .iter()
                .enumerate()
                .position(|(q, h)| q != k && h.tensor == f.tensor && h.offset == f.offset && alike(h, &f));
            if count(l) == 2
                && let Some(q) = twin
            {
                let mut u = t.clone();
                u.factors.remove(q.max(k));
                u.factors.remove(q.min(k));
                let strides: Vec<(Letter, Dim)> =
                    f.strides.iter().filter(|s| s.0 != l).filter_map(|(x, s)| Some((*x, s.divide(&cols)?))).collect();
                u.factors.extend([0, 1].map(|_| Factor { tensor: deviation, strides: strides.clone(), offset: Dim::default() }));
                self.count(&mut u, &[l]);
                return Some(vec![u]);
            }
        }
        None
    }

    /// `Q[a,k] Q[b,k]` or `Q[k,a] Q[k,b]` summed over k is a delta of a and b.
    fn orthogonal(&mut self, t: &Term, k: usize) -> Option<Term> {
        let shape = self.program.tensors[t.factors[k].tensor.0].shape.clone();
        let axes = self.axes(&t.factors[k], &shape)?;
        for q in (0..t.factors.len()).filter(|&q| q != k && t.factors[q].tensor == t.factors[k].tensor) {
            let Some(other) = self.axes(&t.factors[q], &shape) else { continue };
            for side in [0, 1] {
                let (inner, a, b) = (axes[side], axes[1 - side], other[1 - side]);
                let mentions = t.factors.iter().filter(|f| f.strides.iter().any(|(x, _)| *x == inner)).count();
                if other[side] == inner && a != inner && b != inner && mentions == 2 && !t.is_free(inner) {
                    let mut u = t.clone();
                    u.factors.remove(q.max(k));
                    u.factors.remove(q.min(k));
                    self.count(&mut u, &[a]);
                    if a != b {
                        u.substitute(b, &Slot::full(a));
                    }
                    return Some(u);
                }
            }
        }
        None
    }
}
