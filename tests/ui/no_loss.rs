//! A model without a loss.

use hesse::prelude::*;

#[derive(Hessian)]
#[hesse(model = "
    input x: 3
    param W: 2 × 3
    target y: 2
    F = W x
")]
#[allow(non_snake_case)]
struct Layer {
    W: DMatrix<f64>,
}

fn main() {
    let layer = Layer { W: DMatrix::zeros(2, 3) };
    let x = DVector::zeros(3);
    let y = DVector::zeros(2);
    let h: Result<BlockHessian<f64>, Error> = layer.hessian(&x, &y);
    println!("{:?}", h);
}
