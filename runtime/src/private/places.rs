//! The places of a symmetric result: what is above the diagonal stands in two.

use super::{
    tile::{LOW, TALL, Tile},
    wide::{Work, soon, wide},
};
use crate::Real;
use pulp::Simd;

/// Where rows and columns of the result stand in the target.
pub(super) struct Places {
    rows: Vec<usize>,
    cols: Vec<usize>,
    /// For every column where the columns end that stand one after the other in the target.
    ends: Vec<usize>,
    /// Whether entries are stored there, not added.
    store: bool,
}

/// Rows and columns of the result, from and to, in panels as wide as tiles; what is on and above the diagonal is wanted.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) rows: [usize; 2],
    pub(super) cols: [usize; 2],
}

impl Part {
    pub(super) fn height(self) -> usize {
        self.rows[1] - self.rows[0]
    }
    pub(super) fn width(self) -> usize {
        self.cols[1] - self.cols[0]
    }
    /// How far its columns begin behind its rows.
    pub(super) fn shift(self) -> usize {
        self.cols[0] - self.rows[0]
    }
}

impl Places {
    pub(super) fn new(rows: Vec<usize>, cols: Vec<usize>, store: bool) -> Places {
        let n = cols.len();
        let mut ends: Vec<usize> = (1..=n).collect();
        for k in (1..n).rev() {
            if cols[k] == cols[k - 1] + 1 {
                ends[k - 1] = ends[k];
            }
        }
        Places { rows, cols, ends, store }
    }

    /// Whether H rows and columns from there on are above the diagonal, and neighbours in the target.
    fn whole<const H: usize>(&self, row: usize, col: usize) -> bool {
        row + H <= col && self.ends[row] >= row + H && self.ends[col] >= col + H
    }

    /// The lines of memory in which a tile is written, so far behind the beginning of the target: those that no tile has met before.
    #[inline(always)]
    pub(super) fn lines<const H: usize>(&self, [row, col]: [usize; 2], [high, wide]: [usize; 2], mut each: impl FnMut(usize)) {
        for col in (col..col + wide / H * H).step_by(H) {
            if high == H && self.whole::<H>(row, col) {
                let (rows, cols) = (&self.rows, &self.cols);
                for l in 0..H {
                    each(rows[row + l] + cols[col + H - 1]);
                    each(rows[col + l] + cols[row + H - 1]);
                }
            }
        }
    }

    /// Adds what a tile, of rows so far apart, has on and above the diagonal, and the mirror image.
    #[inline(always)]
    pub(super) fn take<R: Real, const H: usize>(
        &self,
        c: &mut [R],
        [row, col]: [usize; 2],
        [high, wide]: [usize; 2],
        (tile, apart): (&[R], usize),
    ) {
        for first in (0..wide).step_by(H) {
            let (col, tile) = (col + first, &tile[first..]);
            if high == H && first + H <= wide && self.whole::<H>(row, col) {
                let block: [[R; H]; H] = std::array::from_fn(|r| tile[r * apart..].as_chunks().0[0]);
                let turned: [[R; H]; H] = std::array::from_fn(|l| std::array::from_fn(|r| block[r][l]));
                for l in 0..H {
                    self.write(&mut c[self.rows[row + l] + self.cols[col]..], block[l]);
                    self.write(&mut c[self.rows[col + l] + self.cols[row]..], turned[l]);
                }
                continue;
            }
            for (i, j) in (row..row + high).flat_map(|i| (i.max(col)..col + H.min(wide - first)).map(move |j| (i, j))) {
                let value = [tile[(i - row) * apart + j - col]];
                self.write(&mut c[self.rows[i] + self.cols[j]..], value);
                if i < j {
                    self.write(&mut c[self.rows[j] + self.cols[i]..], value);
                }
            }
        }
    }

    #[inline(always)]
    fn write<R: Real, const N: usize>(&self, c: &mut [R], values: [R; N]) {
        let c: &mut [R; N] = &mut c.as_chunks_mut().0[0];
        match self.store {
            true => *c = values,
            false => (0..N).for_each(|l| c[l] += values[l]),
        }
    }

    /// Adds all tiles of a part.
    pub(super) fn take_all<R: Real>(&self, c: &mut [R], part: Part, panels: &[R]) {
        wide(All { places: self, c, part, panels });
    }
}

/// The work of [`Places::take_all`].
struct All<'x, R> {
    places: &'x Places,
    c: &'x mut [R],
    part: Part,
    panels: &'x [R],
}

impl<R: Real> Work for All<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let tile = Tile::of::<R, S>();
        match tile.rows {
            TALL => self.tiles::<TALL>(tile),
            _ => self.tiles::<LOW>(tile),
        }
    }
}

impl<R: Real> All<'_, R> {
    #[inline(always)]
    fn tiles<const H: usize>(self, tile: Tile) {
        let All { places, c, part, panels } = self;
        let (width, [first, end]) = (tile.cols, part.rows);
        let panels = panels.chunks_exact(tile.panel(part.height()));
        for (col, panel) in (part.cols[0]..part.cols[1]).step_by(width).zip(panels) {
            let cols = width.min(part.cols[1] - col);
            let size = |row: usize| [H.min(end.saturating_sub(row)), cols];
            for (row, tile) in (first..end.min(col + cols)).step_by(H).zip(panel.chunks_exact(H * width)) {
                let next = row + H;
                places.lines::<H>([next, col], size(next), |line| soon(c.as_ptr(), line));
                places.take::<R, H>(c, [row, col], size(row), (tile, width));
            }
        }
    }
}
