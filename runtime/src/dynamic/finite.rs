//! Whether results are finite.

use crate::private::wide::{Work, finite, wide};
use pulp::Simd;

/// Whether all entries are.
pub(super) fn all(entries: &[f64]) -> bool {
    entries.chunks(1 << 12).all(|part| wide(Plane { entries: part, rows: (0, 1), n: part.len() }))
}

/// Whether the entries are at which letters of those extents and strides stand.
pub(super) fn at(entries: &[f64], extents: &[usize], strides: &[usize]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::{all, at};

    #[test]
    fn what_is_not_finite_is_found_where_the_letters_reach_it() {
        // a block diagonal 6 × 6 of two blocks
        let (extents, strides) = ([2, 3, 3], [21, 6, 1]);
        for place in 0..36 {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut entries = vec![1e308; 36];
                entries[place] = bad;
                let (row, col) = (place / 6, place % 6);
                assert!(!all(&entries));
                assert_eq!(at(&entries, &extents, &strides), row / 3 != col / 3, "{bad} at {row}, {col}");
            }
        }
        assert!(all(&vec![-1e308; 10_000]) && at(&[1.0], &[], &[]));
    }
}
