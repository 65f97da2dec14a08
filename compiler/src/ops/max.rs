//! The largest entry, `max(A)`; of equal ones the first in row order, whose derivative is taken.

use super::{argmax, build::Build, kink};
use crate::{
    expr::{DomainError, Forms, Meaning, Op, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `max(A)`.
pub static MAX: Op = Op {
    name: "max",
    signature: "m×n -> 1×1",
    meaning: Meaning::Function(functions!(ordered value)),
    vec_form: &["vec_r(argmax(A))'"],
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normmax: normmax(A)",
    // one entry is moved on
    slope: &["1"],
    forms: Forms::call("max", r"\max"),
    kink: Some(kink::tied_maximum),
    shrink: |g, args| (g.is_scalar(args[0])).then_some(args[0]).or_else(|| g.is_ones(args[0]).then(|| g.one())),
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    Ok(Matrix::scalar(a[0].data[argmax::first(a[0])]))
}
