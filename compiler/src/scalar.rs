//! What formulas are evaluated over: floats, dual numbers (also nested), intervals, and a prime field with atoms for transcendentals.

mod interval;

pub use interval::Interval;

use crate::number::Number;
use nalgebra::{DMatrixView, DMatrixViewMut};
use std::{
    fmt::Debug,
    ops::{Add, Div, Mul, Neg, Sub},
};

/// A commutative field (or near enough) with the elementary functions.
pub trait Scalar:
    Copy
    + Debug
    + PartialEq
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// An exact number.
    fn number(n: Number) -> Self;
    /// The real part, for pivots, branches and maxima; a fixed pseudo-random value in a prime field.
    fn real(self) -> f64;
    /// Whether it is exactly zero (real part and all others).
    fn is_zero(self) -> bool;
    /// Whether order has a meaning here, so that a row may be shifted by its maximum.
    const ORDERED: bool;
    /// e^x.
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// ln(1 + x), accurate near 0.
    fn ln_1p(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Sine.
    fn sin(self) -> Self;
    /// Cosine.
    fn cos(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Error function.
    fn erf(self) -> Self;
    /// x^p for a fixed exponent.
    fn pow(self, p: Number) -> Self;

    /// A small integer.
    fn int(n: i64) -> Self {
        Self::number(Number::int(n))
    }
    /// Zero.
    fn zero() -> Self {
        Self::int(0)
    }
    /// One.
    fn one() -> Self {
        Self::int(1)
    }
    /// `c += a b` for row-major a: m×k, b: k×n, c: m×n.
    fn gemm(m: usize, k: usize, n: usize, a: &[Self], b: &[Self], c: &mut [Self]) {
        gemm_loops(m, k, n, a, b, c);
    }
    /// 1 where x > 0, else 0; its derivative is taken as 0.
    fn step(self) -> Self {
        Self::int(i64::from(self.real() > 0.0))
    }
}

/// The product by three loops: right for every scalar.
fn gemm_loops<T: Scalar>(m: usize, k: usize, n: usize, a: &[T], b: &[T], c: &mut [T]) {
    for i in 0..m {
        let row = &mut c[i * n..(i + 1) * n];
        for p in 0..k {
            let x = a[i * k + p];
            for (y, &z) in row.iter_mut().zip(&b[p * n..(p + 1) * n]) {
                *y = *y + x * z;
            }
        }
    }
}

impl Scalar for f64 {
    const ORDERED: bool = true;
    /// Row-major a, b, c are column-major a', b', c': `c' += b' a'`.
    fn gemm(m: usize, k: usize, n: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
        if m.min(n).min(k) < 4 || m * n * k < 4096 {
            return gemm_loops(m, k, n, a, b, c);
        }
        let (at, bt) = (DMatrixView::from_slice(a, k, m), DMatrixView::from_slice(b, n, k));
        DMatrixViewMut::from_slice(c, n, m).gemm(1.0, &bt, &at, 1.0);
    }
    fn number(n: Number) -> f64 {
        n.to_f64()
    }
    fn int(n: i64) -> f64 {
        n as f64
    }
    fn real(self) -> f64 {
        self
    }
    fn is_zero(self) -> bool {
        self == 0.0
    }
    fn exp(self) -> f64 {
        f64::exp(self)
    }
    fn ln(self) -> f64 {
        f64::ln(self)
    }
    fn ln_1p(self) -> f64 {
        f64::ln_1p(self)
    }
    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }
    fn sin(self) -> f64 {
        f64::sin(self)
    }
    fn cos(self) -> f64 {
        f64::cos(self)
    }
    fn tanh(self) -> f64 {
        f64::tanh(self)
    }
    fn erf(self) -> f64 {
        libm::erf(self)
    }
    fn pow(self, p: Number) -> f64 {
        match (p.as_int().map(i32::try_from), p) {
            (Some(Ok(2)), _) => self * self,
            (Some(Ok(k)), _) => self.powi(k),
            (_, Number::Ratio(1, 2)) => f64::sqrt(self),
            (_, Number::Ratio(-1, 2)) => 1.0 / f64::sqrt(self),
            _ => self.powf(p.to_f64()),
        }
    }
}

/// `re + eps ε` with ε² = 0: the value and one directional derivative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual<T> {
    /// The value.
    pub re: T,
    /// The derivative along the chosen direction.
    pub eps: T,
}

/// Two nested directions: value, two first derivatives, one mixed second derivative.
pub type Dual2 = Dual<Dual<f64>>;

impl<T: Scalar> Dual<T> {
    fn chain(self, value: T, slope: T) -> Self {
        Dual { re: value, eps: self.eps * slope }
    }
}
impl<T: Scalar> Add for Dual<T> {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Dual { re: self.re + o.re, eps: self.eps + o.eps }
    }
}
impl<T: Scalar> Sub for Dual<T> {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Dual { re: self.re - o.re, eps: self.eps - o.eps }
    }
}
impl<T: Scalar> Neg for Dual<T> {
    type Output = Self;
    fn neg(self) -> Self {
        Dual { re: -self.re, eps: -self.eps }
    }
}
impl<T: Scalar> Mul for Dual<T> {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        Dual { re: self.re * o.re, eps: self.re * o.eps + self.eps * o.re }
    }
}
impl<T: Scalar> Div for Dual<T> {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let q = self.re / o.re;
        Dual { re: q, eps: (self.eps - q * o.eps) / o.re }
    }
}
impl<T: Scalar> Scalar for Dual<T> {
    const ORDERED: bool = T::ORDERED;
    fn number(n: Number) -> Self {
        Dual { re: T::number(n), eps: T::zero() }
    }
    fn real(self) -> f64 {
        self.re.real()
    }
    fn is_zero(self) -> bool {
        self.re.is_zero() && self.eps.is_zero()
    }
    fn exp(self) -> Self {
        let e = self.re.exp();
        self.chain(e, e)
    }
    fn ln(self) -> Self {
        self.chain(self.re.ln(), T::one() / self.re)
    }
    fn ln_1p(self) -> Self {
        self.chain(self.re.ln_1p(), T::one() / (T::one() + self.re))
    }
    fn sqrt(self) -> Self {
        let r = self.re.sqrt();
        self.chain(r, T::one() / (r + r))
    }
    fn sin(self) -> Self {
        self.chain(self.re.sin(), self.re.cos())
    }
    fn cos(self) -> Self {
        self.chain(self.re.cos(), -self.re.sin())
    }
    fn tanh(self) -> Self {
        let t = self.re.tanh();
        self.chain(t, T::one() - t * t)
    }
    fn erf(self) -> Self {
        let two_over_root_pi = T::number(Number::Float(std::f64::consts::FRAC_2_SQRT_PI));
        self.chain(self.re.erf(), two_over_root_pi * (-(self.re * self.re)).exp())
    }
    fn pow(self, p: Number) -> Self {
        if p.is_zero() {
            return Self::one();
        }
        self.chain(self.re.pow(p), T::number(p) * self.re.pow(p + Number::int(-1)))
    }
}

/// An element of the field of integers modulo 2^61 − 1; transcendental functions are fixed pseudo-random maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fp(u64);

impl Fp {
    /// The modulus.
    pub const P: u64 = (1 << 61) - 1;

    /// The class of `n`.
    pub fn new(n: i128) -> Fp {
        Fp(n.rem_euclid(i128::from(Fp::P)) as u64)
    }

    /// The representative in `0..P`.
    pub fn value(self) -> u64 {
        self.0
    }

    fn power(self, mut k: u64) -> Fp {
        let (mut base, mut out) = (self, Fp(1));
        while k > 0 {
            if k & 1 == 1 {
                out = out * base;
            }
            base = base * base;
            k >>= 1;
        }
        out
    }

    /// A fixed map that satisfies no identity: stands for a transcendental function.
    fn atom(self, salt: u64) -> Fp {
        let mut z = self.0 ^ salt.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Fp((z ^ (z >> 31)) % (Fp::P - 1) + 1)
    }
}
impl Add for Fp {
    type Output = Fp;
    fn add(self, o: Fp) -> Fp {
        Fp((self.0 + o.0) % Fp::P)
    }
}
impl Neg for Fp {
    type Output = Fp;
    fn neg(self) -> Fp {
        Fp((Fp::P - self.0) % Fp::P)
    }
}
impl Sub for Fp {
    type Output = Fp;
    fn sub(self, o: Fp) -> Fp {
        self + -o
    }
}
impl Mul for Fp {
    type Output = Fp;
    fn mul(self, o: Fp) -> Fp {
        Fp((u128::from(self.0) * u128::from(o.0) % u128::from(Fp::P)) as u64)
    }
}
impl Div for Fp {
    type Output = Fp;
    /// Division by zero gives zero here; callers that care draw another point.
    #[allow(clippy::suspicious_arithmetic_impl)]
    fn div(self, o: Fp) -> Fp {
        self * o.power(Fp::P - 2)
    }
}
impl Scalar for Fp {
    const ORDERED: bool = false;
    fn number(n: Number) -> Fp {
        match n {
            Number::Ratio(n, d) => Fp::new(n.into()) / Fp::new(d.into()),
            Number::Float(x) => Fp(1).atom(x.to_bits()),
        }
    }
    fn real(self) -> f64 {
        self.atom(1).0 as f64 / Fp::P as f64 - 0.5
    }
    fn is_zero(self) -> bool {
        self.0 == 0
    }
    fn exp(self) -> Fp {
        self.atom(2)
    }
    fn ln(self) -> Fp {
        self.atom(3)
    }
    fn ln_1p(self) -> Fp {
        (Fp(1) + self).ln()
    }
    /// The root that is itself a square, when there is one; else an atom.
    fn sqrt(self) -> Fp {
        let r = self.power(Fp::P.div_ceil(4));
        if r * r == self { r } else { self.atom(4) }
    }
    fn sin(self) -> Fp {
        self.atom(5)
    }
    fn cos(self) -> Fp {
        self.atom(6)
    }
    fn tanh(self) -> Fp {
        self.atom(7)
    }
    fn erf(self) -> Fp {
        self.atom(8)
    }
    fn pow(self, p: Number) -> Fp {
        let whole = |x: Fp, k: i64| {
            let y = x.power(k.unsigned_abs());
            if k < 0 { Fp(1) / y } else { y }
        };
        match p {
            Number::Ratio(k, 1) => whole(self, k),
            Number::Ratio(k, 2) => whole(self.sqrt(), k),
            _ => self.atom(p.to_f64().to_bits()),
        }
    }
}
