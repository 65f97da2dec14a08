//! `View`: a matrix as a sum of terms, each a product of tensors over letters.

use crate::{
    dim::Dim,
    index::{Access, Letter, TensorId},
    number::Number,
};
use std::collections::BTreeMap;

/// Which side of the matrix a position belongs to; inside a contraction, which occurrence of which letter.
pub(super) type Tag = usize;
pub(super) const ROW: Tag = 0;
pub(super) const COL: Tag = 1;

/// The index along one position of a view: `letter + offset`; outside the letter's range the term is zero.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slot {
    pub(super) letter: Letter,
    pub(super) offset: Dim,
}

impl Slot {
    pub(super) fn full(letter: Letter) -> Slot {
        Slot { letter, offset: Dim::default() }
    }
}

/// A tensor in a term.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Factor {
    pub(super) tensor: TensorId,
    pub(super) strides: Vec<(Letter, Dim)>,
    pub(super) offset: Dim,
}

/// A product of tensors; letters that are not free are summed.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) coefficient: Number,
    pub(super) free: Vec<Slot>,
    pub(super) factors: Vec<Factor>,
}

/// A matrix: positions (size and side, rows first) and terms.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) sizes: Vec<(Dim, Tag)>,
    pub(super) terms: Vec<Term>,
}

/// The structure of a term: which positions share a letter, and the boxes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    /// Class and offset of each position.
    pub(super) slots: Vec<(usize, Dim)>,
    /// Extent of each class.
    pub(super) extents: Vec<Dim>,
    /// Whether the entries depend on the letter of the class.
    pub(super) varies: Vec<bool>,
}

impl Pattern {
    /// The classes that need an axis.
    pub(super) fn stored(&self) -> Vec<usize> {
        (0..self.extents.len()).filter(|&c| self.varies[c]).collect()
    }
}

impl View {
    pub(super) fn new(rows: Vec<Dim>, cols: Vec<Dim>, terms: Vec<Term>) -> View {
        let sizes = rows.into_iter().map(|d| (d, ROW)).chain(cols.into_iter().map(|d| (d, COL))).collect();
        View { sizes, terms }
    }

    pub(super) fn scalar(n: Number) -> View {
        let term = Term { coefficient: n, free: vec![], factors: vec![] };
        View { sizes: vec![], terms: if n.is_zero() { vec![] } else { vec![term] } }
    }

    pub(super) fn row_sizes(&self) -> Vec<Dim> {
        self.sizes.iter().filter(|p| p.1 == ROW).map(|p| p.0.clone()).collect()
    }

    pub(super) fn col_sizes(&self) -> Vec<Dim> {
        self.sizes.iter().filter(|p| p.1 == COL).map(|p| p.0.clone()).collect()
    }

    /// Whether using it twice costs nothing: every term is a stored tensor (or none), re-indexed.
    pub(super) fn is_cheap(&self) -> bool {
        self.terms.len() <= 2 && self.terms.iter().all(Term::is_cheap)
    }

    /// Positions with that tag.
    pub(super) fn positions(&self, tag: Tag) -> Vec<usize> {
        (0..self.sizes.len()).filter(|&k| self.sizes[k].1 == tag).collect()
    }
}

impl Term {
    pub(super) fn is_cheap(&self) -> bool {
        self.factors.len() <= 1
            && self.factors.iter().flat_map(|f| &f.strides).all(|(l, _)| self.free.iter().any(|s| s.letter == *l))
    }

    /// The distinct free letters in the order of their first position.
    pub(super) fn class_letters(&self) -> Vec<Letter> {
        let mut out = vec![];
        for s in &self.free {
            if !out.contains(&s.letter) {
                out.push(s.letter);
            }
        }
        out
    }

    pub(super) fn pattern(&self, extents: &[Dim]) -> Pattern {
        let letters = self.class_letters();
        let class = |l: Letter| letters.iter().position(|x| *x == l).expect("a free letter has a class");
        Pattern {
            slots: self.free.iter().map(|s| (class(s.letter), s.offset.clone())).collect(),
            extents: letters.iter().map(|l| extents[l.0 as usize].clone()).collect(),
            varies: letters.iter().map(|l| self.factors.iter().any(|f| f.strides.iter().any(|(x, _)| x == l))).collect(),
        }
    }

    /// Where the term is added in a dense tensor with one stride a position.
    pub(super) fn target(&self, tensor: TensorId, strides: &[Dim]) -> Access {
        let mut out: BTreeMap<Letter, Dim> = BTreeMap::new();
        let mut offset = Dim::default();
        for (slot, s) in self.free.iter().zip(strides) {
            let sum = out.get(&slot.letter).map_or(s.clone(), |old| old + s);
            out.insert(slot.letter, sum);
            offset = &offset + &(&slot.offset * s);
        }
        Access { tensor, strides: out.into_iter().collect(), offset }
    }

    /// Replaces a letter by another plus an offset.
    pub(super) fn substitute(&mut self, from: Letter, to: Letter, plus: &Dim) {
        for s in &mut self.free {
            if s.letter == from {
                *s = Slot { letter: to, offset: &s.offset + plus };
            }
        }
        for f in &mut self.factors {
            f.substitute(from, to, plus);
        }
    }

    /// Splits a letter of extent n₁ n₂ into two.
    pub(super) fn split(&mut self, from: Letter, first: Letter, second: Letter, n2: &Dim) {
        for f in &mut self.factors {
            let mut strides = vec![];
            for (l, s) in f.strides.drain(..) {
                if l == from {
                    strides.push((first, &s * n2));
                    strides.push((second, s));
                } else {
                    strides.push((l, s));
                }
            }
            f.strides = strides;
        }
    }

    /// Fresh letters throughout.
    pub(super) fn rename(&mut self, fresh: &mut dyn FnMut(Letter) -> Letter) {
        let mut map: BTreeMap<Letter, Letter> = BTreeMap::new();
        let mut name = |l: Letter| *map.entry(l).or_insert_with(|| fresh(l));
        for s in &mut self.free {
            s.letter = name(s.letter);
        }
        for f in &mut self.factors {
            for (l, _) in &mut f.strides {
                *l = name(*l);
            }
        }
    }
}

impl Factor {
    pub(super) fn substitute(&mut self, from: Letter, to: Letter, plus: &Dim) {
        let mut moved: Option<Dim> = None;
        self.strides.retain(|(l, s)| {
            let hit = *l == from;
            if hit {
                moved = Some(moved.as_ref().map_or(s.clone(), |m| m + s));
            }
            !hit
        });
        if let Some(s) = moved {
            self.offset = &self.offset + &(&s * plus);
            match self.strides.iter_mut().find(|(l, _)| *l == to) {
                Some((_, old)) => *old = &*old + &s,
                None => self.strides.push((to, s)),
            }
        }
    }
}
