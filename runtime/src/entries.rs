//! `Entries` and `Parameter`: the arrays that derived methods take, and those that they give back in the same form.

use crate::Real;
use nalgebra::{DMatrix, DefaultAllocator, Dim, Matrix, OMatrix, RawStorage, allocator::Allocator};

/// Rows, columns and entries of type `R`: a matrix of any kind, a vector, a number.
pub trait Entries<R: Real> {
    /// The array as a matrix; a vector is a column, a number is 1×1.
    fn to_matrix(&self) -> DMatrix<R>;
}

impl<R: Real, M: Dim, N: Dim, S: RawStorage<R, M, N>> Entries<R> for Matrix<R, M, N, S> {
    fn to_matrix(&self) -> DMatrix<R> {
        DMatrix::from_fn(self.nrows(), self.ncols(), |i, j| self[(i, j)])
    }
}
impl<R: Real, E: Entries<R> + ?Sized> Entries<R> for &E {
    fn to_matrix(&self) -> DMatrix<R> {
        (**self).to_matrix()
    }
}
impl Entries<f64> for f64 {
    fn to_matrix(&self) -> DMatrix<f64> {
        DMatrix::from_element(1, 1, *self)
    }
}
impl Entries<f32> for f32 {
    fn to_matrix(&self) -> DMatrix<f32> {
        DMatrix::from_element(1, 1, *self)
    }
}

/// A struct that derives `Hessian`, for what compiles its model when the program runs: a device.
pub trait Layer<R: Real> {
    /// The text of the model.
    const MODEL: &'static str;
    /// The parameters by their names in the model, in its order.
    fn arrays(&self) -> Vec<(&'static str, DMatrix<R>)>;
}

/// A field of a struct that derives its Hessian.
pub trait Parameter<R: Real>: Entries<R> + Sized {
    /// An array of this form with the entries of a matrix of its own shape.
    fn of_matrix(&self, m: &DMatrix<R>) -> Self;
}

impl<R: Real, M: Dim, N: Dim> Parameter<R> for OMatrix<R, M, N>
where
    DefaultAllocator: Allocator<M, N>,
{
    fn of_matrix(&self, m: &DMatrix<R>) -> Self {
        let (rows, cols) = self.shape_generic();
        OMatrix::from_fn_generic(rows, cols, |i, j| m[(i, j)])
    }
}
impl Parameter<f64> for f64 {
    fn of_matrix(&self, m: &DMatrix<f64>) -> f64 {
        m[(0, 0)]
    }
}
impl Parameter<f32> for f32 {
    fn of_matrix(&self, m: &DMatrix<f32>) -> f32 {
        m[(0, 0)]
    }
}
