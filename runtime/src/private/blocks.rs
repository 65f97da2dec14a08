//! Matrix products in parts that the library does well with: it packs no factor whose neighbours it can read at once, and reads it
//! slowly where its rows are pages apart.

use crate::{Real, real::View};

/// Entries of a page: a step of so many meets another page every time, and the same few places of the nearest memory.
pub(super) const PAGE: usize = 512;
/// Summed values that are done at once where they are pages apart.
const DEPTH: usize = 64;
/// Columns that are done at once where they are pages apart.
const COLUMNS: usize = 32;
/// Columns of a part that is copied.
const WIDTH: usize = 1024;
/// Rows below which a copy does not pay.
const FEW: usize = 4;

/// As [`Real::gemm`]; parts of a factor are copied to `spare`.
pub(crate) fn multiply<R: Real>(
    [m, k, n]: [usize; 3],
    alpha: R,
    add: bool,
    (a, ra): View<R>,
    (b, rb): View<R>,
    (c, rc): (&mut [R], [usize; 2]),
    spare: &mut Vec<R>,
) {
    // by rows, or the transposes
    if rc[0] < rc[1] {
        let [ra, rb, rc] = [ra, rb, rc].map(|[row, col]| [col, row]);
        return by_rows([n, k, m], alpha, add, (b, rb), (a, ra), (c, rc), spare);
    }
    by_rows([m, k, n], alpha, add, (a, ra), (b, rb), (c, rc), spare);
}

/// The product where neighbours in the target are neighbours in its rows: the library takes a vector of b and a number of a.
fn by_rows<R: Real>(
    [m, k, n]: [usize; 3],
    alpha: R,
    add: bool,
    (a, ra): View<R>,
    (b, rb): View<R>,
    (c, rc): (&mut [R], [usize; 2]),
    spare: &mut Vec<R>,
) {
    if k > DEPTH && (rb[0] >= PAGE || ra[1] >= PAGE) {
        let copies = m >= FEW && rb[0] >= PAGE && rb[1] == 1;
        for j in (0..n).step_by(WIDTH) {
            let width = WIDTH.min(n - j);
            for i in (0..k).step_by(DEPTH) {
                let depth = DEPTH.min(k - i);
                let mut part = (&b[i * rb[0] + j * rb[1]..], rb);
                if copies {
                    part = near(part, [depth, width], spare);
                }
                R::gemm([m, depth, width], alpha, add || i > 0, (&a[i * ra[1]..], ra), part, (&mut c[j * rc[1]..], rc));
            }
        }
    } else if rb[0] == 1 && rb[1] >= PAGE {
        for j in (0..n).step_by(COLUMNS) {
            let width = COLUMNS.min(n - j);
            R::gemm([m, k, width], alpha, add, (a, ra), (&b[j * rb[1]..], rb), (&mut c[j * rc[1]..], rc));
        }
    } else {
        R::gemm([m, k, n], alpha, add, (a, ra), (b, rb), (c, rc));
    }
}

/// A copy of rows that are pages apart; they are an odd number of cache lines apart then.
fn near<'s, R: Real>((b, rb): View<R>, [rows, cols]: [usize; 2], spare: &'s mut Vec<R>) -> View<'s, R> {
    let row = (cols.div_ceil(8) | 1) * 8;
    if spare.len() < rows * row {
        spare.resize(rows * row, R::of(0.0));
    }
    for (to, from) in spare.chunks_exact_mut(row).zip(b.chunks(rb[0])).take(rows) {
        to[..cols].copy_from_slice(&from[..cols]);
    }
    (spare, [row, 1])
}
