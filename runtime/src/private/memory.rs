//! `Memory`: the arrays of one evaluation, and what is done to them.
//!
//! Generated functions hold hundreds of arrays. They name them by plain numbers, because rustc takes minutes to see of so many
//! references or owners in one function that they are used well.

use super::{
    blocks, maps, matrix,
    product::{Scratch, Workers, product},
    rows,
};
use crate::{Error, Real};
use nalgebra::DMatrix;

/// An array of a [`Memory`], from one of its entries on.
#[derive(Clone, Copy, Debug)]
pub struct Array {
    id: usize,
    offset: usize,
}

impl Array {
    /// The same array from a later entry on.
    pub fn at(self, offset: usize) -> Array {
        Array { id: self.id, offset: self.offset + offset }
    }
}

/// All arrays of one evaluation; they are given back together.
pub struct Memory<R> {
    arrays: Vec<Vec<R>>,
    /// What products copy their factors to.
    scratch: Scratch<R>,
}

impl<R> Default for Memory<R> {
    fn default() -> Self {
        Memory { arrays: vec![], scratch: Scratch::default() }
    }
}

impl<R: Real> Memory<R> {
    /// Keeps entries, row by row.
    pub fn keep(&mut self, entries: Vec<R>) -> Array {
        self.arrays.push(entries);
        Array { id: self.arrays.len() - 1, offset: 0 }
    }

    /// So many zeros.
    pub fn zeros(&mut self, n: usize) -> Array {
        self.keep(vec![R::of(0.0); n])
    }

    /// The entries of a matrix, row by row.
    pub fn read(&mut self, m: &DMatrix<R>) -> Array {
        self.keep(rows(m))
    }

    fn entries(&self, a: Array) -> &[R] {
        &self.arrays[a.id][a.offset..]
    }

    /// An array as a matrix.
    pub fn matrix(&self, a: Array, rows: usize, cols: usize) -> DMatrix<R> {
        matrix(self.entries(a), rows, cols)
    }

    /// The first entry.
    pub fn number(&self, a: Array) -> R {
        self.entries(a)[0]
    }

    /// Takes an array out, from its first entry on.
    #[cfg(any(feature = "opencl", feature = "cuda"))]
    pub(crate) fn take(&mut self, a: Array) -> Vec<R> {
        std::mem::take(&mut self.arrays[a.id])
    }

    /// A function of every entry.
    ///
    /// Errors: an entry at which it has no value.
    pub fn map(&mut self, operation: &'static str, a: Array, f: impl Fn(R) -> R) -> Result<Array, Error> {
        let values = maps::map(operation, self.entries(a), f)?;
        Ok(self.keep(values))
    }

    /// A function of a matrix of that shape.
    ///
    /// Errors: the matrix is outside the domain of the function.
    pub fn call(
        &mut self,
        f: impl Fn(&[R], [usize; 2]) -> Result<Vec<R>, Error>,
        a: Array,
        shape: [usize; 2],
    ) -> Result<Array, Error> {
        let value = f(self.entries(a), shape)?;
        Ok(self.keep(value))
    }

    /// Adds `alpha a b` to c; arrays come with their strides by row and by column. Shapes: a: m×k, b: k×n, c: m×n.
    pub fn gemm(
        &mut self,
        alpha: R,
        (a, ra): (Array, [usize; 2]),
        (b, rb): (Array, [usize; 2]),
        (c, rc): (Array, [usize; 2]),
        shape: [usize; 3],
    ) {
        let mut target = std::mem::take(&mut self.arrays[c.id]);
        let mut scratch = std::mem::take(&mut self.scratch);
        let (a, b) = ((self.entries(a), ra), (self.entries(b), rb));
        blocks::multiply_whole(shape, alpha, true, a, b, (&mut target[c.offset..], rc), &mut scratch.part);
        self.scratch = scratch;
        self.arrays[c.id] = target;
    }

    /// Adds `alpha · Σ Π factors`, of at most two factors, to the target; a letter that moves nothing in the target is summed.
    /// Arrays come with the stride of every letter; the letter that moves least stands last.
    pub fn contract<const N: usize, const K: usize>(
        &mut self,
        alpha: R,
        extents: [usize; N],
        (c, rc): (Array, [usize; N]),
        factors: [(Array, [usize; N]); K],
    ) {
        let mut target = std::mem::take(&mut self.arrays[c.id]);
        let mut scratch = std::mem::take(&mut self.scratch);
        let (one, still) = ([R::of(1.0)], [0; N]);
        let factor = |k: usize| factors.get(k).map_or((&one[..], &still[..]), |(a, r)| (self.entries(*a), &r[..]));
        product(
            alpha,
            &extents,
            false,
            (&mut target[c.offset..], &rc),
            factor(0),
            factor(1),
            &mut Workers { threads: 1, scratch: &mut scratch },
        );
        self.scratch = scratch;
        self.arrays[c.id] = target;
    }
}
