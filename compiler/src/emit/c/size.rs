//! Numbers in kernels: known ones are constants, those of sizes that are arguments are formulas.

use crate::{
    dim::Dim,
    emit::{Typical, sizes::fraction},
};
use std::{collections::BTreeSet, fmt};

/// What the name of a size begins with where it is an argument of a kernel.
pub(super) const ARGUMENT: &str = "size_";

/// A number of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// A constant.
    Known(usize),
    /// A formula in sizes, and the value by which choices are made that must be made for all sizes.
    Formula(Dim, usize),
}

impl Size {
    pub(super) fn new(d: &Dim, typical: &Typical) -> Size {
        match d.as_constant().and_then(|n| usize::try_from(n).ok()) {
            Some(n) => Size::Known(n),
            None => Size::Formula(d.clone(), typical.extent(d) as usize),
        }
    }

    /// The value, or a typical one: for choices, not for what must hold.
    pub(super) fn typical(&self) -> usize {
        match self {
            Size::Known(n) | Size::Formula(_, n) => *n,
        }
    }

    pub(super) fn dim(&self) -> Dim {
        match self {
            Size::Known(n) => Dim::constant(i64::try_from(*n).unwrap_or(i64::MAX)),
            Size::Formula(d, _) => d.clone(),
        }
    }

    /// Whether it is that number, whatever the sizes.
    pub(super) fn is(&self, n: usize) -> bool {
        *self == Size::Known(n)
    }

    /// As it stands in a comment.
    pub(super) fn plain(&self) -> String {
        self.dim().to_string()
    }

    fn of(known: usize, dim: impl FnOnce() -> Dim, all_known: bool) -> Size {
        if all_known {
            return Size::Known(known);
        }
        let d = dim();
        match d.as_constant().and_then(|n| usize::try_from(n).ok()) {
            Some(n) => Size::Known(n),
            None => Size::Formula(d, known),
        }
    }

    fn both(&self, o: &Size) -> bool {
        matches!((self, o), (Size::Known(_), Size::Known(_)))
    }

    pub(super) fn times(&self, o: &Size) -> Size {
        Size::of(self.typical().saturating_mul(o.typical()), || &self.dim() * &o.dim(), self.both(o))
    }

    pub(super) fn plus(&self, o: &Size) -> Size {
        Size::of(self.typical().saturating_add(o.typical()), || &self.dim() + &o.dim(), self.both(o))
    }

    /// `(self - 1) * stride`: how far a letter goes.
    pub(super) fn span(&self, stride: &Size) -> Size {
        let known = self.typical().saturating_sub(1).saturating_mul(stride.typical());
        Size::of(known, || &(&self.dim() * &stride.dim()) - &stride.dim(), self.both(stride))
    }

    /// Whether it is larger for all sizes from one on: in sizes less one, no term of the difference is negative.
    pub(super) fn exceeds(&self, o: &Size) -> bool {
        if self.both(o) {
            return self.typical() > o.typical();
        }
        let difference = &self.dim() - &o.dim();
        let above = difference.names().map(|n| (n.to_owned(), &Dim::symbol(n) + &Dim::constant(1))).collect();
        let shifted = difference.rename(&above);
        let least = shifted.monomials().into_iter().find(|(_, names)| names.is_empty());
        shifted.has_only_positive_terms() && least.is_some_and(|(c, _)| !c.is_negative() && c.as_int() != Some(0))
    }

    /// `ceil(self / by)`, as it stands in a kernel.
    pub(super) fn parts(&self, by: usize) -> String {
        match self {
            Size::Known(n) => n.div_ceil(by).to_string(),
            Size::Formula(..) => format!("(({self} + {}) / {by})", by - 1),
        }
    }
}

/// The product of numbers.
pub(super) fn product<'s>(sizes: impl IntoIterator<Item = &'s Size>) -> Size {
    sizes.into_iter().fold(Size::Known(1), |all, s| all.times(s))
}

/// In brackets where it is more than one word, so that it may stand anywhere.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Size::Known(n) => write!(f, "{n}"),
            Size::Formula(d, _) => {
                let text = formula(d, &argument);
                if text.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                    write!(f, "({text})")
                } else {
                    f.write_str(&text)
                }
            }
        }
    }
}

/// The sizes that a text has as arguments, by their names there.
pub(super) fn arguments(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|w| w.starts_with(ARGUMENT));
    words.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What follows the last parameter of a kernel of that text: the sizes that it takes.
pub(super) fn parameters(text: &str) -> String {
    arguments(text).iter().map(|n| format!(", const int {n}")).collect()
}

/// The name of a size as an argument of a kernel.
pub(in crate::emit) fn argument(name: &str) -> String {
    let mut out = ARGUMENT.to_owned();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            out.push(c);
        } else {
            out.push_str(&format!("u{:x}", u32::from(c)));
        }
    }
    out
}

/// A size as sums of products of whole numbers and names, all over one whole number: every step of it is exact.
pub(in crate::emit) fn formula(d: &Dim, name: &dyn Fn(&str) -> String) -> String {
    match fraction(d, "*", name) {
        (text, 1) => text,
        (text, over) => format!("({text})/{over}"),
    }
}
