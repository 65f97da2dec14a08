//! The operations, one row a file.

pub mod build;
pub mod kink;
pub mod rowwise;

pub mod abs;
pub mod add;
pub mod adj;
pub mod argmax;
pub mod avgpool2d;
pub mod basis;
pub mod batchnorm;
pub mod blockdiag;
pub mod cofactor2;
pub mod colsum;
pub mod commutation;
pub mod conv1d;
pub mod conv2d;
pub mod cos;
pub mod cross_entropy;
pub mod det;
pub mod diag;
pub mod diagof;
pub mod diagonal;
pub mod differential;
pub mod dot;
pub mod erf;
pub mod exp;
pub mod eye;
pub mod flatten;
pub mod functional;
pub mod gauss_newton;
pub mod gelu;
pub mod grad;
pub mod hadamard;
pub mod hcat;
pub mod hessian;
pub mod hinge;
pub mod hvp;
pub mod inv;
pub mod jacobian;
pub mod kron;
pub mod layernorm;
pub mod layernorm_affine;
pub mod leaky_relu;
pub mod log;
pub mod logdet;
pub mod logsumexp;
pub mod mat_r;
pub mod max;
pub mod maxpool2d;
pub mod mean;
pub mod mse;
pub mod mul;
pub mod nll;
pub mod norm1;
pub mod norm2;
pub mod norm2_grad;
pub mod norm2_resolvent;
pub mod normf;
pub mod norminf;
pub mod normmax;
pub mod ones;
pub mod patches;
pub mod power;
pub mod relu;
pub mod rmsnorm;
pub mod rmsnorm_affine;
pub mod rowargmax;
pub mod rowmax;
pub mod rowrms;
pub mod rowstd;
pub mod rowsum;
pub mod scale;
pub mod sigmoid;
pub mod sign;
pub mod silu;
pub mod sin;
pub mod size;
pub mod slice;
pub mod softmax;
pub mod softplus;
pub mod step;
pub mod sum;
pub mod tanh;
pub mod trace;
pub mod transpose;
pub mod unit;
pub mod vcat;
pub mod vec;
pub mod vec_r;
pub mod windows;
pub mod zeros;

use crate::expr::Op;

/// Every operation.
#[rustfmt::skip]
pub static ALL: &[&Op] = &[
    &abs::ABS, &add::ADD, &adj::ADJ, &argmax::ARGMAX, &avgpool2d::AVGPOOL2D, &basis::BASIS, &batchnorm::BATCHNORM, &blockdiag::BLOCKDIAG, &cofactor2::COFACTOR2,
    &colsum::COLSUM, &commutation::COMMUTATION, &conv1d::CONV1D, &conv2d::CONV2D, &cos::COS, &cross_entropy::CROSS_ENTROPY, &det::DET, &diag::DIAG,
    &diagof::DIAGOF, &diagonal::DIAGONAL, &differential::DIFFERENTIAL, &dot::DOT, &erf::ERF, &exp::EXP, &eye::EYE, &flatten::FLATTEN,
    &functional::FUNCTIONAL, &gauss_newton::GAUSS_NEWTON, &gelu::GELU, &grad::GRAD, &hadamard::HADAMARD, &hcat::HCAT,
    &hessian::HESSIAN, &hinge::HINGE, &hvp::HVP, &inv::INV, &jacobian::JACOBIAN, &kron::KRON, &layernorm::LAYERNORM,
    &layernorm_affine::LAYERNORM_AFFINE, &leaky_relu::LEAKY_RELU, &log::LOG,
    &logdet::LOGDET, &logsumexp::LOGSUMEXP, &mat_r::MAT_R, &max::MAX, &maxpool2d::MAXPOOL2D, &mean::MEAN, &mse::MSE, &mul::MUL, &nll::NLL, &norm1::NORM1,
    &norm2::NORM2, &norm2_grad::NORM2_GRAD, &norm2_resolvent::NORM2_RESOLVENT, &normf::NORMF, &norminf::NORMINF,
    &normmax::NORMMAX, &ones::ONES, &patches::PATCHES, &power::POWER, &relu::RELU, &rmsnorm::RMSNORM, &rmsnorm_affine::RMSNORM_AFFINE,
    &rowargmax::ROWARGMAX, &rowmax::ROWMAX, &rowrms::ROWRMS, &rowstd::ROWSTD, &rowsum::ROWSUM, &scale::SCALE, &sigmoid::SIGMOID, &sign::SIGN, &silu::SILU,
    &sin::SIN, &size::SIZE, &slice::SLICE, &softmax::SOFTMAX, &softplus::SOFTPLUS, &step::STEP, &sum::SUM, &tanh::TANH,
    &trace::TRACE, &transpose::TRANSPOSE, &unit::UNIT, &vcat::VCAT, &vec::VEC, &vec_r::VEC_R, &windows::WINDOWS, &zeros::ZEROS,
];

/// The operation called `name` in the language.
pub fn named(name: &str) -> Option<&'static Op> {
    ALL.iter().copied().find(|op| op.name == name)
}
