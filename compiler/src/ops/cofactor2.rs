//! Second derivative of the determinant, `cofactor2(A)`: entry (ij, kl) is `∂² det(A) / ∂A[i,j] ∂A[k,l]`, a signed minor
//! without rows i, k and columns j, l, at singular matrices too.

use super::build::Build;
use crate::{
    expr::{DomainError, Fact, Forms, Meaning, Op, functions},
    matrix::Matrix,
    number::Number,
    scalar::Scalar,
};

/// `cofactor2(A)`.
pub static COFACTOR2: Op = Op {
    name: "cofactor2",
    signature: "n×n -> n*n×n*n",
    meaning: Meaning::Function(functions!(value)),
    vec_form: &[""],
    facts: "symmetric Y",
    bound: "all: norm(Y)",
    forms: Forms::call("cofactor2", r"\operatorname{cof}_2"),
    shrink: |g, args| {
        let a = args[0];
        if g.is_scalar(a) {
            return Some(g.constant(Number::ZERO));
        }
        // for an invertible matrix the closed form, which has derivatives of any order:
        // det(A) (vec_r(A^-1') vec_r(A^-1')' - (A^-1' ⊗ A^-1) K(n, n))
        g.facts(a).has(Fact::Invertible).then(|| {
            let n = g.shape(a).rows.clone();
            let (d, z) = (g.det(a), g.inv(a));
            let zt = g.transpose(z);
            let v = g.vec_r(zt);
            let vt = g.transpose(v);
            let outer = g.mul(v, vt);
            let (pair, k) = (g.kron(zt, z), g.commutation(&n, &n));
            let crossed = g.mul(pair, k);
            let difference = g.sub(outer, crossed);
            g.scale(d, difference)
        })
    },
    ..Op::BLANK
};

fn value<T: Scalar>(a: &[&Matrix<T>], _: &[usize]) -> Result<Matrix<T>, DomainError> {
    let (a, n) = (a[0], a[0].rows);
    let mut out = Matrix::zeros(n * n, n * n);
    for (i, k) in pairs(n) {
        for (j, l) in pairs(n) {
            let rest = a.minor(k, l).minor(i, j);
            let minor = if rest.rows == 0 { T::one() } else { super::det::determinant(&rest) };
            let signed = if (i + j + k + l) % 2 == 0 { minor } else { -minor };
            // exchanging two rows or two columns changes the sign
            for (p, q, entry) in [
                (i * n + j, k * n + l, signed),
                (k * n + l, i * n + j, signed),
                (i * n + l, k * n + j, -signed),
                (k * n + j, i * n + l, -signed),
            ] {
                out.data[p * n * n + q] = entry;
            }
        }
    }
    Ok(out)
}

/// All `i < k` below n.
fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |i| (i + 1..n).map(move |k| (i, k)))
}
