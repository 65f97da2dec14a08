//! What has changed in the e-graph since the laws were last tried.

use super::{EGraph, ENode};
use crate::{expr::Expr, simplify::rule::RULES};
use egg::{Id, Language};
use std::collections::{HashMap, HashSet};

/// Classes as they were: their nodes, and the cheapest formula.
#[derive(Default)]
pub(super) struct Seen(HashMap<Id, (Vec<ENode>, Expr)>);

/// For each number of steps down, the classes from which a class that has changed can be reached in so many steps or fewer.
pub(super) type Fresh = Vec<HashSet<Id>>;

/// How far down the linearity of operations looks: at the arguments, and at what they are made of.
pub(super) const LINEAR: usize = 2;

impl Seen {
    /// What has changed since it was last asked.
    pub(super) fn fresh(&mut self, egraph: &EGraph, classes: &[Id]) -> Fresh {
        let mut changed = HashSet::new();
        let mut now = HashMap::with_capacity(classes.len());
        for &id in classes {
            let class = &egraph[id];
            let state = match self.0.remove(&id) {
                Some(state) if state.0 == class.nodes && state.1 == class.data.expr => state,
                _ => {
                    changed.insert(id);
                    (class.nodes.clone(), class.data.expr)
                }
            };
            now.insert(id, state);
        }
        self.0 = now;
        let deepest = RULES.iter().map(|r| r.depth).fold(LINEAR, usize::max);
        let mut all = vec![changed];
        for k in 0..deepest {
            let above = |id: &&Id| {
                let mut children = egraph[**id].nodes.iter().flat_map(|n| n.children());
                all[k].contains(*id) || children.any(|c| all[k].contains(&egraph.find(*c)))
            };
            let next = classes.iter().filter(above).copied().collect();
            all.push(next);
        }
        all
    }
}
