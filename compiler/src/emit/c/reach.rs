//! Letters fused into one running index, and how a kernel takes it apart.

use super::{
    size::{Size, product},
    text::letter,
};
use std::fmt::Write;

/// What one index runs over, the slowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// A letter with its extent.
    Letter(usize, Size),
    /// Two letters i ≤ j of that extent, which is known: one triangle.
    Pair([usize; 2], usize),
    /// Letters with their extents, which are known, that are rows, and those that are columns: one triangle of all rows and columns.
    Twins(Vec<(usize, usize)>, Vec<(usize, usize)>),
}

impl Run {
    fn extent(&self) -> Size {
        let triangle = |n: usize| Size::Known(n * (n + 1) / 2);
        match self {
            Run::Letter(_, n) => n.clone(),
            Run::Pair(_, n) => triangle(*n),
            Run::Twins(rows, _) => triangle(rows.iter().map(|r| r.1).product()),
        }
    }
}

/// Lines that declare i ≤ j below n from an index in an expression: the triangle folded into a rectangle, row i behind what row
/// n - 1 - i (or n - i) leaves free.
pub(super) fn fold(own: &str, [i, j]: [&str; 2], n: usize, indent: &str) -> String {
    let (width, first, second) = if n.is_multiple_of(2) { (n + 1, n - 1, 1) } else { (n, n, 0) };
    let (f, g) = (format!("fold_{i}"), format!("place_{i}"));
    let sign = if n.is_multiple_of(2) { ">" } else { ">=" };
    let back = if second == 1 { format!("{g} - 1") } else { g.clone() };
    format!(
        "{indent}const int {f} = ({own}) / {width}, {g} = ({own}) % {width};  // {i} <= {j}\n\
         {indent}const int {i} = {g} {sign} {f} ? {f} : {first} - {f}, {j} = {g} {sign} {f} ? {back} : {} - {g};\n",
        n - 1
    )
}

/// How far the index runs.
pub(super) fn extent(runs: &[Run]) -> Size {
    product(&runs.iter().map(Run::extent).collect::<Vec<_>>())
}

/// Lines that declare the letters, from the index in a variable of that name.
pub(super) fn decode(runs: &[Run], from: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut behind = Size::Known(1);
    let mut parts = vec![];
    for (k, r) in runs.iter().enumerate().rev() {
        let divided = if behind.is(1) { from.to_owned() } else { format!("{from} / {behind}") };
        let own = if k == 0 { divided } else { format!("{divided} % {}", r.extent()) };
        parts.push((r, own));
        behind = behind.times(&r.extent());
    }
    for (r, own) in parts.into_iter().rev() {
        match r {
            Run::Letter(l, _) => {
                let _ = writeln!(out, "{indent}const int {} = {own};", letter(*l));
            }
            Run::Pair([i, j], n) => out.push_str(&fold(&own, [&letter(*i), &letter(*j)], *n, indent)),
            Run::Twins(rows, cols) => {
                out.push_str(&fold(&own, ["twin", "other"], rows.iter().map(|r| r.1).product(), indent));
                for (side, name) in [(rows, "twin"), (cols, "other")] {
                    let letters: Vec<Run> = side.iter().map(|&(l, n)| Run::Letter(l, Size::Known(n))).collect();
                    out.push_str(&decode(&letters, name, indent));
                }
            }
        }
    }
    out
}

/// One stride for the whole index of letters, where it has one: the letters lie behind each other.
pub(super) fn stride(runs: &[Run], of: impl Fn(usize) -> Size) -> Option<Size> {
    let mut found = None;
    let mut behind = Size::Known(1);
    for r in runs.iter().rev() {
        let Run::Letter(l, n) = r else { return None };
        let unit: &Size = found.get_or_insert_with(|| of(*l));
        if of(*l) != unit.times(&behind) {
            return None;
        }
        behind = behind.times(n);
    }
    Some(found.unwrap_or(Size::Known(0)))
}
