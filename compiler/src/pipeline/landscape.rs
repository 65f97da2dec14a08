//! The landscape measure of a model on a data set, and how the empirical risk moves as objects join it.

use super::{Settings, bounds, evaluate, norm_of_whole, norms::symmetric_blocks, values};
use crate::{
    bound::{Formula, Symbols},
    data::Bound,
    diagnostic::{Code, Diagnostic},
    hessian::Part,
    matrix::Matrix,
    syntax::{Model, Query},
};

/// One object joining the k before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Increment {
    /// How many there are with it.
    pub count: usize,
    /// `|L_k+1 - L_k|`, with L the mean of the losses.
    pub change: f64,
    /// `2 M / (k + 1)`, with M the largest modulus of a loss so far: formula (1.6) as it holds.
    pub bound: f64,
}

/// The landscape of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Landscape {
    /// The mean of `‖H_i - mean H‖₂` over the samples.
    pub measure: f64,
    /// Its bound `2 (1 - 1/N) mean b_i`, with b_i the bound of `‖H_i‖₂`; none where there is no bound.
    pub bound: Option<f64>,
    /// The increments, one an object from the second on.
    pub increments: Vec<Increment>,
}

/// The landscape of the loss over a batch.
///
/// Errors: the data are no batch; those of [`bounds`], [`values`] and [`evaluate`].
pub fn landscape(model: &mut Model, data: &Bound, settings: &Settings) -> Result<Landscape, Diagnostic> {
    let b = bounds(model, Part::Whole, Symbols::Data)?;
    let n = data.samples.len();
    if n < 2 {
        let d = Diagnostic::new(Code::Batch, "the landscape measure needs a batch of two samples or more");
        return Err(d.help("give every input and target one more axis in front: the samples"));
    }
    let settings = Settings { per_sample: true, ..*settings };
    let queries = symmetric_blocks(model, Part::Whole);
    let answers = evaluate(model, &queries, data, &settings)?;
    let of_sample =
        |i: usize| -> Vec<Matrix<f64>> { answers.iter().map(|a| a.values[i.min(a.values.len() - 1)].clone()).collect() };
    let mut mean = of_sample(0);
    for i in 1..n {
        mean = mean.iter().zip(&of_sample(i)).map(|(a, b)| a.zip(b, |x, y| x + y)).collect();
    }
    let mean: Vec<Matrix<f64>> = mean.iter().map(|m| m.map(|x| x / n as f64)).collect();
    let deviation = |i: usize| {
        let all: Vec<Matrix<f64>> = of_sample(i).iter().zip(&mean).map(|(a, b)| a.zip(b, |x, y| x - y)).collect();
        norm_of_whole(&all)
    };
    let measure = (0..n).map(deviation).sum::<f64>() / n as f64;
    let formulas: Vec<Formula> = b.blocks.iter().map(|x| x.reason.bound).collect();
    let values = values(model, &b, &formulas, data, &settings)?;
    // ‖H_i - mean‖ ≤ (1 - 1/N) ‖H_i‖ + Σ ‖H_j‖ / N over the others
    let bound = values.of(&b, b.whole).map(|mean| (2.0 * (1.0 - 1.0 / n as f64) * mean).next_up());
    let loss = Query { text: "loss".to_owned(), expr: model.loss.expect("it has been bounded"), blocks: vec![] };
    let losses: Vec<f64> = evaluate(model, &[loss], data, &settings)?[0].values.iter().map(|m| m.data[0]).collect();
    let (mut sum, mut largest, mut increments) = (0.0, 0.0f64, vec![]);
    for (k, &x) in losses.iter().enumerate() {
        largest = largest.max(x.abs());
        if k > 0 {
            let (before, after) = (sum / k as f64, (sum + x) / (k + 1) as f64);
            increments.push(Increment {
                count: k + 1,
                change: (after - before).abs(),
                bound: (2.0 * largest / (k + 1) as f64).next_up(),
            });
        }
        sum += x;
    }
    Ok(Landscape { measure, bound, increments })
}
