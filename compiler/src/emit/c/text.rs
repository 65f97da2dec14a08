//! Pieces of the text of a kernel: names, constants, places of entries.

use super::{
    Kernel,
    size::{self, Size},
};
use crate::{dim::Dim, number::Number};

/// A kernel without a name.
pub(super) struct Draft {
    /// What names begin with.
    pub(super) stem: String,
    pub(super) family: &'static str,
    /// Lines that say what is computed.
    pub(super) says: Vec<String>,
    /// Arguments and body; what is equal here is one kernel.
    pub(super) body: String,
    pub(super) threads: usize,
    /// Groups that are started: the product of these numbers, each over the other and rounded up.
    pub(super) grid: Vec<(Size, usize)>,
    /// How many of its arrays it writes, the last ones.
    pub(super) written: usize,
    pub(super) flagged: bool,
    /// Sizes for which there is an end.
    pub(super) at_most: Vec<(Dim, usize)>,
}

impl Draft {
    /// The kernel of that number.
    pub(super) fn named(self, number: usize) -> Kernel {
        let name = format!("{}_{number}", self.stem);
        let says: String = self.says.iter().map(|l| format!("// {l}\n")).collect();
        let text = format!("{says}KERNEL void {name}{}", self.body);
        let Draft { family, threads, written, flagged, .. } = self;
        let groups = self.grid.iter().map(|(n, each)| n.typical().div_ceil(*each)).product();
        let grid = self.grid.iter().map(|(n, each)| (n.dim(), *each)).collect();
        Kernel {
            name,
            family,
            text,
            threads,
            groups,
            grid,
            sizes: size::arguments(&self.body),
            at_most: self.at_most,
            written,
            flagged,
        }
    }
}

/// The name of a letter: `a` to `z`, then `a1`.
pub(super) fn letter(l: usize) -> String {
    let c = char::from(b'a' + (l % 26) as u8);
    if l < 26 { c.to_string() } else { format!("{c}{}", l / 26) }
}

/// `4*a + b`, largest stride first.
pub(super) fn place(offset: &Size, moves: &[(String, Size)]) -> String {
    let mut moves: Vec<&(String, Size)> = moves.iter().filter(|m| !m.1.is(0)).collect();
    moves.sort_by_key(|m| std::cmp::Reverse(m.1.typical()));
    let mut parts: Vec<String> = moves.iter().map(|(l, s)| if s.is(1) { l.clone() } else { format!("{s}*{l}") }).collect();
    if !offset.is(0) || parts.is_empty() {
        parts.push(offset.to_string());
    }
    parts.join(" + ")
}

/// A number as a constant of the device's type.
pub(super) fn constant(n: Number) -> String {
    match n.as_int() {
        Some(k) if k.unsigned_abs() < 1 << 24 => format!("(real){k}"),
        _ => format!("(real){:?}", n.to_f64()),
    }
}

/// `2 * x`, and `x` for one times it.
pub(super) fn times(coefficient: Number, x: &str) -> String {
    match coefficient.as_int() {
        Some(1) => x.to_owned(),
        Some(-1) => format!("-{x}"),
        _ => format!("{} * {x}", constant(coefficient)),
    }
}
