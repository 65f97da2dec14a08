//! Random vectors of a seed. Source: splitmix64, Steele, Lea & Flood (2014).

use crate::Real;
use nalgebra::DVector;

/// Random numbers of a seed.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Entries between -1 and 1: almost surely no vector of a fixed basis is orthogonal to it.
    pub(super) fn uniform<R: Real>(&mut self, n: usize) -> DVector<R> {
        DVector::from_fn(n, |_, _| R::of((self.bits() >> 11) as f64 / (1u64 << 52) as f64 - 1.0))
    }

    /// Entries -1 or 1, whose outer product is the identity in the mean.
    pub(super) fn signs<R: Real>(&mut self, n: usize) -> DVector<R> {
        DVector::from_fn(n, |_, _| R::of(if self.bits() >> 63 == 0 { 1.0 } else { -1.0 }))
    }
}
