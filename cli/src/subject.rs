//! What `hesse report` and `hesse plot` are of: a model, data with one or two sets of weights, and how much to compute.

use crate::{Manner, eval, files, source::Source};
use hesse_compiler::syntax::Model;
use hesse_report::Options;
use std::path::PathBuf;

/// A model and its data.
#[derive(clap::Args, Debug)]
pub(crate) struct Subject {
    /// Model file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    depth: files::Depth,
    #[command(flatten)]
    source: Source,
    /// A second set of weights: its arrays take the place of those of the first
    #[arg(long, value_name = "DATA", requires = "data")]
    data2: Option<PathBuf>,
    /// Most threads to use; all processors if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Compute the blocks of the Hessian on all samples, however long it takes
    #[arg(long)]
    all_samples: bool,
}

impl Subject {
    /// The model, and what to collect of it: without times, and without the command that made it.
    ///
    /// Errors: the rendered diagnostics.
    pub(crate) fn read(&self, manner: Manner) -> Result<(Model, Options), String> {
        let model = files::model(&self.file, &self.depth, manner)?;
        let sets = self.source.sets(&model, self.data2.as_deref(), manner)?;
        let options = Options {
            command: String::new(),
            seed: self.source.seed(),
            sets,
            memory: self.source.limit(),
            threads: eval::threads(self.threads),
            times: false,
            all_samples: self.all_samples,
        };
        Ok((model, options))
    }
}
