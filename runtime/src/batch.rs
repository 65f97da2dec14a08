//! Means over samples: sums by halves, whose order depends on nothing but the number of samples, on one thread or on many.

use crate::{BlockHessian, Error, Real};
use nalgebra::DMatrix;

/// What a derived function gives back, as a vector space over `R`.
pub trait Additive<R: Real>: Sized + Send {
    /// Adds another one of the same shape.
    fn add(&mut self, other: &Self);
    /// Multiplies by a number.
    fn scale(&mut self, by: R);
}

macro_rules! number {
    ($number:ty) => {
        impl Additive<$number> for $number {
            fn add(&mut self, other: &Self) {
                *self += other;
            }
            fn scale(&mut self, by: $number) {
                *self *= by;
            }
        }
    };
}
number!(f64);
number!(f32);

impl<R: Real, const N: usize> Additive<R> for [DMatrix<R>; N] {
    fn add(&mut self, other: &Self) {
        self.iter_mut().zip(other).for_each(|(a, b)| *a += b);
    }
    fn scale(&mut self, by: R) {
        self.iter_mut().for_each(|a| *a *= by);
    }
}

impl<R: Real> Additive<R> for BlockHessian<R> {
    fn add(&mut self, other: &Self) {
        self.add(other);
    }
    fn scale(&mut self, by: R) {
        self.scale(by);
    }
}

/// The mean of a function over samples. About `log2(samples)` results are held at a time, by each thread.
///
/// Errors: no samples; the error of the first sample that has one.
pub fn mean<R: Real, S: Sync, T: Additive<R>>(samples: &[S], f: impl Fn(&S) -> Result<T, Error> + Sync) -> Result<T, Error> {
    let mut out = sum(samples, &f)?;
    out.scale(R::of(1.0 / samples.len() as f64));
    Ok(out)
}

fn sum<R: Real, S: Sync, T: Additive<R>>(samples: &[S], f: &(impl Fn(&S) -> Result<T, Error> + Sync)) -> Result<T, Error> {
    match samples {
        [] => Err(Error::NoSamples),
        [one] => f(one),
        _ => {
            let (front, back) = samples.split_at(samples.len() / 2);
            let (mut out, rest) = both(|| sum(front, f), || sum(back, f))?;
            out.add(&rest);
            Ok(out)
        }
    }
}

/// Two results at once, the error of the first before that of the second.
#[cfg(feature = "parallel")]
fn both<T: Send>(
    first: impl FnOnce() -> Result<T, Error> + Send,
    second: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<(T, T), Error> {
    let (a, b) = rayon::join(first, second);
    Ok((a?, b?))
}

/// Two results one after the other.
#[cfg(not(feature = "parallel"))]
fn both<T>(first: impl FnOnce() -> Result<T, Error>, second: impl FnOnce() -> Result<T, Error>) -> Result<(T, T), Error> {
    Ok((first()?, second()?))
}
