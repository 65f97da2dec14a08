//! `hesse bounds`: norm bounds of every Hessian block.

use crate::{Manner, files};
use hesse_compiler::{
    bound::{self, Symbols},
    hessian::Part,
    print::Format,
};
use std::{collections::BTreeMap, path::PathBuf};

/// Bound the norms of all blocks of the Hessian
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Model file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What is printed on standard output.
///
/// Errors: the diagnostics.
pub(crate) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    let mut model = files::model(&args.file, manner)?;
    let loss = model.loss.expect("x");
    let b = bound::bounds(&mut model, loss, Part::Whole, Symbols::Data).map_err(|e| e.to_string())?;
    let mut out = String::new();
    for x in &b.blocks {
        let f = bound::printed(&b.calculus.book, &model.graph, x.reason.bound, &BTreeMap::new(), Format::Text);
        out.push_str(&format!("{} {}: {f}\n", x.row, x.col));
    }
    Ok(out)
}
