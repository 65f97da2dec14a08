//! The order of the axes of arrays in between: what many small matrix products run over stands first, so that each of them finds its
//! matrix in one piece; and what is multiplied entry by entry has one order.

use super::{
    Action, ArrayId, Operand, Plan, Product,
    alike::{View, orders},
    inline,
    term::Factor,
};
use std::collections::{BTreeMap, BTreeSet};

/// An axis: its stride and extent.
type Axis = (usize, usize);

/// What it costs for every entry that is read or written in another order, and that a matrix is gathered from.
const TURNED: f64 = 8.0;
const GATHERED: f64 = 4.0;

/// Most axes whose orders are all tried.
const AXES: usize = 4;

impl Plan {
    /// Puts axes in a better order, wherever only products read and write an array.
    pub(super) fn arrange(&mut self) {
        let mut fixed: BTreeSet<ArrayId> = self.inputs.iter().map(|i| i.0).chain(self.outputs.iter().map(|o| o.0)).collect();
        let mut users: BTreeMap<ArrayId, Vec<usize>> = BTreeMap::new();
        for (k, s) in self.steps.iter().enumerate() {
            if !matches!(s.action, Action::Product(_)) {
                fixed.extend(s.action.arrays());
            }
            s.action.arrays().into_iter().for_each(|a| users.entry(a).or_default().push(k));
        }
        for (array, steps) in users.into_iter().filter(|u| !fixed.contains(&u.0)) {
            let products =
                || steps.iter().filter_map(|&k| if let Action::Product(p) = &self.steps[k].action { Some(p) } else { None });
            let uses: Vec<(&Product, &Operand)> =
                products().flat_map(|p| operands(p).filter(|o| o.array == array).map(move |o| (p, o))).collect();
            let Some(view) = better(array, self.arrays[array], &uses) else { continue };
            for k in steps {
                let Action::Product(p) = &mut self.steps[k].action else { continue };
                for o in p.factors.iter_mut().chain([&mut p.target]).filter(|o| o.array == array) {
                    if let Some(moved) = seen(&view, o, &p.extents) {
                        *o = moved;
                    }
                }
            }
        }
    }
}

/// Factors and target.
fn operands(p: &Product) -> impl Iterator<Item = &Operand> {
    p.factors.iter().chain([&p.target])
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
    let n = axes.len();
    // for two axes what it is worth that the one is slower than the other
    let mut worth = vec![vec![0.0; n]; n];
    for (p, o) in uses {
        let letter = |k: usize| o.strides.iter().position(|s| *s == axes[k].0);
        let letters: Vec<Option<usize>> = (0..n).map(letter).collect();
        let batch = p.batch();
        let matrices = p.matrices();
        for (k, a) in letters.iter().enumerate() {
            for (l, b) in letters.iter().enumerate() {
                let (Some(a), Some(b)) = (*a, *b) else { continue };
                if batch >> a & 1 == 1 && batch >> b & 1 == 0 {
                    worth[k][l] += GATHERED * entries as f64;
                }
                if !matrices && a != b {
                    let slower = |other: &&Operand| {
                        !std::ptr::eq(*other, *o) && other.strides[b] != 0 && other.strides[a] > other.strides[b]
                    };
                    worth[k][l] += TURNED * entries as f64 * operands(p).filter(slower).count() as f64;
                }
            }
        }
    }
    let total = |order: &[usize]| -> f64 {
        (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).map(|(i, j)| worth[order[i]][order[j]]).sum()
    };
    let all = orders(n, AXES);
    // of equals the first, which is the order that it has
    let best = all.iter().fold(&all[0], |best, o| if total(o) > total(best) { o } else { best });
    if best.is_sorted() {
        return None;
    }
    let view = View::permuted(array, &axes, best);
    uses.iter().all(|(p, o)| seen(&view, o, &p.extents).is_some()).then_some(view)
}

impl Product {
    /// Letters, as bits, that move the factors and the target in that way.
    fn moving(&self, moves: [bool; 3]) -> u64 {
        let [a, b] = self.factors.as_slice() else { return 0 };
        let has = |l: &usize| [a, b, &self.target].map(|o| o.strides[*l] != 0) == moves;
        (0..self.extents.len()).filter(has).fold(0u64, |set, l| set | 1 << l)
    }

    /// Whether it is a matrix product, or many.
    fn matrices(&self) -> bool {
        [[true, false, true], [false, true, true], [true, true, false]].into_iter().all(|m| self.moving(m) != 0)
    }

    /// The letters, as bits, over which it is a matrix product again and again: those that move both factors and the target.
    fn batch(&self) -> u64 {
        if self.matrices() { self.moving([true; 3]) } else { 0 }
    }
}
