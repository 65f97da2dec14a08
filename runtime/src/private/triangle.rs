//! Products of which one factor is symmetric in two letters: each pair of these is computed once.

use super::{
    blocks::multiply_whole,
    contract::{Letter, Letters, everywhere, sum_of_products},
    product::{Gemm, SHARE, Scratch, Workers, merged, packed},
};
use crate::Real;
use std::thread;

/// As [`product`](super::product::product), where two letters may change places without a change of a, both letters of c and not of
/// b: what they index is computed once for both orders. Says whether it was done: only a matrix product is, whose rows these letters
/// are.
pub(crate) fn triangle<R: Real>(
    alpha: R,
    (extents, [i, j]): (&[usize], [usize; 2]),
    store: bool,
    (c, rc): (&mut [R], &[usize]),
    (a, ra): (&[R], &[usize]),
    (b, rb): (&[R], &[usize]),
    workers: &mut Workers<R>,
) -> bool {
    let (threads, Scratch { near, far, block, part: spare }) = (workers.threads, &mut *workers.scratch);
    let letter = |l: usize| Letter { n: extents[l], c: rc[l], a: ra[l], b: rb[l] };
    let (mut slow, mut fast) = (letter(i), letter(j));
    if slow.a < fast.a {
        (slow, fast) = (fast, slow);
    }
    let rest = (0..extents.len()).filter(|l| *l != i && *l != j).map(letter).filter(|l| l.n > 1);
    let (cols, inner): (Letters, Letters) = rest.partition(|l| l.role() == [true, false, true]);
    if slow.n < 2 || cols.is_empty() || inner.is_empty() || inner.iter().any(|l| l.role() != [false, true, true]) {
        return false;
    }
    let Gemm { cols, inner, .. } = Gemm::new(Letters::new(), merged(cols), merged(inner));
    let (n, depth) = (slow.n, inner.iter().map(|l| l.n).product::<usize>());
    let (pairs, width) = (n * (n + 1) / 2, cols.iter().map(|l| l.n).product::<usize>());
    // the rows of a, each pair once, for one summed value after the other
    near.clear();
    near.reserve(pairs * depth);
    let summed: Letters = inner.clone();
    everywhere(&summed, |[_, at, _]| {
        for k in 0..n {
            let row = &a[at + k * slow.a + k * fast.a..];
            match fast.a {
                1 => near.extend_from_slice(&row[..n - k]),
                s => near.extend((0..n - k).map(|l| row[l * s])),
            }
        }
    });
    let (b, rb) = packed(b, &inner, &cols, |l| l.b, far);
    if block.len() < pairs * width {
        block.resize(pairs * width, R::of(0.0));
    }
    let parts = threads.min(pairs * depth * width / SHARE).max(1);
    thread::scope(|scope| {
        let (mut rest, near) = (&mut block[..pairs * width], &*near);
        for part in 0..parts {
            let (begin, end) = (pairs * part / parts, pairs * (part + 1) / parts);
            let (mine, others) = rest.split_at_mut((end - begin) * width);
            rest = others;
            let mut work = move |spare: &mut Vec<R>| {
                let shape = [end - begin, depth, width];
                multiply_whole(shape, alpha, false, (&near[begin..], [1, pairs]), (b, rb), (mine, [width, 1]), spare);
            };
            if part + 1 == parts { work(spare) } else { drop(scope.spawn(move || work(&mut vec![]))) }
        }
    });
    // every row goes to its two places
    let mut stride = 1;
    let mut letters = Letters::new();
    for l in cols.iter().rev() {
        letters.push(Letter { n: l.n, c: l.c, a: stride, b: 0 });
        stride *= l.n;
    }
    let letters = merged(letters);
    let one = R::of(1.0);
    for k in 0..n {
        for l in 0..n {
            let (x, y) = (k.min(l), k.max(l));
            let row = x * (2 * n + 1 - x) / 2 + y - x;
            sum_of_products(one, &letters, store, &mut c[k * slow.c + l * fast.c..], &block[row * width..], &[one]);
        }
    }
    true
}
