//! `loss`, `gradient` of the model `vit.hesse`, written by hesse.
//!
//! vec_r stacks rows: vec_r(A X B) = (A ⊗ B') vec_r(X); jacobian(F, X) = ∂vec_r(F)/∂vec_r(X)'; columns go in the same order.

#![allow(non_snake_case, unreachable_pub, clippy::all)]

use hesse::nalgebra::DMatrix;
use hesse::private::{Memory, at_size, check, layernorm, logsumexp, power, relu, rowstd, size, softmax, step};
use hesse::{Error, Real};

/// ```text
/// loss = cross_entropy(1/L ones(1, L) Z Wc, T)  # 1×1
/// ```
///
/// Shapes: `X: L×p`, `P: L×d`, `E: p×d`, `Wq: d×dK`, `Wk: d×dK`, `Wv: d×d`, `W1: d×dff`, `W2:
/// dff×d`, `Wc: d×c`, `T: 1×c`; the result is 1×1.
///
/// Errors: sizes that disagree; values outside the domain of an operation.
pub fn loss<R: Real>(
    X: &DMatrix<R>,
    P: &DMatrix<R>,
    E: &DMatrix<R>,
    Wq: &DMatrix<R>,
    Wk: &DMatrix<R>,
    Wv: &DMatrix<R>,
    W1: &DMatrix<R>,
    W2: &DMatrix<R>,
    Wc: &DMatrix<R>,
    T: &DMatrix<R>,
) -> Result<R, Error> {
    let L = size("L", &[("the rows of X", X.nrows()), ("the rows of P", P.nrows())])?;
    let p = size("p", &[("the columns of X", X.ncols()), ("the rows of E", E.nrows())])?;
    let d = size(
        "d",
        &[
            ("the columns of P", P.ncols()),
            ("the columns of E", E.ncols()),
            ("the rows of Wq", Wq.nrows()),
            ("the rows of Wk", Wk.nrows()),
            ("the rows of Wv", Wv.nrows()),
            ("the columns of Wv", Wv.ncols()),
            ("the rows of W1", W1.nrows()),
            ("the columns of W2", W2.ncols()),
            ("the rows of Wc", Wc.nrows()),
        ],
    )?;
    let dK = size("dK", &[("the columns of Wq", Wq.ncols()), ("the columns of Wk", Wk.ncols())])?;
    let dff = size("dff", &[("the columns of W1", W1.ncols()), ("the rows of W2", W2.nrows())])?;
    let c = size("c", &[("the columns of Wc", Wc.ncols()), ("the columns of T", T.ncols())])?;
    check("1", ("the rows of T", T.nrows()), 1, 1)?;
    let mut memory = Memory::<R>::default();
    let X = memory.read(X);
    let E = memory.read(E);
    let t1 = memory.zeros(L * d);
    // t1[i,j] += X[i,k] E[k,j]
    memory.gemm(R::of(1.0), (X, [p, 1]), (E, [d, 1]), (t1, [d, 1]), [L, p, d]);
    let P = memory.read(P);
    let Z0 = memory.zeros(L * d);
    // Z0[i,j] += P[i,j]
    memory.contract(R::of(1.0), [L, d], (Z0, [d, 1]), [(P, [d, 1])]);
    // Z0[i,j] += t1[i,j]
    memory.contract(R::of(1.0), [L, d], (Z0, [d, 1]), [(t1, [d, 1])]);
    let t2 = memory.zeros(L * d);
    // t2[i,j] += P[j,i]
    memory.contract(R::of(1.0), [d, L], (t2, [L, 1]), [(P, [1, d])]);
    // t2[i,j] += E[k,i] X[j,k]
    memory.gemm(R::of(1.0), (E, [1, d]), (X, [1, p]), (t2, [L, 1]), [d, p, L]);
    let t3 = memory.zeros(1);
    // t3[] += (dK)
    memory.contract(at_size::<R>(1.0, dK), [], (t3, []), []);
    let t4 = memory.map("power", t3, |x| power(x, -1.0 / 2.0))?;
    let Wq = memory.read(Wq);
    let Wk = memory.read(Wk);
    let t5 = memory.zeros(L * L);
    let t6 = memory.zeros(d * dK);
    // t6[i,j] += t4[] Wq[i,j]
    memory.contract(R::of(1.0), [d, dK], (t6, [dK, 1]), [(t4, [0, 0]), (Wq, [dK, 1])]);
    let t7 = memory.zeros(d * d);
    // t7[i,j] += Wk[i,k] t6[j,k]
    memory.gemm(R::of(1.0), (Wk, [dK, 1]), (t6, [1, dK]), (t7, [d, 1]), [d, dK, d]);
    let t8 = memory.zeros(L * d);
    // t8[i,j] += Z0[i,k] t7[j,k]
    memory.gemm(R::of(1.0), (Z0, [d, 1]), (t7, [1, d]), (t8, [d, 1]), [L, d, d]);
    // t5[i,j] += t2[k,j] t8[i,k]
    memory.gemm(R::of(1.0), (t2, [1, L]), (t8, [1, d]), (t5, [1, L]), [L, d, L]);
    let A = memory.call(softmax, t5, [L, L])?;
    let t9 = memory.zeros(L * d);
    // t9[i,j] += P[i,j]
    memory.contract(R::of(1.0), [L, d], (t9, [d, 1]), [(P, [d, 1])]);
    // t9[i,j] += t1[i,j]
    memory.contract(R::of(1.0), [L, d], (t9, [d, 1]), [(t1, [d, 1])]);
    let Wv = memory.read(Wv);
    let t10 = memory.zeros(L * d);
    // t10[i,j] += Z0[i,k] Wv[k,j]
    memory.gemm(R::of(1.0), (Z0, [d, 1]), (Wv, [d, 1]), (t10, [d, 1]), [L, d, d]);
    // t9[i,j] += A[i,k] t10[k,j]
    memory.gemm(R::of(1.0), (A, [L, 1]), (t10, [d, 1]), (t9, [d, 1]), [L, L, d]);
    let Y = memory.call(layernorm, t9, [L, d])?;
    let W1 = memory.read(W1);
    let t11 = memory.zeros(L * dff);
    // t11[i,j] += Y[i,k] W1[k,j]
    memory.gemm(R::of(1.0), (Y, [d, 1]), (W1, [dff, 1]), (t11, [dff, 1]), [L, d, dff]);
    let t12 = memory.map("relu", t11, relu)?;
    let t13 = memory.zeros(L * d);
    // t13[i,j] += Y[i,j]
    memory.contract(R::of(1.0), [L, d], (t13, [d, 1]), [(Y, [d, 1])]);
    let W2 = memory.read(W2);
    // t13[i,j] += t12[i,k] W2[k,j]
    memory.gemm(R::of(1.0), (t12, [dff, 1]), (W2, [d, 1]), (t13, [d, 1]), [L, dff, d]);
    let Z = memory.call(layernorm, t13, [L, d])?;
    let Wc = memory.read(Wc);
    let t14 = memory.zeros(c);
    let t15 = memory.zeros(d);
    // t15[i] += Z[j,i]
    memory.contract(R::of(1.0), [d, L], (t15, [1, 0]), [(Z, [1, d])]);
    // t14[i] += t15[j] Wc[j,i]
    memory.contract(R::of(1.0), [c, d], (t14, [1, 0]), [(t15, [0, 1]), (Wc, [1, c])]);
    let t16 = memory.zeros(1);
    // t16[] += (L)
    memory.contract(at_size::<R>(1.0, L), [], (t16, []), []);
    let t17 = memory.map("power", t16, |x| power(x, -1.0))?;
    let t18 = memory.zeros(c);
    // t18[i] += t17[] t14[i]
    memory.contract(R::of(1.0), [c], (t18, [1]), [(t17, [0]), (t14, [1])]);
    let t19 = memory.call(logsumexp, t18, [1, c])?;
    let T = memory.read(T);
    let t20 = memory.zeros(1);
    let t21 = memory.zeros(1);
    // t21[] += T[i]
    memory.contract(R::of(1.0), [c], (t21, [0]), [(T, [1])]);
    // t20[] += t21[] t19[]
    memory.contract(R::of(1.0), [], (t20, []), [(t21, []), (t19, [])]);
    let t22 = memory.zeros(1);
    // t22[] += T[i] t14[i]
    memory.contract(R::of(1.0), [c], (t22, [0]), [(T, [1]), (t14, [1])]);
    // t20[] += -1 t17[] t22[]
    memory.contract(R::of(-1.0), [], (t20, []), [(t17, []), (t22, [])]);
    let t23 = memory.zeros(1);
    // t23[] += t20[]
    memory.contract(R::of(1.0), [], (t23, []), [(t20, [])]);
    Ok(memory.number(t23))
}

/// ```text
/// S1 = rowsum(T)/L softmax(1/L ones(1, L) Z Wc) - 1/L T  # 1×c
/// S2 = diag(rowstd(Y + relu(Y W1) W2).^-1)  # L×L
/// S3 = I(d) - 1/d ones(d, d)  # d×d
/// S4 = (S2 ⊗ S3 - 1/d diag(vec_r(Z)) (S2 ⊗ ones(d, d)) diag(vec_r(Z))) vec_r(ones(L, 1) S1 Wc')  # L*d×1
/// S5 = ((I(L) ⊗ W2) S4) ∘ vec_r(step(Y W1))  # L*dff×1
/// S6 = diag(rowstd(P + X E + A Z0 Wv).^-1)  # L×L
/// S7 =
///     (S6 ⊗ S3 - 1/d diag(vec_r(Y)) (S6 ⊗ ones(d, d)) diag(vec_r(Y)))
///     vec_r(mat_r(S4, L, d) + mat_r((I(L) ⊗ W1) S5, L, d))  # L*d×1
/// S8 = (diag(vec_r(A)) - diag(vec_r(A)) (I(L) ⊗ ones(L, L)) diag(vec_r(A))) (I(L) ⊗ Z0 Wv) S7  # L*L×1
/// S9 = Wk' (P' + E' X')  # dK×L
/// grad(loss, E) =
///     1/sqrt(dK) mat_r(K(p, d) (Wk Wq' (P' + E' X') ⊗ X') S8, p, d)
///     + X' (mat_r(S7, L, d) + mat_r((A' ⊗ Wv) S7, L, d) + 1/sqrt(dK) mat_r((I(L) ⊗ Wq S9) S8, L, d))  # p×d
/// grad(loss, Wq) = 1/sqrt(dK) mat_r(((P' + E' X') ⊗ S9) S8, d, dK)  # d×dK
/// grad(loss, Wk) = 1/sqrt(dK) mat_r(K(d, dK) (Wq' (P' + E' X') ⊗ (P' + E' X')) S8, d, dK)  # d×dK
/// grad(loss, Wv) = mat_r(((P' + E' X') A' ⊗ I(d)) S7, d, d)  # d×d
/// grad(loss, W1) = mat_r((Y' ⊗ I(dff)) S5, d, dff)  # d×dff
/// grad(loss, W2) = mat_r((relu(Y W1)' ⊗ I(d)) S4, dff, d)  # dff×d
/// grad(loss, Wc) = Z' ones(L, 1) S1  # d×c
/// ```
///
/// Shapes: `X: L×p`, `P: L×d`, `E: p×d`, `Wq: d×dK`, `Wk: d×dK`, `Wv: d×d`, `W1: d×dff`, `W2:
/// dff×d`, `Wc: d×c`, `T: 1×c`; the results are `grad(loss, E): p×d`, `grad(loss, Wq): d×dK`,
/// `grad(loss, Wk): d×dK`, `grad(loss, Wv): d×d`, `grad(loss, W1): d×dff`, `grad(loss, W2): dff×d`,
/// `grad(loss, Wc): d×c`.
///
/// Errors: sizes that disagree; values outside the domain of an operation.
pub fn gradient<R: Real>(
    X: &DMatrix<R>,
    P: &DMatrix<R>,
    E: &DMatrix<R>,
    Wq: &DMatrix<R>,
    Wk: &DMatrix<R>,
    Wv: &DMatrix<R>,
    W1: &DMatrix<R>,
    W2: &DMatrix<R>,
    Wc: &DMatrix<R>,
    T: &DMatrix<R>,
) -> Result<[DMatrix<R>; 7], Error> {
    let L = size("L", &[("the rows of X", X.nrows()), ("the rows of P", P.nrows())])?;
    let p = size("p", &[("the columns of X", X.ncols()), ("the rows of E", E.nrows())])?;
    let d = size(
        "d",
        &[
            ("the columns of P", P.ncols()),
            ("the columns of E", E.ncols()),
            ("the rows of Wq", Wq.nrows()),
            ("the rows of Wk", Wk.nrows()),
            ("the rows of Wv", Wv.nrows()),
            ("the columns of Wv", Wv.ncols()),
            ("the rows of W1", W1.nrows()),
            ("the columns of W2", W2.ncols()),
            ("the rows of Wc", Wc.nrows()),
        ],
    )?;
    let dK = size("dK", &[("the columns of Wq", Wq.ncols()), ("the columns of Wk", Wk.ncols())])?;
    let dff = size("dff", &[("the columns of W1", W1.ncols()), ("the rows of W2", W2.nrows())])?;
    let c = size("c", &[("the columns of Wc", Wc.ncols()), ("the columns of T", T.ncols())])?;
    check("1", ("the rows of T", T.nrows()), 1, 1)?;
    let mut memory = Memory::<R>::default();
    let X = memory.read(X);
    let E = memory.read(E);
    let t1 = memory.zeros(L * d);
    // t1[i,j] += X[i,k] E[k,j]
    memory.gemm(R::of(1.0), (X, [p, 1]), (E, [d, 1]), (t1, [d, 1]), [L, p, d]);
    let P = memory.read(P);
    let Z0 = memory.zeros(L * d);
    // Z0[i,j] += P[i,j]
    memory.contract(R::of(1.0), [L, d], (Z0, [d, 1]), [(P, [d, 1])]);
    // Z0[i,j] += t1[i,j]
    memory.contract(R::of(1.0), [L, d], (Z0, [d, 1]), [(t1, [d, 1])]);
    let t2 = memory.zeros(L * d);
    // t2[i,j] += P[j,i]
    memory.contract(R::of(1.0), [d, L], (t2, [L, 1]), [(P, [1, d])]);
    // t2[i,j] += E[k,i] X[j,k]
    memory.gemm(R::of(1.0), (E, [1, d]), (X, [1, p]), (t2, [L, 1]), [d, p, L]);
    let t3 = memory.zeros(1);
    // t3[] += (dK)
    memory.contract(at_size::<R>(1.0, dK), [], (t3, []), []);
    let t4 = memory.map("power", t3, |x| power(x, -1.0 / 2.0))?;
    let Wq = memory.read(Wq);
    let Wk = memory.read(Wk);
    let t5 = memory.zeros(L * L);
    let t6 = memory.zeros(d * dK);
    // t6[i,j] += t4[] Wq[i,j]
    memory.contract(R::of(1.0), [d, dK], (t6, [dK, 1]), [(t4, [0, 0]), (Wq, [dK, 1])]);
    let t7 = memory.zeros(d * d);
    // t7[i,j] += Wk[i,k] t6[j,k]
    memory.gemm(R::of(1.0), (Wk, [dK, 1]), (t6, [1, dK]), (t7, [d, 1]), [d, dK, d]);
    let t8 = memory.zeros(L * d);
    // t8[i,j] += Z0[i,k] t7[j,k]
    memory.gemm(R::of(1.0), (Z0, [d, 1]), (t7, [1, d]), (t8, [d, 1]), [L, d, d]);
    // t5[i,j] += t2[k,j] t8[i,k]
    memory.gemm(R::of(1.0), (t2, [1, L]), (t8, [1, d]), (t5, [1, L]), [L, d, L]);
    let A = memory.call(softmax, t5, [L, L])?;
    let t9 = memory.zeros(L * d);
    // t9[i,j] += P[i,j]
    memory.contract(R::of(1.0), [L, d], (t9, [d, 1]), [(P, [d, 1])]);
    // t9[i,j] += t1[i,j]
    memory.contract(R::of(1.0), [L, d], (t9, [d, 1]), [(t1, [d, 1])]);
    let Wv = memory.read(Wv);
    let t10 = memory.zeros(L * d);
    // t10[i,j] += Z0[i,k] Wv[k,j]
    memory.gemm(R::of(1.0), (Z0, [d, 1]), (Wv, [d, 1]), (t10, [d, 1]), [L, d, d]);
    // t9[i,j] += A[i,k] t10[k,j]
    memory.gemm(R::of(1.0), (A, [L, 1]), (t10, [d, 1]), (t9, [d, 1]), [L, L, d]);
    let Y = memory.call(layernorm, t9, [L, d])?;
    let W1 = memory.read(W1);
    let t11 = memory.zeros(L * dff);
    // t11[i,j] += Y[i,k] W1[k,j]
    memory.gemm(R::of(1.0), (Y, [d, 1]), (W1, [dff, 1]), (t11, [dff, 1]), [L, d, dff]);
    let t12 = memory.map("relu", t11, relu)?;
    let t13 = memory.zeros(L * d);
    // t13[i,j] += Y[i,j]
    memory.contract(R::of(1.0), [L, d], (t13, [d, 1]), [(Y, [d, 1])]);
    let W2 = memory.read(W2);
    // t13[i,j] += t12[i,k] W2[k,j]
    memory.gemm(R::of(1.0), (t12, [dff, 1]), (W2, [d, 1]), (t13, [d, 1]), [L, dff, d]);
    let Z = memory.call(layernorm, t13, [L, d])?;
    let t14 = memory.zeros(1);
    // t14[] += (L)
    memory.contract(at_size::<R>(1.0, L), [], (t14, []), []);
    let t15 = memory.map("power", t14, |x| power(x, -1.0))?;
    let Wc = memory.read(Wc);
    let t16 = memory.zeros(c);
    let t17 = memory.zeros(c * d);
    // t17[i,j] += t15[] Wc[j,i]
    memory.contract(R::of(1.0), [c, d], (t17, [d, 1]), [(t15, [0, 0]), (Wc, [1, c])]);
    let t18 = memory.zeros(d);
    // t18[i] += Z[j,i]
    memory.contract(R::of(1.0), [d, L], (t18, [1, 0]), [(Z, [1, d])]);
    // t16[i] += t18[j] t17[i,j]
    memory.contract(R::of(1.0), [c, d], (t16, [1, 0]), [(t18, [0, 1]), (t17, [d, 1])]);
    let t19 = memory.call(softmax, t16, [1, c])?;
    let T = memory.read(T);
    let t20 = memory.zeros(c);
    // t20[i] += -1 t15[] T[i]
    memory.contract(R::of(-1.0), [c], (t20, [1]), [(t15, [0]), (T, [1])]);
    let t21 = memory.zeros(1);
    // t21[] += T[i]
    memory.contract(R::of(1.0), [c], (t21, [0]), [(T, [1])]);
    let t22 = memory.zeros(1);
    // t22[] += t15[] t21[]
    memory.contract(R::of(1.0), [], (t22, []), [(t15, []), (t21, [])]);
    // t20[i] += t19[i] t22[]
    memory.contract(R::of(1.0), [c], (t20, [1]), [(t19, [1]), (t22, [0])]);
    let t23 = memory.call(rowstd, t13, [L, d])?;
    let t24 = memory.map("power", t23, |x| power(x, -1.0))?;
    let t25 = memory.zeros(1);
    // t25[] += (d)
    memory.contract(at_size::<R>(1.0, d), [], (t25, []), []);
    let t26 = memory.map("power", t25, |x| power(x, -1.0))?;
    let t27 = memory.zeros(L * d);
    let t28 = memory.zeros(d);
    // t28[i] += t20[j] Wc[i,j]
    memory.contract(R::of(1.0), [d, c], (t28, [1, 0]), [(t20, [0, 1]), (Wc, [c, 1])]);
    // t27[i,j] += t24[i] t28[j]
    memory.contract(R::of(1.0), [L, d], (t27, [d, 1]), [(t24, [1, 0]), (t28, [0, 1])]);
    let t29 = memory.zeros(c);
    // t29[i] += t26[] t20[i]
    memory.contract(R::of(1.0), [c], (t29, [1]), [(t26, [0]), (t20, [1])]);
    let t30 = memory.zeros(d);
    // t30[i] += Wc[i,j] t29[j]
    memory.contract(R::of(1.0), [d, c], (t30, [1, 0]), [(Wc, [c, 1]), (t29, [0, 1])]);
    let t31 = memory.zeros(L);
    // t31[i] += Z[i,j] t30[j]
    memory.contract(R::of(1.0), [L, d], (t31, [1, 0]), [(Z, [d, 1]), (t30, [0, 1])]);
    let t32 = memory.zeros(L);
    // t32[i] += t24[i] t31[i]
    memory.contract(R::of(1.0), [L], (t32, [1]), [(t24, [1]), (t31, [1])]);
    // t27[i,j] += -1 Z[i,j] t32[i]
    memory.contract(R::of(-1.0), [L, d], (t27, [d, 1]), [(Z, [d, 1]), (t32, [1, 0])]);
    let t33 = memory.zeros(L);
    let t34 = memory.zeros(c);
    // t34[i] += Wc[j,i]
    memory.contract(R::of(1.0), [c, d], (t34, [1, 0]), [(Wc, [1, c])]);
    let t35 = memory.zeros(1);
    // t35[] += t34[i] t29[i]
    memory.contract(R::of(1.0), [c], (t35, [0]), [(t34, [1]), (t29, [1])]);
    // t33[i] += -1 t24[i] t35[]
    memory.contract(R::of(-1.0), [L], (t33, [1]), [(t24, [1]), (t35, [0])]);
    let t36 = memory.map("step", t11, step)?;
    let t37 = memory.zeros(L * dff);
    let t38 = memory.zeros(L * dff);
    // t38[i,j] += W2[i,k] t27[j,k]
    memory.gemm(R::of(1.0), (W2, [d, 1]), (t27, [1, d]), (t38, [L, 1]), [dff, d, L]);
    // t37[i,j] += t36[i,j] t38[j,i]
    memory.contract(R::of(1.0), [L, dff], (t37, [dff, 1]), [(t36, [dff, 1]), (t38, [1, L])]);
    let t39 = memory.zeros(L * dff);
    // t39[i,j] += t33[i] t36[i,j]
    memory.contract(R::of(1.0), [L, dff], (t39, [dff, 1]), [(t33, [1, 0]), (t36, [dff, 1])]);
    let t40 = memory.zeros(dff);
    // t40[i] += W2[i,j]
    memory.contract(R::of(1.0), [dff, d], (t40, [1, 0]), [(W2, [d, 1])]);
    // t37[i,j] += t40[j] t39[i,j]
    memory.contract(R::of(1.0), [L, dff], (t37, [dff, 1]), [(t40, [0, 1]), (t39, [dff, 1])]);
    let t41 = memory.zeros(L * d);
    // t41[i,j] += t27[i,j]
    memory.contract(R::of(1.0), [L, d], (t41, [d, 1]), [(t27, [d, 1])]);
    // t41[i,j] += W1[j,k] t37[i,k]
    memory.gemm(R::of(1.0), (W1, [dff, 1]), (t37, [1, dff]), (t41, [1, d]), [d, dff, L]);
    let t42 = memory.call(rowstd, t9, [L, d])?;
    let t43 = memory.map("power", t42, |x| power(x, -1.0))?;
    let t44 = memory.zeros(L * d);
    // t44[i,j] += t43[i] t41[i,j]
    memory.contract(R::of(1.0), [L, d], (t44, [d, 1]), [(t43, [1, 0]), (t41, [d, 1])]);
    let t45 = memory.zeros(L);
    // t45[i] += t26[] t43[i]
    memory.contract(R::of(1.0), [L], (t45, [1]), [(t26, [0]), (t43, [1])]);
    let t46 = memory.zeros(L);
    // t46[i] += Y[i,j] t41[i,j]
    memory.contract(R::of(1.0), [L, d], (t46, [1, 0]), [(Y, [d, 1]), (t41, [d, 1])]);
    let t47 = memory.zeros(L);
    // t47[i] += t45[i] t46[i]
    memory.contract(R::of(1.0), [L], (t47, [1]), [(t45, [1]), (t46, [1])]);
    // t44[i,j] += -1 Y[i,j] t47[i]
    memory.contract(R::of(-1.0), [L, d], (t44, [d, 1]), [(Y, [d, 1]), (t47, [1, 0])]);
    let t48 = memory.zeros(L);
    // t48[i] += t33[i] t45[i]
    memory.contract(R::of(1.0), [L], (t48, [1]), [(t33, [1]), (t45, [1])]);
    let t49 = memory.zeros(L);
    // t49[i] += Y[i,j]
    memory.contract(R::of(1.0), [L, d], (t49, [1, 0]), [(Y, [d, 1])]);
    let t50 = memory.zeros(L);
    // t50[i] += t49[i] t48[i]
    memory.contract(R::of(1.0), [L], (t50, [1]), [(t49, [1]), (t48, [1])]);
    // t44[i,j] += -1 Y[i,j] t50[i]
    memory.contract(R::of(-1.0), [L, d], (t44, [d, 1]), [(Y, [d, 1]), (t50, [1, 0])]);
    let t51 = memory.zeros(L);
    // t51[i] += t43[i] t33[i]
    memory.contract(R::of(1.0), [L], (t51, [1]), [(t43, [1]), (t33, [1])]);
    let t52 = memory.zeros(L);
    // t52[i] += t41[i,j]
    memory.contract(R::of(1.0), [L, d], (t52, [1, 0]), [(t41, [d, 1])]);
    // t51[i] += -1 t52[i] t45[i]
    memory.contract(R::of(-1.0), [L], (t51, [1]), [(t52, [1]), (t45, [1])]);
    // t51[i] += -1 (d) t33[i] t45[i]
    memory.contract(at_size::<R>(-1.0, d), [L], (t51, [1]), [(t33, [1]), (t45, [1])]);
    let t53 = memory.zeros(L * L);
    let t54 = memory.zeros(L * L);
    // t54[i,j] += t44[i,k] t10[j,k]
    memory.gemm(R::of(1.0), (t44, [d, 1]), (t10, [1, d]), (t54, [L, 1]), [L, d, L]);
    // t53[i,j] += A[i,j] t54[i,j]
    memory.contract(R::of(1.0), [L, L], (t53, [L, 1]), [(A, [L, 1]), (t54, [L, 1])]);
    let t55 = memory.zeros(L * L);
    // t55[i,j] += A[i,j] t51[i]
    memory.contract(R::of(1.0), [L, L], (t55, [L, 1]), [(A, [L, 1]), (t51, [1, 0])]);
    let t56 = memory.zeros(d);
    // t56[i] += Wv[i,j]
    memory.contract(R::of(1.0), [d, d], (t56, [1, 0]), [(Wv, [d, 1])]);
    let t57 = memory.zeros(L);
    // t57[i] += Z0[i,j] t56[j]
    memory.contract(R::of(1.0), [L, d], (t57, [1, 0]), [(Z0, [d, 1]), (t56, [0, 1])]);
    // t53[i,j] += t55[i,j] t57[j]
    memory.contract(R::of(1.0), [L, L], (t53, [L, 1]), [(t55, [L, 1]), (t57, [0, 1])]);
    let t58 = memory.zeros(L * d);
    // t58[i,j] += A[i,k] t10[k,j]
    memory.gemm(R::of(1.0), (A, [L, 1]), (t10, [d, 1]), (t58, [d, 1]), [L, L, d]);
    let t59 = memory.zeros(L);
    // t59[i] += t44[i,j] t58[i,j]
    memory.contract(R::of(1.0), [L, d], (t59, [1, 0]), [(t44, [d, 1]), (t58, [d, 1])]);
    // t53[i,j] += -1 A[i,j] t59[i]
    memory.contract(R::of(-1.0), [L, L], (t53, [L, 1]), [(A, [L, 1]), (t59, [1, 0])]);
    let t60 = memory.zeros(L);
    // t60[i] += Z0[i,j] t56[j]
    memory.contract(R::of(1.0), [L, d], (t60, [1, 0]), [(Z0, [d, 1]), (t56, [0, 1])]);
    let t61 = memory.zeros(L);
    // t61[i] += A[i,j] t60[j]
    memory.contract(R::of(1.0), [L, L], (t61, [1, 0]), [(A, [L, 1]), (t60, [0, 1])]);
    // t53[i,j] += -1 t55[i,j] t61[i]
    memory.contract(R::of(-1.0), [L, L], (t53, [L, 1]), [(t55, [L, 1]), (t61, [1, 0])]);
    let t62 = memory.zeros(L * dK);
    // t62[i,j] += Wk[k,i] t2[k,j]
    memory.gemm(R::of(1.0), (Wk, [1, dK]), (t2, [L, 1]), (t62, [L, 1]), [dK, d, L]);
    let t63 = memory.zeros(L * d);
    // t63[i,j] += t44[i,j]
    memory.contract(R::of(1.0), [L, d], (t63, [d, 1]), [(t44, [d, 1])]);
    let t64 = memory.zeros(L * d);
    // t64[i,j] += Wv[i,k] t44[j,k]
    memory.gemm(R::of(1.0), (Wv, [d, 1]), (t44, [1, d]), (t64, [L, 1]), [d, d, L]);
    // t63[i,j] += A[k,i] t64[j,k]
    memory.gemm(R::of(1.0), (A, [1, L]), (t64, [1, L]), (t63, [d, 1]), [L, L, d]);
    let t65 = memory.zeros(L);
    // t65[i] += A[j,i] t51[j]
    memory.contract(R::of(1.0), [L, L], (t65, [1, 0]), [(A, [1, L]), (t51, [0, 1])]);
    // t63[i,j] += t56[j] t65[i]
    memory.contract(R::of(1.0), [L, d], (t63, [d, 1]), [(t56, [0, 1]), (t65, [1, 0])]);
    let t66 = memory.zeros(L * d);
    // t66[i,j] += t62[k,i] t6[j,k]
    memory.gemm(R::of(1.0), (t62, [1, L]), (t6, [1, dK]), (t66, [d, 1]), [L, dK, d]);
    // t63[i,j] += t53[i,k] t66[k,j]
    memory.gemm(R::of(1.0), (t53, [L, 1]), (t66, [d, 1]), (t63, [d, 1]), [L, L, d]);
    let t67 = memory.zeros(d * p);
    let t68 = memory.zeros(d * dK);
    // t68[i,j] += t4[] Wk[i,j]
    memory.contract(R::of(1.0), [d, dK], (t68, [dK, 1]), [(t4, [0, 0]), (Wk, [dK, 1])]);
    let t69 = memory.zeros(d * d);
    // t69[i,j] += Wq[i,k] t68[j,k]
    memory.gemm(R::of(1.0), (Wq, [dK, 1]), (t68, [1, dK]), (t69, [d, 1]), [d, dK, d]);
    let t70 = memory.zeros(L * d);
    // t70[i,j] += t2[k,i] t69[k,j]
    memory.gemm(R::of(1.0), (t2, [1, L]), (t69, [d, 1]), (t70, [d, 1]), [L, d, d]);
    let t71 = memory.zeros(L * p);
    // t71[i,j] += X[k,i] t53[j,k]
    memory.gemm(R::of(1.0), (X, [1, p]), (t53, [1, L]), (t71, [L, 1]), [p, L, L]);
    // t67[i,j] += t70[k,j] t71[i,k]
    memory.gemm(R::of(1.0), (t70, [1, d]), (t71, [1, L]), (t67, [1, d]), [d, L, p]);
    // t67[i,j] += X[k,i] t63[k,j]
    memory.gemm(R::of(1.0), (X, [1, p]), (t63, [d, 1]), (t67, [d, 1]), [p, L, d]);
    let t72 = memory.zeros(p);
    // t72[i] += X[j,i] t51[j]
    memory.contract(R::of(1.0), [p, L], (t72, [1, 0]), [(X, [1, p]), (t51, [0, 1])]);
    let t73 = memory.zeros(d * p);
    // t73[i,j] += t67[i,j]
    memory.contract(R::of(1.0), [p, d], (t73, [d, 1]), [(t67, [d, 1])]);
    // t73[i,j] += t72[i]
    memory.contract(R::of(1.0), [p, d], (t73, [d, 1]), [(t72, [1, 0])]);
    let t74 = memory.zeros(d * dK);
    let t75 = memory.zeros(L * d);
    // t75[i,j] += t4[] t2[i,j]
    memory.contract(R::of(1.0), [d, L], (t75, [L, 1]), [(t4, [0, 0]), (t2, [L, 1])]);
    let t76 = memory.zeros(L * dK);
    // t76[i,j] += t62[i,k] t53[j,k]
    memory.gemm(R::of(1.0), (t62, [L, 1]), (t53, [1, L]), (t76, [L, 1]), [dK, L, L]);
    // t74[i,j] += t75[i,k] t76[j,k]
    memory.gemm(R::of(1.0), (t75, [L, 1]), (t76, [1, L]), (t74, [dK, 1]), [d, L, dK]);
    let t77 = memory.zeros(d * dK);
    let t78 = memory.zeros(d * dK);
    // t78[i,j] += t4[] Wq[j,i]
    memory.contract(R::of(1.0), [dK, d], (t78, [d, 1]), [(t4, [0, 0]), (Wq, [1, dK])]);
    let t79 = memory.zeros(L * dK);
    // t79[i,j] += t2[k,i] t78[j,k]
    memory.gemm(R::of(1.0), (t2, [1, L]), (t78, [1, d]), (t79, [dK, 1]), [L, d, dK]);
    let t80 = memory.zeros(L * d);
    // t80[i,j] += t2[i,k] t53[j,k]
    memory.gemm(R::of(1.0), (t2, [L, 1]), (t53, [1, L]), (t80, [L, 1]), [d, L, L]);
    // t77[i,j] += t79[k,j] t80[i,k]
    memory.gemm(R::of(1.0), (t79, [1, dK]), (t80, [1, L]), (t77, [1, dK]), [dK, L, d]);
    let t81 = memory.zeros(d * d);
    let t82 = memory.zeros(L * d);
    // t82[i,j] += t2[i,k] A[j,k]
    memory.gemm(R::of(1.0), (t2, [L, 1]), (A, [1, L]), (t82, [L, 1]), [d, L, L]);
    // t81[i,j] += t44[k,j] t82[i,k]
    memory.gemm(R::of(1.0), (t44, [1, d]), (t82, [1, L]), (t81, [1, d]), [d, L, d]);
    // t81[i,j] += t2[i,k] t65[k]
    memory.contract(R::of(1.0), [d, d, L], (t81, [d, 1, 0]), [(t2, [L, 0, 1]), (t65, [0, 0, 1])]);
    let t83 = memory.zeros(d * dff);
    // t83[i,j] += Y[k,i] t37[k,j]
    memory.gemm(R::of(1.0), (Y, [1, d]), (t37, [dff, 1]), (t83, [dff, 1]), [d, L, dff]);
    let t84 = memory.zeros(d * dff);
    // t84[i,j] += t12[k,i] t27[k,j]
    memory.gemm(R::of(1.0), (t12, [1, dff]), (t27, [d, 1]), (t84, [d, 1]), [dff, L, d]);
    // t84[i,j] += t12[k,i] t33[k]
    memory.contract(R::of(1.0), [dff, d, L], (t84, [d, 1, 0]), [(t12, [1, 0, dff]), (t33, [0, 0, 1])]);
    let t85 = memory.zeros(c * d);
    // t85[i,j] += t18[i] t20[j]
    memory.contract(R::of(1.0), [d, c], (t85, [c, 1]), [(t18, [1, 0]), (t20, [0, 1])]);
    Ok([
        memory.matrix(t73, p, d),
        memory.matrix(t74, d, dK),
        memory.matrix(t77, d, dK),
        memory.matrix(t81, d, d),
        memory.matrix(t83, d, dff),
        memory.matrix(t84, dff, d),
        memory.matrix(t85, d, c),
    ])
}
