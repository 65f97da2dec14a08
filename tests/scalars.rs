//! The foundations: numbers, sizes, scalars and reference matrices, each by a small table.

use hesse_compiler::{
    dim::Dim,
    matrix::Matrix,
    number::Number,
    scalar::{Dual, Dual2, Fp, Scalar},
};
use hesse_tests::{random, uniform};
use std::collections::BTreeMap;

#[test]
fn numbers_are_exact_while_they_fit() {
    let n = |s: &str| Number::parse(s).expect("a number");
    let cases = [
        (n("0.1") + n("0.2"), "3/10"),
        (n("1e-3") * n("1000"), "1"),
        (n("6") / n("-4"), "-3/2"),
        (-n("2.50"), "-5/2"),
        (n("2").powi(-3), "1/8"),
        (n("2").powi(0), "1"),
        (n("1e18"), "1000000000000000000"),
        (n("9e18") + n("9e18"), "1.8e19"),
        (n("3000000000") * n("4000000000"), "1.2e19"),
    ];
    for (value, text) in cases {
        assert_eq!(value.to_string(), text);
    }
    for text in ["nan", "inf", "1e999", "", "x"] {
        assert_eq!(Number::parse(text), None, "{text}");
    }
    let roots =
        [("9/4", "1/2", Some("3/2")), ("8", "2/3", Some("4")), ("2", "1/2", None), ("-8", "1/3", None), ("0", "-1", None)];
    let ratio = |s: &str| s.split_once('/').map_or_else(|| n(s), |(a, b)| n(a) / n(b));
    for (base, power, root) in roots {
        assert_eq!(ratio(base).exact_pow(ratio(power)), root.map(ratio), "{base}^({power})");
    }
    assert!(Number::ONE / Number::ZERO == Number::Float(f64::INFINITY));
}

#[test]
fn sizes_have_a_normal_form() {
    let s = Dim::symbol;
    let c = Dim::constant;
    let (m, n) = (s("m"), s("n"));
    assert_eq!(&(&m + &n) * &(&m - &n), &(&m * &m) - &(&n * &n));
    assert_eq!((&(&m + &c(2)) - &m).as_constant(), Some(2));
    let table = [
        (&n - &(&s("k") - &c(1)), "n - k + 1"),
        (&(&m * &n) * &c(2), "2*m*n"),
        (&m - &m, "0"),
        (&(&c(-1) * &m) + &c(3), "3 - m"),
    ];
    for (d, text) in &table {
        assert_eq!(d.to_string(), *text);
    }
    // quotients that are sizes, and those that are not
    let square = &(&m + &n) * &(&m + &n);
    assert_eq!(square.divide(&(&m + &n)), Some(&m + &n));
    assert_eq!((&(&m * &n) + &m).divide(&m), Some(&n + &c(1)));
    assert_eq!((&m + &n).divide(&m), None);
    assert_eq!(m.divide(&(&m + &n)), None);
    // values, and sizes without one
    let value = |name: &str| BTreeMap::from([("m", 6usize), ("n", 4)]).get(name).copied();
    assert_eq!((&m - &n).eval(&value), Some(2));
    assert_eq!((&n - &m).eval(&value), None, "negative");
    assert_eq!(s("q").eval(&value), None, "unknown");
    let half = m.divide(&c(2)).expect("a half");
    assert_eq!((half.to_string().as_str(), half.eval(&value)), ("m/2", Some(3)));
    assert_eq!(n.divide(&c(3)).expect("a third").eval(&value), None, "not whole");
}

/// Dual numbers against central differences of every elementary function.
#[test]
fn dual_numbers_differentiate() {
    type Case<T> = (&'static str, fn(T) -> T);
    fn cases<T: Scalar>() -> Vec<Case<T>> {
        vec![
            ("exp", T::exp),
            ("ln", T::ln),
            ("ln_1p", T::ln_1p),
            ("sqrt", T::sqrt),
            ("sin", T::sin),
            ("cos", T::cos),
            ("tanh", T::tanh),
            ("erf", T::erf),
            ("cube", |x| x.pow(Number::int(3))),
            ("reciprocal", |x| x.pow(Number::int(-1))),
            ("power", |x| x.pow(Number::ratio(5, 3))),
            ("quotient", |x| (x * x + T::one()) / (x - T::int(3))),
        ]
    }
    let (x, h) = (0.7, 1e-4);
    for (k, (name, f)) in cases::<f64>().into_iter().enumerate() {
        let (_, dual) = cases::<Dual<f64>>()[k];
        let first = dual(Dual { re: x, eps: 1.0 });
        assert_eq!(first.re, f(x), "{name}");
        let slope = (f(x + h) - f(x - h)) / (2.0 * h);
        assert!((first.eps - slope).abs() < 1e-6, "{name}': {} and {slope}", first.eps);
        let (_, nested) = cases::<Dual2>()[k];
        let second = nested(Dual { re: Dual { re: x, eps: 1.0 }, eps: Dual { re: 1.0, eps: 0.0 } });
        let bend = (f(x + h) - 2.0 * f(x) + f(x - h)) / (h * h);
        assert!((second.eps.eps - bend).abs() < 1e-5, "{name}'': {} and {bend}", second.eps.eps);
    }
}

#[test]
fn the_prime_field_is_a_field() {
    for seed in 0..200 {
        let draw = |k: &str| Fp::new(i128::from(random(k, seed)));
        let (a, b, c) = (draw("a"), draw("b"), draw("c"));
        assert_eq!((a + b) * c, a * c + b * c);
        assert_eq!(a * b / b, a);
        assert_eq!(a - a, Fp::zero());
        let root = (a * a).sqrt();
        assert!(root == a || root == -a);
        assert_eq!((a * a).pow(Number::ratio(1, 2)) * (a * a).pow(Number::ratio(-1, 2)), Fp::one());
        assert_eq!(a.pow(Number::int(-2)) * a * a, Fp::one());
        assert_ne!(a.exp() * b.exp(), (a + b).exp(), "transcendental functions satisfy no identity");
    }
    assert_eq!(Fp::number(Number::ratio(1, 3)) * Fp::int(3), Fp::one());
    assert_eq!(Fp::new(-1).value(), Fp::P - 1);
}

#[test]
fn elimination_inverts() {
    for n in 1..6 {
        let a = Matrix::from_fn(n, n, |i, j| uniform("elimination", (i * 10 + j) as u64));
        let (inverse, det) = a.eliminate();
        let product = inverse.expect("a random matrix is invertible").matmul(&a);
        assert!(product.zip(&Matrix::identity(n), |x, y| x - y).data.iter().all(|x| x.abs() < 1e-12), "order {n}");
        let pivots: f64 = a.pivots().expect("invertible").iter().product();
        assert!((pivots - det).abs() < 1e-12 * det.abs().max(1.0), "order {n}");
        // exact in the prime field, by the expansion along the first row
        let exact = Matrix::from_fn(n, n, |i, j| Fp::new(i128::from(random("exact", (i * 10 + j) as u64))));
        assert_eq!(exact.eliminate().1, expand(&exact), "order {n}");
        assert_eq!(exact.pivots().expect("invertible").into_iter().fold(Fp::one(), |a, b| a * b), expand(&exact), "order {n}");
    }
    let singular = Matrix { rows: 2, cols: 2, data: vec![1.0, 2.0, 2.0, 4.0] };
    assert_eq!((singular.eliminate(), singular.pivots()), ((None, 0.0), None));
    // a zero in the corner needs an exchange of rows, which changes the sign
    let corner = Matrix { rows: 2, cols: 2, data: vec![0.0, 1.0, 1.0, 0.0] };
    assert_eq!((corner.eliminate().1, corner.pivots().expect("invertible").iter().product::<f64>()), (-1.0, -1.0));
}

fn expand(a: &Matrix<Fp>) -> Fp {
    if a.rows == 1 {
        return a.at(0, 0);
    }
    let term = |j: usize| a.at(0, j) * expand(&a.minor(0, j));
    (0..a.cols).fold(Fp::zero(), |s, j| if j % 2 == 0 { s + term(j) } else { s - term(j) })
}

#[test]
fn matrices_are_row_major() {
    let a = Matrix::from_fn(2, 3, |i, j| (10 * i + j) as f64);
    assert_eq!(a.data, [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
    assert_eq!((a.at(1, 2), a.row(1)), (12.0, &[10.0, 11.0, 12.0][..]));
    assert_eq!(a.transpose().data, [0.0, 10.0, 1.0, 11.0, 2.0, 12.0]);
    assert_eq!(a.minor(0, 1).data, [10.0, 12.0]);
    let b = Matrix::from_fn(3, 2, |i, j| (i + 2 * j) as f64);
    assert_eq!(a.matmul(&b).data, [5.0, 11.0, 35.0, 101.0]);
    assert_eq!(b.transpose().matmul(&a.transpose()), a.matmul(&b).transpose());
}
