//! Matrix products in parts that the library does well with: it goes through all of the second factor for every few rows of the first.
//! Panels of a deep one stay nearest if they are narrow; one whose rows are pages apart is copied, panel by panel; if it is far away, too, by
//! tiles of our own.

use super::{panels::Panels, wide::soon};
use crate::{
    Real,
    real::{LINE, View},
};

/// Entries of a page: a step of so many meets another page every time, and the same few places of the nearest memory.
pub(super) const PAGE: usize = 512;
/// Summed values that are done at once, about: what a panel of so many holds stays nearest.
const DEPTH: usize = 256;
/// The same where the library copies the second factor: as many as it does at once itself.
const COPIED: usize = 512;
/// Rows that are done at once.
const ROWS: usize = 240;
/// Columns of a panel of the second factor: a multiple of what the library does at once.
const PANEL: usize = 48;
/// Panels of the target that stay near meanwhile.
const PANELS: usize = 11;
/// Summed values from which on panels pay where nothing is copied: of all products, of those with few rows.
const DEEP: usize = 128;
const DEEP_OF_LOW: usize = 64;
const LOW: usize = 32;
/// Summed values, and rows, below which a copy does not pay.
const SHALLOW: usize = 64;
const FEW: usize = 4;
/// Entries of a factor that does not stay in the second nearest memory, and rows that are then asked for ahead of the one that is copied:
/// they are pages apart, which nothing foresees.
const FAR: usize = 1 << 17;
const AHEAD: usize = 8;

/// As [`multiply`], with all columns of a product, or rows if these are the neighbours in the target: threads share only the other side,
/// and what is done depends on this one alone, so that the result does not depend on the threads.
pub(super) fn multiply_whole<R: Real>(
    shape: [usize; 3],
    alpha: R,
    add: bool,
    a: View<R>,
    b: View<R>,
    (c, rc): (&mut [R], [usize; 2]),
    spare: &mut Vec<R>,
) {
    let (sizes, x, y, target) = by_rows(shape, a, b, rc);
    let [_, k, n] = sizes;
    if pages_apart(k, y.1) && k * n > FAR {
        return Panels { sizes, alpha, add, a: x, b: (y.0, y.1[0]), c: (c, target), spare }.write();
    }
    multiply(sizes, alpha, add, x, y, (c, target), spare);
}

/// Whether rows are pages apart, with neighbours in each, and there is more than a little to do with them.
fn pages_apart(k: usize, [inner, own]: [usize; 2]) -> bool {
    k > SHALLOW && inner >= PAGE && own == 1
}

fn turned([row, col]: [usize; 2]) -> [usize; 2] {
    [col, row]
}

/// A product, or its transpose, of which the target goes by rows: neighbours in it are neighbours in a row.
fn by_rows<'x, R>(
    [m, k, n]: [usize; 3],
    a: View<'x, R>,
    b: View<'x, R>,
    rc: [usize; 2],
) -> ([usize; 3], View<'x, R>, View<'x, R>, [usize; 2]) {
    match rc[0] < rc[1] {
        true => ([n, k, m], (b.0, turned(b.1)), (a.0, turned(a.1)), turned(rc)),
        false => ([m, k, n], a, b, rc),
    }
}

/// As [`Real::gemm`]; parts of the factors are copied to `spare`.
pub(super) fn multiply<R: Real>(
    shape: [usize; 3],
    alpha: R,
    add: bool,
    a: View<R>,
    b: View<R>,
    (c, rc): (&mut [R], [usize; 2]),
    spare: &mut Vec<R>,
) {
    // the library takes vectors of b, numbers of a
    let ([m, k, n], (a, ra), (b, rb), rc) = by_rows(shape, a, b, rc);
    let (copy_a, copy_b) = (pages_apart(k, turned(ra)) && n >= FEW, pages_apart(k, rb) && m >= FEW);
    // on these processors the library takes panels as wide as the target
    let deep = cfg!(target_arch = "x86_64") && (k >= DEEP || k >= DEEP_OF_LOW && m <= LOW);
    let panel = if copy_b || deep || rb[1] >= PAGE { PANEL } else { n };
    // the sums are parted by their length and layout alone, so that the result does not depend on how the rest is parted; where summed
    // values are neighbours the library copies them, and fewer parts are better
    let most = if rb[0] == 1 { COPIED.min(k) } else { depth(k, DEPTH) };
    if !copy_a && panel >= n && most >= k {
        return R::gemm([m, k, n], alpha, add, (a, ra), (b, rb), (c, rc));
    }
    // either side of the first factor may be neighbours
    let for_a = if copy_a { stride(ROWS.min(m)) * stride(most) } else { 0 };
    let for_b = if copy_b { stride(panel) * most } else { 0 };
    if spare.len() < for_a + for_b {
        spare.resize(for_a + for_b, R::of(0.0));
    }
    let (for_a, for_b) = spare.split_at_mut(for_a);
    for ([j, width], [i, rows], [q, depth]) in every([n, m, k], [panel * PANELS, ROWS, most]) {
        let mut x: View<R> = (&a[i * ra[0] + q * ra[1]..], ra);
        if copy_a {
            x = (copied((x.0, ra[1]), [depth, rows], m * k > FAR, for_a), [1, stride(rows)]);
        }
        for [at, cols] in parts(width, panel) {
            let j = j + at;
            let mut y: View<R> = (&b[q * rb[0] + j * rb[1]..], rb);
            if copy_b {
                y = (copied((y.0, rb[0]), [depth, cols], k * n > FAR, for_b), [stride(cols), 1]);
            }
            R::gemm([rows, depth, cols], alpha, add || q > 0, x, y, (&mut c[i * rc[0] + j * rc[1]..], rc));
        }
    }
}

/// Into parts of how many a sum of so many is parted, of about so many: all of the same length, but the last.
pub(super) fn depth(k: usize, about: usize) -> usize {
    k.div_ceil(((k + about / 2) / about).max(1)).next_multiple_of(8)
}

/// Beginnings and lengths of parts of n.
fn parts(n: usize, most: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..n).step_by(most.max(1)).map(move |at| [at, most.min(n - at)])
}

/// Parts of three lengths, the last one fastest.
fn every([x, y, z]: [usize; 3], most: [usize; 3]) -> impl Iterator<Item = ([usize; 2], [usize; 2], [usize; 2])> {
    parts(x, most[0]).flat_map(move |x| parts(y, most[1]).flat_map(move |y| parts(z, most[2]).map(move |z| (x, y, z))))
}

/// How far apart rows of so many entries are copied to: whole cache lines; an odd number of them where they are more than a panel.
fn stride(entries: usize) -> usize {
    let lines = entries.div_ceil(8);
    8 * if entries > PANEL { lines | 1 } else { lines }
}

/// A copy of rows that are pages apart, of a factor that is far away or not.
fn copied<'s, R: Real>((from, apart): (&[R], usize), [rows, entries]: [usize; 2], far: bool, to: &'s mut [R]) -> &'s [R] {
    for (to, from) in to.chunks_exact_mut(stride(entries)).zip(from.chunks(apart)).take(rows) {
        if far {
            (0..entries).step_by(LINE / size_of::<R>()).for_each(|k| soon(from.as_ptr(), AHEAD * apart + k));
        }
        to[..entries].copy_from_slice(&from[..entries]);
    }
    to
}

#[cfg(test)]
mod tests {
    use super::{super::tile::entry, *};

    /// Sizes that are not whole parts, with all layouts of both factors and the target, rows pages apart or not.
    #[test]
    fn products_in_parts_are_those_of_loops() {
        let mut wanted_entries = 0;
        for [m, k, n] in [[250, 300, 560], [3, 270, 50], [500, 70, 49], [33, 600, 7], [1, 1, 1]] {
            for (apart, by_rows) in (0..32).map(|c| ([0, 513], [c & 1, c >> 1 & 1, c >> 2 & 1, c >> 3 & 1, c >> 4 & 1])) {
                let by_rows = by_rows.map(|b| b == 1);
                // strides of a matrix whose rows, or columns, are neighbours in memory
                let strides = |[rows, cols]: [usize; 2], by_rows: bool, far: usize| match by_rows {
                    true => [cols + far, 1],
                    false => [1, rows + far],
                };
                let (far_a, far_b) = (apart[usize::from(by_rows[3])], apart[usize::from(by_rows[4])]);
                let (ra, rb) = (strides([m, k], by_rows[0], far_a), strides([k, n], by_rows[1], far_b));
                let rc = strides([m, n], by_rows[2], 5);
                let last = |[x, y]: [usize; 2], s: [usize; 2]| (x - 1) * s[0] + (y - 1) * s[1];
                let a: Vec<f64> = (0..=last([m, k], ra)).map(entry).collect();
                let b: Vec<f64> = (0..=last([k, n], rb)).map(|x| entry(x + 7)).collect();
                for (add, whole) in [(false, false), (true, false), (false, true), (true, true)] {
                    let mut c = vec![1.0; last([m, n], rc) + 1];
                    let (c_of, spare) = ((&mut c[..], rc), &mut vec![]);
                    match whole {
                        true => multiply_whole([m, k, n], 0.5, add, (&a, ra), (&b, rb), c_of, spare),
                        false => multiply([m, k, n], 0.5, add, (&a, ra), (&b, rb), c_of, spare),
                    }
                    for (i, j) in [(0, 0), (m - 1, 0), (0, n - 1), (m - 1, n - 1), (m / 2, n / 3), (m / 3, n / 2)] {
                        let sum: f64 = (0..k).map(|q| a[i * ra[0] + q * ra[1]] * b[q * rb[0] + j * rb[1]]).sum();
                        let wanted = 0.5 * sum + if add { 1.0 } else { 0.0 };
                        let got = c[i * rc[0] + j * rc[1]];
                        assert!((got - wanted).abs() < 1e-11, "{got}, not {wanted}, at {i}, {j} of {m}×{k}×{n}");
                        wanted_entries += 1;
                    }
                    // what lies between the rows of the target is left alone
                    let inside = |at: usize| if by_rows[2] { at % rc[0] < n } else { at % rc[1] < m };
                    assert!((0..c.len()).all(|at| inside(at) || c[at] == 1.0));
                }
            }
        }
        assert!(wanted_entries > 3000, "{wanted_entries}");
    }
}
