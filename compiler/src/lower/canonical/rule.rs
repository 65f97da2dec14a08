//! Definitions used as rules: the leading term of a sum beside a negative power of the sum, or beside its inverse matrix,
//! gives way to smaller terms. From `b = c₀ t₀ + r`: `t₀ b^p = (b^(p+1) - r b^p)/c₀`; from `A = c₀ T₀ + R`:
//! `A^-1 T₀ = (I - A^-1 R)/c₀`.

use super::atoms::sole;
use crate::{
    dim::Dim,
    index::{Letter, TensorId},
    lower::{
        Lower, row_major,
        view::{Factor, Slot, Term, View},
    },
    number::Number,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// The leading term of a sum and the rest: `sum = coefficient · sizes · lead + rest`.
#[derive(Clone)]
pub(super) struct Rule {
    lead: Term,
    /// Powers of sizes by which the rest of the sum is multiplied when it is moved to the other side, as factors.
    inverse: Vec<Factor>,
    rest: Vec<Term>,
    /// Sizes of the positions, and how many are those of rows.
    sizes: Vec<Dim>,
    rows: usize,
}

type Binding = BTreeMap<Letter, Letter>;

impl Lower<'_> {
    /// The rule of a sum, with that many positions of rows; `None` if no term of it can be recognized beside other factors.
    pub(super) fn rule(&mut self, body: &View, rows: usize) -> Option<Rule> {
        let boxed = |t: &Term| {
            (0..t.free.len()).any(|k| {
                let s = &t.free[k];
                s.offset != Dim::default() || s.letter().is_none_or(|l| *self.extent(l) != body.sizes[k].0)
            })
        };
        if body.terms.iter().any(boxed) {
            return None;
        }
        let mut best = None;
        for (k, t) in body.terms.iter().enumerate() {
            let (_, factors) = self.sized(t);
            let reads = |l: Letter| factors.iter().any(|f| f.strides.iter().any(|(x, _)| *x == l));
            let fits = !factors.is_empty()
                && t.free
                    .iter()
                    .enumerate()
                    .all(|(p, s)| (rows == body.sizes.len() || reads(sole(s))) && !t.free[..p].contains(s));
            if fits {
                let key = self.labelled(&t.free, &factors);
                let rank = (factors.len(), key);
                if best.as_ref().is_none_or(|(r, _)| rank > *r) {
                    best = Some((rank, k));
                }
            }
        }
        let k = best?.1;
        let mut rest = body.terms.clone();
        let t = rest.remove(k);
        let (sizes, factors) = self.sized(&t);
        let inverse = sizes.into_iter().map(|(n, p)| self.size_factor(&n, -p)).collect();
        let lead = Term { factors, ..t };
        Some(Rule { lead, inverse, rest, sizes: body.sizes.iter().map(|p| p.0.clone()).collect(), rows })
    }

    /// A term in which a definition applies, after it; `None` if none does.
    pub(super) fn by_rules(&mut self, t: &Term) -> Option<Vec<Term>> {
        for k in 0..t.factors.len() {
            let tensor = t.factors[k].tensor;
            let (base, p) = self.base_power(tensor);
            if p.is_negative()
                && let Some(rule) = self.about(base).and_then(|a| a.rule.clone())
                && self.about(base).is_some_and(|a| a.value.is_some())
                && let Some(terms) = self.beside_power(t, k, &rule)
            {
                return Some(terms);
            }
            if let Some((value, base)) = self.about(tensor).and_then(|a| a.unit.clone())
                && let Some(rule) = self.about(base).and_then(|a| a.rule.clone())
                && let Some(terms) = self.beside_unit(t, k, &rule, &value, base)
            {
                return Some(terms);
            }
            if self.is_op(tensor, "inv")
                && let Some(rule) = self.about(tensor).and_then(|a| a.rule.clone())
                && let Some(terms) = self.beside_inverse(t, k, &rule)
            {
                return Some(terms);
            }
        }
        None
    }

    /// The letters of a factor along positions of these sizes, if it has one full letter for each.
    pub(super) fn axes(&self, f: &Factor, sizes: &[Dim]) -> Option<Vec<Letter>> {
        let strides = row_major(sizes);
        let whole = f.offset == Dim::default() && f.strides.len() == sizes.len();
        let letter = |k: usize| f.strides.iter().find(|(l, s)| *s == strides[k] && *self.extent(*l) == sizes[k]).map(|x| x.0);
        whole.then(|| (0..sizes.len()).map(letter).collect::<Option<Vec<_>>>()).flatten()
    }

    fn beside_power(&mut self, t: &Term, k: usize, rule: &Rc<Rule>) -> Option<Vec<Term>> {
        let axes = self.axes(&t.factors[k], &rule.sizes)?;
        let bound: Binding = rule.lead.free.iter().map(sole).zip(axes.iter().copied()).collect();
        let (taken, _) = self.find(&rule.lead.factors, t, k, bound, &[], &BTreeSet::new())?;
        let context = without(t, &taken);
        let (base, p) = self.base_power(t.factors[k].tensor);
        // b^(p+1)
        let mut up = context.clone();
        up.coefficient = up.coefficient / rule.lead.coefficient;
        let next = p + Number::ONE;
        let f = &mut up.factors[position(&taken, k)];
        if next.is_zero() {
            let letters: Vec<Letter> = f.strides.iter().map(|s| s.0).collect();
            up.factors.remove(position(&taken, k));
            self.count(&mut up, &letters);
        } else {
            let power = self.power_tensor(base, next);
            up.factors[position(&taken, k)].tensor = power;
        }
        up.factors.extend(rule.inverse.iter().cloned());
        let mut out = vec![up];
        for r in &rule.rest {
            out.push(self.placed(&context, r, &axes, rule));
        }
        Some(out)
    }

    /// The same for `unit(A)`, which is A by the root of a sum: `t₀ unit(A) = (A b^(1/2) - r unit(A))/c₀`.
    fn beside_unit(&mut self, t: &Term, k: usize, rule: &Rc<Rule>, value: &View, base: TensorId) -> Option<Vec<Term>> {
        let (taken, _) = self.find(&rule.lead.factors, t, k, Binding::new(), &[], &BTreeSet::new())?;
        let context = without(t, &taken);
        let sizes: Vec<Dim> = value.sizes.iter().map(|p| p.0.clone()).collect();
        let axes = self.axes(&t.factors[k], &sizes)?;
        let mut up = context.clone();
        up.factors.remove(position(&taken, k));
        up.coefficient = up.coefficient / rule.lead.coefficient;
        up.factors.extend(rule.inverse.iter().cloned());
        let tensor = self.power_tensor(base, Number::ratio(1, 2));
        up.factors.push(Factor { tensor, strides: vec![], offset: Dim::default() });
        let mut out: Vec<Term> = value.terms.iter().map(|r| self.at(&up, r, &axes)).collect();
        for r in &rule.rest {
            out.push(self.placed(&context, r, &[], rule));
        }
        Some(out)
    }

    fn beside_inverse(&mut self, t: &Term, k: usize, rule: &Rc<Rule>) -> Option<Vec<Term>> {
        let axes = self.axes(&t.factors[k], &rule.sizes)?;
        let (rows, cols) = axes.split_at(rule.rows);
        let (lead_rows, lead_cols) = rule.lead.free.split_at(rule.rows);
        let turns = self.turns(&t.factors[k]);
        // the inner letters of A^-1 T, of T A^-1, and both again for a symmetric inverse
        let mut tries = vec![(cols, rows, lead_rows, lead_cols, true), (rows, cols, lead_cols, lead_rows, false)];
        if turns {
            tries.push((rows, cols, lead_rows, lead_cols, true));
            tries.push((cols, rows, lead_cols, lead_rows, false));
        }
        for (inner, outer, bind, open, right) in tries {
            if inner.iter().any(|l| outer.contains(l)) {
                continue;
            }
            let bound: Binding = bind.iter().map(sole).zip(inner.iter().copied()).collect();
            let hidden: BTreeSet<Letter> = inner.iter().copied().collect();
            let open: Vec<Letter> = open.iter().map(sole).collect();
            let Some((taken, bound)) = self.find(&rule.lead.factors, t, k, bound, &open, &hidden) else { continue };
            let context = without(t, &taken);
            // the identity: outer letters of both sides are one
            let mut delta = context.clone();
            delta.factors.remove(position(&taken, k));
            delta.coefficient = delta.coefficient / rule.lead.coefficient;
            delta.factors.extend(rule.inverse.iter().cloned());
            let far: Vec<Letter> = open.iter().map(|l| bound[l]).collect();
            self.count(&mut delta, outer);
            self.count(&mut delta, &far);
            for (x, y) in outer.iter().zip(&far).filter(|(x, y)| x != y) {
                delta.substitute(*y, &Slot::full(*x));
            }
            let mut out = vec![delta];
            for r in &rule.rest {
                // new inner letters, so that deltas of the rest join nothing else
                let fresh: Vec<Letter> = inner
                    .iter()
                    .map(|l| self.extent(*l).clone())
                    .collect::<Vec<_>>()
                    .into_iter()
                    .map(|d| self.letter(d))
                    .collect();
                let mut c = context.clone();
                inner.iter().zip(&fresh).for_each(|(x, y)| c.substitute(*x, &Slot::full(*y)));
                let places: Vec<Letter> =
                    if right { fresh.iter().chain(&far).copied().collect() } else { far.iter().chain(&fresh).copied().collect() };
                out.push(self.placed(&c, r, &places, rule));
            }
            return Some(out);
        }
        None
    }

    /// A context times minus a term of the rest, by the leading coefficient, at the letters of the positions.
    fn placed(&mut self, context: &Term, r: &Term, places: &[Letter], rule: &Rule) -> Term {
        let mut out = self.at(context, r, places);
        out.coefficient = -(out.coefficient / rule.lead.coefficient);
        out.factors.extend(rule.inverse.iter().cloned());
        out
    }

    /// A context times a term without boxes, at the letters of the context that stand for its positions.
    pub(super) fn at(&mut self, context: &Term, r: &Term, places: &[Letter]) -> Term {
        let mut r = r.clone();
        r.rename(&mut |l| {
            let d = self.extent(l).clone();
            self.letter(d)
        });
        let mut out = context.clone();
        out.coefficient = out.coefficient * r.coefficient;
        out.factors.extend(r.factors);
        self.count(&mut out, places);
        let mut now = places.to_vec();
        for (k, s) in r.free.iter().enumerate() {
            let (old, new) = (now[k], sole(s));
            if old != new {
                out.substitute(old, s);
                now.iter_mut().filter(|l| **l == old).for_each(|l| *l = new);
            }
        }
        out
    }

    /// Letters that are summed even if nothing mentions them.
    pub(super) fn count(&mut self, t: &mut Term, letters: &[Letter]) {
        let one = self.one();
        for &l in letters {
            t.factors.push(Factor { tensor: one, strides: vec![(l, Dim::default())], offset: Dim::default() });
        }
    }

    /// Factors of a term, not factor `k`, that match a pattern. Letters of the pattern that are neither bound nor open are
    /// summed in the pattern alone; the hidden letters of the term are in it and in factor `k` alone.
    fn find(
        &self,
        pattern: &[Factor],
        t: &Term,
        k: usize,
        bound: Binding,
        open: &[Letter],
        hidden: &BTreeSet<Letter>,
    ) -> Option<(Vec<usize>, Binding)> {
        let given: BTreeSet<Letter> = bound.keys().copied().collect();
        let done = |taken: &[usize], b: &Binding| -> bool {
            let alone = |l: Letter| {
                let elsewhere = |q: usize| !taken.contains(&q) && (q != k || !hidden.contains(&l));
                !t.is_free(l) && (0..t.factors.len()).all(|q| !elsewhere(q) || t.factors[q].strides.iter().all(|(x, _)| *x != l))
            };
            let once = |l: Letter| b.values().filter(|x| **x == l).count() == 1;
            let inner = b.iter().filter(|(x, _)| !given.contains(x) && !open.contains(x));
            inner.into_iter().all(|(_, l)| alone(*l) && once(*l)) && hidden.iter().all(|l| alone(*l) && once(*l))
        };
        // factors that share letters with those before them come first
        let mut order: Vec<&Factor> = pattern.iter().collect();
        let mut seen = given.clone();
        for n in 0..order.len() {
            let shared = |q: &usize| order[*q].strides.iter().filter(|s| seen.contains(&s.0)).count();
            let next = (n..order.len()).max_by_key(shared).expect("the range is not empty");
            order.swap(n, next);
            seen.extend(order[n].strides.iter().map(|s| s.0));
        }
        self.extend(&order, t, k, &mut vec![], bound, &done)
    }

    fn extend(
        &self,
        pattern: &[&Factor],
        t: &Term,
        k: usize,
        taken: &mut Vec<usize>,
        bound: Binding,
        done: &dyn Fn(&[usize], &Binding) -> bool,
    ) -> Option<(Vec<usize>, Binding)> {
        let Some((p, rest)) = pattern.split_first() else {
            return done(taken, &bound).then(|| (taken.clone(), bound));
        };
        for q in 0..t.factors.len() {
            let f = &t.factors[q];
            if q == k || taken.contains(&q) || f.tensor != p.tensor || f.offset != p.offset || f.strides.len() != p.strides.len()
            {
                continue;
            }
            let mut ways = vec![f.strides.clone()];
            if self.turns(f) {
                let [(a, s), (b, u)] = f.strides.as_slice() else { continue };
                ways.push(vec![(*a, u.clone()), (*b, s.clone())]);
            }
            for way in ways {
                let mut b = bound.clone();
                let fits = p.strides.iter().all(|(l, s)| {
                    let Some(&(x, _)) = way.iter().find(|(x, s2)| s2 == s && self.extent(*x) == self.extent(*l)) else {
                        return false;
                    };
                    *b.entry(*l).or_insert(x) == x
                });
                if fits {
                    taken.push(q);
                    if let Some(found) = self.extend(rest, t, k, taken, b, done) {
                        return Some(found);
                    }
                    taken.pop();
                }
            }
        }
        None
    }
}

/// Where factor `k` is after the taken ones are gone.
fn position(taken: &[usize], k: usize) -> usize {
    k - taken.iter().filter(|&&q| q < k).count()
}

/// A term without some of its factors.
fn without(t: &Term, taken: &[usize]) -> Term {
    let factors = (0..t.factors.len()).filter(|q| !taken.contains(q)).map(|q| t.factors[q].clone()).collect();
    Term { factors, ..t.clone() }
}
