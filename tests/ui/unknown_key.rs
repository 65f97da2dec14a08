//! A key that the attribute does not have.

use hesse::prelude::*;

#[derive(Hessian)]
#[hesse(modell = "
    input x: 3
    param W: 2 × 3
    target y: 2
    loss mse(W x, y)
")]
#[allow(non_snake_case)]
struct Layer {
    W: DMatrix<f64>,
}

fn main() {}
