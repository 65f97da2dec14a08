//! How simplification grows with depth, and how long it takes: printed as tables by `cargo bench -p hesse-tests`.
//!
//! The work is a number of e-graphs of bounded size, one a part; so nodes and time for each block of the Hessian must not grow with
//! depth. Counts come first, clocks second.

use hesse_compiler::{expr::Expr, pipeline, simplify, syntax};
use hesse_tests::model;
use std::{fmt::Write, time::Instant};

/// A chain of dense layers with tanh and a squared error.
fn mlp(layers: usize) -> String {
    let mut text = String::from("dim n\ninput x: n\ntarget y: n\n");
    let mut last = "x".to_owned();
    for k in 1..=layers {
        let _ = write!(text, "param W{k}: n × n\nh{k} = tanh(W{k} {last})\n");
        last = format!("h{k}");
    }
    text + &format!("loss mse({last}, y)\n")
}

/// Blocks of a transformer one upon another: attention, add and norm, two dense layers, add and norm.
fn transformer(blocks: usize) -> String {
    let mut text = String::from("dim L, d, dK, dff\ninput X0: L × d\ntarget Y: L × d\n");
    for k in 1..=blocks {
        let j = k - 1;
        let _ = write!(
            text,
            "param Wq{k}, Wk{k}: d × dK\nparam Wv{k}: d × d\nparam W1{k}: d × dff\nparam b1{k}: dff\nparam W2{k}: dff × d\n\
             param b2{k}: d\nparam g1{k}, e1{k}, g2{k}, e2{k}: d\n\
             A{k} = softmax(X{j} Wq{k} Wk{k}' X{j}' / sqrt(dK))\n\
             N{k} = layernorm(X{j} + A{k} X{j} Wv{k}, g1{k}, e1{k})\n\
             F{k} = relu(N{k} W1{k} + ones(L, 1) b1{k}') W2{k} + ones(L, 1) b2{k}'\n\
             X{k} = layernorm(N{k} + F{k}, g2{k}, e2{k})\n"
        );
    }
    text + &format!("loss mse(X{blocks}, Y)\n")
}

const ATTENTION: &str = "dim L, dV, dK; input X: L × dV\nparam Wq, Wk: dV × dK; param Wv: dV × dV; target Y: L × dV\n\
    A = softmax(X Wq Wk' X' / sqrt(dK))\nF = A X Wv\nloss mse(F, Y)";

/// One row of a table.
fn row(name: &str, text: &str) {
    let mut m = model(text);
    let query = syntax::query(&mut m, "hessian(loss)").expect("a query");
    let above: Vec<Expr> = (query.blocks.iter())
        .filter(|b| {
            let at = |n: &str| m.params.iter().position(|p| p == n);
            at(&b.row) <= at(&b.col)
        })
        .map(|b| b.expr)
        .collect();
    let start = Instant::now();
    let derived = pipeline::answer_all(&mut m.graph, &above).expect("formulas");
    let differentiated = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let done = simplify::simplify(&mut m.graph, &derived, &[], &simplify::Settings::default());
    let simplified = start.elapsed().as_secs_f64();
    let nodes: usize = done.reports.iter().map(|r| r.nodes).sum();
    let largest = done.reports.iter().map(|r| r.nodes).max().unwrap_or(0);
    let spent = done.reports.iter().filter(|r| r.stop == simplify::Stop::Nodes).count();
    let n = above.len() as f64;
    println!(
        "{name:24} {:6} {:6} {nodes:9} {:9.1} {largest:8} {spent:6} {:10.3} {:10.3} {:10.3}",
        above.len(),
        done.reports.len(),
        nodes as f64 / n,
        differentiated,
        simplified,
        1e3 * simplified / n,
    );
}

fn main() {
    println!(
        "{:24} {:>6} {:>6} {:>9} {:>9} {:>8} {:>6} {:>10} {:>10} {:>10}",
        "model", "blocks", "parts", "nodes", "per block", "largest", "spent", "derive s", "simplify s", "ms / block"
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
