//! The one place of the tests that calls the compiler: every test is text in, text out.

/// A random number named by a string and a seed (splitmix64): the same on every machine.
pub fn random(name: &str, seed: u64) -> u64 {
    name.bytes().chain(seed.to_le_bytes()).fold(0, |h: u64, b| {
        let z = (h ^ u64::from(b)).wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}
