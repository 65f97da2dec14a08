//! The numbers beside bounds: true norms by products with vectors, norms by intervals, and decimals that are rounded up.

use super::{ROOT, norms::norm};
use hesse_compiler::{
    bound::{self, Norm},
    data,
    hessian::Part,
    index::Reference,
    matrix::Matrix,
    pipeline::{self, Settings},
    scalar::Interval,
};
use hesse_tests::{model, uniform};
use std::fs;

/// Products with vectors give the norms that dense blocks have.
#[test]
fn norms_need_no_dense_blocks() {
    let settings = Settings { memory: 1 << 30, per_sample: false };
    let mut seen = 0;
    for name in ["attention", "mlp", "transformer"] {
        let path = format!("{ROOT}/examples/{name}.hesse");
        let mut m = model(&fs::read_to_string(path).expect("an example"));
        let sizes = m.sizes.iter().enumerate().map(|(k, s)| (s.clone(), 3 + k % 3)).collect();
        let drawn = data::random(&m, 5, &sizes).expect("random data");
        let bound = data::bind(&m, &drawn).expect("data that fit");
        for part in [Part::Whole, Part::GaussNewton, Part::Functional] {
            let dense = pipeline::norms(&Reference, &mut m, part, &bound, &settings).expect("dense");
            let free = pipeline::norms_by_products(&Reference, &mut m, part, &bound, &settings).expect("products");
            let pairs = dense.blocks.iter().zip(&free.blocks).chain([(&dense.whole, &free.whole)]);
            for (k, (a, b)) in pairs.enumerate() {
                assert!((a - b).abs() <= 1e-9 * a.abs() + 1e-12, "{name}, {part:?}, {k}: {a} and {b}");
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "{seen}");
}

/// Norms by intervals are not below the exact ones, and hardly above.
#[test]
fn norms_by_intervals_are_rounded_up() {
    let point = Interval::point;
    let sum = point(0.1) + point(0.2) - point(0.3);
    // what the three floats make exactly; in floats they make twice that
    let exact = 2.775_557_561_562_891_4e-17;
    assert!(sum.low <= exact && exact <= sum.high && sum.high < 3e-16, "{sum:?}");
    // a multiple of rank one, of lengths 5 and 13, for several sizes of its entries
    let exact = Matrix { rows: 2, cols: 3, data: vec![9.0, 12.0, 36.0, 12.0, 16.0, 48.0] };
    let all = [
        (Norm::Two, 65.0),
        (Norm::Frobenius, 65.0),
        (Norm::Row, 52.0),
        (Norm::Column, 60.0),
        (Norm::Infinity, 76.0),
        (Norm::One, 84.0),
        (Norm::Max, 48.0),
    ];
    for scale in [1.0, 2f64.powi(-400), 2f64.powi(400)] {
        for (norm, value) in all {
            let found = pipeline::at_most(norm, &exact.map_to(|x| point(scale * x)));
            assert!(found >= scale * value && found <= scale * value * (1.0 + 1e-12), "{norm:?} of scale {scale}: {found}");
        }
    }
    let wide = exact.map_to(|x| Interval { low: x - 1.0, high: x + 1.0 });
    for (norm, value) in all {
        let found = pipeline::at_most(norm, &wide);
        assert!(found >= value && found <= value + 6.0, "{norm:?}: {found}");
    }
    for seed in 0..40 {
        let (rows, cols) = (1 + seed % 7, 1 + seed % 5);
        let m = hesse_tests::draw("interval", seed as u64, rows, cols, &[]);
        for kind in Norm::ALL {
            let (found, near) = (pipeline::at_most(kind, &m.map_to(point)), norm(kind, &m));
            assert!(found >= near * (1.0 - 1e-14) && found <= near * (1.0 + 1e-11), "{kind:?} of {m:?}: {found}, {near}");
        }
    }
}

/// A printed bound is no smaller than the number, and at most one in its last digit larger.
#[test]
fn printed_numbers_are_rounded_up() {
    let cases = [
        (1.0, "1.000000e0"),
        (0.1, "1.000001e-1"),
        (123.456_75, "1.234568e2"),
        (9.999_999_9e9, "1.000000e10"),
        (0.0, "0.000000e0"),
    ];
    for (x, text) in cases {
        assert_eq!(bound::rounded_up(x), text);
    }
    for seed in 0..200 {
        let x = uniform("rounded", seed).exp() * 10f64.powi(seed as i32 % 40 - 20);
        let y: f64 = bound::rounded_up(x).parse().expect("a number");
        assert!(y >= x && y <= x * (1.0 + 1.1e-6), "{x} is printed as {y}");
    }
}
