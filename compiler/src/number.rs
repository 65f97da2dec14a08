//! Exact numbers of a formula: rationals while they fit, floating point beyond.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

/// A rational `num / den` in lowest terms with `den > 0`, or a float where an exact value does not fit.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// `num / den`, in lowest terms, `den > 0`.
    Ratio(i64, i64),
    /// Any other finite value.
    Float(f64),
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

impl Number {
    /// Zero.
    pub const ZERO: Number = Number::Ratio(0, 1);
    /// One.
    pub const ONE: Number = Number::Ratio(1, 1);

    /// `num / den`; a float when the lowest terms do not fit 64 bits.
    pub fn ratio(num: i128, den: i128) -> Number {
        if den == 0 {
            return Number::Float(num as f64 / 0.0);
        }
        let g = gcd(num, den).max(1) * den.signum();
        match (i64::try_from(num / g), i64::try_from(den / g)) {
            (Ok(n), Ok(d)) => Number::Ratio(n, d),
            _ => Number::Float(num as f64 / den as f64),
        }
    }

    /// An integer.
    pub fn int(n: i64) -> Number {
        Number::Ratio(n, 1)
    }

    /// Reads `12`, `0.25`, `1e-5`; exact where it fits. `None` if it is not a number or not finite.
    pub fn parse(text: &str) -> Option<Number> {
        let value: f64 = text.parse().ok().filter(|v: &f64| v.is_finite())?;
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((m, e)) => (m, e.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{part}");
        let places = part.len() as i32 - exponent;
        if digits.len() > 18 || places.abs() > 18 {
            return Some(Number::Float(value));
        }
        let n: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        let scale = 10i128.pow(places.unsigned_abs());
        Some(if places >= 0 { Number::ratio(n, scale) } else { Number::ratio(n * scale, 1) })
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        match self {
            Number::Ratio(n, d) => n as f64 / d as f64,
            Number::Float(x) => x,
        }
    }

    /// The integer it is, if it is one.
    pub fn as_int(self) -> Option<i64> {
        match self {
            Number::Ratio(n, 1) => Some(n),
            _ => None,
        }
    }

    /// Whether it is exactly zero.
    pub fn is_zero(self) -> bool {
        self == Number::ZERO || matches!(self, Number::Float(0.0))
    }

    /// Whether it is exactly one.
    pub fn is_one(self) -> bool {
        self == Number::ONE
    }

    /// Which of two is larger; the order of the type is that of its parts, for sorting alone.
    pub fn compare(self, o: Number) -> Ordering {
        match (self, o) {
            (Number::Ratio(a, b), Number::Ratio(c, d)) => (a as i128 * d as i128).cmp(&(c as i128 * b as i128)),
            _ => self.to_f64().total_cmp(&o.to_f64()),
        }
    }

    /// The smaller of two.
    pub fn least(self, o: Number) -> Number {
        if o.compare(self) == Ordering::Less { o } else { self }
    }

    /// Its size, without a sign.
    pub fn abs(self) -> Number {
        if self.is_negative() { -self } else { self }
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.to_f64() < 0.0
    }

    /// `self^k` for an integer k; zero to a negative power is infinite.
    pub fn powi(self, k: i64) -> Number {
        if k < 0 {
            return Number::ONE / self.powi(-k);
        }
        if k > 64 {
            return Number::Float(self.to_f64().powf(k as f64));
        }
        (0..k).fold(Number::ONE, |acc, _| acc * self)
    }

    /// `self^p` where that is exact (integer powers, perfect roots), else `None`.
    pub fn exact_pow(self, p: Number) -> Option<Number> {
        if let Some(k) = p.as_int() {
            return (k >= 0 || !self.is_zero()).then(|| self.powi(k));
        }
        let (Number::Ratio(n, d), Number::Ratio(pn, pd)) = (self, p) else {
            return None;
        };
        let root = |x: i64| -> Option<i64> {
            let r = (x as f64).powf(1.0 / pd as f64).round() as i64;
            (x >= 0 && r.checked_pow(u32::try_from(pd).ok()?) == Some(x)).then_some(r)
        };
        let base = Number::ratio(root(n)? as i128, root(d)? as i128);
        (pn >= 0 || !base.is_zero()).then(|| base.powi(pn))
    }
}

impl std::ops::Add for Number {
    type Output = Number;
    fn add(self, o: Number) -> Number {
        match (self, o) {
            (Number::Ratio(a, b), Number::Ratio(c, d)) => {
                let (a, b, c, d) = (a as i128, b as i128, c as i128, d as i128);
                match (a * d).checked_add(c * b) {
                    Some(n) => Number::ratio(n, b * d),
                    None => Number::Float(self.to_f64() + o.to_f64()),
                }
            }
            _ => Number::Float(self.to_f64() + o.to_f64()),
        }
    }
}
impl std::ops::Neg for Number {
    type Output = Number;
    fn neg(self) -> Number {
        Number::int(-1) * self
    }
}
impl std::ops::Mul for Number {
    type Output = Number;
    fn mul(self, o: Number) -> Number {
        match (self, o) {
            (Number::Ratio(a, b), Number::Ratio(c, d)) => Number::ratio(a as i128 * c as i128, b as i128 * d as i128),
            _ => Number::Float(self.to_f64() * o.to_f64()),
        }
    }
}
impl std::ops::Div for Number {
    type Output = Number;
    fn div(self, o: Number) -> Number {
        match (self, o) {
            (Number::Ratio(a, b), Number::Ratio(c, d)) => Number::ratio(a as i128 * d as i128, b as i128 * c as i128),
            _ => Number::Float(self.to_f64() / o.to_f64()),
        }
    }
}

impl Number {
    fn key(self) -> (u8, i64, i64) {
        match self {
            Number::Ratio(n, d) => (0, n, d),
            Number::Float(x) => (1, x.to_bits() as i64, 0),
        }
    }
}
impl PartialEq for Number {
    fn eq(&self, o: &Self) -> bool {
        self.key() == o.key()
    }
}
impl Eq for Number {}
impl Hash for Number {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.key().hash(h)
    }
}
impl PartialOrd for Number {
    fn partial_cmp(&self, o: &Self) -> Option<Ordering> {
        Some(self.cmp(o))
    }
}
impl Ord for Number {
    fn cmp(&self, o: &Self) -> Ordering {
        self.key().cmp(&o.key())
    }
}
/// `3`, `1/2`, `-0.1` …: a form that reads back as the same number.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Ratio(n, 1) => write!(f, "{n}"),
            Number::Ratio(n, d) => write!(f, "{n}/{d}"),
            Number::Float(x) => write!(f, "{x:e}"),
        }
    }
}
