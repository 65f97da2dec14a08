//! Which tasks may run at the same time: levels, one after the other.
//!
//! A task stands one level behind the last that it must wait for: one that wrote what it reads, or that read or wrote what it writes.
//! What counts is memory, not arrays, since an array takes the place of one that is gone.

use super::{
    arena::{Arena, aligned},
    work::Work,
};
use std::collections::BTreeMap;

/// A piece of memory: where it ends, and the levels behind which it may be read, and written.
#[derive(Clone, Copy)]
struct Piece {
    end: usize,
    read: usize,
    write: usize,
}

/// Levels of pieces of memory by where they begin; they do not overlap.
#[derive(Default)]
struct Memory(BTreeMap<usize, Piece>);

impl Memory {
    /// Makes pieces begin and end at these places.
    fn cut(&mut self, from: usize, to: usize) {
        for at in [from, to] {
            if let Some((_, piece)) = self.0.range_mut(..at).next_back().filter(|(_, p)| p.end > at) {
                let behind = *piece;
                piece.end = at;
                self.0.insert(at, behind);
            }
        }
        let mut next = from;
        let known: Vec<(usize, usize)> = self.0.range(from..to).map(|(at, p)| (*at, p.end)).collect();
        for (at, end) in known.into_iter().chain([(to, to)]) {
            if next < at {
                self.0.insert(next, Piece { end: at, read: 0, write: 0 });
            }
            next = end;
        }
    }

    /// The first level in which all of it may be read, or written.
    fn first(&mut self, [from, to]: [usize; 2], writes: bool) -> usize {
        self.cut(from, to);
        self.0.range(from..to).map(|(_, p)| if writes { p.write } else { p.read }).max().unwrap_or(0)
    }

    /// It is read, or written, in a level.
    fn touch(&mut self, [from, to]: [usize; 2], writes: bool, level: usize) {
        for (_, p) in self.0.range_mut(from..to) {
            p.write = p.write.max(level + 1);
            if writes {
                p.read = p.read.max(level + 1);
            }
        }
    }
}

/// The places of the tasks, level by level, in each those of the host last.
pub(super) fn levels(work: &Work, arena: &Arena) -> Vec<Vec<usize>> {
    let (mut memory, mut out) = (Memory::default(), vec![]);
    for (k, task) in work.tasks.iter().enumerate() {
        let place = |a: usize| arena.places[a].map(|at| [at, at + aligned(work.lengths[a])]);
        let places: Vec<([usize; 2], bool)> = task.arrays.iter().filter_map(|&(a, writes)| Some((place(a)?, writes))).collect();
        let level = places.iter().map(|(p, writes)| memory.first(*p, *writes)).max().unwrap_or(0);
        places.iter().for_each(|(p, writes)| memory.touch(*p, *writes, level));
        if out.len() <= level {
            out.resize(level + 1, vec![]);
        }
        out[level].push(k);
    }
    for level in &mut out {
        level.sort_by_key(|&k| work.tasks[k].host);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{super::work::Touch, *};

    /// Tasks of one kernel, the last array of each being written.
    fn of(places: &[usize], entries: usize, tasks: &[&[usize]]) -> Vec<Vec<usize>> {
        let tasks = tasks.iter().map(|t| Touch::kernel(t, 1)).collect();
        let work = Work { lengths: vec![entries; places.len()], tasks, ..Work::default() };
        let places = places.iter().map(|&p| Some(p)).collect();
        levels(&work, &Arena { places, given: 0, flag: 0, results: 0, total: 0 })
    }

    #[test]
    fn tasks_wait_for_what_they_read_and_for_who_reads_what_they_write() {
        let apart = [0, 128, 256, 384, 512];
        assert_eq!(of(&apart, 100, &[&[0, 1], &[0, 2], &[1, 2, 3]]), [vec![0, 1], vec![2]]);
        // adding to one array goes in order
        assert_eq!(of(&apart, 100, &[&[0, 3], &[1, 3], &[2, 4]]), [vec![0, 2], vec![1]]);
        // array 2 is written again when it was read
        assert_eq!(of(&apart, 100, &[&[0, 2], &[2, 3], &[1, 2], &[2, 4]]), [vec![0], vec![1], vec![2], vec![3]]);
    }

    #[test]
    fn an_array_in_the_place_of_another_waits_for_its_readers() {
        // arrays 1 and 3 share their place; 4 lies over the ends of 1 and 2
        assert_eq!(of(&[0, 128, 256, 128], 100, &[&[0, 1], &[1, 2], &[0, 3]]), [vec![0], vec![1], vec![2]]);
        assert_eq!(of(&[0, 256, 512, 768, 384], 200, &[&[0, 1], &[0, 2], &[0, 3], &[0, 4]]), [vec![0, 1, 2], vec![3]]);
    }
}
