//! `Reading`: what a row says of shapes and facts, read from its text once a thread.

use super::{Fact, Facts, Meaning, Op, Shape, Type, op::Argument};
use crate::dim::Dim;
use rustc_hash::FxHashMap;
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// A size of a signature.
enum Size {
    /// A name, by number.
    Named(usize),
    /// A number.
    Fixed(Dim),
    /// A formula in names.
    Formula(Dim),
}

/// What an argument of a signature may be.
enum Slot {
    Matrix(Size, Size),
    Size(Size),
    Number,
}

/// What a row says of shapes and facts.
pub(super) struct Reading {
    slots: Vec<Slot>,
    names: Vec<String>,
    result: (Size, Size),
    open: bool,
    /// Facts that must be known of arguments, and what then is known of the result.
    facts: Vec<(Vec<(Fact, usize)>, Facts)>,
    /// Whether two arguments may change places.
    pub(super) commutes: bool,
}

thread_local! {
    /// By the places of the rows.
    static READINGS: RefCell<FxHashMap<usize, Rc<Reading>>> = RefCell::default();
}

impl Reading {
    /// What a row that is no sum says.
    pub(super) fn of(op: &'static Op) -> Rc<Reading> {
        let place = std::ptr::from_ref(op) as usize;
        READINGS.with_borrow_mut(|all| all.entry(place).or_insert_with(|| Rc::new(Reading::read(op))).clone())
    }

    fn read(op: &'static Op) -> Reading {
        let signature = op.parsed();
        let mut names: Vec<String> = vec![];
        let mut size = |text: &str| match text.parse::<i64>() {
            Ok(n) => Size::Fixed(Dim::constant(n)),
            Err(_) if text.contains(['*', '+', '-', '(']) => Size::Formula(Dim::parse(text)),
            Err(_) => Size::Named(names.iter().position(|n| n == text).unwrap_or_else(|| {
                names.push(text.to_owned());
                names.len() - 1
            })),
        };
        let slots = signature.arguments.iter().map(|a| match a {
            Argument::Matrix(r, c) => Slot::Matrix(size(r), size(c)),
            Argument::Size(n) => Slot::Size(size(n)),
            Argument::Number => Slot::Number,
        });
        let slots: Vec<Slot> = slots.collect();
        let of_result = |d: &Dim| match d.as_symbol().and_then(|s| names.iter().position(|n| n == s)) {
            Some(k) => Size::Named(k),
            None if d.as_constant().is_some() => Size::Fixed(d.clone()),
            None => Size::Formula(d.clone()),
        };
        let result = (of_result(&signature.result.0), of_result(&signature.result.1));
        Reading { slots, result, open: signature.open, facts: Facts::read(op.facts), names, commutes: commutes(op) }
    }

    /// The shape of the result; `None` where the arguments do not fit, or only a closer look tells.
    pub(super) fn shape<'a>(&self, types: impl ExactSizeIterator<Item = (&'a Type, bool)>) -> Option<Shape> {
        let count = types.len();
        if count < self.slots.len() || (count > self.slots.len() && !self.open) {
            return None;
        }
        let mut known: Vec<Option<&Dim>> = vec![None; self.names.len()];
        let mut fits = |size: &Size, dim: &'a Dim| match size {
            Size::Named(k) => *known[*k].get_or_insert(dim) == dim,
            Size::Fixed(n) => n == dim,
            Size::Formula(_) => false,
        };
        for (slot, (ty, is_number)) in self.slots.iter().zip(types) {
            let fit = match (slot, ty) {
                (Slot::Matrix(r, c), Type::Matrix(s)) => fits(r, &s.rows) && fits(c, &s.cols),
                (Slot::Size(n), Type::Dim(d)) => fits(n, d),
                (Slot::Number, Type::Matrix(_)) => is_number,
                _ => false,
            };
            if !fit {
                return None;
            }
        }
        let dim = |size: &Size| match size {
            Size::Named(k) => known[*k].cloned(),
            Size::Fixed(n) => Some(n.clone()),
            Size::Formula(d) => {
                let named = self.names.iter().zip(&known).filter_map(|(n, d)| Some((n.clone(), (*d)?.clone())));
                Some(d.rename(&named.collect::<BTreeMap<_, _>>()))
            }
        };
        Some(Shape::new(dim(&self.result.0)?, dim(&self.result.1)?))
    }

    /// What is known of the result, given the facts of its arguments.
    pub(super) fn facts(&self, argument: &dyn Fn(usize) -> Facts) -> Facts {
        let holds = |given: &[(Fact, usize)]| given.iter().all(|&(fact, slot)| argument(slot).has(fact));
        self.facts.iter().filter(|(given, _)| holds(given)).fold(Facts::default(), |all, x| all.union(x.1))
    }
}

/// Whether two arguments of a contraction stand under the same letters.
fn commutes(op: &Op) -> bool {
    let Meaning::Contraction(text) = op.meaning else { return false };
    text.split_once(',').is_some_and(|(a, rest)| {
        let b = rest.trim_start().strip_prefix(a.trim());
        b.is_some_and(|after| after.trim_start().starts_with("->"))
    })
}
