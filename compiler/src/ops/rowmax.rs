//! Largest entry of every row, `rowmax(A)`; of equal ones the first, whose derivative is taken.

use super::{kink, rowwise};
use crate::{
    expr::{DomainError, Forms, Meaning, Op, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `rowmax(A)`.
pub static ROWMAX: Op = Op {
    name: "rowmax",
    signature: "m×n -> m×1",
    meaning: Meaning::Rowwise(functions!(ordered value)),
    vec_form: &["(I(m) ⊗ ones(1, n)) diag(vec_r(rowargmax(A)))"],
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normF: normF(A); normmax: normmax(A)",
    // one entry a row is moved on
    slope: &["1"],
    forms: Forms::call("rowmax", r"\operatorname{rowmax}"),
    kink: Some(kink::tied_row),
    shrink: |g, args| g.shape(args[0]).cols.is_one().then_some(args[0]),
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    rowwise::map(a[0], 1, |_, row| Ok(vec![row[rowwise::first(row)]]))
}
