//! Dense reference matrices over any scalar: generic, slow, obviously right; `data` is `vec_r`.

use crate::{pages, scalar::Scalar};

/// A dense matrix, row-major, so that `data` is its `vec_r`.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<T> {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Entries, row by row.
    pub data: Vec<T>,
}

impl<T: Scalar> Matrix<T> {
    /// The matrix with entry `f(i, j)`.
    pub fn from_fn(rows: usize, cols: usize, mut f: impl FnMut(usize, usize) -> T) -> Self {
        let mut data = pages::room(rows * cols);
        for i in 0..rows {
            for j in 0..cols {
                data.push(f(i, j));
            }
        }
        Matrix { rows, cols, data }
    }
    /// All zeros.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Matrix { rows, cols, data: pages::filled(T::zero(), rows * cols) }
    }
    /// The identity.
    pub fn identity(n: usize) -> Self {
        Matrix::from_fn(n, n, |i, j| T::int(i64::from(i == j)))
    }
    /// A 1×1 matrix.
    pub fn scalar(x: T) -> Self {
        Matrix { rows: 1, cols: 1, data: vec![x] }
    }
    /// Entry (i, j).
    pub fn at(&self, i: usize, j: usize) -> T {
        self.data[i * self.cols + j]
    }
    /// Row i.
    pub fn row(&self, i: usize) -> &[T] {
        &self.data[i * self.cols..(i + 1) * self.cols]
    }
    /// Entry by entry.
    pub fn map(&self, f: impl Fn(T) -> T) -> Self {
        Matrix { rows: self.rows, cols: self.cols, data: self.data.iter().map(|&x| f(x)).collect() }
    }
    /// Entry by entry, to other numbers.
    pub fn map_to<U>(&self, f: impl Fn(T) -> U) -> Matrix<U> {
        Matrix { rows: self.rows, cols: self.cols, data: self.data.iter().map(|&x| f(x)).collect() }
    }
    /// Two matrices of one shape, entry by entry.
    pub fn zip(&self, o: &Self, f: impl Fn(T, T) -> T) -> Self {
        assert_eq!((self.rows, self.cols), (o.rows, o.cols), "shapes are checked on entry to the graph");
        let data = self.data.iter().zip(&o.data).map(|(&a, &b)| f(a, b)).collect();
        Matrix { rows: self.rows, cols: self.cols, data }
    }
    /// The product.
    pub fn matmul(&self, o: &Self) -> Self {
        assert_eq!(self.cols, o.rows, "shapes are checked on entry to the graph");
        let mut out = Matrix::zeros(self.rows, o.cols);
        for i in 0..self.rows {
            for k in 0..self.cols {
                let a = self.at(i, k);
                for j in 0..o.cols {
                    let at = i * o.cols + j;
                    out.data[at] = out.data[at] + a * o.at(k, j);
                }
            }
        }
        out
    }
    /// The transpose.
    pub fn transpose(&self) -> Self {
        Matrix::from_fn(self.cols, self.rows, |i, j| self.at(j, i))
    }
    /// Without row `i` and column `j`.
    pub fn minor(&self, i: usize, j: usize) -> Self {
        let skip = |k: usize, at: usize| k + usize::from(k >= at);
        Matrix::from_fn(self.rows - 1, self.cols - 1, |r, c| self.at(skip(r, i), skip(c, j)))
    }
    /// The pivots of Gaussian elimination, chosen by size; their product is the determinant. `None` if it is zero.
    pub fn pivots(&self) -> Option<Vec<T>> {
        let n = self.rows;
        let (mut a, mut pivots) = (self.clone(), vec![]);
        for c in 0..n {
            let p = a.pivot(c)?;
            let pivot = a.at(p, c);
            for j in 0..n {
                a.data.swap(p * n + j, c * n + j);
            }
            pivots.push(if p == c { pivot } else { -pivot });
            for i in c + 1..n {
                let factor = a.at(i, c) / pivot;
                for j in c..n {
                    a.data[i * n + j] = a.data[i * n + j] - factor * a.data[c * n + j];
                }
            }
        }
        Some(pivots)
    }
    /// The row, from c on, whose entry in column c is largest, the first of equal ones; `None` if all are zero (or not finite).
    fn pivot(&self, c: usize) -> Option<usize> {
        let size = |i: usize| {
            let x: T = self.at(i, c);
            if T::ORDERED { x.real().abs() } else { f64::from(u8::from(!x.is_zero())) }
        };
        let best = (c..self.rows).fold(c, |best, i| if size(i) > size(best) { i } else { best });
        (size(best) > 0.0 && size(best).is_finite()).then_some(best)
    }
    /// Gauss-Jordan elimination with pivots by size: the inverse (`None` if singular) and the determinant.
    pub fn eliminate(&self) -> (Option<Self>, T) {
        let n = self.rows;
        let (mut a, mut inv, mut det) = (self.clone(), Matrix::identity(n), T::one());
        for c in 0..n {
            let Some(p) = a.pivot(c) else {
                // zero, or not a number where the entries were none
                return (None, det * a.at(c, c) * T::zero());
            };
            let pivot = a.at(p, c);
            if p != c {
                for j in 0..n {
                    a.data.swap(p * n + j, c * n + j);
                    inv.data.swap(p * n + j, c * n + j);
                }
                det = -det;
            }
            det = det * pivot;
            for m in [&mut a, &mut inv] {
                for j in 0..n {
                    m.data[c * n + j] = m.data[c * n + j] / pivot;
                }
            }
            for i in (0..n).filter(|&i| i != c) {
                let factor = a.at(i, c);
                if factor.is_zero() {
                    continue;
                }
                for m in [&mut a, &mut inv] {
                    for j in 0..n {
                        m.data[i * n + j] = m.data[i * n + j] - factor * m.data[c * n + j];
                    }
                }
            }
        }
        (Some(inv), det)
    }
}
