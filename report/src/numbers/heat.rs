//! The entries of a Hessian as a square of cells.

use super::dense::Blocks;
use crate::page::Heat;

/// Most cells in a row.
const SIDE: usize = 400;

/// `log10` of the largest absolute entry in each cell.
pub(super) fn heat(b: &Blocks) -> Heat {
    let (starts, n) = b.starts();
    let side = n.min(SIDE);
    let mut largest = vec![0.0f64; side * side];
    let cell = |k: usize| k * side / n;
    for (i, j, m) in b.each() {
        for r in 0..m.rows {
            let y = cell(starts[i] + r);
            for (c, x) in m.row(r).iter().enumerate() {
                let z = cell(starts[j] + c);
                for at in [y * side + z, z * side + y] {
                    largest[at] = largest[at].max(x.abs());
                }
            }
        }
    }
    let rounded = |x: f64| (x > 0.0).then(|| (x.log10() * 1e3).round() / 1e3);
    let borders = b.names.iter().map(|(name, _)| name.clone()).zip(starts).collect();
    Heat { side, rows: n, cells: largest.into_iter().map(rounded).collect(), borders }
}
