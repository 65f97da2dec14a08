//! Simplification by construction keeps the value: random typed formulas, against the same operations one at a time.

use crate::draw::{Mistakes, near, rows};
use hesse_compiler::{
    dim::Dim,
    expr::{Argument, Expr, Fact, Graph, Kind, Op, Shape},
    matrix::Matrix,
    number::Number,
    ops::build::Build,
    syntax,
};
use hesse_tests::{draw, random};
use std::collections::BTreeMap;

/// An argument: as formula, as number, as size, as value.
type Given = (Expr, Option<Number>, Option<Dim>, Matrix<f64>);

/// A formula and the value it should have.
type Valued = (Expr, Matrix<f64>);

const SIZES: [(&str, usize); 3] = [("m", 2), ("n", 3), ("p", 4)];

fn size(name: &str) -> Option<usize> {
    SIZES.iter().find(|s| s.0 == name).map(|s| s.1)
}

/// Names, constants and structured matrices to start from.
fn leaves(g: &mut Graph, seed: u64) -> (Vec<Valued>, BTreeMap<String, Matrix<f64>>) {
    let (mut pool, mut data) = (vec![], BTreeMap::new());
    let dims = [Dim::constant(1), Dim::symbol("m"), Dim::symbol("n")];
    let at = |d: &Dim| d.eval(&size).expect("a size");
    for (r, c) in dims.iter().flat_map(|r| dims.iter().map(move |c| (r, c))) {
        let shape = Shape::new(r.clone(), c.clone());
        for facts in [vec![], vec![Fact::Positive], vec![Fact::PosDef], vec![Fact::Orthogonal]] {
            if r != c && (facts.contains(&Fact::PosDef) || facts.contains(&Fact::Orthogonal)) {
                continue;
            }
            let name = format!("X {r} {c} {facts:?}");
            let e = g.declare(&name, shape.clone(), Kind::Const);
            facts.iter().for_each(|&f| g.assume(e, f));
            let value = draw(&name, seed, at(r), at(c), &facts);
            data.insert(name, value.clone());
            pool.push((e, value));
        }
        let (rows, cols) = (at(r), at(c));
        pool.push((g.zeros(&shape), Matrix::zeros(rows, cols)));
        pool.push((g.ones(&shape), Matrix::from_fn(rows, cols, |_, _| 1.0)));
        if r == c {
            pool.push((g.eye(r), Matrix::identity(rows)));
        }
        let k = g.commutation(r, c);
        let mut raw = Graph::default();
        let rk = raw.commutation(r, c);
        pool.push((k, raw.eval(rk, &|_| None, &size).expect("a value")));
    }
    for n in [-2i64, 2] {
        pool.push((g.constant(Number::int(n)), Matrix::scalar(n as f64)));
    }
    (pool, data)
}

/// The operation at plain data: the arguments are names, so nothing simplifies but the operation itself.
fn plain(op: &'static Op, args: &[(Option<Number>, Option<Dim>, &Matrix<f64>)]) -> Option<Matrix<f64>> {
    let mut g = Graph::default();
    let (mut exprs, mut data) = (vec![], BTreeMap::new());
    for (k, (number, dim, m)) in args.iter().enumerate() {
        exprs.push(match (number, dim) {
            (Some(n), _) => g.number(*n),
            (_, Some(d)) => g.dim(d),
            _ => {
                let shape = Shape::new(Dim::constant(m.rows as i64), Dim::constant(m.cols as i64));
                data.insert(format!("x{k}"), (*m).clone());
                g.declare(&format!("x{k}"), shape, Kind::Const)
            }
        });
    }
    let y = g.try_apply(op, &exprs).ok()?;
    let y = syntax::expand(&mut g, y);
    g.eval(y, &|s| data.get(s).cloned(), &size).ok()
}

#[test]
fn simplification_keeps_the_value() {
    // images fit by chance only, and what makes of them matrices never simplifies by itself
    let apart = ["slice", "mat_r", "e", "size", "conv2d", "avgpool2d", "maxpool2d"];
    let all: Vec<&'static Op> = rows().filter(|op| !apart.contains(&op.name)).collect();
    let (mut seen, mut skipped, mut shrunk) = (0, 0, 0);
    let mut bad = Mistakes::default();
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..60 {
        let mut g = Graph::default();
        let (mut pool, data) = leaves(&mut g, seed);
        for step in 0..150u64 {
            let pick = |what: &str, n: usize| (random(what, seed * 100_000 + step) % n as u64) as usize;
            let op = all[pick("operation", all.len())];
            let signature = op.parsed();
            let mut args: Vec<Given> = vec![];
            for (k, argument) in signature.arguments.iter().enumerate() {
                // try a few of the pool until the shapes fit
                let (e, number, dim, value) = match argument {
                    Argument::Number => {
                        let n = [Number::int(2), Number::int(3), Number::int(-1), Number::ratio(1, 2)][pick("number", 4)];
                        (g.number(n), Some(n), None, Matrix::scalar(n.to_f64()))
                    }
                    Argument::Size(_) => {
                        let d = [Dim::constant(1), Dim::symbol("m"), Dim::symbol("n")][pick(&format!("size {k}"), 3)].clone();
                        (g.dim(&d), None, Some(d), Matrix::zeros(1, 1))
                    }
                    Argument::Matrix(..) => {
                        let (e, m) = pool[pick(&format!("argument {k}"), pool.len())].clone();
                        (e, None, None, m)
                    }
                };
                args.push((e, number, dim, value));
            }
            // make the arguments fit by transposing or by choosing the second among those that fit
            let exprs: Vec<Expr> = args.iter().map(|a| a.0).collect();
            let mut chosen = exprs.clone();
            if g.try_apply(op, &chosen).is_err() && chosen.len() == 2 {
                let start = pick("fit", pool.len());
                let fits = (0..pool.len()).map(|i| (start + i) % pool.len()).find(|&i| {
                    let trial = [exprs[0], pool[i].0];
                    g.try_apply(op, &trial).is_ok()
                });
                if let Some(i) = fits {
                    chosen[1] = pool[i].0;
                    args[1] = (pool[i].0, None, None, pool[i].1.clone());
                }
            }
            let Ok(y) = g.try_apply(op, &chosen) else {
                skipped += 1;
                continue;
            };
            let plain_args: Vec<_> = args.iter().map(|(_, n, d, m)| (*n, d.clone(), m)).collect();
            let Some(wanted) = plain(op, &plain_args) else {
                skipped += 1;
                continue;
            };
            let finite = wanted.data.iter().all(|x| x.is_finite() && x.abs() < 1e4) && wanted.data.len() <= 144;
            // kinks and poles of rounding: a result that is zero but for rounding decides signs
            let clear = wanted.data.iter().all(|x| *x == 0.0 || x.abs() > 1e-6);
            // a root of what is zero but for rounding is far from zero
            let root_of_zero = op.name == "power" && args[1].1 == Some(Number::ratio(1, 2)) && wanted.data.contains(&0.0);
            // which of two entries is the largest, where rounding alone tells them apart
            let rounded = |m: &Matrix<f64>| m.map(|x| (x * 1e6).round() / 1e6);
            let tied = op.kink.is_some_and(|kink| kink(&rounded(&args[0].3)).is_some());
            if !finite || !clear || root_of_zero || tied {
                skipped += 1;
                continue;
            }
            let expanded = syntax::expand(&mut g, y);
            let Ok(found) = g.eval(expanded, &|s| data.get(s).cloned(), &size) else {
                panic!("`{}` of {chosen:?} has no value, and {wanted:?} without simplification", op.name)
            };
            let right = near(&found, &wanted, &format!("seed {seed} step {step}: `{}` of {chosen:?}", op.name));
            if right.is_err() {
                bad.note(right);
                continue;
            }
            shrunk += usize::from(g.args_of(y, op) != Some(&chosen[..]));
            *used.entry(op.name).or_default() += 1;
            seen += 1;
            pool.push((y, wanted));
        }
    }
    bad.none();
    assert!(seen > 2000 && shrunk > 300, "{seen} formulas, {shrunk} simplified, {skipped} skipped");
    let never: Vec<&str> = all.iter().map(|op| op.name).filter(|n| !used.contains_key(n)).collect();
    assert!(never.len() <= 3, "operations that never fitted: {never:?}");
}
