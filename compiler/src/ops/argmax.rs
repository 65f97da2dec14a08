//! Where the largest entry is, `argmax(A)`: 1 at the first of the largest in row order, else 0; its derivative is 0.

use super::{build::Build, kink, rowwise};
use crate::{
    expr::{DomainError, Forms, Meaning, Op, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `argmax(A)`.
pub static ARGMAX: Op = Op {
    name: "argmax",
    signature: "m×n -> m×n",
    meaning: Meaning::Function(functions!(ordered value)),
    vec_form: &["zeros(m*n, m*n)"],
    facts: "nonnegative Y",
    bound: "normF: 1; norminf: 1; norm1: 1; normmax: 1",
    forms: Forms::call("argmax", r"\arg\max"),
    kink: Some(kink::tied_maximum),
    shrink: |g, args| g.is_scalar(args[0]).then(|| g.one()),
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    let (at, n) = (first(a[0]), a[0].cols);
    Ok(Matrix::from_fn(a[0].rows, n, |i, j| T::int(i64::from(i * n + j == at))))
}

/// The place in `data` of the first of the largest entries.
pub(super) fn first<T: Scalar>(a: &Matrix<T>) -> usize {
    rowwise::first(&a.data)
}
