//! Written by hesse.

#![allow(non_snake_case, unreachable_pub, clippy::all)]

use hesse::nalgebra::DMatrix;
use hesse::private::{Memory, check, logsumexp, relu, size, softmax, step, whole};
use hesse::{BlockHessian, Error, Real};

/// ```text
/// loss = cross_entropy(b3' + h2' W3', y')  # 1×1
/// ```
///
/// Shapes: `x: n0×1`, `y: n3×1`, `W1: n1×n0`, `b1: n1×1`, `W2: n2×n1`, `b2: n2×1`, `W3: n3×n2`,
/// `b3: n3×1`; the result is 1×1.
///
/// Errors: sizes that disagree; values outside the domain of an operation.
pub fn loss<R: Real>(
    x: &DMatrix<R>,
    y: &DMatrix<R>,
    W1: &DMatrix<R>,
    b1: &DMatrix<R>,
    W2: &DMatrix<R>,
    b2: &DMatrix<R>,
    W3: &DMatrix<R>,
    b3: &DMatrix<R>,
) -> Result<R, Error> {
    let n0 = size(
        "n0",
        &[
            ("the rows of x", x.nrows()),
            ("the columns of W1", W1.ncols()),
        ],
    )?;
    let n3 = size(
        "n3",
        &[
            ("the rows of y", y.nrows()),
            ("the rows of W3", W3.nrows()),
            ("the rows of b3", b3.nrows()),
        ],
    )?;
    let n1 = size(
        "n1",
        &[
            ("the rows of W1", W1.nrows()),
            ("the rows of b1", b1.nrows()),
            ("the columns of W2", W2.ncols()),
        ],
    )?;
    let n2 = size(
        "n2",
        &[
            ("the rows of W2", W2.nrows()),
            ("the rows of b2", b2.nrows()),
            ("the columns of W3", W3.ncols()),
        ],
    )?;
    check("1", ("the columns of x", x.ncols()), 1, 1)?;
    check("1", ("the columns of y", y.ncols()), 1, 1)?;
    check("1", ("the columns of b1", b1.ncols()), 1, 1)?;
    check("1", ("the columns of b2", b2.ncols()), 1, 1)?;
    check("1", ("the columns of b3", b3.ncols()), 1, 1)?;
    let mut memory = Memory::<R>::default();
    let b1 = memory.read(b1);
    let t1 = memory.zeros(n1);
    // t1[i] += b1[i]
    memory.contract(R::of(1.0), [n1], (t1, [1]), [(b1, [1])]);
    let W1 = memory.read(W1);
    let x = memory.read(x);
    // t1[i] += W1[i,j] x[j]
    memory.contract(
        R::of(1.0),
        [n1, n0],
        (t1, [1, 0]),
        [(W1, [n0, 1]), (x, [0, 1])],
    );
    let t2 = memory.zeros(n1);
    // t2[i] += t1[i]
    memory.contract(R::of(1.0), [n1], (t2, [1]), [(t1, [1])]);
    let t3 = memory.map("relu", t2, relu)?;
    let b2 = memory.read(b2);
    let t4 = memory.zeros(n2);
    // t4[i] += b2[i]
    memory.contract(R::of(1.0), [n2], (t4, [1]), [(b2, [1])]);
    let W2 = memory.read(W2);
    // t4[i] += W2[i,j] t3[j]
    memory.contract(
        R::of(1.0),
        [n2, n1],
        (t4, [1, 0]),
        [(W2, [n1, 1]), (t3, [0, 1])],
    );
    let t5 = memory.zeros(n2);
    // t5[i] += t4[i]
    memory.contract(R::of(1.0), [n2], (t5, [1]), [(t4, [1])]);
    let t6 = memory.map("relu", t5, relu)?;
    let b3 = memory.read(b3);
    let t7 = memory.zeros(n3);
    // t7[i] += b3[i]
    memory.contract(R::of(1.0), [n3], (t7, [1]), [(b3, [1])]);
    let W3 = memory.read(W3);
    // t7[i] += t6[j] W3[i,j]
    memory.contract(
        R::of(1.0),
        [n3, n2],
        (t7, [1, 0]),
        [(t6, [0, 1]), (W3, [n2, 1])],
    );
    let t8 = memory.zeros(n3);
    // t8[i] += t7[i]
    memory.contract(R::of(1.0), [n3], (t8, [1]), [(t7, [1])]);
    let t9 = memory.call(logsumexp, t8, [1, n3])?;
    let y = memory.read(y);
    let t10 = memory.zeros(1);
    let t11 = memory.zeros(1);
    // t11[] += y[i]
    memory.contract(R::of(1.0), [n3], (t11, [0]), [(y, [1])]);
    // t10[] += t11[] t9[]
    memory.contract(R::of(1.0), [], (t10, []), [(t11, []), (t9, [])]);
    // t10[] += -1 t7[i] y[i]
    memory.contract(R::of(-1.0), [n3], (t10, [0]), [(t7, [1]), (y, [1])]);
    let t12 = memory.zeros(1);
    // t12[] += t10[]
    memory.contract(R::of(1.0), [], (t12, []), [(t10, [])]);
    Ok(memory.number(t12))
}

/// ```text
/// S1 = rowsum(y') softmax(b3' + h2' W3')' - y  # n3×1
/// S2 = (W2' ((W3' S1) ∘ step(b2 + W2 h1))) ∘ step(b1 + W1 x)  # n1×1
/// grad(loss, W1) = S2 x'  # n1×n0
/// grad(loss, b1) = S2  # n1×1
/// grad(loss, W2) = ((W3' S1) ∘ step(b2 + W2 h1)) h1'  # n2×n1
/// grad(loss, b2) = (W3' S1) ∘ step(b2 + W2 h1)  # n2×1
/// grad(loss, W3) = S1 h2'  # n3×n2
/// grad(loss, b3) = S1  # n3×1
/// ```
///
/// Shapes: `x: n0×1`, `y: n3×1`, `W1: n1×n0`, `b1: n1×1`, `W2: n2×n1`, `b2: n2×1`, `W3: n3×n2`,
/// `b3: n3×1`; the results are `grad(loss, W1): n1×n0`, `grad(loss, b1): n1×1`, `grad(loss, W2):
/// n2×n1`, `grad(loss, b2): n2×1`, `grad(loss, W3): n3×n2`, `grad(loss, b3): n3×1`.
///
/// Errors: sizes that disagree; values outside the domain of an operation.
pub fn gradient<R: Real>(
    x: &DMatrix<R>,
    y: &DMatrix<R>,
    W1: &DMatrix<R>,
    b1: &DMatrix<R>,
    W2: &DMatrix<R>,
    b2: &DMatrix<R>,
    W3: &DMatrix<R>,
    b3: &DMatrix<R>,
) -> Result<[DMatrix<R>; 6], Error> {
    let n0 = size(
        "n0",
        &[
            ("the rows of x", x.nrows()),
            ("the columns of W1", W1.ncols()),
        ],
    )?;
    let n3 = size(
        "n3",
        &[
            ("the rows of y", y.nrows()),
            ("the rows of W3", W3.nrows()),
            ("the rows of b3", b3.nrows()),
        ],
    )?;
    let n1 = size(
        "n1",
        &[
            ("the rows of W1", W1.nrows()),
            ("the rows of b1", b1.nrows()),
            ("the columns of W2", W2.ncols()),
        ],
    )?;
    let n2 = size(
        "n2",
        &[
            ("the rows of W2", W2.nrows()),
            ("the rows of b2", b2.nrows()),
            ("the columns of W3", W3.ncols()),
        ],
    )?;
    check("1", ("the columns of x", x.ncols()), 1, 1)?;
    check("1", ("the columns of y", y.ncols()), 1, 1)?;
    check("1", ("the columns of b1", b1.ncols()), 1, 1)?;
    check("1", ("the columns of b2", b2.ncols()), 1, 1)?;
    check("1", ("the columns of b3", b3.ncols()), 1, 1)?;
    let mut memory = Memory::<R>::default();
    let b1 = memory.read(b1);
    let t1 = memory.zeros(n1);
    // t1[i] += b1[i]
    memory.contract(R::of(1.0), [n1], (t1, [1]), [(b1, [1])]);
    let W1 = memory.read(W1);
    let x = memory.read(x);
    // t1[i] += W1[i,j] x[j]
    memory.contract(
        R::of(1.0),
        [n1, n0],
        (t1, [1, 0]),
        [(W1, [n0, 1]), (x, [0, 1])],
    );
    let t2 = memory.zeros(n1);
    // t2[i] += t1[i]
    memory.contract(R::of(1.0), [n1], (t2, [1]), [(t1, [1])]);
    let t3 = memory.map("relu", t2, relu)?;
    let b2 = memory.read(b2);
    let t4 = memory.zeros(n2);
    // t4[i] += b2[i]
    memory.contract(R::of(1.0), [n2], (t4, [1]), [(b2, [1])]);
    let W2 = memory.read(W2);
    // t4[i] += W2[i,j] t3[j]
    memory.contract(
        R::of(1.0),
        [n2, n1],
        (t4, [1, 0]),
        [(W2, [n1, 1]), (t3, [0, 1])],
    );
    let t5 = memory.zeros(n2);
    // t5[i] += t4[i]
    memory.contract(R::of(1.0), [n2], (t5, [1]), [(t4, [1])]);
    let t6 = memory.map("relu", t5, relu)?;
    let b3 = memory.read(b3);
    let t7 = memory.zeros(n3);
    // t7[i] += b3[i]
    memory.contract(R::of(1.0), [n3], (t7, [1]), [(b3, [1])]);
    let W3 = memory.read(W3);
    // t7[i] += t6[j] W3[i,j]
    memory.contract(
        R::of(1.0),
        [n3, n2],
        (t7, [1, 0]),
        [(t6, [0, 1]), (W3, [n2, 1])],
    );
    let t8 = memory.zeros(n3);
    // t8[i] += t7[i]
    memory.contract(R::of(1.0), [n3], (t8, [1]), [(t7, [1])]);
    let t9 = memory.call(softmax, t8, [1, n3])?;
    let y = memory.read(y);
    let t10 = memory.zeros(n3);
    // t10[i] += -1 y[i]
    memory.contract(R::of(-1.0), [n3], (t10, [1]), [(y, [1])]);
    let t11 = memory.zeros(1);
    // t11[] += y[i]
    memory.contract(R::of(1.0), [n3], (t11, [0]), [(y, [1])]);
    // t10[i] += t11[] t9[i]
    memory.contract(R::of(1.0), [n3], (t10, [1]), [(t11, [0]), (t9, [1])]);
    let t12 = memory.zeros(n2);
    // t12[i] += t4[i]
    memory.contract(R::of(1.0), [n2], (t12, [1]), [(t4, [1])]);
    let t13 = memory.map("step", t12, step)?;
    let t14 = memory.zeros(n2);
    let t15 = memory.zeros(n2);
    // t15[i] += W3[j,i] t10[j]
    memory.contract(
        R::of(1.0),
        [n2, n3],
        (t15, [1, 0]),
        [(W3, [1, n2]), (t10, [0, 1])],
    );
    // t14[i] += t13[i] t15[i]
    memory.contract(R::of(1.0), [n2], (t14, [1]), [(t13, [1]), (t15, [1])]);
    let t16 = memory.zeros(n1);
    // t16[i] += t1[i]
    memory.contract(R::of(1.0), [n1], (t16, [1]), [(t1, [1])]);
    let t17 = memory.map("step", t16, step)?;
    let t18 = memory.zeros(n1);
    let t19 = memory.zeros(n1);
    // t19[i] += W2[j,i] t14[j]
    memory.contract(
        R::of(1.0),
        [n1, n2],
        (t19, [1, 0]),
        [(W2, [1, n1]), (t14, [0, 1])],
    );
    // t18[i] += t17[i] t19[i]
    memory.contract(R::of(1.0), [n1], (t18, [1]), [(t17, [1]), (t19, [1])]);
    let t20 = memory.zeros(n0 * n1);
    // t20[i,j] += t18[i] x[j]
    memory.contract(
        R::of(1.0),
        [n1, n0],
        (t20, [n0, 1]),
        [(t18, [1, 0]), (x, [0, 1])],
    );
    let t21 = memory.zeros(n1);
    // t21[i] += t18[i]
    memory.contract(R::of(1.0), [n1], (t21, [1]), [(t18, [1])]);
    let t22 = memory.zeros(n1 * n2);
    // t22[i,j] += t14[i] t3[j]
    memory.contract(
        R::of(1.0),
        [n2, n1],
        (t22, [n1, 1]),
        [(t14, [1, 0]), (t3, [0, 1])],
    );
    let t23 = memory.zeros(n2);
    // t23[i] += t14[i]
    memory.contract(R::of(1.0), [n2], (t23, [1]), [(t14, [1])]);
    let t24 = memory.zeros(n2 * n3);
    // t24[i,j] += t10[i] t6[j]
    memory.contract(
        R::of(1.0),
        [n3, n2],
        (t24, [n2, 1]),
        [(t10, [1, 0]), (t6, [0, 1])],
    );
    let t25 = memory.zeros(n3);
    // t25[i] += t10[i]
    memory.contract(R::of(1.0), [n3], (t25, [1]), [(t10, [1])]);
    Ok([
        memory.matrix(t20, n1, n0),
        memory.matrix(t21, n1, 1),
        memory.matrix(t22, n2, n1),
        memory.matrix(t23, n2, 1),
        memory.matrix(t24, n3, n2),
        memory.matrix(t25, n3, 1),
    ])
}

/// ```text
/// S1 = diag(softmax(b3' + h2' W3')')  # n3×n3
/// S2 = rowsum(y') softmax(b3' + h2' W3') - y'  # 1×n3
/// S3 = rowsum(y') S1 - rowsum(y') S1 ones(n3, n3) S1  # n3×n3
/// S4 = (S2 ⊗ I(n2)) K(n3, n2) + W3' S3 (h2' ⊗ I(n3))  # n2×n2*n3
/// S5 = diag(step(b2 + W2 h1)) W3' S3  # n2×n3
/// S6 =
///     W2' diag(step(b2 + W2 h1)) W3' S3 W3 diag(step(b2 + W2 h1)) (I(n2) ⊗ h1')
///     + (S2 W3) ∘ step(b2 + W2 h1)' ⊗ I(n1)  # n1×n1*n2
/// S7 = diag(step(b1 + W1 x)) W2' diag(step(b2 + W2 h1))  # n1×n2
/// S8 = S7 W3' S3 W3 diag(step(b2 + W2 h1))  # n1×n2
/// S9 = (I(n2) ⊗ h1) diag(step(b2 + W2 h1))  # n1*n2×n2
/// S10 = (I(n1) ⊗ x) diag(step(b1 + W1 x))  # n0*n1×n1
/// S11 = S10 W2' diag(step(b2 + W2 h1))  # n0*n1×n2
/// S12 = S11 W3' S3 W3 diag(step(b2 + W2 h1))  # n0*n1×n2
/// hessian(loss, W1, W1) = (I(n1) ⊗ x) S8 W2 diag(step(b1 + W1 x)) (I(n1) ⊗ x')  # n0*n1×n0*n1
/// hessian(loss, W1, b1) = S12 W2 diag(step(b1 + W1 x))  # n0*n1×n1
/// hessian(loss, W1, W2) = S10 S6  # n0*n1×n1*n2
/// hessian(loss, W1, b2) = S12  # n0*n1×n2
/// hessian(loss, W1, W3) = S11 S4 K(n2, n3)  # n0*n1×n2*n3
/// hessian(loss, W1, b3) = S11 W3' S3  # n0*n1×n3
/// hessian(loss, b1, b1) = S8 W2 diag(step(b1 + W1 x))  # n1×n1
/// hessian(loss, b1, W2) = diag(step(b1 + W1 x)) S6  # n1×n1*n2
/// hessian(loss, b1, b2) = S8  # n1×n2
/// hessian(loss, b1, W3) = S7 S4 K(n2, n3)  # n1×n2*n3
/// hessian(loss, b1, b3) = S7 W3' S3  # n1×n3
/// hessian(loss, W2, W2) = (I(n2) ⊗ h1) S5 W3 diag(step(b2 + W2 h1)) (I(n2) ⊗ h1')  # n1*n2×n1*n2
/// hessian(loss, W2, b2) = S9 W3' S3 W3 diag(step(b2 + W2 h1))  # n1*n2×n2
/// hessian(loss, W2, W3) = S9 S4 K(n2, n3)  # n1*n2×n2*n3
/// hessian(loss, W2, b3) = S9 W3' S3  # n1*n2×n3
/// hessian(loss, b2, b2) = S5 W3 diag(step(b2 + W2 h1))  # n2×n2
/// hessian(loss, b2, W3) = diag(step(b2 + W2 h1)) S4 K(n2, n3)  # n2×n2*n3
/// hessian(loss, b2, b3) = S5  # n2×n3
/// hessian(loss, W3, W3) = K(n3, n2) (h2 ⊗ I(n3)) S3 (h2' ⊗ I(n3)) K(n2, n3)  # n2*n3×n2*n3
/// hessian(loss, W3, b3) = K(n3, n2) (h2 ⊗ I(n3)) S3  # n2*n3×n3
/// hessian(loss, b3, b3) = S3  # n3×n3
/// ```
///
/// Shapes: `x: n0×1`, `y: n3×1`, `W1: n1×n0`, `b1: n1×1`, `W2: n2×n1`, `b2: n2×1`, `W3: n3×n2`,
/// `b3: n3×1`; the result has the blocks of W1, b1, W2, b2, W3, b3.
///
/// Errors: sizes that disagree; values outside the domain of an operation.
pub fn hessian<R: Real>(
    x: &DMatrix<R>,
    y: &DMatrix<R>,
    W1: &DMatrix<R>,
    b1: &DMatrix<R>,
    W2: &DMatrix<R>,
    b2: &DMatrix<R>,
    W3: &DMatrix<R>,
    b3: &DMatrix<R>,
) -> Result<BlockHessian<R>, Error> {
    let n0 = size(
        "n0",
        &[
            ("the rows of x", x.nrows()),
            ("the columns of W1", W1.ncols()),
        ],
    )?;
    let n3 = size(
        "n3",
        &[
            ("the rows of y", y.nrows()),
            ("the rows of W3", W3.nrows()),
            ("the rows of b3", b3.nrows()),
        ],
    )?;
    let n1 = size(
        "n1",
        &[
            ("the rows of W1", W1.nrows()),
            ("the rows of b1", b1.nrows()),
            ("the columns of W2", W2.ncols()),
        ],
    )?;
    let n2 = size(
        "n2",
        &[
            ("the rows of W2", W2.nrows()),
            ("the rows of b2", b2.nrows()),
            ("the columns of W3", W3.ncols()),
        ],
    )?;
    check("1", ("the columns of x", x.ncols()), 1, 1)?;
    check("1", ("the columns of y", y.ncols()), 1, 1)?;
    check("1", ("the columns of b1", b1.ncols()), 1, 1)?;
    check("1", ("the columns of b2", b2.ncols()), 1, 1)?;
    check("1", ("the columns of b3", b3.ncols()), 1, 1)?;
    let n2_n2_n3 = n2 * n2 * n3;
    let n1_n1_n2 = n1 * n1 * n2;
    let n1_n2_n3 = n1 * n2 * n3;
    let n0_n1_n2 = n0 * n1 * n2;
    let n0_n1_n3 = n0 * n1 * n3;
    let n0_n0_n1_n1 = n0 * n0 * n1 * n1;
    let n0_n0_n1 = n0 * n0 * n1;
    let n0_n1_n1 = n0 * n1 * n1;
    let n0_n1_n1_n2 = n0 * n1 * n1 * n2;
    let size_1 = whole("n0*n1*n2 + 1", n0 as i64 * n1 as i64 * n2 as i64 + 1, 1)?;
    let n0_n1_n2_n3 = n0 * n1 * n2 * n3;
    let n0_n2_n3 = n0 * n2 * n3;
    let size_2 = whole("n1*n2 + 1", n1 as i64 * n2 as i64 + 1, 1)?;
    let n1_n1_n2_n2 = n1 * n1 * n2 * n2;
    let n1_n2_n2 = n1 * n2 * n2;
    let n1_n2_n2_n3 = n1 * n2 * n2 * n3;
    let size_3 = whole("n1*n2*n3 + 1", n1 as i64 * n2 as i64 * n3 as i64 + 1, 1)?;
    let size_4 = whole("n2*n3 + 1", n2 as i64 * n3 as i64 + 1, 1)?;
    let n2_n2_n3_n3 = n2 * n2 * n3 * n3;
    let size_5 = whole(
        "n2 + n2*n2*n3",
        n2 as i64 + n2 as i64 * n2 as i64 * n3 as i64,
        1,
    )?;
    let n2_n3_n3 = n2 * n3 * n3;
    let mut memory = Memory::<R>::default();
    let b1 = memory.read(b1);
    let t1 = memory.zeros(n1);
    // t1[i] += b1[i]
    memory.contract(R::of(1.0), [n1], (t1, [1]), [(b1, [1])]);
    let W1 = memory.read(W1);
    let x = memory.read(x);
    // t1[i] += W1[i,j] x[j]
    memory.contract(
        R::of(1.0),
        [n1, n0],
        (t1, [1, 0]),
        [(W1, [n0, 1]), (x, [0, 1])],
    );
    let t2 = memory.zeros(n1);
    // t2[i] += t1[i]
    memory.contract(R::of(1.0), [n1], (t2, [1]), [(t1, [1])]);
    let t3 = memory.map("relu", t2, relu)?;
    let b2 = memory.read(b2);
    let t4 = memory.zeros(n2);
    // t4[i] += b2[i]
    memory.contract(R::of(1.0), [n2], (t4, [1]), [(b2, [1])]);
    let W2 = memory.read(W2);
    // t4[i] += W2[i,j] t3[j]
    memory.contract(
        R::of(1.0),
        [n2, n1],
        (t4, [1, 0]),
        [(W2, [n1, 1]), (t3, [0, 1])],
    );
    let t5 = memory.zeros(n2);
    // t5[i] += t4[i]
    memory.contract(R::of(1.0), [n2], (t5, [1]), [(t4, [1])]);
    let t6 = memory.map("relu", t5, relu)?;
    let b3 = memory.read(b3);
    let t7 = memory.zeros(n3);
    // t7[i] += b3[i]
    memory.contract(R::of(1.0), [n3], (t7, [1]), [(b3, [1])]);
    let W3 = memory.read(W3);
    // t7[i] += t6[j] W3[i,j]
    memory.contract(
        R::of(1.0),
        [n3, n2],
        (t7, [1, 0]),
        [(t6, [0, 1]), (W3, [n2, 1])],
    );
    let y = memory.read(y);
    let t8 = memory.zeros(1);
    // t8[] += y[i]
    memory.contract(R::of(1.0), [n3], (t8, [0]), [(y, [1])]);
    let t9 = memory.zeros(n3);
    // t9[i] += t7[i]
    memory.contract(R::of(1.0), [n3], (t9, [1]), [(t7, [1])]);
    let t10 = memory.call(softmax, t9, [1, n3])?;
    let t11 = memory.zeros(n3);
    // t11[i] += -1 y[i]
    memory.contract(R::of(-1.0), [n3], (t11, [1]), [(y, [1])]);
    // t11[i] += t8[] t10[i]
    memory.contract(R::of(1.0), [n3], (t11, [1]), [(t8, [0]), (t10, [1])]);
    let t12 = memory.zeros(n2);
    // t12[i] += t4[i]
    memory.contract(R::of(1.0), [n2], (t12, [1]), [(t4, [1])]);
    let t13 = memory.map("step", t12, step)?;
    let t14 = memory.zeros(n1);
    // t14[i] += t1[i]
    memory.contract(R::of(1.0), [n1], (t14, [1]), [(t1, [1])]);
    let t15 = memory.map("step", t14, step)?;
    let t16 = memory.zeros(n3);
    // t16[i] += t8[] t10[i]
    memory.contract(R::of(1.0), [n3], (t16, [1]), [(t8, [0]), (t10, [1])]);
    let t17 = memory.zeros(n3 * n3);
    let t18 = memory.zeros(n3);
    // t18[i] += t8[] t10[i]
    memory.contract(R::of(1.0), [n3], (t18, [1]), [(t8, [0]), (t10, [1])]);
    // t17[i,j] += -1 t10[j] t18[i]
    memory.contract(
        R::of(-1.0),
        [n3, n3],
        (t17, [n3, 1]),
        [(t10, [0, 1]), (t18, [1, 0])],
    );
    let t19 = memory.zeros(n2_n2_n3);
    let t20 = memory.zeros(n2 * n3);
    // t20[i,j] += W3[i,j] t16[i]
    memory.contract(
        R::of(1.0),
        [n3, n2],
        (t20, [n2, 1]),
        [(W3, [n2, 1]), (t16, [1, 0])],
    );
    // t19[i,j,k] += t6[j] t20[k,i]
    memory.contract(
        R::of(1.0),
        [n2, n2, n3],
        (t19, [n2 * n3, n3, 1]),
        [(t6, [0, 1, 0]), (t20, [1, 0, n2])],
    );
    let t21 = memory.zeros(n2 * n3);
    // t21[i,j] += W3[k,i] t17[k,j]
    memory.gemm(
        R::of(1.0),
        (W3, [1, n2]),
        (t17, [n3, 1]),
        (t21, [n3, 1]),
        [n2, n3, n3],
    );
    // t19[i,j,k] += t6[j] t21[i,k]
    memory.contract(
        R::of(1.0),
        [n2, n2, n3],
        (t19, [n2 * n3, n3, 1]),
        [(t6, [0, 1, 0]), (t21, [n3, 0, 1])],
    );
    let t22 = memory.zeros(n2 * n3);
    let t23 = memory.zeros(n2 * n3);
    // t23[i,j] += t13[i] W3[j,i]
    memory.contract(
        R::of(1.0),
        [n2, n3],
        (t23, [n3, 1]),
        [(t13, [1, 0]), (W3, [1, n2])],
    );
    // t22[i,j] += t16[j] t23[i,j]
    memory.contract(
        R::of(1.0),
        [n2, n3],
        (t22, [n3, 1]),
        [(t16, [0, 1]), (t23, [n3, 1])],
    );
    // t22[i,j] += t17[k,j] t23[i,k]
    memory.gemm(
        R::of(1.0),
        (t17, [1, n3]),
        (t23, [1, n3]),
        (t22, [1, n3]),
        [n3, n3, n2],
    );
    let t24 = memory.zeros(n2 * n2);
    // t24[i,j] += t22[i,k] t23[j,k]
    memory.gemm(
        R::of(1.0),
        (t22, [n3, 1]),
        (t23, [1, n3]),
        (t24, [n2, 1]),
        [n2, n3, n2],
    );
    let t25 = memory.zeros(n1_n1_n2);
    let t26 = memory.zeros(n1 * n2);
    // t26[i,j] += W2[i,j] t13[i]
    memory.contract(
        R::of(1.0),
        [n2, n1],
        (t26, [n1, 1]),
        [(W2, [n1, 1]), (t13, [1, 0])],
    );
    let t27 = memory.zeros(n1 * n3);
    // t27[i,j] += t26[k,i] t20[j,k]
    memory.gemm(
        R::of(1.0),
        (t26, [1, n1]),
        (t20, [1, n2]),
        (t27, [n3, 1]),
        [n1, n2, n3],
    );
    let t28 = memory.zeros(n1 * n2);
    // t28[i,j] += t23[i,k] t27[j,k]
    memory.gemm(
        R::of(1.0),
        (t23, [n3, 1]),
        (t27, [1, n3]),
        (t28, [n1, 1]),
        [n2, n3, n1],
    );
    // t25[i,j,k] += t3[k] t28[j,i]
    memory.contract(
        R::of(1.0),
        [n1, n2, n1],
        (t25, [n1 * n2, n1, 1]),
        [(t3, [0, 0, 1]), (t28, [1, n1, 0])],
    );
    let t29 = memory.zeros(n1 * n3);
    // t29[i,j] += t26[k,i] t21[k,j]
    memory.gemm(
        R::of(1.0),
        (t26, [1, n1]),
        (t21, [n3, 1]),
        (t29, [n3, 1]),
        [n1, n2, n3],
    );
    let t30 = memory.zeros(n1 * n2);
    // t30[i,j] += t23[i,k] t29[j,k]
    memory.gemm(
        R::of(1.0),
        (t23, [n3, 1]),
        (t29, [1, n3]),
        (t30, [n1, 1]),
        [n2, n3, n1],
    );
    // t25[i,j,k] += t3[k] t30[j,i]
    memory.contract(
        R::of(1.0),
        [n1, n2, n1],
        (t25, [n1 * n2, n1, 1]),
        [(t3, [0, 0, 1]), (t30, [1, n1, 0])],
    );
    let t31 = memory.zeros(n2);
    let t32 = memory.zeros(n2);
    // t32[i] += t11[j] W3[j,i]
    memory.contract(
        R::of(1.0),
        [n2, n3],
        (t32, [1, 0]),
        [(t11, [0, 1]), (W3, [1, n2])],
    );
    // t31[i] += t13[i] t32[i]
    memory.contract(R::of(1.0), [n2], (t31, [1]), [(t13, [1]), (t32, [1])]);
    let t33 = memory.zeros(n1 * n2);
    let t34 = memory.zeros(n1 * n2);
    // t34[i,j] += t15[i] W2[j,i]
    memory.contract(
        R::of(1.0),
        [n1, n2],
        (t34, [n2, 1]),
        [(t15, [1, 0]), (W2, [1, n1])],
    );
    // t33[i,j] += t13[j] t34[i,j]
    memory.contract(
        R::of(1.0),
        [n1, n2],
        (t33, [n2, 1]),
        [(t13, [0, 1]), (t34, [n2, 1])],
    );
    let t35 = memory.zeros(n1 * n3);
    // t35[i,j] += t33[i,k] t20[j,k]
    memory.gemm(
        R::of(1.0),
        (t33, [n2, 1]),
        (t20, [1, n2]),
        (t35, [n3, 1]),
        [n1, n2, n3],
    );
    let t36 = memory.zeros(n1 * n3);
    // t36[i,j] += t33[i,k] W3[j,k]
    memory.gemm(
        R::of(1.0),
        (t33, [n2, 1]),
        (W3, [1, n2]),
        (t36, [n3, 1]),
        [n1, n2, n3],
    );
    // t35[i,j] += t17[k,j] t36[i,k]
    memory.gemm(
        R::of(1.0),
        (t17, [1, n3]),
        (t36, [1, n3]),
        (t35, [1, n3]),
        [n3, n3, n1],
    );
    let t37 = memory.zeros(n1 * n2);
    // t37[i,j] += t35[i,k] t23[j,k]
    memory.gemm(
        R::of(1.0),
        (t35, [n3, 1]),
        (t23, [1, n3]),
        (t37, [n2, 1]),
        [n1, n3, n2],
    );
    let t38 = memory.zeros(n1 * n1);
    // t38[i,j] += t37[i,k] t34[j,k]
    memory.gemm(
        R::of(1.0),
        (t37, [n2, 1]),
        (t34, [1, n2]),
        (t38, [n1, 1]),
        [n1, n2, n1],
    );
    let t39 = memory.zeros(n1 * n2);
    // t39[i,j] += t3[j] t13[i]
    memory.contract(
        R::of(1.0),
        [n2, n1],
        (t39, [n1, 1]),
        [(t3, [0, 1]), (t13, [1, 0])],
    );
    let t40 = memory.zeros(n1_n2_n3);
    // t40[i,j,k] += t39[i,j] t20[k,i]
    memory.contract(
        R::of(1.0),
        [n2, n1, n3],
        (t40, [n1 * n3, n3, 1]),
        [(t39, [n1, 1, 0]), (t20, [1, 0, n2])],
    );
    // t40[i,j,k] += t39[i,j] t21[i,k]
    memory.contract(
        R::of(1.0),
        [n2, n1, n3],
        (t40, [n1 * n3, n3, 1]),
        [(t39, [n1, 1, 0]), (t21, [n3, 0, 1])],
    );
    let t41 = memory.zeros(n0 * n1);
    // t41[i,j] += x[j] t15[i]
    memory.contract(
        R::of(1.0),
        [n1, n0],
        (t41, [n0, 1]),
        [(x, [0, 1]), (t15, [1, 0])],
    );
    let t42 = memory.zeros(n0_n1_n2);
    // t42[i,j,k] += t41[i,j] t26[k,i]
    memory.contract(
        R::of(1.0),
        [n1, n0, n2],
        (t42, [n0 * n2, n2, 1]),
        [(t41, [n0, 1, 0]), (t26, [1, 0, n1])],
    );
    let t43 = memory.zeros(n0_n1_n3);
    // t43[i,j,k] += t42[i,j,l] t20[k,l]
    memory.gemm(
        R::of(1.0),
        (t42, [n2, 1]),
        (t20, [1, n2]),
        (t43, [n3, 1]),
        [n0 * n1, n2, n3],
    );
    // t43[i,j,k] += t42[i,j,l] t21[l,k]
    memory.gemm(
        R::of(1.0),
        (t42, [n2, 1]),
        (t21, [n3, 1]),
        (t43, [n3, 1]),
        [n0 * n1, n2, n3],
    );
    let t44 = memory.zeros(n0_n1_n2);
    // t44[i,j,k] += t43[i,j,l] t23[k,l]
    memory.gemm(
        R::of(1.0),
        (t43, [n3, 1]),
        (t23, [1, n3]),
        (t44, [n2, 1]),
        [n0 * n1, n3, n2],
    );
    let t45 = memory.zeros(n0_n0_n1_n1);
    let t46 = memory.zeros(n0 * n0);
    // t46[i,j] += x[i] x[j]
    memory.contract(
        R::of(1.0),
        [n0, n0],
        (t46, [n0, 1]),
        [(x, [1, 0]), (x, [0, 1])],
    );
    // t45[i,j,k,l] += t38[i,k] t46[j,l]
    memory.contract(
        R::of(1.0),
        [n1, n0, n1, n0],
        (t45, [n0_n0_n1, n0 * n1, n0, 1]),
        [(t38, [n1, 0, 1, 0]), (t46, [0, n0, 0, 1])],
    );
    let t47 = memory.zeros(n0_n1_n1);
    // t47[i,j,k] += t44[i,j,l] t34[k,l]
    memory.gemm(
        R::of(1.0),
        (t44, [n2, 1]),
        (t34, [1, n2]),
        (t47, [n1, 1]),
        [n0 * n1, n2, n1],
    );
    let t48 = memory.zeros(n0_n1_n1_n2);
    // t48[i,j,k,l] += t41[i,j] t25[i,k,l]
    memory.contract(
        R::of(1.0),
        [n1, n0, n2, n1],
        (t48, [n0_n1_n2, n1 * n2, n1, 1]),
        [(t41, [n0, 1, 0, 0]), (t25, [n1 * n2, 0, n1, 1])],
    );
    // t48[i,j,k] += t41[i,j] t31[k]
    memory.contract(
        R::of(1.0),
        [n1, n0, n2],
        (t48, [size_1, n1 * n2, n1]),
        [(t41, [n0, 1, 0]), (t31, [0, 0, 1])],
    );
    let t49 = memory.zeros(n0_n1_n2);
    // t49[i,j,k] += t44[i,j,k]
    memory.contract(
        R::of(1.0),
        [n1, n0, n2],
        (t49, [n0 * n2, n2, 1]),
        [(t44, [n0 * n2, n2, 1])],
    );
    let t50 = memory.zeros(n0_n1_n2_n3);
    // t50[i,j,k,l] += t42[i,j,l] t11[k]
    memory.contract(
        R::of(1.0),
        [n1, n0, n3, n2],
        (t50, [n0_n2_n3, n2 * n3, n2, 1]),
        [(t42, [n0 * n2, n2, 0, 1]), (t11, [0, 0, 1, 0])],
    );
    // t50[i,j,k,l] += t42[i,j,p] t19[p,l,k]
    for l in 0..n2 {
        memory.gemm(
            R::of(1.0),
            (t42, [n2, 1]),
            (t19.at(l * n3), [n2 * n3, 1]),
            (t50.at(l), [n2 * n3, n2]),
            [n0 * n1, n2, n3],
        );
    }
    let t51 = memory.zeros(n0_n1_n3);
    // t51[i,j,k] += t43[i,j,k]
    memory.contract(
        R::of(1.0),
        [n1, n0, n3],
        (t51, [n0 * n3, n3, 1]),
        [(t43, [n0 * n3, n3, 1])],
    );
    let t52 = memory.zeros(n1_n1_n2);
    // t52[i,j,k] += t15[i] t25[i,j,k]
    memory.contract(
        R::of(1.0),
        [n1, n2, n1],
        (t52, [n1 * n2, n1, 1]),
        [(t15, [1, 0, 0]), (t25, [n1 * n2, n1, 1])],
    );
    // t52[i,j] += t15[i] t31[j]
    memory.contract(
        R::of(1.0),
        [n1, n2],
        (t52, [size_2, n1]),
        [(t15, [1, 0]), (t31, [0, 1])],
    );
    let t53 = memory.zeros(n1_n2_n3);
    // t53[i,j,k] += t33[i,k] t11[j]
    memory.contract(
        R::of(1.0),
        [n1, n3, n2],
        (t53, [n2 * n3, n2, 1]),
        [(t33, [n2, 0, 1]), (t11, [0, 1, 0])],
    );
    // t53[i,j,k] += t33[i,l] t19[l,k,j]
    for k in 0..n2 {
        memory.gemm(
            R::of(1.0),
            (t33, [n2, 1]),
            (t19.at(k * n3), [n2 * n3, 1]),
            (t53.at(k), [n2 * n3, n2]),
            [n1, n2, n3],
        );
    }
    let t54 = memory.zeros(n1_n1_n2_n2);
    let t55 = memory.zeros(n1 * n1);
    // t55[i,j] += t3[i] t3[j]
    memory.contract(
        R::of(1.0),
        [n1, n1],
        (t55, [n1, 1]),
        [(t3, [1, 0]), (t3, [0, 1])],
    );
    // t54[i,j,k,l] += t24[i,k] t55[j,l]
    memory.contract(
        R::of(1.0),
        [n2, n1, n2, n1],
        (t54, [n1_n1_n2, n1 * n2, n1, 1]),
        [(t24, [n2, 0, 1, 0]), (t55, [0, n1, 0, 1])],
    );
    let t56 = memory.zeros(n1_n2_n2);
    // t56[i,j,k] += t40[i,j,l] t23[k,l]
    memory.gemm(
        R::of(1.0),
        (t40, [n3, 1]),
        (t23, [1, n3]),
        (t56, [n2, 1]),
        [n1 * n2, n3, n2],
    );
    let t57 = memory.zeros(n1_n2_n2_n3);
    // t57[i,j,k] += t39[i,j] t11[k]
    memory.contract(
        R::of(1.0),
        [n2, n1, n3],
        (t57, [size_3, n2 * n3, n2]),
        [(t39, [n1, 1, 0]), (t11, [0, 0, 1])],
    );
    // t57[i,j,k,l] += t39[i,j] t19[i,l,k]
    memory.contract(
        R::of(1.0),
        [n2, n1, n3, n2],
        (t57, [n1_n2_n3, n2 * n3, n2, 1]),
        [(t39, [n1, 1, 0, 0]), (t19, [n2 * n3, 0, 1, n3])],
    );
    let t58 = memory.zeros(n1_n2_n3);
    // t58[i,j,k] += t40[i,j,k]
    memory.contract(
        R::of(1.0),
        [n2, n1, n3],
        (t58, [n1 * n3, n3, 1]),
        [(t40, [n1 * n3, n3, 1])],
    );
    let t59 = memory.zeros(n2_n2_n3);
    // t59[i,j] += t13[i] t11[j]
    memory.contract(
        R::of(1.0),
        [n2, n3],
        (t59, [size_4, n2]),
        [(t13, [1, 0]), (t11, [0, 1])],
    );
    // t59[i,j,k] += t13[i] t19[i,k,j]
    memory.contract(
        R::of(1.0),
        [n2, n3, n2],
        (t59, [n2 * n3, n2, 1]),
        [(t13, [1, 0, 0]), (t19, [n2 * n3, 1, n3])],
    );
    let t60 = memory.zeros(n2_n2_n3_n3);
    let t61 = memory.zeros(n2 * n3);
    // t61[i,j] += t6[i] t16[j]
    memory.contract(
        R::of(1.0),
        [n2, n3],
        (t61, [n3, 1]),
        [(t6, [1, 0]), (t16, [0, 1])],
    );
    // t60[i,j,k] += t6[k] t61[j,i]
    memory.contract(
        R::of(1.0),
        [n3, n2, n2],
        (t60, [size_5, n2 * n3, 1]),
        [(t6, [0, 0, 1]), (t61, [1, n3, 0])],
    );
    let t62 = memory.zeros(n2 * n2);
    // t62[i,j] += t6[i] t6[j]
    memory.contract(
        R::of(1.0),
        [n2, n2],
        (t62, [n2, 1]),
        [(t6, [1, 0]), (t6, [0, 1])],
    );
    // t60[i,j,k,l] += t17[i,k] t62[j,l]
    memory.contract(
        R::of(1.0),
        [n3, n2, n3, n2],
        (t60, [n2_n2_n3, n2 * n3, n2, 1]),
        [(t17, [n3, 0, 1, 0]), (t62, [0, n2, 0, 1])],
    );
    let t63 = memory.zeros(n2_n3_n3);
    // t63[i,j] += t6[j] t16[i]
    memory.contract(
        R::of(1.0),
        [n3, n2],
        (t63, [size_4, n3]),
        [(t6, [0, 1]), (t16, [1, 0])],
    );
    // t63[i,j,k] += t6[j] t17[i,k]
    memory.contract(
        R::of(1.0),
        [n3, n2, n3],
        (t63, [n2 * n3, n3, 1]),
        [(t6, [0, 1, 0]), (t17, [n3, 0, 1])],
    );
    let t64 = memory.zeros(n3 * n3);
    // t64[i] += t16[i]
    memory.contract(R::of(1.0), [n3], (t64, [n3 + 1]), [(t16, [1])]);
    // t64[i,j] += t17[i,j]
    memory.contract(R::of(1.0), [n3, n3], (t64, [n3, 1]), [(t17, [n3, 1])]);
    let mut blocks = Vec::new();
    blocks.push(memory.matrix(t45, n0 * n1, n0 * n1));
    blocks.push(memory.matrix(t47, n0 * n1, n1));
    blocks.push(memory.matrix(t48, n0 * n1, n1 * n2));
    blocks.push(memory.matrix(t49, n0 * n1, n2));
    blocks.push(memory.matrix(t50, n0 * n1, n2 * n3));
    blocks.push(memory.matrix(t51, n0 * n1, n3));
    blocks.push(memory.matrix(t38, n1, n1));
    blocks.push(memory.matrix(t52, n1, n1 * n2));
    blocks.push(memory.matrix(t37, n1, n2));
    blocks.push(memory.matrix(t53, n1, n2 * n3));
    blocks.push(memory.matrix(t35, n1, n3));
    blocks.push(memory.matrix(t54, n1 * n2, n1 * n2));
    blocks.push(memory.matrix(t56, n1 * n2, n2));
    blocks.push(memory.matrix(t57, n1 * n2, n2 * n3));
    blocks.push(memory.matrix(t58, n1 * n2, n3));
    blocks.push(memory.matrix(t24, n2, n2));
    blocks.push(memory.matrix(t59, n2, n2 * n3));
    blocks.push(memory.matrix(t22, n2, n3));
    blocks.push(memory.matrix(t60, n2 * n3, n2 * n3));
    blocks.push(memory.matrix(t63, n2 * n3, n3));
    blocks.push(memory.matrix(t64, n3, n3));
    let parts = [
        ("W1", n0 * n1),
        ("b1", n1),
        ("W2", n1 * n2),
        ("b2", n2),
        ("W3", n2 * n3),
        ("b3", n3),
    ];
    Ok(BlockHessian::new(&parts, blocks))
}
