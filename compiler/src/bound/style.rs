//! Which constants bounds are made of: the sharp ones of the rows, or those that the thesis publishes, where they are true.

use super::calculus::Calculus;
use crate::expr::{Op, Published};

/// Which constants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// The sharpest that the rows know, of all norms.
    #[default]
    Tight,
    /// Those of the thesis, in spectral norms of the data, and its rule for the whole: the number of blocks in a row times the
    /// largest of them. A constant that is false as printed is replaced by its correction.
    Thesis,
}

impl Calculus {
    /// What the thesis publishes of a row, if that is asked for; it is noted as used.
    pub(super) fn published(&mut self, op: &'static Op, of: &str) -> Option<&'static Published> {
        if self.style != Style::Thesis {
            return None;
        }
        let found = op.published.iter().find(|p| p.of == of)?;
        self.used.insert((op.name, found.of), found);
        Some(found)
    }

    /// The statements of the thesis that bounds rest on: what is bounded, by what, where it is published; and of one that is false
    /// as printed under which name `ERRATA.md` has it.
    pub fn sources(&self) -> Vec<String> {
        let line = |(&(op, _), p): (&(&str, &str), &&Published)| {
            let what = match p.of {
                "norm2" => format!("the norm of `{op}`"),
                of if of.starts_with("slope") => format!("the Jacobian of `{op}`"),
                _ => format!("the curvature of `{op}`, D its cotangent"),
            };
            let corrected = p.errata.map(|id| format!(", corrected, see {id} in ERRATA.md")).unwrap_or_default();
            format!("{what}: {} ({}{corrected})", p.bound, p.source)
        };
        self.used.iter().map(line).collect()
    }
}
