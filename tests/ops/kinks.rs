//! Kinks: what is taken there, and that it is told.

use crate::draw::{Call, rows};
use hesse_compiler::{
    dim::Dim,
    expr::{Expr, Graph, Kind, Shape},
    matrix::Matrix,
    ops,
    scalar::Dual,
    syntax,
};
use std::collections::BTreeSet;

/// Rows with kinks tell of the zero matrix (and of ties), and of no random data.
#[test]
fn kinks_are_told() {
    let mut told = BTreeSet::new();
    for op in rows() {
        for call in Call::all(op) {
            let Some((_, _, m)) = call.data.first() else { continue };
            assert_eq!(op.kink.and_then(|k| k(m)), None, "{}", call.case);
            if op.kink.is_some_and(|k| k(&Matrix::zeros(m.rows, m.cols)).is_some()) {
                told.insert(op.name);
            }
        }
    }
    let expected = "abs argmax leaky_relu max norm2 norm2_grad normF relu rowargmax rowmax sign step unit";
    assert_eq!(told, expected.split(' ').collect(), "rows with kinks");
}

#[test]
fn kinks_name_their_entry() {
    let m = Matrix { rows: 2, cols: 3, data: vec![1.0, -2.0, 3.0, 0.0, 3.0, 5.0] };
    let relu = ops::named("relu").expect("a row");
    assert_eq!(relu.kink.expect("a row with kinks")(&m).as_deref(), Some("exactly 0 at entry (2, 1)"));
    let tied = Matrix { rows: 2, cols: 2, data: vec![1.0, 7.0, 7.0, 2.0] };
    let max = ops::named("max").expect("a row");
    assert_eq!(
        max.kink.expect("a row with kinks")(&tied).as_deref(),
        Some("equal maxima at entries (1, 2) and (2, 1), of which the first is taken")
    );
    let norm2 = ops::named("norm2").expect("a row");
    assert!(norm2.kink.expect("a row with kinks")(&Matrix::identity(3)).is_some());
}

/// Value and slope at a point, by dual numbers and by the row's own first derivative.
fn at(name: &str, x: f64) -> [f64; 3] {
    let mut g = Graph::default();
    let a = g.declare("a", Shape::new(Dim::constant(1), Dim::constant(1)), Kind::Const);
    let op = ops::named(name).expect("a row");
    let number = g.number(hesse_compiler::number::Number::ratio(1, 10));
    let args: Vec<Expr> = if op.signature.contains('#') { vec![a, number] } else { vec![a] };
    let y = g.apply(op, &args);
    let y = syntax::expand(&mut g, y);
    let dual = g.eval(y, &|_| Some(Matrix::scalar(Dual { re: x, eps: 1.0 })), &|_| None).expect("a value").data[0];
    let j = hesse_compiler::differentiate::jacobian(&mut g, y, a).expect("differentiable");
    let j = syntax::expand(&mut g, j);
    [dual.re, dual.eps, g.eval(j, &|_| Some(Matrix::scalar(x)), &|_| None).expect("a value").data[0]]
}

#[test]
fn slopes_at_kinks() {
    assert_eq!(at("relu", 0.0), [0.0, 0.0, 0.0]);
    assert_eq!(at("abs", 0.0), [0.0, 0.0, 0.0]);
    assert_eq!(at("sign", 0.0), [0.0, 0.0, 0.0]);
    assert_eq!(at("step", 0.0), [0.0, 0.0, 0.0]);
    assert_eq!(at("leaky_relu", 0.0), [0.0, 0.1, 0.1]);
    assert_eq!(at("relu", 2.0), [2.0, 1.0, 1.0]);
    assert_eq!(at("abs", -2.0), [2.0, -1.0, -1.0]);
}

/// The first of equal maxima takes the derivative, all of it.
#[test]
fn the_first_maximum_counts() {
    let argmax = ops::named("argmax").expect("a row");
    let mut g = Graph::default();
    let a = g.declare("a", Shape::new(Dim::constant(2), Dim::constant(2)), Kind::Const);
    let y = g.apply(argmax, &[a]);
    let m = Matrix { rows: 2, cols: 2, data: vec![1.0, 7.0, 7.0, 2.0] };
    let mask = g.eval(y, &|_| Some(m.clone()), &|_| None).expect("a value");
    assert_eq!(mask.data, [0.0, 1.0, 0.0, 0.0]);
}
