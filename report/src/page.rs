//! `Report`: the contents of a page, which is also what the sidecar `report.json` holds, member by member.

use serde::Serialize;
use std::collections::BTreeMap;

/// The contents of a page.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of hesse.
    pub version: String,
    /// The command that makes the page again.
    pub command: String,
    /// How matrices become vectors.
    pub convention: String,
    /// The model.
    pub model: ModelText,
    /// Gradients, Hessian blocks, and their parts.
    pub formulas: Formulas,
    /// How each formula was simplified.
    pub derivations: Vec<Derived>,
    /// Bounds of the blocks; none where there is no loss.
    pub bounds: Bounded,
    /// Numbers on data: none, one set of weights, or two.
    pub numbers: Vec<Numbers>,
    /// What was computed, with its cost.
    pub plans: Vec<Planned>,
    /// What the reader should know: what was not proved, limits that were reached, kinks.
    pub notes: Vec<String>,
}

/// The model as written.
#[derive(Clone, Debug, Serialize)]
pub struct ModelText {
    /// The name of its file.
    pub file: String,
    /// Its text.
    pub text: String,
    /// What it declares.
    pub names: Vec<Declared>,
    /// The number of parameters, in sizes.
    pub parameters: String,
    /// The same on the data.
    pub parameter_count: Option<usize>,
    /// The sizes on the data.
    pub sizes: BTreeMap<String, usize>,
    /// The seed of random data.
    pub seed: Option<u64>,
}

/// A name of the model.
#[derive(Clone, Debug, Serialize)]
pub struct Declared {
    /// `size`, `input`, `target`, `const`, `param`, `node`, `loss`, `assume`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// Its shape, or what is said of it.
    pub shape: String,
    /// The extents on the data.
    pub extents: Option<Vec<usize>>,
}

/// All formulas.
#[derive(Clone, Debug, Serialize)]
pub struct Formulas {
    /// What several formulas share, each before what it stands in.
    pub parts: Vec<FormulaOf>,
    /// Gradients and blocks on and above the diagonal; those below are their transposes.
    pub results: Vec<FormulaOf>,
    /// A Rust module that computes the loss, the gradient and the Hessian.
    pub rust: Option<String>,
}

/// A formula in all formats.
#[derive(Clone, Debug, Serialize)]
pub struct FormulaOf {
    /// The query; of a part, its name.
    pub name: String,
    /// `part`, `gradient`, `hessian`, `gauss_newton`, `functional`.
    pub kind: String,
    /// The parameter of the rows.
    pub row: Option<String>,
    /// The parameter of the columns.
    pub col: Option<String>,
    /// Its shape in sizes.
    pub shape: String,
    /// As text.
    pub text: String,
    /// As a LaTeX display.
    pub latex: String,
    /// As MathML.
    pub mathml: String,
    /// In the language.
    pub hesse: String,
    /// The result of the Rust module that it is, or the command that writes a module for it; nothing for parts.
    pub rust: Option<String>,
    /// Where the module returns it: a function, and which of its results, from 1.
    pub place: Option<(String, usize)>,
}

/// How one formula was simplified.
#[derive(Clone, Debug, Serialize)]
pub struct Derived {
    /// The query or the part.
    pub of: String,
    /// What its variables stand for.
    pub parts: BTreeMap<String, String>,
    /// Before the first step.
    pub start: String,
    /// The steps.
    pub steps: Vec<Step>,
    /// After the last.
    pub end: String,
    /// Nodes of the e-graph.
    pub nodes: usize,
    /// Why the search ended.
    pub stop: String,
}

/// A step of a derivation.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// The law.
    pub law: String,
    /// What it says.
    pub statement: String,
    /// The shapes and facts that it asks for.
    pub given: String,
    /// The place of the change, by numbers of arguments from the whole.
    pub place: String,
    /// What stands to the left of the change, the change, and what stands to the right of it.
    pub before: [String; 3],
    /// The same after it.
    pub after: [String; 3],
}

/// Bounds of the spectral norms of the blocks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Bounded {
    /// One a block on and below the diagonal.
    pub blocks: Vec<BoundOf>,
    /// The bound of the whole Hessian.
    pub whole: Option<BoundOf>,
    /// What several bounds share.
    pub parts: Vec<BoundPart>,
    /// Why a bound is missing.
    pub missing: Vec<String>,
    /// The norms of the named nodes beside their bounds, in the order of the model: where the slack arises.
    pub layers: Vec<LayerSlack>,
}

/// A part of bounds.
#[derive(Clone, Debug, Serialize)]
pub struct BoundPart {
    /// Its name.
    pub name: String,
    /// As text.
    pub text: String,
    /// As LaTeX.
    pub latex: String,
    /// As MathML.
    pub mathml: String,
}

/// A bound.
#[derive(Clone, Debug, Serialize)]
pub struct BoundOf {
    /// The parameter of the rows; nothing for the whole.
    pub row: String,
    /// The parameter of the columns.
    pub col: String,
    /// As text.
    pub text: String,
    /// As LaTeX.
    pub latex: String,
    /// As MathML.
    pub mathml: String,
    /// What it rests on.
    pub assumptions: Vec<String>,
    /// Its value on the data.
    pub bound: Option<f64>,
    /// The true norm on the same samples.
    pub norm: Option<f64>,
    /// `bound / norm`.
    pub slack: Option<f64>,
}

/// The norm of a named node.
#[derive(Clone, Debug, Serialize)]
pub struct LayerSlack {
    /// The node.
    pub name: String,
    /// The mean over the samples of the bound of its spectral norm.
    pub bound: f64,
    /// The mean of the norms.
    pub norm: f64,
    /// `bound / norm`.
    pub slack: f64,
}

/// Numbers of one set of weights.
#[derive(Clone, Debug, Serialize)]
pub struct Numbers {
    /// `before`, `after`; empty if there is one set only.
    pub label: String,
    /// Where the data come from.
    pub source: String,
    /// How many samples there are; 1 without a batch.
    pub samples: usize,
    /// Of how many of them, the first ones, the blocks were computed entry by entry; none if they do not fit.
    pub dense_samples: usize,
    /// Rows of the Hessian.
    pub size: usize,
    /// The loss.
    pub loss: f64,
    /// The parameters.
    pub parameters: Vec<ParameterNorm>,
    /// Blocks on and above the diagonal.
    pub blocks: Vec<BlockNorm>,
    /// `‖GN‖_F / (‖GN‖_F + ‖functional‖_F)`.
    pub gauss_newton_share: Option<f64>,
    /// The largest spectral norm of a diagonal block over the smallest.
    pub heterogeneity: Option<f64>,
    /// The eigenvalues.
    pub spectrum: Option<Spectrum>,
    /// The logarithms of the entries of the Hessian.
    pub heat: Option<Heat>,
}

/// Norms of a parameter.
#[derive(Clone, Debug, Serialize)]
pub struct ParameterNorm {
    /// Its name.
    pub name: String,
    /// How many entries it has.
    pub count: usize,
    /// The Frobenius norm.
    pub norm: f64,
    /// The Frobenius norm of the gradient.
    pub gradient_norm: f64,
}

/// Norms of a block of the Hessian.
#[derive(Clone, Debug, Serialize)]
pub struct BlockNorm {
    /// The parameter of the rows.
    pub row: String,
    /// The parameter of the columns.
    pub col: String,
    /// The spectral norm.
    pub spectral: f64,
    /// The Frobenius norm.
    pub frobenius: f64,
    /// The Frobenius norm of the Gauss-Newton part.
    pub gauss_newton: f64,
    /// The Frobenius norm of the functional part.
    pub functional: f64,
}

/// Eigenvalues of the Hessian over all samples.
#[derive(Clone, Debug, Serialize)]
pub struct Spectrum {
    /// `exact`, or `lanczos` for a quadrature of the density.
    pub method: String,
    /// How it was found, in words.
    pub how: String,
    /// Eigenvalues, or nodes of the quadrature, ascending.
    pub nodes: Vec<f64>,
    /// The share of the eigenvalues that each stands for.
    pub weights: Vec<f64>,
    /// The largest eigenvalues, the largest first.
    pub top: Vec<f64>,
    /// The smallest.
    pub smallest: Option<f64>,
    /// The sum of all.
    pub trace: Option<f64>,
    /// The standard error of the trace; 0 if it is exact.
    pub trace_error: Option<f64>,
}

/// An image of the Hessian: `log10` of the largest absolute entry in each cell.
#[derive(Clone, Debug, Serialize)]
pub struct Heat {
    /// Cells in a row.
    pub side: usize,
    /// Rows of the Hessian.
    pub rows: usize,
    /// Row by row, to three digits; `null` where all entries are zero.
    pub cells: Vec<Option<f64>>,
    /// Names of the blocks with the row at which each begins.
    pub borders: Vec<(String, usize)>,
}

/// A computation.
#[derive(Clone, Debug, Serialize)]
pub struct Planned {
    /// What is computed.
    pub of: String,
    /// Samples it was planned for.
    pub samples: usize,
    /// Floating-point operations.
    pub flops: f64,
    /// Bytes read and written.
    pub bytes: f64,
    /// Seconds that one evaluation took; nothing where times are not wanted.
    pub seconds: Option<f64>,
    /// The dearest steps in their order: operations, kind, step.
    pub steps: Vec<(f64, String, String)>,
    /// How many cheaper steps are not shown.
    pub omitted: usize,
}
