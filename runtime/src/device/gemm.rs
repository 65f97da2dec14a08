//! Large matrix products, as libraries take them.

/// `C += alpha A B` (or `=`), `batch` times; strides by row, column and matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gemm {
    /// Left factor, right factor, result.
    pub(super) arrays: [usize; 3],
    /// Rows, inner size, columns.
    pub(super) shape: [usize; 3],
    /// How many.
    pub(super) batch: usize,
    /// Strides of the left factor.
    pub(super) left: [usize; 3],
    /// Of the right factor.
    pub(super) right: [usize; 3],
    /// Of the result.
    pub(super) target: [usize; 3],
    /// Entries at which the three begin.
    pub(super) offsets: [usize; 3],
    /// The coefficient.
    pub(super) alpha: f64,
    /// Whether the result is added.
    pub(super) add: bool,
}

/// Rows, inner size and columns from which a library pays.
const LEAST: [usize; 3] = [32, 16, 32];

/// Matrices one after the other, as libraries take them that store by columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stored {
    /// Which array: 0 the left factor, 1 the right one, 2 the result.
    pub array: usize,
    /// The entry at which the first begins.
    pub offset: usize,
    /// Whether it is stored by rows: what stands in memory is the transpose.
    pub transposed: bool,
    /// Entries from one column in memory to the next: no fewer than a column has.
    pub leading: usize,
    /// Entries from one matrix to the next.
    pub apart: usize,
}

/// `C = alpha A B + beta C`, `batch` times, as BLAS takes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByColumns {
    /// Rows of the results.
    pub rows: usize,
    /// Columns of the results.
    pub cols: usize,
    /// What is summed.
    pub inner: usize,
    /// How many.
    pub batch: usize,
    /// The left factors.
    pub a: Stored,
    /// The right factors.
    pub b: Stored,
    /// The results, never transposed.
    pub c: Stored,
    /// In front of the product.
    pub alpha: f64,
    /// In front of what stood there: 0 or 1.
    pub beta: f64,
}

impl Gemm {
    /// Whether it is large enough for a library to pay.
    pub(super) fn is_large(&self) -> bool {
        self.shape.iter().zip(LEAST).all(|(n, least)| *n >= least)
    }

    /// The same for a library that stores by columns: a result by rows is its own transpose there, with the factors exchanged.
    pub(super) fn by_columns(&self) -> ByColumns {
        let [m, inner, n] = self.shape;
        let stored = |array: usize, strides: [usize; 3]| {
            let (transposed, leading) = if strides[0] == 1 { (false, strides[1]) } else { (true, strides[0]) };
            Stored { array, offset: self.offsets[array], transposed, leading, apart: strides[2] }
        };
        let flip = |[down, across, apart]: [usize; 3]| [across, down, apart];
        let (alpha, beta, batch) = (self.alpha, if self.add { 1.0 } else { 0.0 }, self.batch);
        let (left, right, target) = (self.left, self.right, self.target);
        if target[1] == 1 {
            let (a, b, c) = (stored(1, flip(right)), stored(0, flip(left)), stored(2, flip(target)));
            ByColumns { rows: n, cols: m, inner, batch, a, b, c, alpha, beta }
        } else {
            let (a, b, c) = (stored(0, left), stored(1, right), stored(2, target));
            ByColumns { rows: m, cols: n, inner, batch, a, b, c, alpha, beta }
        }
    }
}
