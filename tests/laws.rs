//! The laws: both sides of every law have one shape and are equal at random points, exactly over a prime field where the law
//! speaks of nothing transcendental. The values are those of the dense reference, which knows no laws.

use hesse_compiler::{
    expr::{Expr, Fact, Graph, Meaning, Node, Numeric},
    laws::{self, Law},
    matrix::Matrix,
    number::Number,
    scalar::{Fp, Scalar},
    simplify::sides,
    syntax::expand,
};
use hesse_tests::{random, uniform};
use std::collections::{BTreeMap, BTreeSet};

/// Random arrays over a scalar, of which facts are true.
trait Draw: Numeric {
    fn draw(name: &str, seed: u64) -> Self;
}
impl Draw for f64 {
    fn draw(name: &str, seed: u64) -> f64 {
        uniform(name, seed)
    }
}
impl Draw for Fp {
    fn draw(name: &str, seed: u64) -> Fp {
        Fp::number(Number::int((random(name, seed) >> 2) as i64))
    }
}

fn array<T: Draw>(g: &Graph, name: &str, e: Expr, rows: usize, cols: usize, seed: u64) -> Matrix<T> {
    let has = |f| g.facts(e).has(f);
    let mut m = Matrix::from_fn(rows, cols, |i, j| T::draw(name, seed * 7919 + (i * 101 + j) as u64));
    if has(Fact::Positive) {
        m = m.map(|x| x * x + T::number(Number::ratio(1, 10)));
    }
    if has(Fact::RowStochastic) {
        let sums: Vec<T> = (0..rows).map(|i| m.row(i).iter().fold(T::zero(), |s, &x| s + x)).collect();
        m = Matrix::from_fn(rows, cols, |i, j| m.at(i, j) / sums[i]);
    }
    if has(Fact::Orthogonal) {
        // Cayley
        let skew = Matrix::from_fn(rows, rows, |i, j| m.at(i, j) - m.at(j, i));
        let eye = Matrix::identity(rows);
        let inverse = eye.zip(&skew, |a, b| a + b).eliminate().0.expect("invertible: the eigenvalues of S are imaginary");
        m = eye.zip(&skew, |a, b| a - b).matmul(&inverse);
    }
    m
}

/// Both sides at random data and sizes that all differ.
fn values<T: Draw>(g: &Graph, both: (Expr, Expr), seed: u64) -> (Matrix<T>, Matrix<T>) {
    let orders = [[2, 3, 4, 5, 6, 7], [3, 5, 2, 4, 7, 6], [5, 2, 3, 7, 4, 6]];
    let mut names: BTreeSet<String> = BTreeSet::new();
    for e in g.reachable(&[both.0, both.1]) {
        match g.as_dim(e) {
            Some(d) => names.extend(d.names().map(str::to_owned)),
            None => names.extend(g.shape(e).rows.names().chain(g.shape(e).cols.names()).map(str::to_owned)),
        }
    }
    let row = &orders[seed as usize % 3];
    let sizes: BTreeMap<String, usize> = names.into_iter().enumerate().map(|(k, n)| (n, row[k])).collect();
    let size = |n: &str| sizes.get(n).copied();
    let data: BTreeMap<String, Matrix<T>> = g
        .variables()
        .map(|(name, v)| {
            let at = |d: &hesse_compiler::dim::Dim| d.eval(&size).expect("a size");
            (name.to_owned(), array(g, name, v.expr, at(&v.shape.rows), at(&v.shape.cols), seed))
        })
        .collect();
    let value = |e| g.eval::<T>(e, &|n| data.get(n).cloned(), &size).expect("a value");
    (value(both.0), value(both.1))
}

fn transcendental(g: &Graph, both: (Expr, Expr)) -> bool {
    g.reachable(&[both.0, both.1]).iter().any(|&e| match g.node(e) {
        Node::Apply(op, _) => match op.0.meaning {
            // a root in the field is a fixed map
            Meaning::Entrywise { .. } => op.0.name != "power" || g.as_number(g.args(e)[1]).is_some_and(|p| p.as_int().is_none()),
            Meaning::Rowwise(_) => op.0.name != "softmax",
            Meaning::Function(_) => op.0.name.starts_with("norm"),
            _ => false,
        },
        _ => false,
    })
}

/// What speaks against a law.
fn objection(law: &'static Law) -> Result<bool, String> {
    let (mut g, lhs, rhs) = sides(law);
    let (lhs, rhs) = (expand(&mut g, lhs), expand(&mut g, rhs));
    if g.shape(lhs) != g.shape(rhs) {
        return Err(format!("{}: {} and {}", law.name, g.shape(lhs), g.shape(rhs)));
    }
    let exact = !transcendental(&g, (lhs, rhs));
    for seed in 0..6 {
        if exact {
            let (l, r) = values::<Fp>(&g, (lhs, rhs), seed);
            if l != r {
                return Err(format!("{}: over the field, seed {seed}:\n{l:?}\n{r:?}", law.name));
            }
        }
        let (l, r) = values::<f64>(&g, (lhs, rhs), seed);
        let scale = l.data.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
        if l.data.iter().zip(&r.data).any(|(x, y)| (x - y).abs() > 1e-9 * scale) {
            return Err(format!("{}: in floats, seed {seed}:\n{l:?}\n{r:?}", law.name));
        }
    }
    Ok(exact)
}

#[test]
fn laws_hold() {
    let found: Vec<Result<bool, String>> = laws::all().map(objection).collect();
    let errors: Vec<String> = found.iter().filter_map(|f| f.clone().err()).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    let exact = found.iter().filter(|f| **f == Ok(true)).count();
    assert!(exact > 90, "only {exact} laws were checked over the field");
}

#[test]
fn names_are_unique_and_sources_are_given() {
    let mut seen = BTreeSet::new();
    for law in laws::all() {
        assert!(seen.insert(law.name), "{} twice", law.name);
    }
    for group in laws::GROUPS {
        assert!(!group.title.is_empty() && !group.source.is_empty() && !group.laws.is_empty());
    }
}

/// A wrong law does not pass: tempting ones, each of the right shape.
#[test]
fn false_laws_are_caught() {
    static FALSE: &[Law] = &[
        Law { name: "commutes", given: "A: n×n, B: n×n", lhs: "A B", both: true, rhs: "B A" },
        Law {
            name: "column-wise vec",
            given: "A: n×n, X: n×n, B: n×n",
            lhs: "vec_r(A X B)",
            both: true,
            rhs: "(B' ⊗ A) vec_r(X)",
        },
        Law {
            name: "commutation", given: "A: m×n, B: m×n", lhs: "K(m, m) (B ⊗ A)", both: true, rhs: "(A ⊗ B) K(m, n) K(n, n)"
        },
        Law {
            name: "inverse of a sum",
            given: "A: n×n invertible, B: n×n invertible",
            lhs: "(A + B)^-1",
            both: true,
            rhs: "A^-1 + B^-1",
        },
        Law { name: "columns", given: "A: n×n rowstochastic", lhs: "ones(1, n) A", both: true, rhs: "ones(1, n)" },
        Law { name: "root of a square", given: "A: m×n", lhs: "(A ∘ A).^(1/2)", both: true, rhs: "A" },
        Law { name: "layernorm", given: "X: m×n", lhs: "layernorm(X)", both: true, rhs: "X - rowsum(X) ones(1, n) / n" },
    ];
    for law in FALSE {
        let caught = std::panic::catch_unwind(|| objection(law));
        assert!(!matches!(caught, Ok(Ok(_))), "`{}` passes", law.name);
    }
}
