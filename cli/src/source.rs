//! Data that may be given or drawn: `--data FILE`, or `--random SEED --dims SIZES`.

use crate::{Manner, arrays, eval, files, say};
use hesse_compiler::{data, diagnostic::Diagnostic, syntax::Model};
use std::{collections::BTreeMap, path::PathBuf};

/// Where data come from.
#[derive(clap::Args, Debug)]
pub(crate) struct Source {
    /// Data file: .json, .npz or .safetensors
    #[arg(long, value_name = "DATA", conflicts_with = "random")]
    pub(crate) data: Option<PathBuf>,
    /// Random data of that seed, with the sizes of --dims
    #[arg(long, value_name = "SEED", requires = "dims")]
    random: Option<u64>,
    /// Sizes of random data: L=8,dV=4
    #[arg(long, value_name = "SIZES", value_parser = eval::dims, conflicts_with = "data")]
    dims: Option<BTreeMap<String, usize>>,
    /// Most memory to use, as in 512MiB or 2GiB; a quarter of the machine's if not given
    #[arg(long, value_name = "SIZE", value_parser = eval::memory)]
    memory: Option<u128>,
}

impl Source {
    /// The data, bound to the model, and the most memory to use; nothing if none are given.
    ///
    /// Errors: the rendered diagnostics.
    pub(crate) fn read(&self, model: &Model, manner: Manner) -> Result<Option<(data::Bound, u128)>, String> {
        let shown = |errors: Vec<Diagnostic>| files::render(&errors, &[], manner);
        let limit = self.memory.unwrap_or_else(eval::quarter);
        let given = match (&self.data, self.random, &self.dims) {
            (Some(path), ..) => arrays::read(path, model, limit).map_err(|d| shown(vec![*d]))?,
            (None, Some(seed), Some(dims)) => eval::random(model, seed, dims, limit).map_err(shown)?,
            _ => return Ok(None),
        };
        let unused = data::unused(model, &given);
        if !unused.is_empty() && !manner.quiet {
            let names: Vec<&str> = unused.iter().map(|u| u.0.as_str()).collect();
            say(&format!("note: not used by the model: {}", names.join(", ")));
        }
        Ok(Some((data::bind(model, &given).map_err(shown)?, limit)))
    }
}
