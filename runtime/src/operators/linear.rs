//! `LinearOperator`: a matrix by its products with vectors.

use super::{OperatorError, Scaled, Shifted, Sum, Transpose};
use crate::{BlockHessian, Real};
use nalgebra::{DMatrix, DVector};

/// A matrix of known size by its products with vectors.
///
/// A vector of another length than the operator has columns may panic; the functions of this module never give one.
pub trait LinearOperator<R: Real> {
    /// Number of rows.
    fn nrows(&self) -> usize;

    /// Number of columns.
    fn ncols(&self) -> usize;

    /// `A v`. Shape: nrows.
    fn matvec(&self, v: &DVector<R>) -> DVector<R>;

    /// `A' v`. Shape: ncols.
    fn matvec_transpose(&self, v: &DVector<R>) -> DVector<R>;

    /// Whether it is known that `A' = A`.
    fn is_symmetric(&self) -> bool;

    /// The diagonal, if it is known without products.
    fn exact_diagonal(&self) -> Option<DVector<R>> {
        None
    }

    /// `A'`.
    fn transposed(self) -> Transpose<Self>
    where
        Self: Sized,
    {
        Transpose(self)
    }

    /// `c A`.
    fn scaled(self, c: R) -> Scaled<R, Self>
    where
        Self: Sized,
    {
        Scaled { factor: c, operator: self }
    }

    /// `A + B`.
    ///
    /// Errors: shapes that differ.
    fn plus<B: LinearOperator<R>>(self, other: B) -> Result<Sum<Self, B>, OperatorError>
    where
        Self: Sized,
    {
        Sum::new(self, other)
    }

    /// `A + λ I`.
    ///
    /// Errors: an operator that is not square.
    fn damped(self, lambda: R) -> Result<Shifted<R, Self>, OperatorError>
    where
        Self: Sized,
    {
        Shifted::new(self, lambda)
    }
}

impl<R: Real, A: LinearOperator<R> + ?Sized> LinearOperator<R> for &A {
    fn nrows(&self) -> usize {
        (**self).nrows()
    }
    fn ncols(&self) -> usize {
        (**self).ncols()
    }
    fn matvec(&self, v: &DVector<R>) -> DVector<R> {
        (**self).matvec(v)
    }
    fn matvec_transpose(&self, v: &DVector<R>) -> DVector<R> {
        (**self).matvec_transpose(v)
    }
    fn is_symmetric(&self) -> bool {
        (**self).is_symmetric()
    }
    fn exact_diagonal(&self) -> Option<DVector<R>> {
        (**self).exact_diagonal()
    }
}

/// A dense matrix is symmetric if its entries are.
impl<R: Real> LinearOperator<R> for DMatrix<R> {
    fn nrows(&self) -> usize {
        self.nrows()
    }
    fn ncols(&self) -> usize {
        self.ncols()
    }
    fn matvec(&self, v: &DVector<R>) -> DVector<R> {
        self * v
    }
    fn matvec_transpose(&self, v: &DVector<R>) -> DVector<R> {
        self.tr_mul(v)
    }
    fn is_symmetric(&self) -> bool {
        self.is_square() && (0..self.nrows()).all(|i| (0..i).all(|j| self[(i, j)] == self[(j, i)]))
    }
    fn exact_diagonal(&self) -> Option<DVector<R>> {
        self.is_square().then(|| self.diagonal())
    }
}

/// By its blocks; the whole matrix is never built.
impl<R: Real> LinearOperator<R> for BlockHessian<R> {
    fn nrows(&self) -> usize {
        self.len()
    }
    fn ncols(&self) -> usize {
        self.len()
    }
    fn matvec(&self, v: &DVector<R>) -> DVector<R> {
        self.matvec(v)
    }
    fn matvec_transpose(&self, v: &DVector<R>) -> DVector<R> {
        self.matvec(v)
    }
    fn is_symmetric(&self) -> bool {
        true
    }
    fn exact_diagonal(&self) -> Option<DVector<R>> {
        Some(self.diagonal())
    }
}
