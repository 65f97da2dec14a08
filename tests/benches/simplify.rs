//! How simplification grows with depth, and how long it takes: printed as tables by `cargo bench -p hesse-tests`.
//!
//! The work is a number of e-graphs of bounded size, one for all parts of one form (`once`; `nodes` are theirs); so nodes and time
//! for each block of the Hessian must not grow with depth. Counts come first, clocks second: the processor time of this thread
//! where the system tells it, the least of several runs.

#[path = "../simplify/stacks.rs"]
mod stacks;

use hesse_compiler::{pipeline, simplify, syntax};
use hesse_tests::model;
use stacks::{mlp, transformer, upper};
use std::{sync::LazyLock, time::Instant};

const ATTENTION: &str = "dim L, dV, dK; input X: L × dV\nparam Wq, Wk: dV × dK; param Wv: dV × dV; target Y: L × dV\n\
    A = softmax(X Wq Wk' X' / sqrt(dK))\nF = A X Wv\nloss mse(F, Y)";

/// Runs of which the fastest counts.
const RUNS: usize = 5;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Seconds that this thread has computed; on systems that do not tell, seconds that have passed.
fn clock() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|t| t.split_whitespace().next()?.parse::<u64>().ok());
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |n| n as f64 * 1e-9)
}

/// One row of a table.
fn row(name: &str, text: &str) {
    let mut times = [f64::INFINITY; 2];
    let mut line = String::new();
    for _ in 0..RUNS {
        let mut m = model(text);
        let query = syntax::query(&mut m, "hessian(loss)").expect("a query");
        let above = upper(&m, &query);
        let start = clock();
        let derived = pipeline::answer_all(&mut m.graph, &above).expect("formulas");
        times[0] = times[0].min(clock() - start);
        let start = clock();
        let done = simplify::simplify(&mut m.graph, &derived, &[], &simplify::Settings::default());
        times[1] = times[1].min(clock() - start);
        let once = || done.reports.iter().filter(|r| !r.again);
        let nodes: usize = once().map(|r| r.nodes).sum();
        let largest = done.reports.iter().map(|r| r.nodes).max().unwrap_or(0);
        let spent = once().filter(|r| r.stop == simplify::Stop::Nodes).count();
        let n = above.len();
        line = format!(
            "{name:24} {n:6} {:6} {:6} {nodes:9} {:9.1} {largest:8} {spent:6} {:10.3} {:10.3} {:10.3}",
            done.reports.len(),
            once().count(),
            nodes as f64 / n as f64,
            times[0],
            times[1],
            1e3 * times[1] / n as f64,
        );
    }
    println!("{line}");
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
