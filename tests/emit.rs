//! The emitted Rust of three models: golden files, which this very test compiles and runs against the interpreter.

use hesse::nalgebra::DMatrix;
use hesse_tests::{Case, case, emitted};
use std::fs;

#[path = "golden/attention.rs"]
#[rustfmt::skip]
mod attention;
#[path = "golden/logistic.rs"]
#[rustfmt::skip]
mod logistic;
#[path = "golden/mlp.rs"]
#[rustfmt::skip]
mod mlp;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn text(model: &str) -> String {
    fs::read_to_string(format!("{ROOT}/../examples/{model}.hesse")).expect("an example")
}

/// A change of the emitted code shows in the golden files; `HESSE_BLESS=1` accepts it.
#[test]
fn golden_files_are_what_is_emitted() {
    for model in ["attention", "logistic", "mlp"] {
        let (path, new) = (format!("{ROOT}/golden/{model}.rs"), emitted(&text(model), &[]));
        if std::env::var_os("HESSE_BLESS").is_some() {
            fs::write(&path, &new).expect("a golden file");
        }
        let old = fs::read_to_string(&path).expect("a golden file");
        let differs = old.lines().zip(new.lines()).position(|(a, b)| a != b);
        assert!(old == new, "golden/{model}.rs: line {:?} differs; HESSE_BLESS=1 accepts", differs.map(|k| k + 1));
    }
}

/// What is emitted is formatted as rustfmt formats it by default.
#[test]
fn golden_files_are_formatted() {
    let folder = std::env::temp_dir().join(format!("hesse-format-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("rustfmt.toml"), "").expect("a file");
    let mut checked = 0;
    for model in ["attention", "logistic", "mlp", "transformer", "dag", "logdet", "two_head"] {
        let path = folder.join(format!("{model}.rs"));
        fs::write(&path, emitted(&text(model), &[])).expect("a file");
        let out = std::process::Command::new("rustfmt").args(["--edition", "2024", "--check"]).arg(&path).output();
        let Ok(out) = out else {
            println!("skipped: there is no rustfmt");
            continue;
        };
        checked += 1;
        assert!(out.status.success(), "{model}: {}", String::from_utf8_lossy(&out.stdout));
    }
    fs::remove_dir_all(&folder).ok();
    println!("{checked} modules are formatted");
}

fn array(c: &Case, name: &str) -> DMatrix<f64> {
    let m = &c.data.shared[name];
    DMatrix::from_row_slice(m.rows, m.cols, &m.data)
}

fn near(c: &mut Case, query: &str, got: &DMatrix<f64>) {
    let want = c.value(query);
    assert_eq!((want.rows, want.cols), got.shape(), "{query}");
    let scale = want.data.iter().fold(1e-3f64, |m, x| m.max(x.abs()));
    for (k, x) in want.data.iter().enumerate() {
        let y = got[(k / want.cols, k % want.cols)];
        assert!((x - y).abs() <= 1e-12 * scale, "{query}: {y} for {x}");
    }
}

macro_rules! run {
    ($model:ident, $sizes:expr, $seed:expr, [$($array:literal),*], [$($parameter:literal),*]) => {{
        let mut c = case(&text(stringify!($model)), $sizes, $seed);
        let loss = $model::loss($(&array(&c, $array)),*).expect("a loss");
        near(&mut c, "loss", &DMatrix::from_element(1, 1, loss));
        let gradient = $model::gradient($(&array(&c, $array)),*).expect("a gradient");
        let parameters = [$($parameter),*];
        for (x, g) in parameters.iter().zip(&gradient) {
            near(&mut c, &format!("grad(loss, {x})"), g);
        }
        let h = $model::hessian($(&array(&c, $array)),*).expect("a Hessian");
        assert_eq!(h.names().collect::<Vec<_>>(), parameters);
        for x in parameters {
            for y in parameters {
                near(&mut c, &format!("hessian(loss, {x}, {y})"), h.block(x, y));
            }
        }
        near(&mut c, "hessian(loss)", &h.dense());
    }};
}

#[test]
fn golden_files_compute_what_the_interpreter_computes() {
    run!(attention, &[("L", 5), ("dV", 4), ("dK", 3)], 1, ["X", "Wq", "Wk", "Wv", "Y"], ["Wq", "Wk", "Wv"]);
    run!(attention, &[("L", 2), ("dV", 7), ("dK", 1)], 2, ["X", "Wq", "Wk", "Wv", "Y"], ["Wq", "Wk", "Wv"]);
    run!(logistic, &[("L", 11), ("n", 6)], 3, ["X", "y", "w", "b"], ["w", "b"]);

    run!(
        mlp,
        &[("n0", 3), ("n1", 6), ("n2", 5), ("n3", 4)],
        4,
        ["x", "y", "W1", "b1", "W2", "b2", "W3", "b3"],
        ["W1", "b1", "W2", "b2", "W3", "b3"]
    );
}

#[test]
fn sizes_that_disagree_are_told_with_both_places() {
    let m = DMatrix::<f64>::zeros;
    let e = attention::loss(&m(5, 3), &m(3, 2), &m(3, 2), &m(3, 3), &m(6, 3)).expect_err("rows differ");
    assert_eq!(e.to_string(), "the size L is 5 by the rows of X, but 6 by the rows of Y");
    let e = attention::loss(&m(5, 3), &m(3, 2), &m(3, 4), &m(3, 3), &m(5, 3)).expect_err("columns differ");
    assert_eq!(e.to_string(), "the size dK is 2 by the columns of Wq, but 4 by the columns of Wk");
    let e = logistic::loss(&m(5, 3), &m(5, 2), &m(3, 1), &m(1, 1)).expect_err("not a column");
    assert_eq!(e.to_string(), "the columns of y are 2, but must be 1");
    let e = attention::loss(&m(0, 3), &m(3, 2), &m(3, 2), &m(3, 3), &m(0, 3)).expect_err("no rows");
    assert_eq!(e.to_string(), "the size L would be 0, which is not a positive whole number, by the rows of X");
}
