//! `OperatorError`: why an iteration with an operator has no result.

/// Why an iteration with an operator has no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OperatorError {
    /// Shapes that do not fit.
    #[error("{what} must be {}×{}, but is {}×{}", needed[0], needed[1], found[0], found[1])]
    Shape {
        /// Of what.
        what: &'static str,
        /// Rows and columns that it has.
        found: [usize; 2],
        /// Rows and columns that it must have.
        needed: [usize; 2],
    },
    /// The operator is not symmetric, or does not say that it is.
    #[error("the operator must be symmetric")]
    NotSymmetric,
    /// A count or a parameter outside of its range.
    #[error("{what} must be {needed}, but is {found}")]
    Parameter {
        /// Of what.
        what: &'static str,
        /// Its value.
        found: f64,
        /// What is asked of it.
        needed: &'static str,
    },
    /// Numbers that are infinite or not numbers.
    #[error("{0} is not finite")]
    NotFinite(String),
    /// A direction in which a matrix that should be positive definite is not.
    #[error("the operator is not positive definite: in a direction p, p' A p / p' p is {curvature:e}; more damping may help")]
    NotPositiveDefinite {
        /// `p' A p / p' p`, with the damping.
        curvature: f64,
    },
    /// The products that were allowed did not suffice.
    #[error("{task} did not converge in {products} products: the residual is {residual:e}, the tolerance {tolerance:e}")]
    NotConverged {
        /// What was computed.
        task: &'static str,
        /// How many products were made.
        products: usize,
        /// The residual that was reached.
        residual: f64,
        /// The one that was wanted.
        tolerance: f64,
    },
}
