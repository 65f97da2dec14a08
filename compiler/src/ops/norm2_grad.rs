//! Gradient of the spectral norm, `norm2_grad(A) = u v'` with the singular vectors of the largest singular value; 0 at A = 0.
//! With s that value and R the reduced resolvent: `du = R(A) (A dA' u + s dA v)`, `dv = R(A') (A' dA v + s dA' u)`.

use super::{build::Build, kink, norm2, normf, sign::SIGN};
use crate::{
    expr::{DomainError, Forms, Functions, Meaning, Op},
    matrix::Matrix,
    scalar::Scalar,
};

/// `norm2_grad(A)`.
pub static NORM2_GRAD: Op = Op {
    name: "norm2_grad",
    signature: "m×n -> m×n",
    meaning: Meaning::Function(Functions { real, dual: Some(value), dual2: Some(value), exact: None, interval: None }),
    vec_form: &["norm2(A) (norm2_resolvent(A) ⊗ Y' Y) + norm2(A) (Y Y' ⊗ norm2_resolvent(A')) \
         + (norm2_resolvent(A) A ⊗ Y' + Y ⊗ norm2_resolvent(A') A') K(n, m)"],
    bound: "normF: 1",
    forms: Forms::call("norm2_grad", r"\nabla_2"),
    kink: Some(kink::tied_singular_value),
    shrink: |g, args| {
        if g.is_zero(args[0]) {
            return Some(args[0]);
        }
        g.is_scalar(args[0]).then(|| g.apply(&SIGN, &[args[0]]))
    },
    ..Op::BLANK
};

fn real(a: &[&Matrix<f64>], _: &[usize]) -> Result<Matrix<f64>, DomainError> {
    let (largest, u, v) = norm2::top_singular(a[0])?;
    Ok(Matrix::from_fn(a[0].rows, a[0].cols, |i, j| if largest == 0.0 { 0.0 } else { u[i] * v[j] }))
}

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    let Some(p) = norm2::right_projector(a[0]) else {
        return Ok(Matrix::zeros(a[0].rows, a[0].cols));
    };
    // A v v' = s u v'
    let ap = a[0].matmul(&p);
    let s = normf::norm(&ap);
    Ok(ap.map(|x| x / s))
}
