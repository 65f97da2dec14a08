//! Loops compiled for the vector instructions of the processor that runs them.

use crate::Real;
use pulp::{Arch, Simd, WithSimd};

/// Work that is done with vector instructions, as far as all it calls is inlined.
pub(crate) trait Work {
    /// What it gives.
    type Output;

    /// Does it, with those instructions; to be marked as inlined, always.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Does it with the widest vector instructions there are.
pub(crate) fn wide<W: Work>(work: W) -> W::Output {
    Arch::new().dispatch(Wide(work))
}

/// Does it with those.
#[cfg(test)]
pub(crate) fn wide_on<W: Work>(arch: Arch, work: W) -> W::Output {
    arch.dispatch(Wide(work))
}

/// All that this processor has.
#[cfg(test)]
pub(crate) fn instructions() -> Vec<Arch> {
    let mut all = vec![Arch::Scalar];
    #[cfg(target_arch = "x86_64")]
    {
        all.extend(pulp::x86::V3::try_new().map(Arch::V3));
        all.extend(pulp::x86::V4::try_new().map(Arch::V4));
    }
    if !all.iter().any(|a| std::mem::discriminant(a) == std::mem::discriminant(&Arch::new())) {
        all.push(Arch::new());
    }
    all
}

struct Wide<W>(W);

impl<W: Work> WithSimd for Wide<W> {
    type Output = W::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> W::Output {
        self.0.run(simd)
    }
}

/// Asks for the entry so far behind the first, which need not be one of them, to be near soon: it takes time to come from afar.
#[inline(always)]
pub(crate) fn soon<R>(entries: *const R, at: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint: nothing is read, wherever the address points to.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(entries.wrapping_add(at).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (entries, at);
}

/// Whether all entries are finite.
#[inline(always)]
pub(crate) fn finite<R: Real>(entries: &[R]) -> bool {
    entries.iter().fold(true, |all, x| all & x.is_finite())
}

/// Beyond these every exponential is infinite, or zero.
const BOUNDS: [f64; 2] = [-746.0, 710.0];
/// ln 2 in two parts: so many of its leading bits that whole multiples of it up to 2^11 are exact, and the rest.
const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
/// A number to which whole numbers can be added so that they stand in the last bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;
/// 1/k! for k from 13 down to 0.
const SERIES: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// `e^x` to two units in the last place, without a branch, so that a loop of it can be done by vectors.
///
/// `x = k ln 2 + r` with `|r| ≤ ln 2 / 2`, where the series of `e^r` has an error below 1e-17; then times 2^k in two steps, since 2^k
/// alone may be out of range where the result is not.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let [least, most] = BOUNDS;
    // a NaN is neither below nor above
    let x = if x < least { least } else { x };
    let x = if x > most { most } else { x };
    let shifted = x * std::f64::consts::LOG2_E + SHIFT;
    let k = shifted - SHIFT;
    let r = (x - k * LN_2[0]) - k * LN_2[1];
    let series = SERIES[1..].iter().fold(SERIES[0], |s, c| s * r + c);
    let half = ((k * 0.5 + SHIFT) - SHIFT, k);
    let (low, high) = (half.0, half.1 - half.0);
    series * power_of_two(low) * power_of_two(high)
}

/// 2^k for a whole number of at most 1022 either way.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    f64::from_bits((k + (SHIFT + 1023.0)).to_bits() << 52)
}

#[cfg(test)]
mod tests {
    use super::{Work, exp, wide};

    struct All<'a>(&'a [f64]);

    impl Work for All<'_> {
        type Output = Vec<f64>;

        #[inline(always)]
        fn run<S: pulp::Simd>(self, _: S) -> Vec<f64> {
            self.0.iter().map(|&x| exp(x)).collect()
        }
    }

    #[test]
    fn exponentials_are_those_of_the_standard_library() {
        let special = [0.0, -0.0, 1.0, -1.0, 709.78, 709.79, 1e300, -745.1, -745.2, -1e300, f64::INFINITY, f64::NEG_INFINITY];
        let many = (0..200_000u64).map(|k| (k.wrapping_mul(0x9E37_79B9_7F4A_7C15) as f64 / u64::MAX as f64 - 0.5) * 1500.0);
        let small = (0..20_000u64).map(|k| (k as f64 - 10_000.0) * 1e-5);
        let all: Vec<f64> = special.into_iter().chain(many).chain(small).collect();
        let got = wide(All(&all));
        for (x, y) in all.into_iter().zip(got) {
            let wanted = x.exp();
            let close = y == wanted
                || (y - wanted).abs() <= 2.5 * f64::EPSILON * wanted
                || (wanted < 1e-300 && (y - wanted).abs() < 2e-323);
            assert!(close, "exp({x}) = {y}, not {wanted}");
        }
        assert!(exp(f64::NAN).is_nan());
    }
}
