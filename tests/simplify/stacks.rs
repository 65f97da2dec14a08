//! Networks of any depth, and the blocks of their Hessians.

use hesse_compiler::{
    expr::Expr,
    syntax::{Model, Query},
};
use std::fmt::Write;

/// A chain of dense layers with tanh and a squared error.
pub(crate) fn mlp(layers: usize) -> String {
    let mut text = String::from("dim n\ninput x: n\ntarget y: n\n");
    let mut last = "x".to_owned();
    for k in 1..=layers {
        let _ = write!(text, "param W{k}: n × n\nh{k} = tanh(W{k} {last})\n");
        last = format!("h{k}");
    }
    text + &format!("loss mse({last}, y)\n")
}

/// Blocks of a transformer one upon another: attention, add and norm, two dense layers, add and norm.
pub(crate) fn transformer(blocks: usize) -> String {
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

/// The blocks of a Hessian on the diagonal and above it; the others are their transposes.
pub(crate) fn upper(m: &Model, query: &Query) -> Vec<Expr> {
    let at = |n: &str| m.params.iter().position(|p| p == n);
    query.blocks.iter().filter(|b| at(&b.row) <= at(&b.col)).map(|b| b.expr).collect()
}
