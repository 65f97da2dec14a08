//! The derive macro against the interpreter, at random data of unequal sizes, in double and single precision.
#![allow(non_snake_case)]

use hesse::prelude::*;
use hesse_tests::{Case, case};
use std::fs;

/// The struct of a model and its fields, in both precisions.
macro_rules! layer {
    ($double:ident, $single:ident, $file:literal, $($field:ident: $form:ident),*) => {
        #[derive(Hessian)]
        #[hesse(file = $file)]
        struct $double { $($field: $form<f64>),* }

        #[derive(Hessian)]
        #[hesse(file = $file)]
        struct $single { $($field: $form<f32>),* }

        impl $double {
            fn of(c: &Case) -> Self {
                Self { $($field: $form::from_row_iterator_of(c, stringify!($field))),* }
            }
            fn fields(&self) -> Vec<(&'static str, DMatrix<f64>)> {
                vec![$((stringify!($field), hesse::Entries::to_matrix(&self.$field))),*]
            }
        }

        impl $single {
            fn of(c: &Case) -> Self {
                Self { $($field: $form::from_row_iterator_of(c, stringify!($field))),* }
            }
            fn fields(&self) -> Vec<(&'static str, DMatrix<f64>)> {
                vec![$((stringify!($field), hesse::Entries::<f32>::to_matrix(&self.$field).map(f64::from))),*]
            }
        }
    };
}

/// Arrays of a case.
trait OfCase {
    fn from_row_iterator_of(c: &Case, name: &str) -> Self;
}
impl<R: Real> OfCase for DMatrix<R> {
    fn from_row_iterator_of(c: &Case, name: &str) -> Self {
        let m = &c.data.shared[name];
        DMatrix::from_row_iterator(m.rows, m.cols, m.data.iter().map(|x| R::of(*x)))
    }
}
impl<R: Real> OfCase for DVector<R> {
    fn from_row_iterator_of(c: &Case, name: &str) -> Self {
        DVector::from_iterator(c.data.shared[name].rows, c.data.shared[name].data.iter().map(|x| R::of(*x)))
    }
}

layer!(Attention, Attention32, "../examples/attention.hesse", Wq: DMatrix, Wk: DMatrix, Wv: DMatrix);
layer!(Mlp, Mlp32, "../examples/mlp.hesse", b1: DVector, W1: DMatrix, W2: DMatrix, b2: DVector, W3: DMatrix, b3: DVector);
layer!(Transformer, Transformer32, "../examples/transformer.hesse",
    W1: DMatrix, b1: DVector, W2: DMatrix, b2: DVector, Wq: DMatrix, Wk: DMatrix, Wv: DMatrix,
    g1: DVector, be1: DVector, g2: DVector, be2: DVector);

/// Relative to the largest entry.
fn near(c: &mut Case, query: &str, got: &DMatrix<f64>, tolerance: f64) {
    let want = c.value(query);
    assert_eq!((want.rows, want.cols), got.shape(), "{query}");
    let scale = want.data.iter().fold(1e-2f64, |m, x| m.max(x.abs()));
    for (k, x) in want.data.iter().enumerate() {
        let y = got[(k / want.cols, k % want.cols)];
        assert!((x - y).abs() <= tolerance * scale, "{query}: {y} for {x}");
    }
}

macro_rules! check {
    ($layer:ident, $number:ty, $model:literal, $sizes:expr, $seed:expr, $tolerance:expr, $x:literal: $form:ident, $y:literal) => {{
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/", $model, ".hesse");
        let text = fs::read_to_string(path).expect("an example");
        // directions of the product are data of the interpreter
        let mut c = case(&text, $sizes, $seed);
        let directions: String = c
            .params()
            .iter()
            .map(|(n, ..)| {
                let shape = &c.model.graph.variable(n).expect("a parameter").shape;
                format!("const direction_{n}: {} × {}\n", shape.rows, shape.cols)
            })
            .collect();
        c = case(&format!("{text}\n{directions}"), $sizes, $seed);
        let layer = $layer::of(&c);
        let (x, y) = ($form::<$number>::from_row_iterator_of(&c, $x), $form::<$number>::from_row_iterator_of(&c, $y));
        let wide = |m: &DMatrix<$number>| m.map(|x| x as f64);
        let loss = layer.loss(&x, &y).expect("a loss");
        near(&mut c, "loss", &DMatrix::from_element(1, 1, f64::from(loss)), $tolerance);
        for (name, g) in layer.gradient(&x, &y).expect("a gradient").fields() {
            near(&mut c, &format!("grad(loss, {name})"), &g, $tolerance);
        }
        let whole = layer.hessian(&x, &y).expect("a Hessian");
        near(&mut c, "hessian(loss)", &wide(&whole.dense()), $tolerance);
        near(&mut c, "gauss_newton(loss)", &wide(&layer.gauss_newton(&x, &y).expect("a part").dense()), $tolerance);
        near(&mut c, "functional(loss)", &wide(&layer.functional(&x, &y).expect("a part").dense()), $tolerance);
        // the product: of the interpreter, and of the matrix that was derived
        let mut renamed = case(&text, $sizes, $seed);
        for (name, ..) in c.params() {
            renamed.data.shared.insert(name.clone(), c.data.shared[&format!("direction_{name}")].clone());
        }
        let direction = $layer::of(&renamed);
        let names: Vec<String> = c.params().iter().map(|p| format!("direction_{}", p.0)).collect();
        let product = layer.hvp(&direction, &x, &y).expect("a product");
        let order: Vec<String> = c.params().into_iter().map(|p| p.0).collect();
        let by_rows = |layer: &$layer| -> Vec<f64> {
            let fields = layer.fields();
            let of = |n: &String| fields.iter().find(|f| f.0 == n).expect("a field").1.transpose().as_slice().to_vec();
            order.iter().flat_map(of).collect()
        };
        let flat = by_rows(&product);
        near(&mut c, &format!("hvp(loss, {})", names.join(", ")), &DMatrix::from_column_slice(flat.len(), 1, &flat), $tolerance);
        let vector = DVector::from_iterator(flat.len(), by_rows(&direction).into_iter().map(|x| x as $number));
        let by_matrix = whole.matvec(&vector);
        let scale = flat.iter().fold(1e-2f64, |m, x| m.max(x.abs()));
        assert!(flat.iter().zip(by_matrix.iter()).all(|(a, b)| (a - *b as f64).abs() <= 10.0 * $tolerance * scale));
    }};
}

#[test]
fn double_precision() {
    check!(Attention, f64, "attention", &[("L", 5), ("dV", 4), ("dK", 3)], 1, 1e-12, "X": DMatrix, "Y");
    check!(Attention, f64, "attention", &[("L", 3), ("dV", 2), ("dK", 6)], 2, 1e-12, "X": DMatrix, "Y");
    check!(Mlp, f64, "mlp", &[("n0", 3), ("n1", 6), ("n2", 5), ("n3", 4)], 3, 1e-12, "x": DVector, "y");
    check!(Transformer, f64, "transformer", &[("L", 4), ("dV", 5), ("dK", 2), ("dff", 3)], 4, 1e-12, "X": DMatrix, "T");
}

#[test]
fn single_precision() {
    check!(Attention32, f32, "attention", &[("L", 5), ("dV", 4), ("dK", 3)], 5, 1e-4, "X": DMatrix, "Y");
    check!(Mlp32, f32, "mlp", &[("n0", 3), ("n1", 6), ("n2", 5), ("n3", 4)], 6, 1e-4, "x": DVector, "y");
    check!(Transformer32, f32, "transformer", &[("L", 4), ("dV", 5), ("dK", 2), ("dff", 3)], 7, 1e-4, "X": DMatrix, "T");
}

/// Names that differ, what is no parameter, sizes known at compile time, numbers, queries as methods.
#[derive(Hessian)]
#[hesse(
    model = "
        dim m, n
        input X: m × n
        const ridge
        param w[1]: n
        param β
        target y: m
        z = X w[1] + β ones(m, 1)
        loss mse(z, y) + ridge dot(w[1], w[1])
    ",
    method(output = "z", slope = "jacobian(z, β)", size = "norm2(hessian(loss))"),
    sizes(m = 100, n = 3)
)]
struct Regression {
    #[hesse(name = "w[1]")]
    weights: SVector<f64, 3>,
    #[hesse(name = "β")]
    bias: f64,
    #[hesse(skip)]
    label: String,
}

#[test]
fn fields_are_renamed_skipped_static_and_numbers() {
    let r = Regression { weights: SVector::from([1.0, -2.0, 0.5]), bias: 0.25, label: "ridge".to_owned() };
    let x = SMatrix::<f64, 4, 3>::from_fn(|i, j| ((i * 3 + j * j) as f64).sin());
    let y = SVector::<f64, 4>::from([1.0, 2.0, 3.0, 4.0]);
    let g = r.gradient(&x, &0.5, &y).expect("a gradient");
    assert_eq!(g.label, "ridge");
    let rest = x * r.weights + SVector::repeat(r.bias) - y;
    assert!((g.weights - (x.transpose() * rest / 2.0 + r.weights)).norm() < 1e-14);
    assert!((g.bias - rest.sum() / 2.0).abs() < 1e-14);
    let h = r.hessian(&x, &0.5, &y).expect("a Hessian");
    assert_eq!(h.names().collect::<Vec<_>>(), ["w[1]", "β"]);
    let want = x.transpose() * x / 2.0 + SMatrix::<f64, 3, 3>::identity();
    assert!((h.block("w[1]", "w[1]") - want).norm() < 1e-14);
    assert!((h.get("β", "β").expect("a block")[(0, 0)] - 2.0).abs() < 1e-15);
    assert_eq!(h.block("β", "w[1]"), &h.block("w[1]", "β").transpose());
    assert_eq!(h.get("γ", "β").expect_err("no such block").to_string(), "there is no parameter `γ`; there are w[1], β");
    assert!((r.output(&x, &0.5, &y).expect("a query") - (rest + y)).norm() < 1e-14);
    assert_eq!(r.slope(&x, &0.5, &y).expect("a query"), DMatrix::from_element(4, 1, 1.0));
    assert!((r.size(&x, &0.5, &y).expect("a query") - h.top_eigenvalue().expect("an eigenvalue")).abs() < 1e-12);
    assert!(Regression::FORMULAS.contains("hessian(loss, w[1], w[1]) =") && Regression::FORMULAS_LATEX.contains("\\"));
    let e = r.loss(&SMatrix::<f64, 4, 2>::zeros(), &0.5, &y).expect_err("two columns");
    assert_eq!(e.to_string(), "the size n is 2 by the columns of X, but 3 by the rows of w[1]");
}

/// Functions that the other models do not have.
#[derive(Hessian)]
#[hesse(model = "
    dim m, n
    input X: m × n
    param V: m × n
    param W: n × n
    loss (sum(abs(V) ∘ X) + sum(cos(V)) + sum(erf(V) ∘ V) + sum(exp(V) ∘ V) + sum(leaky_relu(V, 0.1) ∘ V)
        + sum(log(V ∘ V + ones(m, n))) + sum(softplus(V)) + det(W) + norm2(V) + max(V) normF(V) + sum(rmsnorm(V) ∘ X)
        + sum((V ∘ V + ones(m, n)).^1.5) + sum(sign(V) ∘ V ∘ V) + sum(silu(V)))
")]
struct Functions {
    V: DMatrix<f64>,
    W: DMatrix<f64>,
}

#[test]
fn all_functions_have_their_values() {
    let text =
        include_str!("derive.rs").split("#[hesse(model = \"").nth(1).and_then(|t| t.split("\")]").next()).expect("the model");
    for (m, n, seed) in [(4, 3, 11), (2, 5, 12)] {
        let mut c = case(text, &[("m", m), ("n", n)], seed);
        let f = Functions { V: OfCase::from_row_iterator_of(&c, "V"), W: OfCase::from_row_iterator_of(&c, "W") };
        let x: DMatrix<f64> = OfCase::from_row_iterator_of(&c, "X");
        near(&mut c, "loss", &DMatrix::from_element(1, 1, f.loss(&x).expect("a loss")), 1e-12);
        near(&mut c, "grad(loss, V)", &f.gradient(&x).expect("a gradient").V, 1e-11);
        near(&mut c, "hessian(loss)", &f.hessian(&x).expect("a Hessian").dense(), 1e-11);
    }
}

/// Every function that a program may call has its like in the runtime.
#[test]
fn every_row_has_a_function_in_the_runtime() {
    use hesse_compiler::expr::Meaning;
    let files = ["maps", "rowwise", "functions"];
    let text: String = files
        .iter()
        .map(|f| fs::read_to_string(format!("{}/../runtime/src/private/{f}.rs", env!("CARGO_MANIFEST_DIR"))).expect("a file"))
        .collect();
    let called = hesse_compiler::ops::ALL
        .iter()
        .filter(|op| matches!(op.meaning, Meaning::Entrywise { .. } | Meaning::Rowwise(_) | Meaning::Function(_)));
    // functions of rows are listed, each with its type
    let there = |n: &str| text.contains(&format!("pub fn {n}<")) || text.contains(&format!("\n    {n}, "));
    let missing: Vec<&str> = called.map(|op| op.name).filter(|n| !there(n)).collect();
    assert!(missing.is_empty(), "no function in the runtime: {missing:?}");
}
