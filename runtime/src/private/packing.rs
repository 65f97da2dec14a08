//! Copies of a matrix in the order in which a product reads it: some lines at once, value after value.

use super::wide::soon;
use crate::{Real, real::View};

/// Rows of the matrix that are read at once where lines are neighbours, and how many rows ahead is asked for.
const ROWS: usize = 4;

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
    let by_rows = line == 1 && high.is_multiple_of(H);
    if by_rows {
        rows::<R, H>((from, value), lines, weights, Groups { high, apart }, to);
    }
    for (first, to) in (0..lines).step_by(high).zip(to.chunks_mut(apart)) {
        let (n, from) = (high.min(lines - first), &from[first * line..]);
        let whole = n / H * H;
        for i in (0..whole).step_by(H).filter(|_| !by_rows) {
            let (from, to) = (&from[i * line..], &mut to[i..]);
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

/// Of lines that are neighbours, so that the values of all are rows, H at once, as often as there are so many left.
#[inline(always)]
fn rows<R: Real, const H: usize>(
    (from, apart_rows): (&[R], usize),
    lines: usize,
    weights: &[R],
    Groups { high, apart }: Groups,
    to: &mut [R],
) {
    for (begin, weights) in (0..).step_by(ROWS).zip(weights.chunks(ROWS)) {
        let row = |r: usize| from[(begin + r.min(weights.len() - 1)) * apart_rows..][..lines].as_chunks::<H>().0;
        let rows: [&[[R; H]]; ROWS] = std::array::from_fn(row);
        for (group, to) in (0..rows[0].len()).step_by(high / H).zip(to.chunks_mut(apart)) {
            let to = &mut to[begin * high..];
            for i in 0..(high / H).min(rows[0].len() - group) {
                for ((row, &w), to) in rows.iter().zip(weights).zip(to.chunks_mut(high)) {
                    put::<R, H>(row[group + i], w, &mut to[i * H..]);
                    soon(row.as_ptr().cast::<R>(), (group + i) * H + ROWS * apart_rows);
                }
            }
        }
    }
}

/// Writes that many entries, times a weight.
#[inline(always)]
pub(super) fn put<R: Real, const H: usize>(from: [R; H], weight: R, to: &mut [R]) {
    let to: &mut [R; H] = &mut to.as_chunks_mut().0[0];
    for l in 0..H {
        to[l] = weight * from[l];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups as high as the lines that are copied at once, or higher; neighbours along lines, along values, or nowhere; groups that are not
    /// full, and what lies between groups.
    #[test]
    fn groups_hold_lines_value_by_value() {
        let mut compared = 0;
        for (lines, values) in [(1, 1), (24, 33), (50, 8), (7, 100)] {
            for [line, value] in [[1, lines + 3], [values + 2, 1], [3, 3 * lines + 1], [1, 1]] {
                let from: Vec<f64> = (0..(lines - 1) * line + (values - 1) * value + 1).map(|i| i as f64 + 1.0).collect();
                let weights: Vec<f64> = (0..values).map(|k| 1.0 + k as f64 / 8.0).collect();
                for (high, gap) in [(8, 0), (24, 5), (12, 1)] {
                    let groups = Groups { high, apart: high * values + gap };
                    let mut to = vec![-1.0; lines.div_ceil(high) * groups.apart];
                    if high == 12 {
                        pack::<f64, 4>((&from, [line, value]), lines, &weights, groups, &mut to);
                    } else {
                        pack::<f64, 8>((&from, [line, value]), lines, &weights, groups, &mut to);
                    }
                    for (at, &got) in to.iter().enumerate() {
                        let (group, inside) = (at / groups.apart, at % groups.apart);
                        let (i, k) = (group * high + inside % high, inside / high);
                        let wanted = match (i < lines, k < values) {
                            (_, false) => -1.0,
                            (true, true) => weights[k] * from[i * line + k * value],
                            (false, true) => 0.0,
                        };
                        assert_eq!(got, wanted, "line {i}, value {k} of {lines}×{values}, strides {line}, {value}, {high} high");
                        compared += 1;
                    }
                }
            }
        }
        assert!(compared > 20_000, "{compared}");
    }
}
