//! The order of the axes of arrays in between: what many small matrix products run over stands first, so that each of them finds its
//! matrix in one piece.

use super::{Action, ArrayId, Operand, Plan, Product, alike::View, inline, term::Factor};
use std::collections::{BTreeMap, BTreeSet};

/// An axis: its stride and extent.
type Axis = (usize, usize);

impl Plan {
    /// Puts axes in a better order, wherever only products read and write an array.
    pub(super) fn arrange(&mut self) {
        let mut fixed: BTreeSet<ArrayId> = self.inputs.iter().map(|i| i.0).chain(self.outputs.iter().map(|o| o.0)).collect();
        let mut operands: BTreeMap<ArrayId, Vec<(&Product, &Operand)>> = BTreeMap::new();
        for s in &self.steps {
            match &s.action {
                Action::Product(p) => {
                    p.factors.iter().chain([&p.target]).for_each(|o| operands.entry(o.array).or_default().push((p, o)));
                }
                other => fixed.extend(other.arrays()),
            }
        }
        let mut views: BTreeMap<ArrayId, View> = BTreeMap::new();
        for (&array, uses) in operands.iter().filter(|o| !fixed.contains(o.0)) {
            if let Some(view) = better(array, self.arrays[array], uses) {
                views.insert(array, view);
            }
        }
        for s in &mut self.steps {
            let Action::Product(p) = &mut s.action else { continue };
            for o in p.factors.iter_mut().chain([&mut p.target]) {
                if let Some(moved) = views.get(&o.array).and_then(|v| seen(v, o, &p.extents)) {
                    *o = moved;
                }
            }
        }
    }
}

/// An operand whose array has its axes in another order.
fn seen(view: &View, o: &Operand, extents: &[usize]) -> Option<Operand> {
    let factor = Factor { array: o.array, offset: o.offset, strides: o.strides.iter().copied().collect() };
    let Factor { array, offset, strides } = view.of(&factor, extents)?;
    Some(Operand { array, offset, strides: strides.into_vec() })
}

/// A better order of the axes of an array, if there is one and all that read or write it can do so.
fn better(array: ArrayId, entries: usize, uses: &[(&Product, &Operand)]) -> Option<View> {
    // the axes that are told apart most
    let axes = uses.iter().map(|(p, o)| inline::digits(&o.strides, &p.extents));
    let axes: Vec<Axis> = axes.filter(|a| a.iter().map(|x| x.1).product::<usize>() == entries).max_by_key(Vec::len)?;
    let mut votes = vec![0.0; axes.len()];
    for (p, o) in uses {
        let batch = p.batch();
        if batch == 0 {
            continue;
        }
        let weight = p.flops() as f64;
        for (l, s) in o.strides.iter().enumerate() {
            if let Some(k) = axes.iter().position(|a| a.0 == *s) {
                votes[k] += if batch >> l & 1 == 1 { weight } else { -weight };
            }
        }
    }
    let mut order: Vec<usize> = (0..axes.len()).collect();
    order.sort_by_key(|&k| votes[k] <= 0.0);
    if order.is_sorted() {
        return None;
    }
    let view = View::permuted(array, &axes, &order);
    uses.iter().all(|(p, o)| seen(&view, o, &p.extents).is_some()).then_some(view)
}

impl Product {
    /// The letters, as bits, over which it is a matrix product again and again: those that move both factors and the target.
    fn batch(&self) -> u64 {
        let [a, b] = self.factors.as_slice() else { return 0 };
        let of = |moves: [bool; 3]| {
            let has = |l: &usize| [a, b, &self.target].map(|o| o.strides[*l] != 0) == moves;
            (0..self.extents.len()).filter(has).fold(0u64, |set, l| set | 1 << l)
        };
        let matrices = [[true, false, true], [false, true, true], [true, true, false]].into_iter().all(|m| of(m) != 0);
        if matrices { of([true; 3]) } else { 0 }
    }
}
