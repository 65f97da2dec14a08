//! The rule by which steps are chained, in counts.
//!
//! Alone, a step costs a launch and what each of its threads does, as often as its threads fill the device. In a chain it costs what
//! each thread of a row does, as often as the rows fill the device. It joins where that is no more: so few rows with much work in each
//! stay apart, as do large matrix products, whose tiles read less.

use super::{
    super::{
        library::{RowCall, THREADS},
        product,
    },
    member::{Does, Member},
};
use crate::index::plan::{Action, Plan};

/// A launch, in the terms of a sum that a thread adds meanwhile.
pub(super) const LAUNCH: i64 = 128;
/// Threads that run at once: those of a large GPU.
const DEVICE: usize = 1 << 16;
/// What an entry of a function costs, and the steps of a reduction that threads share.
const FUNCTION: usize = 4;
const SHARED: usize = 16;

/// How the entries of a member are shared by the threads of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Each thread has entries.
    Entries,
    /// All threads share the sum of an entry, one entry after the other.
    Sums,
}

/// The cheaper way for so many entries with so many terms each, and what a thread does.
pub(super) fn way([entries, terms]: [usize; 2], lanes: usize) -> (Way, usize) {
    let alone = entries.div_ceil(lanes).saturating_mul(terms);
    let shared = entries.saturating_mul(terms.div_ceil(lanes) + SHARED);
    if terms > 1 && shared < alone { (Way::Sums, shared) } else { (Way::Entries, alone) }
}

/// Threads of a row that such a member can use.
pub(super) fn lanes(m: &Member) -> usize {
    let [entries, terms] = m.size();
    let n = match &m.does {
        Does::Rows { n, .. } => n.div_ceil(4),
        Does::Sum(_) | Does::Map { .. } => entries.max(terms.div_ceil(4)),
    };
    n.next_power_of_two().min(THREADS)
}

/// How often so many threads fill the device.
fn waves(threads: usize) -> usize {
    threads.div_ceil(DEVICE).max(1)
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}

/// What a member costs in a chain over those rows.
pub(super) fn chained(m: &Member, rows: &[usize]) -> i64 {
    let lanes = lanes(m);
    let thread = match &m.does {
        Does::Sum(_) => way(m.size(), lanes).1,
        Does::Map { .. } => m.size()[0].div_ceil(lanes) * FUNCTION,
        Does::Rows { n, .. } => m.size()[0] * (n.div_ceil(lanes) * FUNCTION + SHARED),
    };
    count(thread.saturating_mul(waves(rows.iter().product::<usize>() * lanes)))
}

/// What a step costs alone.
pub(super) fn alone(plan: &Plan, step: usize) -> i64 {
    let thread = match &plan.steps[step].action {
        Action::Product(p) => product::alone(p, DEVICE, SHARED),
        Action::Map { argument, .. } => waves(plan.arrays[*argument]) * FUNCTION,
        Action::Call { name, arguments, target, times, .. } => arguments.first().map_or(0, |(a, shape)| {
            RowCall::of(name, *shape, *times, plan.arrays[*a], plan.arrays[*target]).map_or(0, |RowCall { all, n, .. }| {
                let lanes = (n / 4).max(1).next_power_of_two().min(THREADS);
                waves(all * lanes) * (n.div_ceil(lanes) * FUNCTION + SHARED)
            })
        }),
        Action::Watch { .. } => 0,
    };
    count(thread).saturating_add(LAUNCH)
}
