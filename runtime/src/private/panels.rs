//! Matrix products with a factor that is far away, whose rows are pages apart: a panel of it is copied to the nearest memory by
//! the first tile that reads it, and meanwhile what the next one is copied from is asked for, a line with every step, so that nothing waits.

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
    /// The factor that is far away, with the distance of its rows.
    pub(super) b: (&'x [R], usize),
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
        let (tile, lanes) = (Tile::of::<R, S>(), R::lanes::<S>());
        let width = tile.cols;
        let deep = depth(k, DEEP);
        let most = depth(deep, DEPTH);
        // rows of a, for every part of a sum, an odd number of lines apart; a panel of b; one of the target
        let of_a = (ROWS.min(m).next_multiple_of(H) * (most.next_multiple_of(LINE) + 1)).next_multiple_of(LINE);
        let [for_a, for_b, for_c] = [of_a * deep.div_ceil(most), width * most, tile.panel(ROWS.min(m))];
        let all = for_a + for_b + for_c + LINE;
        if spare.len() < all {
            spare.resize(all, R::of(0.0));
        }
        // from a whole line on
        let begin = spare.as_ptr().align_offset(real::LINE).min(LINE);
        let (copy_a, rest) = spare[begin..].split_at_mut(for_a);
        let (panel, rest) = rest.split_at_mut(for_b);
        let sums = &mut rest[..for_c];
        let ones = vec![R::of(1.0); most];
        let groups = |depth: usize| Groups { high: H, apart: H * (depth | 1) };
        // the lines of a panel, behind its first entry
        let line = real::LINE / size_of::<R>();
        let at = |row: usize| (0..=width / line).map(move |l| row * rb + (l * line).min(width - 1));
        let lines: Vec<usize> = (0..most).flat_map(at).collect();
        for (q0, i0) in (0..k).step_by(deep).flat_map(|q| (0..m).step_by(ROWS).map(move |i| (q, i))) {
            let (q1, rows) = (k.min(q0 + deep), ROWS.min(m - i0));
            for (q, to) in (q0..q1).step_by(most).zip(copy_a.chunks_exact_mut(of_a)) {
                let depth = most.min(q1 - q);
                pack::<R, H>((&a[i0 * ra[0] + q * ra[1]..], ra), rows, &ones[..depth], groups(depth), to);
            }
            // each tile asks for as many
            let share = lines.len().div_ceil(rows.div_ceil(H)).max(1);
            for j in (0..n).step_by(width) {
                let cols = width.min(n - j);
                for (q, x) in (q0..q1).step_by(most).zip(copy_a.chunks_exact(of_a)) {
                    let (depth, last) = (most.min(q1 - q), q + most >= q1);
                    let (part, panel) = ((&b[q * rb + j..], rb), &mut panel[..width * depth]);
                    let through = cols.is_multiple_of(lanes);
                    if !through {
                        let whole = Groups { high: width, apart: panel.len() };
                        pack::<R, H>((part.0, [1, rb]), cols, &ones[..depth], whole, panel);
                    }
                    let next = if last { q0 * rb + j + width } else { (q + most) * rb + j };
                    let (next, mut lines) = (b.as_ptr().wrapping_add(next), lines.chunks(share));
                    let tiles = x.chunks_exact(groups(depth).apart).zip(sums.chunks_exact_mut(H * width));
                    for (i, (x, c)) in (0..rows).step_by(H).zip(tiles) {
                        let (x, ahead) = (&x[..H * depth], (next, lines.next().unwrap_or_default()));
                        match (cols.div_ceil(lanes), through && i == 0) {
                            (1, true) => R::tile_of::<S, H, 1>(simd, q > q0, x, part, panel, c, ahead),
                            (2, true) => R::tile_of::<S, H, 2>(simd, q > q0, x, part, panel, c, ahead),
                            (_, true) => R::tile_of::<S, H, VECTORS>(simd, q > q0, x, part, panel, c, ahead),
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

    /// Sizes that are whole tiles, panels, parts of the sum, rows at once, or not; all layouts of the other factor and of the target.
    fn panels_are_loops<R: Real>(arch: Arch, within: f64) -> usize {
        let mut compared = 0;
        for [m, k, n] in [[1, 1, 1], [16, 96, 48], [13, 700, 31], [130, 90, 100], [257, 40, 24], [8, 1100, 9]] {
            for (layout, add) in (0..4).map(|c| ([c / 2, c % 2], c < 2)) {
                let ra = [[k + 3, 1], [1, m + 5]][layout[0]];
                let (rb, rc) = (n + 7, [[n + 2, 1], [2 * n, 2]][layout[1]]);
                let a: Vec<R> = (0..(m - 1) * ra[0] + (k - 1) * ra[1] + 1).map(|i| R::of(entry(i))).collect();
                let b: Vec<R> = (0..(k - 1) * rb + n).map(|i| R::of(entry(i + 5))).collect();
                let mut c = vec![R::of(2.0); (m - 1) * rc[0] + (n - 1) * rc[1] + 1];
                let (mut spare, alpha) = (vec![], R::of(0.5));
                let sizes = [m, k, n];
                let panels = Panels { sizes, alpha, add, a: (&a, ra), b: (&b, rb), c: (&mut c, rc), spare: &mut spare };
                wide_on(arch, panels);
                for (at, got) in c.iter().enumerate() {
                    let (i, j) = (at / rc[0], at % rc[0] / rc[1]);
                    let inside = i < m && j < n && at % rc[0] % rc[1] == 0;
                    if inside && compared % 5 > 0 {
                        compared += 1;
                        continue;
                    }
                    let sum = || (0..k).map(|q| a[i * ra[0] + q * ra[1]].f64() * b[q * rb + j].f64()).sum::<f64>();
                    let wanted = match (inside, add) {
                        (false, _) => 2.0,
                        (true, false) => 0.5 * sum(),
                        (true, true) => 2.0 + 0.5 * sum(),
                    };
                    assert!(
                        (got.f64() - wanted).abs() < within,
                        "{got}, not {wanted}, at {i}, {j} of {sizes:?}, {layout:?}, {add}"
                    );
                    compared += 1;
                }
            }
        }
        compared
    }

    #[test]
    fn panels_are_loops_in_both_precisions() {
        for arch in instructions() {
            let compared = panels_are_loops::<f64>(arch, 1e-12) + panels_are_loops::<f32>(arch, 1e-4);
            assert!(compared > 100_000, "{compared}");
        }
    }
}
