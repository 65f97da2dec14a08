//! `Product`: an operator of known size by functions that compute its products, as a Hessian-vector product.

use super::LinearOperator;
use crate::{Error, Real};
use nalgebra::{DMatrix, DVector};

/// An operator by a function that computes `A v`, and one that computes `A' v` if A is not symmetric.
#[derive(Clone, Copy, Debug)]
pub struct Product<F, G = F> {
    shape: [usize; 2],
    forward: F,
    /// None: symmetric.
    backward: Option<G>,
}

impl<F> Product<F> {
    /// A symmetric operator by a function that computes `A v`. Shape: n×n.
    pub fn symmetric<R: Real>(n: usize, product: F) -> Self
    where
        F: Fn(&DVector<R>) -> DVector<R>,
    {
        Product { shape: [n, n], forward: product, backward: None }
    }
}

impl<F, G> Product<F, G> {
    /// An operator by functions that compute `A v` and `A' v`. Shape: m×n.
    pub fn new<R: Real>(m: usize, n: usize, product: F, transposed: G) -> Self
    where
        F: Fn(&DVector<R>) -> DVector<R>,
        G: Fn(&DVector<R>) -> DVector<R>,
    {
        Product { shape: [m, n], forward: product, backward: Some(transposed) }
    }
}

impl<R: Real, F: Fn(&DVector<R>) -> DVector<R>, G: Fn(&DVector<R>) -> DVector<R>> LinearOperator<R> for Product<F, G> {
    fn nrows(&self) -> usize {
        self.shape[0]
    }
    fn ncols(&self) -> usize {
        self.shape[1]
    }
    fn matvec(&self, v: &DVector<R>) -> DVector<R> {
        (self.forward)(v)
    }
    fn matvec_transpose(&self, v: &DVector<R>) -> DVector<R> {
        match &self.backward {
            Some(transposed) => transposed(v),
            None => (self.forward)(v),
        }
    }
    fn is_symmetric(&self) -> bool {
        self.backward.is_none()
    }
}

/// A Hessian by its products with vectors, as derived structs give it.
pub type HessianProduct<R> = Product<Box<dyn Fn(&DVector<R>) -> DVector<R> + Send + Sync>>;

/// A Hessian in parameters of some shapes by a function of a direction in each of them; vectors are the parameters one after
/// another, each by `vec_r`.
///
/// Errors: those of the function in a direction of zeros. Should it have one in another direction, the product is not a number.
#[doc(hidden)]
pub fn hessian_product<R: Real, const N: usize>(
    shapes: [[usize; 2]; N],
    product: impl Fn([DMatrix<R>; N]) -> Result<[DMatrix<R>; N], Error> + Send + Sync + 'static,
) -> Result<HessianProduct<R>, Error> {
    product(shapes.map(|[m, n]| DMatrix::zeros(m, n)))?;
    let size = shapes.iter().map(|[m, n]| m * n).sum();
    let by_vector = move |v: &DVector<R>| {
        let mut at = 0;
        let direction = shapes.map(|[m, n]| {
            at += m * n;
            DMatrix::from_row_slice(m, n, &v.as_slice()[at - m * n..at])
        });
        match product(direction) {
            Ok(parts) => DVector::from_iterator(size, parts.iter().flat_map(|p| p.transpose().as_slice().to_vec())),
            Err(_) => DVector::repeat(size, R::of(f64::NAN)),
        }
    };
    Ok(Product::symmetric(size, Box::new(by_vector)))
}
