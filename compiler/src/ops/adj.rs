//! Adjugate, `adj(A)`: the transpose of the matrix of cofactors, so that `adj(A) A = det(A) I`, for singular A too.

use super::{build::Build, det::adjugate};
use crate::{
    expr::{DomainError, Fact, Forms, Meaning, Op, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `adj(A)`.
pub static ADJ: Op = Op {
    name: "adj",
    signature: "n×n -> n×n",
    meaning: Meaning::Function(functions!(value)),
    vec_form: &["K(n, n) cofactor2(A)"],
    facts: "symmetric A -> symmetric Y; diagonal A -> diagonal Y",
    domain: "",
    bound: "all: norm(Y)",
    forms: Forms::call("adj", r"\operatorname{adj}"),
    shrink: |g, args| {
        // for an invertible matrix the closed form, which people know
        let a = args[0];
        if g.is_scalar(a) {
            return Some(g.one());
        }
        g.facts(a).has(Fact::Invertible).then(|| {
            let (d, i) = (g.det(a), g.inv(a));
            g.scale(d, i)
        })
    },
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    Ok(adjugate(a[0]).0)
}
