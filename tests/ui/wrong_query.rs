//! A method whose query has a mistake.

use hesse::prelude::*;

#[derive(Hessian)]
#[hesse(model = "
    input x: 3
    param W: 2 × 3
    target y: 2
    loss mse(W x, y)
", method(slope = "jacobian(W, z)"))]
#[allow(non_snake_case)]
struct Layer {
    W: DMatrix<f64>,
}

fn main() {
    let layer = Layer { W: DMatrix::zeros(2, 3) };
    let x = DVector::zeros(3);
    let y = DVector::zeros(2);
    let h: Result<BlockHessian<f64>, Error> = layer.hessian(&x, &y);
    let slope: Result<DMatrix<f64>, Error> = layer.slope(&x, &y);
    let mean = layer.hessian_mean(&[(&x, &y)]);
    println!("{:?} {:?} {:?}", h, slope, mean);
}
