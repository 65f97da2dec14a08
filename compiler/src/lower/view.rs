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

/// The index along one position of a view: `Σ stride · letter + offset`. Mostly it is one letter; a letter with an offset is
/// a box, zero outside of it; a sum of letters slides a window, and the entries of all letters that meet there are added.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slot {
    pub(super) letters: Vec<(Letter, Dim)>,
    pub(super) offset: Dim,
}

impl Slot {
    pub(super) fn full(letter: Letter) -> Slot {
        Slot::shifted(letter, Dim::default())
    }
    pub(super) fn shifted(letter: Letter, offset: Dim) -> Slot {
        Slot { letters: vec![(letter, Dim::constant(1))], offset }
    }
    /// The letter, if it is one alone.
    pub(super) fn letter(&self) -> Option<Letter> {
        match self.letters.as_slice() {
            [(l, s)] if s.is_one() => Some(*l),
            _ => None,
        }
    }
    pub(super) fn has(&self, letter: Letter) -> bool {
        self.letters.iter().any(|x| x.0 == letter)
    }
}

/// Adds a stride to that of a letter.
fn add(strides: &mut Vec<(Letter, Dim)>, letter: Letter, stride: &Dim) {
    match strides.iter_mut().find(|x| x.0 == letter) {
        Some((_, s)) => *s = &*s + stride,
        None => strides.push((letter, stride.clone())),
    }
}

/// Replaces a letter of an index by another index.
fn replace(strides: &mut Vec<(Letter, Dim)>, offset: &mut Dim, from: Letter, by: &Slot) {
    let Some(at) = strides.iter().position(|x| x.0 == from) else { return };
    let (_, s) = strides.remove(at);
    for (l, t) in &by.letters {
        add(strides, *l, &(&s * t));
    }
    *offset = &*offset + &(&s * &by.offset);
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
    /// Classes with their strides, and offset, of each position.
    pub(super) slots: Vec<(Vec<(usize, Dim)>, Dim)>,
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
        self.factors.len() <= 1 && self.factors.iter().flat_map(|f| &f.strides).all(|(l, _)| self.is_free(*l))
    }

    /// Whether an index of the matrix moves with the letter.
    pub(super) fn is_free(&self, l: Letter) -> bool {
        self.free.iter().any(|s| s.has(l))
    }

    /// What an entry is stored by: the distinct free letters in the order of their first position. A window that slides over
    /// letters that no other position has is one class: what meets there can be added up.
    pub(super) fn classes(&self) -> Vec<Slot> {
        let mut out: Vec<Slot> = vec![];
        for (k, s) in self.free.iter().enumerate() {
            if self.adds_up(k) {
                out.push(s.clone());
                continue;
            }
            for (l, _) in &s.letters {
                let class = Slot::full(*l);
                if !out.contains(&class) {
                    out.push(class);
                }
            }
        }
        out
    }

    fn adds_up(&self, k: usize) -> bool {
        let alone = |l: Letter| self.free.iter().filter(|s| s.has(l)).count() == 1;
        self.free[k].letters.len() > 1 && self.free[k].letters.iter().all(|x| alone(x.0)) && !self.factors.is_empty()
    }

    /// The structure, for positions of these sizes.
    pub(super) fn pattern(&self, extents: &[Dim], sizes: &[(Dim, Tag)]) -> Pattern {
        let classes = self.classes();
        let class = |s: &Slot| classes.iter().position(|x| x == s).expect("a free letter has a class");
        let one = Dim::constant(1);
        let slot = |(k, s): (usize, &Slot)| match self.adds_up(k) {
            true => (vec![(class(s), one.clone())], Dim::default()),
            false => (s.letters.iter().map(|(l, d)| (class(&Slot::full(*l)), d.clone())).collect(), s.offset.clone()),
        };
        let extent = |s: &Slot| match s.letter() {
            Some(l) => extents[l.0 as usize].clone(),
            None => sizes[self.free.iter().position(|x| x == s).expect("a window is a position")].0.clone(),
        };
        let read = |l: Letter| self.factors.iter().any(|f| f.strides.iter().any(|(x, _)| *x == l));
        Pattern {
            slots: self.free.iter().enumerate().map(slot).collect(),
            extents: classes.iter().map(extent).collect(),
            varies: classes.iter().map(|s| s.letters.len() > 1 || s.letters.iter().any(|x| read(x.0))).collect(),
        }
    }

    /// Where the term is added in a dense tensor with one stride an index.
    pub(super) fn target<'a>(tensor: TensorId, indices: impl Iterator<Item = (&'a Slot, &'a Dim)>) -> Access {
        let mut out: BTreeMap<Letter, Dim> = BTreeMap::new();
        let mut offset = Dim::default();
        for (slot, s) in indices {
            for (l, t) in &slot.letters {
                let step = s * t;
                let sum = out.get(l).map_or(step.clone(), |old| old + &step);
                out.insert(*l, sum);
            }
            offset = &offset + &(&slot.offset * s);
        }
        Access { tensor, strides: out.into_iter().collect(), offset }
    }

    /// Replaces a letter by an index.
    pub(super) fn substitute(&mut self, from: Letter, by: &Slot) {
        for s in &mut self.free {
            replace(&mut s.letters, &mut s.offset, from, by);
        }
        for f in &mut self.factors {
            replace(&mut f.strides, &mut f.offset, from, by);
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
        for (l, _) in self.free.iter_mut().flat_map(|s| &mut s.letters) {
            *l = name(*l);
        }
        for f in &mut self.factors {
            for (l, _) in &mut f.strides {
                *l = name(*l);
            }
        }
    }
}
