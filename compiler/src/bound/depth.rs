//! Bounds of models of any depth: closed forms in the number of layers, geometric sums among them.
//!
//! The calculus bounds the model at several depths. Terms that are alike are compared: their exponents must be affine in the
//! depth (and in the numbers of the layers of a block), the factors in front polynomials or powers of it. A closed form is given
//! only where it is exactly the bound at every one of these depths.

mod blocks;
mod coefficient;
mod fit;
mod linear;
mod monomial;
mod sequences;
mod spell;
mod sums;
mod whole;

use super::{Bounds, print::mathml};
use crate::{hessian::Part, print::Format, syntax::Model};
use blocks::from_depth;
use fit::{Base, Closed, evaluate};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};
use sums::Reading;

/// Depths at which bounds are compared.
pub const DEPTHS: RangeInclusive<usize> = 1..=8;
/// Fewest depths that a closed form is read off.
const FEWEST: usize = 5;

/// A model of one depth with its bounds.
pub struct AtDepth {
    /// The number of layers.
    pub depth: usize,
    /// The model.
    pub model: Model,
    /// Its bounds.
    pub bounds: Bounds,
}

/// The bound of the blocks of a kind, of all layers.
#[derive(Clone, Debug)]
pub struct DeepBlock {
    /// The parameter of the rows, as `W[i]`.
    pub row: String,
    /// The parameter of the columns, as `W[j]` with j below i.
    pub col: String,
    /// The bound; `None` if no closed form was found.
    pub bound: Option<DeepFormula>,
}

/// A closed form, and what its counters are called.
#[derive(Clone, Debug)]
pub struct DeepFormula {
    closed: Closed,
    counters: Vec<String>,
}

/// Bounds of all depths.
#[derive(Clone)]
pub struct Deep {
    /// The size that counts the layers.
    pub depth: String,
    /// The least depth of which they are said.
    pub from: usize,
    /// Which part of the Hessian.
    pub part: Part,
    /// The blocks by kinds.
    pub blocks: Vec<DeepBlock>,
    /// The bound of the whole.
    pub whole: Option<DeepFormula>,
    /// Names of sums that grow from layer to layer, with their closed forms.
    sequences: Vec<(String, Option<DeepFormula>)>,
    /// What the bounds rest on.
    pub assumptions: Vec<String>,
    /// What stands in the way of those that are missing.
    pub missing: Vec<String>,
    spelled: BTreeMap<String, [String; 3]>,
}

/// The closed forms that bounds at depths from 1 on have, of the whole and of blocks.
pub fn any_depth(depth: &str, at: &[AtDepth]) -> Deep {
    let part = at.last().map_or(Part::Whole, |a| a.bounds.part);
    let missing = |d: &Deep| d.blocks.iter().filter(|b| b.bound.is_none()).count();
    let mut best: Option<Deep> = None;
    for reading in [Reading::Sequences, Reading::Apart, Reading::Plain] {
        let (mut whole, mut blocks): (Option<Deep>, Option<Deep>) = (None, None);
        for apart in [false, true] {
            for from in 0..at.len().saturating_sub(FEWEST - 1) {
                let deep = from_depth(depth, &at[from..], part, reading, apart);
                if whole.is_none() && deep.whole.is_some() {
                    whole = Some(deep.clone());
                }
                if blocks.as_ref().is_none_or(|b| missing(&deep) < missing(b)) {
                    blocks = Some(deep);
                }
            }
        }
        // the whole from more depths than the blocks, or from fewer
        let Some(mut deep) = blocks else { continue };
        // other models may have other sequences
        let fits = |w: &Deep| reading != Reading::Apart || w.whole.as_ref().is_some_and(|f| f.mentioned().is_empty());
        if let Some(whole) = whole.filter(fits) {
            deep.from = deep.from.max(whole.from);
            deep.spelled.extend(whole.spelled);
            deep.whole = whole.whole;
        }
        let all = |d: &Deep| (d.whole.is_none(), missing(d));
        if best.as_ref().is_none_or(|b| all(&deep) < all(b)) {
            best = Some(deep);
        }
    }
    best.unwrap_or_else(|| from_depth(depth, at, part, Reading::Plain, false))
}

impl DeepFormula {
    /// The sequences in it.
    fn mentioned(&self) -> BTreeSet<usize> {
        let bases = self.closed.iter().flat_map(|f| &f.factors).map(|x| &x.base);
        bases.filter_map(|b| if let Base::Element(k, _) = b { Some(*k) } else { None }).collect()
    }
}

impl Deep {
    /// The sums that grow from layer to layer and that a bound mentions, with their closed forms: `r(q)`.
    pub fn sequences(&self) -> Vec<(&str, &DeepFormula)> {
        let all = self.blocks.iter().filter_map(|b| b.bound.as_ref()).chain(&self.whole);
        let used: BTreeSet<usize> = all.flat_map(DeepFormula::mentioned).collect();
        used.into_iter().filter_map(|k| Some((self.sequences[k].0.as_str(), self.sequences[k].1.as_ref()?))).collect()
    }

    /// A bound in a format.
    pub fn text(&self, f: &DeepFormula, format: Format) -> String {
        let names: Vec<String> = self.sequences.iter().map(|s| s.0.clone()).collect();
        let speller = spell::Speller { format, counters: &f.counters, spelled: &self.spelled, sequences: &names };
        let text = speller.closed(&f.closed);
        if format == Format::Mathml { mathml(&text) } else { text }
    }

    /// The names in a bound, as they are written: norms, sizes, roots of numbers.
    pub fn names(&self) -> Vec<&str> {
        self.spelled.keys().map(String::as_str).collect()
    }

    /// The value of a bound at a depth and at the layers of its block; `of` has the values of the names.
    pub fn value(&self, f: &DeepFormula, at: &[i64], of: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        evaluate(&f.closed, at, of, &|k, q| self.value(self.sequences.get(k)?.1.as_ref()?, &[q], of))
    }
}
