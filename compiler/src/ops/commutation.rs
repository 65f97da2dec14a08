//! Commutation matrix: `K(m, n) vec(A) = vec(A')` for A of shape m×n (columns stacked), so `vec_r(X') = K(n, m) vec_r(X)` for
//! X m×n.

use super::build::Build;
use crate::expr::{Forms, Meaning, Op};

/// `K(m, n)`.
pub static COMMUTATION: Op = Op {
    name: "K",
    signature: "m, n -> m*n×m*n",
    meaning: Meaning::Contraction("i, j -> ij|ji"),
    facts: "orthogonal Y; nonnegative Y; rowstochastic Y",
    bound: "norm2: 1; normF: sqrt(m n); norminf: 1; norm1: 1; normmax: 1",
    forms: Forms::call("K", "K"),
    shrink: |g, args| {
        let (m, n) = (g.as_dim(args[0])?.clone(), g.as_dim(args[1])?.clone());
        (m.is_one() || n.is_one()).then(|| g.eye(&(&m * &n)))
    },
    ..Op::BLANK
};
