//! Matrix products with a factor that is far away: while a panel of it, copied to the nearest memory, meets all rows of the other factor,
//! the entries of the next panel are asked for, a few with every step, so that nothing waits for them.

use super::{
    blocks::depth,
    packing::{Groups, pack},
    tile::{DEPTH, LINE, LOW, TALL, Tile},
    wide::{Work, wide},
};
use crate::{
    Real,
    real::{self, VECTORS, View},
};
use hesse_compiler::pages;
use pulp::Simd;

/// Rows and summed values that are done at once: what is copied of them stays in the second nearest memory.
const ROWS: usize = 128;
const DEEP: usize = 512;

/// A product of two matrices.
pub(super) struct Panels<'x, R> {
    /// Rows, summed values, columns.
    pub(super) sizes: [usize; 3],
    pub(super) alpha: R,
    /// Whether it is added to the target.
    pub(super) add: bool,
    pub(super) a: View<'x, R>,
    pub(super) b: View<'x, R>,
    pub(super) c: (&'x mut [R], [usize; 2]),
    /// What factors are copied to.
    pub(super) spare: &'x mut Vec<R>,
}

impl<R: Real> Panels<'_, R> {
    pub(super) fn write(self) {
        wide(self);
    }
}

impl<R: Real> Work for Panels<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match Tile::of::<R, S>().rows {
            TALL => self.tiles::<S, TALL>(simd),
            _ => self.tiles::<S, LOW>(simd),
        }
    }
}

impl<R: Real> Panels<'_, R> {
    #[inline(always)]
    fn tiles<S: Simd, const H: usize>(self, simd: S) {
        let Panels { sizes: [m, k, n], alpha, add, a: (a, ra), b: (b, rb), c: (target, rc), spare } = self;
        let (width, lanes) = (Tile::of::<R, S>().cols, R::lanes::<S>());
        let deep = depth(k, DEEP);
        let most = depth(deep, DEPTH);
        let tall = ROWS.min(m).next_multiple_of(H);
        // rows of a, for each part of a sum; an odd number of lines apart; a panel of b, one of c
        let apart = most.next_multiple_of(LINE) + 1;
        let of_a = (tall * apart).next_multiple_of(LINE);
        let [for_a, for_b, for_c] = [of_a * deep.div_ceil(most), width * most, tall * width];
        let all = for_a + for_b + for_c + LINE;
        if spare.len() < all {
            *spare = pages::filled(R::of(0.0), all);
        }
        // from a whole line on
        let begin = spare.as_ptr().align_offset(real::LINE).min(LINE);
        let (copy_a, rest) = spare[begin..].split_at_mut(for_a);
        let (panel, rest) = rest.split_at_mut(for_b);
        let sums = &mut rest[..for_c];
        let ones = vec![R::of(1.0); most];
        let groups = |depth: usize| Groups { high: H, apart: H * (depth | 1) };
        let lines = lines([most, width], rb, real::LINE / size_of::<R>());
        for (q0, i0) in (0..k).step_by(deep).flat_map(|q| (0..m).step_by(ROWS).map(move |i| (q, i))) {
            let (q1, rows) = (k.min(q0 + deep), ROWS.min(m - i0));
            for (q, to) in (q0..q1).step_by(most).zip(copy_a.chunks_exact_mut(of_a)) {
                let depth = most.min(q1 - q);
                pack::<R, H>((&a[i0 * ra[0] + q * ra[1]..], ra), rows, &ones[..depth], groups(depth), to);
            }
            let share = lines.len().div_ceil(rows.div_ceil(H)).max(1);
            for j in (0..n).step_by(width) {
                let cols = width.min(n - j);
                for (q, from) in (q0..q1).step_by(most).zip(copy_a.chunks_exact(of_a)) {
                    let depth = most.min(q1 - q);
                    let part = &b[q * rb[0] + j * rb[1]..];
                    let panel = &mut panel[..width * depth];
                    // rows are copied by the first tile, which reads them, all else beforehand
                    let through = rb[1] == 1 && cols.is_multiple_of(lanes);
                    if !through {
                        let whole = Groups { high: width, apart: panel.len() };
                        pack::<R, H>((part, [rb[1], rb[0]]), cols, &ones[..depth], whole, panel);
                    }
                    let last = q + most >= q1;
                    let next = if last { q0 * rb[0] + (j + width) * rb[1] } else { (q + most) * rb[0] + j * rb[1] };
                    let (next, mut lines) = (b.as_ptr().wrapping_add(next), lines.chunks(share));
                    let groups = from.chunks_exact(groups(depth).apart).map(|x| &x[..H * depth]);
                    for (i, x, c) in (0..rows).step_by(H).zip(groups).zip(sums.chunks_exact_mut(H * width)).map(|((i, x), c)| (i, x, c)) {
                        let ahead = (next, lines.next().unwrap_or_default());
                        match (cols.div_ceil(lanes), through && i == 0) {
                            (1, true) => R::tile_of::<S, H, 1>(simd, q > q0, x, (part, rb[0]), panel, c, ahead),
                            (2, true) => R::tile_of::<S, H, 2>(simd, q > q0, x, (part, rb[0]), panel, c, ahead),
                            (_, true) => R::tile_of::<S, H, VECTORS>(simd, q > q0, x, (part, rb[0]), panel, c, ahead),
                            (1, _) => R::tile::<S, H, 0, 1>(simd, q > q0, x, panel, c, ahead),
                            (2, _) => R::tile::<S, H, 0, 2>(simd, q > q0, x, panel, c, ahead),
                            _ => R::tile::<S, H, 0, VECTORS>(simd, q > q0, x, panel, c, ahead),
                        }
                        for (sums, i) in c.chunks_exact(width).zip(i0 + i..i0 + rows).filter(|_| last) {
                            let (to, sums) = (&mut target[i * rc[0] + j * rc[1]..], &sums[..cols]);
                            match (rc[1], add || q0 > 0) {
                                (1, false) => to[..cols].iter_mut().zip(sums).for_each(|(c, &s)| *c = alpha * s),
                                (1, true) => to[..cols].iter_mut().zip(sums).for_each(|(c, &s)| *c += alpha * s),
                                (step, false) => to.iter_mut().step_by(step).zip(sums).for_each(|(c, &s)| *c = alpha * s),
                                (step, true) => to.iter_mut().step_by(step).zip(sums).for_each(|(c, &s)| *c += alpha * s),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where the lines of memory are that a panel is copied from, behind its first entry.
fn lines([depth, width]: [usize; 2], [inner, own]: [usize; 2], line: usize) -> Vec<usize> {
    let (slow, many, fast, entries) = if own <= inner { (inner, depth, own, width) } else { (own, width, inner, depth) };
    let at = |l: usize| (l * line).min((entries - 1) * fast);
    (0..many).flat_map(|r| (0..=(entries * fast).div_ceil(line)).map(move |l| r * slow + at(l))).collect()
}
