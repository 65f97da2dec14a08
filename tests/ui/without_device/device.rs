//! Kernels are asked for in a program that knows no device; what uses them gives no further errors.
use hesse::prelude::*;

#[derive(Hessian)]
#[hesse(
    model = "
        dim m, n
        input X: m × n
        param w: n
        target y: m
        loss mse(X w, y)
    ",
    method(residual = "X w - y"),
    device
)]
struct Regression {
    w: DVector<f64>,
}

fn main() {
    let model = Regression { w: DVector::zeros(2) };
    let (x, y, context) = (DMatrix::zeros(3, 2), DVector::zeros(3), ());
    let _: Result<f64, Error> = model.loss_on(&context, &x, &y);
    let _ = model.hvp_on(&context, &model, &x, &y);
    let _ = model.residual_on(&context, &x, &y);
}
