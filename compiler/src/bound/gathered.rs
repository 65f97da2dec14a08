//! Sums of bounds, with what their terms share in front: `h + M h = (1 + M) h`.

use super::formula::{Book, Formula, Term};
use crate::number::Number;
use std::collections::BTreeMap;

impl Book {
    /// The sums that are factors of a term, with their powers.
    fn sums_in(&self, x: Formula) -> BTreeMap<Formula, Number> {
        let is_sum = |f: &Formula| matches!(self.term(*f), Term::Sum(_));
        match self.term(x) {
            Term::Sum(_) => BTreeMap::from([(x, Number::ONE)]),
            Term::Product(_, factors) => factors.iter().filter(|(f, p)| is_sum(f) && !p.is_negative()).copied().collect(),
            _ => BTreeMap::new(),
        }
    }
    /// The sum of all; a sum that is a factor of each stays one, as in `h + M h = (1 + M) h`.
    pub fn sum(&mut self, all: &[Formula]) -> Formula {
        let some: Vec<Formula> = all.iter().copied().filter(|&x| self.as_number(x).is_none_or(|n| !n.is_zero())).collect();
        if let (Some(&first), true) = (some.first(), some.len() > 1) {
            let mut shared = self.sums_in(first);
            for &x in &some[1..] {
                let other = self.sums_in(x);
                shared = shared.into_iter().filter_map(|(f, p)| Some((f, p.least(*other.get(&f)?)))).collect();
            }
            if !shared.is_empty() {
                return self.factored(&some, &shared);
            }
        }
        let terms: Vec<(Formula, Number)> = all.iter().map(|&x| (x, Number::ONE)).collect();
        let flat = self.sum_of(&terms);
        self.gathered(flat).unwrap_or(flat)
    }
    /// The sum of terms that all have some factors.
    fn factored(&mut self, terms: &[Formula], shared: &BTreeMap<Formula, Number>) -> Formula {
        let under: Vec<(Formula, Number)> = shared.iter().map(|(&f, &p)| (f, -p)).collect();
        let mut rest = vec![];
        for &x in terms {
            let factors: Vec<(Formula, Number)> = [(x, Number::ONE)].into_iter().chain(under.iter().copied()).collect();
            rest.push(self.product(Number::ONE, &factors));
        }
        let rest = self.sum(&rest);
        let factors: Vec<(Formula, Number)> =
            [(rest, Number::ONE)].into_iter().chain(shared.iter().map(|(&f, &p)| (f, p))).collect();
        self.product(Number::ONE, &factors)
    }
    /// `x + y + M (x + y)` as `(1 + M) (x + y)`: terms that are a sum which all others have as a factor.
    fn gathered(&mut self, f: Formula) -> Option<Formula> {
        let Term::Sum(terms) = self.term(f).clone() else { return None };
        let inner: Vec<Formula> = terms.iter().flat_map(|x| self.sums_in(x.0).into_keys()).collect();
        for s in inner {
            let Term::Sum(parts) = self.term(s) else { continue };
            if !parts.iter().all(|p| terms.contains(p)) {
                continue;
            }
            let rest: Vec<(Formula, Number)> = terms.iter().filter(|t| !parts.contains(t)).copied().collect();
            if rest.iter().any(|t| !self.sums_in(t.0).contains_key(&s)) {
                continue;
            }
            let mut all = vec![s];
            for (x, c) in rest {
                all.push(self.scaled(c, x));
            }
            return Some(self.factored(&all, &BTreeMap::from([(s, Number::ONE)])));
        }
        None
    }
}
