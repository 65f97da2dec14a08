//! `hesse landscape`: the landscape measure of a model on a data set.

use crate::{Manner, files, source::Source};
use hesse_compiler::{
    bound::rounded_up,
    pipeline::{self, Settings},
};
use serde_json::json;
use std::path::PathBuf;

/// Measure how the Hessians of single samples differ from their mean, and how the loss moves as samples join
#[derive(clap::Args, Debug)]
#[command(
    after_help = "The measure is the mean of norm2(H_i - mean H) over the samples of a batch. The increments are |L_(k+1) - L_k| of the mean\n\
    loss as samples join in order, beside their bound 2 M / (k + 1) with M the largest loss so far.\n\n\
    Example: hesse landscape mlp.hesse --data batch.npz"
)]
pub(crate) struct Args {
    /// Model file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    depth: files::Depth,
    #[command(flatten)]
    source: Source,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is printed on standard output.
///
/// Errors: the diagnostics.
pub(crate) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    let mut model = files::model(&args.file, &args.depth, manner)?;
    let Some((data, memory)) = args.source.read(&model, manner)? else {
        return Err(files::file_error("the landscape is that of a data set: give one with --data".to_owned(), manner));
    };
    let settings = Settings { memory, per_sample: true };
    let found = pipeline::landscape(&mut model, &data, &settings).map_err(|d| d.render(&model.sources, manner.color))?;
    if args.json {
        let steps = found.increments.iter().map(|i| json!({ "count": i.count, "increment": i.change, "bound": i.bound }));
        let steps: Vec<serde_json::Value> = steps.collect();
        return Ok(format!("{}\n", json!({ "measure": found.measure, "bound": found.bound, "increments": steps })));
    }
    let bound = found.bound.map_or("none".to_owned(), rounded_up);
    let mut out = format!("mean of norm2(H_i - mean H) = {:.6e}, bound {bound}\n", found.measure);
    out.push_str("  samples  |L_k - L_(k-1)|  bound 2 M / k\n");
    for i in &found.increments {
        out.push_str(&format!("  {:7}  {:15.6e}  {:>13}\n", i.count, i.change, rounded_up(i.bound)));
    }
    Ok(out)
}
