//! Random typed formulas with data at which they are finite.

use hesse_compiler::{
    dim::Dim,
    expr::{Expr, Fact, Graph, Kind, Op, Shape},
    matrix::Matrix,
    number::Number,
    ops::{self, build::Build},
    syntax,
};
use hesse_tests::{draw, random};
use std::collections::BTreeMap;

/// Data by name.
pub(crate) type Data = BTreeMap<String, Matrix<f64>>;
/// Sizes by name, all different.
pub(crate) type Sizes = BTreeMap<String, usize>;

/// Formulas of each seed.
const ROOTS: usize = 9;
/// Entries of the largest value.
const ENTRIES: usize = 600;

fn leaves(g: &mut Graph, seed: u64, sizes: &Sizes) -> (Vec<Expr>, Data) {
    let dim = |s: &str| s.parse().map_or_else(|_| Dim::symbol(s), Dim::constant);
    let size = |n: &str| sizes.get(n).copied();
    let (mut pool, mut data) = (vec![], Data::new());
    let table: [(&str, &str, &str, Option<Fact>); 10] = [
        ("A", "m", "n", None),
        ("B", "n", "p", None),
        ("C", "m", "n", Some(Fact::Positive)),
        ("M", "n", "n", None),
        ("S", "n", "n", Some(Fact::Symmetric)),
        ("P", "n", "n", Some(Fact::PosDef)),
        ("R", "m", "n", Some(Fact::RowStochastic)),
        ("x", "n", "1", None),
        ("y", "m", "1", None),
        ("s", "1", "1", Some(Fact::Positive)),
    ];
    for (name, rows, cols, fact) in table {
        let shape = Shape::new(dim(rows), dim(cols));
        let (r, c) = (shape.rows.eval(&size).expect("a size"), shape.cols.eval(&size).expect("a size"));
        let e = g.declare(name, shape, Kind::Param);
        let m = draw(name, seed, r, c, fact.as_slice());
        if let Some(f) = fact {
            g.assume(e, f);
        }
        data.insert(name.to_owned(), m);
        pool.push(e);
    }
    let (m, n) = (dim("m"), dim("n"));
    pool.push(g.eye(&n));
    pool.push(g.commutation(&m, &n));
    pool.push(g.ones(&Shape::new(n.clone(), n.clone())));
    pool.push(g.ones(&Shape::new(m, n.clone())));
    pool.push(g.ones(&Shape::new(Dim::constant(1), n)));
    (pool, data)
}

/// Operations that are drawn, some more often.
const OPERATIONS: &[&str] = &[
    "mul",
    "mul",
    "mul",
    "mul",
    "transpose",
    "transpose",
    "kron",
    "hadamard",
    "add",
    "add",
    "scale",
    "diag",
    "vec_r",
    "rowsum",
    "colsum",
    "softmax",
    "sigmoid",
    "tanh",
    "sum",
    "dot",
    "tr",
    "diagof",
    "inv",
    "det",
    "power",
    "relu",
    "layernorm",
];

/// A graph with random formulas, and data.
pub(crate) fn formulas(seed: u64) -> (Graph, Vec<Expr>, Data, Sizes) {
    let sizes: Sizes = [("m", 2), ("n", 3), ("p", 4)].map(|(n, k)| (n.to_owned(), k)).into();
    let size = |n: &str| sizes.get(n).copied();
    let mut g = Graph::default();
    let (mut pool, data) = leaves(&mut g, seed, &sizes);
    let start = pool.len();
    for step in 0..4000u64 {
        let pick = |what: &str, n: usize| (random(what, seed * 10_000 + step) % n as u64) as usize;
        let op: &'static Op = ops::named(OPERATIONS[pick("operation", OPERATIONS.len())]).expect("a row");
        // recent formulas more often, so that they grow
        let recent = pool.len().saturating_sub(14);
        let one = |k: usize| match pick(&format!("where {k}"), 3) {
            0 => pool[pick(&format!("any {k}"), pool.len())],
            _ => pool[recent + pick(&format!("recent {k}"), pool.len() - recent)],
        };
        let args = match (op.name, op.parsed().arguments.len()) {
            ("inv", _) if !g.facts(one(0)).has(Fact::PosDef) => continue,
            ("power", _) => {
                let p = [Number::int(2), Number::ratio(1, 2), Number::int(-1)][pick("power", 3)];
                if !g.facts(one(0)).has(Fact::Positive) && p != Number::int(2) {
                    continue;
                }
                vec![one(0), g.constant(p)]
            }
            (_, 1) => vec![one(0)],
            _ => vec![one(0), one(1)],
        };
        let Ok(y) = g.try_apply(op, &args) else { continue };
        let y = syntax::expand(&mut g, y);
        if pool.contains(&y) || g.as_number(y).is_some() || g.shape(y).len().eval(&size).is_none_or(|n| n > ENTRIES) {
            continue;
        }
        let Ok(value) = g.eval(y, &|n| data.get(n).cloned(), &size) else { continue };
        let largest = value.data.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        // what is zero but for rounding decides signs and is divided by
        let small = value.data.iter().any(|x| *x != 0.0 && x.abs() < 1e-6);
        if largest.is_finite() && largest < 1e3 && !small && largest > 0.0 {
            pool.push(y);
        }
        if pool.len() >= start + 4 * ROOTS {
            break;
        }
    }
    let roots = pool[pool.len().saturating_sub(ROOTS).max(start)..].to_vec();
    (g, roots, data, sizes)
}
