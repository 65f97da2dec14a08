//! Where the largest entry of every row is, `rowargmax(A)`: 1 at the first of the largest, else 0; its derivative is 0.

use super::{kink, rowwise};
use crate::{
    expr::{DomainError, Forms, Meaning, Op, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `rowargmax(A)`.
pub static ROWARGMAX: Op = Op {
    name: "rowargmax",
    signature: "m×n -> m×n",
    meaning: Meaning::Rowwise(functions!(ordered value)),
    vec_form: &["zeros(m*n, m*n)"],
    facts: "nonnegative Y; rowstochastic Y",
    bound: "norm2: sqrt(m); norminf: 1; normmax: 1",
    forms: Forms::call("rowargmax", r"\operatorname{rowargmax}"),
    kink: Some(kink::tied_row),
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    let n = a[0].cols;
    rowwise::map(a[0], n, |_, row| Ok((0..n).map(|j| T::int(i64::from(j == rowwise::first(row)))).collect()))
}
