//! Values far out and at the edge of domains.

use crate::draw::near;
use hesse_compiler::{
    dim::Dim,
    expr::{Evaluation, Expr, Fact, Graph, Kind, Shape},
    matrix::Matrix,
    ops, syntax,
};

/// The value of a formula in `X` (and `Y`) at data.
fn value(text: &str, x: &Matrix<f64>, y: &Matrix<f64>) -> Result<Matrix<f64>, Evaluation> {
    let mut g = Graph::default();
    let mut scope = syntax::Scope::default();
    for (name, m) in [("X", x), ("Y", y)] {
        let shape = Shape::new(Dim::constant(m.rows as i64), Dim::constant(m.cols as i64));
        let e: Expr = g.declare(name, shape, Kind::Const);
        scope.vars.insert(name.to_owned(), e);
    }
    let e = syntax::formula(&mut g, text, &scope);
    let e = syntax::expand(&mut g, e);
    g.eval(e, &|s| Some(if s == "X" { x.clone() } else { y.clone() }), &|_| None)
}

fn row(entries: &[f64]) -> Matrix<f64> {
    Matrix { rows: 1, cols: entries.len(), data: entries.to_vec() }
}

fn expect(text: &str, x: &[f64], y: &[f64], wanted: &[f64]) {
    let found = value(text, &row(x), &row(y)).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    for (a, b) in found.data.iter().zip(wanted) {
        assert!((a - b).abs() <= 1e-15 * b.abs().max(1e-3), "{text} at {x:?}: {found:?}, not {wanted:?}");
    }
}

#[test]
fn large_arguments_are_no_trouble() {
    let big = [1e4, -1e4, 0.0];
    expect("sigmoid(X)", &big, &big, &[1.0, 0.0, 0.5]);
    expect("softplus(X)", &big, &big, &[1e4, 0.0, std::f64::consts::LN_2]);
    expect("tanh(X)", &big, &big, &[1.0, -1.0, 0.0]);
    expect("gelu(X)", &big, &big, &[1e4, 0.0, 0.0]);
    expect("silu(X)", &big, &big, &[1e4, 0.0, 0.0]);
    expect("erf(X)", &big, &big, &[1.0, -1.0, 0.0]);
    expect("softmax(X)", &big, &big, &[1.0, 0.0, 0.0]);
    expect("logsumexp(X)", &big, &big, &[1e4]);
    expect("cross_entropy(X, Y)", &[1e4, -1e4, 0.0], &[1.0, 0.0, 0.0], &[0.0]);
    expect("cross_entropy(X, Y)", &[1e4, -1e4, 0.0], &[0.0, 1.0, 0.0], &[2e4]);
    expect("normF(X)", &[3e200, 4e200], &[0.0], &[5e200]);
    expect("normF(X)", &[3e-200, 4e-200], &[0.0], &[5e-200]);
    expect("normF(X)", &[0.0, 0.0], &[0.0], &[0.0]);
    expect("norm2(X)", &[3.0, 4.0], &[0.0], &[5.0]);
    expect("unit(X)", &[0.0, 0.0], &[0.0], &[0.0, 0.0]);
    expect("norm1(X)", &[1.0, -4.0], &[0.0], &[4.0]);
    expect("norminf(X)", &[1.0, -4.0], &[0.0], &[5.0]);
    expect("normmax(X)", &[1.0, -4.0], &[0.0], &[4.0]);
    expect("max(X)", &[-1.0, -4.0], &[0.0], &[-1.0]);
    expect("mse(X, Y)", &[1.0, 2.0], &[0.0, 4.0], &[2.5]);
    expect("hinge(X, Y)", &[2.0, 0.5], &[1.0, -1.0], &[0.75]);
    expect("nll(X, Y)", &[0.25, 0.75], &[1.0, 0.0], &[4f64.ln()]);
}

/// A matrix of rank one, whose spectral and Frobenius norms are equal; a library's singular values were wrong by 1e-3 here.
#[test]
fn norms_of_rank_one() {
    let a = Matrix {
        rows: 2,
        cols: 2,
        data: vec![0.3937101256834425, -0.3136463699057441, -0.3136463699057441, 0.24986414861513162],
    };
    let norm = |text: &str| value(text, &a, &a).expect("a value").data[0];
    assert!((norm("norm2(X)") - norm("normF(X)")).abs() < 1e-15);
    assert!((norm("norm2(X X X)") - norm("normF(X)").powi(3)).abs() < 1e-15);
}

/// Joining matrices puts the blocks where they belong.
#[test]
fn joined_matrices() {
    let (x, y) = (Matrix { rows: 2, cols: 1, data: vec![1.0, 2.0] }, Matrix { rows: 2, cols: 2, data: vec![3.0, 4.0, 5.0, 6.0] });
    let found = |text: &str| value(text, &x, &y).expect("a value").data;
    assert_eq!(found("hcat(X, Y)"), [1.0, 3.0, 4.0, 2.0, 5.0, 6.0]);
    assert_eq!(found("vcat(X', Y)"), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(found("blockdiag(X, Y)"), [1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 3.0, 4.0, 0.0, 5.0, 6.0]);
    assert_eq!(found("vec(Y)"), [3.0, 5.0, 4.0, 6.0]);
    assert_eq!(found("e(2, 3)"), [0.0, 1.0, 0.0]);
    assert_eq!(found("diagof(Y)"), [3.0, 6.0]);
    assert_eq!(found("tr(Y)"), [9.0]);
    assert_eq!(found("E(2) X"), [1.0, 0.0, 0.0, 2.0]);
}

/// Outside its domain a row says what it met.
#[test]
fn domains_are_told() {
    let cases = [
        ("log(X)", vec![1.0, -1.0], "it has no value at -1, entry 2 in row order"),
        ("log(X)", vec![0.0, 1.0], "it has no value at 0, entry 1 in row order"),
        ("X.^(1/2)", vec![-2.0], "it has no value at -2, entry 1 in row order"),
        ("X.^-1", vec![0.0, 1.0], "it has no value at 0, entry 1 in row order"),
        ("layernorm(X)", vec![0.1, 0.1, 0.1], "row 1 has variance zero: all its entries are equal"),
        ("rmsnorm(X)", vec![0.0, 0.0], "row 1 is zero"),
        ("inv(X' X)", vec![1.0, 2.0], "the 2×2 matrix is singular"),
        ("logdet(X' X)", vec![1.0, 2.0], "the determinant of the 2×2 matrix is zero"),
        ("logdet(-1 X' X - I(3))", vec![1.0, 2.0, 3.0], "the determinant of the 3×3 matrix is negative"),
        ("nll(X, Y)", vec![-1.0], "it has no value at -1, entry 1 in row order"),
    ];
    for (text, x, message) in cases {
        match value(text, &row(&x), &row(&x)) {
            Err(Evaluation::Domain(e)) => assert_eq!(e.message, message, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

/// Jacobi's formula needs no inverse: derivatives of the determinant at singular matrices, to second order.
#[test]
fn determinants_at_singular_matrices() {
    let singular = Matrix { rows: 3, cols: 3, data: vec![1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 1.0, 1.0, 1.0] };
    let zero = Matrix::zeros(3, 3);
    assert_eq!(value("det(X)", &singular, &zero).expect("a value").data, [0.0]);
    let adj = value("adj(X)", &singular, &zero).expect("a value");
    let product = adj.matmul(&singular);
    assert!(product.data.iter().all(|x| x.abs() < 1e-12), "adj(A) A = det(A) I = 0");
    assert!(adj.data.iter().any(|x| x.abs() > 0.5));
    // ∂² det / ∂a11 ∂a22 = a33
    let c = value("cofactor2(X)", &singular, &zero).expect("a value");
    assert_eq!((c.at(0, 4), c.at(0, 5), c.at(0, 0)), (1.0, -1.0, 0.0));
    assert_eq!(c, c.transpose());
}

/// For a matrix that is known to be invertible, adjugate and second derivative of the determinant are closed forms: the same.
#[test]
fn determinants_of_invertible_matrices() {
    let m = Matrix { rows: 3, cols: 3, data: vec![1.0, 2.0, 3.0, 2.0, -1.0, 6.0, 1.0, 1.0, 1.0] };
    for name in ["adj", "cofactor2"] {
        let op = ops::named(name).expect("a row");
        let value = |known: bool| {
            let mut g = Graph::default();
            let a = g.declare("a", Shape::new(Dim::symbol("n"), Dim::symbol("n")), Kind::Const);
            if known {
                g.assume(a, Fact::Invertible);
            }
            let y = g.apply(op, &[a]);
            assert_eq!(g.args_of(y, op).is_none(), known, "{name} simplifies if its argument is invertible");
            g.eval(y, &|_| Some(m.clone()), &|_| Some(3)).expect("a value")
        };
        near(&value(true), &value(false), name).expect("the closed form is the same");
    }
}
