//! Convolution of sequences, `conv1d(X, W)`: that of images of one row. A sequence is a matrix C × n, a kernel `C_out × C × k`
//! the matrix C_out × C k; p windows of k entries are h apart.

use crate::expr::{Form, Forms, Meaning, Op};

/// `conv1d(A, B, p, k, h)`.
pub static CONV1D: Op = Op {
    name: "conv1d",
    signature: "c×h*(p - 1) + k, o×c*k, p, k, h -> o×p",
    meaning: Meaning::Formula("B patches(A, 1, p, 1, k, h)"),
    bound: "normF: sqrt(k) norm2(B) normF(A)",
    forms: Forms {
        text: Form::Call("conv1d"),
        latex: Form::Template(r"\operatorname{conv}_{$E}($A,\,$B)"),
        mathml: Form::Call("conv1d"),
    },
    ..Op::BLANK
};
