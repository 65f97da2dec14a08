//! `BlockHessian`: a symmetric matrix by blocks with names; what lies below the diagonal is the transpose of what lies above.

use crate::{
    Error, Real,
    operators::{Control, OperatorError, top_eigenvalues},
};
use nalgebra::{DMatrix, DVector};
use std::{fmt, sync::OnceLock};

/// The Hessian of a scalar in several parameters, block by block. Each parameter counts by `vec_r`: its rows one after another.
#[derive(Clone)]
pub struct BlockHessian<R: Real> {
    names: Vec<String>,
    sizes: Vec<usize>,
    /// Blocks on and above the diagonal, row by row.
    upper: Vec<DMatrix<R>>,
    /// Their transposes, as far as they were asked for.
    lower: Vec<OnceLock<DMatrix<R>>>,
}

impl<R: Real> BlockHessian<R> {
    /// A matrix of the blocks on and above its diagonal, row by row, under the names and sizes of its parts. Of the blocks on
    /// the diagonal the upper triangle counts.
    #[doc(hidden)]
    pub fn new(parts: &[(&str, usize)], mut upper: Vec<DMatrix<R>>) -> Self {
        let mut at = 0;
        for k in 0..parts.len() {
            upper[at].fill_lower_triangle_with_upper_triangle();
            at += parts.len() - k;
        }
        BlockHessian {
            names: parts.iter().map(|p| p.0.to_owned()).collect(),
            sizes: parts.iter().map(|p| p.1).collect(),
            lower: upper.iter().map(|_| OnceLock::new()).collect(),
            upper,
        }
    }

    /// Adds a matrix with the same parts.
    pub(crate) fn add(&mut self, other: &Self) {
        self.upper.iter_mut().zip(&other.upper).for_each(|(a, b)| *a += b);
        self.lower.iter_mut().for_each(|below| *below = OnceLock::new());
    }

    /// Multiplies by a number.
    pub(crate) fn scale(&mut self, by: R) {
        self.upper.iter_mut().for_each(|a| *a *= by);
        self.lower.iter_mut().for_each(|below| *below = OnceLock::new());
    }

    /// The names of the parameters, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Number of rows, and of columns.
    pub fn len(&self) -> usize {
        self.sizes.iter().sum()
    }

    /// Whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place of an upper block in the list.
    fn place(&self, row: usize, col: usize) -> usize {
        row * self.names.len() - row * (row + 1) / 2 + col
    }

    /// The block by the places of its parameters.
    fn at(&self, row: usize, col: usize) -> &DMatrix<R> {
        if row <= col {
            return &self.upper[self.place(row, col)];
        }
        let k = self.place(col, row);
        self.lower[k].get_or_init(|| self.upper[k].transpose())
    }

    /// The block of two parameters, `∂² f / ∂vec_r(row) ∂vec_r(col)'`. Shape: |row| × |col|.
    ///
    /// Panics if there is no parameter of that name; [`BlockHessian::get`] does not.
    pub fn block(&self, row: &str, col: &str) -> &DMatrix<R> {
        self.get(row, col).unwrap_or_else(|e| panic!("{e}"))
    }

    /// The block of two parameters. Shape: |row| × |col|.
    ///
    /// Errors: [`Error::NoBlock`].
    pub fn get(&self, row: &str, col: &str) -> Result<&DMatrix<R>, Error> {
        let find = |name: &str| {
            let unknown = || Error::NoBlock(name.to_owned(), self.names.join(", "));
            self.names.iter().position(|n| n == name).ok_or_else(unknown)
        };
        Ok(self.at(find(row)?, find(col)?))
    }

    /// Where each parameter begins.
    fn starts(&self) -> Vec<usize> {
        (0..self.sizes.len()).map(|k| self.sizes[..k].iter().sum()).collect()
    }

    /// The whole matrix.
    pub fn dense(&self) -> DMatrix<R> {
        let (n, starts) = (self.len(), self.starts());
        let mut out = DMatrix::zeros(n, n);
        for i in 0..self.names.len() {
            for j in i..self.names.len() {
                out.view_mut((starts[i], starts[j]), (self.sizes[i], self.sizes[j])).copy_from(self.at(i, j));
            }
        }
        out.fill_lower_triangle_with_upper_triangle();
        out
    }

    /// The product with a vector, without the whole matrix.
    ///
    /// Panics if the vector has another length.
    pub fn matvec(&self, v: &DVector<R>) -> DVector<R> {
        assert_eq!(v.len(), self.len(), "the vector has {} entries, the matrix {} columns", v.len(), self.len());
        let (starts, mut out) = (self.starts(), DVector::zeros(v.len()));
        let one = R::of(1.0);
        for i in 0..self.names.len() {
            for j in i..self.names.len() {
                let (block, (p, m), (q, n)) = (self.at(i, j), (starts[i], self.sizes[i]), (starts[j], self.sizes[j]));
                out.rows_mut(p, m).gemv(one, block, &v.rows(q, n), one);
                if i != j {
                    out.rows_mut(q, n).gemv_tr(one, block, &v.rows(p, m), one);
                }
            }
        }
        out
    }

    /// The diagonal of the whole matrix.
    pub fn diagonal(&self) -> DVector<R> {
        let parts = (0..self.sizes.len()).flat_map(|k| self.at(k, k).diagonal().iter().copied().collect::<Vec<_>>());
        DVector::from_iterator(self.len(), parts)
    }

    /// All eigenvalues, the largest first, by the whole matrix; [`crate::operators`] has ways without it.
    ///
    /// Errors: entries that are not finite.
    pub fn eigenvalues(&self) -> Result<DVector<R>, Error> {
        if !self.upper.iter().all(|b| b.iter().all(|x| x.is_finite())) {
            return Err(OperatorError::NotFinite("the Hessian".to_owned()).into());
        }
        if self.is_empty() {
            return Ok(DVector::zeros(0));
        }
        let mut all: Vec<R> = self.dense().symmetric_eigenvalues().iter().copied().collect();
        all.sort_by(|a, b| b.partial_cmp(a).unwrap_or(std::cmp::Ordering::Equal));
        Ok(DVector::from_vec(all))
    }

    /// The largest eigenvalue, by products with vectors ([`top_eigenvalues`]); zero where there are no parameters.
    ///
    /// Errors: entries that are not finite; no convergence.
    pub fn top_eigenvalue(&self) -> Result<R, Error> {
        let top = top_eigenvalues(self, 1, Control::default())?;
        Ok(top.pairs.first().map_or(R::zero(), |p| p.value))
    }

    /// The submatrix of some parameters, in their order.
    ///
    /// Errors: [`Error::NoBlock`].
    pub fn submatrix(&self, names: &[&str]) -> Result<BlockHessian<R>, Error> {
        let mut upper = vec![];
        for (k, row) in names.iter().enumerate() {
            for col in &names[k..] {
                upper.push(self.get(row, col)?.clone());
            }
        }
        let size = |n: &&str| self.names.iter().zip(&self.sizes).find(|(name, _)| name == n).map_or(0, |p| *p.1);
        let parts: Vec<(&str, usize)> = names.iter().map(|n| (*n, size(n))).collect();
        Ok(BlockHessian::new(&parts, upper))
    }
}

/// Blocks are compared by names and entries.
impl<R: Real> PartialEq for BlockHessian<R> {
    fn eq(&self, o: &Self) -> bool {
        self.names == o.names && self.upper == o.upper
    }
}

/// The names with their sizes, then the whole matrix.
impl<R: Real> fmt::Display for BlockHessian<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.names.iter().zip(&self.sizes).map(|(n, s)| format!("{n}: {s}")).collect();
        write!(f, "{}{}", parts.join(", "), self.dense())
    }
}

impl<R: Real> fmt::Debug for BlockHessian<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
