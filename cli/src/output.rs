//! Writing results: JSON, NumPy archives, safetensors. A file is written whole or not at all.

use hesse_compiler::pipeline::Answer;
use npyz::WriterBuilder;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fs,
    io::{Cursor, Write},
    path::{Path, PathBuf},
};

/// A format of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Npz,
    Safetensors,
}

impl Kind {
    /// The format that an output path asks for.
    ///
    /// Errors: an ending that is not known, a folder that is not there.
    pub(crate) fn of(path: Option<&Path>) -> Result<Kind, String> {
        let Some(path) = path else { return Ok(Kind::Json) };
        match ending(path)?.as_str() {
            "json" => Ok(Kind::Json),
            "npz" => Ok(Kind::Npz),
            "safetensors" => Ok(Kind::Safetensors),
            _ => Err(format!("`{}` does not end in .json, .npz or .safetensors", path.display())),
        }
    }
}

/// The ending of an output path, in small letters; empty if it has none.
///
/// Errors: a folder, or a folder that is not there.
pub(crate) fn ending(path: &Path) -> Result<String, String> {
    if path.is_dir() {
        return Err(format!("`{}` is a folder, not a file", path.display()));
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    if let Some(p) = parent.filter(|p| !p.is_dir()) {
        return Err(format!("`{}` cannot be written: there is no folder `{}`", path.display(), p.display()));
    }
    Ok(path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).unwrap_or_default())
}

/// Shape and entries of an answer; with a leading axis where samples are kept.
fn array(a: &Answer, keep: bool) -> (Vec<usize>, Vec<f64>) {
    let samples = Some(a.values.len()).filter(|_| keep);
    let shape = samples.into_iter().chain(a.axes.iter().copied()).collect();
    let count = samples.unwrap_or(1);
    (shape, a.values[..count].iter().flat_map(|m| m.data.iter().copied()).collect())
}

/// Entries as lists of lists, one level an axis.
fn nested(shape: &[usize], data: &[f64]) -> Value {
    match shape {
        [n, rest @ ..] if !rest.is_empty() => {
            let part = data.len() / n;
            data.chunks(part).map(|p| nested(rest, p)).collect::<Vec<_>>().into()
        }
        _ => Value::from(data.to_vec()),
    }
}

/// Writes the answers; what is to be printed on standard output comes back.
///
/// Errors: a sentence about what cannot be written.
pub(crate) fn write(answers: &[Answer], keep: bool, kind: Kind, path: Option<&Path>) -> Result<String, String> {
    let bytes = match kind {
        Kind::Json => json_text(answers, keep).into_bytes(),
        Kind::Npz => npz(answers, keep).map_err(|e| format!("the archive cannot be made: {e}"))?,
        Kind::Safetensors => safetensors(answers, keep)?,
    };
    let Some(path) = path else {
        return String::from_utf8(bytes).map_err(|_| "only JSON goes to standard output".to_owned());
    };
    whole(path, &bytes).map(|()| String::new())
}

/// Writes two files whole, or neither.
///
/// Errors: a sentence about what cannot be written.
pub(crate) fn both(path: &Path, bytes: &[u8], other: &Path, more: &[u8]) -> Result<(), String> {
    let trouble = |p: &Path, e: std::io::Error| format!("`{}` cannot be written: {e}", p.display());
    if other.is_dir() {
        return Err(format!("`{}` cannot be written: it is a folder", other.display()));
    }
    let (mut file, beside) = fresh(other).map_err(|e| trouble(other, e))?;
    let written = file.write_all(more).map_err(|e| trouble(other, e)).and_then(|()| whole(path, bytes));
    let result = written.and_then(|()| fs::rename(&beside, other).map_err(|e| trouble(other, e)));
    if result.is_err() {
        fs::remove_file(&beside).ok();
    }
    result
}

/// Writes a file whole or not at all.
///
/// Errors: a sentence about what cannot be written.
pub(crate) fn whole(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let trouble = |e: std::io::Error| format!("`{}` cannot be written: {e}", path.display());
    let (mut file, beside) = fresh(path).map_err(trouble)?;
    let result = file.write_all(bytes).and_then(|()| fs::rename(&beside, path));
    if result.is_err() {
        // what is half written does not stay
        fs::remove_file(&beside).ok();
    }
    result.map_err(trouble)
}

/// A new file in the folder of the result, under a name that nothing there has.
fn fresh(path: &Path) -> std::io::Result<(fs::File, PathBuf)> {
    let mut k = 0;
    loop {
        let beside = path.with_file_name(format!(".hesse-{}-{k}.partial", std::process::id()));
        match fs::OpenOptions::new().write(true).create_new(true).open(&beside) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && k < 1000 => k += 1,
            made => return made.map(|file| (file, beside)),
        }
    }
}

fn json_text(answers: &[Answer], keep: bool) -> String {
    let results: Vec<Value> = answers
        .iter()
        .map(|a| {
            let (shape, data) = array(a, keep);
            json!({ "query": a.query, "shape": shape, "data": nested(&shape, &data), "notes": a.notes })
        })
        .collect();
    format!("{}\n", json!({ "results": results }))
}

/// Arrays `q0`, `q1`, … in the order of the queries.
fn npz(answers: &[Answer], keep: bool) -> std::io::Result<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(vec![]));
    for (k, a) in answers.iter().enumerate() {
        let (shape, data) = array(a, keep);
        let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
        // no time stamp: the same result, the same bytes
        let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default()).large_file(true);
        archive.start_file(format!("q{k}.npy"), options)?;
        let mut content = vec![];
        let mut w = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut content).begin_nd()?;
        w.extend(data)?;
        w.finish()?;
        archive.write_all(&content)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn safetensors(answers: &[Answer], keep: bool) -> Result<Vec<u8>, String> {
    let arrays: Vec<(String, Vec<usize>, Vec<u8>)> = answers
        .iter()
        .enumerate()
        .map(|(k, a)| {
            let (shape, data) = array(a, keep);
            (format!("q{k}"), shape, data.iter().flat_map(|x| x.to_le_bytes()).collect())
        })
        .collect();
    let views: Result<Vec<_>, _> = arrays
        .iter()
        .map(|(n, s, b)| safetensors::tensor::TensorView::new(safetensors::Dtype::F64, s.clone(), b).map(|v| (n.clone(), v)))
        .collect();
    let made = views.and_then(|v| safetensors::serialize(v, None::<HashMap<String, String>>));
    made.map_err(|e| format!("the file cannot be made: {e}"))
}
