//! Entrywise functions, by the names of their rows.

use crate::{Error, Real};

/// A function of every entry.
///
/// Errors: an entry at which it has no value: the logarithm of a negative number, a pole at zero. An overflow is none.
pub(super) fn map<R: Real>(operation: &'static str, a: &[R], f: impl Fn(R) -> R) -> Result<Vec<R>, Error> {
    let mut out = Vec::with_capacity(a.len());
    for (k, &x) in a.iter().enumerate() {
        let (y, zero) = (f(x), x == R::of(0.0));
        if !y.is_finite() && (y.f64().is_nan() && !x.f64().is_nan() || !y.f64().is_nan() && zero) {
            // quotients and roots are powers inside
            let operation = if operation == "power" { "a quotient, root or power" } else { operation };
            return Err(Error::Domain { operation, reason: format!("it has no value at {x}, entry {} in row order", k + 1) });
        }
        out.push(y);
    }
    Ok(out)
}

/// `|x|`; a NaN stays one.
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
pub fn exp<R: Real>(x: R) -> R {
    x.exp()
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
pub fn relu<R: Real>(x: R) -> R {
    if x > R::of(0.0) { x } else { R::of(0.0) }
}
/// `1 / (1 + e^-x)`, without overflow on either side.
pub fn sigmoid<R: Real>(x: R) -> R {
    let e = (-x.abs()).exp();
    let small = e / (R::of(1.0) + e);
    if x > R::of(0.0) { R::of(1.0) / (R::of(1.0) + e) } else { small }
}
/// -1, 0 or 1.
pub fn sign<R: Real>(x: R) -> R {
    step(x) - step(-x)
}
/// `x sigmoid(x)`.
pub fn silu<R: Real>(x: R) -> R {
    x * sigmoid(x)
}
/// Sine.
pub fn sin<R: Real>(x: R) -> R {
    x.sin()
}
/// `log(1 + e^x)`, without overflow on either side.
pub fn softplus<R: Real>(x: R) -> R {
    let small = (-x.abs()).exp().ln_1p();
    if x > R::of(0.0) { x + small } else { small }
}
/// 1 above zero, else 0.
pub fn step<R: Real>(x: R) -> R {
    if x > R::of(0.0) { R::of(1.0) } else { R::of(0.0) }
}
/// Hyperbolic tangent.
pub fn tanh<R: Real>(x: R) -> R {
    x.tanh()
}
