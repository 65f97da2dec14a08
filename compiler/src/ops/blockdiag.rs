//! Block-diagonal matrix of two blocks, `blockdiag(A, B)`; its norm is the larger of theirs.

use crate::expr::{Forms, Meaning, Op};

/// `blockdiag(A, B)`.
pub static BLOCKDIAG: Op = Op {
    name: "blockdiag",
    signature: "m×n, p×q -> m+p×n+q",
    meaning: Meaning::Formula("I(m + p)[:, 1:m] A I(n + q)[1:n, :] + I(m + p)[:, m + 1:m + p] B I(n + q)[n + 1:n + q, :]"),
    facts: "symmetric A, symmetric B -> symmetric Y; invertible A, invertible B -> invertible Y; posdef A, posdef B -> posdef Y; \
            orthogonal A, orthogonal B -> orthogonal Y; diagonal A, diagonal B -> diagonal Y; \
            nonnegative A, nonnegative B -> nonnegative Y; rowstochastic A, rowstochastic B -> rowstochastic Y",
    bound: "norm2: max(norm2(A), norm2(B)); normF: sqrt(normF(A)^2 + normF(B)^2); norminf: max(norminf(A), norminf(B)); norm1: max(norm1(A), norm1(B)); normmax: max(normmax(A), normmax(B))",
    forms: Forms::call("blockdiag", r"\operatorname{blockdiag}"),
    ..Op::BLANK
};
