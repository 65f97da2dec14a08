//! Chains: steps that go over the same rows become one kernel, in which some threads do all steps of a row.
//!
//! An array that is made in a chain is written and read by one row only, so that a barrier among the threads of a group is enough
//! between two steps. The rule by which steps are chained is one of counts: see [`cost`].

mod cost;
mod draft;
mod hazards;
mod layout;
mod member;
mod storage;

pub(super) use draft::draft;

use crate::index::plan::{Action, ArrayId, Plan};
use layout::Layout;
use member::Member;
use std::collections::{BTreeMap, BTreeSet};

/// Items behind the first of a chain among which others are looked for.
const WINDOW: usize = 64;
/// Most steps of a chain.
const MEMBERS: usize = 24;

/// What is done next: a step of the plan by its place, or a chain of steps.
pub(super) enum Item {
    Step(usize),
    Chain(Chain),
}

/// Steps that one kernel does row by row.
pub(super) struct Chain {
    /// Extents of the letters that count the rows.
    pub(super) rows: Vec<usize>,
    members: Vec<Member>,
    /// How the arrays that are made are divided among the rows.
    layouts: BTreeMap<ArrayId, Layout>,
    /// Arrays that are read and not made.
    given: BTreeSet<ArrayId>,
}

impl Chain {
    /// Places of its steps in the plan.
    pub(super) fn steps(&self) -> impl Iterator<Item = usize> {
        self.members.iter().map(|m| m.step)
    }

    /// The arrays that it reads and does not make.
    pub(super) fn given(&self) -> impl Iterator<Item = ArrayId> {
        self.given.iter().copied()
    }
}

/// Arrays read and written.
#[derive(Default)]
struct Touched {
    read: BTreeSet<ArrayId>,
    written: BTreeSet<ArrayId>,
}

impl Touched {
    fn add(&mut self, plan: &Plan, item: &Item) {
        each(item, |k| {
            let action = &plan.steps[k].action;
            self.read.extend(action.reads());
            self.written.extend(action.target());
        });
    }

    /// Whether an item must stay on its side of these.
    fn orders(&self, plan: &Plan, item: &Item) -> bool {
        let mut found = false;
        each(item, |k| {
            let action = &plan.steps[k].action;
            found |= action.reads().iter().any(|a| self.written.contains(a))
                || action.target().is_some_and(|t| self.written.contains(&t) || self.read.contains(&t));
        });
        found
    }
}

fn each(item: &Item, mut f: impl FnMut(usize)) {
    match item {
        Item::Step(k) => f(*k),
        Item::Chain(c) => c.steps().for_each(f),
    }
}

/// The steps of a plan in an order in which chains stand together; what depends on each other keeps its order.
pub(super) fn items(plan: &Plan) -> Vec<Item> {
    // the next one is the last
    let mut queue: Vec<Item> = (0..plan.steps.len()).rev().map(Item::Step).collect();
    let mut out = vec![];
    while let Some(first) = queue.pop() {
        let Item::Step(k) = first else {
            out.push(first);
            continue;
        };
        queue.push(first);
        let mut best: Option<Growth> = None;
        for rows in spaces(plan, k, &queue) {
            let found = Growth::of(plan, &queue, rows);
            if let Some(g) = found.filter(|g| best.as_ref().is_none_or(|b| g.gain > b.gain)) {
                best = Some(g);
            }
        }
        let Some(best) = best.filter(|b| b.chain.members.len() > 1 && b.gain > 0) else {
            out.extend(queue.pop());
            continue;
        };
        let from = queue.len() - best.sides.len();
        let (mut before, mut after) = (vec![], vec![]);
        for (item, side) in queue.drain(from..).rev().zip(best.sides) {
            match side {
                Side::Before => before.push(item),
                Side::After => after.push(item),
                Side::Inside => {}
            }
        }
        queue.extend(after.into_iter().rev());
        queue.push(Item::Chain(best.chain));
        queue.extend(before.into_iter().rev());
    }
    out
}

/// Letters that the rows of a chain may be counted by, by their extents: those of the target of its first step, one or two; none.
fn spaces(plan: &Plan, first: usize, queue: &[Item]) -> Vec<Vec<usize>> {
    let mut out: BTreeSet<Vec<usize>> = BTreeSet::from([vec![]]);
    let mut letters = |extents: Vec<usize>| {
        for (k, &n) in extents.iter().enumerate().take(4) {
            out.insert(vec![n]);
            out.extend(extents[k + 1..].iter().take(4).map(|&m| vec![n, m]));
        }
    };
    let moving = |p: &crate::index::plan::Product, strides: &[usize]| {
        let mut moved: Vec<(usize, usize)> =
            (0..strides.len()).filter(|&l| strides[l] != 0).map(|l| (strides[l], p.extents[l])).collect();
        moved.sort_unstable();
        moved.into_iter().rev().map(|m| m.1).filter(|n| *n > 1).collect::<Vec<usize>>()
    };
    match &plan.steps[first].action {
        Action::Product(p) => letters(moving(p, &p.target.strides)),
        Action::Call { arguments, times, .. } => {
            let rows = arguments.first().map_or(1, |a| a.1[0]);
            letters([*times, rows].into_iter().filter(|n| *n > 1).collect());
            letters(vec![times * rows].into_iter().filter(|n| *n > 1).collect());
        }
        // an entrywise function has the letters of those that read it
        Action::Map { target, .. } => {
            for item in queue.iter().rev().take(WINDOW) {
                each(item, |k| match &plan.steps[k].action {
                    Action::Product(p) => {
                        p.factors.iter().filter(|f| f.array == *target).for_each(|f| letters(moving(p, &f.strides)))
                    }
                    Action::Call { arguments, .. } if arguments.iter().any(|a| a.0 == *target) => {
                        letters(vec![arguments[0].1[0].max(2)])
                    }
                    _ => {}
                });
            }
        }
        Action::Watch { .. } => {}
    }
    out.into_iter().collect()
}

#[derive(Clone, Copy)]
enum Side {
    Before,
    Inside,
    After,
}

/// A chain that grows from the next item of a queue on.
struct Growth {
    chain: Chain,
    /// Where the items of the window go.
    sides: Vec<Side>,
    /// What it saves.
    gain: i64,
}

impl Growth {
    fn of(plan: &Plan, queue: &[Item], rows: Vec<usize>) -> Option<Growth> {
        let mut chain = Chain { rows, members: vec![], layouts: BTreeMap::new(), given: BTreeSet::new() };
        let (mut inside, mut after, mut sides, mut gain) = (Touched::default(), Touched::default(), vec![], -cost::LAUNCH);
        for item in queue.iter().rev().take(WINDOW) {
            let behind = after.orders(plan, item);
            let joined = match item {
                Item::Step(k) if !behind && chain.members.len() < MEMBERS => chain.join(plan, *k),
                _ => None,
            };
            sides.push(match joined {
                Some(saved) => {
                    gain += saved;
                    inside.add(plan, item);
                    Side::Inside
                }
                None if chain.members.is_empty() => return None,
                None if behind || inside.orders(plan, item) => {
                    after.add(plan, item);
                    Side::After
                }
                None => Side::Before,
            });
        }
        Some(Growth { chain, sides, gain })
    }
}

impl Chain {
    /// Takes up a step, if it goes over these rows and that costs no more than to do it alone; tells what is saved.
    fn join(&mut self, plan: &Plan, step: usize) -> Option<i64> {
        let action = &plan.steps[step].action;
        let target = action.target()?;
        // other rows may have read it
        if self.given.contains(&target) {
            return None;
        }
        let (member, layout) = member::fitting(plan, step, &self.rows, &self.layouts)?;
        let saved = cost::alone(plan, step) - cost::chained(&member, &self.rows);
        if saved < 0 {
            return None;
        }
        self.layouts.insert(target, layout);
        self.given.extend(action.reads().into_iter().filter(|a| !self.layouts.contains_key(a)));
        self.members.push(member);
        Some(saved)
    }
}
