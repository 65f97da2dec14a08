//! `hesse report`: one page with everything that is known of a model, and its sidecar.

use crate::{Manner, eval, files, output, progress::Bar, say, source::Source};
use hesse_report::{Options, Set};
use std::path::{Path, PathBuf};

/// Write one page with all that is known of a model: formulas, derivations, bounds, and on data numbers and charts
#[derive(clap::Args, Debug)]
#[command(
    after_help = "The page is one file without anything outside of it. Beside it stands its sidecar with every number and formula of the\n\
    page: report.json beside report.html.\n\n\
    Example: hesse report attention.hesse -o report.html\n\
    Example: hesse report attention.hesse --random 7 --dims L=16,dV=8,dK=4 -o report.html\n\
    Example: hesse report vit.hesse --data batch.npz --data before.npz --data2 after.npz -o report.tex"
)]
pub(crate) struct Args {
    /// Model file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    source: Source,
    /// A second set of weights: its arrays take the place of those of the first
    #[arg(long, value_name = "DATA", requires = "data")]
    data2: Option<PathBuf>,
    /// Where to write: .html, .md or .tex; and .json beside it
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// Most threads to use; all processors if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Compute the blocks of the Hessian on all samples, however long it takes
    #[arg(long)]
    all_samples: bool,
    /// Leave out measured times, so that the same input gives the same bytes
    #[arg(long)]
    no_times: bool,
}

/// A format of pages.
#[derive(Clone, Copy)]
enum Kind {
    Html,
    Markdown,
    Tex,
}

fn kind(path: &Path) -> Result<Kind, String> {
    match output::ending(path)?.as_str() {
        "html" | "htm" => Ok(Kind::Html),
        "md" => Ok(Kind::Markdown),
        "tex" => Ok(Kind::Tex),
        _ => Err(format!("`{}` does not end in .html, .md or .tex", path.display())),
    }
}

/// Nothing is printed on standard output: the page goes to its file.
///
/// Errors: the diagnostics.
pub(crate) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    let kind = kind(&args.output).map_err(|m| files::file_error(m, manner))?;
    let mut model = files::model(&args.file, manner)?;
    let read = args.source.sets(&model, args.data2.as_deref(), manner)?;
    let memory = args.source.limit();
    let options = Options {
        command: command(),
        seed: args.source.seed(),
        sets: read,
        memory,
        threads: eval::threads(args.threads),
        times: !args.no_times,
        all_samples: args.all_samples,
    };
    let mut bar = Bar::new(manner);
    let report = hesse_report::collect(&mut model, &options, &mut |p| bar.tell(p));
    bar.finish();
    let report = report.map_err(|d| d.render(&model.sources, manner.color))?;
    let page = match kind {
        Kind::Html => hesse_report::html(&report),
        Kind::Markdown => hesse_report::markdown(&report),
        Kind::Tex => hesse_report::tex(&report),
    };
    let failed = |m: String| files::file_error(m, manner);
    let sidecar = serde_json::to_string(&report).map_err(|e| failed(format!("the sidecar cannot be written: {e}")))?;
    output::both(&args.output, page.as_bytes(), &args.output.with_extension("json"), (sidecar + "\n").as_bytes())
        .map_err(failed)?;
    if !manner.quiet {
        for n in &report.notes {
            say(&format!("note: {n}"));
        }
    }
    Ok(String::new())
}

/// The command as it was given, for a shell.
fn command() -> String {
    let quoted = |word: String| {
        let plain = |c: char| c.is_alphanumeric() || "-_./=,:+@%".contains(c);
        if !word.is_empty() && word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    let words = std::env::args_os().skip(1).map(|w| quoted(w.to_string_lossy().into_owned()));
    std::iter::once("hesse".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Sets of data under the names that charts give them.
pub(crate) fn labelled(
    first: (String, hesse_compiler::data::Bound),
    second: Option<(String, hesse_compiler::data::Bound)>,
) -> Vec<Set> {
    let set = |label: &str, (source, data): (String, hesse_compiler::data::Bound)| Set { label: label.to_owned(), source, data };
    match second {
        None => vec![set("", first)],
        Some(second) => vec![set("before", first), set("after", second)],
    }
}
