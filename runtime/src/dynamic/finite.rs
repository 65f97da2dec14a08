//! Whether results are finite.

use crate::private::wide::{Work, finite, wide};
use pulp::Simd;
use std::{panic::resume_unwind, thread};

/// Entries that are looked at by one thread at a time, about.
const PART: usize = 1 << 16;

/// Parts for which another thread is worth while.
const FEW: usize = 4;

/// Entries of a result that tell of all.
#[derive(Clone, Copy)]
pub(super) enum Telling<'a> {
    /// Every one.
    All,
    /// On and above the diagonal of a square matrix of so many rows.
    Upper(usize),
    /// Where letters reach them: extents, strides, and where all letters are zero.
    Reached(&'a [usize], &'a [usize], usize),
}

/// Some of them.
enum Part<'a> {
    Entries(&'a [f64]),
    /// Rows from and to, of so many entries, from the diagonal on.
    Rows(&'a [f64], usize, [usize; 2]),
    Reached(&'a [f64], &'a [usize], &'a [usize]),
}

impl Part<'_> {
    fn finite(&self) -> bool {
        match *self {
            Part::Entries(entries) => wide(Plane { entries, rows: (0, 1), n: entries.len() }),
            Part::Rows(entries, n, rows) => wide(Upper { entries, n, rows }),
            Part::Reached(entries, extents, strides) => at(entries, extents, strides),
        }
    }
}

/// Whether results are, as so many threads find.
pub(super) fn all<'a>(results: impl Iterator<Item = (&'a [f64], Telling<'a>)>, threads: usize) -> bool {
    let mut parts = vec![];
    for (entries, telling) in results {
        match telling {
            Telling::All => parts.extend(entries.chunks(PART).map(Part::Entries)),
            Telling::Upper(n) => {
                let high = (PART / n.max(1)).max(1);
                parts.extend((0..n).step_by(high).map(|i| Part::Rows(entries, n, [i, n.min(i + high)])));
            }
            Telling::Reached(extents, strides, begin) => parts.push(Part::Reached(&entries[begin..], extents, strides)),
        }
    }
    // a thread more takes as long to begin as to look at a few parts
    let threads = threads.min(parts.len() / FEW).max(1);
    let some = |k: usize| parts.iter().skip(k).step_by(threads).all(Part::finite);
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|k| scope.spawn(move || some(k))).collect();
        let own = some(0);
        // a thread panics by a mistake of ours alone: then so does this one
        others.into_iter().fold(own, |all, other| other.join().unwrap_or_else(|panic| resume_unwind(panic)) && all)
    })
}

/// Whether the entries are at which letters of those extents and strides stand.
fn at(entries: &[f64], extents: &[usize], strides: &[usize]) -> bool {
    let mut letters: Vec<(usize, usize)> = strides.iter().copied().zip(extents.iter().copied()).collect();
    letters.sort_unstable_by_key(|l| std::cmp::Reverse(l.0));
    every(entries, &letters)
}

fn every(entries: &[f64], letters: &[(usize, usize)]) -> bool {
    match *letters {
        [] => entries[0].is_finite(),
        [(1, n)] => wide(Plane { entries, rows: (0, 1), n }),
        [slow, (1, n)] => wide(Plane { entries, rows: slow, n }),
        [(stride, n), ref rest @ ..] => (0..n).all(|k| every(&entries[k * stride..], rest)),
    }
}

/// So many rows of that length, so far apart.
struct Plane<'a> {
    entries: &'a [f64],
    rows: (usize, usize),
    n: usize,
}

impl Work for Plane<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> bool {
        let (stride, rows) = self.rows;
        (0..rows).fold(true, |all, i| all & finite(&self.entries[i * stride..][..self.n]))
    }
}

/// Rows of a matrix of so many columns, from the diagonal on.
struct Upper<'a> {
    entries: &'a [f64],
    n: usize,
    rows: [usize; 2],
}

impl Work for Upper<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> bool {
        let Upper { entries, n, rows: [first, end] } = self;
        (first..end).fold(true, |all, i| all & finite(&entries[i * n..][i..n]))
    }
}

#[cfg(test)]
mod tests {
    use super::{Telling, all};

    #[test]
    fn what_is_not_finite_is_found_where_the_letters_reach_it() {
        // a block diagonal 6 × 6 of two blocks
        let (extents, strides) = ([2, 3, 3], [21, 6, 1]);
        for place in 0..36 {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut entries = vec![1e308; 36];
                entries[place] = bad;
                let (row, col) = (place / 6, place % 6);
                let found = |telling| all([(&entries[..], telling)].into_iter(), 1);
                assert!(!found(Telling::All));
                assert_eq!(found(Telling::Reached(&extents, &strides, 0)), row / 3 != col / 3, "{bad} at {row}, {col}");
                assert_eq!(found(Telling::Upper(6)), row > col, "{bad} at {row}, {col}");
            }
        }
    }

    /// In every part, of one result or another, by one thread or several.
    #[test]
    fn what_is_not_finite_is_found_in_every_part() {
        let n = 700;
        let mut results = [vec![-1e308; 200_000], vec![1.0; n * n], vec![0.0]];
        let found = |results: &[Vec<f64>; 3], threads| {
            let telling = [Telling::All, Telling::Upper(n), Telling::Reached(&[], &[], 0)];
            all(results.iter().map(Vec::as_slice).zip(telling), threads)
        };
        for threads in [1, 2, 5, 100] {
            assert!(found(&results, threads));
            for (k, place, tells) in [
                (0, 0, true),
                (0, 70_000, true),
                (0, 199_999, true),
                (1, 300 * n + 300, true),
                (1, n * n - 1, true),
                (1, 300 * n, false),
            ] {
                let was = std::mem::replace(&mut results[k][place], f64::NAN);
                assert_eq!(found(&results, threads), !tells, "result {k}, entry {place}, {threads} threads");
                results[k][place] = was;
            }
            results[2][0] = f64::INFINITY;
            assert!(!found(&results, threads));
            results[2][0] = 0.0;
        }
        assert!(all(std::iter::empty(), 2));
    }
}
