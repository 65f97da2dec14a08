//! Operators made of operators: transposes, multiples, sums, shifts by a multiple of the identity.

use super::{LinearOperator, OperatorError};
use crate::Real;
use nalgebra::DVector;

/// `A'`.
#[derive(Clone, Debug)]
pub struct Transpose<A>(pub(super) A);

impl<R: Real, A: LinearOperator<R>> LinearOperator<R> for Transpose<A> {
    fn nrows(&self) -> usize {
        self.0.ncols()
    }
    fn ncols(&self) -> usize {
        self.0.nrows()
    }
    fn matvec(&self, v: &DVector<R>) -> DVector<R> {
        self.0.matvec_transpose(v)
    }
    fn matvec_transpose(&self, v: &DVector<R>) -> DVector<R> {
        self.0.matvec(v)
    }
    fn is_symmetric(&self) -> bool {
        self.0.is_symmetric()
    }
    fn exact_diagonal(&self) -> Option<DVector<R>> {
        self.0.exact_diagonal()
    }
}

/// `c A`.
#[derive(Clone, Debug)]
pub struct Scaled<R, A> {
    pub(super) factor: R,
    pub(super) operator: A,
}

impl<R: Real, A: LinearOperator<R>> LinearOperator<R> for Scaled<R, A> {
    fn nrows(&self) -> usize {
        self.operator.nrows()
    }
    fn ncols(&self) -> usize {
        self.operator.ncols()
    }
    fn matvec(&self, v: &DVector<R>) -> DVector<R> {
        self.operator.matvec(v) * self.factor
    }
    fn matvec_transpose(&self, v: &DVector<R>) -> DVector<R> {
        self.operator.matvec_transpose(v) * self.factor
    }
    fn is_symmetric(&self) -> bool {
        self.operator.is_symmetric()
    }
    fn exact_diagonal(&self) -> Option<DVector<R>> {
        Some(self.operator.exact_diagonal()? * self.factor)
    }
}

/// `A + B`.
#[derive(Clone, Debug)]
pub struct Sum<A, B>(A, B);

impl<A, B> Sum<A, B> {
    /// Errors: shapes that differ.
    pub(super) fn new<R: Real>(a: A, b: B) -> Result<Self, OperatorError>
    where
        A: LinearOperator<R>,
        B: LinearOperator<R>,
    {
        let (needed, found) = ([a.nrows(), a.ncols()], [b.nrows(), b.ncols()]);
        if needed != found {
            return Err(OperatorError::Shape { what: "the second operator of a sum", found, needed });
        }
        Ok(Sum(a, b))
    }
}

impl<R: Real, A: LinearOperator<R>, B: LinearOperator<R>> LinearOperator<R> for Sum<A, B> {
    fn nrows(&self) -> usize {
        self.0.nrows()
    }
    fn ncols(&self) -> usize {
        self.0.ncols()
    }
    fn matvec(&self, v: &DVector<R>) -> DVector<R> {
        self.0.matvec(v) + self.1.matvec(v)
    }
    fn matvec_transpose(&self, v: &DVector<R>) -> DVector<R> {
        self.0.matvec_transpose(v) + self.1.matvec_transpose(v)
    }
    fn is_symmetric(&self) -> bool {
        self.0.is_symmetric() && self.1.is_symmetric()
    }
    fn exact_diagonal(&self) -> Option<DVector<R>> {
        Some(self.0.exact_diagonal()? + self.1.exact_diagonal()?)
    }
}

/// `A + λ I`.
#[derive(Clone, Debug)]
pub struct Shifted<R, A> {
    shift: R,
    operator: A,
}

impl<R: Real, A> Shifted<R, A> {
    /// Errors: an operator that is not square.
    pub(super) fn new(operator: A, shift: R) -> Result<Self, OperatorError>
    where
        A: LinearOperator<R>,
    {
        let (m, n) = (operator.nrows(), operator.ncols());
        if m != n {
            return Err(OperatorError::Shape { what: "an operator that is shifted", found: [m, n], needed: [m, m] });
        }
        Ok(Shifted { shift, operator })
    }
}

impl<R: Real, A: LinearOperator<R>> LinearOperator<R> for Shifted<R, A> {
    fn nrows(&self) -> usize {
        self.operator.nrows()
    }
    fn ncols(&self) -> usize {
        self.operator.ncols()
    }
    fn matvec(&self, v: &DVector<R>) -> DVector<R> {
        self.operator.matvec(v) + v * self.shift
    }
    fn matvec_transpose(&self, v: &DVector<R>) -> DVector<R> {
        self.operator.matvec_transpose(v) + v * self.shift
    }
    fn is_symmetric(&self) -> bool {
        self.operator.is_symmetric()
    }
    fn exact_diagonal(&self) -> Option<DVector<R>> {
        Some(self.operator.exact_diagonal()?.add_scalar(self.shift))
    }
}
