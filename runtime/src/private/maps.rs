//! Entrywise functions, by the names of their rows.

use super::wide::{Work, finite, wide};
use crate::{Error, Real};
use pulp::Simd;

/// A function of every entry.
///
/// Errors: an entry at which it has no value: the logarithm of a negative number, a pole at zero. An overflow is none.
pub(super) fn map<R: Real>(operation: &'static str, a: &[R], f: impl Fn(R) -> R) -> Result<Vec<R>, Error> {
    let mut out = vec![R::of(0.0); a.len()];
    if each(a, &mut out, f) {
        return Ok(out);
    }
    let undefined = |x: f64, y: f64| y.is_nan() && !x.is_nan() || y.is_infinite() && x == 0.0;
    match a.iter().zip(&out).position(|(x, y)| undefined(x.f64(), y.f64())) {
        Some(k) => {
            // quotients and roots are powers inside
            let operation = if operation == "power" { "a quotient, root or power" } else { operation };
            Err(Error::Domain { operation, reason: format!("it has no value at {}, entry {} in row order", a[k], k + 1) })
        }
        None => Ok(out),
    }
}

/// A function of every entry, into memory that is there; says whether all values are finite.
pub(super) fn each<R: Real>(a: &[R], out: &mut [R], f: impl Fn(R) -> R) -> bool {
    wide(Every { a, out, f })
}

struct Every<'a, R, F> {
    a: &'a [R],
    out: &'a mut [R],
    f: F,
}

impl<R: Real, F: Fn(R) -> R> Work for Every<'_, R, F> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> bool {
        self.out.iter_mut().zip(self.a).for_each(|(y, &x)| *y = (self.f)(x));
        finite(self.out)
    }
}

/// `|x|`; a NaN stays one.
#[inline(always)]
pub fn abs<R: Real>(x: R) -> R {
    x.abs()
}
/// Cosine.
pub fn cos<R: Real>(x: R) -> R {
    x.cos()
}
/// The error function.
pub fn erf<R: Real>(x: R) -> R {
    x.erf()
}
/// Exponential.
#[inline(always)]
pub fn exp<R: Real>(x: R) -> R {
    x.exponential()
}
/// `x Φ(x)`.
pub fn gelu<R: Real>(x: R) -> R {
    x * (R::of(1.0) + (x * R::of(std::f64::consts::FRAC_1_SQRT_2)).erf()) * R::of(0.5)
}
/// `x` above zero, a multiple of it below.
pub fn leaky_relu<R: Real>(x: R, slope: f64) -> R {
    if x > R::of(0.0) { x } else { R::of(slope) * x }
}
/// Natural logarithm.
pub fn log<R: Real>(x: R) -> R {
    x.ln()
}
/// `x^p`.
#[inline(always)]
pub fn power<R: Real>(x: R, p: f64) -> R {
    if p == p.trunc() && p.abs() < 1e9 {
        x.powi(p as i32)
    } else if p == 0.5 {
        if x < R::of(0.0) { R::of(f64::NAN) } else { x.sqrt() }
    } else if p == -0.5 {
        if x < R::of(0.0) { R::of(f64::NAN) } else { R::of(1.0) / x.sqrt() }
    } else {
        x.powf(R::of(p))
    }
}
/// `max(x, 0)`.
#[inline(always)]
pub fn relu<R: Real>(x: R) -> R {
    if x > R::of(0.0) { x } else { R::of(0.0) }
}
/// `1 / (1 + e^-x)`, without overflow on either side.
#[inline(always)]
pub fn sigmoid<R: Real>(x: R) -> R {
    let e = (-x.abs()).exponential();
    let small = e / (R::of(1.0) + e);
    if x > R::of(0.0) { R::of(1.0) / (R::of(1.0) + e) } else { small }
}
/// -1, 0 or 1.
pub fn sign<R: Real>(x: R) -> R {
    step(x) - step(-x)
}
/// `x sigmoid(x)`.
#[inline(always)]
pub fn silu<R: Real>(x: R) -> R {
    x * sigmoid(x)
}
/// Sine.
pub fn sin<R: Real>(x: R) -> R {
    x.sin()
}
/// `log(1 + e^x)`, without overflow on either side.
pub fn softplus<R: Real>(x: R) -> R {
    let small = (-x.abs()).exponential().ln_1p();
    if x > R::of(0.0) { x + small } else { small }
}
/// 1 above zero, else 0.
#[inline(always)]
pub fn step<R: Real>(x: R) -> R {
    if x > R::of(0.0) { R::of(1.0) } else { R::of(0.0) }
}
/// Hyperbolic tangent.
pub fn tanh<R: Real>(x: R) -> R {
    x.tanh()
}
