//! Operators against matrices whose eigenvalues are known by construction, and against the Hessians of derived structs.
#![allow(non_snake_case)]

use hesse::{
    operators::{
        Control, LinearOperator, Method, OperatorError, Product, diagonal, extreme_eigenvalues, solve, spectral_density,
        spectral_norm, top_eigenvalues, trace,
    },
    prelude::*,
};

fn random(m: usize, n: usize, seed: u64) -> DMatrix<f64> {
    // a linear congruence, Knuth's of MMIX; not the one of the operators
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(99);
    DMatrix::from_fn(m, n, |_, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1u32 << 30) - 1.0
    })
}

/// A symmetric matrix of these eigenvalues: turned by reflections, which leave them.
fn with_eigenvalues(values: &[f64], seed: u64) -> DMatrix<f64> {
    let n = values.len();
    let mut a = DMatrix::from_diagonal(&DVector::from_column_slice(values));
    for k in 0..4 {
        let v = random(n, 1, seed + k).column(0).normalize();
        let turn = DMatrix::identity(n, n) - &v * v.transpose() * 2.0;
        a = &turn * a * &turn;
    }
    (&a + a.transpose()) / 2.0
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut out = values.to_vec();
    out.sort_by(|a, b| b.total_cmp(a));
    out
}

/// Spectra that are hard in different ways, each with how many eigenvalues are asked for.
fn spectra() -> Vec<(&'static str, Vec<f64>, usize)> {
    let spread = |n: usize, f: fn(f64) -> f64| (0..n).map(|k| f(k as f64)).collect::<Vec<_>>();
    vec![
        ("1×1", vec![-3.5], 1),
        ("2×2", vec![1.0, -2.0], 2),
        ("evenly spread", spread(150, |k| k / 10.0), 3),
        ("with restarts", spread(500, |k| (k / 500.0).powi(2) - 0.1), 2),
        ("indefinite", spread(150, |k| (k * 0.7).sin() * 5.0), 4),
        ("negative", spread(120, |k| -1.0 - k * k), 2),
        ("clustered", spread(200, |k| if k < 5.0 { 10.0 + k * 1e-7 } else { 1.0 + (k % 3.0) * 1e-9 }), 6),
        ("low rank", spread(180, |k| if k < 3.0 { 7.0 - k } else { 0.0 }), 5),
        ("threefold at the top", spread(160, |k| if k < 3.0 { 20.0 } else { k / 16.0 }), 4),
        ("identity", vec![2.0; 90], 3),
        ("zero", vec![0.0; 70], 2),
        ("of fourteen orders of magnitude", spread(100, |k| 10f64.powf(4.0 - k / 7.0)), 5),
    ]
}

#[test]
fn eigenvalues_and_norms_are_those_of_the_construction() {
    let mut seen = 0;
    for (name, values, k) in spectra() {
        let (a, want) = (with_eigenvalues(&values, 7), sorted(&values));
        let size = want.iter().fold(0f64, |s, x| s.max(x.abs()));
        let near = |x: f64, y: f64| assert!((x - y).abs() <= 1e-10 * size, "{name}: {x} for {y}");
        for seed in [0, 1] {
            let top = top_eigenvalues(&a, k, Control::default().seed(seed)).expect(name);
            assert_eq!(top.pairs.len(), k.min(values.len()), "{name}");
            for (p, want) in top.pairs.iter().zip(&want) {
                near(p.value, *want);
                assert!(p.residual <= 2.0 * top.tolerance + 1e-14 * size, "{name}: {} above {}", p.residual, top.tolerance);
                assert!((p.vector.norm() - 1.0).abs() < 1e-12, "{name}");
                assert!((&a * &p.vector - &p.vector * p.value).norm() <= p.residual + 1e-13 * size, "{name}");
            }
            for (i, p) in top.pairs.iter().enumerate() {
                assert!(top.pairs[..i].iter().all(|q| q.vector.dot(&p.vector).abs() < 1e-10), "{name}: not orthogonal");
            }
            let ends = extreme_eigenvalues(&a, Control::default().seed(seed)).expect(name);
            near(ends.largest.value, want[0]);
            near(ends.smallest.value, want[want.len() - 1]);
            assert!(name != "with restarts" || ends.products > 400, "{name}: there were none");
            near(spectral_norm(&a, Control::default().seed(seed)).expect(name).value, size);
            seen += 1;
        }
    }
    assert_eq!(seen, 24);
    // the smaller side of a rectangle, from both sides
    let b = random(80, 30, 3);
    let want = b.singular_values().max();
    for norm in [spectral_norm(&b, Control::default()), spectral_norm(&(&b).transposed(), Control::default())] {
        assert!((norm.expect("a norm").value - want).abs() < 1e-10);
    }
    assert_eq!(spectral_norm(&DMatrix::<f64>::zeros(3, 5), Control::default()).expect("a norm").value, 0.0);
    assert_eq!(spectral_norm(&DMatrix::<f64>::zeros(0, 0), Control::default()).expect("a norm").value, 0.0);
}

#[test]
fn single_precision_and_extreme_scales() {
    let values: Vec<f64> = (0..100).map(|k| f64::from(k) / 10.0 - 3.0).collect();
    let a = with_eigenvalues(&values, 5);
    let single = a.map(|x| x as f32);
    let top = top_eigenvalues(&single, 2, Control::default()).expect("eigenvalues");
    assert!((top.pairs[0].value - 6.9).abs() < 1e-3 && (top.pairs[1].value - 6.8).abs() < 1e-3);
    for scale in [1e-200, 1e150, 1e-300] {
        let top = top_eigenvalues(&(&a).scaled(scale), 2, Control::default()).expect("eigenvalues");
        assert!((top.pairs[1].value / scale - 6.8).abs() < 1e-9, "{scale}");
        let b = random(20, 30, 1);
        let norm = spectral_norm(&(&b).scaled(scale), Control::default()).expect("a norm");
        assert!((norm.value / scale - b.singular_values().max()).abs() < 1e-9 && norm.residual < scale * 1e-9, "{scale}");
    }
}

#[test]
fn combinations_are_those_of_dense_matrices() {
    let (a, b, v) = (random(7, 5, 1), random(7, 5, 2), random(5, 1, 3).column(0).into_owned());
    let w = random(7, 1, 4).column(0).into_owned();
    let c = (&a).plus((&b).scaled(-2.0)).expect("shapes that fit");
    let dense = &a - &b * 2.0;
    assert!((c.matvec(&v) - &dense * &v).norm() < 1e-14);
    assert!(((&c).transposed().matvec(&w) - dense.tr_mul(&w)).norm() < 1e-14);
    assert_eq!((c.nrows(), c.ncols(), (&c).transposed().nrows(), c.is_symmetric()), (7, 5, 5, false));
    let s = with_eigenvalues(&[3.0, -1.0, 0.5, 2.0], 9);
    let damped = (&s).damped(0.25).expect("a square");
    let u = random(4, 1, 5).column(0).into_owned();
    assert!((damped.matvec(&u) - (&s * &u + &u * 0.25)).norm() < 1e-14 && damped.is_symmetric());
    assert!((damped.exact_diagonal().expect("known") - s.diagonal().add_scalar(0.25)).norm() < 1e-15);
    assert_eq!(
        (&a).plus(&s).expect_err("shapes that differ").to_string(),
        "the second operator of a sum must be 7×5, but is 4×4"
    );
    assert_eq!((&a).damped(1.0).expect_err("no square").to_string(), "an operator that is shifted must be 7×7, but is 7×5");
    let product = Product::new(7, 5, |v: &DVector<f64>| &a * v, |w: &DVector<f64>| a.tr_mul(w));
    assert_eq!(product.matvec_transpose(&w), a.tr_mul(&w));
    assert!((spectral_norm(&product, Control::default()).expect("a norm").value - a.singular_values().max()).abs() < 1e-12);
}

#[test]
fn traces_and_diagonals_say_how_they_were_found() {
    let a = with_eigenvalues(&(0..60).map(f64::from).collect::<Vec<_>>(), 2);
    let blind = Product::symmetric(60, |v: &DVector<f64>| &a * v);
    let exact = trace(&a, 2, Control::default()).expect("a trace");
    assert!((exact.value - 1770.0).abs() < 1e-10 && exact.standard_error == 0.0 && exact.method == Method::Structure);
    let columns = diagonal(&blind, 60, Control::default()).expect("a diagonal");
    assert!((columns.values - a.diagonal()).norm() < 1e-12 && columns.method == Method::Columns);
    // an estimate lies within four of its standard errors, which shrink with the root of the samples
    let mut errors = vec![];
    for samples in [10, 40] {
        let guess = trace(&blind, samples, Control::default().seed(3)).expect("a trace");
        assert_eq!(guess.method, Method::Hutchinson { samples });
        assert!(guess.standard_error > 0.0 && (guess.value - 1770.0).abs() < 4.0 * guess.standard_error);
        errors.push(guess.standard_error);
        let d = diagonal(&blind, samples, Control::default().seed(3)).expect("a diagonal");
        assert!((d.values.sum() - guess.value).abs() < 1e-9);
        let off = (d.values - a.diagonal()).component_div(&d.standard_errors).abs();
        assert!(off.iter().filter(|x| **x > 4.0).count() <= 3, "{off}");
    }
    assert!(errors[1] < errors[0] * 0.8, "{errors:?}");
    let e = trace(&blind, 1, Control::default()).expect_err("one sample");
    assert_eq!(e.to_string(), "the number of samples must be at least 2, but is 1");
}

#[test]
fn densities_have_the_moments_of_the_eigenvalues() {
    let values: Vec<f64> =
        (0..120).map(|k| if k < 90 { f64::from(k % 10) * 0.01 } else { 5.0 + f64::from(k % 7) * 0.1 }).collect();
    let a = with_eigenvalues(&values, 4);
    let d = spectral_density(&a, 12, 30, Control::default()).expect("a density");
    assert!((d.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12 && d.weights.iter().all(|w| *w >= 0.0));
    assert!(d.nodes.windows(2).all(|w| w[0] <= w[1]) && d.nodes[0] > -1e-9 && d.nodes[d.nodes.len() - 1] < 5.6 + 1e-9);
    let mean = |f: fn(f64) -> f64| values.iter().map(|x| f(*x)).sum::<f64>() / 120.0;
    for f in [|x: f64| x, |x: f64| x * x, |x: f64| if x > 2.0 { 1.0 } else { 0.0 }, |x: f64| (-x).exp()] {
        let (got, want) = (d.mean(f), mean(f));
        assert!((got - want).abs() < 0.15 * want, "{got} for {want}");
    }
    let curve = d.curve(2000, 0.1).expect("a curve");
    let area: f64 = curve.windows(2).map(|w| (w[1].0 - w[0].0) * (w[0].1 + w[1].1) / 2.0).sum();
    assert!((area - 1.0).abs() < 5e-3, "{area}");
    // one vector, as many steps as rows: the first moments are those of the vector, z' A z / n
    let one = spectral_density(&DMatrix::from_element(1, 1, 2.5), 1, 5, Control::default()).expect("a density");
    assert_eq!((one.nodes, one.weights, one.products), (vec![2.5], vec![1.0], 1));
    assert_eq!(d.curve(9, 0.0).expect_err("no width").to_string(), "the deviation must be positive, but is 0");
}

#[test]
fn conjugate_gradients_solve_and_refuse() {
    let a = with_eigenvalues(&(0..100).map(|k| f64::from(k) * 0.3).collect::<Vec<_>>(), 6);
    let b = random(100, 1, 8).column(0).into_owned();
    let s = solve(&a, &b, 0.1, Control::default()).expect("a solution");
    let shifted = &a + DMatrix::identity(100, 100) * 0.1;
    let want = shifted.clone().cholesky().expect("positive definite").solve(&b);
    assert!((&s.vector - want).norm() < 1e-8 * s.vector.norm());
    assert!((&shifted * &s.vector - &b).norm() <= s.residual + 1e-12 && s.residual <= 2.0 * s.tolerance);
    assert_eq!(solve(&a, &DVector::zeros(100), 0.1, Control::default()).expect("a solution").vector, DVector::zeros(100));
    // a multiple of the identity: one step
    let two = DMatrix::identity(5, 5) * 2.0;
    let one = solve(&two, &DVector::repeat(5, 3.0), 1.0, Control::default()).expect("a solution");
    assert!((one.vector - DVector::repeat(5, 1.0)).norm() < 1e-15 && one.products == 2);
    let indefinite = with_eigenvalues(&[1.0, 2.0, -3.0], 1);
    let c = DVector::from_vec(vec![1.0, 2.0, 3.0]);
    match solve(&indefinite, &c, 0.5, Control::default()) {
        Err(OperatorError::NotPositiveDefinite { curvature }) => assert!((-2.5..0.0).contains(&curvature), "{curvature}"),
        other => panic!("{other:?}"),
    }
    assert!(solve(&indefinite, &c, 3.5, Control::default()).is_ok());
    // no solution: the right side is outside of the range
    let singular = DMatrix::from_diagonal(&DVector::from_vec(vec![1.0, 0.0]));
    let e = solve(&singular, &DVector::from_vec(vec![1.0, 1.0]), 0.0, Control::default());
    assert!(matches!(e, Err(OperatorError::NotPositiveDefinite { .. })), "{e:?}");
    let hard = with_eigenvalues(&(0..60).map(|k| 10f64.powf(f64::from(k) / 10.0)).collect::<Vec<_>>(), 3);
    let b = DVector::repeat(60, 1.0);
    let e = solve(&hard, &b, 0.0, Control::default().max_products(10)).expect_err("ten products");
    assert!(matches!(e, OperatorError::NotConverged { products: 10, residual, .. } if residual > 1e-6), "{e:?}");
    assert!(e.to_string().starts_with("conjugate gradients did not converge in 10 products: the residual is "), "{e}");
}

#[test]
fn what_cannot_be_is_an_error() {
    let c = Control::default;
    let nan = DMatrix::from_element(3, 3, f64::NAN);
    let bad = Product::symmetric(3, |v: &DVector<f64>| v * f64::INFINITY);
    assert_eq!(top_eigenvalues(&bad, 1, c()).expect_err("infinite").to_string(), "product 1 of the operator is not finite");
    assert!(matches!(spectral_norm(&nan, c()), Err(OperatorError::NotFinite(_))));
    assert!(matches!(trace(&nan, 5, c()), Err(OperatorError::NotFinite(_))));
    assert!(matches!(solve(&bad, &DVector::repeat(3, 1.0), 0.0, c()), Err(OperatorError::NotFinite(_))));
    let e = solve(&DMatrix::identity(3, 3), &DVector::repeat(3, f64::NAN), 0.0, c()).expect_err("not a number");
    assert_eq!(e.to_string(), "the right side is not finite");
    let skew = random(4, 4, 1);
    assert_eq!(extreme_eigenvalues(&skew, c()).expect_err("not symmetric").to_string(), "the operator must be symmetric");
    assert_eq!(
        top_eigenvalues(&random(4, 3, 1), 1, c()).expect_err("no square").to_string(),
        "the operator must be 4×4, but is 4×3"
    );
    let short = Product::symmetric(3, |_: &DVector<f64>| DVector::<f64>::zeros(2));
    assert_eq!(top_eigenvalues(&short, 1, c()).expect_err("short").to_string(), "a product must be 3×1, but is 2×1");
    let a = with_eigenvalues(&(0..200).map(f64::from).collect::<Vec<_>>(), 1);
    assert!(matches!(top_eigenvalues(&a, 3, c().max_products(9)), Err(OperatorError::NotConverged { products: 9, .. })));
    assert!(matches!(top_eigenvalues(&a, 3, c().max_products(0)), Err(OperatorError::NotConverged { products: 0, .. })));
    assert!(matches!(top_eigenvalues(&a, 1, c().tolerance(f64::NAN)), Err(OperatorError::Parameter { .. })));
    assert!(matches!(extreme_eigenvalues(&DMatrix::<f64>::zeros(0, 0), c()), Err(OperatorError::Parameter { .. })));
    assert!(top_eigenvalues(&a, 0, c()).expect("none").pairs.is_empty());
}

#[test]
fn same_seed_same_bits_and_progress_is_told() {
    let a = with_eigenvalues(&(0..150).map(|k| f64::from(k).sqrt()).collect::<Vec<_>>(), 1);
    let mut told = vec![];
    let first = top_eigenvalues(&a, 3, Control::default().seed(5).progress(&mut |p| told.push(p))).expect("eigenvalues");
    assert_eq!(first, top_eigenvalues(&a, 3, Control::default().seed(5)).expect("eigenvalues"));
    assert_ne!(first, top_eigenvalues(&a, 3, Control::default().seed(6)).expect("eigenvalues"));
    assert_eq!(told.iter().map(|p| p.products).collect::<Vec<_>>(), (1..=first.products).collect::<Vec<_>>());
    assert!(told.last().and_then(|p| p.residual).expect("a residual") < 1e-10);
    assert!(told[20].to_string().starts_with("top eigenvalues: product 21 of at most 10000, residual "), "{}", told[20]);
    let blind = Product::symmetric(150, |v: &DVector<f64>| &a * v);
    let density = |seed| spectral_density(&blind, 3, 9, Control::default().seed(seed)).expect("a density");
    assert_eq!(density(1), density(1));
    assert_ne!(density(1), density(2));
    let mut count = 0;
    let sum = trace(&blind, 7, Control::default().progress(&mut |_| count += 1)).expect("a trace");
    assert_eq!((count, sum), (7, trace(&blind, 7, Control::default()).expect("a trace")));
}

#[derive(Hessian)]
#[hesse(file = "../examples/attention.hesse")]
struct Attention {
    Wq: DMatrix<f64>,
    Wk: DMatrix<f64>,
    Wv: DMatrix<f64>,
}

/// One array a sample, a parameter that is a number.
#[derive(Hessian)]
#[hesse(model = "
    dim n
    input x: n
    param w: n
    param b
    loss log(1 + exp(-(dot(w, x) + b))) + 0.05 dot(w, w)
")]
struct Logistic {
    w: DVector<f32>,
    b: f32,
}

#[test]
fn hessians_are_operators() {
    let layer = Attention { Wq: random(5, 3, 1), Wk: random(5, 3, 2), Wv: random(5, 5, 3) };
    let (x, y) = (random(6, 5, 4), random(6, 5, 5));
    let h = layer.hessian(&x, &y).expect("a Hessian");
    let operator = layer.hessian_operator(&x, &y).expect("an operator");
    let all = h.eigenvalues().expect("eigenvalues");
    assert_eq!(operator.nrows(), 55);
    for k in 0..3 {
        let v = random(55, 1, 10 + k).column(0).into_owned();
        assert!((operator.matvec(&v) - h.dense() * &v).norm() < 1e-12 && (h.matvec(&v) - h.dense() * &v).norm() < 1e-13);
    }
    let by_blocks = extreme_eigenvalues(&h, Control::default()).expect("eigenvalues");
    let by_products = extreme_eigenvalues(&operator, Control::default()).expect("eigenvalues");
    for ends in [by_blocks, by_products] {
        assert!((ends.largest.value - all[0]).abs() < 1e-10 && (ends.smallest.value - all[54]).abs() < 1e-10);
    }
    assert!((h.top_eigenvalue().expect("an eigenvalue") - all[0]).abs() < 1e-10);
    let t = trace(&h, 2, Control::default()).expect("a trace");
    assert!((t.value - all.sum()).abs() < 1e-12 && t.method == Method::Structure);
    assert!((h.diagonal() - h.dense().diagonal()).norm() == 0.0);
    // a part by names, in another order
    let part = h.submatrix(&["Wv", "Wq"]).expect("a part");
    let want = DMatrix::from_fn(40, 40, |i, j| {
        let place = |k: usize| if k < 25 { 30 + k } else { k - 25 };
        h.dense()[(place(i), place(j))]
    });
    assert_eq!(part.dense(), want);
    let e = layer.hessian(&x.map(|_| f64::NAN), &y).and_then(|h| h.top_eigenvalue()).expect_err("not a number");
    assert!(e.to_string().contains("not"), "{e}");
    assert_eq!(h.submatrix(&["Wo"]).expect_err("no such").to_string(), "there is no parameter `Wo`; there are Wq, Wk, Wv");
    assert!(layer.hessian_operator(&x, &random(6, 4, 5)).is_err());
}

#[test]
fn means_over_samples() {
    let layer = Attention { Wq: random(5, 3, 1), Wk: random(5, 3, 2), Wv: random(5, 5, 3) };
    // sequences of several lengths
    let samples: Vec<_> = (0..7).map(|k| (random(3 + k, 5, 20 + k as u64), random(3 + k, 5, 40 + k as u64))).collect();
    let hessians: Vec<_> = samples.iter().map(|(x, y)| layer.hessian(x, y).expect("a Hessian").dense()).collect();
    let want = hessians.iter().fold(DMatrix::zeros(55, 55), |s, h| s + h) / 7.0;
    let mean = layer.hessian_mean(&samples).expect("a mean");
    assert!((mean.dense() - &want).norm() < 1e-13 * want.norm());
    // the same bits on all threads: sums by halves
    fn halves(all: &[DMatrix<f64>]) -> DMatrix<f64> {
        let (front, back) = all.split_at(all.len() / 2);
        if all.len() == 1 { all[0].clone() } else { halves(front) + halves(back) }
    }
    assert_eq!(mean.dense(), halves(&hessians) * (1.0 / 7.0));
    let parts =
        layer.gauss_newton_mean(&samples).expect("a mean").dense() + layer.functional_mean(&samples).expect("a mean").dense();
    assert!((parts - &want).norm() < 1e-12 * want.norm());
    let losses: f64 = samples.iter().map(|(x, y)| layer.loss(x, y).expect("a loss")).sum();
    assert!((layer.loss_mean(&samples).expect("a mean") - losses / 7.0).abs() < 1e-14);
    let gradients = samples.iter().map(|(x, y)| layer.gradient(x, y).expect("a gradient").Wk);
    let want_gradient = gradients.fold(DMatrix::zeros(5, 3), |s, g| s + g) / 7.0;
    assert!((layer.gradient_mean(&samples).expect("a mean").Wk - want_gradient).norm() < 1e-14);
    let direction = Attention { Wq: random(5, 3, 6), Wk: random(5, 3, 7), Wv: random(5, 5, 8) };
    let product = layer.hvp_mean(&direction, &samples).expect("a mean");
    let rows =
        |a: &Attention| -> Vec<f64> { [&a.Wq, &a.Wk, &a.Wv].iter().flat_map(|m| m.transpose().as_slice().to_vec()).collect() };
    assert!((DVector::from_vec(rows(&product)) - want * DVector::from_vec(rows(&direction))).norm() < 1e-12);
    // borrowed samples, none, and one that does not fit
    let borrowed: Vec<(&DMatrix<f64>, &DMatrix<f64>)> = samples.iter().map(|(x, y)| (x, y)).collect();
    assert_eq!(layer.hessian_mean(&borrowed).expect("a mean"), mean);
    assert_eq!(layer.loss_mean(&samples[..0]).expect_err("none").to_string(), "there are no samples");
    let bad = [samples[0].clone(), (random(3, 4, 1), random(3, 5, 2)), (random(2, 2, 1), random(2, 2, 1))];
    assert_eq!(
        layer.hessian_mean(&bad).expect_err("four columns"),
        layer.hessian(&bad[1].0, &bad[1].1).expect_err("four columns")
    );

    let model = Logistic { w: DVector::from_vec(vec![0.5, -1.0]), b: 0.25 };
    let points = [DVector::from_vec(vec![1.0f32, 2.0]), DVector::from_vec(vec![-0.5, 1.0])];
    let mean = model.hessian_mean(&points).expect("a mean").dense();
    let pair = points.each_ref().map(|p| model.hessian(p).expect("a Hessian").dense());
    assert!((mean - (&pair[0] + &pair[1]) / 2.0).norm() < 1e-7);
    let operator = model.hessian_operator(&points[0]).expect("an operator");
    let v = DVector::from_vec(vec![1.0f32, -2.0, 0.5]);
    assert!((operator.matvec(&v) - &pair[0] * &v).norm() < 1e-6);
    assert!(model.gradient_mean(&points).expect("a mean").b.is_finite());
}
