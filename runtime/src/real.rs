//! `Real`: what the derived functions compute with, `f32` or `f64`.

use nalgebra::RealField;

/// A floating-point number.
pub trait Real: RealField + Copy {
    /// The nearest number to `x`.
    fn of(x: f64) -> Self;
    /// The number in double precision.
    fn f64(self) -> f64;
    /// The error function.
    fn erf(self) -> Self;
    /// Numbers in double precision.
    #[doc(hidden)]
    fn into_f64(numbers: Vec<Self>) -> Vec<f64> {
        numbers.into_iter().map(Self::f64).collect()
    }
    /// `c = alpha a b + beta c`; entries come with their strides by row and by column. Shapes: a: m×k, b: k×n, c: m×n.
    #[doc(hidden)]
    fn gemm(shape: [usize; 3], alpha: Self, beta: Self, a: View<Self>, b: View<Self>, c: (&mut [Self], [usize; 2]));
}

/// Entries with their strides by row and by column.
pub(crate) type View<'a, R> = (&'a [R], [usize; 2]);

/// Where the last entry of a matrix is.
fn last([rows, cols]: [usize; 2], strides: [usize; 2]) -> usize {
    (rows - 1) * strides[0] + (cols - 1) * strides[1]
}

macro_rules! gemm {
    ($gemm:path) => {
        fn gemm(
            [m, k, n]: [usize; 3],
            alpha: Self,
            beta: Self,
            (a, ra): View<Self>,
            (b, rb): View<Self>,
            (c, rc): (&mut [Self], [usize; 2]),
        ) {
            if m == 0 || k == 0 || n == 0 {
                return;
            }
            let inside = last([m, k], ra) < a.len() && last([k, n], rb) < b.len() && last([m, n], rc) < c.len();
            assert!(inside, "the matrices of a product lie inside of their arrays");
            let [ra, rb, rc] = [ra, rb, rc].map(|s| s.map(|x| x as isize));
            // SAFETY: the last entry of each matrix, hence every entry, is inside of its slice, as has just been checked; c is
            // borrowed alone.
            unsafe {
                $gemm(m, k, n, alpha, a.as_ptr(), ra[0], ra[1], b.as_ptr(), rb[0], rb[1], beta, c.as_mut_ptr(), rc[0], rc[1]);
            }
        }
    };
}

impl Real for f64 {
    fn of(x: f64) -> f64 {
        x
    }
    fn f64(self) -> f64 {
        self
    }
    fn into_f64(numbers: Vec<f64>) -> Vec<f64> {
        numbers
    }
    fn erf(self) -> f64 {
        libm::erf(self)
    }
    gemm!(matrixmultiply::dgemm);
}

impl Real for f32 {
    fn of(x: f64) -> f32 {
        x as f32
    }
    fn f64(self) -> f64 {
        f64::from(self)
    }
    fn erf(self) -> f32 {
        libm::erff(self)
    }
    gemm!(matrixmultiply::sgemm);
}
