//! The operations, one row a file.

pub mod build;

pub mod add;
pub mod adj;
pub mod commutation;
pub mod det;
pub mod diag;
pub mod differential;
pub mod dot;
pub mod eye;
pub mod functional;
pub mod gauss_newton;
pub mod grad;
pub mod hadamard;
pub mod hessian;
pub mod hvp;
pub mod inv;
pub mod jacobian;
pub mod kron;
pub mod mat_r;
pub mod mul;
pub mod ones;
pub mod power;
pub mod scale;
pub mod size;
pub mod slice;
pub mod transpose;
pub mod vec_r;
pub mod zeros;

use crate::expr::Op;

/// Every operation.
#[rustfmt::skip]
pub static ALL: &[&Op] = &[
    &add::ADD, &adj::ADJ, &commutation::COMMUTATION, &det::DET, &diag::DIAG, &differential::DIFFERENTIAL, &dot::DOT,
    &eye::EYE, &functional::FUNCTIONAL, &gauss_newton::GAUSS_NEWTON, &grad::GRAD, &hadamard::HADAMARD,
    &hessian::HESSIAN, &hvp::HVP, &inv::INV, &jacobian::JACOBIAN, &kron::KRON, &mat_r::MAT_R, &mul::MUL, &ones::ONES,
    &power::POWER, &scale::SCALE, &size::SIZE, &slice::SLICE, &transpose::TRANSPOSE, &vec_r::VEC_R, &zeros::ZEROS,
];

/// The operation called `name` in the language.
pub fn named(name: &str) -> Option<&'static Op> {
    ALL.iter().copied().find(|op| op.name == name)
}
