//! The upper triangle of a symmetric matrix product, tile by tile: a panel of the second factor stays in the nearest memory, while what the
//! first has for a part of the sum goes by, out of the second nearest; tiles below the diagonal are left out.
//!
//! Libraries have no such product with weights, and of two equal factors they copy both.

use super::{
    blocks::depth,
    packing::{Groups, pack, put},
    places::Places,
    tile::{DEPTH, LINE, LOW, TALL, Tile},
    weights::Weights,
    wide::{Work, soon, wide},
};
use crate::{
    Real,
    real::{self, VECTORS, View},
};
use hesse_compiler::pages;
use pulp::Simd;
use std::marker::PhantomData;

/// Rows that are done at once, of all parts of the sum: what is copied of them stays in the second nearest memory.
pub(super) const ROWS: usize = 1008;
/// Values of a copy that are asked for ahead of the one that is read.
const AHEAD: usize = 8;
/// Summed values whose weights are asked for at once where they are still to come: what they are made of stays near.
const COMING: usize = 32;

impl Tile {
    /// That of this processor.
    pub(super) fn here<R: Real>() -> Tile {
        wide(Here::<R>(PhantomData))
    }
}

/// The work of [`Tile::here`].
struct Here<R>(PhantomData<R>);

impl<R: Real> Work for Here<R> {
    type Output = Tile;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Tile {
        Tile::of::<R, S>()
    }
}

/// Some rows and columns of a symmetric product.
pub(super) struct Upper<'x, R> {
    /// Rows, summed values, columns.
    pub(super) sizes: [usize; 3],
    /// How far the columns begin behind the rows: wanted are entries in row i and column j where i ≤ j + shift.
    pub(super) shift: usize,
    /// What the sums are multiplied by.
    pub(super) alpha: R,
    /// The factors.
    pub(super) a: View<'x, R>,
    pub(super) b: View<'x, R>,
    /// Whether the first factor is the transpose of the second, both from the first row of the product on.
    pub(super) same: bool,
}

/// Where tiles are added that are done, with their mirror images: the places of the rows from the first of the product on.
pub(super) struct Target<'x, R> {
    pub(super) c: &'x mut [R],
    pub(super) places: &'x Places,
    pub(super) first: usize,
}

/// The work of [`Upper::write`].
struct Tiles<'u, 'w, 'x, R>(Upper<'u, R>, Weights<'w, R>, &'x mut [R], Option<Target<'x, R>>, &'x mut Vec<R>);

impl<R: Real> Upper<'_, R> {
    /// Writes it to panels of as many columns as a tile has, one after the other, each of whole tiles; what becomes of entries that are
    /// not wanted is open. If there is a target, they are taken from there. Copies are kept in `spare`.
    pub(super) fn write<'x>(
        self,
        weights: Weights<R>,
        panels: &'x mut [R],
        target: Option<Target<'x, R>>,
        spare: &'x mut Vec<R>,
    ) {
        wide(Tiles(self, weights, panels, target, spare));
    }
}

impl<R: Real> Work for Tiles<'_, '_, '_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match Tile::of::<R, S>().rows {
            TALL => self.tiles::<S, TALL>(simd),
            _ => self.tiles::<S, LOW>(simd),
        }
    }
}

impl<R: Real> Tiles<'_, '_, '_, R> {
    #[inline(always)]
    fn tiles<S: Simd, const H: usize>(self, simd: S) {
        let Tiles(upper, mut weights, panels, mut target, spare) = self;
        let Upper { sizes: [m, k, n], shift, alpha, a: (a, ra), b: (b, rb), same } = upper;
        let width = Tile::of::<R, S>().cols;
        let lanes = R::lanes::<S>();
        let most = depth(k, DEPTH);
        // rows of the product whose copies the columns can be taken from
        let known = if same && width.is_multiple_of(H) && shift.is_multiple_of(H) { m } else { 0 };
        let (room, tall) = (most.next_multiple_of(LINE) + 1, m.next_multiple_of(H));
        let split = (tall * room).next_multiple_of(LINE);
        let all = split + width * most + LINE;
        if spare.len() < all {
            *spare = pages::filled(R::of(0.0), all);
        }
        // from a whole line on
        let begin = spare.as_ptr().align_offset(real::LINE).min(LINE);
        let (rows, panel) = spare[begin..].split_at_mut(split);
        // behind a tile: the next one, and then the places of what it holds
        let line = real::LINE / size_of::<R>();
        let mut ahead: Vec<usize> = (0..H * width).step_by(line).map(|at| H * width + at).collect();
        let next = ahead.len();
        ahead.resize(next + 2 * H * width.div_ceil(H), 0);
        let (ones, mut scale) = (vec![R::of(1.0); most], vec![alpha; most]);
        let at_once = if matches!(weights, Weights::Coming(_)) { COMING } else { most };
        for q in (0..k).step_by(most) {
            let (depth, last) = (most.min(k - q), q + most >= k);
            let panel = &mut panel[..width * depth];
            // an odd number of lines apart: else they would share few places in the nearest memory
            let groups = Groups { high: H, apart: H * (depth | 1) };
            for from in (0..depth).step_by(at_once) {
                let to = depth.min(from + at_once);
                weights.write(alpha, [q + from, q + to], &mut scale[from..to]);
                pack::<R, H>((&a[(q + from) * ra[1]..], ra), m, &ones[from..to], groups, &mut rows[from * H..]);
            }
            let rows = || rows.chunks_exact(groups.apart).map(|x| &x[..H * depth]);
            for (j, c) in (0..n).step_by(width).zip(panels.chunks_exact_mut(tall * width)) {
                let (row, cols) = (j + shift, width.min(n - j));
                if row + width <= known {
                    for (v, x) in rows().skip(row / H).take(width / H).enumerate() {
                        for ((at, &s), to) in (0..).step_by(H).zip(&scale).zip(panel.chunks_exact_mut(width)) {
                            soon(x.as_ptr(), at + AHEAD * H);
                            put::<R, H>(x[at..].as_chunks().0[0], s, &mut to[v * H..]);
                        }
                    }
                } else {
                    let whole = Groups { high: width, apart: panel.len() };
                    pack::<R, H>((&b[q * rb[0] + j * rb[1]..], [rb[1], rb[0]]), cols, &scale[..depth], whole, panel);
                }
                let used = cols.div_ceil(lanes);
                for (i, (x, c)) in rows().zip(c.chunks_exact_mut(H * width)).take(m.min(row + cols).div_ceil(H)).enumerate() {
                    // vectors that are below the diagonal as a whole are left out
                    let first = (i * H).saturating_sub(row) / lanes;
                    let mut asked = next;
                    let at = |first: usize| [first + i * H, first + row];
                    let size = [H.min(m - i * H), cols];
                    if let Some(Target { c: to, places, first }) = target.as_ref().filter(|_| last) {
                        // around the end of all addresses, if it is before the tile
                        let apart = to.as_ptr().addr().wrapping_sub(c.as_ptr().addr()) / size_of::<R>();
                        places.lines::<H>(at(*first), size, |line| {
                            ahead[asked] = apart.wrapping_add(line);
                            asked += 1;
                        });
                    }
                    let ahead = (c.as_ptr(), &ahead[..asked]);
                    match (first, used) {
                        (0, 1) => R::tile::<S, H, 0, 1>(simd, q > 0, x, panel, c, ahead),
                        (0, 2) => R::tile::<S, H, 0, 2>(simd, q > 0, x, panel, c, ahead),
                        (0, _) => R::tile::<S, H, 0, VECTORS>(simd, q > 0, x, panel, c, ahead),
                        (1, _) => R::tile::<S, H, 1, 2>(simd, q > 0, x, panel, c, ahead),
                        _ => R::tile::<S, H, 2, 1>(simd, q > 0, x, panel, c, ahead),
                    }
                    if let Some(Target { c: to, places, first }) = target.as_mut().filter(|_| last) {
                        places.take::<R, H>(to, at(*first), size, (c, width));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            tile::entry,
            wide::{instructions, wide_on},
        },
        *,
    };
    use pulp::Arch;

    /// Sizes that are not whole tiles, panels or parts of the sum; both layouts of both factors, and rows that overlap, as windows of a
    /// signal do; the same factor twice, or two; weights or none.
    fn tiles_are_loops<R: Real>(arch: Arch, within: f64) -> usize {
        let mut compared = 0;
        let tile = wide_on(arch, Here::<R>(PhantomData));
        for [m, k, n, shift] in [[1, 1, 1, 0], [70, 300, 70, 0], [53, 97, 30, 2 * tile.cols], [8, 5, 49, 0], [1008, 40, 61, 947]]
        {
            for (layout, same, kind) in (0..24).map(|c| (c % 3, c / 3 % 2 == 0, c / 6)) {
                let step = [0, 1, 2, 1][kind];
                // the rows of the first factor, as the columns of the second
                let rows = m.max(n + shift);
                let ra = [[1, rows + 3], [k + 2, 1], [1, 1]][layout];
                let rb = if same { [ra[1], ra[0]] } else { [[n + 1, 1], [1, k], [1, 1]][layout] };
                let x: Vec<R> = (0..(rows - 1) * ra[0] + (k - 1) * ra[1] + 1).map(|i| R::of(entry(i))).collect();
                let z: Vec<R> = (0..(k - 1) * rb[0] + (n - 1) * rb[1] + 1).map(|i| R::of(entry(i + 5))).collect();
                let d: Vec<R> = (0..k * step).map(|i| R::of(1.5 + entry(i + 9))).collect();
                let weight = |q: usize| if step > 0 { d[q * step] } else { R::of(1.0) };
                let mut coming = |[from, to]: [usize; 2], out: &mut [R]| (from..to).zip(out).for_each(|(q, w)| *w = weight(q));
                let weights = match kind {
                    0 => Weights::None,
                    3 => Weights::Coming(&mut coming),
                    _ => Weights::Known(&d[..], step),
                };
                let b = if same { &x[shift * ra[0]..] } else { &z[..] };
                let upper = Upper { sizes: [m, k, n], shift, alpha: R::of(0.5), a: (&x, ra), b: (b, rb), same };
                let mut panels = vec![R::of(7.0); tile.panel(m) * n.div_ceil(tile.cols)];
                wide_on(arch, Tiles(upper, weights, &mut panels, None, &mut vec![]));
                for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))).filter(|(i, j)| i <= &(j + shift)).step_by(7) {
                    let term = |q: usize| x[i * ra[0] + q * ra[1]].f64() * b[q * rb[0] + j * rb[1]].f64();
                    let wanted = (0..k).map(|q| 0.5 * term(q) * weight(q).f64()).sum::<f64>();
                    let got = panels[j / tile.cols * tile.panel(m) + i * tile.cols + j % tile.cols].f64();
                    assert!(
                        (got - wanted).abs() < within,
                        "{got}, not {wanted}, at {i}, {j} of {m}×{k}×{n}, {layout}, {same}, {kind}"
                    );
                    compared += 1;
                }
            }
        }
        compared
    }

    #[test]
    fn tiles_are_loops_in_both_precisions() {
        for arch in instructions() {
            let compared = tiles_are_loops::<f64>(arch, 1e-12) + tiles_are_loops::<f32>(arch, 1e-4);
            assert!(compared > 100_000, "{compared}");
        }
    }
}
