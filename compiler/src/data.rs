//! Data bound to a model: sizes, shared arrays and samples.

use crate::matrix::Matrix;
use std::collections::BTreeMap;

/// Data that fits a model.
#[derive(Clone, Debug, Default)]
pub struct Bound {
    /// The value of every size.
    pub sizes: BTreeMap<String, usize>,
    /// Arrays that do not change from sample to sample.
    pub shared: BTreeMap<String, Matrix<f64>>,
    /// Arrays of each sample.
    pub samples: Vec<BTreeMap<String, Matrix<f64>>>,
    /// Whether the data had a batch axis.
    pub batched: bool,
}
