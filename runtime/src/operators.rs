//! Matrices that are known by their products with vectors: their norm, eigenvalues, trace, density of eigenvalues, inverse.
//!
//! ```
//! use hesse::{operators::*, prelude::*};
//!
//! // a Hessian of nearly a billion entries by its product with a vector: 1 in all places, 2 more on the diagonal
//! let n = 30_000;
//! let h = Product::symmetric(n, |v: &DVector<f64>| v * 2.0 + DVector::repeat(n, v.sum()));
//! let top = top_eigenvalues(&h, 2, Control::default())?;
//! assert!((top.pairs[0].value - 30_002.0).abs() < 1e-6 && (top.pairs[1].value - 2.0).abs() < 1e-6);
//! let step = solve(&h, &DVector::repeat(n, 1.0), 0.5, Control::default().seed(7))?;
//! assert!((step.vector[0] - 1.0 / 30_002.5).abs() < 1e-12);
//! # Ok::<(), hesse::Error>(())
//! ```
//!
//! All results are the same bits for the same seed; all stop by counts of products, never by a clock.
//!
//! The iterations are a page of our own over nalgebra's dense eigenvalues, because no library fits: `lanczos` 0.2 and
//! `eigenvalues` 0.4 are of older versions of nalgebra and tell no residual, `ndarray-linalg` and `arpack` need Fortran, and the
//! solver of `faer` 0.24 finds only what is largest in absolute value, without progress or errors that a caller could act on.

mod combine;
mod control;
mod density;
mod diagonal;
mod eigenvalues;
mod error;
mod krylov;
mod linear;
mod product;
mod random;
mod solve;

pub use combine::{Scaled, Shifted, Sum, Transpose};
pub use control::{Control, Progress};
pub use density::{Density, spectral_density};
pub use diagonal::{Diagonal, Method, Trace, diagonal, trace};
pub use eigenvalues::{Eigenpair, Eigenvalues, Extremes, Norm, extreme_eigenvalues, spectral_norm, top_eigenvalues};
pub use error::OperatorError;
pub use linear::LinearOperator;
#[doc(hidden)]
pub use product::hessian_product;
pub use product::{HessianProduct, Product};
pub use solve::{Solution, solve};
