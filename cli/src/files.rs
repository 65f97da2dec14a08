//! Reading model files, and telling what is wrong with them.

use crate::{Manner, eval};
use hesse_compiler::{
    diagnostic::{Code, Diagnostic, Source},
    syntax::{self, Depths, Model, Query},
};
use std::{fs, io, path::Path};

/// Largest text that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// What a query looks like.
const ASKED: &str = "a query is a formula over the names of the file, as in -q 'hessian(loss)'";

/// Diagnostics as one text.
pub(crate) fn render(errors: &[Diagnostic], sources: &[Source], manner: Manner) -> String {
    errors.iter().map(|d| d.render(sources, manner.color)).collect::<Vec<_>>().join("\n")
}

/// A sentence about a file that cannot be read.
pub(crate) fn trouble(path: &Path, e: &io::Error) -> String {
    let name = path.display();
    match e.kind() {
        io::ErrorKind::NotFound => format!("there is no file `{name}`"),
        io::ErrorKind::PermissionDenied => format!("`{name}` may not be read"),
        io::ErrorKind::IsADirectory => format!("`{name}` is a folder, not a file"),
        _ => format!("`{name}` cannot be read: {e}"),
    }
}

/// The bytes of a file.
pub(crate) fn bytes(path: &Path, largest: u64) -> Result<Vec<u8>, String> {
    let about = fs::metadata(path).map_err(|e| trouble(path, &e))?;
    if about.is_dir() {
        return Err(format!("`{}` is a folder, not a file", path.display()));
    }
    if about.len() > largest {
        return Err(format!("`{}` has {} bytes; at most {largest} are read", path.display(), about.len()));
    }
    fs::read(path).map_err(|e| trouble(path, &e))
}

fn text(path: &Path) -> Result<Source, String> {
    let content = String::from_utf8(bytes(path, LARGEST)?)
        .map_err(|e| format!("`{}` is not UTF-8 text: byte {} is not", path.display(), e.utf8_error().valid_up_to() + 1))?;
    Ok(Source { name: path.display().to_string(), text: content })
}

/// A message about a file as a whole.
pub(crate) fn file_error(message: String, manner: Manner) -> String {
    Diagnostic::new(Code::File, message).render(&[], manner.color)
}

/// Values of sizes that loops count to.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Depth {
    /// Values of sizes that loops count to, as in `for p in 1..L`: L=3
    #[arg(long, value_name = "SIZES", value_parser = eval::dims)]
    depth: Option<Depths>,
}

impl Depth {
    /// The values.
    pub(crate) fn values(&self) -> Depths {
        self.depth.clone().unwrap_or_default()
    }
}

/// A file that was included.
fn included(wanted: &str, from: &str) -> Result<Source, String> {
    let base = Path::new(from).parent().map(Path::to_path_buf).unwrap_or_default();
    text(&base.join(wanted))
}

/// Reads a model.
///
/// Errors: the rendered diagnostics.
pub(crate) fn model(path: &Path, depth: &Depth, manner: Manner) -> Result<Model, String> {
    model_of_depth(path, &depth.values(), manner)
}

/// Reads a model of some depths.
///
/// Errors: the rendered diagnostics.
pub(crate) fn model_of_depth(path: &Path, depths: &Depths, manner: Manner) -> Result<Model, String> {
    let source = text(path).map_err(|m| file_error(m, manner))?;
    syntax::model_of_depth(source, &included, depths).map_err(|(sources, errors)| render(&errors, &sources, manner))
}

/// The sizes that loops of a model count to and that have no value.
///
/// Errors: the rendered diagnostic.
pub(crate) fn open_depths(path: &Path, depth: &Depth, manner: Manner) -> Result<Vec<String>, String> {
    let source = text(path).map_err(|m| file_error(m, manner))?;
    let given = depth.values();
    Ok(syntax::depths(source, &included).into_iter().filter(|n| !given.contains_key(n)).collect())
}

/// Reads the queries over a model.
///
/// Errors: the rendered diagnostics of all of them.
pub(crate) fn queries(model: &mut Model, texts: &[String], manner: Manner) -> Result<Vec<Query>, String> {
    let (mut good, mut bad) = (vec![], vec![]);
    for t in texts {
        if t.trim().is_empty() {
            bad.push(render(&[Diagnostic::new(Code::Syntax, "a query is empty").help(ASKED)], &[], manner));
            continue;
        }
        match syntax::query(model, t) {
            Ok(q) => good.push(q),
            Err(errors) => bad.push(render(&errors, &model.sources, manner)),
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(bad.join("\n")) }
}
