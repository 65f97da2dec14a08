//! Denominators that no letter tells apart are cleared: all sides are multiplied by the largest powers in which scalar sums
//! stand below the line, which are not zero wherever the formulas are defined.

use crate::{
    expr::Expr,
    index::TensorId,
    lower::{
        Lower,
        view::{Factor, Term, View},
    },
    number::Number,
};
use std::collections::BTreeMap;

use super::size::floor;

/// Most rounds: a denominator may hold others.
const MOST_ROUNDS: usize = 4;

impl Lower<'_> {
    /// The views times one product of powers of scalar sums, so that none of these has a negative power in any of them;
    /// `None` if there was nothing to clear.
    pub(super) fn cleared(&mut self, e: Expr, views: &[View]) -> Option<Vec<View>> {
        let mut views = views.to_vec();
        let mut changed = false;
        for _ in 0..MOST_ROUNDS {
            let mut lowest: BTreeMap<TensorId, i64> = BTreeMap::new();
            let mut sizes: BTreeMap<String, i64> = BTreeMap::new();
            for f in views.iter().flat_map(|v| &v.terms).flat_map(|t| &t.factors).filter(|f| f.strides.is_empty()) {
                let (base, p) = self.base_power(f.tensor);
                let whole = |p: Number| floor(p).map(|x| x.0).filter(|k| (-8..0).contains(k));
                if self.about(base).is_some_and(|a| a.value.is_some())
                    && let Some(k) = whole(p)
                {
                    let old = lowest.entry(base).or_default();
                    *old = k.min(*old);
                }
                if let Some((name, p)) = self.about(f.tensor).and_then(|a| a.size.clone())
                    && self.book().composites.contains_key(&name)
                    && let Some(k) = whole(p)
                {
                    let old = sizes.entry(name).or_default();
                    *old = k.min(*old);
                }
            }
            if lowest.is_empty() && sizes.is_empty() {
                break;
            }
            changed = true;
            let mut factors: Vec<Factor> = sizes.into_iter().map(|(n, k)| self.size_factor(&n, Number::int(-k))).collect();
            for (base, k) in lowest {
                let tensor = self.power_tensor(base, Number::int(-k));
                factors.push(Factor { tensor, strides: vec![], offset: crate::dim::Dim::default() });
            }
            let by = View { sizes: vec![], terms: vec![Term { coefficient: Number::ONE, free: vec![], factors }] };
            views = views.into_iter().map(|v| self.times("|, i|j -> i|j", e, by.clone(), v)).collect();
        }
        changed.then_some(views)
    }
}
