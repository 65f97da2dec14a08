//! Where arrays lie in one piece of memory: what is given first, then results, then what comes and goes.

use super::work::Work;
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
    /// Places for the arrays of tasks: an array whose last reader is done leaves its place to others.
    pub(super) fn new(work: &Work) -> Arena {
        let (tasks, lengths) = (&work.tasks, &work.lengths);
        let mut places = vec![None; lengths.len()];
        let mut end = 0;
        let mut next = |n: usize| {
            let at = end;
            end += aligned(n);
            at
        };
        for &a in &work.given {
            places[a].get_or_insert_with(|| next(lengths[a]));
        }
        let flag = next(1);
        for &a in &work.results {
            places[a].get_or_insert_with(|| next(lengths[a]));
        }
        let results = next(0);
        let mut total = results;
        // holes by their places
        let mut free: BTreeMap<usize, usize> = BTreeMap::new();
        let fixed: Vec<bool> = places.iter().map(Option::is_some).collect();
        let mut last = vec![0; lengths.len()];
        for (k, task) in tasks.iter().enumerate() {
            task.arrays.iter().for_each(|(a, _)| last[*a] = k);
        }
        for (k, task) in tasks.iter().enumerate() {
            let mut arrays: Vec<usize> = task.arrays.iter().map(|a| a.0).collect();
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
    use super::{super::work::Touch, *};

    /// Array k + 1 is made of array k.
    fn chain(sizes: &[usize]) -> Work {
        let last = sizes.len() - 1;
        let tasks = (0..last).map(|k| Touch::kernel(&[k, k + 1], 1)).collect();
        Work { lengths: sizes.to_vec(), given: vec![0], results: vec![last], tasks }
    }

    #[test]
    fn arrays_that_live_together_do_not_overlap() {
        let sizes = [300, 1000, 20, 5000, 40, 700, 700, 3, 129];
        let arena = Arena::new(&chain(&sizes));
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
