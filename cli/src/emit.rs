//! `hesse emit`: source code.

mod kernels;
mod manifest;

use crate::{Manner, files};
use hesse_compiler::{
    emit::{Function, Typical, identifier, rust},
    hessian::Part,
    pipeline::{Functions, not_emitted},
    print::CONVENTION,
};
use std::{collections::BTreeMap, path::PathBuf};

/// Write source code that computes queries
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Without queries: the loss, its gradient, and its Hessian by blocks. The Rust module needs the crate `hesse`, whose\n\
    default features may be off. Kernels for CUDA or OpenCL are for the sizes of --dims or --data, or take sizes as arguments; beside\n\
    them a manifest, of the same name but .json, says how they are run.\n\n\
    Example: hesse emit attention.hesse --target rust -o attention.rs\n\
    Example: hesse emit attention.hesse --target rust --functions loss,gradient -o attention.rs\n\
    Example: hesse emit attention.hesse --target rust -q 'hessian(loss, Wq, Wk)' --dims L=49,dV=16,dK=16 -o block.rs\n\
    Example: hesse emit attention.hesse --target cuda -q 'hessian(loss)' --dims L=49,dV=16,dK=16 -o attention.cu"
)]
pub(crate) struct Args {
    /// Model file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    depth: files::Depth,
    /// Language to write
    #[arg(long, value_parser = ["rust", "cuda", "opencl"])]
    target: String,
    /// What the functions compute, one each; may be given several times
    #[arg(short, long = "query", value_name = "QUERY", num_args = 1..)]
    query: Vec<String>,
    /// Which functions to write without queries
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "loss,gradient,hessian",
        value_parser = ["loss", "gradient", "hessian", "hvp"], conflicts_with = "query")]
    functions: Vec<String>,
    /// Typical sizes, for which the order of products is chosen; of kernels, their sizes
    #[arg(long, value_name = "SIZES", value_parser = crate::eval::dims)]
    dims: Option<BTreeMap<String, usize>>,
    /// Data whose sizes the kernels are for: .json, .npz or .safetensors
    #[arg(long, value_name = "DATA", conflicts_with = "dims")]
    data: Option<PathBuf>,
    /// Numbers of kernels
    #[arg(long, value_name = "TYPE", default_value = "f64", value_parser = ["f32", "f64"])]
    dtype: String,
    /// Where to write
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
}

/// Nothing is printed on standard output: the code goes to its file.
///
/// Errors: the diagnostics.
pub(crate) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    if args.target != "rust" {
        return kernels::run(args, manner);
    }
    let mut model = files::model(&args.file, &args.depth, manner)?;
    let queries = files::queries(&mut model, &args.query, manner)?;
    let sources = model.sources.clone();
    let shown = |d: hesse_compiler::diagnostic::Diagnostic| d.render(&sources, manner.color);
    let mut make = Functions::new(&mut model, true);
    let mut functions: Vec<Function> = vec![];
    for name in args.functions.iter().filter(|_| queries.is_empty()) {
        let made = match name.as_str() {
            "loss" => make.loss(),
            "gradient" => make.gradient(),
            "hvp" => make.hvp(),
            _ => make.hessian(Part::Whole),
        };
        functions.push(made.map_err(shown)?);
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for q in &queries {
        let plain = q.text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect::<String>();
        let words: Vec<&str> = plain.split('_').filter(|w| !w.is_empty()).collect();
        // a single word may be the name of something that the module uses
        let single = q.text.chars().all(|c| c.is_alphanumeric() || c == '_');
        let name = format!("{}{}", if single { "value_of_" } else { "" }, identifier(&words.join("_")));
        let count = taken.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { name } else { format!("{name}_{count}") };
        functions.push(make.query(&name, q).map_err(shown)?);
    }
    let file = args.file.file_name().unwrap_or_default().to_string_lossy();
    let names: Vec<String> = functions.iter().map(|f| format!("`{}`", f.name)).collect();
    let page =
        [format!("{} of the model `{file}`, written by hesse.", names.join(", ")), String::new(), format!("{CONVENTION}.")];
    let typical = Typical(args.dims.clone().unwrap_or_default());
    let text = rust::module(&page, &functions, &typical, "hesse").map_err(|e| shown(not_emitted("all of these", &e)))?;
    crate::output::whole(&args.output, text.as_bytes()).map_err(|m| files::file_error(m, manner))?;
    Ok(String::new())
}
