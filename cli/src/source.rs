//! Data that may be given or drawn: `--data FILE`, or `--random SEED --dims SIZES`.

use crate::{
    Manner,
    arrays::{self, Rename},
    eval, files, say,
};
use hesse_compiler::{
    data::{self, Data},
    diagnostic::Diagnostic,
    syntax::Model,
};
use hesse_report::Set;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Where data come from.
#[derive(clap::Args, Debug)]
pub(crate) struct Source {
    /// Data file: .json, .npz or .safetensors; may be given several times, as for weights and a batch
    #[arg(long, value_name = "DATA", conflicts_with = "random")]
    pub(crate) data: Vec<PathBuf>,
    /// An array of the data under the name that the model has for it, transposed with a prime: "encoder.q.weight=Wq'"
    #[arg(long, value_name = "NAME=NAME", value_parser = Rename::parse, conflicts_with = "random")]
    map: Vec<Rename>,
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
    /// Whether there are data.
    pub(crate) fn given_any(&self) -> bool {
        !self.data.is_empty() || self.random.is_some()
    }

    /// The most memory to use.
    pub(crate) fn limit(&self) -> u128 {
        self.memory.unwrap_or_else(eval::quarter)
    }

    /// The seed of random data.
    pub(crate) fn seed(&self) -> Option<u64> {
        self.random
    }

    fn given(&self, model: &Model, manner: Manner) -> Result<Option<Data>, String> {
        let shown = |errors: Vec<Diagnostic>| files::render(&errors, &[], manner);
        let given = match (self.data.as_slice(), self.random, &self.dims) {
            ([], Some(seed), Some(dims)) => eval::random(model, seed, dims, self.limit()).map_err(shown)?,
            ([], ..) => return Ok(None),
            (paths, ..) => arrays::read(paths, &self.map, model, self.limit()).map_err(|d| shown(vec![*d]))?,
        };
        Ok(Some(given))
    }

    fn bound(&self, model: &Model, given: &Data, manner: Manner) -> Result<data::Bound, String> {
        let unused = data::unused(model, given);
        if !unused.is_empty() && !manner.quiet {
            let names: Vec<&str> = unused.iter().map(|u| u.0.as_str()).collect();
            say(&format!("note: not used by the model: {}", names.join(", ")));
        }
        data::bind(model, given).map_err(|errors| files::render(&errors, &[], manner))
    }

    /// The data, bound to the model, and the most memory to use; nothing if none are given.
    ///
    /// Errors: the rendered diagnostics.
    pub(crate) fn read(&self, model: &Model, manner: Manner) -> Result<Option<(data::Bound, u128)>, String> {
        let Some(given) = self.given(model, manner)? else { return Ok(None) };
        Ok(Some((self.bound(model, &given, manner)?, self.limit())))
    }

    /// The data as they are, and with the arrays of a second file in the place of those of the same name.
    ///
    /// Errors: the rendered diagnostics.
    pub(crate) fn sets(&self, model: &Model, second: Option<&Path>, manner: Manner) -> Result<Vec<Set>, String> {
        let Some(given) = self.given(model, manner)? else { return Ok(vec![]) };
        let first = (given.source.clone(), self.bound(model, &given, manner)?);
        let Some(path) = second else { return Ok(labelled(first, None)) };
        let more = arrays::read_over(path, &self.map, model, self.limit());
        let more = more.map_err(|d| files::render(&[*d], &[], manner))?;
        let source = format!("{}, {}", given.source, more.source);
        let mut over = Data { source: source.clone(), ..given };
        over.arrays.extend(more.arrays);
        over.sizes.extend(more.sizes);
        Ok(labelled(first, Some((source, self.bound(model, &over, manner)?))))
    }
}

/// Sets of data under the names that charts give them.
fn labelled(first: (String, data::Bound), second: Option<(String, data::Bound)>) -> Vec<Set> {
    let set = |label: &str, (source, data): (String, data::Bound)| Set { label: label.to_owned(), source, data };
    match second {
        None => vec![set("", first)],
        Some(second) => vec![set("before", first), set("after", second)],
    }
}
