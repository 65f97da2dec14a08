//! The search for a chain of comparisons: norms bound each other, sizes are at least 1, and what is assumed holds.

use super::{
    Prover,
    expand::{Monomial, Posynomial, Side},
};
use crate::{
    bound::{
        formula::{Formula, Symbol, Term},
        norm::RELATIONS,
    },
    number::Number,
};
use std::{collections::BTreeMap, rc::Rc};

/// Steps of one search for a comparison of two products.
const STEPS: usize = 2000;
/// Steps of the whole proof.
const TOTAL: usize = 30_000;
/// Comparisons of norms in one chain.
const DEPTH: usize = 9;

/// Products that a symbol is at most.
pub(super) type Larger = Vec<(f64, BTreeMap<Formula, Number>)>;

impl Prover<'_> {
    /// For each term of the small side, the term of the large side that it is charged to, and which share of that it takes.
    pub(super) fn at_most(&mut self, small: &Posynomial, large: &Posynomial) -> Option<Vec<(usize, f64)>> {
        let nothing = vec![None; small.len()];
        // what stands on both sides needs no search
        let (mut free, mut same) = (vec![1.0 + super::ROUNDING; large.len()], nothing.clone());
        for (m, place) in small.iter().zip(&mut same) {
            if let Some(j) = large.iter().position(|n| n.powers == m.powers) {
                let share = m.constant / large[j].constant;
                if share <= free[j] {
                    free[j] -= share;
                    *place = Some((j, share));
                }
            }
        }
        let found = self.charge(small, large, &same, &mut free);
        if found.is_some() || same == nothing {
            return found;
        }
        self.charge(small, large, &nothing, &mut vec![1.0 + super::ROUNDING; large.len()])
    }
    /// The same of the terms that have no place yet.
    fn charge(
        &mut self,
        small: &[Monomial],
        large: &Posynomial,
        places: &[Option<(usize, f64)>],
        free: &mut [f64],
    ) -> Option<Vec<(usize, f64)>> {
        let (Some((m, others)), Some((place, after))) = (small.split_first(), places.split_first()) else { return Some(vec![]) };
        if let Some(place) = place {
            let mut rest = self.charge(others, large, after, free)?;
            rest.insert(0, *place);
            return Some(rest);
        }
        let mut shares: Vec<(f64, usize)> = vec![];
        for (j, n) in large.iter().enumerate() {
            let mut ratio = m.powers.clone();
            for (&s, &p) in &n.powers {
                let e = ratio.entry(s).or_insert(Number::ZERO);
                *e = *e + -p;
            }
            ratio.retain(|_, p| !p.is_zero());
            // the shortest chain of comparisons
            for depth in 0..DEPTH {
                self.steps = 0;
                self.cut = false;
                if let Some(k) = self.compare(&ratio, m.constant / n.constant, depth) {
                    shares.push((k, j));
                    break;
                }
                // longer chains do not help where none was cut short
                if !self.cut || self.total > TOTAL {
                    break;
                }
            }
        }
        shares.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (k, j) in shares {
            if k <= free[j] {
                free[j] -= k;
                if let Some(mut rest) = self.charge(others, large, after, free) {
                    rest.insert(0, (j, k));
                    return Some(rest);
                }
                free[j] += k;
            }
        }
        None
    }

    /// An upper bound of `k Π x^p` by at most so many comparisons of norms: the least that is found.
    fn compare(&mut self, ratio: &BTreeMap<Formula, Number>, k: f64, depth: usize) -> Option<f64> {
        self.steps += 1;
        self.total += 1;
        let above = ratio.iter().find(|(x, p)| !p.is_negative() && !self.is_size(**x)).map(|(&x, &p)| (x, p));
        let Some((x, p)) = above else {
            // a size is at least what it is where all names in it are 1; nothing is known of a norm from below
            let by_sizes = ratio.iter().all(|(x, p)| p.is_negative() && self.is_size(*x));
            return by_sizes.then(|| ratio.iter().fold(k, |k, (x, p)| k * libm::pow(self.least(*x), p.to_f64())));
        };
        if self.steps > STEPS || self.total > TOTAL {
            return None;
        }
        let Some(left) = depth.checked_sub(1) else {
            self.cut = true;
            return None;
        };
        let mut best: Option<f64> = None;
        for (constant, powers) in self.larger(x).iter() {
            let constant = *constant;
            // as much as is wanted of what it is replaced by
            let wanted = powers.iter().filter(|(y, _)| !self.is_size(**y)).filter_map(|(y, q)| {
                let there = *ratio.get(y)?;
                there.is_negative().then(|| -there / *q)
            });
            let amount = wanted.fold(p, |a, w| if w.to_f64() < a.to_f64() { w } else { a });
            let mut next = ratio.clone();
            let e = next.entry(x).or_insert(Number::ZERO);
            *e = *e + -amount;
            for (&y, &q) in powers {
                let e = next.entry(y).or_insert(Number::ZERO);
                *e = *e + q * amount;
            }
            next.retain(|_, p| !p.is_zero());
            let factor = if constant == 1.0 { 1.0 } else { libm::pow(constant, amount.to_f64()) };
            if let Some(found) = self.compare(&next, k * factor, left)
                && best.is_none_or(|b| found < b)
            {
                best = Some(found);
                if found <= 1.0 {
                    return best;
                }
            }
        }
        best
    }

    /// The least value of a size.
    fn least(&self, x: Formula) -> f64 {
        match self.c.book.term(x) {
            Term::Symbol(Symbol::Size(d)) if d.has_only_positive_terms() => {
                d.monomials().into_iter().map(|(c, _)| c.to_f64()).sum::<f64>().max(1.0)
            }
            _ => 1.0,
        }
    }

    /// Products that a symbol is at most.
    fn larger(&mut self, x: Formula) -> Rc<Larger> {
        if let Some(known) = self.larger.get(&x) {
            return known.clone();
        }
        let found = Rc::new(self.find_larger(x));
        self.larger.insert(x, found.clone());
        found
    }
    fn find_larger(&mut self, x: Formula) -> Larger {
        let Term::Symbol(Symbol::Norm(norm, e)) = *self.c.book.term(x) else { return vec![] };
        let mut out = vec![];
        // what it is one of the largest of, or an entry of
        let holds = |f: &Formula| matches!(self.c.book.term(*f), Term::Max(all) | Term::Spectral(all) | Term::Blocks(_, all) if all.contains(&x));
        let mut flat: Larger =
            self.targets.iter().copied().filter(holds).map(|f| (1.0, BTreeMap::from([(f, Number::ONE)]))).collect();
        for (this, that, a, b) in RELATIONS {
            if this != norm {
                continue;
            }
            let shape = self.g.shape(e).clone();
            let y = self.c.symbol(self.g, e, that);
            if y == x {
                continue;
            }
            let (m, n) = (self.c.book.size(&shape.rows), self.c.book.size(&shape.cols));
            let f = self.c.book.product(Number::ONE, &[(y, Number::ONE), (m, Number::ratio(a, 2)), (n, Number::ratio(b, 2))]);
            out.push(f);
        }
        out.extend(self.c.given_bounds(e, norm));
        for f in out {
            for p in self.alternatives(f, Side::Small) {
                if let [m] = p.as_slice()
                    && !m.powers.contains_key(&x)
                {
                    flat.push((m.constant, m.powers.clone()));
                }
            }
        }
        // what the large side mentions first
        flat.sort_by_key(|(_, powers)| powers.keys().filter(|y| !self.targets.contains(y) && !self.is_size(**y)).count());
        flat.dedup();
        flat
    }
}
