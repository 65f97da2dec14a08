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
    a: View<R>,
    b: View<R>,
    (c, rc): (&mut [R], [usize; 2]),
    spare: &mut Vec<R>,
) {
    // neighbours in the target are neighbours in a row of it, else of its transpose: the library takes vectors of b, numbers of a
    let turned = |[row, col]: [usize; 2]| [col, row];
    let ([m, n], (a, ra), (b, rb), rc) = match rc[0] < rc[1] {
        true => ([n, m], (b.0, turned(b.1)), (a.0, turned(a.1)), turned(rc)),
        false => ([m, n], a, b, rc),
    };
    if k > DEPTH && (rb[0] >= PAGE || ra[1] >= PAGE) {
        // rows are copied where they are pages apart, and there is more than a little to do with them
        let copied = |[inner, own]: [usize; 2], with: usize| inner >= PAGE && own == 1 && with >= FEW;
        let (copy_a, copy_b) = (copied(turned(ra), n), copied(rb, m));
        for j in (0..n).step_by(WIDTH) {
            let width = WIDTH.min(n - j);
            let [for_a, for_b] =
                [(copy_a, m), (copy_b, width)].map(|(copy, entries)| if copy { DEPTH * apart(entries) } else { 0 });
            if spare.len() < for_a + for_b {
                spare.resize(for_a + for_b, R::of(0.0));
            }
            let (for_a, for_b) = spare.split_at_mut(for_a);
            for i in (0..k).step_by(DEPTH) {
                let depth = DEPTH.min(k - i);
                let (mut x, mut y) = ((&a[i * ra[1]..], ra), (&b[i * rb[0] + j * rb[1]..], rb));
                if copy_a {
                    copy((x.0, ra[1]), [depth, m], for_a);
                    x = (for_a, [1, apart(m)]);
                }
                if copy_b {
                    copy((y.0, rb[0]), [depth, width], for_b);
                    y = (for_b, [apart(width), 1]);
                }
                R::gemm([m, depth, width], alpha, add || i > 0, x, y, (&mut c[j * rc[1]..], rc));
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

/// How far apart rows of so many entries are copied to: an odd number of cache lines.
fn apart(entries: usize) -> usize {
    (entries.div_ceil(8) | 1) * 8
}

/// Copies rows that are pages apart.
fn copy<R: Real>((from, stride): (&[R], usize), [rows, entries]: [usize; 2], to: &mut [R]) {
    for (to, from) in to.chunks_exact_mut(apart(entries)).zip(from.chunks(stride)).take(rows) {
        to[..entries].copy_from_slice(&from[..entries]);
    }
}
