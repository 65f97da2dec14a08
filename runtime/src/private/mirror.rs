//! Products whose result is symmetric: half of the entries are computed, and each is written to its two places.

use super::{
    contract::{Letter, Letters, everywhere},
    half::{ROWS, Target, Upper},
    places::{Part, Places},
    product::{SHARE, Scratch, Workers, even, packed},
    tile::Tile,
    weights::Weights,
};
use crate::{Real, real::View};
use hesse_compiler::pages;
use smallvec::SmallVec;
use std::thread;

/// Rows below which halving does not pay.
const FEW: usize = 24;
/// Multiplications below which it does not either.
const SMALL: usize = 1 << 13;

/// An array and the stride of every letter.
type Moved<'a, R> = (&'a [R], &'a [usize]);

/// As [`product`](super::product::product), where the result stays the same if each first letter of the pairs, which moves a and not b,
/// changes places with the second, which moves b and not a. If there are weights, summed letters are one letter in both factors, all others
/// are in pairs, and then it is always done. Says whether it was done.
pub(crate) fn mirror<R: Real>(
    (alpha, mut weights): (R, Weights<R>),
    (extents, pairs): (&[usize], &[[usize; 2]]),
    store: bool,
    (c, rc): (&mut [R], &[usize]),
    (a, ra): Moved<R>,
    (b, rb): Moved<R>,
    workers: &mut Workers<R>,
) -> bool {
    if pairs.is_empty() {
        return false;
    }
    let (threads, Scratch { near, far, block, part: spare }) = (workers.threads, &mut *workers.scratch);
    let letter = |l: usize| Letter { n: extents[l], c: rc[l], a: ra[l], b: rb[l] };
    let mut pairs: SmallVec<[[usize; 2]; 4]> = pairs.iter().copied().filter(|&[row, _]| extents[row] > 1).collect();
    // the columns that move least in the target stand last
    pairs.sort_by_key(|&[_, col]| std::cmp::Reverse(rc[col]));
    let (rows, cols): (Letters, Letters) = pairs.iter().map(|&[row, col]| (letter(row), letter(col))).unzip();
    let rest = (0..extents.len()).filter(|l| extents[*l] > 1 && !pairs.iter().flatten().any(|p| p == l)).map(letter);
    let (mut inner, outer): (Letters, Letters) = rest.partition(|l| l.role() == [false, true, true]);
    let count = |ls: &[Letter]| ls.iter().map(|l| l.n).product::<usize>();
    let (m, depth) = (count(&rows), count(&inner));
    let sides = rows.iter().all(|l| l.role() == [true, true, false]) && cols.iter().all(|l| l.role() == [true, false, true]);
    let small = matches!(weights, Weights::None) && (m < FEW || m * m * depth < SMALL);
    if !sides || inner.is_empty() || outer.iter().any(|l| l.c == 0) || small {
        return false;
    }
    inner.sort_by_key(|l| std::cmp::Reverse((l.a, l.b)));
    let stand = |ls: &[Letter]| {
        let mut at = Vec::with_capacity(m);
        everywhere(ls, |[p, ..]| at.push(p));
        at
    };
    let places = Places::new(stand(&rows), stand(&cols), store);
    everywhere(&outer, |[pc, pa, pb]| {
        // whatever lies apart is copied by the products, part by part
        let a = match even(&rows, |l| l.a).zip(even(&inner, |l| l.a)) {
            Some((row, col)) => (&a[pa..], [row, col]),
            None => packed(&a[pa..], &rows, &inner, |l| l.a, near),
        };
        let b = match even(&inner, |l| l.b).zip(even(&cols, |l| l.b)) {
            Some((row, col)) => (&b[pb..], [row, col]),
            None => packed(&b[pb..], &inner, &cols, |l| l.b, far),
        };
        half((alpha, weights.again()), [m, depth], a, b, (&mut c[pc..], &places), (block, spare), threads);
    });
    true
}

/// The parts of the upper triangle: some rows with all columns from there on, which so many threads share by whole panels.
fn parts(m: usize, panel: usize, threads: usize) -> Vec<Vec<Part>> {
    let mut out = vec![];
    for first in (0..m).step_by(ROWS) {
        let rows = [first, m.min(first + ROWS)];
        // entries up to a column
        let height = rows[1] - first;
        let wanted = |col: usize| match col - first {
            n if n <= height => n * (n + 1) / 2,
            n => height * (height + 1) / 2 + (n - height) * height,
        };
        let cut = |k: usize| (first..m).step_by(panel).find(|&col| wanted(col) * threads >= wanted(m) * k).unwrap_or(m);
        let cuts: Vec<usize> = (0..threads).map(cut).chain([m]).collect();
        let part = |cols: &[usize]| (cols[0] < cols[1]).then_some(Part { rows, cols: [cols[0], cols[1]] });
        out.push(cuts.windows(2).filter_map(part).collect());
    }
    out
}

/// The upper triangle of a matrix product, each part of it added to its two places.
fn half<R: Real>(
    (alpha, mut weights): (R, Weights<R>),
    [m, depth]: [usize; 2],
    (a, ra): View<R>,
    (b, rb): View<R>,
    (c, places): (&mut [R], &Places),
    (block, spare): (&mut Vec<R>, &mut Vec<R>),
    threads: usize,
) {
    let tile = Tile::here::<R>();
    let same = std::ptr::eq(a.as_ptr(), b.as_ptr()) && ra == [rb[1], rb[0]];
    let threads = threads.min(m * m / 2 * depth / SHARE).max(1);
    // several threads need all weights at once
    let mut all = vec![];
    let mut weights = match &mut weights {
        Weights::Coming(write) if threads > 1 => {
            all.resize(depth, R::of(0.0));
            write([0, depth], &mut all);
            Weights::Known(&all, 1)
        }
        weights => weights.again(),
    };
    for group in parts(m, tile.cols, threads) {
        let entries = |p: &Part| tile.panel(p.height()) * p.width().div_ceil(tile.cols);
        let all: usize = group.iter().map(entries).sum();
        if block.len() < all {
            *block = pages::filled(R::of(0.0), all);
        }
        let (mut pieces, mut rest) = (vec![], &mut block[..all]);
        for part in group {
            let (mine, others) = rest.split_at_mut(entries(&part));
            pieces.push((part, mine));
            rest = others;
        }
        let mut others = pieces.split_off(pieces.len().min(1));
        thread::scope(|scope| {
            let upper = |p: &Part| {
                let (a, b) = ((&a[p.rows[0] * ra[0]..], ra), (&b[p.cols[0] * rb[1]..], rb));
                Upper { sizes: [p.height(), depth, p.width()], shift: p.shift(), alpha, a, b, same }
            };
            for (p, panels) in &mut others {
                let (upper, known) = (upper(p), weights.known());
                scope.spawn(move || {
                    let weights = known.map_or(Weights::None, |(weights, step)| Weights::Known(weights, step));
                    upper.write(weights, panels, None, &mut vec![]);
                });
            }
            for (p, panels) in pieces {
                let target = Target { c: &mut *c, places, first: p.rows[0] };
                upper(&p).write(weights.again(), panels, Some(target), spare);
            }
        });
        others.into_iter().for_each(|(part, panels)| places.take_all(c, part, panels));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::product::product, *};

    /// More rows than are done at once, in targets whose rows and columns are evenly spaced or not, stored or added, by several threads.
    #[test]
    fn half_a_product_and_its_mirror_image_are_the_product() {
        // letters: two of the rows, two of the columns, one that is summed
        for ([n, p, depth], by_columns) in
            [([20, 15, 70], false), ([1, 300, 600], true), ([7, 5, 300], false), ([31, 8, 65], true)]
        {
            let extents = [n, p, n, p, depth];
            let m = n * p;
            // X' d X: the summed letter moves rows of X, which is symmetric in its two sides
            let x: Vec<f64> = (0..m * depth).map(|k| ((k * 7919) % 613) as f64 / 613.0 - 0.5).collect();
            let (ra, rb) = match by_columns {
                true => ([p, 1, 0, 0, m], [0, 0, p, 1, m]),
                false => ([p * depth, depth, 0, 0, 1], [0, 0, p * depth, depth, 1]),
            };
            let d: Vec<f64> = (0..depth).map(|k| 1.0 + k as f64 / depth as f64).collect();
            let at = |k: usize| if by_columns { k / m } else { k % depth };
            let scaled: Vec<f64> = x.iter().enumerate().map(|(k, x)| x * d[at(k)]).collect();
            // rows and columns one after the other, or first letters before second ones
            for rc in [[p * m, m, p, 1, 0], [n * p * p, p, p * p, 1, 0]] {
                for store in [true, false] {
                    let begin = vec![0.25; m * m];
                    let mut wanted = begin.clone();
                    let mut scratch = Scratch::default();
                    let mut whole = Workers { threads: 1, scratch: &mut scratch };
                    product(0.5, &extents, store, (&mut wanted, &rc), (&scaled, &ra), (&x, &rb), &mut whole);
                    let mut alone: Option<[Vec<f64>; 2]> = None;
                    for threads in [1, 2, 3] {
                        let mut got = begin.clone();
                        let mut scratch = Scratch::default();
                        let mut workers = Workers { threads, scratch: &mut scratch };
                        let pairs = [[0, 2], [1, 3]];
                        let (c, a, b) = ((&mut got[..], &rc[..]), (&scaled[..], &ra[..]), (&x[..], &rb[..]));
                        assert!(mirror((0.5, Weights::None), (&extents, &pairs), store, c, a, b, &mut workers));
                        // scaled in passing
                        let mut passing = begin.clone();
                        let (c, a) = ((&mut passing[..], &rc[..]), (&x[..], &ra[..]));
                        assert!(mirror((0.5, Weights::Known(&d, 1)), (&extents, &pairs), store, c, a, b, &mut workers));
                        // and by weights that are asked for, in order
                        let mut coming = begin.clone();
                        let mut asked = 0;
                        let mut write = |[from, to]: [usize; 2], out: &mut [f64]| {
                            assert!(from <= asked && to - from == out.len());
                            asked = asked.max(to);
                            out.copy_from_slice(&d[from..to]);
                        };
                        let (c, a) = ((&mut coming[..], &rc[..]), (&x[..], &ra[..]));
                        let weights = Weights::Coming(&mut write);
                        assert!(mirror((0.5, weights), (&extents, &pairs), store, c, a, b, &mut workers));
                        assert_eq!(asked, depth);
                        assert!(coming == passing, "weights that are to come give other bits");
                        for found in [&got, &passing] {
                            let apart = found.iter().zip(&wanted).fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
                            assert!(apart < 1e-11, "{apart:e} apart, {extents:?}, {rc:?}, {store}, {threads} threads");
                        }
                        let both = [got, passing];
                        assert!(alone.get_or_insert_with(|| both.clone()) == &both, "{threads} threads give other bits");
                    }
                }
            }
        }
    }
}
