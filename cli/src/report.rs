//! `hesse report`: one page with everything that is known of a model, and its sidecar.

use crate::{Manner, files, output, progress::Bar, say, subject::Subject};
use hesse_report::Page;
use std::path::{Path, PathBuf};

/// Write one page with all that is known of a model: formulas, derivations, bounds, and on data numbers and charts
#[derive(clap::Args, Debug)]
#[command(
    after_help = "An HTML page is one file without anything outside of it. The charts of report.md and report.tex are PNG files in the\n\
    folder report-figures beside them. Beside every page stands its sidecar report.json with all numbers and formulas.\n\n\
    Example: hesse report attention.hesse -o report.html\n\
    Example: hesse report attention.hesse --random 7 --dims L=16,dV=8,dK=4 -o report.html\n\
    Example: hesse report vit.hesse --data batch.npz --data before.npz --data2 after.npz -o report.tex"
)]
pub(crate) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Where to write: .html, .md or .tex; and .json beside it
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
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
    let failed = |m: String| files::file_error(m, manner);
    let kind = kind(&args.output).map_err(failed)?;
    let (sidecar, folder) = (args.output.with_extension("json"), figures(&args.output));
    let beside = args.output.with_file_name(&folder);
    // it may take minutes, so what cannot be written is told first
    output::writable(&[&args.output, &sidecar], Some(beside.as_path()).filter(|_| !matches!(kind, Kind::Html)))
        .map_err(failed)?;
    let (mut model, options) = args.subject.read(manner)?;
    let options = hesse_report::Options { command: command(), times: !args.no_times, ..options };
    let mut bar = Bar::new(manner);
    let report = hesse_report::collect(&mut model, &options, &mut |p| bar.tell(p));
    bar.finish();
    let report = report.map_err(|d| d.render(&model.sources, manner.color))?;
    let page = match kind {
        Kind::Html => Page { text: hesse_report::html(&report), figures: vec![] },
        Kind::Markdown => hesse_report::markdown(&report, &folder),
        Kind::Tex => hesse_report::tex(&report, &folder),
    };
    let json = serde_json::to_string(&report).map_err(|e| failed(format!("the sidecar cannot be written: {e}")))?;
    let figure = |(name, image): (String, Vec<u8>)| (beside.join(name), image);
    let mut files: Vec<(PathBuf, Vec<u8>)> = page.figures.into_iter().map(figure).collect();
    files.push((sidecar, (json + "\n").into_bytes()));
    // the page comes last: it is there only with all that belongs to it
    files.push((args.output.clone(), page.text.into_bytes()));
    output::together(&files).map_err(failed)?;
    if !manner.quiet {
        for n in &report.notes {
            say(&format!("note: {n}"));
        }
    }
    Ok(String::new())
}

/// The folder of figures of a page, by signs that need no care in Markdown and LaTeX.
fn figures(page: &Path) -> String {
    let stem = page.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    format!("{}-figures", stem.chars().map(plain).collect::<String>())
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
