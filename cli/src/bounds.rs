//! `hesse bounds`: norm bounds of every Hessian block.

mod deep;
mod json;
mod page;

use crate::{Manner, eval::threads, files, source::Source};
use hesse::dynamic::{Cpu, Dynamic};
use hesse_compiler::{
    bound::{Bounds, Style, Symbols},
    diagnostic::Diagnostic,
    hessian::Part,
    pipeline::{self, Loss, Measured, Settings},
    print::Format,
    syntax::Model,
};
use std::path::PathBuf;

/// Bound the spectral norms of all blocks of the Hessian, as formulas and, on data, as numbers beside the true norms
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Norms in a formula: norm2, normF, norminf, norm1, normmax as in the language; normrow and normcol are the longest row\n\
    and column. With data the bound of a batch is the mean of the bounds of its samples, rounded up: norms are computed by intervals. The true\n\
    norm is exact to 1e-10; of many parameters it is found by products with vectors. The bound in the other style stands beside it.\n\
    Where a loop counts to a size without a value (`for p in 1..L`), bounds are closed forms for every depth.\n\n\
    Example: hesse bounds attention.hesse\n\
    Example: hesse bounds attention.hesse --style thesis\n\
    Example: hesse bounds attention.hesse --data attention.json --format json"
)]
pub(crate) struct Args {
    /// Model file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    depth: files::Depth,
    #[command(flatten)]
    source: Source,
    /// How to print it
    #[arg(long, default_value = "text", value_parser = ["text", "latex", "mathml", "json"])]
    format: String,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Which part of the Hessian
    #[arg(long, default_value = "whole", value_parser = ["whole", "gauss-newton", "functional"])]
    part: String,
    /// Which constants: the sharpest known, or those that the thesis on Hessians of deep networks publishes, corrected where they are
    /// false as printed
    #[arg(long, default_value = "tight", value_parser = ["tight", "thesis"])]
    style: String,
    /// Which norms may remain: those of data, of all named nodes too, of the Jacobians and curvatures at the data (the tightest; exact but
    /// for rounding), or only what `assume` bounds
    #[arg(long, default_value = "data", value_parser = ["data", "nodes", "jacobians", "declared"])]
    symbols: String,
    /// Print the leading terms as all sizes grow alike, instead of bounds
    #[arg(long, conflicts_with_all = ["data", "random"])]
    asymptotic: bool,
    /// Print how each bound is derived
    #[arg(long)]
    explain: bool,
    /// Print where the slack arises: along the recursion the bound of every Jacobian and curvature beside its true norm
    #[arg(long, requires = "Source", conflicts_with = "asymptotic")]
    slack: bool,
}

/// What has been found, to be printed.
struct Found {
    model: Model,
    bounds: Bounds,
    style: Style,
    numbers: Option<Numbers>,
    /// Where the slack arises.
    losses: Vec<Loss>,
}

/// On data, of every block and of the whole.
struct Numbers {
    /// In the style that was asked for.
    blocks: Vec<Option<Measured>>,
    whole: Option<Measured>,
    /// The bounds in the other style.
    other: Vec<Option<f64>>,
    other_whole: Option<f64>,
    /// Norms that are right but for rounding.
    open: Vec<String>,
}

/// The name of a style on the command line.
fn name(style: Style) -> &'static str {
    match style {
        Style::Tight => "tight",
        Style::Thesis => "thesis",
    }
}

fn part(args: &Args) -> Part {
    match args.part.as_str() {
        "gauss-newton" => Part::GaussNewton,
        "functional" => Part::Functional,
        _ => Part::Whole,
    }
}

fn symbols(args: &Args) -> Symbols {
    match args.symbols.as_str() {
        "declared" => Symbols::Declared,
        "nodes" => Symbols::Nodes,
        "jacobians" => Symbols::Jacobians,
        _ => Symbols::Data,
    }
}

fn style(args: &Args) -> Style {
    if args.style == "thesis" { Style::Thesis } else { Style::Tight }
}

/// What is printed on standard output.
///
/// Errors: the diagnostics.
pub(crate) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    let format = if args.json { Format::Json } else { Format::parse(&args.format).expect("clap admits only these formats") };
    if let Some(text) = deep::run(args, format, manner)? {
        return Ok(text);
    }
    let mut model = files::model(&args.file, &args.depth, manner)?;
    let (part, symbols, style) = (part(args), symbols(args), style(args));
    let other = if style == Style::Tight { Style::Thesis } else { Style::Tight };
    let data = args.source.read(&model, manner)?;
    let sources = model.sources.clone();
    let shown = |d: Diagnostic| d.render(&sources, manner.color);
    let bounds = pipeline::bounds_in_style(&mut model, part, symbols, style).map_err(shown)?;
    let bounds = if args.asymptotic { bounds.asymptotic() } else { bounds };
    let (mut losses, mut numbers) = (vec![], None);
    if let Some((data, memory)) = data {
        let settings = Settings { memory, per_sample: false };
        if args.slack {
            losses = pipeline::losses(&mut model, &bounds, &data, &settings).map_err(shown)?;
        }
        let executor = Dynamic(Cpu::<f64>::new(threads(None)));
        let own = pipeline::numbers(&mut model, &bounds, &data, &settings).map_err(shown)?;
        let norms = pipeline::norms(&executor, &mut model, part, &data, &settings).map_err(shown)?;
        // the thesis has norms of data alone
        let plain = if symbols == Symbols::Declared { symbols } else { Symbols::Data };
        let b = pipeline::bounds_in_style(&mut model, part, plain, other).map_err(shown)?;
        let other = pipeline::numbers(&mut model, &b, &data, &settings).map_err(shown)?;
        let measured = |bound: Option<f64>, norm: f64| bound.map(|bound| Measured { bound, norm });
        numbers = Some(Numbers {
            blocks: own.blocks.iter().zip(&norms.blocks).map(|(b, n)| measured(*b, *n)).collect(),
            whole: measured(own.whole, norms.whole),
            other: other.blocks,
            other_whole: other.whole,
            open: own.open,
        });
    }
    let found = Found { model, bounds, style, numbers, losses };
    Ok(match format {
        Format::Json => json::text(&found),
        format => page::text(&found, format, args.explain, args.asymptotic),
    })
}
