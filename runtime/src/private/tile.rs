//! Tiles of matrix products: as many rows and columns as there are registers for their sums.

use crate::{Real, real::VECTORS};
use pulp::Simd;

/// Rows of a tile, where there are many registers and where there are few: its sums fill most of them.
pub(super) const TALL: usize = 8;
pub(super) const LOW: usize = 4;
const MANY: usize = 32;
/// Summed values that are done at once, about: as many rows of a panel stay in the nearest memory.
pub(super) const DEPTH: usize = 96;
/// Entries of a line of memory, at most.
pub(super) const LINE: usize = 16;

/// Rows and columns of a tile.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub(super) rows: usize,
    pub(super) cols: usize,
}

impl Tile {
    /// That of these instructions.
    #[inline(always)]
    pub(super) fn of<R: Real, S: Simd>() -> Tile {
        let rows = if S::REGISTER_COUNT >= MANY { TALL } else { LOW };
        Tile { rows, cols: VECTORS * R::lanes::<S>() }
    }

    /// Entries of a panel of so many rows.
    pub(super) fn panel(self, rows: usize) -> usize {
        rows.next_multiple_of(self.rows) * self.cols
    }
}

/// Entries of matrices that products are tested on.
#[cfg(test)]
pub(super) fn entry(k: usize) -> f64 {
    ((k * 2_654_435_761) % 1009) as f64 / 1009.0 - 0.5
}
