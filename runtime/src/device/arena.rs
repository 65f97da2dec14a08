//! Where the arrays of a plan lie in one piece of memory: what is given first, then results, then what comes and goes.

use hesse_compiler::{emit::c::Kernels, index::plan::Plan};
use std::collections::BTreeMap;

/// Every array begins at a multiple of so many numbers: 512 bytes for the smaller ones, as devices ask for.
const ALIGNED: usize = 128;

/// What an array of so many numbers takes.
pub(super) fn aligned(n: usize) -> usize {
    n.max(1).next_multiple_of(ALIGNED)
}

/// Places of arrays.
pub(super) struct Arena {
    /// The first number of every array that is used.
    pub(super) places: Vec<Option<usize>>,
    /// Numbers that are uploaded: from 0 on.
    pub(super) given: usize,
    /// Where the flag is: results begin there.
    pub(super) flag: usize,
    /// Behind the last result.
    pub(super) results: usize,
    /// Numbers in all.
    pub(super) total: usize,
}

impl Arena {
    /// Places for the tasks of a plan: an array whose last reader is done leaves its place to others.
    pub(super) fn new(plan: &Plan, kernels: &Kernels) -> Arena {
        let (tasks, lengths) = (&kernels.tasks, kernels.lengths(plan));
        let mut places = vec![None; lengths.len()];
        let mut end = 0;
        let mut next = |n: usize| {
            let at = end;
            end += aligned(n);
            at
        };
        for a in plan.inputs.iter().map(|i| i.0).chain(plan.numbers.iter().map(|n| n.0)) {
            places[a].get_or_insert_with(|| next(lengths[a]));
        }
        let flag = next(1);
        for (a, _) in &plan.outputs {
            places[*a].get_or_insert_with(|| next(lengths[*a]));
        }
        let results = next(0);
        let mut total = results;
        // holes by their places
        let mut free: BTreeMap<usize, usize> = BTreeMap::new();
        let fixed: Vec<bool> = places.iter().map(Option::is_some).collect();
        let mut last = vec![0; lengths.len()];
        for (k, task) in tasks.iter().enumerate() {
            Kernels::arrays(plan, task).into_iter().for_each(|a| last[a] = k);
        }
        for (k, task) in tasks.iter().enumerate() {
            let mut arrays = Kernels::arrays(plan, task);
            arrays.sort_unstable();
            arrays.dedup();
            for &a in &arrays {
                if places[a].is_some() {
                    continue;
                }
                let n = aligned(lengths[a]);
                let hole = free.iter().find(|h| *h.1 >= n).map(|h| (*h.0, *h.1));
                places[a] = Some(match hole {
                    Some((at, size)) => {
                        free.remove(&at);
                        if size > n {
                            free.insert(at + n, size - n);
                        }
                        at
                    }
                    // the last hole may be widened
                    None => match free.last_key_value().filter(|h| h.0 + h.1 == total).map(|h| *h.0) {
                        Some(at) => {
                            free.remove(&at);
                            total = at + n;
                            at
                        }
                        None => {
                            total += n;
                            total - n
                        }
                    },
                });
            }
            for &a in arrays.iter().filter(|a| !fixed[**a] && last[**a] == k) {
                if let Some(at) = places[a] {
                    release(&mut free, at, aligned(lengths[a]));
                }
            }
        }
        Arena { places, given: flag, flag, results, total }
    }
}

/// Gives a place back, joined with the holes beside it.
fn release(free: &mut BTreeMap<usize, usize>, mut at: usize, mut n: usize) {
    if let Some((&before, &size)) = free.range(..at).next_back().filter(|h| h.0 + h.1 == at) {
        free.remove(&before);
        at = before;
        n += size;
    }
    if let Some(size) = free.remove(&(at + n)) {
        n += size;
    }
    free.insert(at, n);
}

#[cfg(test)]
mod tests {
    use super::*;
    use hesse_compiler::emit::c::Task;
    use hesse_compiler::index::plan::{Action, Operand, Planned, Product};
    use hesse_compiler::number::Number;

    /// Array k + 1 is made of array k.
    fn chain(sizes: &[usize]) -> Plan {
        let mut plan = Plan { arrays: sizes.to_vec(), ..Plan::default() };
        plan.inputs.push((0, "x".to_owned(), [1, sizes[0]]));
        for k in 1..sizes.len() {
            let operand = |array| Operand { array, offset: 0, strides: vec![1] };
            let product = Product {
                coefficient: Number::ONE,
                extents: vec![sizes[k].min(sizes[k - 1])],
                factors: vec![operand(k - 1)],
                target: operand(k),
                symmetric: None,
                exchange: vec![],
                first: false,
            };
            let last = if k > 1 { vec![k - 1] } else { vec![] };
            plan.steps.push(Planned { action: Action::Product(product), note: String::new(), last });
        }
        plan.outputs.push((sizes.len() - 1, [1, sizes[sizes.len() - 1]]));
        plan
    }

    #[test]
    fn arrays_that_live_together_do_not_overlap() {
        let sizes = [300, 1000, 20, 5000, 40, 700, 700, 3, 129];
        let plan = chain(&sizes);
        let tasks = (0..plan.steps.len()).map(Task::Host).collect();
        let arena = Arena::new(&plan, &Kernels { tasks, ..Kernels::default() });
        let span = |k: usize| (arena.places[k].expect("a place"), sizes[k]);
        for k in 1..sizes.len() {
            for other in [0, k - 1, sizes.len() - 1] {
                let ((a, m), (b, n)) = (span(k), span(other));
                assert!(other == k || a + m <= b || b + n <= a, "{k} and {other}: {a} + {m}, {b} + {n}");
            }
            assert!(span(k).0 % ALIGNED == 0 && span(k).0 + sizes[k] <= arena.total);
        }
        assert!(arena.total < sizes.iter().map(|&n| aligned(n)).sum::<usize>(), "places are used again");
    }
}
