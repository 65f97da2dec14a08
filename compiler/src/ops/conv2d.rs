//! Convolution of images, `conv2d(X, W)`: as in networks, the kernel is not flipped and nothing is padded. An image `C × m × n`
//! is the matrix C × m n, a kernel `C_out × C × k × l` the matrix C_out × C k l: their vec_r is the row-major order of the
//! arrays, and the convolution is a product of matrices, so that all its derivatives are those of the product. The sizes that
//! the matrices do not show (p×q windows of k×l entries, h apart) are arguments.

use crate::expr::{Form, Forms, Meaning, Op};

/// `conv2d(A, B, p, q, k, l, h)`.
pub static CONV2D: Op = Op {
    name: "conv2d",
    signature: "c×(h*(p - 1) + k)*(h*(q - 1) + l), o×c*k*l, p, q, k, l, h -> o×p*q",
    meaning: Meaning::Formula("B patches(A, p, q, k, l, h)"),
    axes: "o×p×q",
    bound: "normF: sqrt(k l) norm2(B) normF(A)",
    forms: Forms {
        text: Form::Call("conv2d"),
        latex: Form::Template(r"\operatorname{conv}_{$G}($A,\,$B)"),
        mathml: Form::Call("conv2d"),
    },
    ..Op::BLANK
};
