//! `target += alpha · Σ a b` over letters: a product of two arrays in any layout, as matrix products where it is one, else as loops.

use super::{
    blocks::{PAGE, multiply, multiply_whole},
    contract::{Letter, Letters, clear, everywhere, sum_of_products},
};
use crate::{Real, real::View};
use smallvec::{SmallVec, smallvec};
use std::thread;

impl Letter {
    /// Its role: which of target and factors it moves.
    #[inline]
    pub(super) fn role(self) -> [bool; 3] {
        self.strides().map(|s| s != 0)
    }
    fn swapped(self) -> Letter {
        Letter { a: self.b, b: self.a, ..self }
    }
}

/// Entries of a block of results that is kept between the matrix product and the addition to the target.
const BLOCK: usize = 1 << 14;
/// Rows or columns of such a block, where there are so many.
const SIDE: usize = 128;
/// Summed values that make a matrix product worth while by themselves.
const DEEP: usize = 32;
/// Multiplications below which a matrix product is not worth its preparation.
const SMALL: usize = 256;
/// Multiplications for which another thread is worth while.
pub(super) const SHARE: usize = 1 << 21;

/// Who does a product: so many threads at most, with copies of the factors in that memory.
pub(crate) struct Workers<'s, R> {
    pub(crate) threads: usize,
    pub(crate) scratch: &'s mut Scratch<R>,
}

/// Adds `alpha · Σ a b` to c, or with `store` writes it there, where the letters of c then reach every entry once; a letter that
/// moves nothing in c is summed. Every array comes with the stride of every letter.
pub(crate) fn product<R: Real>(
    alpha: R,
    extents: &[usize],
    store: bool,
    (c, rc): (&mut [R], &[usize]),
    (a, ra): (&[R], &[usize]),
    (b, rb): (&[R], &[usize]),
    workers: &mut Workers<R>,
) {
    if extents.contains(&0) {
        return;
    }
    let letters = (0..extents.len()).map(|l| Letter { n: extents[l], c: rc[l], a: ra[l], b: rb[l] });
    let mut letters: Letters = letters.filter(|l| l.n > 1).collect();
    merge(&mut letters);
    shared(alpha, &letters, store, c, a, b, workers);
}

/// Letters that move alike become one; the one that moves slowest in the target first.
pub(super) fn merged(mut letters: Letters) -> Letters {
    merge(&mut letters);
    letters
}

fn merge(letters: &mut Letters) {
    letters.sort_by_key(|l| std::cmp::Reverse((l.c, l.a, l.b)));
    let mut k = 0;
    while k < letters.len() {
        let joins = |slow: &Letter, fast: &Letter| {
            slow.role() == fast.role() && slow.strides().iter().zip(fast.strides()).all(|(s, f)| *s == f * fast.n)
        };
        match (0..letters.len()).find(|&j| j != k && joins(&letters[k], &letters[j])) {
            Some(j) => {
                let (slow, fast) = (letters[k], letters[j]);
                letters[k] = Letter { n: slow.n * fast.n, ..fast };
                letters.remove(j);
                k = 0;
            }
            None => k += 1,
        }
    }
    letters.sort_by_key(|l| std::cmp::Reverse((l.c, l.a, l.b)));
}

/// Parts the target along its slowest letter among threads.
fn shared<R: Real>(alpha: R, letters: &[Letter], store: bool, c: &mut [R], a: &[R], b: &[R], workers: &mut Workers<R>) {
    let threads = workers.threads;
    let scratch = &mut *workers.scratch;
    let work: usize = letters.iter().map(|l| l.n).product();
    let parts = threads.min(work / SHARE);
    let Some(first) = letters.first().copied().filter(|l| l.c != 0 && parts > 1) else {
        return alone(alpha, letters, store, c, a, b, scratch);
    };
    let parts = parts.min(first.n);
    // what lies between two steps of the slowest letter must belong to the other letters alone
    let behind: usize = letters[1..].iter().map(|l| (l.n - 1) * l.c).sum();
    if behind >= first.c || parts < 2 {
        return alone(alpha, letters, store, c, a, b, scratch);
    }
    thread::scope(|scope| {
        let (mut rest, mut begin) = (c, 0);
        for part in 0..parts {
            let end = first.n * (part + 1) / parts;
            let cut = if part + 1 == parts { rest.len() } else { (end - begin) * first.c };
            let (mine, others) = rest.split_at_mut(cut);
            rest = others;
            let mut letters = Letters::from_slice(letters);
            letters[0].n = end - begin;
            let (a, b) = (&a[begin * first.a..], &b[begin * first.b..]);
            begin = end;
            if part + 1 == parts {
                alone(alpha, &letters, store, mine, a, b, scratch);
            } else {
                scope.spawn(move || alone(alpha, &letters, store, mine, a, b, &mut Scratch::default()));
            }
        }
    });
}

fn alone<R: Real>(alpha: R, letters: &[Letter], store: bool, c: &mut [R], a: &[R], b: &[R], scratch: &mut Scratch<R>) {
    let has = |role: [bool; 3]| letters.iter().any(|l| l.role() == role);
    if !has([true, true, false]) || !has([true, false, true]) || !has([false, true, true]) {
        return loops(alpha, letters, store, c, a, b);
    }
    let of = |role: [bool; 3]| letters.iter().copied().filter(|l| l.role() == role).collect::<Letters>();
    let (rows, cols, mut inner) = (of([true, true, false]), of([true, false, true]), of([false, true, true]));
    let mut outer: Letters = letters
        .iter()
        .copied()
        .filter(|l| ![[true, true, false], [true, false, true], [false, true, true]].contains(&l.role()))
        .collect();
    let count = |ls: &[Letter]| ls.iter().map(|l| l.n).product::<usize>();
    if count(&rows) * count(&cols) * count(&inner) < SMALL {
        return loops(alpha, letters, store, c, a, b);
    }
    // a sum over letters that do not move as one is a sum of sums, so that what is copied stays near
    inner.sort_by_key(|l| std::cmp::Reverse((l.a.max(l.b), l.n)));
    while inner.len() > 1 && count(&inner[1..]) >= DEEP && (even(&inner, |l| l.a).is_none() || even(&inner, |l| l.b).is_none()) {
        outer.push(inner.remove(0));
    }
    // entries that are neighbours in the target shall be neighbours in the block
    let fastest = |ls: &[Letter]| ls.iter().map(|l| l.c).min();
    if fastest(&rows) < fastest(&cols) {
        let swap = |ls: Letters| ls.into_iter().map(Letter::swapped).collect::<Letters>();
        let [rows, cols, inner, outer] = [rows, cols, inner, outer].map(swap);
        return Gemm::new(cols, rows, inner).every(&outer, alpha, store, (c, b, a), scratch);
    }
    Gemm::new(rows, cols, inner).every(&outer, alpha, store, (c, a, b), scratch);
}

/// What a loop over a letter costs for every entry: what is apart is read by itself, and written at twice the price; a short loop is
/// begun often.
fn rough(l: &Letter) -> usize {
    let of = |stride: usize, apart: usize| if stride <= 1 { stride } else { apart };
    BEGIN * (of(l.c, 2 * APART) + of(l.a, APART) + of(l.b, APART)) + BEGIN * BEGIN / l.n
}

/// What it costs to read an entry that is not the neighbour of the last, and to begin a loop.
const APART: usize = 8;
const BEGIN: usize = 16;

/// Loops, with a good letter innermost.
fn loops<R: Real>(alpha: R, letters: &[Letter], mut store: bool, c: &mut [R], a: &[R], b: &[R]) {
    // what is summed is added up, from zero
    if store && (letters.is_empty() || letters.iter().any(|l| l.c == 0)) {
        clear(letters.iter().copied(), c);
        store = false;
    }
    let mut order = Letters::from_slice(letters);
    if let Some(k) = (0..order.len()).min_by_key(|&k| rough(&order[k])) {
        let inner = order.remove(k);
        order.push(inner);
    }
    sum_of_products(alpha, &order, store, c, a, b);
}

/// A matrix product: rows of a, columns of b, what is summed.
pub(super) struct Gemm {
    rows: Letters,
    pub(super) cols: Letters,
    pub(super) inner: Letters,
}

impl Gemm {
    pub(super) fn new(mut rows: Letters, mut cols: Letters, mut inner: Letters) -> Gemm {
        rows.sort_by_key(|l| std::cmp::Reverse(l.c));
        cols.sort_by_key(|l| std::cmp::Reverse(l.c));
        inner.sort_by_key(|l| std::cmp::Reverse((l.a, l.b)));
        Gemm { rows, cols, inner }
    }

    /// Number of rows, of what is summed, of columns.
    fn sizes(&self) -> [usize; 3] {
        [&self.rows, &self.inner, &self.cols].map(|ls| ls.iter().map(|l| l.n).product())
    }

    /// The product for every index of the outer letters.
    fn every<R: Real>(
        &self,
        outer: &[Letter],
        alpha: R,
        mut store: bool,
        (c, a, b): (&mut [R], &[R], &[R]),
        scratch: &mut Scratch<R>,
    ) {
        // what an outer letter sums is added up, from zero
        if store && outer.iter().any(|l| l.c == 0) {
            clear(outer.iter().chain(&self.rows).chain(&self.cols).copied(), c);
            store = false;
        }
        everywhere(outer, |[pc, pa, pb]| self.once(alpha, store, &mut c[pc..], &a[pa..], &b[pb..], scratch));
    }

    /// One matrix product, straight into the target where its rows and columns are each evenly spaced, else block by block.
    fn once<R: Real>(&self, alpha: R, store: bool, c: &mut [R], a: &[R], b: &[R], scratch: &mut Scratch<R>) {
        let [m, k, n] = self.sizes();
        let Scratch { near, far, block, part: spare } = scratch;
        if let (Some(row), Some(col)) = (even(&self.rows, |l| l.c), even(&self.cols, |l| l.c)) {
            let (a, ra) = packed(a, &self.rows, &self.inner, |l| l.a, near);
            let (b, rb) = packed(b, &self.inner, &self.cols, |l| l.b, far);
            return multiply_whole([m, k, n], alpha, !store, (a, ra), (b, rb), (c, [row, col]), spare);
        }
        // as many values of the slowest letter of the rows, and of the columns, as fit; the longer side is parted first
        let (rows, cols) = (Side::new(&self.rows), Side::new(&self.cols));
        let cols_at_once = cols.part((BLOCK / m.min(SIDE)).max(SIDE));
        let rows_at_once = rows.part(BLOCK / (cols_at_once * cols.below));
        // the shorter side is copied once, the longer part by part
        let (row_parts, col_parts): (Vec<_>, Vec<_>) =
            (parts(rows.slow.n, rows_at_once).collect(), parts(cols.slow.n, cols_at_once).collect());
        let by_rows = m >= n;
        let (outer, inner) = if by_rows { (&row_parts, &col_parts) } else { (&col_parts, &row_parts) };
        let whole = if by_rows {
            packed(b, &self.inner, &self.cols, |l| l.b, far)
        } else {
            packed(a, &self.rows, &self.inner, |l| l.a, far)
        };
        for &(begin, count) in outer {
            let side = if by_rows { &rows } else { &cols };
            let mut letters: Letters = smallvec![Letter { n: count, ..side.slow }];
            letters.extend_from_slice(side.fast);
            let part = if by_rows {
                packed(&a[begin * side.slow.a..], &letters, &self.inner, |l| l.a, near)
            } else {
                packed(&b[begin * side.slow.b..], &self.inner, &letters, |l| l.b, near)
            };
            for &(other, other_count) in inner {
                let ((i, count_i), (j, count_j)) = match by_rows {
                    true => ((begin, count), (other, other_count)),
                    false => ((other, other_count), (begin, count)),
                };
                let [m, n] = [count_i * rows.below, count_j * cols.below];
                if block.len() < m * n {
                    block.resize(m * n, R::of(0.0));
                }
                let (x, y) = match by_rows {
                    true => (part, (&whole.0[j * cols.below * whole.1[1]..], whole.1)),
                    false => ((&whole.0[i * rows.below * whole.1[0]..], whole.1), part),
                };
                multiply([m, k, n], alpha, false, x, y, (block, [n, 1]), spare);
                // the block, letter by letter, goes to the target
                let mut letters = Letters::new();
                let mut stride = 1;
                for (side, count) in [(&cols, count_j), (&rows, count_i)] {
                    for l in side.fast.iter().rev() {
                        letters.push(Letter { n: l.n, c: l.c, a: stride, b: 0 });
                        stride *= l.n;
                    }
                    letters.push(Letter { n: count, c: side.slow.c, a: stride, b: 0 });
                    stride *= count;
                }
                let target = &mut c[i * rows.slow.c + j * cols.slow.c..];
                let letters = merged(letters.into_iter().filter(|l| l.n > 1).collect());
                let one = R::of(1.0);
                sum_of_products(one, &letters, store, target, block, &[one]);
            }
        }
    }
}

/// Copies of the factors, a block of results, and a copy of a part of a factor.
#[derive(Debug)]
pub(crate) struct Scratch<R> {
    pub(super) near: Vec<R>,
    pub(super) far: Vec<R>,
    pub(super) block: Vec<R>,
    pub(super) part: Vec<R>,
}

impl<R> Default for Scratch<R> {
    fn default() -> Self {
        Scratch { near: vec![], far: vec![], block: vec![], part: vec![] }
    }
}

/// The letters of the rows, or of the columns: the slowest, and the others.
struct Side<'l> {
    slow: Letter,
    fast: &'l [Letter],
    /// How many values the others have together.
    below: usize,
}

impl Side<'_> {
    fn new(letters: &[Letter]) -> Side<'_> {
        let fast = &letters[1..];
        Side { slow: letters[0], fast, below: fast.iter().map(|l| l.n).product() }
    }

    /// So many values of the slowest letter that there are about so many in all.
    fn part(&self, wanted: usize) -> usize {
        (wanted / self.below).clamp(1, self.slow.n)
    }
}

/// Beginnings and lengths of parts of n.
fn parts(n: usize, at_once: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).step_by(at_once).map(move |i| (i, at_once.min(n - i)))
}

/// The stride of letters that move as one, the last fastest.
pub(super) fn even(letters: &[Letter], stride: fn(&Letter) -> usize) -> Option<usize> {
    let joined = letters.windows(2).all(|w| stride(&w[0]) == w[1].n * stride(&w[1]));
    letters.last().map(stride).filter(|_| joined)
}

/// A factor as a matrix with strides: itself, or a copy in which what is neighboured stays so.
pub(super) fn packed<'s, R: Real>(
    x: &'s [R],
    rows: &[Letter],
    cols: &[Letter],
    stride: fn(&Letter) -> usize,
    scratch: &'s mut Vec<R>,
) -> View<'s, R> {
    if let Some(strides) = near(rows, cols, stride) {
        return (x, strides);
    }
    let by_rows = cols.last().map(stride) <= rows.last().map(stride);
    let (slow, fast) = if by_rows { (rows, cols) } else { (cols, rows) };
    copied(x, slow, fast, stride, scratch);
    let count = |ls: &[Letter]| ls.iter().map(|l| l.n).product::<usize>();
    (scratch, if by_rows { [count(cols), 1] } else { [1, count(rows)] })
}

/// Strides by row and by column, where the letters of each move as one, and not over pages for every entry.
fn near(rows: &[Letter], cols: &[Letter], stride: fn(&Letter) -> usize) -> Option<[usize; 2]> {
    let usable = |[row, col]: &[usize; 2]| *row.min(col) == 1 || *row.max(col) < PAGE;
    even(rows, stride).zip(even(cols, stride)).map(|(row, col)| [row, col]).filter(usable)
}

/// A copy, the last letter fastest.
fn copied<R: Real>(x: &[R], slow: &[Letter], fast: &[Letter], stride: fn(&Letter) -> usize, out: &mut Vec<R>) {
    let letters: SmallVec<[(usize, usize); 8]> = slow.iter().chain(fast).map(|l| (l.n, stride(l))).collect();
    out.clear();
    out.reserve(letters.iter().map(|l| l.0).product());
    copy(x, &letters, out);
}

/// Appends the entries, the last letter fastest.
fn copy<R: Real>(x: &[R], letters: &[(usize, usize)], out: &mut Vec<R>) {
    match letters {
        [] => out.push(x[0]),
        [(n, 1)] => out.extend_from_slice(&x[..*n]),
        [(n, s)] => out.extend((0..*n).map(|i| x[i * s])),
        [(n, s), rest @ ..] => (0..*n).for_each(|i| copy(&x[i * s..], rest, out)),
    }
}
