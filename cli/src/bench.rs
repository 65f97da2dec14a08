//! `hesse bench`: how long queries take, and what was planned for them.

use crate::{Manner, device::Device, files, source::Source};
use hesse_compiler::{
    index::{Failure, Prepared, Sample, Setting},
    pipeline,
};
use std::{fmt::Write, path::PathBuf, time::Instant};

/// Time queries, and tell the work that was planned
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: hesse bench attention.hesse --random 7 --dims L=49,dV=16,dK=16 -q 'hessian(loss)' --threads 1\n\
    Example: hesse bench attention.hesse --data attention.json -q 'hessian(loss, Wq, Wk)' --plan"
)]
pub(crate) struct Args {
    /// Model file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    depth: files::Depth,
    #[command(flatten)]
    source: Source,
    /// What to evaluate; may be given several times
    #[arg(short, long = "query", required = true, value_name = "QUERY", num_args = 1..)]
    query: Vec<String>,
    #[command(flatten)]
    device: Device,
    /// Print the plan too: operations, kind, sizes of every step
    #[arg(long)]
    plan: bool,
    /// Machine-readable
    #[arg(long)]
    json: bool,
}

/// Seconds that a query is repeated for, and most times.
const SECONDS: f64 = 1.0;
const RUNS: usize = 1000;

/// What was measured of one query.
#[derive(serde::Serialize)]
struct Measured {
    query: String,
    compile_s: f64,
    median_s: f64,
    min_s: f64,
    runs: usize,
    flops: f64,
    bytes: f64,
    threads: usize,
    device: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
}

/// A table, or JSON.
///
/// Errors: the diagnostics.
pub(crate) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    let started = Instant::now();
    let mut model = files::model(&args.file, &args.depth, manner)?;
    let queries = files::queries(&mut model, &args.query, manner)?;
    let parsed = started.elapsed().as_secs_f64();
    let Some((bound, memory)) = args.source.read(&model, manner)? else {
        return Err(files::file_error("data are needed: --data FILE, or --random SEED --dims SIZES".to_owned(), manner));
    };
    let threads = args.device.threads();
    let (executor, device) = args.device.executor(manner)?;
    let one = [Sample::new()];
    let samples: &[Sample] = if bound.samples.is_empty() { &one } else { &bound.samples };
    let size = |name: &str| bound.sizes.get(name).copied();
    let mut table = vec![];
    for q in &queries {
        let compiling = Instant::now();
        let program = pipeline::program(&mut model, q).map_err(|d| d.render(&model.sources, manner.color))?;
        let varying = samples.iter().flat_map(|s| s.keys().cloned()).collect();
        let setting = Setting { size: &size, memory, samples: samples.len(), varying };
        let failed = |f: Failure| pipeline::failed(&f, &format!("`{}`", q.text)).render(&[], manner.color);
        let ready = executor.prepare(&program, setting).map_err(failed)?;
        let compile_s = parsed + compiling.elapsed().as_secs_f64();
        let times = repeat(ready.as_ref(), &bound.shared, samples).map_err(failed)?;
        let (flops, bytes) = ready.work().unwrap_or_default();
        table.push(Measured {
            query: q.text.clone(),
            compile_s,
            median_s: times[times.len() / 2],
            min_s: times[0],
            runs: times.len(),
            flops: flops as f64,
            bytes: bytes as f64,
            threads,
            device: device.clone(),
            plan: ready.plan().filter(|_| args.plan),
        });
    }
    if args.json {
        let text = serde_json::to_string_pretty(&serde_json::json!({ "queries": table }));
        return text.map(|t| t + "\n").map_err(|e| files::file_error(format!("the table cannot be written: {e}"), manner));
    }
    Ok(text(&table))
}

/// Times of repeated evaluations, the shortest first, after one that is not counted.
fn repeat(ready: &dyn Prepared, shared: &Sample, samples: &[Sample]) -> Result<Vec<f64>, Failure> {
    ready.reclaim(ready.mean(shared, samples)?);
    let (begin, mut times) = (Instant::now(), vec![]);
    while times.is_empty() || times.len() < RUNS && begin.elapsed().as_secs_f64() < SECONDS {
        let start = Instant::now();
        ready.reclaim(ready.mean(shared, samples)?);
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn text(table: &[Measured]) -> String {
    let mut out = String::new();
    for m in table {
        if let Some(plan) = &m.plan {
            let _ = writeln!(out, "{:>14}  {:<12} step", "operations", "kind");
            let _ = writeln!(out, "{plan}");
        }
    }
    let _ = writeln!(
        out,
        "{:>10} {:>10} {:>10} {:>6} {:>9} {:>9} {:>8}  query",
        "compile ms", "median ms", "least ms", "runs", "Mflop", "Mbyte", "Gflop/s"
    );
    for m in table {
        let _ = writeln!(
            out,
            "{:>10.1} {:>10.4} {:>10.4} {:>6} {:>9.2} {:>9.2} {:>8.1}  {}",
            1e3 * m.compile_s,
            1e3 * m.median_s,
            1e3 * m.min_s,
            m.runs,
            m.flops / 1e6,
            m.bytes / 1e6,
            m.flops / 1e9 / m.median_s,
            m.query
        );
    }
    out
}
