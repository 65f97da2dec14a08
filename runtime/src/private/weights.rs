//! Weights of what a half product sums, which may be made only while it goes on.

use crate::Real;

/// A weight for each summed value, or none.
pub(crate) enum Weights<'x, R> {
    /// All are one.
    None,
    /// These, so far apart.
    Known(&'x [R], usize),
    /// Writes those from one value to another; what is before these has been asked for.
    Coming(&'x mut dyn FnMut([usize; 2], &mut [R])),
}

impl<'x, R: Real> Weights<'x, R> {
    /// The same, for some time.
    pub(super) fn again(&mut self) -> Weights<'_, R> {
        match self {
            Weights::None => Weights::None,
            Weights::Known(weights, step) => Weights::Known(weights, *step),
            Weights::Coming(write) => Weights::Coming(&mut **write),
        }
    }

    /// Those that are known.
    pub(super) fn known(&self) -> Option<(&'x [R], usize)> {
        if let Weights::Known(weights, step) = self { Some((weights, *step)) } else { None }
    }

    /// Writes weights times a number.
    #[inline(always)]
    pub(super) fn write(&mut self, alpha: R, [from, to]: [usize; 2], out: &mut [R]) {
        match self {
            Weights::None => out.fill(alpha),
            Weights::Known(weights, step) => {
                out.iter_mut().zip(weights[from * *step..].iter().step_by((*step).max(1))).for_each(|(s, &w)| *s = alpha * w);
            }
            Weights::Coming(write) => {
                write([from, to], out);
                out.iter_mut().for_each(|s| *s *= alpha);
            }
        }
    }
}
