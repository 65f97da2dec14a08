//! Bounds of the named nodes of a model, on which those of its Hessian rest.

use super::{Bounds, Formula, Norm};
use crate::{expr::Expr, syntax::Model};

impl Bounds {
    /// The named nodes of which the spectral norm is bounded, in the order of the file, each with its bound.
    pub fn of_nodes(&self, model: &Model) -> Vec<(String, Expr, Formula)> {
        let bounded = |(name, e): &(String, Expr)| {
            let (bound, _) = self.calculus.derived(*e, Norm::Two)?;
            Some((name.clone(), *e, bound)).filter(|_| self.calculus.book.gap(bound).is_none())
        };
        model.nodes.iter().filter(|n| model.loss != Some(n.1)).filter_map(bounded).collect()
    }
}
