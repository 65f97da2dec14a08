//! Scaled factors: `X' diag(d) X` needs no array for `diag(d) X`. A matrix product copies its factors part by part as it goes on, and can
//! scale them meanwhile: a large array is neither written nor read.

use super::{Action, ArrayId, Operand, Plan, Product};
use std::collections::{BTreeMap, BTreeSet};

/// Rows, and columns, from which on a half product copies its factors anyway.
const WIDE: usize = 64;
/// Entries from which on an array is worth the care.
const LARGE: usize = 1 << 13;

impl Plan {
    /// Finds large arrays that are scaled ones, each with a half product as its only reader; gives these products with the array itself
    /// and its weights instead.
    pub(super) fn find_scaled(&self) -> BTreeMap<ArrayId, Product> {
        let mut users: BTreeMap<ArrayId, Vec<usize>> = BTreeMap::new();
        for (k, s) in self.steps.iter().enumerate() {
            s.action.arrays().into_iter().for_each(|a| users.entry(a).or_default().push(k));
        }
        let kept: BTreeSet<ArrayId> = self.outputs.iter().map(|o| o.0).collect();
        let found = |(array, steps): (ArrayId, Vec<usize>)| {
            let &[made, read] = steps.as_slice() else { return None };
            let [Action::Product(scaling), Action::Product(reader)] = [made, read].map(|k| &self.steps[k].action) else {
                return None;
            };
            let once = reader.factors.iter().filter(|f| f.array == array).count() == 1;
            if !once || kept.contains(&array) || scaling.target.array != array || !scaling.first || self.arrays[array] < LARGE {
                return None;
            }
            let joint = scaling.joined_to(reader)?;
            // what it is made of stays as it is until then
            let changed = |o: &Operand| self.steps[made..read].iter().any(|s| s.action.target() == Some(o.array));
            (!joint.factors.iter().any(changed)).then_some((array, joint))
        };
        users.into_iter().filter_map(found).collect()
    }

    /// A product as it is done where scaled arrays are not made; nothing for one that makes such an array.
    pub fn in_passing<'p>(&'p self, p: &'p Product) -> Option<&'p Product> {
        match self.scaled.is_empty() {
            true => Some(p),
            false if self.scaled.contains_key(&p.target.array) => None,
            false => Some(p.factors.iter().find_map(|f| self.scaled.get(&f.array)).unwrap_or(p)),
        }
    }

    /// All arrays that a step reads or writes, whether scaled arrays are made or not.
    pub fn touched(&self, step: usize) -> Vec<ArrayId> {
        let action = &self.steps[step].action;
        let mut out = action.arrays();
        if let Action::Product(p) = action
            && let Some(joint) = self.in_passing(p)
        {
            out.extend(joint.factors.iter().map(|f| f.array));
            out.sort_unstable();
            out.dedup();
        }
        out
    }
}

impl Product {
    /// If this product does nothing but scale an array for a half product: that product with three factors, of which the third are
    /// weights of the letters that are summed; these are one letter in all three.
    fn joined_to(&self, reader: &Product) -> Option<Product> {
        let [x, y] = self.factors.as_slice() else { return None };
        let [a, b] = reader.factors.as_slice() else { return None };
        let factor = usize::from(a.array != self.target.array);
        let (own, other) = if factor == 0 { (a, b) } else { (b, a) };
        let letters = 0..reader.extents.len();
        // rows and columns change places, all others are summed
        let rows: usize = reader.exchange.iter().map(|pair| reader.extents[pair[0]]).product();
        let is_inner = |l: usize| a.strides[l] != 0 && b.strides[l] != 0 && reader.target.strides[l] == 0;
        let others = letters.clone().filter(|l| reader.extents[*l] > 1 && !reader.exchange.iter().flatten().any(|p| p == l));
        let mut inner: Vec<usize> = others.collect();
        if rows < WIDE || inner.is_empty() || !inner.iter().all(|l| is_inner(*l)) || own.offset != 0 {
            return None;
        }
        let moves_all = |o: &Operand| o.strides.iter().all(|s| *s != 0);
        let (large, weights) = if moves_all(x) { (x, y) } else { (y, x) };
        if !moves_all(large) || !moves_all(&self.target) {
            return None;
        }
        // letters of the reader as letters of this product
        let mine = |l: usize| self.target.strides.iter().position(|s| *s == own.strides[l] && *s != 0);
        let moved: Vec<usize> = letters.clone().filter(|l| own.strides[*l] != 0).collect();
        let same = moved.iter().all(|&l| mine(l).is_some_and(|m| self.extents[m] == reader.extents[l]));
        if !same || moved.len() != self.extents.len() {
            return None;
        }
        let seen = |o: &Operand| {
            let strides = letters.clone().map(|l| mine(l).map_or(0, |m| o.strides[m])).collect();
            Operand { array: o.array, offset: o.offset, strides }
        };
        let (large, weights) = (seen(large), seen(weights));
        // the summed letters are one letter everywhere
        inner.sort_by_key(|&l| std::cmp::Reverse(large.strides[l]));
        let joined = |o: &Operand| inner.windows(2).all(|w| o.strides[w[0]] == reader.extents[w[1]] * o.strides[w[1]]);
        let summed = letters.clone().all(|l| (weights.strides[l] != 0) == inner.contains(&l));
        let usable = summed && [&large, &weights, other].into_iter().all(joined);
        let factors = if factor == 0 { vec![large, other.clone(), weights] } else { vec![other.clone(), large, weights] };
        usable.then(|| Product { coefficient: reader.coefficient * self.coefficient, factors, ..reader.clone() })
    }
}
