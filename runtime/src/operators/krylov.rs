//! `Krylov`: an orthonormal basis that grows by products with a symmetric operator, and what the operator is in it.
//!
//! Lanczos with full reorthogonalisation, begun with as many random vectors as eigenvectors are wanted, so that multiple
//! eigenvalues are found as often as they are there (Ruhe 1979), and restarted with the best approximations (Wu & Simon 2000).

use super::{LinearOperator, OperatorError, control::Run};
use crate::Real;
use nalgebra::{DMatrix, DVector};
use std::cmp::Ordering;

pub(super) struct Krylov<R: Real> {
    /// Orthonormal vectors.
    basis: Vec<DVector<R>>,
    /// Products of the first of them with the operator A.
    images: Vec<DVector<R>>,
    /// `V' A V` of the vectors V that have images: column by column, down to the diagonal.
    projected: Vec<Vec<R>>,
}

/// Eigenvalues of A on the basis, the largest first, with their vectors in the basis.
pub(super) struct Ritz<R: Real> {
    pub(super) values: Vec<R>,
    /// A column for each.
    pub(super) vectors: DMatrix<R>,
}

/// The length of a vector, of which no square is formed that could be too large or too small.
pub(super) fn length<R: Real>(v: &DVector<R>) -> R {
    let largest = v.amax();
    if largest > R::zero() { v.map(|x| x / largest).norm() * largest } else { largest }
}

/// Larger numbers first.
pub(super) fn descending<R: Real>(a: &R, b: &R) -> Ordering {
    b.partial_cmp(a).unwrap_or(Ordering::Equal)
}

impl<R: Real> Krylov<R> {
    /// A basis of one vector.
    pub(super) fn new(start: DVector<R>) -> Self {
        let mut k = Krylov { basis: vec![], images: vec![], projected: vec![] };
        k.adjoin(start);
        k
    }

    /// Number of vectors that have images.
    pub(super) fn len(&self) -> usize {
        self.images.len()
    }

    /// Adds what is new of a vector; whether there was anything.
    pub(super) fn adjoin(&mut self, mut v: DVector<R>) -> bool {
        let before = length(&v);
        // twice is enough (Kahan and Parlett)
        self.remove(&mut v);
        self.remove(&mut v);
        let new = length(&v);
        if self.basis.len() == v.len() || new <= before * R::default_epsilon() * R::of(8.0) {
            return false;
        }
        // of a small rest, once more at its own scale: noise of the rest is orthogonal then, too
        v /= new;
        self.remove(&mut v);
        let rest = v.norm();
        let is_new = rest > R::of(0.5);
        if is_new {
            self.basis.push(v / rest);
        }
        is_new
    }

    /// Takes away what lies along the basis.
    fn remove(&self, v: &mut DVector<R>) {
        for b in &self.basis {
            let along = b.dot(v);
            v.axpy(-along, b, R::one());
        }
    }

    /// Whether all images lie in the span of the basis.
    pub(super) fn is_invariant(&self) -> bool {
        self.basis.len() == self.images.len()
    }

    /// Makes the image of the next vector, and a new vector of it, unless the basis is invariant.
    ///
    /// Errors: those of a product.
    pub(super) fn grow<A: LinearOperator<R> + ?Sized>(&mut self, run: &mut Run<'_, '_, R, A>) -> Result<(), OperatorError> {
        let Some(v) = self.basis.get(self.images.len()) else { return Ok(()) };
        let image = run.product(v)?;
        let column: Vec<R> = self.basis[..=self.images.len()].iter().map(|b| b.dot(&image)).collect();
        if !column.iter().all(|x| x.is_finite()) {
            return Err(OperatorError::NotFinite(format!("the length of product {} of the operator", run.products)));
        }
        self.projected.push(column);
        self.adjoin(image.clone());
        self.images.push(image);
        Ok(())
    }

    /// Eigenvalues and vectors of `V' A V`.
    pub(super) fn ritz(&self) -> Ritz<R> {
        let m = self.len();
        let eigen = DMatrix::from_fn(m, m, |i, j| self.projected[i.max(j)][i.min(j)]).symmetric_eigen();
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|a, b| descending(&eigen.eigenvalues[*a], &eigen.eigenvalues[*b]));
        Ritz {
            values: order.iter().map(|k| eigen.eigenvalues[*k]).collect(),
            vectors: DMatrix::from_fn(m, m, |i, j| eigen.eigenvectors[(i, order[j])]),
        }
    }

    /// A vector of the whole space.
    pub(super) fn vector(&self, ritz: &Ritz<R>, k: usize) -> DVector<R> {
        combination(&self.basis, ritz, k)
    }

    /// `‖A y - θ y‖`, from the images.
    pub(super) fn residual(&self, ritz: &Ritz<R>, k: usize) -> R {
        length(&(combination(&self.images, ritz, k) - self.vector(ritz, k) * ritz.values[k]))
    }

    /// The basis shrinks to some eigenvectors, and the vectors that have no images yet: their span holds all residuals.
    pub(super) fn restart(&mut self, ritz: &Ritz<R>, kept: &[usize]) {
        let rest = self.basis.split_off(self.images.len());
        let images = kept.iter().map(|k| combination(&self.images, ritz, *k)).collect();
        self.basis = kept.iter().map(|k| self.vector(ritz, *k)).chain(rest).collect();
        self.images = images;
        let diagonal = |(j, k): (usize, &usize)| (0..=j).map(|i| if i == j { ritz.values[*k] } else { R::zero() }).collect();
        self.projected = kept.iter().enumerate().map(diagonal).collect();
    }
}

fn combination<R: Real>(vectors: &[DVector<R>], ritz: &Ritz<R>, k: usize) -> DVector<R> {
    let mut out = DVector::zeros(vectors.first().map_or(0, DVector::len));
    for (v, c) in vectors.iter().zip(ritz.vectors.column(k).iter()) {
        out.axpy(*c, v, R::one());
    }
    out
}
