//! The blocks of a Hessian entry by entry: their norms, and the share of the Gauss-Newton part.

use crate::page::{BlockNorm, ParameterNorm};
use hesse::nalgebra::DMatrix;
use hesse_compiler::{matrix::Matrix, pipeline};

/// Blocks on and above the diagonal, row by row.
pub(super) struct Blocks {
    /// The parameters with the rows that they have.
    pub(super) names: Vec<(String, usize)>,
    blocks: Vec<Matrix<f64>>,
    /// Frobenius norms of the Gauss-Newton and the functional part of each block.
    parts: Vec<(f64, f64)>,
}

fn frobenius<'a>(entries: impl Iterator<Item = &'a f64>) -> f64 {
    entries.map(|x| x * x).sum::<f64>().sqrt()
}

impl Blocks {
    pub(super) fn new(parameters: &[ParameterNorm], h: Vec<Matrix<f64>>, gauss_newton: &[Matrix<f64>]) -> Blocks {
        let part = |(h, g): (&Matrix<f64>, &Matrix<f64>)| {
            let rest: Vec<f64> = h.data.iter().zip(&g.data).map(|(h, g)| h - g).collect();
            (frobenius(g.data.iter()), frobenius(rest.iter()))
        };
        let parts = h.iter().zip(gauss_newton).map(part).collect();
        Blocks { names: parameters.iter().map(|p| (p.name.clone(), p.count)).collect(), blocks: h, parts }
    }

    /// Row, column and entries of every block.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, usize, &Matrix<f64>)> {
        let n = self.names.len();
        let pairs = (0..n).flat_map(move |i| (i..n).map(move |j| (i, j)));
        pairs.zip(&self.blocks).map(|((i, j), m)| (i, j, m))
    }

    /// The first row of each block, and the number of rows.
    pub(super) fn starts(&self) -> (Vec<usize>, usize) {
        let mut at = 0;
        let mut start = |(_, n): &(String, usize)| {
            at += n;
            at - n
        };
        let starts = self.names.iter().map(&mut start).collect();
        (starts, at)
    }

    /// The whole Hessian.
    pub(super) fn matrix(&self) -> DMatrix<f64> {
        let (starts, n) = self.starts();
        let mut out = DMatrix::zeros(n, n);
        for (i, j, m) in self.each() {
            for r in 0..m.rows {
                for (c, &x) in m.row(r).iter().enumerate() {
                    out[(starts[i] + r, starts[j] + c)] = x;
                    out[(starts[j] + c, starts[i] + r)] = x;
                }
            }
        }
        out
    }

    pub(super) fn norms(&self) -> Vec<BlockNorm> {
        let of = |((i, j, m), (gauss_newton, functional)): ((usize, usize, &Matrix<f64>), &(f64, f64))| BlockNorm {
            row: self.names[i].0.clone(),
            col: self.names[j].0.clone(),
            spectral: pipeline::norm_of_block(m),
            frobenius: frobenius(m.data.iter()),
            gauss_newton: *gauss_newton,
            functional: *functional,
        };
        self.each().zip(&self.parts).map(of).collect()
    }

    /// The spectral norm of the whole.
    pub(super) fn norm(&self) -> f64 {
        // the lower triangle row by row
        let n = self.names.len();
        let upper = |i: usize, j: usize| &self.blocks[i * n - i * (i + 1) / 2 + j];
        let lower = (0..n).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|(i, j)| upper(j, i).transpose());
        pipeline::norm_of_whole(&lower.collect::<Vec<_>>())
    }

    /// `‖GN‖_F / (‖GN‖_F + ‖functional‖_F)`; nothing for a Hessian of zeros.
    pub(super) fn gauss_newton_share(&self, norms: &[BlockNorm]) -> Option<f64> {
        let sum = |f: fn(&BlockNorm) -> f64| {
            let weight = |b: &BlockNorm| if b.row == b.col { 1.0 } else { 2.0 };
            norms.iter().map(|b| weight(b) * f(b) * f(b)).sum::<f64>().sqrt()
        };
        let (g, f) = (sum(|b| b.gauss_newton), sum(|b| b.functional));
        Some(g / (g + f)).filter(|x| x.is_finite())
    }
}
