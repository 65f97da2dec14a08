//! Products whose result is symmetric: half of the entries are computed, and each is written to its two places.

use super::{
    blocks::multiply,
    contract::{Letter, Letters, everywhere},
    product::{SHARE, Scratch, Workers, even, packed},
};
use crate::{Real, real::View};
use smallvec::SmallVec;
use std::thread;

/// Rows of a square on the diagonal that is computed whole.
const SQUARE: usize = 32;
/// Rows, or columns, that a matrix product does well with multiples of.
const TILE: usize = 24;
/// Rows below which halving does not pay.
const FEW: usize = 24;
/// Multiplications below which it does not either.
const SMALL: usize = 1 << 13;
/// Columns that are turned at once.
const TURN: usize = 16;

/// As [`product`](super::product::product), where the result stays the same if each first letter of the pairs, which moves a and not b,
/// changes places with the second, which moves b and not a. Says whether it was done.
pub(crate) fn mirror<R: Real>(
    alpha: R,
    (extents, pairs): (&[usize], &[[usize; 2]]),
    store: bool,
    (c, rc): (&mut [R], &[usize]),
    (a, ra): (&[R], &[usize]),
    (b, rb): (&[R], &[usize]),
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
    if !sides || inner.is_empty() || outer.iter().any(|l| l.c == 0) || m < FEW || m * m * depth < SMALL {
        return false;
    }
    inner.sort_by_key(|l| std::cmp::Reverse((l.a, l.b)));
    let places = |ls: &[Letter]| {
        let mut at = Vec::with_capacity(m);
        everywhere(ls, |[p, ..]| at.push(p));
        at
    };
    let target = Target::new(places(&rows), places(&cols), store);
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
        half(alpha, [m, depth], a, b, (&mut c[pc..], &target), (block, spare), threads);
    });
    true
}

/// Where rows and columns of the result stand in the target.
struct Target {
    rows: Vec<usize>,
    cols: Vec<usize>,
    /// For every column where the columns end that stand one after the other in the target.
    ends: Vec<usize>,
    /// The stride of the rows, where they are evenly spaced and the columns stand one after the other.
    plain: Option<usize>,
    store: bool,
}

/// A part of the result: rows and columns, from and to.
#[derive(Clone, Copy)]
struct Part {
    rows: [usize; 2],
    cols: [usize; 2],
}

impl Part {
    fn height(self) -> usize {
        self.rows[1] - self.rows[0]
    }
    fn width(self) -> usize {
        self.cols[1] - self.cols[0]
    }
    fn entries(self) -> usize {
        self.height() * self.width()
    }
    /// Whether it is on the diagonal, where nothing is mirrored.
    fn square(self) -> bool {
        self.rows == self.cols
    }
}

/// The parts of the upper triangle: what is above two halves of the diagonal is a large product, the halves are parted again. Each
/// group is worked off by so many threads.
fn parts([begin, end]: [usize; 2], threads: usize, out: &mut Vec<Vec<Part>>) {
    if end - begin <= SQUARE {
        let part = Part { rows: [begin, end], cols: [begin, end] };
        match out.last_mut() {
            Some(group) if group.len() < threads && group[0].square() => group.push(part),
            _ => out.push(vec![part]),
        }
        return;
    }
    let middle = begin + (end - begin + TILE) / (2 * TILE) * TILE;
    parts([begin, middle], threads, out);
    parts([middle, end], threads, out);
    let threads = threads.min(middle - begin);
    let cut = |k: usize| begin + (middle - begin) * k / threads;
    out.push((0..threads).map(|k| Part { rows: [cut(k), cut(k + 1)], cols: [middle, end] }).collect());
}

/// The upper triangle of a matrix product, each part of it added to its two places.
fn half<R: Real>(
    alpha: R,
    [m, depth]: [usize; 2],
    (a, ra): View<R>,
    (b, rb): View<R>,
    (c, target): (&mut [R], &Target),
    (block, spare): (&mut Vec<R>, &mut Vec<R>),
    threads: usize,
) {
    let mut groups = vec![];
    parts([0, m], threads.min(m * m / 2 * depth / SHARE).max(1), &mut groups);
    let product = |p: Part, c: &mut [R], row: usize, spare: &mut Vec<R>| {
        let (a, b) = (&a[p.rows[0] * ra[0]..], &b[p.cols[0] * rb[1]..]);
        multiply([p.height(), depth, p.width()], alpha, false, (a, ra), (b, rb), (c, [row, 1]), spare);
    };
    for group in groups {
        // a single part of a plain target needs no block
        if let ([part], Some(row)) = (group.as_slice(), target.plain) {
            product(*part, &mut c[target.rows[part.rows[0]] + target.cols[part.cols[0]]..], row, spare);
            target.turn(c, *part, None);
            continue;
        }
        let all: usize = group.iter().map(|p| p.entries()).sum();
        if block.len() < all {
            block.resize(all, R::of(0.0));
        }
        let (mut pieces, mut rest) = (vec![], &mut block[..all]);
        for &part in &group {
            let (mine, others) = rest.split_at_mut(part.entries());
            pieces.push((part, mine));
            rest = others;
        }
        thread::scope(|scope| {
            let mut own = None;
            for (part, piece) in &mut pieces {
                let mut work = |spare: &mut Vec<R>| product(*part, piece, part.width(), spare);
                if own.is_none() { own = Some(work) } else { drop(scope.spawn(move || work(&mut vec![]))) }
            }
            own.into_iter().for_each(|mut work| work(spare));
        });
        for (part, piece) in pieces {
            let (piece, n): (&[R], usize) = (piece, part.width());
            for i in 0..part.height() {
                target.row(c, part.rows[0] + i, part.cols[0], &piece[i * n..(i + 1) * n]);
            }
            target.turn(c, part, Some(piece));
        }
    }
}

impl Target {
    fn new(rows: Vec<usize>, cols: Vec<usize>, store: bool) -> Target {
        let n = cols.len();
        let mut ends: Vec<usize> = (1..=n).collect();
        for k in (1..n).rev() {
            if cols[k] == cols[k - 1] + 1 {
                ends[k - 1] = ends[k];
            }
        }
        let step = if n > 1 { rows[1].wrapping_sub(rows[0]) } else { 0 };
        let even = rows.windows(2).all(|w| w[1].wrapping_sub(w[0]) == step);
        let plain = Some(step).filter(|_| store && even && ends.first() == Some(&n));
        Target { rows, cols, ends, plain, store }
    }

    /// Adds the mirror image of a part: of that matrix, or of what stands in a plain target.
    fn turn<R: Real>(&self, c: &mut [R], part: Part, piece: Option<&[R]>) {
        if part.square() {
            return;
        }
        let (height, n) = (part.height(), part.width());
        let mut turned = vec![R::of(0.0); TURN * height];
        for left in (0..n).step_by(TURN) {
            let width = TURN.min(n - left);
            for i in 0..height {
                let from = match piece {
                    Some(piece) => &piece[i * n + left..][..width],
                    None => &c[self.rows[part.rows[0] + i] + self.cols[part.cols[0] + left]..][..width],
                };
                from.iter().enumerate().for_each(|(j, &x)| turned[j * height + i] = x);
            }
            for j in 0..width {
                self.row(c, part.cols[0] + left + j, part.rows[0], &turned[j * height..(j + 1) * height]);
            }
        }
    }

    /// Adds a part of a row, from that column on.
    fn row<R: Real>(&self, c: &mut [R], row: usize, mut col: usize, mut values: &[R]) {
        let c = &mut c[self.rows[row]..];
        while !values.is_empty() {
            let (now, later) = values.split_at((self.ends[col] - col).min(values.len()));
            let c = &mut c[self.cols[col]..self.cols[col] + now.len()];
            if self.store {
                c.copy_from_slice(now);
            } else {
                c.iter_mut().zip(now).for_each(|(c, &x)| *c += x);
            }
            col += now.len();
            values = later;
        }
    }
}
