//! Determinant: `d det(A) = ⟨adj(A)', dA⟩` for every square A (Jacobi's formula). Source: Magnus & Neudecker (2019) ch. 8.

use super::build::Build;
use crate::{
    expr::{DomainError, Forms, Meaning, Op, functions},
    matrix::Matrix,
    scalar::Scalar,
};

/// `det(A)`.
pub static DET: Op = Op {
    name: "det",
    signature: "n×n -> 1×1",
    meaning: Meaning::Function(functions!(value)),
    vec_form: &["vec_r(adj(A)')'"],
    curvature: &[(0, 0, "D cofactor2(A)")],
    facts: "posdef A -> positive Y; invertible A -> invertible Y",
    domain: "",
    bound: "all: norm(Y)",
    forms: Forms::call("det", r"\det"),
    shrink: |g, args| (g.is_scalar(args[0]) || g.is_eye(args[0])).then(|| if g.is_eye(args[0]) { g.one() } else { args[0] }),
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    Ok(Matrix::scalar(determinant(a[0])))
}

/// The determinant, with all its derivatives at singular matrices too, as long as the order is small.
pub(super) fn determinant<T: Scalar>(a: &Matrix<T>) -> T {
    if T::ORDERED && a.rows > 12 { a.eliminate().1 } else { adjugate(a).1 }
}

/// Adjugate and determinant by the method of Faddeev and Leverrier: no pivots, so singular matrices are no exception.
/// `N_1 = I`, `c_k = -tr(A N_k)/k`, `N_{k+1} = A N_k + c_k I`; then `adj(A) = (-1)^{n-1} N_n`, `det(A) = (-1)^n c_n`.
pub(super) fn adjugate<T: Scalar>(a: &Matrix<T>) -> (Matrix<T>, T) {
    let n = a.rows;
    let mut m = Matrix::identity(n);
    for k in 1..=n {
        let am = a.matmul(&m);
        let trace = (0..n).fold(T::zero(), |s, i| s + am.at(i, i));
        let c = -(trace / T::int(k as i64));
        if k == n {
            let sign = |odd: bool| if odd { -T::one() } else { T::one() };
            let s = sign((n - 1) % 2 == 1);
            return (m.map(|x| s * x), sign(n % 2 == 1) * c);
        }
        m = Matrix::from_fn(n, n, |i, j| if i == j { am.at(i, j) + c } else { am.at(i, j) });
    }
    (m, T::one())
}
