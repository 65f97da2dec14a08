//! A file that is not there.

use hesse::prelude::*;

#[derive(Hessian)]
#[hesse(file = "nowhere.hesse")]
#[allow(non_snake_case)]
struct Layer {
    W: DMatrix<f64>,
}

fn main() {}
