//! `hesse eval`: numbers.

use crate::{Manner, arrays, device::Device, files, output, say};
use hesse_compiler::{
    data::{self, Data},
    diagnostic::{Code, Diagnostic},
    pipeline::{self, Settings},
    syntax::Model,
};
use std::{collections::BTreeMap, path::PathBuf};

/// Evaluate queries on data
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Data are .json ({\"X\": [[…]], \"L\": 3}), .npz or .safetensors. Sizes are read off the arrays. A leading extra axis on \
    every\ninput and target is a batch: the loss is the mean over it, and so is everything derived.\n\
    A query that begins with a minus is written -q='-loss'.\n\n\
    Example: hesse eval attention.hesse --data attention.json -q 'hessian(loss, Wq, Wq)'\n\
    Example: hesse eval attention.hesse --random 7 --dims L=8,dV=4,dK=3 -q 'norm2(hessian(loss))' -o norm.json"
)]
pub(crate) struct Args {
    /// Model file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    depth: files::Depth,
    /// Data file: .json, .npz or .safetensors; may be given several times, as for weights and a batch
    #[arg(long, value_name = "DATA", required_unless_present = "random", conflicts_with = "random")]
    data: Vec<PathBuf>,
    /// An array of the data under the name that the model has for it, transposed with a prime: "encoder.q.weight=Wq'"
    #[arg(long, value_name = "NAME=NAME", value_parser = arrays::Rename::parse, conflicts_with = "random")]
    map: Vec<arrays::Rename>,
    /// Random data of that seed, with the sizes of --dims
    #[arg(long, value_name = "SEED", requires = "dims")]
    random: Option<u64>,
    /// Sizes of random data: L=8,dV=4
    #[arg(long, value_name = "SIZES", value_parser = dims, conflicts_with = "data")]
    dims: Option<BTreeMap<String, usize>>,
    /// What to evaluate; may be given several times
    #[arg(short, long = "query", required = true, value_name = "QUERY", num_args = 1..)]
    query: Vec<String>,
    /// Where to write: .json (standard output if not given), .npz or .safetensors
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Keep the batch axis instead of the mean over it
    #[arg(long)]
    per_sample: bool,
    /// Most memory to use, as in 512MiB or 2GiB; a quarter of the machine's if not given
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    memory: Option<u128>,
    #[command(flatten)]
    device: Device,
}

/// So many threads, or one for every processor.
pub(crate) fn threads(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

/// `L=8,dV=4`.
///
/// Errors: a sentence about what is wrong.
pub(crate) fn dims(text: &str) -> Result<BTreeMap<String, usize>, String> {
    let mut out = BTreeMap::new();
    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (name, n) = part.split_once('=').ok_or_else(|| format!("`{part}` is not NAME=SIZE"))?;
        let n: usize = n.trim().parse().map_err(|_| format!("`{}` is not a positive whole number", n.trim()))?;
        if n == 0 {
            return Err(format!("the size {} is 0; sizes are positive whole numbers", name.trim()));
        }
        if n as u64 > 1 << 53 {
            return Err(format!("the size {} is {n}, which is too large", name.trim()));
        }
        if out.insert(name.trim().to_owned(), n).is_some() {
            return Err(format!("the size {} is given twice", name.trim()));
        }
    }
    Ok(out)
}

/// `2GiB`.
pub(crate) fn memory(text: &str) -> Result<u128, String> {
    let t = text.trim();
    let end = t.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(t.len());
    let n: f64 = t[..end].parse().map_err(|_| format!("`{text}` is not a size in memory such as 2GiB"))?;
    let unit = match t[end..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1u64,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        other => return Err(format!("`{other}` is not a unit; use KiB, MiB, GiB or TiB")),
    };
    Ok((n * unit as f64) as u128)
}

/// A quarter of the machine's memory, or 2 GiB where that is not told.
pub(crate) fn quarter() -> u128 {
    let total = std::fs::read_to_string("/proc/meminfo").ok().and_then(|t| {
        let line = t.lines().find(|l| l.starts_with("MemTotal:"))?.to_owned();
        line.split_whitespace().nth(1)?.parse::<u128>().ok()
    });
    total.map_or(2 << 30, |kib| kib * 1024 / 4)
}

/// Random data, unless they would not fit in memory.
pub(crate) fn random(model: &Model, seed: u64, dims: &BTreeMap<String, usize>, limit: u128) -> Result<Data, Vec<Diagnostic>> {
    let needed = data::random_bytes(model, dims);
    if needed > limit {
        let message = format!("not enough memory: the random data need {needed} bytes, the limit is {limit}");
        return Err(vec![Diagnostic::new(Code::Memory, message).help("give smaller sizes, or raise the limit with --memory")]);
    }
    data::random(model, seed, dims)
}

/// What is printed on standard output; nothing if it is written to a file.
///
/// Errors: the diagnostics.
pub(crate) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    let kind = output::Kind::of(args.output.as_deref()).map_err(|m| files::file_error(m, manner))?;
    let mut model = files::model(&args.file, &args.depth, manner)?;
    let queries = files::queries(&mut model, &args.query, manner)?;
    let shown = |errors: Vec<Diagnostic>| files::render(&errors, &[], manner);
    let none = BTreeMap::new();
    let limit = args.memory.unwrap_or_else(quarter);
    let given: Data = match (args.data.as_slice(), args.random) {
        (paths @ [_, ..], _) => arrays::read(paths, &args.map, &model, limit).map_err(|d| shown(vec![*d]))?,
        ([], seed) => random(&model, seed.unwrap_or(0), args.dims.as_ref().unwrap_or(&none), limit).map_err(shown)?,
    };
    let bound = data::bind(&model, &given).map_err(shown)?;
    let unused: Vec<String> = data::unused(&model, &given)
        .into_iter()
        .map(|(name, meant)| meant.map_or_else(|| name.clone(), |m| format!("{name} (did you mean `{m}`?)")))
        .collect();
    let settings = Settings { memory: limit, per_sample: args.per_sample };
    let (executor, _) = args.device.executor(manner)?;
    let answers = pipeline::evaluate_on(executor.as_ref(), &mut model, &queries, &bound, &settings).map_err(|d| {
        let d = if given.arrays.is_empty() { d.help("the data have no arrays") } else { d };
        let d = if unused.is_empty() { d } else { d.help(format!("the data also have {}", unused.join(", "))) };
        d.render(&model.sources, manner.color)
    })?;
    if !manner.quiet {
        if !unused.is_empty() {
            say(&format!("note: not used by the model: {}", unused.join(", ")));
        }
        for a in &answers {
            for n in &a.notes {
                say(&format!("note: {}: {n}", a.query));
            }
        }
    }
    let keep = args.per_sample && bound.batched;
    output::write(&answers, keep, kind, args.output.as_deref()).map_err(|m| files::file_error(m, manner))
}
