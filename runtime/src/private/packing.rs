//! Copies of a matrix in the order in which a product reads it: some lines at once, value after value.

use super::wide::{Work, soon, wide};
use crate::{Real, real::View};
use pulp::Simd;

/// Values that are copied of one group of lines before the next where lines are neighbours: as many rows of the matrix are read at once.
const ROWS: usize = 16;

/// Lines of a matrix, in groups of so many; of each group the first value of each line, then the second of each, and so on.
#[derive(Clone, Copy)]
pub(super) struct Groups {
    /// Lines of a group.
    pub(super) high: usize,
    /// How far a group is from the next.
    pub(super) apart: usize,
}

/// Copies lines, as far apart as the first stride says, whose values lie as far apart as the second, times a weight for each value; a group
/// that is not full is filled with zeros. H lines are copied at once.
#[inline(always)]
pub(super) fn pack<R: Real, const H: usize>(
    (from, [line, value]): View<R>,
    lines: usize,
    weights: &[R],
    Groups { high, apart }: Groups,
    to: &mut [R],
) {
    let at_once = if line == 1 { ROWS } else { weights.len().max(1) };
    for (part, weights) in weights.chunks(at_once).enumerate() {
        let begin = part * at_once;
        for (first, to) in (0..lines).step_by(high).zip(to.chunks_mut(apart)) {
            let (n, to) = (high.min(lines - first), &mut to[begin * high..]);
            let from = &from[first * line + begin * value..];
            let whole = n / H * H;
            for i in (0..whole).step_by(H) {
                let (from, to) = (&from[i * line..], &mut to[i..]);
                if line == 1 {
                    let mut at = 0;
                    for (&w, to) in weights.iter().zip(to.chunks_mut(high)) {
                        put::<R, H>(from[at..].as_chunks().0[0], w, to);
                        soon(from, at + ROWS * value);
                        at += value;
                    }
                    continue;
                }
                let turned = if value == 1 { weights.len() / H * H } else { 0 };
                for (k, weights) in (0..).step_by(H).zip(weights[..turned].as_chunks::<H>().0) {
                    let mut block = [[R::of(0.0); H]; H];
                    for r in 0..H {
                        let from: [R; H] = from[r * line + k..].as_chunks().0[0];
                        for l in 0..H {
                            block[l][r] = from[l];
                        }
                    }
                    for (l, block) in block.into_iter().enumerate() {
                        put(block, weights[l], &mut to[(k + l) * high..]);
                    }
                }
                for (k, &w) in weights.iter().enumerate().skip(turned) {
                    (0..H).for_each(|r| to[k * high + r] = w * from[r * line + k * value]);
                }
            }
            for (k, &w) in weights.iter().enumerate().filter(|_| whole < high) {
                for i in whole..high {
                    to[k * high + i] = if i < n { w * from[i * line + k * value] } else { R::of(0.0) };
                }
            }
        }
    }
}

/// Writes that many entries, times a weight.
#[inline(always)]
fn put<R: Real, const H: usize>(from: [R; H], weight: R, to: &mut [R]) {
    let to: &mut [R; H] = &mut to.as_chunks_mut().0[0];
    for l in 0..H {
        to[l] = weight * from[l];
    }
}

/// The transpose of a matrix by rows that lie so far apart; its own rows lie further apart than they are long.
pub(super) struct Transposed<'x, R> {
    pub(super) from: (&'x [R], usize),
    pub(super) sizes: [usize; 2],
    pub(super) to: (&'x mut [R], usize),
}

impl<R: Real> Work for Transposed<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Transposed { from: (from, row), sizes, to: (to, high) } = self;
        pack::<R, 8>((from, [row, 1]), sizes[0], &vec![R::of(1.0); sizes[1]], Groups { high, apart: to.len() }, to);
    }
}

impl<R: Real> Transposed<'_, R> {
    pub(super) fn write(self) {
        wide(self);
    }
}
