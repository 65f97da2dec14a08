//! Random numbers with a seed, and random arrays over floats and over a prime field.

use crate::{
    expr::{Fact, Facts, Numeric},
    matrix::Matrix,
    number::Number,
    scalar::{Fp, Scalar},
    splitmix::next,
};

/// A stream of random numbers (splitmix64): the same on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Rng {
    state: u64,
    /// How far normal numbers are moved, relative to them; the stream of that is its own.
    moved: f64,
    side: u64,
}

/// A number in [0, 1) of random bits.
fn fraction(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

impl Rng {
    /// The stream of a seed.
    pub(crate) fn new(seed: u64) -> Rng {
        Rng { state: seed.wrapping_mul(0xD129_0DDB_5F3A_2C81) ^ 0x5851_F42D_4C95_7F2D, moved: 0.0, side: seed }
    }
    /// The stream of a seed, its normal numbers moved by up to this, relative to them.
    pub(crate) fn near(seed: u64, moved: f64) -> Rng {
        Rng { moved, ..Rng::new(seed) }
    }
    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        next(&mut self.state)
    }
    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        fraction(self.bits())
    }
    /// A standard normal number.
    pub(crate) fn normal(&mut self) -> f64 {
        let u = 1.0 - self.unit();
        let v = self.unit();
        let x = (-2.0 * libm::log(u)).sqrt() * libm::cos(std::f64::consts::TAU * v);
        if self.moved == 0.0 { x } else { x * (1.0 + self.moved * (2.0 * fraction(next(&mut self.side)) - 1.0)) }
    }
    /// A number below n, which is positive.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }
}

/// What can be drawn.
pub(crate) trait Draw: Numeric {
    /// Any number.
    fn any(rng: &mut Rng) -> Self;
    /// A positive number; in a field, the square of one.
    fn positive(rng: &mut Rng) -> Self;
    /// What makes a semidefinite matrix well conditioned when it is added to the diagonal.
    fn ridge() -> Self;
}

impl Draw for f64 {
    fn any(rng: &mut Rng) -> f64 {
        rng.normal()
    }
    fn positive(rng: &mut Rng) -> f64 {
        0.05 + rng.normal().abs()
    }
    fn ridge() -> f64 {
        0.3
    }
}

impl Draw for Fp {
    fn any(rng: &mut Rng) -> Fp {
        Fp::new(i128::from(rng.bits()))
    }
    fn positive(rng: &mut Rng) -> Fp {
        let x = Fp::any(rng);
        x * x
    }
    fn ridge() -> Fp {
        Fp::number(Number::int(7))
    }
}

/// A random array of which the facts are true.
pub(crate) fn array<T: Draw>(rows: usize, cols: usize, facts: Facts, rng: &mut Rng) -> Matrix<T> {
    let positive = facts.has(Fact::Positive) || facts.has(Fact::NonNegative) || facts.has(Fact::RowStochastic);
    let m = Matrix::from_fn(rows, cols, |_, _| if positive { T::positive(rng) } else { T::any(rng) });
    with_facts(m, facts)
}

/// The array changed as little as is needed for the facts to be true of it.
pub(crate) fn with_facts<T: Draw>(m: Matrix<T>, facts: Facts) -> Matrix<T> {
    let n = m.rows;
    let square = n == m.cols;
    let half = T::number(Number::ratio(1, 2));
    let mut m = m;
    if facts.has(Fact::Diagonal) && square {
        m = Matrix::from_fn(n, n, |i, j| if i == j { m.at(i, j) } else { T::zero() });
    }
    if facts.has(Fact::Orthogonal) && square {
        // Cayley: (I - S)(I + S)^-1 of a skew S
        let skew = Matrix::from_fn(n, n, |i, j| (m.at(i, j) - m.at(j, i)) * half);
        let eye = Matrix::identity(n);
        let (minus, plus) = (eye.zip(&skew, |a, b| a - b), eye.zip(&skew, |a, b| a + b));
        if let (Some(inverse), _) = plus.eliminate() {
            m = minus.matmul(&inverse);
        }
    } else if facts.has(Fact::PosDef) && square {
        let product = m.matmul(&m.transpose());
        m = product.zip(&Matrix::identity(n), |a, b| a + b * T::ridge());
    } else if facts.has(Fact::Symmetric) && square {
        m = Matrix::from_fn(n, n, |i, j| (m.at(i, j) + m.at(j, i)) * half);
    }
    if facts.has(Fact::RowStochastic) {
        let sums: Vec<T> = (0..m.rows).map(|i| m.row(i).iter().fold(T::zero(), |s, &x| s + x)).collect();
        m = Matrix::from_fn(m.rows, m.cols, |i, j| m.at(i, j) / sums[i]);
    }
    m
}
