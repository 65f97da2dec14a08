//! How tight bounds are: geometric means of bound / norm over random data, beside the constants of the thesis, as tables by
//! `cargo bench -p hesse-tests --bench bound`. Printed bounds that data break are counted.

use hesse_compiler::{
    bound::Symbols,
    data::{bind, random},
    hessian::Part,
    pipeline::{self, Settings, evaluate},
    syntax::{self, Query},
};
use hesse_tests::model;
use std::{collections::BTreeMap, time::Instant};

const SETTINGS: Settings = Settings { memory: 8 << 30, per_sample: false };
const DRAWS: u64 = 12;

const ATTENTION: &str = "dim L, dV, dK; input X: L × dV\nparam Wq, Wk: dV × dK; param Wv: dV × dV; target Y: L × dV\n\
    A = softmax(X Wq Wk' X' / sqrt(dK))\nF = A X Wv\nR = F - Y\nB = L norm2(X) norm2(Wv) + norm2(Y)\nloss mse(F, Y)";
const BLOCK: &str = "dim L, dV, dK, dff\ninput X: L × dV\nparam W1: dV × dff; param W2: dff × dV\nparam Wq, Wk: dV × dK; param Wv: dV × dV\n\
    target T: L × dV\nA = softmax(X Wq Wk' X' / sqrt(dK))\nY = layernorm(X + A X Wv)\nS = Y + relu(Y W1) W2\nZ = layernorm(S)\nloss mse(Z, T)";
const NETWORK: &str = "dim n0, n1, n2, n3\ninput x: n0\ntarget y: 1 × n3\nparam W1: n1 × n0\nparam W2: n2 × n1\nparam W3: n3 × n2\n\
    loss cross_entropy((W3 relu(W2 relu(W1 x)))', y)";

/// A table of one model: each block by our bounds over data and over named nodes, and by formulas of the thesis.
fn table(title: &str, text: &str, dims: &[(&str, usize)], part: Part, thesis: &[(&str, &str, &str)]) {
    println!("{title}");
    println!("  {:10} {:>14} {:>14} {:>22}", "block", "data", "named nodes", "the thesis (broken)");
    let dims: BTreeMap<String, usize> = dims.iter().map(|(n, s)| ((*n).to_owned(), *s)).collect();
    let mut sums: BTreeMap<String, [f64; 3]> = BTreeMap::new();
    let (mut broken, mut names) = (BTreeMap::<String, usize>::new(), vec![]);
    for seed in 0..DRAWS {
        let mut m = model(text);
        let drawn = random(&m, seed, &dims).expect("random data");
        let data = bind(&m, &drawn).expect("data that fit");
        for (k, symbols) in [Symbols::Data, Symbols::Nodes].into_iter().enumerate() {
            let b = pipeline::bounds(&mut m, part, symbols).expect("bounds");
            let (blocks, whole) = pipeline::measured(&mut m, &b, part, &data, &SETTINGS).expect("numbers");
            let rows = b.blocks.iter().map(|x| format!("{} {}", x.row, x.col)).zip(blocks).chain([("whole".to_owned(), whole)]);
            for (name, measured) in rows {
                let Some(measured) = measured.filter(|x| x.norm > 0.0) else { continue };
                if !names.contains(&name) {
                    names.push(name.clone());
                }
                sums.entry(name.clone()).or_default()[k] += measured.slack().ln();
                if k == 0
                    && let Some((_, _, formula)) = thesis.iter().find(|t| format!("{} {}", t.0, t.1).trim() == name)
                {
                    let q: Query = syntax::query(&mut m, formula).expect("a formula");
                    let value = evaluate(&mut m, &[q], &data, &SETTINGS).expect("a value")[0].values[0].data[0];
                    sums.entry(name.clone()).or_default()[2] += (value / measured.norm).ln();
                    *broken.entry(name).or_default() += usize::from(value < measured.norm * (1.0 - 1e-9));
                }
            }
        }
    }
    for name in names {
        let mean = sums[&name].map(|s| (s / DRAWS as f64).exp());
        let printed = broken.get(&name).map_or("-".to_owned(), |n| format!("{:.4e} ({n}/{DRAWS})", mean[2]));
        println!("  {name:10} {:14.4} {:14.4} {printed:>22}", mean[0], mean[1]);
    }
}

fn main() {
    let network = [("n0", 5), ("n1", 6), ("n2", 4), ("n3", 3)];
    let sharp = "normF(x)^2 / 2 (norm2(W3)^2 norm2(W2)^2 + norm2(W3)^2 norm2(W1)^2 + norm2(W2)^2 norm2(W1)^2)";
    table(
        "rectifier network, Gauss-Newton part; the whole beside the sharp form of Theorem 8",
        NETWORK,
        &network,
        Part::GaussNewton,
        &[("whole", "", sharp)],
    );
    let sizes = [("L", 8), ("dV", 6), ("dK", 4)];
    let attention = [
        ("Wv", "Wv", "2 L / dV norm2(X)^2"),
        ("Wq", "Wq", "2 / (L^3 dV dK) norm2(Wk)^2 norm2(Wv)^2 norm2(X)^6"),
        ("Wk", "Wq", "2 / (L^3 dV dK) norm2(Wk) norm2(Wq) norm2(Wv)^2 norm2(X)^6"),
    ];
    table("attention, Gauss-Newton part, beside Theorem 17 as printed", ATTENTION, &sizes, Part::GaussNewton, &attention);
    let functional = [
        ("Wq", "Wq", "12 / (L dV dK) sqrt(L) B norm2(Wv) norm2(Wk)^2 norm2(X)^5"),
        (
            "Wk",
            "Wq",
            "12 / (L dV dK) sqrt(L) B norm2(Wv) norm2(Wk) norm2(Wq) norm2(X)^5 + 2 / (L^2 sqrt(dV dK)) sqrt(L) B norm2(Wv) norm2(X)^3",
        ),
    ];
    table("attention, functional part, beside Theorem 17 as printed", ATTENTION, &sizes, Part::Functional, &functional);
    table("transformer block", BLOCK, &[("L", 6), ("dV", 5), ("dK", 4), ("dff", 8)], Part::Whole, &[]);
    let clock = Instant::now();
    let mut m = model(BLOCK);
    pipeline::bounds(&mut m, Part::Whole, Symbols::Data).expect("bounds");
    println!("formulas of the transformer block: {:.3} s", clock.elapsed().as_secs_f64());
    let dims = [("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)].map(|(n, s)| (n.to_owned(), s)).into();
    let clock = Instant::now();
    let b = pipeline::bounds(&mut m, Part::Whole, Symbols::Nodes).expect("bounds");
    let drawn = random(&m, 1, &dims).expect("random data");
    let data = bind(&m, &drawn).expect("data that fit");
    let (_, whole) = pipeline::measured(&mut m, &b, Part::Whole, &data, &SETTINGS).expect("numbers");
    println!("with data, L = 49, d = 16, dff = 64: {:.1} s, {whole:?}", clock.elapsed().as_secs_f64());
}
