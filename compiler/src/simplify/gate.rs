//! The gate after simplification: both formulas are compared at random points, over a prime field and in double precision.
//!
//! Over the field equal means equal, but roots and exponentials are fixed maps there that obey no law: a difference there is
//! looked at again in double precision, and only a difference in both counts.

use super::proof::{Proof, Reason};
use crate::{
    dim::Dim,
    draw::{self, Draw, Rng},
    expr::{Expr, Graph, Node, Type},
    index::{Program, Run},
    lower::lower,
    matrix::Matrix,
    scalar::Fp,
    syntax::expand,
};
use std::collections::{BTreeMap, BTreeSet};

/// Sizes to try, in turn given to the names in order: all different.
const SIZES: [[usize; 8]; 4] =
    [[2, 3, 4, 5, 6, 7, 8, 9], [3, 2, 5, 4, 7, 6, 9, 8], [5, 3, 2, 4, 6, 8, 7, 9], [9, 8, 4, 5, 3, 7, 6, 2]];
/// Bytes that one evaluation may hold.
const MEMORY: u128 = 64 << 20;
/// Points in double precision.
const POINTS: u64 = 3;
/// Relative difference that counts.
const DIFFER: f64 = 1e-9;

/// Why what a proof says is not believed; `None` if nothing speaks against it. Where there are no points to compare at, because no
/// sizes are small enough or what is assumed is not true of random data, the proof itself is replayed.
pub(super) fn objection(proof: &mut Proof) -> Option<String> {
    if proof.start == proof.end {
        return None;
    }
    let assumed = proof.steps.iter().any(|s| s.reason == Reason::Assumption);
    match if assumed { None } else { compared(&mut proof.graph, proof.start, proof.end, &proof.given) } {
        Some(worst) if worst <= DIFFER => None,
        Some(worst) => Some(format!("the results differ by {worst:.1e} at random data")),
        None => proof.replay().err().map(|flaw| format!("the proof does not hold: {flaw}")),
    }
}

/// How far apart two formulas are at random points, relative to the largest entry; `None` if they could not be evaluated.
fn compared(g: &mut Graph, a: Expr, b: Expr, given: &[(Reason, Expr, Expr)]) -> Option<f64> {
    let (a, b) = (expand(g, a), expand(g, b));
    let mut definitions: BTreeMap<String, Expr> = BTreeMap::new();
    for (_, e, v) in given.iter().filter(|x| x.0 == Reason::Definition) {
        if let Node::Var(name) = g.node(*v).clone() {
            definitions.insert(name, expand(g, *e));
        }
    }
    // what is defined depends on data alone, since definitions are one level deep
    let roots: Vec<Expr> = [a, b].into_iter().chain(definitions.values().copied()).collect();
    let sizes = sizes(g, &roots)?;
    let programs = Programs {
        sides: lower(g, &[a, b]),
        definitions: definitions.iter().map(|(n, &e)| (n.clone(), lower(g, &[e]))).collect(),
    };
    if let Some((l, r)) = programs.at::<Fp>(g, &sizes, 11)
        && l == r
    {
        return Some(0.0);
    }
    let apart = |(l, r): (Matrix<f64>, Matrix<f64>)| {
        let scale = l.data.iter().chain(&r.data).fold(1e-3, |m: f64, x| m.max(x.abs()));
        l.data.iter().zip(&r.data).fold(0.0, |m: f64, (x, y)| m.max((x - y).abs())) / scale
    };
    (0..POINTS).filter_map(|seed| programs.at::<f64>(g, &sizes, 100 + seed)).map(apart).reduce(f64::max)
}

/// Small sizes that fit; `None` where there are none.
fn sizes(g: &Graph, roots: &[Expr]) -> Option<BTreeMap<String, usize>> {
    let mut extents: BTreeSet<Dim> = BTreeSet::new();
    for e in g.reachable(roots) {
        match g.ty(e) {
            Type::Dim(d) => {
                extents.insert(d.clone());
            }
            Type::Matrix(s) => extents.extend([s.rows.clone(), s.cols.clone()]),
        }
    }
    let names: BTreeSet<String> = extents.iter().flat_map(|d| d.names().map(str::to_owned).collect::<Vec<_>>()).collect();
    let table = |row: &[usize; 8]| -> BTreeMap<String, usize> {
        names.iter().enumerate().map(|(k, n)| (n.clone(), row.get(k).copied().unwrap_or(k + 2))).collect()
    };
    SIZES.iter().map(table).find(|s| extents.iter().all(|d| d.eval(&|n| s.get(n).copied()).is_some_and(|n| n > 0)))
}

/// Both sides, and what names are defined as.
struct Programs {
    sides: Program,
    definitions: Vec<(String, Program)>,
}

impl Programs {
    /// Both sides at random data of which the facts are true; `None` where they cannot be evaluated.
    fn at<T: Draw>(&self, g: &Graph, sizes: &BTreeMap<String, usize>, seed: u64) -> Option<(Matrix<T>, Matrix<T>)> {
        let size = |n: &str| sizes.get(n).copied();
        let mut rng = Rng::new(seed);
        let mut values: BTreeMap<String, Matrix<T>> = BTreeMap::new();
        for (name, v) in g.variables() {
            let (Some(rows), Some(cols)) = (v.shape.rows.eval(&size), v.shape.cols.eval(&size)) else { continue };
            if (rows * cols) as u128 * 8 <= MEMORY {
                values.insert(name.to_owned(), draw::array(rows, cols, g.facts(v.expr), &mut rng));
            }
        }
        let run = |values: &BTreeMap<String, Matrix<T>>, p: &Program| {
            let data = |name: &str| values.get(name).cloned();
            Run { data: &data, size: &size, memory: MEMORY }.run(p).ok().map(|o| o.values)
        };
        for (name, p) in &self.definitions {
            let mut value = run(&values, p)?;
            values.insert(name.clone(), value.swap_remove(0));
        }
        let mut both = run(&values, &self.sides)?;
        let right = both.pop()?;
        Some((both.pop()?, right))
    }
}
