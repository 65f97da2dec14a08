//! `Term`: one contraction at given sizes, before its order is chosen.

use super::{ArrayId, order, order::Letters};
use crate::number::Number;
use smallvec::SmallVec;
use std::{
    cell::OnceCell,
    ops::{Deref, DerefMut},
    rc::Rc,
};

/// One stride for every letter of a term.
pub(super) type Strides = SmallVec<[usize; 10]>;

/// Entries of an array, by the stride of every letter of the term.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Factor {
    pub(super) array: ArrayId,
    pub(super) offset: usize,
    pub(super) strides: Strides,
}

impl Factor {
    /// The factor over other letters: those at the given places.
    pub(super) fn over(&self, places: &[usize]) -> Factor {
        Factor { array: self.array, offset: self.offset, strides: places.iter().map(|&l| self.strides[l]).collect() }
    }

    /// The letters that move it.
    pub(super) fn letters(&self) -> Letters {
        self.strides.iter().enumerate().filter(|(_, s)| **s != 0).fold(0, |set, (l, _)| set | 1 << l)
    }
}

/// `target += coefficient · Σ Π factors`. Clones share what they are until one of them is changed, which
/// then costs something else.
#[derive(Clone, Debug)]
pub(super) struct Term(Rc<Parts>);

/// What a term is made of.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) coefficient: Number,
    /// Extents of the letters.
    pub(super) extents: Vec<usize>,
    pub(super) factors: Vec<Factor>,
    pub(super) target: Factor,
    /// The statement it belongs to.
    pub(super) note: usize,
    /// What it costs, once that was asked.
    cost: OnceCell<f64>,
}

impl Deref for Term {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for Term {
    fn deref_mut(&mut self) -> &mut Parts {
        let parts = Rc::make_mut(&mut self.0);
        parts.cost.take();
        parts
    }
}

/// Most letters of a term: they are the bits of a word.
pub(super) const LETTERS: usize = 64;

impl Term {
    pub(super) fn new(coefficient: Number, extents: Vec<usize>, factors: Vec<Factor>, target: Factor, note: usize) -> Term {
        Term(Rc::new(Parts { coefficient, extents, factors, target, note, cost: OnceCell::new() }))
    }

    pub(super) fn volumes(&self) -> Vec<f64> {
        self.extents.iter().map(|&n| n as f64).collect()
    }

    /// Factors that are no numbers.
    pub(super) fn rank(&self) -> usize {
        self.factors.iter().filter(|f| f.letters() != 0).count()
    }

    /// Pairs to multiply, see [`order::order`].
    pub(super) fn order(&self) -> Vec<(usize, usize)> {
        let letters: Vec<Letters> = self.factors.iter().map(Factor::letters).collect();
        order::order(&letters, self.target.letters(), &self.volumes())
    }

    /// What it costs in its cheapest order, in multiplications.
    pub(super) fn cost(&self) -> f64 {
        *self.cost.get_or_init(|| {
            let letters: Vec<Letters> = self.factors.iter().map(Factor::letters).collect();
            order::total(&letters, self.target.letters(), &self.volumes())
        })
    }
}
