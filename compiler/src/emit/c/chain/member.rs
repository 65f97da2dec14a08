//! A step as a member of a chain: which of its letters count the rows, and where it stays inside of a row.

use super::{
    super::{
        library::{self, RowCall},
        product,
    },
    layout::{Access, Layout},
};
use crate::{
    index::plan::{Action, ArrayId, Operand, Plan, Product},
    number::Number,
};
use std::collections::BTreeMap;

/// What a member does.
#[derive(Clone, Debug)]
pub(super) enum Does {
    /// A product with that coefficient.
    Sum(Number),
    /// An entrywise function.
    Map { name: &'static str, parameters: Vec<Number> },
    /// A function of matrix rows of so many entries, with results of so many: one row for every value of the output letter.
    Rows { name: &'static str, n: usize, width: usize },
}

/// A step in one row.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Its place in the plan.
    pub(super) step: usize,
    pub(super) does: Does,
    /// Extents of the letters of the target that do not count rows, then of those that are summed.
    pub(super) outputs: Vec<usize>,
    pub(super) inner: Vec<usize>,
    pub(super) factors: Vec<Access>,
    pub(super) target: Access,
    /// Whether it writes, not adds.
    pub(super) set: bool,
}

impl Member {
    /// Entries of the target in a row, and how many terms each is summed of.
    pub(super) fn size(&self) -> [usize; 2] {
        [&self.outputs, &self.inner].map(|e| e.iter().product())
    }

    pub(super) fn extents(&self) -> Vec<usize> {
        [&self.outputs[..], &self.inner[..]].concat()
    }
}

/// The member that a step becomes, and how its target is divided; `None` if it does not go over these rows.
pub(super) fn fitting(plan: &Plan, step: usize, rows: &[usize], known: &BTreeMap<ArrayId, Layout>) -> Option<(Member, Layout)> {
    match &plan.steps[step].action {
        Action::Product(p) if product::one_to_one_target(p) && p.factors.iter().all(|f| f.array != p.target.array) => {
            let mut found = None;
            assign(p, rows, &mut vec![], &mut |letters| {
                found = member(plan, step, p, rows, letters, known);
                found.is_some()
            });
            found
        }
        Action::Map { name, parameters, argument, target, .. } => {
            let n = plan.arrays[*argument];
            if !library::has_map(name) || n == 0 {
                return None;
            }
            let layout = known.get(argument).or_else(|| known.get(target)).cloned().or_else(|| leading(rows, n))?;
            let gaps = layout.gaps(rows, n)?;
            let all = gaps.iter().map(|g| g.size).product::<usize>() * rows.iter().product::<usize>();
            if all != n || known.get(target).is_some_and(|l| *l != layout) {
                return None;
            }
            let outputs: Vec<_> = gaps.iter().rev().filter(|g| g.size > 1).collect();
            let access =
                |array| Access { array, offset: 0, rows: layout.0.clone(), letters: outputs.iter().map(|g| g.low).collect() };
            let member = Member {
                step,
                does: Does::Map { name, parameters: parameters.clone() },
                outputs: outputs.iter().map(|g| g.size).collect(),
                inner: vec![],
                factors: vec![access(*argument)],
                target: access(*target),
                set: true,
            };
            Some((member, layout))
        }
        Action::Call { name, arguments, target, times, .. } => {
            let [(argument, shape)] = arguments.as_slice() else { return None };
            let entries = |a: ArrayId| plan.arrays[a];
            let RowCall { name, all, n, width } = RowCall::of(name, *shape, *times, entries(*argument), entries(*target))?;
            // arrays of no entries have no rows
            if width == 0 || known.contains_key(target) {
                return None;
            }
            let from = known.get(argument).cloned().or_else(|| leading(rows, all).map(|l| scaled(&l, n)))?;
            if !from.0.iter().all(|s| s.is_multiple_of(n)) {
                return None;
            }
            let to = Layout(from.0.iter().map(|s| s / n * width).collect());
            // the rows of the matrix that belong to one row of the chain lie one after the other
            let gaps = from.gaps(rows, entries(*argument))?;
            let count = gaps.first()?.size / n;
            if gaps.iter().skip(1).any(|g| g.size > 1) || count * rows.iter().product::<usize>() != all {
                return None;
            }
            to.gaps(rows, entries(*target))?;
            let outputs = if count > 1 { vec![count] } else { vec![] };
            let access = |array, layout: &Layout, unit| Access {
                array,
                offset: 0,
                rows: layout.0.clone(),
                letters: outputs.iter().map(|_| unit).collect(),
            };
            let (factors, target) = (vec![access(*argument, &from, n)], access(*target, &to, width));
            let does = Does::Rows { name, n, width };
            Some((Member { step, does, outputs, inner: vec![], factors, target, set: true }, to))
        }
        _ => None,
    }
}

/// Rows that lie one after the other in an array of n entries.
fn leading(rows: &[usize], n: usize) -> Option<Layout> {
    let mut unit = n;
    let strides = rows.iter().map(|&r| {
        let whole = unit.is_multiple_of(r);
        unit /= r;
        whole.then_some(unit)
    });
    strides.collect::<Option<Vec<_>>>().filter(|s| s.iter().all(|x| *x > 0)).map(Layout)
}

fn scaled(layout: &Layout, by: usize) -> Layout {
    Layout(layout.0.iter().map(|s| s * by).collect())
}

/// Tries the letters of a product that can count the rows, each for one extent, until one of the choices is taken.
fn assign(p: &Product, rows: &[usize], chosen: &mut Vec<usize>, take: &mut dyn FnMut(&[usize]) -> bool) -> bool {
    let Some(&extent) = rows.get(chosen.len()) else { return take(chosen) };
    let mut fitting: Vec<usize> =
        (0..p.extents.len()).filter(|&l| p.extents[l] == extent && p.target.strides[l] != 0 && !chosen.contains(&l)).collect();
    fitting.sort_by_key(|&l| std::cmp::Reverse(p.target.strides[l]));
    for l in fitting {
        chosen.push(l);
        if assign(p, rows, chosen, take) {
            return true;
        }
        chosen.pop();
    }
    false
}

/// A product whose rows are counted by those letters.
fn member(
    plan: &Plan,
    step: usize,
    p: &Product,
    rows: &[usize],
    counting: &[usize],
    known: &BTreeMap<ArrayId, Layout>,
) -> Option<(Member, Layout)> {
    let free = |l: &usize| p.extents[*l] > 1 && !counting.contains(l);
    let (mut outputs, mut inner): (Vec<usize>, Vec<usize>) =
        (0..p.extents.len()).filter(free).partition(|&l| p.target.strides[l] != 0);
    outputs.sort_by_key(|&l| (std::cmp::Reverse(p.target.strides[l]), l));
    let along = |l: usize| p.factors.first().map_or(0, |f| f.strides[l]);
    inner.sort_by_key(|&l| (std::cmp::Reverse(along(l)), l));
    let order: Vec<usize> = outputs.iter().chain(&inner).copied().collect();
    let access = |o: &Operand| Access {
        array: o.array,
        offset: o.offset,
        rows: counting.iter().map(|&l| o.strides[l]).collect(),
        letters: order.iter().map(|&l| o.strides[l]).collect(),
    };
    let extents: Vec<usize> = order.iter().map(|&l| p.extents[l]).collect();
    let (factors, target): (Vec<Access>, Access) = (p.factors.iter().map(access).collect(), access(&p.target));
    let layout = known.get(&target.array).cloned().unwrap_or_else(|| Layout(target.rows.clone()));
    layout.inside(rows, plan.arrays[target.array], &target, &extents)?;
    for f in &factors {
        if let Some(known) = known.get(&f.array) {
            known.inside(rows, plan.arrays[f.array], f, &extents)?;
        }
    }
    let extents = |letters: &[usize]| letters.iter().map(|&l| p.extents[l]).collect::<Vec<usize>>();
    let (outputs, inner) = (extents(&outputs), extents(&inner));
    Some((Member { step, does: Does::Sum(p.coefficient), outputs, inner, factors, target, set: p.first }, layout))
}
