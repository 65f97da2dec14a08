//! `Real`: what the derived functions compute with, `f32` or `f64`.

use crate::private::{
    gemm::gemm,
    wide::{exp, soon},
};
use nalgebra::RealField;
use pulp::Simd;

/// A floating-point number.
pub trait Real: RealField + Copy {
    /// The nearest number to `x`.
    fn of(x: f64) -> Self;
    /// The number in double precision.
    fn f64(self) -> f64;
    /// The error function.
    fn erf(self) -> Self;
    /// `e^x`, without a branch.
    #[doc(hidden)]
    fn exponential(self) -> Self;
    /// The sum of all entries.
    #[doc(hidden)]
    fn sum<S: Simd>(simd: S, a: &[Self]) -> Self;
    /// The sum of the products of as many entries.
    #[doc(hidden)]
    fn dot<S: Simd>(simd: S, a: &[Self], b: &[Self]) -> Self;
    /// The sums of the products of each row with as many entries.
    #[doc(hidden)]
    fn dots<S: Simd, const N: usize>(simd: S, rows: [&[Self]; N], b: &[Self]) -> [Self; N];
    /// Numbers in a vector.
    #[doc(hidden)]
    fn lanes<S: Simd>() -> usize;
    /// Writes the sum of the products of as many rows of a and b to a tile, or with `add` adds it; of each row of b and of the tile, which
    /// is three vectors long, V are used, from the F-th on. Meanwhile entries so far behind a place are
    /// asked for, one with each row. Shapes: a: K×H, b: K×W, c: H×W.
    #[doc(hidden)]
    fn tile<S: Simd, const H: usize, const F: usize, const V: usize>(
        simd: S,
        add: bool,
        a: &[Self],
        b: &[Self],
        c: &mut [Self],
        ahead: (*const Self, &[usize]),
    );
    /// As `tile`, of rows of b that lie so far apart, and which are copied to be the rows of a tile's b. Shapes: a: K×H,
    /// copy: K×W, c: H×W.
    #[doc(hidden)]
    fn tile_of<S: Simd, const H: usize, const V: usize>(
        simd: S,
        add: bool,
        a: &[Self],
        b: (&[Self], usize),
        copy: &mut [Self],
        c: &mut [Self],
        ahead: (*const Self, &[usize]),
    );
    /// Numbers in double precision.
    #[doc(hidden)]
    fn into_f64(numbers: Vec<Self>) -> Vec<f64> {
        numbers.into_iter().map(Self::f64).collect()
    }
    /// What `into_f64` gave, where it is of this precision.
    #[doc(hidden)]
    fn out_of_f64(_: Vec<f64>) -> Option<Vec<Self>> {
        None
    }
    /// Numbers of this precision as what they are in double precision, where they are of it.
    #[doc(hidden)]
    fn as_f64(_: &[Self]) -> Option<&[f64]> {
        None
    }
    /// Numbers in double precision as what they are in this precision, where they are of it.
    #[doc(hidden)]
    fn lent(_: &[f64]) -> Option<&[Self]> {
        None
    }
    /// As `as_f64`, to be written.
    #[doc(hidden)]
    fn as_f64_mut(_: &mut [Self]) -> Option<&mut [f64]> {
        None
    }
    /// `c = alpha a b`, or with `add` `c += alpha a b`; entries come with their strides by row and by column. Shapes: a: m×k, b: k×n,
    /// c: m×n.
    #[doc(hidden)]
    fn gemm(shape: [usize; 3], alpha: Self, add: bool, a: View<Self>, b: View<Self>, c: (&mut [Self], [usize; 2]));
}

/// Entries with their strides by row and by column.
pub(crate) type View<'a, R> = (&'a [R], [usize; 2]);

/// Bytes that memory gives at once.
pub(crate) const LINE: usize = 64;
/// Vectors in a row of a tile of a matrix product.
pub(crate) const VECTORS: usize = 3;

/// Registers in which a sum is added up side by side.
const CHAINS: usize = 4;
/// And each sum of products: several of them are added up at once.
const PAIR: usize = 2;

/// Adds the products of some numbers and vectors to their sums.
macro_rules! step {
    ($splat:ident, $mul_add:ident, $simd:ident, $sums:ident, $x:expr, $y:expr) => {
        for (sums, &x) in $sums.iter_mut().zip($x) {
            let x = $simd.$splat(x);
            for (sum, &y) in sums.iter_mut().zip(&$y) {
                *sum = $simd.$mul_add(x, y, *sum);
            }
        }
    };
}

/// Writes the sums of a tile to its rows, or adds them, from a vector on.
macro_rules! written {
    ($vectors_mut:ident, $add:ident, $S:ident, $simd:ident, $adds:ident, $sums:ident, $c:ident, $from:expr) => {
        for (c, sums) in $S::$vectors_mut($c).0.as_chunks_mut::<VECTORS>().0.iter_mut().zip($sums) {
            for (c, sum) in c[$from..].iter_mut().zip(sums) {
                *c = if $adds { $simd.$add(*c, sum) } else { sum };
            }
        }
    };
}

/// Sums by vectors: the functions of the instructions for entries of this type.
macro_rules! sums {
    ($lanes:ident, $vectors:ident, $vectors_mut:ident, $splat:ident, $add:ident, $mul_add:ident, $reduce:ident) => {
        #[inline(always)]
        fn sum<S: Simd>(simd: S, a: &[Self]) -> Self {
            let (vectors, rest) = S::$vectors(a);
            let mut chains = [simd.$splat(0.0); CHAINS];
            let (many, few) = vectors.as_chunks::<CHAINS>();
            for part in many {
                chains.iter_mut().zip(part).for_each(|(s, &x)| *s = simd.$add(*s, x));
            }
            chains.iter_mut().zip(few).for_each(|(s, &x)| *s = simd.$add(*s, x));
            let [x, y, z, w] = chains;
            rest.iter().fold(simd.$reduce(simd.$add(simd.$add(x, y), simd.$add(z, w))), |s, &x| s + x)
        }
        #[inline(always)]
        fn dot<S: Simd>(simd: S, a: &[Self], b: &[Self]) -> Self {
            let [sum] = Self::dots(simd, [a], b);
            sum
        }
        #[inline(always)]
        fn dots<S: Simd, const N: usize>(simd: S, rows: [&[Self]; N], b: &[Self]) -> [Self; N] {
            let (b, other) = S::$vectors(b);
            let mut chains = [[simd.$splat(0.0); PAIR]; N];
            let (many, left) = b.as_chunks::<PAIR>();
            // slices of equal lengths, so that no entry is looked at twice
            let mut parts = [(b, other); N];
            for (part, row) in parts.iter_mut().zip(rows) {
                let (vectors, rest) = S::$vectors(row);
                *part = (&vectors[..b.len()], &rest[..other.len()]);
            }
            for (k, y) in many.iter().enumerate() {
                for (chain, part) in chains.iter_mut().zip(&parts) {
                    for (c, s) in chain.iter_mut().enumerate() {
                        *s = simd.$mul_add(part.0[k * PAIR + c], y[c], *s);
                    }
                }
            }
            let mut sums = [0.0; N];
            for (n, [x, y]) in chains.into_iter().enumerate() {
                let mut x = x;
                for (c, &z) in left.iter().enumerate() {
                    x = simd.$mul_add(parts[n].0[many.len() * PAIR + c], z, x);
                }
                let sum = simd.$reduce(simd.$add(x, y));
                sums[n] = parts[n].1.iter().zip(other).fold(sum, |s, (&x, &y)| s + x * y);
            }
            sums
        }
        #[inline(always)]
        fn lanes<S: Simd>() -> usize {
            S::$lanes
        }
        #[inline(always)]
        fn tile<S: Simd, const H: usize, const F: usize, const V: usize>(
            simd: S,
            add: bool,
            a: &[Self],
            b: &[Self],
            c: &mut [Self],
            (place, ahead): (*const Self, &[usize]),
        ) {
            const { assert!(F + V <= VECTORS) };
            let mut sums = [[simd.$splat(0.0); V]; H];
            let (x, y) = (a.as_chunks::<H>().0, S::$vectors(b).0.as_chunks::<VECTORS>().0);
            let asked = ahead.len().min(x.len()).min(y.len());
            for ((x, y), &at) in x[..asked].iter().zip(&y[..asked]).zip(&ahead[..asked]) {
                soon(place, at);
                step!($splat, $mul_add, simd, sums, x, y[F..F + V]);
            }
            for (x, y) in x[asked..].iter().zip(&y[asked..]) {
                step!($splat, $mul_add, simd, sums, x, y[F..F + V]);
            }
            written!($vectors_mut, $add, S, simd, add, sums, c, F);
        }
        #[inline(always)]
        fn tile_of<S: Simd, const H: usize, const V: usize>(
            simd: S,
            add: bool,
            a: &[Self],
            (b, apart): (&[Self], usize),
            copy: &mut [Self],
            c: &mut [Self],
            (place, ahead): (*const Self, &[usize]),
        ) {
            const { assert!(V <= VECTORS) };
            let mut sums = [[simd.$splat(0.0); V]; H];
            let copies = S::$vectors_mut(copy).0.as_chunks_mut::<VECTORS>().0;
            for (k, (x, copy)) in a.as_chunks::<H>().0.iter().zip(copies).enumerate() {
                if let Some(&at) = ahead.get(k) {
                    soon(place, at);
                }
                let y = S::$vectors(&b[k * apart..][..V * S::$lanes]).0;
                copy[..V].copy_from_slice(y);
                step!($splat, $mul_add, simd, sums, x, y[..V]);
            }
            written!($vectors_mut, $add, S, simd, add, sums, c, 0);
        }
    };
}

impl Real for f64 {
    #[inline(always)]
    fn of(x: f64) -> f64 {
        x
    }
    fn f64(self) -> f64 {
        self
    }
    fn into_f64(numbers: Vec<f64>) -> Vec<f64> {
        numbers
    }
    fn out_of_f64(numbers: Vec<f64>) -> Option<Vec<f64>> {
        Some(numbers)
    }
    fn as_f64(numbers: &[f64]) -> Option<&[f64]> {
        Some(numbers)
    }
    fn lent(numbers: &[f64]) -> Option<&[f64]> {
        Some(numbers)
    }
    fn as_f64_mut(numbers: &mut [f64]) -> Option<&mut [f64]> {
        Some(numbers)
    }
    fn erf(self) -> f64 {
        libm::erf(self)
    }
    #[inline(always)]
    fn exponential(self) -> f64 {
        exp(self)
    }
    sums!(F64_LANES, as_simd_f64s, as_mut_simd_f64s, splat_f64s, add_f64s, mul_add_e_f64s, reduce_sum_f64s);
    gemm!(F64, dgemm);
}

impl Real for f32 {
    #[inline(always)]
    fn of(x: f64) -> f32 {
        x as f32
    }
    fn f64(self) -> f64 {
        f64::from(self)
    }
    fn erf(self) -> f32 {
        libm::erff(self)
    }
    #[inline(always)]
    fn exponential(self) -> f32 {
        exp(f64::from(self)) as f32
    }
    sums!(F32_LANES, as_simd_f32s, as_mut_simd_f32s, splat_f32s, add_f32s, mul_add_e_f32s, reduce_sum_f32s);
    gemm!(F32, sgemm);
}
