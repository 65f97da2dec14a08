//! How tight bounds are: geometric means of bound / norm over random data, beside the constants of the thesis, as tables by
//! `cargo bench -p hesse-tests --bench bound`. Printed bounds that data break are counted, and those that are false are listed.

use hesse_compiler::{
    bound::{Style, Symbols},
    data::{bind, random},
    hessian::Part,
    index::Reference,
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

/// The bounds beside each other, and the closed forms of the thesis as corrected.
const COLUMNS: [(&str, Symbols, Style); 4] = [
    ("data", Symbols::Data, Style::Tight),
    ("named nodes", Symbols::Nodes, Style::Tight),
    ("jacobians", Symbols::Jacobians, Style::Tight),
    ("style thesis", Symbols::Data, Style::Thesis),
];

/// A table of one model: each block by our bounds, in the style of the thesis, and by formulas, of which it is counted how often
/// data break them. Behind them stands how many times tighter than the style of the thesis, and than the formulas, each of our
/// bounds is.
fn table(title: &str, text: &str, dims: &[(&str, usize)], part: Part, thesis: &[(&str, &str, &str)]) {
    println!("{title}: slack, geometric mean over {DRAWS} draws");
    let heads: Vec<String> = COLUMNS.iter().map(|c| format!("{:>13}", c.0)).collect();
    println!(
        "  {:7}{} {:>20}  tighter than the style, the formula: data, nodes, jacobians",
        "block",
        heads.concat(),
        "formula (broken)"
    );
    let dims: BTreeMap<String, usize> = dims.iter().map(|(n, s)| ((*n).to_owned(), *s)).collect();
    let mut sums: BTreeMap<String, [f64; 5]> = BTreeMap::new();
    let (mut broken, mut names) = (BTreeMap::<String, usize>::new(), vec![]);
    for seed in 0..DRAWS {
        let mut m = model(text);
        let drawn = random(&m, seed, &dims).expect("random data");
        let data = bind(&m, &drawn).expect("data that fit");
        let norms = pipeline::norms(&Reference, &mut m, part, &data, &SETTINGS).expect("norms");
        let all: Vec<f64> = norms.blocks.into_iter().chain([norms.whole]).collect();
        for (k, (_, symbols, style)) in COLUMNS.into_iter().enumerate() {
            let b = pipeline::bounds_in_style(&mut m, part, symbols, style).expect("bounds");
            let numbers = pipeline::numbers(&mut m, &b, &data, &SETTINGS).expect("numbers");
            let rows = b
                .blocks
                .iter()
                .map(|x| format!("{} {}", x.row, x.col))
                .zip(numbers.blocks)
                .chain([("whole".to_owned(), numbers.whole)]);
            for ((name, bound), &norm) in rows.zip(&all) {
                let Some(bound) = bound.filter(|_| norm > 0.0) else { continue };
                if !names.contains(&name) {
                    names.push(name.clone());
                }
                sums.entry(name.clone()).or_default()[k] += (bound / norm).ln();
                if k == 0
                    && let Some((_, _, formula)) = thesis.iter().find(|t| format!("{} {}", t.0, t.1).trim() == name)
                {
                    let q: Query = syntax::query(&mut m, formula).expect("a formula");
                    let value = evaluate(&mut m, &[q], &data, &SETTINGS).expect("a value")[0].values[0].data[0];
                    sums.entry(name.clone()).or_default()[4] += (value / norm).ln();
                    *broken.entry(name).or_default() += usize::from(value < norm * (1.0 - 1e-9));
                }
            }
        }
    }
    for name in names {
        let mean = sums[&name].map(|s| (s / DRAWS as f64).exp());
        let cells: Vec<String> =
            mean[..4].iter().map(|x| if *x < 1e6 { format!("{x:13.4}") } else { format!("{x:13.3e}") }).collect();
        let times = |k: usize| mean[..3].iter().map(|x| format!(" {:9.1}", mean[k] / x)).collect::<String>();
        let (formula, tighter) = match broken.get(&name) {
            Some(n) => (format!("{:.4e} ({n}/{DRAWS})", mean[4]), times(4)),
            None => ("-".to_owned(), String::new()),
        };
        println!("  {name:7}{} {formula:>20} {} {tighter}", cells.concat(), times(3));
    }
}

/// The length of the longest row.
fn longest(x: &str) -> String {
    format!("max(({x}.^2 ones(dV, 1)).^(1/2))")
}

fn listed(formulas: &[(String, String, String)]) -> Vec<(&str, &str, &str)> {
    formulas.iter().map(|(r, c, f)| (r.as_str(), c.as_str(), f.as_str())).collect()
}

/// Theorem 17 as `tests/thesis/attention-bounds.hesse` corrects it.
fn corrected_attention(functional: bool) -> Vec<(String, String, String)> {
    let (xmax, rmax) = (longest("X"), longest("R"));
    let weight = |p: &str| if p == "Wq" { "norm2(Wk)" } else { "norm2(Wq)" };
    let mut out = vec![];
    for (row, col) in [("Wq", "Wq"), ("Wk", "Wq"), ("Wk", "Wk")] {
        let both = format!("{} {}", weight(row), weight(col));
        let curved = format!("2 sqrt(2/27) / (L dV dK) norm2(X)^5 norm2(Wv) {both} {rmax}");
        let formula = match (functional, row == col) {
            (false, _) => format!("{both} norm2(Wv)^2 norm2(X)^6 / (2 L dV dK)"),
            (true, true) => curved,
            (true, false) => format!("{curved} + norm2(X)^3 norm2(Wv) normF(R) / (L dV sqrt(dK))"),
        };
        out.push((row.to_owned(), col.to_owned(), formula));
    }
    for col in ["Wq", "Wk"] {
        let formula = match functional {
            true => format!("norm2(X)^3 {} norm2(R) / (L dV sqrt(dK))", weight(col)),
            false => format!("{xmax} norm2(X)^3 norm2(Wv) {} / (sqrt(L) dV sqrt(dK))", weight(col)),
        };
        out.push(("Wv".to_owned(), col.to_owned(), formula));
    }
    if !functional {
        out.push(("Wv".to_owned(), "Wv".to_owned(), format!("2 / dV {xmax}^2")));
    }
    out
}

/// Theorem 26 for the loss, from the constants of `tests/thesis/transformer-bounds.hesse` as corrected, with the exact norms of
/// Lemma 23: `2/(L dV) (‖J_Z‖² ‖B_x‖ ‖B_y‖ + ‖Z - T‖ (‖J_Z‖ ‖ξ_xy‖ + ‖H_Z‖ ‖B_x‖ ‖B_y‖))`.
fn corrected_block() -> Vec<(String, String, String)> {
    // 1 / σ_min of a layer norm, and the norm of its second derivative
    let slope = |u: &str| format!("max((rowsum(({u} - {u} ones(dV, dV) / dV).^2) / dV).^(-1/2))");
    let (jy, jz) = (slope("(X + A X Wv)"), slope("S"));
    let bend = |j: &str| format!("sqrt(max(vcat(2, dV - 2)) / dV) {j}^2");
    let (hy, hz) = (bend(&jy), bend(&jz));
    let (ny, hidden) = ("sqrt(L dV)", "sqrt(L dV) norm2(W1)");
    let through = "(1 + norm2(W1) norm2(W2))";
    let xmax = longest("X");
    // ‖∂F/∂W‖ of attention, and its second derivatives
    let attention = |p: &str| match p {
        "Wv" => format!("(sqrt(L) {xmax})"),
        "Wq" => "(norm2(Wv) norm2(Wk) norm2(X)^3 / (2 sqrt(dK)))".to_owned(),
        _ => "(norm2(Wv) norm2(Wq) norm2(X)^3 / (2 sqrt(dK)))".to_owned(),
    };
    let weight = |p: &str| if p == "Wq" { "norm2(Wk)" } else { "norm2(Wq)" };
    let second = |p: &str, q: &str| match (p, q) {
        ("Wv", "Wv") => "0".to_owned(),
        ("Wv", q) => format!("(sqrt(dV / dK) norm2(X)^3 {} / 2)", weight(q)),
        (p, q) if p == q => format!("(norm2(Wv) {}^2 norm2(X)^4 {xmax} / (3 dK))", weight(p)),
        _ => format!("(norm2(Wv) norm2(Wk) norm2(Wq) norm2(X)^4 {xmax} / (3 dK) + norm2(Wv) norm2(X)^2 normF(X) / (2 sqrt(dK)))"),
    };
    let first = |p: &str| match p {
        "W1" => format!("norm2(W2) {ny}"),
        "W2" => hidden.to_owned(),
        p => format!("{through} {jy} {}", attention(p)),
    };
    // ξ, the second derivatives of S
    let inner = |p: &str, q: &str| match (p, q) {
        ("W1", "W1") | ("W2", "W2") => "0".to_owned(),
        ("W2", "W1") => format!("sqrt(dV) {ny}"),
        (p, "W1") => format!("sqrt(dff) norm2(W2) {jy} {}", attention(p)),
        (p, "W2") => format!("sqrt(dV) norm2(W1) {jy} {}", attention(p)),
        (p, q) => format!("{through} ({} {hy} {} + {jy} {})", attention(p), attention(q), second(p, q)),
    };
    let names = ["W1", "W2", "Wq", "Wk", "Wv"];
    let mut out = vec![];
    for (i, p) in names.into_iter().enumerate() {
        for q in &names[..=i] {
            let (b, xi) = (format!("{} {}", first(p), first(q)), inner(p, q));
            let formula = format!("2 / (L dV) ({jz}^2 {b} + normF(Z - T) ({jz} {xi} + {hz} {b}))");
            out.push((p.to_owned(), (*q).to_owned(), formula));
        }
    }
    out
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
    // small, and as in the experiment of the thesis
    for sizes in [sizes, [("L", 49), ("dV", 16), ("dK", 16)]] {
        for (name, part) in [("Gauss-Newton", Part::GaussNewton), ("functional", Part::Functional)] {
            let corrected = corrected_attention(part == Part::Functional);
            let title = format!("attention, {name} part, L = {}, beside Theorem 17 as corrected", sizes[0].1);
            table(&title, ATTENTION, &sizes, part, &listed(&corrected));
        }
    }
    let corrected = corrected_block();
    let dims = [("L", 6), ("dV", 5), ("dK", 4), ("dff", 8)];
    table("transformer block, beside Theorem 26 as corrected", BLOCK, &dims, Part::Whole, &listed(&corrected));
    println!("bounds of the thesis that are false as printed, by ERRATA.md:");
    let errata = include_str!("../../ERRATA.md");
    for entry in errata.split("\n### ").skip(1).filter(|e| e.lines().any(|l| l.starts_with("- Printed:") && l.contains("<="))) {
        let printed = entry.lines().find_map(|l| l.strip_prefix("- Printed: ")).unwrap_or_default();
        println!("  {}: {printed}", entry.lines().next().unwrap_or_default());
    }
    let clock = Instant::now();
    let mut m = model(BLOCK);
    pipeline::bounds(&mut m, Part::Whole, Symbols::Data).expect("bounds");
    println!("formulas of the transformer block: {:.3} s", clock.elapsed().as_secs_f64());
    let dims = [("L", 49), ("dV", 16), ("dK", 16), ("dff", 64)].map(|(n, s)| (n.to_owned(), s)).into();
    let clock = Instant::now();
    let b = pipeline::bounds(&mut m, Part::Whole, Symbols::Nodes).expect("bounds");
    let drawn = random(&m, 1, &dims).expect("random data");
    let data = bind(&m, &drawn).expect("data that fit");
    let bound = pipeline::numbers(&mut m, &b, &data, &SETTINGS).expect("numbers").whole;
    let norm = pipeline::norms(&Reference, &mut m, Part::Whole, &data, &SETTINGS).expect("norms").whole;
    println!("with data, L = 49, d = 16, dff = 64: {:.1} s, bound {bound:?}, norm {norm}", clock.elapsed().as_secs_f64());
}
