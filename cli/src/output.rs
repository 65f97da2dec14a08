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

/// Looks whether files can be written, before what they say is computed.
///
/// Errors: a sentence about a path that is a folder, a folder of figures that is a file, or a place where nothing may be written.
pub(crate) fn writable(paths: &[&Path], folder: Option<&Path>) -> Result<(), String> {
    if let Some(folder) = folder.filter(|f| f.exists() && !f.is_dir()) {
        return Err(format!(
            "`{}` cannot be written: it is a file, and the figures need a folder of that name",
            folder.display()
        ));
    }
    for path in paths {
        if path.is_dir() {
            return Err(format!("`{}` cannot be written: it is a folder", path.display()));
        }
        let (_, beside) = fresh(path).map_err(|e| trouble(path, &e))?;
        fs::remove_file(beside).map_err(|e| trouble(path, &e))?;
    }
    Ok(())
}

/// Writes several files, all of them or none; their folders are made if need be. The bytes of all are on the disk before the first
/// gets its name, and the names are given in that order.
///
/// Errors: a sentence about what cannot be written.
pub(crate) fn together(files: &[(PathBuf, Vec<u8>)]) -> Result<(), String> {
    let (mut made, mut waiting) = (vec![], vec![]);
    let result = written(files, &mut made, &mut waiting);
    if result.is_err() {
        // what has its name already is not here any more; a folder that holds something stays
        waiting.iter().for_each(|beside| drop(fs::remove_file(beside)));
        made.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
    }
    result
}

/// The same, with the folders that were made and the files that have no name yet.
fn written(files: &[(PathBuf, Vec<u8>)], made: &mut Vec<PathBuf>, waiting: &mut Vec<PathBuf>) -> Result<(), String> {
    for (path, bytes) in files {
        if path.is_dir() {
            return Err(format!("`{}` cannot be written: it is a folder", path.display()));
        }
        folder_of(path, made).map_err(|e| trouble(path, &e))?;
        let (mut file, beside) = fresh(path).map_err(|e| trouble(path, &e))?;
        waiting.push(beside);
        file.write_all(bytes).map_err(|e| trouble(path, &e))?;
    }
    files.iter().zip(waiting).try_for_each(|((path, _), beside)| fs::rename(beside, path).map_err(|e| trouble(path, &e)))
}

/// Makes the folder of a file if it is not there, and notes that it did.
fn folder_of(path: &Path, made: &mut Vec<PathBuf>) -> std::io::Result<()> {
    match path.parent().filter(|p| !p.as_os_str().is_empty() && !p.is_dir()) {
        Some(folder) => fs::create_dir(folder).map(|()| made.push(folder.to_path_buf())),
        None => Ok(()),
    }
}

fn trouble(path: &Path, e: &std::io::Error) -> String {
    format!("`{}` cannot be written: {e}", path.display())
}

/// Writes a file whole or not at all.
///
/// Errors: a sentence about what cannot be written.
pub(crate) fn whole(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let (mut file, beside) = fresh(path).map_err(|e| trouble(path, &e))?;
    let result = file.write_all(bytes).and_then(|()| fs::rename(&beside, path));
    if result.is_err() {
        // what is half written does not stay
        fs::remove_file(&beside).ok();
    }
    result.map_err(|e| trouble(path, &e))
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

#[cfg(test)]
mod tests {
    use super::together;
    use std::fs;

    #[test]
    fn several_files_are_written_together_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("hesse-together-{}", std::process::id()));
        fs::create_dir_all(folder.join("taken")).expect("a folder");
        let file = |name: &str| (folder.join(name), name.as_bytes().to_vec());
        let names = || {
            let all = fs::read_dir(&folder).expect("a folder").map(|e| e.expect("an entry").file_name());
            let mut names: Vec<String> = all.map(|n| n.to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        // what is wrong comes first, in the middle, last
        for k in 0..3 {
            let mut files = vec![file("new/a.png"), file("b.json")];
            files.insert(k, file("taken"));
            let why = together(&files).expect_err("a folder has that name");
            assert!(why.contains("taken` cannot be written"), "{why}");
            assert_eq!(names(), ["taken"], "something was left behind when {k} is wrong");
        }
        together(&[file("new/a.png"), file("b.json")]).expect("nothing is wrong");
        assert_eq!(names(), ["b.json", "new", "taken"]);
        assert_eq!(fs::read(folder.join("new/a.png")).expect("a file"), b"new/a.png");
        fs::remove_dir_all(&folder).expect("it is there");
    }
}
