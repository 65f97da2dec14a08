//! `hesse derive`: formulas.

use crate::{Manner, files};
use hesse_compiler::{
    pipeline,
    print::Format,
    simplify::{Extraction, Settings},
};
use std::{collections::BTreeMap, path::PathBuf};

/// Derive formulas
#[derive(clap::Args, Debug)]
#[command(after_help = "A query is an expression over the names of the file: grad(f, X), jacobian(F, X), hessian(f, X, Y), \
    hessian(f) for all\nparameters, gauss_newton(f), functional(f), hvp(f, V, …), d(F), or any formula of them.\n\
    A query that begins with a minus is written -q='-loss'.\n\n\
    Example: hesse derive attention.hesse -q 'hessian(loss, Wq, Wk)' -q 'grad(loss, Wv)' --format latex")]
pub(crate) struct Args {
    /// Model file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    depth: files::Depth,
    /// What to derive; may be given several times
    #[arg(short, long = "query", required = true, value_name = "QUERY", num_args = 1..)]
    query: Vec<String>,
    /// How to print it
    #[arg(long, default_value = "text", value_parser = ["text", "latex", "mathml", "json", "hesse"])]
    format: String,
    /// Print the steps of the simplification: law, place, before, after, what was given
    #[arg(long)]
    explain: bool,
    /// Which of all equal formulas: the one that reads best, or the cheapest to compute at the sizes of --dims
    #[arg(long, default_value = "readable", value_parser = ["readable", "cheapest"])]
    form: String,
    /// Sizes that the cheapest formula is for: L=8,dV=4; 32 for each that is not given
    #[arg(long, value_name = "SIZES", value_parser = crate::eval::dims)]
    dims: Option<BTreeMap<String, usize>>,
}

/// What is printed on standard output.
///
/// Errors: the diagnostics.
pub(crate) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    let format = Format::parse(&args.format).expect("clap admits only these formats");
    let mut model = files::model(&args.file, &args.depth, manner)?;
    let queries = files::queries(&mut model, &args.query, manner)?;
    let extraction = match args.form.as_str() {
        "cheapest" => Extraction::Cheapest(args.dims.clone().unwrap_or_default()),
        _ => Extraction::Readable,
    };
    let settings = Settings { proofs: args.explain, extraction, ..Settings::default() };
    pipeline::formulas(&mut model, &queries, format, &settings).map_err(|d| d.render(&model.sources, manner.color))
}
