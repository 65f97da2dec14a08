//! Bounds as decimal numbers that are no smaller.

/// A number that is not negative, with seven digits, the last rounded up: `1.234568e2` of 123.4567001.
pub fn rounded_up(x: f64) -> String {
    if !x.is_finite() || x <= 0.0 {
        return format!("{x:.6e}");
    }
    // all digits that a double has, so that nothing is lost here
    let exact = format!("{x:.770e}");
    let Some((digits, exponent)) = exact.split_once('e') else { return exact };
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
    let mut exponent: i32 = exponent.parse().unwrap_or(0);
    let mut mantissa = digits[..7].iter().fold(0u32, |m, &d| 10 * m + u32::from(d));
    if digits[7..].iter().any(|&d| d != 0) {
        mantissa += 1;
    }
    if mantissa == 10_000_000 {
        mantissa = 1_000_000;
        exponent += 1;
    }
    format!("{}.{:06}e{exponent}", mantissa / 1_000_000, mantissa % 1_000_000)
}
