//! `hesse plot`: one chart.

use crate::{Manner, files, output, progress::Bar, subject::Subject};
use hesse_report::{
    Bounded,
    plot::{self, Image, Kind},
};
use std::path::PathBuf;

/// Draw one chart: entries of the Hessian, its spectrum, norms of blocks, slack of bounds
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: hesse plot attention.hesse --data attention.json --kind heatmap -o h.svg\n\
    Example: hesse plot attention.hesse --data attention.json --kind slack -o slack.png")]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// What to draw
    #[arg(long, value_name = "KIND", value_parser = ["heatmap", "spectrum", "blocks", "slack"])]
    kind: String,
    /// Where to write: .svg or .png
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
}

/// Nothing is printed on standard output: the chart goes to its file.
///
/// Errors: the diagnostics.
pub(crate) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    let failed = |m: String| files::file_error(m, manner);
    let image = match output::ending(&args.output).map_err(failed)?.as_str() {
        "svg" => Image::Svg,
        "png" => Image::Png,
        _ => return Err(failed(format!("`{}` does not end in .svg or .png", args.output.display()))),
    };
    output::writable(&[&args.output], None).map_err(failed)?;
    let (mut model, options) = args.subject.read(manner)?;
    if options.sets.is_empty() {
        return Err(failed("a chart is of numbers: give data with --data FILE, or --random SEED --dims SIZES".to_owned()));
    }
    let mut bar = Bar::new(manner);
    let shown =
        |d: hesse_compiler::diagnostic::Diagnostic, model: &hesse_compiler::syntax::Model| d.render(&model.sources, manner.color);
    let drawn = match args.kind.as_str() {
        "slack" => {
            let bounds = hesse_report::bounds_of(&mut model, &options, &mut |p| bar.tell(p)).map_err(|d| shown(d, &model))?;
            plot::plot(Kind::Slack, image, &[], &bounds)
        }
        kind => {
            let numbers = hesse_report::numbers_of(&mut model, &options, &mut |p| bar.tell(p)).map_err(|d| shown(d, &model))?;
            let kind = match kind {
                "spectrum" => Kind::Spectrum,
                "blocks" => Kind::Blocks,
                _ => Kind::Heatmap,
            };
            plot::plot(kind, image, &numbers, &Bounded::default())
        }
    };
    bar.finish();
    output::whole(&args.output, &drawn.map_err(failed)?).map_err(failed)?;
    Ok(String::new())
}
