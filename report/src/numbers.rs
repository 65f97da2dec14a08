//! Numbers of a model on data: norms, blocks of the Hessian, eigenvalues, and what it took to compute them.

mod dense;
mod heat;
mod run;
mod spectrum;

use crate::{
    collect::{Options, Progress, Set},
    page::{Numbers, ParameterNorm, Planned},
};
use hesse::dynamic::{Cpu, Dynamic};
use hesse_compiler::{
    diagnostic::{Code, Diagnostic},
    hessian::Part,
    matrix::Matrix,
    ops::grad::GRAD,
    pipeline::{self, Functions, Settings},
    syntax::{Model, Query},
};
use run::Runner;
use std::collections::BTreeMap;

/// Entries of dense Hessians, all samples together, that are computed unless all samples are asked for.
const ENTRIES: usize = 110_000_000;
/// Rows of a Hessian of which all eigenvalues are computed.
pub(crate) const EXACT: usize = 500;

/// Spectral norms, and on how many samples.
#[derive(Debug, Default)]
pub(crate) struct TrueNorms {
    pub(crate) samples: usize,
    /// Of the blocks on and above the diagonal.
    pub(crate) blocks: BTreeMap<(String, String), f64>,
    pub(crate) whole: Option<f64>,
}

/// What was found on one set of data.
pub(crate) struct Found {
    pub(crate) numbers: Numbers,
    pub(crate) norms: TrueNorms,
    pub(crate) plans: Vec<Planned>,
    pub(crate) notes: Vec<String>,
}

/// The numbers on one set of data.
///
/// Errors: data that are missing or do not fit, values outside a domain or not finite.
pub(crate) fn numbers(
    model: &mut Model,
    set: &Set,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Found, Diagnostic> {
    progress(Progress { task: "loss and gradient", done: 0, of: 1 });
    let params = model.leaves();
    let loss = model.loss.expect("the page is of a model with a loss");
    // the loss first: the diagnostics of the ordinary evaluation say best what is wrong with the data
    let mut queries = vec![Query { text: "loss".to_owned(), expr: loss, blocks: vec![] }];
    for (name, x) in &params {
        let expr = model.graph.apply(&GRAD, &[loss, *x]);
        queries.push(Query { text: format!("grad(loss, {name})"), expr, blocks: vec![] });
    }
    let settings = Settings { memory: options.memory, per_sample: false };
    let executor = Dynamic(Cpu::<f64>::new(options.threads));
    let answers = pipeline::evaluate_on(&executor, model, &queries, &set.data, &settings)?;
    let mut notes: Vec<String> = answers.iter().flat_map(|a| a.notes.clone()).filter(|n| n.contains("meets")).collect();
    let frobenius = |m: &Matrix<f64>| m.data.iter().map(|x| x * x).sum::<f64>().sqrt();
    let value = |name: &String| set.data.shared.get(name).cloned().unwrap_or_else(|| Matrix::scalar(0.0));
    let parameters: Vec<ParameterNorm> = params
        .iter()
        .zip(&answers[1..])
        .map(|((name, _), a)| ParameterNorm {
            name: name.clone(),
            count: value(name).data.len(),
            norm: frobenius(&value(name)),
            gradient_norm: frobenius(&a.values[0]),
        })
        .collect();
    let size: usize = parameters.iter().map(|p| p.count).sum();
    let samples = set.data.samples.len().max(1);
    progress(Progress { task: "loss and gradient", done: 1, of: 1 });
    let mut make = Functions::new(model, false);
    let runner = Runner { executor: &executor, data: &set.data, memory: options.memory, times: options.times };
    let mut plans = vec![];
    // the blocks entry by entry, on as many samples as the budget allows
    let dense_samples = match options.all_samples {
        true => samples,
        false => (ENTRIES / size.saturating_mul(size).max(1)).clamp(1, samples),
    };
    // the Hessian, its Gauss-Newton part, and what is computed on the way
    let fits = (size as u128).saturating_mul(size as u128).saturating_mul(8 * 6) <= options.memory;
    let mut blocks = None;
    if fits {
        progress(Progress { task: "blocks of the Hessian", done: 0, of: 2 });
        let whole = make.hessian(Part::Whole)?;
        let h = runner.mean("hessian(loss)", &whole.program, dense_samples, &mut plans)?;
        progress(Progress { task: "blocks of the Hessian", done: 1, of: 2 });
        let gauss_newton = make.hessian(Part::GaussNewton)?;
        let g = runner.mean("gauss_newton(loss)", &gauss_newton.program, dense_samples, &mut plans)?;
        blocks = Some(dense::Blocks::new(&parameters, h, &g));
        progress(Progress { task: "blocks of the Hessian", done: 2, of: 2 });
        if dense_samples < samples {
            notes.push(format!(
                "blocks, their norms, heat maps and bounds are of the first {dense_samples} of {samples} samples; loss, gradient and \
                 eigenvalues are of all (--all-samples computes the blocks on all)"
            ));
        }
    } else {
        notes.push(format!("the Hessian of {size}×{size} entries does not fit in memory: no blocks, no heat map"));
    }
    let matrix = blocks.as_ref().filter(|_| dense_samples == samples).map(dense::Blocks::matrix);
    let spectrum = match matrix {
        Some(m) => spectrum::of_matrix(&m, options.memory, &mut notes, progress),
        None => {
            let hvp = make.hvp()?;
            runner.products(&hvp, &parameters, &mut plans, &mut |product| {
                spectrum::of_product(size, product, &mut notes, progress)
            })?
        }
    };
    let mut norms = TrueNorms { samples: dense_samples, ..TrueNorms::default() };
    let mut table = vec![];
    let (mut share, mut heat) = (None, None);
    if let Some(b) = &blocks {
        progress(Progress { task: "norms of blocks", done: 0, of: 1 });
        table = b.norms();
        norms.blocks = table.iter().map(|n| ((n.row.clone(), n.col.clone()), n.spectral)).collect();
        norms.whole = Some(b.norm());
        share = b.gauss_newton_share(&table);
        heat = Some(heat::heat(b));
        progress(Progress { task: "norms of blocks", done: 1, of: 1 });
    }
    let diagonal: Vec<f64> = table.iter().filter(|n| n.row == n.col).map(|n| n.spectral).collect();
    let (least, most) = diagonal.iter().fold((f64::INFINITY, 0.0f64), |(a, b), &x| (a.min(x), b.max(x)));
    let numbers = Numbers {
        label: set.label.clone(),
        source: set.source.clone(),
        samples,
        dense_samples: if fits { dense_samples } else { 0 },
        size,
        loss: answers[0].values[0].data[0],
        parameters,
        blocks: table,
        gauss_newton_share: share,
        heterogeneity: Some(most / least).filter(|x| diagonal.len() > 1 && x.is_finite()),
        spectrum,
        heat,
    };
    Ok(Found { numbers, norms, plans, notes })
}

/// What was not finite, for the user.
fn not_finite(what: &str) -> Diagnostic {
    Diagnostic::new(Code::Infinite, format!("the value of `{what}` is not finite"))
        .help("a sum or product overflows the range of double precision")
}
