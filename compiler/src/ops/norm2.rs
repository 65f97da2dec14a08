//! Spectral norm, `norm2(A)`: the largest singular value s, with gradient `u v'` of its singular vectors, and 0 at A = 0.
//! Source: Magnus & Neudecker (2019) ch. 9; the second derivative through resolvents as in Stewart & Sun (1990) ch. V.

use super::{abs::ABS, build::Build, kink, mul::MUL, normf};
use crate::{
    expr::{DomainError, Fact, Form, Forms, Functions, Meaning, Op},
    matrix::Matrix,
    number::Number,
    scalar::Scalar,
};
use nalgebra::DMatrix;

/// `norm2(A)`.
pub static NORM2: Op = Op {
    name: "norm2",
    signature: "m×n -> 1×1",
    meaning: Meaning::Function(Functions { real, dual: Some(value), dual2: Some(value), exact: None, interval: None }),
    vec_form: &["vec_r(norm2_grad(A))'"],
    curvature: &[(
        0,
        0,
        "D (norm2(A) (norm2_resolvent(A) ⊗ norm2_grad(A)' norm2_grad(A)) \
            + norm2(A) (norm2_grad(A) norm2_grad(A)' ⊗ norm2_resolvent(A')) \
            + (norm2_resolvent(A) A ⊗ norm2_grad(A)' + norm2_grad(A) ⊗ norm2_resolvent(A') A') K(n, m))",
    )],
    facts: "nonnegative Y; positive A -> positive Y; invertible A -> positive Y",
    bound: "normmax: norm2(A)",
    // the gradient is u v', of norm 1
    slope: &["1"],
    forms: Forms { text: Form::Call("norm2"), latex: Form::Fence(r"\lVert ", r" \rVert_2"), mathml: Form::Fence("‖", "‖_2") },
    kink: Some(kink::tied_singular_value),
    shrink: |g, args| {
        let a = args[0];
        if g.is_scalar(a) {
            return Some(g.apply(&ABS, &[a]));
        }
        if g.is_zero(a) {
            return Some(g.constant(Number::ZERO));
        }
        if g.facts(a).has(Fact::Orthogonal) {
            return Some(g.one());
        }
        // ‖B' B‖ = ‖B B'‖ = ‖B‖²
        if let Some(&[x, y]) = g.args_of(a, &MUL)
            && g.transpose(x) == y
        {
            let b = g.apply(&NORM2, &[x]);
            return Some(g.power(b, Number::int(2)));
        }
        let (s, x) = g.as_scaled(a)?;
        let (s, r) = (g.apply(&ABS, &[s]), g.apply(&NORM2, &[x]));
        Some(g.scale(s, r))
    },
    ..Op::BLANK
};

fn real(a: &[&Matrix<f64>], _: &[usize]) -> Result<Matrix<f64>, DomainError> {
    let (largest, ..) = top_singular(a[0])?;
    Ok(Matrix::scalar(largest))
}

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    Ok(Matrix::scalar(right_projector(a[0]).map_or(T::zero(), |p| normf::norm(&a[0].matmul(&p)))))
}

/// The largest singular value and its left and right singular vectors (zero for the zero matrix).
pub(super) fn top_singular(a: &Matrix<f64>) -> Result<(f64, Vec<f64>, Vec<f64>), DomainError> {
    if a.data.iter().any(|x| !x.is_finite()) {
        return Err(DomainError { op: NORM2.name, message: "the matrix has entries that are not finite".to_owned() });
    }
    let largest = a.data.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    if largest == 0.0 {
        return Ok((0.0, vec![0.0; a.rows], vec![0.0; a.cols]));
    }
    let scaled = DMatrix::from_row_slice(a.rows, a.cols, &a.data) / largest;
    let wide = a.rows < a.cols;
    let tall = if wide { scaled.transpose() } else { scaled };
    let gram = (tall.transpose() * &tall).symmetric_eigen();
    let mut v = gram.eigenvectors.column(gram.eigenvalues.imax()).into_owned();
    let (mut u, mut s) = (&tall * &v, 0.0);
    // the eigenvector is right to about the root of rounding; a few powers make it right to rounding
    for _ in 0..100 {
        let before = std::mem::replace(&mut s, u.norm());
        if (s - before).abs() <= f64::EPSILON * s {
            break;
        }
        v = (tall.transpose() * u).normalize();
        u = &tall * &v;
    }
    let s = u.norm();
    let (u, v): (Vec<f64>, Vec<f64>) = (u.iter().map(|x| x / s).collect(), v.iter().copied().collect());
    Ok(if wide { (s * largest, v, u) } else { (s * largest, u, v) })
}

/// The projector on the right singular vectors of the largest singular value, over any ordered scalar; `None` for zero.
/// The powers `(A' A)^(2^k)`, each normed, converge to it, and so do their derivatives when the value is simple.
pub(super) fn right_projector<T: Scalar>(a: &Matrix<T>) -> Option<Matrix<T>> {
    let normed = |m: Matrix<T>| {
        let trace = (0..m.rows).fold(T::zero(), |s, i| s + m.at(i, i));
        (trace.real() > 0.0).then(|| m.map(|x| x / trace))
    };
    let largest = a.data.iter().fold(0.0, |m: f64, x| m.max(x.real().abs()));
    if largest == 0.0 {
        return None;
    }
    let a = a.map(|x| x / T::number(Number::Float(largest)));
    // 2^40 resolves singular values that differ by more than rounding
    (0..40).try_fold(normed(a.transpose().matmul(&a))?, |p, _| normed(p.matmul(&p)))
}
