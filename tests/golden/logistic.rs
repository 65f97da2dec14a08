//! Written by hesse.

#![allow(non_snake_case, unreachable_pub, clippy::all)]

use hesse::nalgebra::DMatrix;
use hesse::private::{Memory, at_size, check, power, sigmoid, size, softplus};
use hesse::{BlockHessian, Error, Real};

/// ```text
/// loss = sum(softplus(z) - y ∘ z)/L + dot(w, w)/10  # 1×1
/// ```
///
/// Shapes: `X: L×n`, `y: L×1`, `w: n×1`, `b: 1×1`; the result is 1×1.
///
/// Errors: sizes that disagree; values outside the domain of an operation.
pub fn loss<R: Real>(
    X: &DMatrix<R>,
    y: &DMatrix<R>,
    w: &DMatrix<R>,
    b: &DMatrix<R>,
) -> Result<R, Error> {
    let L = size(
        "L",
        &[("the rows of X", X.nrows()), ("the rows of y", y.nrows())],
    )?;
    let n = size(
        "n",
        &[
            ("the columns of X", X.ncols()),
            ("the rows of w", w.nrows()),
        ],
    )?;
    check("1", ("the columns of y", y.ncols()), 1, 1)?;
    check("1", ("the columns of w", w.ncols()), 1, 1)?;
    check("1", ("the rows of b", b.nrows()), 1, 1)?;
    check("1", ("the columns of b", b.ncols()), 1, 1)?;
    let mut memory = Memory::<R>::default();
    let X = memory.read(X);
    let w = memory.read(w);
    let z = memory.zeros(L);
    // z[i] += X[i,j] w[j]
    memory.contract(R::of(1.0), [L, n], (z, [1, 0]), [(X, [n, 1]), (w, [0, 1])]);
    let t1 = memory.zeros(L);
    // t1[i] += z[i]
    memory.contract(R::of(1.0), [L], (t1, [1]), [(z, [1])]);
    let b = memory.read(b);
    // t1[i] += b[]
    memory.contract(R::of(1.0), [L], (t1, [1]), [(b, [0])]);
    let t2 = memory.map("softplus", t1, softplus)?;
    let t3 = memory.zeros(L);
    // t3[i] += t2[i]
    memory.contract(R::of(1.0), [L], (t3, [1]), [(t2, [1])]);
    let y = memory.read(y);
    // t3[i] += -1 y[i] z[i]
    memory.contract(R::of(-1.0), [L], (t3, [1]), [(y, [1]), (z, [1])]);
    // t3[i] += -1 y[i] b[]
    memory.contract(R::of(-1.0), [L], (t3, [1]), [(y, [1]), (b, [0])]);
    let t4 = memory.zeros(1);
    // t4[] += (L)
    memory.contract(at_size::<R>(1.0, L), [], (t4, []), []);
    let t5 = memory.map("power", t4, |x| power(x, -1.0))?;
    let t6 = memory.zeros(1);
    let t7 = memory.zeros(1);
    // t7[] += t3[i]
    memory.contract(R::of(1.0), [L], (t7, [0]), [(t3, [1])]);
    // t6[] += t7[] t5[]
    memory.contract(R::of(1.0), [], (t6, []), [(t7, []), (t5, [])]);
    // t6[] += 0.1 w[i] w[i]
    memory.contract(R::of(1.0 / 10.0), [n], (t6, [0]), [(w, [1]), (w, [1])]);
    let t8 = memory.zeros(1);
    // t8[] += t6[]
    memory.contract(R::of(1.0), [], (t8, []), [(t6, [])]);
    Ok(memory.number(t8))
}

/// ```text
/// S1 = 1/L sigmoid(z) - 1/L y  # L×1
/// grad(loss, w) = 1/5 w + X' S1  # n×1
/// grad(loss, b) = ones(1, L) S1  # 1×1
/// ```
///
/// Shapes: `X: L×n`, `y: L×1`, `w: n×1`, `b: 1×1`; the results are `grad(loss, w): n×1`,
/// `grad(loss, b): 1×1`.
///
/// Errors: sizes that disagree; values outside the domain of an operation.
pub fn gradient<R: Real>(
    X: &DMatrix<R>,
    y: &DMatrix<R>,
    w: &DMatrix<R>,
    b: &DMatrix<R>,
) -> Result<[DMatrix<R>; 2], Error> {
    let L = size(
        "L",
        &[("the rows of X", X.nrows()), ("the rows of y", y.nrows())],
    )?;
    let n = size(
        "n",
        &[
            ("the columns of X", X.ncols()),
            ("the rows of w", w.nrows()),
        ],
    )?;
    check("1", ("the columns of y", y.ncols()), 1, 1)?;
    check("1", ("the columns of w", w.ncols()), 1, 1)?;
    check("1", ("the rows of b", b.nrows()), 1, 1)?;
    check("1", ("the columns of b", b.ncols()), 1, 1)?;
    let mut memory = Memory::<R>::default();
    let t1 = memory.zeros(1);
    // t1[] += (L)
    memory.contract(at_size::<R>(1.0, L), [], (t1, []), []);
    let t2 = memory.map("power", t1, |x| power(x, -1.0))?;
    let X = memory.read(X);
    let w = memory.read(w);
    let z = memory.zeros(L);
    // z[i] += X[i,j] w[j]
    memory.contract(R::of(1.0), [L, n], (z, [1, 0]), [(X, [n, 1]), (w, [0, 1])]);
    let b = memory.read(b);
    // z[i] += b[]
    memory.contract(R::of(1.0), [L], (z, [1]), [(b, [0])]);
    let t3 = memory.map("sigmoid", z, sigmoid)?;
    let y = memory.read(y);
    let t4 = memory.zeros(L);
    // t4[i] += -1 t2[] y[i]
    memory.contract(R::of(-1.0), [L], (t4, [1]), [(t2, [0]), (y, [1])]);
    // t4[i] += t2[] t3[i]
    memory.contract(R::of(1.0), [L], (t4, [1]), [(t2, [0]), (t3, [1])]);
    let t5 = memory.zeros(n);
    // t5[i] += 0.2 w[i]
    memory.contract(R::of(1.0 / 5.0), [n], (t5, [1]), [(w, [1])]);
    // t5[i] += X[j,i] t4[j]
    memory.contract(
        R::of(1.0),
        [n, L],
        (t5, [1, 0]),
        [(X, [1, n]), (t4, [0, 1])],
    );
    let t6 = memory.zeros(n);
    // t6[i] += t5[i]
    memory.contract(R::of(1.0), [n], (t6, [1]), [(t5, [1])]);
    let t7 = memory.zeros(1);
    // t7[] += t4[i]
    memory.contract(R::of(1.0), [L], (t7, [0]), [(t4, [1])]);
    Ok([memory.matrix(t6, n, 1), memory.matrix(t7, 1, 1)])
}

/// ```text
/// hessian(loss, w, w) = 1/5 I(n) + 1/L X' diag(sigmoid(z) ∘ (ones(L, 1) - sigmoid(z))) X  # n×n
/// hessian(loss, w, b) = 1/L X' (sigmoid(z) ∘ (ones(L, 1) - sigmoid(z)))  # n×1
/// hessian(loss, b, b) = (ones(1, L) (sigmoid(z) ∘ (ones(L, 1) - sigmoid(z))))/L  # 1×1
/// ```
///
/// Shapes: `X: L×n`, `y: L×1`, `w: n×1`, `b: 1×1`; the result has the blocks of w, b.
///
/// Errors: sizes that disagree; values outside the domain of an operation.
pub fn hessian<R: Real>(
    X: &DMatrix<R>,
    y: &DMatrix<R>,
    w: &DMatrix<R>,
    b: &DMatrix<R>,
) -> Result<BlockHessian<R>, Error> {
    let L = size(
        "L",
        &[("the rows of X", X.nrows()), ("the rows of y", y.nrows())],
    )?;
    let n = size(
        "n",
        &[
            ("the columns of X", X.ncols()),
            ("the rows of w", w.nrows()),
        ],
    )?;
    check("1", ("the columns of y", y.ncols()), 1, 1)?;
    check("1", ("the columns of w", w.ncols()), 1, 1)?;
    check("1", ("the rows of b", b.nrows()), 1, 1)?;
    check("1", ("the columns of b", b.ncols()), 1, 1)?;
    let mut memory = Memory::<R>::default();
    let t1 = memory.zeros(1);
    // t1[] += (L)
    memory.contract(at_size::<R>(1.0, L), [], (t1, []), []);
    let t2 = memory.map("power", t1, |x| power(x, -1.0))?;
    let X = memory.read(X);
    let w = memory.read(w);
    let z = memory.zeros(L);
    // z[i] += X[i,j] w[j]
    memory.contract(R::of(1.0), [L, n], (z, [1, 0]), [(X, [n, 1]), (w, [0, 1])]);
    let b = memory.read(b);
    // z[i] += b[]
    memory.contract(R::of(1.0), [L], (z, [1]), [(b, [0])]);
    let t3 = memory.map("sigmoid", z, sigmoid)?;
    let t4 = memory.zeros(L);
    // t4[i] += t3[i]
    memory.contract(R::of(1.0), [L], (t4, [1]), [(t3, [1])]);
    // t4[i] += -1 t3[i] t3[i]
    memory.contract(R::of(-1.0), [L], (t4, [1]), [(t3, [1]), (t3, [1])]);
    let t5 = memory.zeros(n * n);
    // t5[i] += 0.2
    memory.contract(R::of(1.0 / 5.0), [n], (t5, [n + 1]), []);
    let t6 = memory.zeros(L);
    // t6[i] += t2[] t4[i]
    memory.contract(R::of(1.0), [L], (t6, [1]), [(t2, [0]), (t4, [1])]);
    let t7 = memory.zeros(L * n);
    // t7[i,j] += X[i,j] t6[i]
    memory.contract(
        R::of(1.0),
        [L, n],
        (t7, [n, 1]),
        [(X, [n, 1]), (t6, [1, 0])],
    );
    // t5[i,j] += X[k,j] t7[k,i]
    memory.gemm(
        R::of(1.0),
        (X, [1, n]),
        (t7, [n, 1]),
        (t5, [1, n]),
        [n, L, n],
    );
    let t8 = memory.zeros(n);
    // t8[i] += X[j,i] t6[j]
    memory.contract(
        R::of(1.0),
        [n, L],
        (t8, [1, 0]),
        [(X, [1, n]), (t6, [0, 1])],
    );
    let t9 = memory.zeros(1);
    let t10 = memory.zeros(1);
    // t10[] += t4[i]
    memory.contract(R::of(1.0), [L], (t10, [0]), [(t4, [1])]);
    // t9[] += t2[] t10[]
    memory.contract(R::of(1.0), [], (t9, []), [(t2, []), (t10, [])]);
    let mut blocks = Vec::new();
    blocks.push(memory.matrix(t5, n, n));
    blocks.push(memory.matrix(t8, n, 1));
    blocks.push(memory.matrix(t9, 1, 1));
    Ok(BlockHessian::new(&[("w", n), ("b", 1)], blocks))
}
