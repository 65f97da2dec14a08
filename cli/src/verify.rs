//! `hesse verify`: decides the claims of files, as a table, as JSON, or as the page of errata.

use crate::files::Depth;
use hesse_compiler::{
    diagnostic::Source,
    syntax::{self, Depths},
    verify::{self, Entry, Finding, Settings, Verdict},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Checks the claims of files
#[derive(clap::Args, Debug)]
#[command(after_help = "Every claim gets a verdict:\n  \
    PROVED       an equation with a proof\n  \
    HOLDS        an equation that is true at random points, of a prime field or in double precision\n  \
    NOT REFUTED  an inequality that no data have broken\n  \
    REFUTED      false, with the data\n  \
    ILL-SHAPED   sizes do not fit\n  \
    ERROR        it cannot be decided\n\n\
    The exit status is 1 if a claim is REFUTED, ILL-SHAPED or an ERROR.\n\n\
    Example: hesse verify paper.hesse --json")]
pub(crate) struct Args {
    /// Files with claims, or folders of them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    depth: Depth,
    /// Print JSON
    #[arg(long, conflicts_with = "errata")]
    json: bool,
    /// Print a page of the printed statements that do not hold
    #[arg(long)]
    errata: bool,
    /// Print the steps of each proof
    #[arg(long, conflicts_with = "errata")]
    explain: bool,
    /// Where random numbers begin
    #[arg(long, default_value_t = Settings::default().seed)]
    seed: u64,
}

/// A file with its claims decided.
struct Decided {
    name: String,
    entries: Vec<Entry>,
}

/// What is printed on standard output, and whether every claim stands.
///
/// Errors: what is printed on standard error, where a file cannot be read.
pub(crate) fn run(args: &Args) -> Result<(String, bool), String> {
    let settings = Settings { seed: args.seed, ..Settings::default() };
    let (mut decided, mut errors) = (vec![], vec![]);
    for path in args.files.iter().flat_map(|p| files(p)) {
        match decide(&path, &args.depth.values(), &settings) {
            Ok(d) => decided.push(d),
            Err(e) => errors.push(e),
        }
    }
    if !errors.is_empty() {
        return Err(errors.join("\n"));
    }
    let stands = decided.iter().flat_map(|d| &d.entries).all(|e| e.finding.verdict.is_good());
    let text = if args.json {
        json(&decided, args.explain)
    } else if args.errata {
        let sections: Vec<(String, Vec<Entry>)> = decided.into_iter().map(|d| (title(&d.name), d.entries)).collect();
        verify::errata(&sections)
    } else {
        table(&decided, args.explain)
    };
    Ok((text, stands))
}

/// A file itself, or the files with claims in a folder, in order.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut all: Vec<PathBuf> =
        entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.extension().is_some_and(|x| x == "hesse")).collect();
    all.sort();
    all
}

fn read(path: &Path, name: String) -> Result<Source, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    Ok(Source { name, text })
}

fn decide(path: &Path, depths: &Depths, settings: &Settings) -> Result<Decided, String> {
    let name = path.display().to_string();
    let source = read(path, name.clone()).map_err(|e| format!("error: {e}"))?;
    let text = source.text.clone();
    let include = |used: &str, by: &str| {
        let beside = Path::new(by).parent().unwrap_or(Path::new("")).join(used);
        let name = beside.display().to_string();
        read(&beside, name)
    };
    // of several files, one without such a size has no use for its value
    let known = syntax::depths(source.clone(), &include);
    let depths = depths.iter().filter(|d| known.contains(d.0)).map(|(n, v)| (n.clone(), *v)).collect();
    let mut model = syntax::model_of_depth(source, &include, &depths).map_err(|(sources, errors)| {
        let all: Vec<String> = errors.iter().map(|d| d.render(&sources, false)).collect();
        all.join("\n")
    })?;
    let findings = verify::verify(&mut model, settings);
    Ok(Decided { name, entries: verify::entries(&text, &findings) })
}

/// `section-2.hesse` as a title.
fn title(name: &str) -> String {
    Path::new(name).file_stem().map_or(name.to_owned(), |s| s.to_string_lossy().into_owned())
}

fn table(all: &[Decided], explain: bool) -> String {
    let mut out = String::new();
    let findings = || all.iter().flat_map(|d| &d.entries).map(|e| &e.finding);
    let width = findings().map(|f| f.id.chars().count()).max().unwrap_or(0).min(40);
    for d in all {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&format!("{}\n", d.name));
        for Entry { finding: f, .. } in &d.entries {
            out.push_str(&format!("  {:11}  {:width$}  {}\n", f.verdict, f.id, f.detail));
            if let Some(derived) = &f.derived {
                out.push_str(&format!("  {:11}  {:width$}  derived: {derived}\n", "", ""));
            }
            for step in f.proof.iter().filter(|_| explain) {
                out.push_str(&format!("      {step}\n"));
            }
            for line in f.diagnostics.lines() {
                out.push_str(&format!("      {line}\n"));
            }
        }
    }
    let verdicts = [Verdict::Proved, Verdict::Holds, Verdict::NotRefuted, Verdict::Refuted, Verdict::IllShaped, Verdict::Error];
    let counts: Vec<String> = verdicts
        .iter()
        .map(|v| (v, findings().filter(|f| f.verdict == *v).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(v, n)| format!("{n} {v}"))
        .collect();
    let total = findings().count();
    let what = if total == 1 { "claim" } else { "claims" };
    let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    out + &format!("\n{total} {what}{counts}\n")
}

fn json(all: &[Decided], explain: bool) -> String {
    let one = |f: &Finding| {
        let mut claim = serde_json::json!({
            "id": f.id,
            "file": f.file,
            "line": f.line,
            "verdict": f.verdict.to_string(),
            "detail": f.detail,
            "claim": f.text,
        });
        if let Some(d) = &f.derived {
            claim["derived"] = d.clone().into();
        }
        if explain && !f.proof.is_empty() {
            claim["proof"] = f.proof.clone().into();
        }
        claim
    };
    let claims: Vec<serde_json::Value> = all.iter().flat_map(|d| &d.entries).map(|e| one(&e.finding)).collect();
    format!("{:#}\n", serde_json::json!({ "claims": claims }))
}
