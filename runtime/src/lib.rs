//! What a Rust program uses of hesse: `#[derive(Hessian)]` and what the derived methods give back.
//!
//! ```
//! use hesse::prelude::*;
//!
//! #[derive(Hessian)]
//! #[hesse(model = "
//!     dim m, n
//!     input X: m × n
//!     param w: n
//!     target y: m
//!     loss mse(X w, y)
//! ")]
//! struct Regression {
//!     w: DVector<f64>,
//! }
//!
//! let model = Regression { w: DVector::from_vec(vec![1.0, -2.0]) };
//! let (x, y) = (DMatrix::from_row_slice(3, 2, &[1.0, 0.0, 2.0, 1.0, 0.0, 3.0]), DVector::zeros(3));
//! let h = model.hessian(&x, &y)?;
//! assert!((h.block("w", "w") - x.transpose() * &x * (2.0 / 3.0)).norm() < 1e-14);
//! # Ok::<(), hesse::Error>(())
//! ```

// what the macro writes names the crate by its absolute path, here too
extern crate self as hesse;

#[doc(hidden)]
pub mod batch;
mod block_hessian;
#[cfg(any(feature = "opencl", feature = "cuda"))]
pub mod device;
#[cfg(feature = "dynamic")]
pub mod dynamic;
mod entries;
mod error;
pub mod operators;
#[doc(hidden)]
pub mod private;
mod real;

pub use block_hessian::BlockHessian;
pub use entries::{Entries, Layer, Parameter};
pub use error::Error;
#[cfg(feature = "derive")]
pub use hesse_macros::Hessian;
pub use nalgebra;
pub use real::Real;

/// Everything that a program with derived Hessians names.
pub mod prelude {
    #[cfg(feature = "derive")]
    pub use crate::Hessian;
    pub use crate::{BlockHessian, Error, Real, operators::LinearOperator};
    pub use nalgebra::{DMatrix, DVector, SMatrix, SVector};
}
