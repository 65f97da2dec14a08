//! How numbers are written on a page.

/// A number to four significant digits.
pub fn figure(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let magnitude = x.abs().log10().floor();
    if (-3.0..6.0).contains(&magnitude) {
        let digits = (3.0 - magnitude).max(0.0) as usize;
        return format!("{x:.digits$}");
    }
    format!("{x:.3e}")
}

/// A number of operations or bytes with a prefix.
pub(crate) fn large(x: f64) -> String {
    for (unit, name) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if x >= unit {
            return format!("{} {name}", figure(x / unit));
        }
    }
    format!("{x}")
}
