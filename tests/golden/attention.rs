//! Written by hesse.

#![allow(non_snake_case, unreachable_pub, clippy::all)]

use hesse::nalgebra::DMatrix;
use hesse::private::{Memory, at_size, power, size, softmax, whole};
use hesse::{BlockHessian, Error, Real};

/// ```text
/// loss = mse(F, Y)  # 1×1
/// ```
///
/// Shapes: `X: L×dV`, `Wq: dV×dK`, `Wk: dV×dK`, `Wv: dV×dV`, `Y: L×dV`; the result is 1×1.
///
/// Errors: sizes that disagree; values outside the domain of an operation.
pub fn loss<R: Real>(
    X: &DMatrix<R>,
    Wq: &DMatrix<R>,
    Wk: &DMatrix<R>,
    Wv: &DMatrix<R>,
    Y: &DMatrix<R>,
) -> Result<R, Error> {
    let L = size(
        "L",
        &[("the rows of X", X.nrows()), ("the rows of Y", Y.nrows())],
    )?;
    let dV = size(
        "dV",
        &[
            ("the columns of X", X.ncols()),
            ("the rows of Wq", Wq.nrows()),
            ("the rows of Wk", Wk.nrows()),
            ("the rows of Wv", Wv.nrows()),
            ("the columns of Wv", Wv.ncols()),
            ("the columns of Y", Y.ncols()),
        ],
    )?;
    let dK = size(
        "dK",
        &[
            ("the columns of Wq", Wq.ncols()),
            ("the columns of Wk", Wk.ncols()),
        ],
    )?;
    let mut memory = Memory::<R>::default();
    let t1 = memory.zeros(1);
    // t1[] += (dK)
    memory.contract(at_size::<R>(1.0, dK), [], (t1, []), []);
    let t2 = memory.map("power", t1, |x| power(x, -1.0 / 2.0))?;
    let X = memory.read(X);
    let Wq = memory.read(Wq);
    let Wk = memory.read(Wk);
    let T = memory.zeros(L * L);
    let t3 = memory.zeros(L * dV);
    // t3[i,j] += t2[] X[i,j]
    memory.contract(
        R::of(1.0),
        [L, dV],
        (t3, [dV, 1]),
        [(t2, [0, 0]), (X, [dV, 1])],
    );
    let t4 = memory.zeros(dV * dV);
    // t4[i,j] += Wq[i,k] Wk[j,k]
    memory.gemm(
        R::of(1.0),
        (Wq, [dK, 1]),
        (Wk, [1, dK]),
        (t4, [dV, 1]),
        [dV, dK, dV],
    );
    let t5 = memory.zeros(L * dV);
    // t5[i,j] += X[i,k] t4[j,k]
    memory.gemm(
        R::of(1.0),
        (X, [dV, 1]),
        (t4, [1, dV]),
        (t5, [dV, 1]),
        [L, dV, dV],
    );
    // T[i,j] += t3[i,k] t5[j,k]
    memory.gemm(
        R::of(1.0),
        (t3, [dV, 1]),
        (t5, [1, dV]),
        (T, [L, 1]),
        [L, dV, L],
    );
    let A = memory.call(softmax, T, [L, L])?;
    let Y = memory.read(Y);
    let t6 = memory.zeros(L * dV);
    // t6[i,j] += -1 Y[i,j]
    memory.contract(R::of(-1.0), [L, dV], (t6, [dV, 1]), [(Y, [dV, 1])]);
    let Wv = memory.read(Wv);
    let t7 = memory.zeros(L * dV);
    // t7[i,j] += A[i,k] X[k,j]
    memory.gemm(
        R::of(1.0),
        (A, [L, 1]),
        (X, [dV, 1]),
        (t7, [dV, 1]),
        [L, L, dV],
    );
    // t6[i,j] += Wv[k,j] t7[i,k]
    memory.gemm(
        R::of(1.0),
        (Wv, [1, dV]),
        (t7, [1, dV]),
        (t6, [1, dV]),
        [dV, dV, L],
    );
    let t8 = memory.zeros(1);
    // t8[] += (L)
    memory.contract(at_size::<R>(1.0, L), [], (t8, []), []);
    let t9 = memory.map("power", t8, |x| power(x, -1.0))?;
    let t10 = memory.zeros(1);
    // t10[] += (dV)
    memory.contract(at_size::<R>(1.0, dV), [], (t10, []), []);
    let t11 = memory.map("power", t10, |x| power(x, -1.0))?;
    let t12 = memory.zeros(1);
    let t13 = memory.zeros(1);
    // t13[] += t9[] t11[]
    memory.contract(R::of(1.0), [], (t13, []), [(t9, []), (t11, [])]);
    let t14 = memory.zeros(1);
    // t14[] += t6[i,j] t6[i,j]
    memory.contract(
        R::of(1.0),
        [L, dV],
        (t14, [0, 0]),
        [(t6, [dV, 1]), (t6, [dV, 1])],
    );
    // t12[] += t13[] t14[]
    memory.contract(R::of(1.0), [], (t12, []), [(t13, []), (t14, [])]);
    Ok(memory.number(t12))
}

/// ```text
/// S1 = A ∘ ((F - Y) Wv' X')  # L×L
/// S2 = A' ∘ (X Wv (Wv' X' A' - Y'))  # L×L
/// grad(loss, Wq) = 2/(sqrt(dK) L dV) X' (S1 - A ∘ (S1 ones(L, L))) X Wk  # dV×dK
/// grad(loss, Wk) = 2/(sqrt(dK) L dV) X' (S2 - A' ∘ (ones(L, L) S2)) X Wq  # dV×dK
/// grad(loss, Wv) = 2/(L dV) X' A' (F - Y)  # dV×dV
/// ```
///
/// Shapes: `X: L×dV`, `Wq: dV×dK`, `Wk: dV×dK`, `Wv: dV×dV`, `Y: L×dV`; the results are `grad(loss,
/// Wq): dV×dK`, `grad(loss, Wk): dV×dK`, `grad(loss, Wv): dV×dV`.
///
/// Errors: sizes that disagree; values outside the domain of an operation.
pub fn gradient<R: Real>(
    X: &DMatrix<R>,
    Wq: &DMatrix<R>,
    Wk: &DMatrix<R>,
    Wv: &DMatrix<R>,
    Y: &DMatrix<R>,
) -> Result<[DMatrix<R>; 3], Error> {
    let L = size(
        "L",
        &[("the rows of X", X.nrows()), ("the rows of Y", Y.nrows())],
    )?;
    let dV = size(
        "dV",
        &[
            ("the columns of X", X.ncols()),
            ("the rows of Wq", Wq.nrows()),
            ("the rows of Wk", Wk.nrows()),
            ("the rows of Wv", Wv.nrows()),
            ("the columns of Wv", Wv.ncols()),
            ("the columns of Y", Y.ncols()),
        ],
    )?;
    let dK = size(
        "dK",
        &[
            ("the columns of Wq", Wq.ncols()),
            ("the columns of Wk", Wk.ncols()),
        ],
    )?;
    let mut memory = Memory::<R>::default();
    let t1 = memory.zeros(1);
    // t1[] += (dK)
    memory.contract(at_size::<R>(1.0, dK), [], (t1, []), []);
    let t2 = memory.map("power", t1, |x| power(x, -1.0 / 2.0))?;
    let X = memory.read(X);
    let Wq = memory.read(Wq);
    let Wk = memory.read(Wk);
    let T = memory.zeros(L * L);
    let t3 = memory.zeros(L * dV);
    // t3[i,j] += t2[] X[i,j]
    memory.contract(
        R::of(1.0),
        [L, dV],
        (t3, [dV, 1]),
        [(t2, [0, 0]), (X, [dV, 1])],
    );
    let t4 = memory.zeros(dV * dV);
    // t4[i,j] += Wq[i,k] Wk[j,k]
    memory.gemm(
        R::of(1.0),
        (Wq, [dK, 1]),
        (Wk, [1, dK]),
        (t4, [dV, 1]),
        [dV, dK, dV],
    );
    let t5 = memory.zeros(L * dV);
    // t5[i,j] += X[i,k] t4[j,k]
    memory.gemm(
        R::of(1.0),
        (X, [dV, 1]),
        (t4, [1, dV]),
        (t5, [dV, 1]),
        [L, dV, dV],
    );
    // T[i,j] += t3[i,k] t5[j,k]
    memory.gemm(
        R::of(1.0),
        (t3, [dV, 1]),
        (t5, [1, dV]),
        (T, [L, 1]),
        [L, dV, L],
    );
    let A = memory.call(softmax, T, [L, L])?;
    let Y = memory.read(Y);
    let t6 = memory.zeros(L * dV);
    // t6[i,j] += -1 Y[i,j]
    memory.contract(R::of(-1.0), [L, dV], (t6, [dV, 1]), [(Y, [dV, 1])]);
    let Wv = memory.read(Wv);
    let t7 = memory.zeros(L * dV);
    // t7[i,j] += A[i,k] X[k,j]
    memory.gemm(
        R::of(1.0),
        (A, [L, 1]),
        (X, [dV, 1]),
        (t7, [dV, 1]),
        [L, L, dV],
    );
    // t6[i,j] += Wv[k,j] t7[i,k]
    memory.gemm(
        R::of(1.0),
        (Wv, [1, dV]),
        (t7, [1, dV]),
        (t6, [1, dV]),
        [dV, dV, L],
    );
    let t8 = memory.zeros(1);
    // t8[] += (L)
    memory.contract(at_size::<R>(1.0, L), [], (t8, []), []);
    let t9 = memory.map("power", t8, |x| power(x, -1.0))?;
    let t10 = memory.zeros(1);
    // t10[] += (dV)
    memory.contract(at_size::<R>(1.0, dV), [], (t10, []), []);
    let t11 = memory.map("power", t10, |x| power(x, -1.0))?;
    let t12 = memory.zeros(L * L);
    let t13 = memory.zeros(L * dV);
    // t13[i,j] += t6[i,k] Wv[j,k]
    memory.gemm(
        R::of(1.0),
        (t6, [dV, 1]),
        (Wv, [1, dV]),
        (t13, [dV, 1]),
        [L, dV, dV],
    );
    let t14 = memory.zeros(L * L);
    // t14[i,j] += X[i,k] t13[j,k]
    memory.gemm(
        R::of(1.0),
        (X, [dV, 1]),
        (t13, [1, dV]),
        (t14, [L, 1]),
        [L, dV, L],
    );
    // t12[i,j] += A[i,j] t14[j,i]
    memory.contract(
        R::of(1.0),
        [L, L],
        (t12, [L, 1]),
        [(A, [L, 1]), (t14, [1, L])],
    );
    let t15 = memory.zeros(L * L);
    // t15[i,j] += t12[i,j]
    memory.contract(R::of(1.0), [L, L], (t15, [L, 1]), [(t12, [L, 1])]);
    let t16 = memory.zeros(L);
    // t16[i] += t12[i,j]
    memory.contract(R::of(1.0), [L, L], (t16, [1, 0]), [(t12, [L, 1])]);
    // t15[i,j] += -1 A[i,j] t16[i]
    memory.contract(
        R::of(-1.0),
        [L, L],
        (t15, [L, 1]),
        [(A, [L, 1]), (t16, [1, 0])],
    );
    let t17 = memory.zeros(dK * dV);
    let t18 = memory.zeros(1);
    // t18[] += t2[] t9[]
    memory.contract(R::of(1.0), [], (t18, []), [(t2, []), (t9, [])]);
    let t19 = memory.zeros(1);
    // t19[] += t11[] t18[]
    memory.contract(R::of(1.0), [], (t19, []), [(t11, []), (t18, [])]);
    let t20 = memory.zeros(L * dV);
    // t20[i,j] += X[j,i] t19[]
    memory.contract(
        R::of(1.0),
        [dV, L],
        (t20, [L, 1]),
        [(X, [1, dV]), (t19, [0, 0])],
    );
    let t21 = memory.zeros(L * dV);
    // t21[i,j] += t15[i,k] X[k,j]
    memory.gemm(
        R::of(1.0),
        (t15, [L, 1]),
        (X, [dV, 1]),
        (t21, [dV, 1]),
        [L, L, dV],
    );
    let t22 = memory.zeros(L * dK);
    // t22[i,j] += Wk[k,i] t21[j,k]
    memory.gemm(
        R::of(1.0),
        (Wk, [1, dK]),
        (t21, [1, dV]),
        (t22, [L, 1]),
        [dK, dV, L],
    );
    // t17[i,j] += t20[i,k] t22[j,k]
    memory.gemm(
        R::of(1.0),
        (t20, [L, 1]),
        (t22, [1, L]),
        (t17, [dK, 1]),
        [dV, L, dK],
    );
    let t23 = memory.zeros(L * dV);
    // t23[i,j] += -1 Y[j,i]
    memory.contract(R::of(-1.0), [dV, L], (t23, [L, 1]), [(Y, [1, dV])]);
    let t24 = memory.zeros(L * dV);
    // t24[i,j] += Wv[k,i] X[j,k]
    memory.gemm(
        R::of(1.0),
        (Wv, [1, dV]),
        (X, [1, dV]),
        (t24, [L, 1]),
        [dV, dV, L],
    );
    // t23[i,j] += A[j,k] t24[i,k]
    memory.gemm(
        R::of(1.0),
        (A, [L, 1]),
        (t24, [1, L]),
        (t23, [1, L]),
        [L, L, dV],
    );
    let t25 = memory.zeros(L * L);
    let t26 = memory.zeros(L * dV);
    // t26[i,j] += X[i,k] Wv[k,j]
    memory.gemm(
        R::of(1.0),
        (X, [dV, 1]),
        (Wv, [dV, 1]),
        (t26, [dV, 1]),
        [L, dV, dV],
    );
    let t27 = memory.zeros(L * L);
    // t27[i,j] += t23[k,i] t26[j,k]
    memory.gemm(
        R::of(1.0),
        (t23, [1, L]),
        (t26, [1, dV]),
        (t27, [L, 1]),
        [L, dV, L],
    );
    // t25[i,j] += A[j,i] t27[j,i]
    memory.contract(
        R::of(1.0),
        [L, L],
        (t25, [L, 1]),
        [(A, [1, L]), (t27, [1, L])],
    );
    let t28 = memory.zeros(L * L);
    // t28[i,j] += t25[i,j]
    memory.contract(R::of(1.0), [L, L], (t28, [L, 1]), [(t25, [L, 1])]);
    let t29 = memory.zeros(L);
    // t29[i] += t25[j,i]
    memory.contract(R::of(1.0), [L, L], (t29, [1, 0]), [(t25, [1, L])]);
    // t28[i,j] += -1 A[j,i] t29[j]
    memory.contract(
        R::of(-1.0),
        [L, L],
        (t28, [L, 1]),
        [(A, [1, L]), (t29, [0, 1])],
    );
    let t30 = memory.zeros(dK * dV);
    let t31 = memory.zeros(1);
    // t31[] += t11[] t18[]
    memory.contract(R::of(1.0), [], (t31, []), [(t11, []), (t18, [])]);
    let t32 = memory.zeros(L * dV);
    // t32[i,j] += X[j,i] t31[]
    memory.contract(
        R::of(1.0),
        [dV, L],
        (t32, [L, 1]),
        [(X, [1, dV]), (t31, [0, 0])],
    );
    let t33 = memory.zeros(L * dV);
    // t33[i,j] += t28[i,k] X[k,j]
    memory.gemm(
        R::of(1.0),
        (t28, [L, 1]),
        (X, [dV, 1]),
        (t33, [dV, 1]),
        [L, L, dV],
    );
    let t34 = memory.zeros(L * dK);
    // t34[i,j] += Wq[k,i] t33[j,k]
    memory.gemm(
        R::of(1.0),
        (Wq, [1, dK]),
        (t33, [1, dV]),
        (t34, [L, 1]),
        [dK, dV, L],
    );
    // t30[i,j] += t32[i,k] t34[j,k]
    memory.gemm(
        R::of(1.0),
        (t32, [L, 1]),
        (t34, [1, L]),
        (t30, [dK, 1]),
        [dV, L, dK],
    );
    let t35 = memory.zeros(dK * dV);
    // t35[i,j] += 2 t17[i,j]
    memory.contract(R::of(2.0), [dV, dK], (t35, [dK, 1]), [(t17, [dK, 1])]);
    let t36 = memory.zeros(dK * dV);
    // t36[i,j] += 2 t30[i,j]
    memory.contract(R::of(2.0), [dV, dK], (t36, [dK, 1]), [(t30, [dK, 1])]);
    let t37 = memory.zeros(dV * dV);
    let t38 = memory.zeros(1);
    // t38[] += t9[] t11[]
    memory.contract(R::of(1.0), [], (t38, []), [(t9, []), (t11, [])]);
    let t39 = memory.zeros(L * dV);
    // t39[i,j] += X[j,i] t38[]
    memory.contract(
        R::of(1.0),
        [dV, L],
        (t39, [L, 1]),
        [(X, [1, dV]), (t38, [0, 0])],
    );
    let t40 = memory.zeros(L * dV);
    // t40[i,j] += A[k,i] t6[k,j]
    memory.gemm(
        R::of(1.0),
        (A, [1, L]),
        (t6, [dV, 1]),
        (t40, [dV, 1]),
        [L, L, dV],
    );
    // t37[i,j] += 2 t39[i,k] t40[k,j]
    memory.gemm(
        R::of(2.0),
        (t39, [L, 1]),
        (t40, [dV, 1]),
        (t37, [dV, 1]),
        [dV, L, dV],
    );
    Ok([
        memory.matrix(t35, dV, dK),
        memory.matrix(t36, dV, dK),
        memory.matrix(t37, dV, dV),
    ])
}

/// ```text
/// S1 = diag(vec_r(A)) - diag(vec_r(A)) (I(L) ⊗ ones(L, L)) diag(vec_r(A))  # L*L×L*L
/// S2 = A ∘ ((F - Y) Wv' X')  # L×L
/// S3 = 2/(L dV) A X ⊗ Wv + 2/(L dV) ((F - Y) ⊗ I(dV)) K(dV, dV)  # L*dV×dV*dV
/// S4 = diag(vec_r(A ∘ (2/(L dV) (F - Y) Wv' X' - 2/(L dV) rowsum(S2) ones(1, L))))  # L*L×L*L
/// S5 =
///     S4 - S4 (I(L) ⊗ ones(L, L)) diag(vec_r(A)) - diag(vec_r(A)) (I(L) ⊗ ones(L, L)) S4
///     + 2/(L dV) S1 (I(L) ⊗ X Wv Wv' X') S1  # L*L×L*L
/// hessian(loss, Wq, Wq) = 1/dK (X' ⊗ Wk' X') S5 (X ⊗ X Wk)  # dK*dV×dK*dV
/// hessian(loss, Wq, Wk) =
///     (X' ⊗ I(dK)) (1/dK (I(L) ⊗ Wk' X') S5 (X Wq ⊗ X)
///     + 2/(sqrt(dK) L dV) ((S2 - A ∘ (S2 ones(L, L))) X ⊗ I(dK)) K(dV, dK)) K(dK, dV)  # dK*dV×dK*dV
/// hessian(loss, Wq, Wv) = 1/sqrt(dK) (X' ⊗ Wk' X') S1 (I(L) ⊗ X) S3  # dK*dV×dV*dV
/// hessian(loss, Wk, Wk) = 1/dK K(dV, dK) (Wq' X' ⊗ X') S5 (X Wq ⊗ X) K(dK, dV)  # dK*dV×dK*dV
/// hessian(loss, Wk, Wv) = 1/sqrt(dK) K(dV, dK) (Wq' X' ⊗ X') S1 (I(L) ⊗ X) S3  # dK*dV×dV*dV
/// hessian(loss, Wv, Wv) = 2/(L dV) X' A' A X ⊗ I(dV)  # dV*dV×dV*dV
/// ```
///
/// Shapes: `X: L×dV`, `Wq: dV×dK`, `Wk: dV×dK`, `Wv: dV×dV`, `Y: L×dV`; the result has the blocks
/// of Wq, Wk, Wv.
///
/// Errors: sizes that disagree; values outside the domain of an operation.
pub fn hessian<R: Real>(
    X: &DMatrix<R>,
    Wq: &DMatrix<R>,
    Wk: &DMatrix<R>,
    Wv: &DMatrix<R>,
    Y: &DMatrix<R>,
) -> Result<BlockHessian<R>, Error> {
    let L = size(
        "L",
        &[("the rows of X", X.nrows()), ("the rows of Y", Y.nrows())],
    )?;
    let dV = size(
        "dV",
        &[
            ("the columns of X", X.ncols()),
            ("the rows of Wq", Wq.nrows()),
            ("the rows of Wk", Wk.nrows()),
            ("the rows of Wv", Wv.nrows()),
            ("the columns of Wv", Wv.ncols()),
            ("the columns of Y", Y.ncols()),
        ],
    )?;
    let dK = size(
        "dK",
        &[
            ("the columns of Wq", Wq.ncols()),
            ("the columns of Wk", Wk.ncols()),
        ],
    )?;
    let L_L_L = L * L * L;
    let L_dV_dV_dV = L * dV * dV * dV;
    let dV_dV_dV = dV * dV * dV;
    let L_L_dK_dV = L * L * dK * dV;
    let L_L_dV = L * L * dV;
    let L_dK_dV = L * dK * dV;
    let L_dK_dK_dV = L * dK * dK * dV;
    let L_L_dK = L * L * dK;
    let dK_dK_dV = dK * dK * dV;
    let dK_dK_dV_dV = dK * dK * dV * dV;
    let size_1 = whole("dK*dV + 1", dK as i64 * dV as i64 + 1, 1)?;
    let dK_dV_dV_dV = dK * dV * dV * dV;
    let L_dK_dV_dV = L * dK * dV * dV;
    let dK_dV_dV = dK * dV * dV;
    let L_L_dV_dV = L * L * dV * dV;
    let L_dV_dV = L * dV * dV;
    let dV_dV_dV_dV = dV * dV * dV * dV;
    let size_2 = whole("dV*dV + 1", dV as i64 * dV as i64 + 1, 1)?;
    let mut memory = Memory::<R>::default();
    let t1 = memory.zeros(1);
    // t1[] += (dK)
    memory.contract(at_size::<R>(1.0, dK), [], (t1, []), []);
    let X = memory.read(X);
    let Wq = memory.read(Wq);
    let t2 = memory.zeros(L * dK);
    // t2[i,j] += X[i,k] Wq[k,j]
    memory.gemm(
        R::of(1.0),
        (X, [dV, 1]),
        (Wq, [dK, 1]),
        (t2, [dK, 1]),
        [L, dV, dK],
    );
    let t3 = memory.zeros(1);
    // t3[] += t1[]
    memory.contract(R::of(1.0), [], (t3, []), [(t1, [])]);
    let t4 = memory.map("power", t3, |x| power(x, -1.0 / 2.0))?;
    let Wk = memory.read(Wk);
    let T = memory.zeros(L * L);
    let t5 = memory.zeros(L * dK);
    // t5[i,j] += t4[] t2[i,j]
    memory.contract(
        R::of(1.0),
        [L, dK],
        (t5, [dK, 1]),
        [(t4, [0, 0]), (t2, [dK, 1])],
    );
    let t6 = memory.zeros(L * dK);
    // t6[i,j] += Wk[k,i] X[j,k]
    memory.gemm(
        R::of(1.0),
        (Wk, [1, dK]),
        (X, [1, dV]),
        (t6, [L, 1]),
        [dK, dV, L],
    );
    // T[i,j] += t5[i,k] t6[k,j]
    memory.gemm(
        R::of(1.0),
        (t5, [dK, 1]),
        (t6, [L, 1]),
        (T, [L, 1]),
        [L, dK, L],
    );
    let A = memory.call(softmax, T, [L, L])?;
    let t7 = memory.zeros(L * dV);
    // t7[i,j] += A[i,k] X[k,j]
    memory.gemm(
        R::of(1.0),
        (A, [L, 1]),
        (X, [dV, 1]),
        (t7, [dV, 1]),
        [L, L, dV],
    );
    let Y = memory.read(Y);
    let t8 = memory.zeros(L * dV);
    // t8[i,j] += -1 Y[i,j]
    memory.contract(R::of(-1.0), [L, dV], (t8, [dV, 1]), [(Y, [dV, 1])]);
    let Wv = memory.read(Wv);
    // t8[i,j] += t7[i,k] Wv[k,j]
    memory.gemm(
        R::of(1.0),
        (t7, [dV, 1]),
        (Wv, [dV, 1]),
        (t8, [dV, 1]),
        [L, dV, dV],
    );
    let t9 = memory.zeros(1);
    // t9[] += (L)
    memory.contract(at_size::<R>(1.0, L), [], (t9, []), []);
    let t10 = memory.map("power", t9, |x| power(x, -1.0))?;
    let t11 = memory.zeros(1);
    // t11[] += (dV)
    memory.contract(at_size::<R>(1.0, dV), [], (t11, []), []);
    let t12 = memory.map("power", t11, |x| power(x, -1.0))?;
    let t13 = memory.zeros(L * L);
    let t14 = memory.zeros(L * dV);
    // t14[i,j] += t8[i,k] Wv[j,k]
    memory.gemm(
        R::of(1.0),
        (t8, [dV, 1]),
        (Wv, [1, dV]),
        (t14, [dV, 1]),
        [L, dV, dV],
    );
    // t13[i,j] += X[j,k] t14[i,k]
    memory.gemm(
        R::of(1.0),
        (X, [dV, 1]),
        (t14, [1, dV]),
        (t13, [1, L]),
        [L, dV, L],
    );
    let t15 = memory.zeros(L_L_L);
    // t15[i,j,k] += -1 A[i,j] A[i,k]
    memory.contract(
        R::of(-1.0),
        [L, L, L],
        (t15, [L * L, L, 1]),
        [(A, [L, 1, 0]), (A, [L, 0, 1])],
    );
    let t16 = memory.zeros(L * L);
    // t16[i,j] += A[i,j] t13[i,j]
    memory.contract(
        R::of(1.0),
        [L, L],
        (t16, [L, 1]),
        [(A, [L, 1]), (t13, [L, 1])],
    );
    let t17 = memory.zeros(L * L);
    // t17[i,j] += t16[i,j]
    memory.contract(R::of(1.0), [L, L], (t17, [L, 1]), [(t16, [L, 1])]);
    let t18 = memory.zeros(L);
    // t18[i] += t16[i,j]
    memory.contract(R::of(1.0), [L, L], (t18, [1, 0]), [(t16, [L, 1])]);
    // t17[i,j] += -1 A[i,j] t18[i]
    memory.contract(
        R::of(-1.0),
        [L, L],
        (t17, [L, 1]),
        [(A, [L, 1]), (t18, [1, 0])],
    );
    let t19 = memory.zeros(L_dV_dV_dV);
    let t20 = memory.zeros(1);
    // t20[] += t10[] t12[]
    memory.contract(R::of(1.0), [], (t20, []), [(t10, []), (t12, [])]);
    let t21 = memory.zeros(L * dV);
    // t21[i,j] += t7[i,j] t20[]
    memory.contract(
        R::of(1.0),
        [L, dV],
        (t21, [dV, 1]),
        [(t7, [dV, 1]), (t20, [0, 0])],
    );
    // t19[i,j,k,l] += 2 Wv[j,l] t21[i,k]
    memory.contract(
        R::of(2.0),
        [L, dV, dV, dV],
        (t19, [dV_dV_dV, dV * dV, dV, 1]),
        [(Wv, [0, dV, 0, 1]), (t21, [dV, 0, 1, 0])],
    );
    let t22 = memory.zeros(L * dV);
    // t22[i,j] += 2 t8[i,j] t20[]
    memory.contract(
        R::of(2.0),
        [L, dV],
        (t22, [dV, 1]),
        [(t8, [dV, 1]), (t20, [0, 0])],
    );
    let t23 = memory.zeros(L * L);
    let t24 = memory.zeros(L * L);
    // t24[i,j] += A[i,j] t13[i,j]
    memory.contract(
        R::of(1.0),
        [L, L],
        (t24, [L, 1]),
        [(A, [L, 1]), (t13, [L, 1])],
    );
    // t23[i,j] += 2 t20[] t24[i,j]
    memory.contract(
        R::of(2.0),
        [L, L],
        (t23, [L, 1]),
        [(t20, [0, 0]), (t24, [L, 1])],
    );
    let t25 = memory.zeros(L);
    // t25[i] += t18[i] t20[]
    memory.contract(R::of(1.0), [L], (t25, [1]), [(t18, [1]), (t20, [0])]);
    // t23[i,j] += -2 A[i,j] t25[i]
    memory.contract(
        R::of(-2.0),
        [L, L],
        (t23, [L, 1]),
        [(A, [L, 1]), (t25, [1, 0])],
    );
    let t26 = memory.zeros(L_L_L);
    let t27 = memory.zeros(L * L);
    // t27[i,j] += t12[] A[i,j]
    memory.contract(
        R::of(1.0),
        [L, L],
        (t27, [L, 1]),
        [(t12, [0, 0]), (A, [L, 1])],
    );
    let t28 = memory.zeros(L * dV);
    // t28[i,j] += X[i,k] Wv[k,j]
    memory.gemm(
        R::of(1.0),
        (X, [dV, 1]),
        (Wv, [dV, 1]),
        (t28, [dV, 1]),
        [L, dV, dV],
    );
    let t29 = memory.zeros(L * dV);
    // t29[i,j] += Wv[k,i] X[j,k]
    memory.gemm(
        R::of(1.0),
        (Wv, [1, dV]),
        (X, [1, dV]),
        (t29, [L, 1]),
        [dV, dV, L],
    );
    let t30 = memory.zeros(L * L);
    // t30[i,j] += t28[i,k] t29[k,j]
    memory.gemm(
        R::of(1.0),
        (t28, [dV, 1]),
        (t29, [L, 1]),
        (t30, [L, 1]),
        [L, dV, L],
    );
    let t31 = memory.zeros(L_L_L);
    // t31[i,j,k] += A[i,j] t27[i,k]
    memory.contract(
        R::of(1.0),
        [L, L, L],
        (t31, [L * L, L, 1]),
        [(A, [L, 1, 0]), (t27, [L, 0, 1])],
    );
    // t26[i,j,k] += t30[j,k] t31[i,k,j]
    memory.contract(
        R::of(1.0),
        [L, L, L],
        (t26, [L * L, L, 1]),
        [(t30, [0, L, 1]), (t31, [L * L, 1, L])],
    );
    let t32 = memory.zeros(L * L);
    // t32[i,j] += t28[i,k] t29[k,j]
    memory.gemm(
        R::of(1.0),
        (t28, [dV, 1]),
        (t29, [L, 1]),
        (t32, [L, 1]),
        [L, dV, L],
    );
    let t33 = memory.zeros(L_L_L);
    // t33[i,j,k] += t27[j,i] t32[i,k]
    memory.contract(
        R::of(1.0),
        [L, L, L],
        (t33, [L * L, L, 1]),
        [(t27, [1, L, 0]), (t32, [L, 0, 1])],
    );
    // t26[i,j,k] += t15[i,l,k] t33[j,i,l]
    for i in 0..L {
        memory.gemm(
            R::of(1.0),
            (t15.at(i * L * L), [1, L]),
            (t33.at(i * L), [1, L * L]),
            (t26.at(i * L * L), [1, L]),
            [L, L, L],
        );
    }
    let t34 = memory.zeros(L * dV);
    // t34[i,j] += t12[] X[i,j]
    memory.contract(
        R::of(1.0),
        [L, dV],
        (t34, [dV, 1]),
        [(t12, [0, 0]), (X, [dV, 1])],
    );
    let t35 = memory.zeros(dV * dV);
    // t35[i,j] += Wv[i,k] Wv[j,k]
    memory.gemm(
        R::of(1.0),
        (Wv, [dV, 1]),
        (Wv, [1, dV]),
        (t35, [dV, 1]),
        [dV, dV, dV],
    );
    let t36 = memory.zeros(L * dV);
    // t36[i,j] += X[i,k] t35[j,k]
    memory.gemm(
        R::of(1.0),
        (X, [dV, 1]),
        (t35, [1, dV]),
        (t36, [dV, 1]),
        [L, dV, dV],
    );
    let t37 = memory.zeros(L * L);
    // t37[i,j] += t34[i,k] t36[j,k]
    memory.gemm(
        R::of(1.0),
        (t34, [dV, 1]),
        (t36, [1, dV]),
        (t37, [L, 1]),
        [L, dV, L],
    );
    let t38 = memory.zeros(L_L_L);
    // t38[i,j,k] += A[j,i] t37[k,i]
    memory.contract(
        R::of(1.0),
        [L, L, L],
        (t38, [L * L, L, 1]),
        [(A, [1, L, 0]), (t37, [1, 0, L])],
    );
    // t26[i,j,k] += t15[i,j,l] t38[k,i,l]
    for i in 0..L {
        memory.gemm(
            R::of(1.0),
            (t15.at(i * L * L), [L, 1]),
            (t38.at(i * L), [1, L * L]),
            (t26.at(i * L * L), [L, 1]),
            [L, L, L],
        );
    }
    let t39 = memory.zeros(L * dV);
    // t39[i,j] += X[i,k] t35[j,k]
    memory.gemm(
        R::of(1.0),
        (X, [dV, 1]),
        (t35, [1, dV]),
        (t39, [dV, 1]),
        [L, dV, dV],
    );
    let t40 = memory.zeros(L * L);
    // t40[i,j] += t34[i,k] t39[j,k]
    memory.gemm(
        R::of(1.0),
        (t34, [dV, 1]),
        (t39, [1, dV]),
        (t40, [L, 1]),
        [L, dV, L],
    );
    let t41 = memory.zeros(L_L_L);
    // t41[i,j,k] += t15[i,j,l] t40[l,k]
    memory.gemm(
        R::of(1.0),
        (t15, [L, 1]),
        (t40, [L, 1]),
        (t41, [L, 1]),
        [L * L, L, L],
    );
    // t26[i,j,k] += t15[i,l,k] t41[i,j,l]
    for i in 0..L {
        memory.gemm(
            R::of(1.0),
            (t15.at(i * L * L), [1, L]),
            (t41.at(i * L * L), [1, L]),
            (t26.at(i * L * L), [1, L]),
            [L, L, L],
        );
    }
    let t42 = memory.zeros(L_L_L);
    // t42[i,j,k] += -1 t23[i,j] A[i,k]
    memory.contract(
        R::of(-1.0),
        [L, L, L],
        (t42, [L * L, L, 1]),
        [(t23, [L, 1, 0]), (A, [L, 0, 1])],
    );
    // t42[i,j,k] += -1 A[i,j] t23[i,k]
    memory.contract(
        R::of(-1.0),
        [L, L, L],
        (t42, [L * L, L, 1]),
        [(A, [L, 1, 0]), (t23, [L, 0, 1])],
    );
    // t42[i,j,k] += 2 t10[] t26[i,j,k]
    memory.contract(
        R::of(2.0),
        [L, L, L],
        (t42, [L * L, L, 1]),
        [(t10, [0, 0, 0]), (t26, [L * L, L, 1])],
    );
    let t43 = memory.zeros(1);
    // t43[] += t1[]
    memory.contract(R::of(1.0), [], (t43, []), [(t1, [])]);
    let t44 = memory.map("power", t43, |x| power(x, -1.0))?;
    let t45 = memory.zeros(L * dK);
    // t45[i,j] += Wk[k,i] X[j,k]
    memory.gemm(
        R::of(1.0),
        (Wk, [1, dK]),
        (X, [1, dV]),
        (t45, [L, 1]),
        [dK, dV, L],
    );
    let t46 = memory.zeros(L_L_dK_dV);
    let t47 = memory.zeros(L * dK);
    // t47[i,j] += Wq[k,i] X[j,k]
    memory.gemm(
        R::of(1.0),
        (Wq, [1, dK]),
        (X, [1, dV]),
        (t47, [L, 1]),
        [dK, dV, L],
    );
    // t46[i,j,k,l] += X[l,j] t47[i,k]
    memory.contract(
        R::of(1.0),
        [dK, dV, L, L],
        (t46, [L_L_dV, L * L, L, 1]),
        [(X, [0, 1, 0, dV]), (t47, [L, 0, 1, 0])],
    );
    let t48 = memory.zeros(L_L_dK_dV);
    // t48[i,j,k,l] += t2[i,k] X[j,l]
    memory.contract(
        R::of(1.0),
        [L, L, dK, dV],
        (t48, [L_dK_dV, dK * dV, dV, 1]),
        [(t2, [dK, 0, 1, 0]), (X, [0, dV, 0, 1])],
    );
    let t49 = memory.zeros(L_dK_dK_dV);
    let t50 = memory.zeros(L * dK);
    // t50[i,j] += t44[] t45[i,j]
    memory.contract(
        R::of(1.0),
        [dK, L],
        (t50, [L, 1]),
        [(t44, [0, 0]), (t45, [L, 1])],
    );
    let t51 = memory.zeros(L_L_dK);
    // t51[i,j,k] += t23[j,i] t50[k,i]
    memory.contract(
        R::of(1.0),
        [L, L, dK],
        (t51, [L * dK, dK, 1]),
        [(t23, [1, L, 0]), (t50, [1, 0, L])],
    );
    // t49[i,j,k,l] += t48[i,p,k,l] t51[p,i,j]
    for i in 0..L {
        memory.gemm(
            R::of(1.0),
            (t48.at(i * L_dK_dV), [1, dK * dV]),
            (t51.at(i * dK), [L * dK, 1]),
            (t49.at(i * dK_dK_dV), [1, dK * dV]),
            [dK * dV, L, dK],
        );
    }
    let t52 = memory.zeros(L_L_dK);
    // t52[i,j,k] += t42[i,l,j] t50[k,l]
    for j in 0..L {
        memory.gemm(
            R::of(1.0),
            (t42.at(j), [L * L, L]),
            (t50, [1, L]),
            (t52.at(j * dK), [L * dK, 1]),
            [L, L, dK],
        );
    }
    // t49[i,j,k,l] += t48[i,p,k,l] t52[i,p,j]
    for i in 0..L {
        memory.gemm(
            R::of(1.0),
            (t48.at(i * L_dK_dV), [1, dK * dV]),
            (t52.at(i * L * dK), [dK, 1]),
            (t49.at(i * dK_dK_dV), [1, dK * dV]),
            [dK * dV, L, dK],
        );
    }
    let t53 = memory.zeros(L * dV);
    let t54 = memory.zeros(1);
    // t54[] += t4[] t10[]
    memory.contract(R::of(1.0), [], (t54, []), [(t4, []), (t10, [])]);
    let t55 = memory.zeros(1);
    // t55[] += t12[] t54[]
    memory.contract(R::of(1.0), [], (t55, []), [(t12, []), (t54, [])]);
    let t56 = memory.zeros(L * L);
    // t56[i,j] += t17[i,j] t55[]
    memory.contract(
        R::of(1.0),
        [L, L],
        (t56, [L, 1]),
        [(t17, [L, 1]), (t55, [0, 0])],
    );
    // t53[i,j] += 2 X[k,j] t56[i,k]
    memory.gemm(
        R::of(2.0),
        (X, [1, dV]),
        (t56, [1, L]),
        (t53, [1, dV]),
        [dV, L, L],
    );
    let t57 = memory.zeros(L_L_dK_dV);
    // t57[i,j,k,l] += X[k,i] t45[j,l]
    memory.contract(
        R::of(1.0),
        [dV, dK, L, L],
        (t57, [L_L_dK, L * L, L, 1]),
        [(X, [1, 0, dV, 0]), (t45, [0, L, 0, 1])],
    );
    let t58 = memory.zeros(dK_dK_dV_dV);
    let t59 = memory.zeros(L * L);
    // t59[i,j] += t44[] t23[i,j]
    memory.contract(
        R::of(1.0),
        [L, L],
        (t59, [L, 1]),
        [(t44, [0, 0]), (t23, [L, 1])],
    );
    let t60 = memory.zeros(L * dK);
    // t60[i,j] += X[i,k] Wk[k,j]
    memory.gemm(
        R::of(1.0),
        (X, [dV, 1]),
        (Wk, [dK, 1]),
        (t60, [dK, 1]),
        [L, dV, dK],
    );
    let t61 = memory.zeros(L_L_dV);
    // t61[i,j,k] += X[i,j] t59[i,k]
    memory.contract(
        R::of(1.0),
        [L, dV, L],
        (t61, [L * dV, L, 1]),
        [(X, [dV, 1, 0]), (t59, [L, 0, 1])],
    );
    let t62 = memory.zeros(L_L_dK_dV);
    // t62[i,j,k,l] += t60[i,j] t61[l,k,i]
    memory.contract(
        R::of(1.0),
        [L, dK, dV, L],
        (t62, [L_dK_dV, L * dV, L, 1]),
        [(t60, [dK, 1, 0, 0]), (t61, [1, 0, L, L * dV])],
    );
    // t58[i,j,k,l] += t57[i,j,p,q] t62[q,l,k,p]
    for l in 0..dK {
        for q in 0..L {
            memory.gemm(
                R::of(1.0),
                (t57.at(q), [L * L, L]),
                (t62.at(l * L * dV + q * L_dK_dV), [1, L]),
                (t58.at(l), [dK * dV, dK]),
                [dK * dV, L, dV],
            );
        }
    }
    let t63 = memory.zeros(L * dV);
    // t63[i,j] += t44[] X[j,i]
    memory.contract(
        R::of(1.0),
        [dV, L],
        (t63, [L, 1]),
        [(t44, [0, 0]), (X, [1, dV])],
    );
    let t64 = memory.zeros(L_L_dK);
    // t64[i,j,k] += t42[i,j,l] t60[l,k]
    memory.gemm(
        R::of(1.0),
        (t42, [L, 1]),
        (t60, [dK, 1]),
        (t64, [dK, 1]),
        [L * L, L, dK],
    );
    let t65 = memory.zeros(L_L_dK_dV);
    // t65[i,j,k,l] += t63[j,i] t64[i,l,k]
    memory.contract(
        R::of(1.0),
        [L, dV, dK, L],
        (t65, [L_dK_dV, L * dK, L, 1]),
        [(t63, [1, L, 0, 0]), (t64, [L * dK, 0, 1, dK])],
    );
    // t58[i,j,k,l] += t57[i,j,p,q] t65[p,k,l,q]
    for q in 0..L {
        memory.gemm(
            R::of(1.0),
            (t57.at(q), [L * L, L]),
            (t65.at(q), [L_dK_dV, L]),
            (t58, [dK * dV, 1]),
            [dK * dV, L, dK * dV],
        );
    }
    let t66 = memory.zeros(dK_dK_dV_dV);
    // t66[i,j,k,l] += X[p,i] t49[p,j,l,k]
    for k in 0..dV {
        for l in 0..dK {
            memory.gemm(
                R::of(1.0),
                (X, [1, dV]),
                (t49.at(k + l * dV), [dK_dK_dV, dK * dV]),
                (t66.at(k * dK + l), [dK_dK_dV, dK * dV]),
                [dV, L, dK],
            );
        }
    }
    // t66[i,j,k] += X[l,i] t53[l,k]
    for j in 0..dK {
        memory.gemm(
            R::of(1.0),
            (X, [1, dV]),
            (t53, [dV, 1]),
            (t66.at(j * size_1), [dK_dK_dV, dK]),
            [dV, L, dV],
        );
    }
    let t67 = memory.zeros(dK_dV_dV_dV);
    let t68 = memory.zeros(L * L);
    // t68[i,j] += t4[] A[i,j]
    memory.contract(
        R::of(1.0),
        [L, L],
        (t68, [L, 1]),
        [(t4, [0, 0]), (A, [L, 1])],
    );
    let t69 = memory.zeros(L_L_dV);
    // t69[i,j,k] += X[i,j] t68[k,i]
    memory.contract(
        R::of(1.0),
        [L, dV, L],
        (t69, [L * dV, L, 1]),
        [(X, [dV, 1, 0]), (t68, [1, 0, L])],
    );
    let t70 = memory.zeros(L_dK_dV_dV);
    // t70[i,j,k,l] += t57[j,k,i,p] t69[p,l,i]
    for i in 0..L {
        memory.gemm(
            R::of(1.0),
            (t57.at(i * L), [L * L, 1]),
            (t69.at(i), [L * dV, L]),
            (t70.at(i * dK_dV_dV), [dV, 1]),
            [dK * dV, L, dV],
        );
    }
    // t67[i,j,k,l] += t19[p,q,k,l] t70[p,i,j,q]
    for q in 0..dV {
        memory.gemm(
            R::of(1.0),
            (t19.at(q * dV * dV), [1, dV_dV_dV]),
            (t70.at(q), [dK_dV_dV, dV]),
            (t67, [1, dV * dV]),
            [dV * dV, L, dK * dV],
        );
    }
    let t71 = memory.zeros(L_L_dV);
    // t71[i,j,k] += X[i,j] t68[k,i]
    memory.contract(
        R::of(1.0),
        [L, dV, L],
        (t71, [L * dV, L, 1]),
        [(X, [dV, 1, 0]), (t68, [1, 0, L])],
    );
    let t72 = memory.zeros(L_L_dV_dV);
    // t72[i,j,k,l] += t22[i,j] t71[l,k,i]
    memory.contract(
        R::of(1.0),
        [L, dV, dV, L],
        (t72, [L_dV_dV, L * dV, L, 1]),
        [(t22, [dV, 1, 0, 0]), (t71, [1, 0, L, L * dV])],
    );
    // t67[i,j,k,l] += t57[i,j,p,q] t72[p,l,k,q]
    for l in 0..dV {
        for q in 0..L {
            memory.gemm(
                R::of(1.0),
                (t57.at(q), [L * L, L]),
                (t72.at(l * L * dV + q), [L_dV_dV, L]),
                (t67.at(l), [dV * dV, dV]),
                [dK * dV, L, dV],
            );
        }
    }
    let t73 = memory.zeros(L * dV);
    // t73[i,j] += t4[] X[i,j]
    memory.contract(
        R::of(1.0),
        [L, dV],
        (t73, [dV, 1]),
        [(t4, [0, 0]), (X, [dV, 1])],
    );
    let t74 = memory.zeros(L_L_dV);
    // t74[i,j,k] += t15[i,j,l] t73[l,k]
    memory.gemm(
        R::of(1.0),
        (t15, [L, 1]),
        (t73, [dV, 1]),
        (t74, [dV, 1]),
        [L * L, L, dV],
    );
    let t75 = memory.zeros(L_dK_dV_dV);
    // t75[i,j,k,l] += t57[j,k,i,p] t74[i,p,l]
    for i in 0..L {
        memory.gemm(
            R::of(1.0),
            (t57.at(i * L), [L * L, 1]),
            (t74.at(i * L * dV), [dV, 1]),
            (t75.at(i * dK_dV_dV), [dV, 1]),
            [dK * dV, L, dV],
        );
    }
    // t67[i,j,k,l] += t19[p,q,k,l] t75[p,i,j,q]
    for q in 0..dV {
        memory.gemm(
            R::of(1.0),
            (t19.at(q * dV * dV), [1, dV_dV_dV]),
            (t75.at(q), [dK_dV_dV, dV]),
            (t67, [1, dV * dV]),
            [dV * dV, L, dK * dV],
        );
    }
    let t76 = memory.zeros(L * dV);
    // t76[i,j] += t4[] X[j,i]
    memory.contract(
        R::of(1.0),
        [dV, L],
        (t76, [L, 1]),
        [(t4, [0, 0]), (X, [1, dV])],
    );
    let t77 = memory.zeros(L_L_dV);
    // t77[i,j,k] += t15[i,j,l] t76[k,l]
    memory.gemm(
        R::of(1.0),
        (t15, [L, 1]),
        (t76, [1, L]),
        (t77, [dV, 1]),
        [L * L, L, dV],
    );
    let t78 = memory.zeros(L_L_dV_dV);
    // t78[i,j,k,l] += t22[i,j] t77[i,l,k]
    memory.contract(
        R::of(1.0),
        [L, dV, dV, L],
        (t78, [L_dV_dV, L * dV, L, 1]),
        [(t22, [dV, 1, 0, 0]), (t77, [L * dV, 0, 1, dV])],
    );
    // t67[i,j,k,l] += t57[i,j,p,q] t78[p,l,k,q]
    for l in 0..dV {
        for q in 0..L {
            memory.gemm(
                R::of(1.0),
                (t57.at(q), [L * L, L]),
                (t78.at(l * L * dV + q), [L_dV_dV, L]),
                (t67.at(l), [dV * dV, dV]),
                [dK * dV, L, dV],
            );
        }
    }
    let t79 = memory.zeros(dK_dK_dV_dV);
    let t80 = memory.zeros(L_L_dK_dV);
    // t80[i,j,k,l] += t46[l,k,i,j] t59[i,j]
    memory.contract(
        R::of(1.0),
        [L, L, dV, dK],
        (t80, [L_dK_dV, dK * dV, dK, 1]),
        [(t46, [L, 1, L * L, L_L_dV]), (t59, [L, 1, 0, 0])],
    );
    // t79[i,j,k,l] += t48[p,q,l,k] t80[p,q,i,j]
    for l in 0..dK {
        memory.gemm(
            R::of(1.0),
            (t48.at(l * dV), [1, dK * dV]),
            (t80, [dK * dV, 1]),
            (t79.at(l), [dK, dK * dV]),
            [dV, L * L, dK * dV],
        );
    }
    let t81 = memory.zeros(L_L_L);
    // t81[i,j,k] += t44[] t42[i,j,k]
    memory.contract(
        R::of(1.0),
        [L, L, L],
        (t81, [L * L, L, 1]),
        [(t44, [0, 0, 0]), (t42, [L * L, L, 1])],
    );
    let t82 = memory.zeros(L_L_dK_dV);
    // t82[i,j,k,l] += t46[k,j,i,p] t81[i,p,l]
    for i in 0..L {
        for k in 0..dK {
            memory.gemm(
                R::of(1.0),
                (t46.at(i * L + k * L_L_dV), [L * L, 1]),
                (t81.at(i * L * L), [L, 1]),
                (t82.at(i * L_dK_dV + k * L), [L * dK, 1]),
                [dV, L, L],
            );
        }
    }
    // t79[i,j,k,l] += t48[p,q,l,k] t82[p,i,j,q]
    for l in 0..dK {
        for q in 0..L {
            memory.gemm(
                R::of(1.0),
                (t48.at(l * dV + q * dK * dV), [1, L_dK_dV]),
                (t82.at(q), [L_dK_dV, L]),
                (t79.at(l), [dK, dK * dV]),
                [dV, L, dK * dV],
            );
        }
    }
    let t83 = memory.zeros(dK_dV_dV_dV);
    let t84 = memory.zeros(L_L_dV);
    // t84[i,j,k] += X[i,j] t68[k,i]
    memory.contract(
        R::of(1.0),
        [L, dV, L],
        (t84, [L * dV, L, 1]),
        [(X, [dV, 1, 0]), (t68, [1, 0, L])],
    );
    let t85 = memory.zeros(L_dK_dV_dV);
    // t85[i,j,k,l] += t46[k,j,i,p] t84[p,l,i]
    for i in 0..L {
        for k in 0..dK {
            memory.gemm(
                R::of(1.0),
                (t46.at(i * L + k * L_L_dV), [L * L, 1]),
                (t84.at(i), [L * dV, L]),
                (t85.at(i * dK_dV_dV + k * dV), [dK * dV, 1]),
                [dV, L, dV],
            );
        }
    }
    // t83[i,j,k,l] += t19[p,q,k,l] t85[p,i,j,q]
    for q in 0..dV {
        memory.gemm(
            R::of(1.0),
            (t19.at(q * dV * dV), [1, dV_dV_dV]),
            (t85.at(q), [dK_dV_dV, dV]),
            (t83, [1, dV * dV]),
            [dV * dV, L, dK * dV],
        );
    }
    let t86 = memory.zeros(L_L_dV);
    // t86[i,j,k] += X[i,j] t68[k,i]
    memory.contract(
        R::of(1.0),
        [L, dV, L],
        (t86, [L * dV, L, 1]),
        [(X, [dV, 1, 0]), (t68, [1, 0, L])],
    );
    let t87 = memory.zeros(L_L_dV_dV);
    // t87[i,j,k,l] += t22[i,j] t86[l,k,i]
    memory.contract(
        R::of(1.0),
        [L, dV, dV, L],
        (t87, [L_dV_dV, L * dV, L, 1]),
        [(t22, [dV, 1, 0, 0]), (t86, [1, 0, L, L * dV])],
    );
    // t83[i,j,k,l] += t46[j,i,p,q] t87[p,l,k,q]
    for j in 0..dK {
        for l in 0..dV {
            for q in 0..L {
                memory.gemm(
                    R::of(1.0),
                    (t46.at(j * L_L_dV + q), [L * L, L]),
                    (t87.at(l * L * dV + q), [L_dV_dV, L]),
                    (t83.at(j * dV * dV + l), [dK_dV_dV, dV]),
                    [dV, L, dV],
                );
            }
        }
    }
    let t88 = memory.zeros(L_L_dV);
    // t88[i,j,k] += t15[i,j,l] t73[l,k]
    memory.gemm(
        R::of(1.0),
        (t15, [L, 1]),
        (t73, [dV, 1]),
        (t88, [dV, 1]),
        [L * L, L, dV],
    );
    let t89 = memory.zeros(L_dK_dV_dV);
    // t89[i,j,k,l] += t46[k,j,i,p] t88[i,p,l]
    for i in 0..L {
        for k in 0..dK {
            memory.gemm(
                R::of(1.0),
                (t46.at(i * L + k * L_L_dV), [L * L, 1]),
                (t88.at(i * L * dV), [dV, 1]),
                (t89.at(i * dK_dV_dV + k * dV), [dK * dV, 1]),
                [dV, L, dV],
            );
        }
    }
    // t83[i,j,k,l] += t19[p,q,k,l] t89[p,i,j,q]
    for q in 0..dV {
        memory.gemm(
            R::of(1.0),
            (t19.at(q * dV * dV), [1, dV_dV_dV]),
            (t89.at(q), [dK_dV_dV, dV]),
            (t83, [1, dV * dV]),
            [dV * dV, L, dK * dV],
        );
    }
    let t90 = memory.zeros(L_L_dV);
    // t90[i,j,k] += t15[i,j,l] t76[k,l]
    memory.gemm(
        R::of(1.0),
        (t15, [L, 1]),
        (t76, [1, L]),
        (t90, [dV, 1]),
        [L * L, L, dV],
    );
    let t91 = memory.zeros(L_L_dV_dV);
    // t91[i,j,k,l] += t22[i,j] t90[i,l,k]
    memory.contract(
        R::of(1.0),
        [L, dV, dV, L],
        (t91, [L_dV_dV, L * dV, L, 1]),
        [(t22, [dV, 1, 0, 0]), (t90, [L * dV, 0, 1, dV])],
    );
    // t83[i,j,k,l] += t46[j,i,p,q] t91[p,l,k,q]
    for j in 0..dK {
        for l in 0..dV {
            for q in 0..L {
                memory.gemm(
                    R::of(1.0),
                    (t46.at(j * L_L_dV + q), [L * L, L]),
                    (t91.at(l * L * dV + q), [L_dV_dV, L]),
                    (t83.at(j * dV * dV + l), [dK_dV_dV, dV]),
                    [dV, L, dV],
                );
            }
        }
    }
    let t92 = memory.zeros(dV_dV_dV_dV);
    let t93 = memory.zeros(L * dV);
    // t93[i,j] += X[j,i] t20[]
    memory.contract(
        R::of(1.0),
        [dV, L],
        (t93, [L, 1]),
        [(X, [1, dV]), (t20, [0, 0])],
    );
    let t94 = memory.zeros(L * dV);
    // t94[i,j] += A[k,i] t7[k,j]
    memory.gemm(
        R::of(1.0),
        (A, [1, L]),
        (t7, [dV, 1]),
        (t94, [dV, 1]),
        [L, L, dV],
    );
    // t92[i,j,k] += 2 t93[i,l] t94[l,k]
    for j in 0..dV {
        memory.gemm(
            R::of(2.0),
            (t93, [L, 1]),
            (t94, [dV, 1]),
            (t92.at(j * size_2), [dV_dV_dV, dV]),
            [dV, L, dV],
        );
    }
    let mut blocks = Vec::new();
    blocks.push(memory.matrix(t58, dK * dV, dK * dV));
    blocks.push(memory.matrix(t66, dK * dV, dK * dV));
    blocks.push(memory.matrix(t67, dK * dV, dV * dV));
    blocks.push(memory.matrix(t79, dK * dV, dK * dV));
    blocks.push(memory.matrix(t83, dK * dV, dV * dV));
    blocks.push(memory.matrix(t92, dV * dV, dV * dV));
    let parts = [("Wq", dK * dV), ("Wk", dK * dV), ("Wv", dV * dV)];
    Ok(BlockHessian::new(&parts, blocks))
}
