//! How long `#[derive(Hessian)]` takes in a user's crate that is built by `cargo build`, optimized by nothing:
//! `cargo bench -p hesse-tests --bench expansion`.

use hesse_tests::crates::{ROOT, new_crate};
use std::{collections::BTreeMap, fs};

/// A struct, its model, its parameters, and the seconds that are aimed at.
const LAYERS: [(&str, &str, &[&str], f64); 2] = [
    ("Attention", "attention", &["Wq", "Wk", "Wv"], 1.0),
    ("Block", "transformer", &["W1", "b1", "W2", "b2", "Wq", "Wk", "Wv", "g1", "be1", "g2", "be2"], 4.0),
];
const BUILDS: usize = 5;

fn main() {
    let layer = |(name, model, params, _): &(&str, &str, &[&str], f64)| {
        let fields: String = params.iter().map(|p| format!("pub {p}: DMatrix<f64>, ")).collect();
        format!(
            "#[derive(Hessian)]\n#[hesse(file = \"src/{model}.hesse\")]\n#[allow(non_snake_case)]\npub struct {name} {{ {fields}}}\n"
        )
    };
    let code = |build: usize| {
        let layers: String = LAYERS.iter().map(layer).collect();
        format!("use hesse::prelude::*;\n{layers}fn main() {{ println!(\"{build}\") }}\n")
    };
    let model = |(_, model, ..): &(&str, &str, &[&str], f64)| {
        (format!("{model}.hesse"), fs::read_to_string(format!("{ROOT}/examples/{model}.hesse")).expect("an example"))
    };
    let files: Vec<(String, String)> = LAYERS.iter().map(model).collect();
    let user = new_crate("expansion", "", &files);
    let mut seconds: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for build in 0..BUILDS {
        fs::write(user.folder().join("src/main.rs"), code(build)).expect("a file");
        let out = user.cargo(&["build", "--quiet"]).env("HESSE_TIMES", "1").output().expect("cargo runs");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{said}");
        // hesse: Attention in 0.51 s
        for line in said.lines().filter_map(|l| l.strip_prefix("hesse: ")) {
            let (name, took) = line.split_once(" in ").expect("a name and a time");
            let took = took.trim_end_matches(" s").parse().expect("seconds");
            seconds.entry(name.to_owned()).or_default().push(took);
        }
    }
    println!("median of {BUILDS} builds, seconds");
    for (name, _, _, aim) in LAYERS {
        let mut all = seconds.remove(name).expect("the macro says how long it took");
        all.sort_by(f64::total_cmp);
        let median = all[all.len() / 2];
        println!("  {name:10} {median:6.2} of {aim}: {}", if median <= aim { "holds" } else { "missed" });
    }
}
