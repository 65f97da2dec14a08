//! How simplification grows with depth, and how long it takes: printed as tables by `cargo bench -p hesse-tests`.
//!
//! The work is a number of e-graphs of bounded size, one for all parts of one form (`once`; `nodes` are theirs); so nodes and time
//! for each block of the Hessian must not grow with depth. Counts come first, clocks second.

#[path = "../simplify/stacks.rs"]
mod stacks;

use hesse_compiler::{pipeline, simplify, syntax};
use hesse_tests::model;
use stacks::{mlp, transformer, upper};
use std::time::Instant;

const ATTENTION: &str = "dim L, dV, dK; input X: L × dV\nparam Wq, Wk: dV × dK; param Wv: dV × dV; target Y: L × dV\n\
    A = softmax(X Wq Wk' X' / sqrt(dK))\nF = A X Wv\nloss mse(F, Y)";

/// One row of a table.
fn row(name: &str, text: &str) {
    let mut m = model(text);
    let query = syntax::query(&mut m, "hessian(loss)").expect("a query");
    let above = upper(&m, &query);
    let start = Instant::now();
    let derived = pipeline::answer_all(&mut m.graph, &above).expect("formulas");
    let differentiated = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let done = simplify::simplify(&mut m.graph, &derived, &[], &simplify::Settings::default());
    let simplified = start.elapsed().as_secs_f64();
    let once = || done.reports.iter().filter(|r| !r.again);
    let nodes: usize = once().map(|r| r.nodes).sum();
    let largest = done.reports.iter().map(|r| r.nodes).max().unwrap_or(0);
    let spent = once().filter(|r| r.stop == simplify::Stop::Nodes).count();
    let n = above.len() as f64;
    println!(
        "{name:24} {:6} {:6} {:6} {nodes:9} {:9.1} {largest:8} {spent:6} {:10.3} {:10.3} {:10.3}",
        above.len(),
        done.reports.len(),
        once().count(),
        nodes as f64 / n,
        differentiated,
        simplified,
        1e3 * simplified / n,
    );
}

fn main() {
    println!(
        "{:24} {:>6} {:>6} {:>6} {:>9} {:>9} {:>8} {:>6} {:>10} {:>10} {:>10}",
        "model", "blocks", "parts", "once", "nodes", "per block", "largest", "spent", "derive s", "simplify s", "ms / block"
    );
    row("attention", ATTENTION);
    row("transformer, 1 block", &transformer(1));
    for layers in [1, 2, 4, 8, 16, 24] {
        row(&format!("mlp, {layers} layers"), &mlp(layers));
    }
    for blocks in 1..=4 {
        row(&format!("transformer, {blocks} blocks"), &transformer(blocks));
    }
}
