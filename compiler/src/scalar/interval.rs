//! Intervals with outward rounding: whatever is computed of them contains what the same operations give of real numbers.

use super::Scalar;
use crate::number::Number;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// All numbers from `low` to `high`; of what has no bound `-∞ … ∞`.
///
/// Source: Moore, Kearfott & Cloud (2009), Introduction to Interval Analysis. The functions of the platform are taken to be right to
/// four units in the last place; the GNU library documents at most two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The least.
    pub low: f64,
    /// The largest.
    pub high: f64,
}

/// How far the functions of the platform may be off.
const UNITS: usize = 4;

const ALL: Interval = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY };

impl Interval {
    /// One number.
    pub fn point(x: f64) -> Interval {
        if x.is_nan() { ALL } else { Interval { low: x, high: x } }
    }
    /// What is computed to the nearest float, one float wider on both sides.
    fn near(low: f64, high: f64) -> Interval {
        if low.is_nan() || high.is_nan() { ALL } else { Interval { low: low.next_down(), high: high.next_up() } }
    }
    /// What lies between floats that were computed to the nearest; infinity times zero may be all.
    fn hull(ends: [f64; 4]) -> Interval {
        if ends.iter().any(|x| x.is_nan()) {
            return ALL;
        }
        Interval::near(ends.into_iter().fold(f64::INFINITY, f64::min), ends.into_iter().fold(f64::NEG_INFINITY, f64::max))
    }
    /// A function of the platform that grows.
    fn growing(self, f: impl Fn(f64) -> f64) -> Interval {
        let (mut low, mut high) = (f(self.low), f(self.high));
        if low.is_nan() || high.is_nan() {
            return ALL;
        }
        for _ in 0..UNITS {
            (low, high) = (low.next_down(), high.next_up());
        }
        Interval { low, high }
    }
    /// A function of the platform whose slope is at most one, with values from -1 to 1.
    fn wave(self, f: impl Fn(f64) -> f64) -> Interval {
        let (m, r) = (self.middle(), self.radius());
        let value = Interval::point(m).growing(f) + Interval { low: -r, high: r };
        Interval { low: value.low.max(-1.0), high: value.high.min(1.0) }
    }
    /// A float about in the middle.
    pub fn middle(self) -> f64 {
        0.5 * self.low + 0.5 * self.high
    }
    /// No number in it is farther from the middle.
    pub fn radius(self) -> f64 {
        let m = self.middle();
        (self.high - m).max(m - self.low).next_up()
    }
    /// The largest absolute value.
    pub fn magnitude(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }
    /// The smallest interval that contains both.
    #[must_use]
    pub fn union(self, o: Interval) -> Interval {
        Interval { low: self.low.min(o.low), high: self.high.max(o.high) }
    }
    fn has_zero(self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }
    /// A positive power.
    fn whole(self, k: u32) -> Interval {
        let raised = |x: f64| (1..k).fold(Interval::point(x), |y, _| y * Interval::point(x));
        let (a, b) = (raised(self.low), raised(self.high));
        if k.is_multiple_of(2) && self.has_zero() { Interval { low: 0.0, high: a.union(b).high } } else { a.union(b) }
    }
    /// A function, and its values at the ends and at zero, where pieces of functions meet.
    #[must_use]
    pub fn pieces(self, f: impl Fn(Interval) -> Interval) -> Interval {
        let whole = f(self);
        if !self.has_zero() || self.low == self.high {
            return whole;
        }
        [self.low, 0.0, self.high].into_iter().fold(whole, |all, x| all.union(f(Interval::point(x))))
    }
}

impl Add for Interval {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        // zero is exact, so that matrices of mostly zeros stay so
        match (self, o) {
            (x, Interval { low: 0.0, high: 0.0 }) | (Interval { low: 0.0, high: 0.0 }, x) => x,
            _ => Interval::near(self.low + o.low, self.high + o.high),
        }
    }
}
impl Sub for Interval {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self + -o
    }
}
impl Neg for Interval {
    type Output = Self;
    fn neg(self) -> Self {
        Interval { low: -self.high, high: -self.low }
    }
}
impl Mul for Interval {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        let zero = Interval { low: 0.0, high: 0.0 };
        if self == zero || o == zero {
            return zero;
        }
        if self.low == 1.0 && self.high == 1.0 {
            return o;
        }
        if o.low == 1.0 && o.high == 1.0 {
            return self;
        }
        Interval::hull([self.low * o.low, self.low * o.high, self.high * o.low, self.high * o.high])
    }
}
impl Div for Interval {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        if o.has_zero() {
            return ALL;
        }
        if o.low == 1.0 && o.high == 1.0 {
            return self;
        }
        Interval::hull([self.low / o.low, self.low / o.high, self.high / o.low, self.high / o.high])
    }
}

impl Scalar for Interval {
    const ORDERED: bool = true;
    fn number(n: Number) -> Self {
        match n {
            Number::Ratio(p, q) => {
                let of = |k: i64| {
                    if k.unsigned_abs() < 1 << 53 { Interval::point(k as f64) } else { Interval::near(k as f64, k as f64) }
                };
                of(p) / of(q)
            }
            Number::Float(x) => Interval::point(x),
        }
    }
    fn real(self) -> f64 {
        let m = self.middle();
        if m.is_nan() { f64::INFINITY } else { m }
    }
    fn is_zero(self) -> bool {
        self.low == 0.0 && self.high == 0.0
    }
    fn exp(self) -> Self {
        let e = self.growing(f64::exp);
        Interval { low: e.low.max(0.0), ..e }
    }
    fn ln(self) -> Self {
        if self.low > 0.0 { self.growing(f64::ln) } else { ALL }
    }
    fn ln_1p(self) -> Self {
        if self.low > -1.0 { self.growing(f64::ln_1p) } else { ALL }
    }
    fn sqrt(self) -> Self {
        if self.high < 0.0 {
            return ALL;
        }
        let r = Interval::near(self.low.max(0.0).sqrt(), self.high.sqrt());
        Interval { low: r.low.max(0.0), ..r }
    }
    fn sin(self) -> Self {
        self.wave(f64::sin)
    }
    fn cos(self) -> Self {
        self.wave(f64::cos)
    }
    fn tanh(self) -> Self {
        let t = self.growing(f64::tanh);
        Interval { low: t.low.max(-1.0), high: t.high.min(1.0) }
    }
    fn erf(self) -> Self {
        let t = self.growing(libm::erf);
        Interval { low: t.low.max(-1.0), high: t.high.min(1.0) }
    }
    fn pow(self, p: Number) -> Self {
        let one = Interval::point(1.0);
        match (p.as_int(), p) {
            (Some(0), _) => one,
            (Some(k @ 1..=64), _) => self.whole(k as u32),
            (Some(k @ -64..=-1), _) => one / self.whole(k.unsigned_abs() as u32),
            (_, Number::Ratio(1, 2)) => self.sqrt(),
            (_, Number::Ratio(-1, 2)) => one / self.sqrt(),
            _ if self.low <= 0.0 => ALL,
            // the exponent may be off by half a unit, too
            _ => (Interval::number(p) * self.ln()).exp(),
        }
    }
    fn step(self) -> Self {
        let of = |x: f64| if x > 0.0 { 1.0 } else { 0.0 };
        Interval { low: of(self.low), high: of(self.high) }
    }
}
