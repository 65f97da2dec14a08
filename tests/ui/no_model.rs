//! The model is missing.

use hesse::prelude::*;

#[derive(Hessian)]
#[allow(non_snake_case)]
struct Layer {
    W: DMatrix<f64>,
}

fn main() {}
