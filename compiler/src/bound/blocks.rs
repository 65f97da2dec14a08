//! Matrices made of blocks: their norm is at most that of the matrix of the norms of the blocks.

use super::{calculus::Calculus, formula::Formula, norm::Norm};
use crate::{
    expr::{Expr, Graph},
    ops::{hcat::HCAT, vcat::VCAT},
};

/// The blocks of matrices set side by side and one below the other, row by row; of anything else itself.
pub(super) fn grid(g: &Graph, e: Expr) -> Vec<Vec<Expr>> {
    if let Some(parts) = g.args_of(e, &VCAT) {
        let widths = |rows: &[Vec<Expr>]| rows[0].iter().map(|&b| g.shape(b).cols.clone()).collect::<Vec<_>>();
        let parts: Vec<Vec<Vec<Expr>>> = parts.iter().map(|&p| grid(g, p)).collect();
        if parts.iter().all(|p| widths(p) == widths(&parts[0])) {
            return parts.concat();
        }
    } else if let Some(parts) = g.args_of(e, &HCAT) {
        let heights = |rows: &[Vec<Expr>]| rows.iter().map(|r| g.shape(r[0]).rows.clone()).collect::<Vec<_>>();
        let parts: Vec<Vec<Vec<Expr>>> = parts.iter().map(|&p| grid(g, p)).collect();
        if parts.iter().all(|p| heights(p) == heights(&parts[0])) {
            return (0..parts[0].len()).map(|i| parts.iter().flat_map(|p| p[i].clone()).collect()).collect();
        }
    }
    vec![vec![e]]
}

impl Calculus {
    /// The norm of the matrix of the norms of the blocks, of a matrix that has several in both directions.
    ///
    /// `‖A x‖² ≤ Σ_i (Σ_j ‖A_ij‖ ‖x_j‖)²`.
    pub(super) fn of_blocks(&mut self, g: &mut Graph, e: Expr) -> Option<Formula> {
        let blocks = grid(g, e);
        if blocks.len() == 1 || blocks[0].len() == 1 {
            return None;
        }
        let norms: Vec<Vec<Formula>> =
            blocks.iter().map(|row| row.iter().map(|&b| self.norm(g, b, Norm::Two)).collect()).collect();
        Some(self.book.blocks(&norms))
    }
}
