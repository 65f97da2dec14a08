//! Products that read the same large array stand side by side, to be done part by part: then it is fetched from memory once.

use super::{Action, ArrayId, Operand, Plan, Product};
use std::ops::Range;

/// Entries from which on an array does not stay near the processor.
const LARGE: usize = 1 << 17;
/// Entries of it that are read by all products before the next.
const PART: usize = 1 << 15;

impl Plan {
    /// Moves products up to others that read the same large array.
    pub(super) fn side_by_side(&mut self) {
        let mut k = 0;
        while k < self.steps.len() {
            let mut end = k + 1;
            if let Some((array, stride)) = self.streams(k) {
                for j in k + 1..self.steps.len() {
                    if self.streams(j) == Some((array, stride)) && self.moves_up(j, end) {
                        let step = self.steps.remove(j);
                        self.steps.insert(end, step);
                        end += 1;
                    }
                }
                if end > k + 1 {
                    self.beside.insert(k, (end, self.in_parts(k..end, array)));
                }
            }
            k = end;
        }
    }

    /// The large array of which a product reads every entry once, and how far its slowest letter moves there: one that moves the
    /// target, too.
    fn streams(&self, step: usize) -> Option<(ArrayId, usize)> {
        let Action::Product(p) = &self.steps[step].action else { return None };
        let all: usize = p.extents.iter().product();
        let once = |f: &&Operand| f.offset == 0 && f.strides.iter().all(|s| *s != 0) && self.arrays[f.array] == all;
        let factor = p.factors.iter().find(once).filter(|_| all > LARGE && p.first && p.factors.len() == 2)?;
        let letter = slowest(&factor.strides);
        (p.target.strides[letter] != 0).then_some((factor.array, factor.strides[letter]))
    }

    /// Whether a step may stand at a place before its own, and be done together with the one before that.
    fn moves_up(&self, step: usize, place: usize) -> bool {
        let (own, target) = (self.steps[step].action.arrays(), self.steps[step].action.target());
        self.steps[place - 1..step].iter().all(|s| {
            let writes = s.action.target().is_some_and(|t| own.contains(&t));
            !writes && target.is_none_or(|t| !s.action.arrays().contains(&t))
        })
    }

    /// One part of every product, then the next of every one.
    fn in_parts(&self, steps: Range<usize>, array: ArrayId) -> Vec<Product> {
        let mut all: Vec<(usize, Product)> = vec![];
        for s in &self.steps[steps] {
            if let Action::Product(p) = &s.action {
                all.extend(p.parts(array).into_iter().enumerate());
            }
        }
        all.sort_by_key(|part| part.0);
        all.into_iter().map(|part| part.1).collect()
    }
}

impl Product {
    /// The product in parts along the slowest letter of a factor, as many as its entries need to stay near.
    fn parts(&self, array: ArrayId) -> Vec<Product> {
        let Some(factor) = self.factors.iter().find(|f| f.array == array) else { return vec![self.clone()] };
        let letter = slowest(&factor.strides);
        let (n, at_once) = (self.extents[letter], (PART / factor.strides[letter]).max(1));
        let part = |begin: usize| {
            let mut part = self.clone();
            part.extents[letter] = at_once.min(n - begin);
            part.factors.iter_mut().chain([&mut part.target]).for_each(|o| o.offset += begin * o.strides[letter]);
            part
        };
        (0..n).step_by(at_once).map(part).collect()
    }
}

/// The letter that moves most.
fn slowest(strides: &[usize]) -> usize {
    (0..strides.len()).max_by_key(|&l| strides[l]).unwrap_or(0)
}
