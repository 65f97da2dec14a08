//! Crates outside of this workspace: that of a new user with the lines of README.md, and one with the emitted code of random
//! models. Both are made in a temporary folder and share one folder of built dependencies.

use hesse_tests::{
    case,
    crates::{Crate, ROOT, new_crate},
    distance, emitted, random_dag,
};
use std::{fmt::Write, fs, sync::Mutex};

/// One cargo at a time.
static CARGO: Mutex<()> = Mutex::new(());

/// What the crate prints; that rustc warns of nothing is checked on the way.
fn run(krate: &Crate) -> String {
    let _alone = CARGO.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let out = krate.cargo(&["run", "--quiet"]).output().expect("cargo runs");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    assert!(!said.contains("warning"), "{said}");
    String::from_utf8(out.stdout).expect("text")
}

/// The lines of README.md, as they stand there.
#[test]
fn the_lines_of_the_readme_print_a_hessian() {
    let readme = fs::read_to_string(format!("{ROOT}/README.md")).expect("README.md");
    let code = readme.split("```rust\n").nth(1).and_then(|r| r.split("```").next()).expect("lines of Rust").to_owned();
    let model = code.split("model = \"").nth(1).and_then(|r| r.split("\")]").next()).expect("a model").to_owned();
    let printed = run(&new_crate("newcomer", "", &[("main.rs".to_owned(), code)]));
    // the same layer by the interpreter: its data are those of the lines
    let mut c = case(&model, &[("L", 4), ("dV", 3), ("dK", 2)], 0);
    let array = |rows: usize, cols: usize, phase: f64| {
        hesse_compiler::matrix::Matrix::from_fn(rows, cols, |i, j| (phase + (2 * i + 3 * j) as f64).sin())
    };
    for (name, rows, cols, phase) in [("Wq", 3, 2, 1.0), ("Wk", 3, 2, 2.0), ("Wv", 3, 3, 3.0), ("X", 4, 3, 4.0), ("Y", 4, 3, 5.0)]
    {
        c.data.shared.insert(name.to_owned(), array(rows, cols, phase));
    }
    let largest = |m: &hesse::nalgebra::DMatrix<f64>| m.symmetric_eigenvalues().max();
    let h = c.value("hessian(loss)");
    let top = largest(&hesse::nalgebra::DMatrix::from_row_slice(h.rows, h.cols, &h.data));
    let last: f64 = printed.trim().lines().last().and_then(|l| l.rsplit(' ').next()?.parse().ok()).expect("a number");
    assert!((last - top).abs() < 1e-12, "{last} for {top}");
    let block = c.value("hessian(loss, Wv, Wv)");
    let entry = printed.split_whitespace().find_map(|w| w.parse::<f64>().ok()).expect("an entry");
    assert!((entry - block.data[0]).abs() < 1e-12, "{entry} for {}", block.data[0]);
}

/// 200 random models: emitted, compiled and run in one crate, against dual numbers over dual numbers.
#[test]
fn two_hundred_random_graphs_through_emitted_rust() {
    const COUNT: u64 = 200;
    let sizes = [("a", 3), ("b", 2), ("L", 4)];
    let (mut files, mut main, mut cases) = (vec![], String::new(), vec![]);
    for seed in 0..COUNT {
        writeln!(main, "#[allow(dead_code)]\nmod dag{seed};").expect("a string");
    }
    main.push_str("use hesse::nalgebra::DMatrix;\n\nfn main() {\n");
    for seed in 0..COUNT {
        let text = random_dag(seed);
        let c = case(&text, &sizes, seed);
        let arrays: Vec<String> = c
            .model
            .graph
            .variables()
            .filter_map(|(name, _)| c.data.shared.get(name))
            .map(|m| format!("&DMatrix::from_row_slice({}, {}, &{:?})", m.rows, m.cols, m.data))
            .collect();
        let arrays = arrays.join(", ");
        writeln!(main, "    let h = dag{seed}::hessian({arrays}).expect(\"a Hessian\").dense();").expect("a string");
        writeln!(main, "    println!(\"{{:?}}\", h.as_slice());").expect("a string");
        files.push((format!("dag{seed}.rs"), emitted(&text, &[])));
        cases.push((text, c));
    }
    main.push_str("}\n");
    files.push(("main.rs".to_owned(), main));
    // nothing of the compiler is needed to run what is emitted
    let printed = run(&new_crate("dags", ", default-features = false", &files));
    let mut compared = 0;
    for ((text, mut c), line) in cases.into_iter().zip(printed.lines()) {
        let want = c.oracle_hessian("loss");
        let numbers = line.trim_matches(['[', ']']).split(", ").map(|x| x.parse().expect("a number")).collect();
        let got = hesse_compiler::matrix::Matrix { rows: want.rows, cols: want.cols, data: numbers };
        let d = distance(&got, &want);
        assert!(d < 1e-9, "the emitted Hessian is off by {d}\n{text}");
        compared += 1;
    }
    assert_eq!(compared, COUNT);
}

/// The lines of README.md about a device, where there is one: PoCL makes the processor one. The first time without the compiler.
#[cfg(feature = "opencl")]
#[test]
fn the_lines_of_the_readme_run_on_a_device() {
    let readme = fs::read_to_string(format!("{ROOT}/README.md")).expect("README.md");
    let blocks: Vec<&str> = readme.split("```rust\n").skip(1).map(|r| r.split("```").next().expect("lines of Rust")).collect();
    let [layer, device, dynamic] = blocks[..] else { panic!("a layer, lines about a device, and about queries") };
    let layer = layer.replace("#[derive(Hessian)]\n", "#[derive(Hessian)]\n#[hesse(device)]\n");
    assert!(layer.contains("#[hesse(device)]") && device.contains("let on_device") && dynamic.contains("let block"));
    let shown = |number: &str| format!("    println!(\"{{}}\", {number});\n");
    let whole = shown("(h.dense() - on_device.dense()).norm() / h.dense().norm()");
    let part = shown("(h.block(\"Wv\", \"Wv\") - &block[0]).norm() / h.dense().norm()");
    let runs = [
        ("\"opencl\"", format!("{device}{whole}"), 1),
        ("\"opencl\", \"dynamic\"", format!("{device}{dynamic}{whole}{part}"), 2),
    ];
    for (features, lines, count) in runs {
        let code = layer.replace("    Ok(())", &format!("{lines}    Ok(())"));
        let dependency = format!(", features = [{features}]");
        let printed = run(&new_crate("device", &dependency, &[("main.rs".to_owned(), code)]));
        let off: Vec<f64> = printed.trim().lines().rev().take(count).map(|l| l.parse().expect("a number")).collect();
        assert!(off.len() == count && off.iter().all(|x| *x < 1e-12), "{printed}");
    }
}
