//! Reading data: JSON, NumPy archives, safetensors.

mod rename;

pub(crate) use rename::Rename;

use crate::files;
use hesse_compiler::{
    data::{Array, Data},
    diagnostic::{Code, Diagnostic},
    syntax::Model,
};
use serde::de;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    io::{Cursor, Read},
    path::{Path, PathBuf},
};

/// Largest data file that is read, in bytes.
const LARGEST: u64 = 8 << 30;

fn wrong(message: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::Data, message))
}

/// More than may be held.
fn too_large(what: &str, needed: u128, limit: u128) -> Box<Diagnostic> {
    let message = format!("not enough memory: {what} needs {needed} bytes, the limit is {limit}");
    Box::new(Diagnostic::new(Code::Memory, message).help("raise the limit with --memory"))
}

/// Reads the data for a model from one or several files, in at most `limit` bytes; arrays get the names that the model has.
///
/// Errors: one diagnostic: what was needed, what was found.
pub(crate) fn read(paths: &[PathBuf], map: &[Rename], model: &Model, limit: u128) -> Result<Data, Box<Diagnostic>> {
    rename::check(map, model)?;
    let (mut all, mut from) = (BTreeMap::new(), BTreeMap::new());
    for path in paths {
        let name = path.display().to_string();
        for (key, array) in file(path, limit)? {
            if let Some(other) = from.insert(key.clone(), name.clone()) {
                return Err(wrong(format!("`{key}` is given twice: in `{other}` and in `{name}`")));
            }
            all.insert(key, array);
        }
    }
    let name = paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
    let arrays = rename::renamed(all, map, &name, true)?;
    sorted(arrays, model, name)
}

/// Reads arrays that take the place of others: those of the map that the file has not are no mistake.
///
/// Errors: one diagnostic: what was needed, what was found.
pub(crate) fn read_over(path: &Path, map: &[Rename], model: &Model, limit: u128) -> Result<Data, Box<Diagnostic>> {
    let name = path.display().to_string();
    let arrays = rename::renamed(file(path, limit)?, map, &name, false)?;
    sorted(arrays, model, name)
}

/// The arrays of a file.
fn file(path: &Path, limit: u128) -> Result<BTreeMap<String, Array>, Box<Diagnostic>> {
    let name = path.display().to_string();
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_ascii_lowercase();
    if !["json", "npz", "safetensors"].contains(&ending.as_str()) {
        let message = format!("`{name}` is not data that hesse reads");
        return Err(Box::new(Diagnostic::new(Code::File, message).help("data are .json, .npz or .safetensors")));
    }
    if let Some(n) = fs::metadata(path).ok().filter(|m| m.is_file()).map(|m| u128::from(m.len())).filter(|&n| n > limit) {
        return Err(too_large(&format!("`{name}`"), n, limit));
    }
    let bytes = files::bytes(path, LARGEST).map_err(|m| Box::new(Diagnostic::new(Code::File, m)))?;
    match ending.as_str() {
        "json" => json(&name, &bytes),
        "npz" => npz(&name, &bytes, limit),
        _ => safetensors(&name, &bytes),
    }
}

/// Arrays and sizes apart.
fn sorted(arrays: BTreeMap<String, Array>, model: &Model, name: String) -> Result<Data, Box<Diagnostic>> {
    let mut data = Data { arrays: BTreeMap::new(), sizes: BTreeMap::new(), source: name.clone() };
    for (key, array) in arrays {
        let is_size = model.sizes.contains(&key) || model.derived.contains_key(&key);
        if is_size && model.graph.variable(&key).is_none() {
            let n = array.data.first().copied().unwrap_or(f64::NAN);
            if array.data.len() != 1 {
                let found = array.data.len();
                return Err(wrong(format!("`{key}` in `{name}` is a size, one number, but has {found} entries")));
            }
            if n.fract() != 0.0 || !(1.0..=9e15).contains(&n) {
                return Err(wrong(format!("the size `{key}` in `{name}` is {n}, which is not a positive whole number")));
            }
            data.sizes.insert(key, n as usize);
        } else {
            data.arrays.insert(key, array);
        }
    }
    Ok(data)
}

fn json(name: &str, bytes: &[u8]) -> Result<BTreeMap<String, Array>, Box<Diagnostic>> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| wrong(format!("`{name}` is not UTF-8 text: byte {} is not", e.valid_up_to() + 1)))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Box::new(
            Diagnostic::new(Code::Data, format!("`{name}` is empty")).help("data read {\"X\": [[1, 2], [3, 4]]}"),
        ));
    }
    let top: Top = serde_json::from_str(text).map_err(|e| {
        let d = wrong(format!("`{name}` cannot be read as JSON: {e}"));
        if text.contains("NaN") || text.contains("Infinity") {
            return Box::new(d.help("NaN and Infinity are not JSON; every entry must be a finite number"));
        }
        d
    })?;
    let Top::Object(map) = top else {
        return Err(Box::new(
            Diagnostic::new(Code::Data, format!("`{name}` is not an object of arrays"))
                .help("data read {\"X\": [[1, 2], [3, 4]]}"),
        ));
    };
    let mut out = BTreeMap::new();
    for (key, v) in map {
        let mut array = Array::default();
        nested(&v, 0, &mut array).map_err(|m| wrong(format!("`{key}` in `{name}`: {m}")))?;
        out.insert(key, array);
    }
    Ok(out)
}

/// What a file of JSON holds.
enum Top {
    /// Names with values; no name comes twice.
    Object(Vec<(String, Value)>),
    /// Anything else.
    Other,
}

impl<'de> de::Deserialize<'de> for Top {
    fn deserialize<D: de::Deserializer<'de>>(d: D) -> Result<Top, D::Error> {
        struct Reader;
        impl<'de> de::Visitor<'de> for Reader {
            type Value = Top;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of arrays")
            }
            fn visit_map<M: de::MapAccess<'de>>(self, mut map: M) -> Result<Top, M::Error> {
                let (mut seen, mut out) = (BTreeSet::new(), vec![]);
                while let Some(key) = map.next_key::<String>()? {
                    if !seen.insert(key.clone()) {
                        return Err(de::Error::custom(format!("`{key}` is given twice")));
                    }
                    out.push((key, map.next_value()?));
                }
                Ok(Top::Object(out))
            }
            fn visit_seq<S: de::SeqAccess<'de>>(self, mut list: S) -> Result<Top, S::Error> {
                while list.next_element::<de::IgnoredAny>()?.is_some() {}
                Ok(Top::Other)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Top, E> {
                Ok(Top::Other)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Top, E> {
                Ok(Top::Other)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Top, E> {
                Ok(Top::Other)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Top, E> {
                Ok(Top::Other)
            }
            fn visit_str<E>(self, _: &str) -> Result<Top, E> {
                Ok(Top::Other)
            }
            fn visit_unit<E>(self) -> Result<Top, E> {
                Ok(Top::Other)
            }
        }
        d.deserialize_any(Reader)
    }
}

/// Appends the entries of a nested list, whose lists on one level must all have one length.
fn nested(v: &Value, depth: usize, out: &mut Array) -> Result<(), String> {
    match v {
        Value::Number(n) => {
            let x = n.as_f64().filter(|x| x.is_finite()).ok_or_else(|| format!("{n} is not a finite double"))?;
            if depth != out.shape.len() {
                return Err("a number stands where other entries are lists".into());
            }
            out.data.push(x);
            Ok(())
        }
        Value::Array(list) => {
            // four axes, and one of a batch
            if depth >= 5 {
                return Err("more than five axes".into());
            }
            if out.shape.len() == depth {
                if !out.data.is_empty() {
                    return Err("a list stands where other entries are numbers".into());
                }
                out.shape.push(list.len());
            } else if out.shape[depth] != list.len() {
                return Err(format!(
                    "the rows are ragged: a list of {} after lists of {}, on level {}",
                    list.len(),
                    out.shape[depth],
                    depth + 1
                ));
            }
            list.iter().try_for_each(|x| nested(x, depth + 1, out))
        }
        Value::Null => Err("null is not a number; NaN and infinity cannot be data".into()),
        Value::String(s) => Err(format!("the text {s:?} is not a number")),
        Value::Bool(b) => Err(format!("{b} is not a number")),
        Value::Object(_) => Err("an object is not an array".into()),
    }
}

fn npz(name: &str, bytes: &[u8], limit: u128) -> Result<BTreeMap<String, Array>, Box<Diagnostic>> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| wrong(format!("`{name}` is not a NumPy archive: {e}")))?;
    let (mut out, mut left) = (BTreeMap::new(), limit.min(u128::from(LARGEST)));
    for k in 0..archive.len() {
        let mut file = archive.by_index(k).map_err(|e| wrong(format!("`{name}` is damaged: {e}")))?;
        let Some(key) = file.name().strip_suffix(".npy").map(str::to_owned) else { continue };
        let mut content = vec![];
        // what is packed may be far larger than the file, and an entry in memory larger than one in the file
        let most = u64::try_from(left).unwrap_or(LARGEST);
        let what = format!("`{key}` in `{name}`");
        if file.size() > most {
            return Err(too_large(&what, u128::from(file.size()), left));
        }
        file.by_ref()
            .take(most.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(|e| wrong(format!("{what} is damaged: {e}")))?;
        let needed = (content.len() as u128).max(8 * u128::from(promised(&content).unwrap_or(0)));
        if needed > left && believable(&content) {
            return Err(too_large(&what, needed, left));
        }
        left = left.saturating_sub(needed);
        let array = npy(&content).map_err(|m| wrong(format!("`{key}` in `{name}`: {m}")))?;
        out.insert(key, array);
    }
    Ok(out)
}

/// The number of entries that the header of a NumPy array promises; the largest number where it overflows, none without a shape.
fn promised(content: &[u8]) -> Option<u64> {
    let head = String::from_utf8_lossy(&content[..content.len().min(1 << 16)]);
    let (_, rest) = head.split_once("shape")?;
    let (list, _) = rest.split_once(')')?;
    let axes = list.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty());
    let count = axes.map(|n| n.parse::<u64>().ok()).try_fold(1u64, |a, n| a.checked_mul(n?));
    Some(count.unwrap_or(u64::MAX))
}

/// Whether the number of entries in the header of a NumPy array is one that the bytes can hold: an entry takes at least a byte.
fn believable(content: &[u8]) -> bool {
    promised(content).is_none_or(|n| n <= content.len() as u64)
}

fn npy(content: &[u8]) -> Result<Array, String> {
    if !believable(content) {
        return Err("the header promises more entries than there are".into());
    }
    let file = npyz::NpyFile::new(content).map_err(|e| format!("not a NumPy array: {e}"))?;
    let shape: Vec<usize> = file.shape().iter().map(|&n| n as usize).collect();
    let order = file.order();
    let kind = file.dtype().descr();
    let read = |e: std::io::Error| format!("damaged: {e}");
    macro_rules! entries {
        ($file:expr, $($t:ty),*) => {{
            let file = $file;
            $(let file = match file.try_data::<$t>() {
                Ok(r) => return finish(r.map(|x| x.map(|x| x as f64)).collect::<Result<_, _>>().map_err(read)?, shape, order),
                Err(file) => file,
            };)*
            file
        }};
    }
    let file = entries!(file, f64, f32, i64, i32, i16, i8, u64, u32, u16, u8);
    match file.try_data::<bool>() {
        Ok(r) => finish(r.map(|x| x.map(|x| f64::from(u8::from(x)))).collect::<Result<_, _>>().map_err(read)?, shape, order),
        Err(_) => Err(format!("entries of type {} are not real numbers; save it as float64 or float32", kind.trim())),
    }
}

/// Entries in row-major order.
fn finish(data: Vec<f64>, shape: Vec<usize>, order: npyz::Order) -> Result<Array, String> {
    if order == npyz::Order::C || shape.len() < 2 {
        return Ok(Array { shape, data });
    }
    // column-major: the first index moves fastest
    let mut out = vec![0.0; data.len()];
    for (k, x) in data.into_iter().enumerate() {
        let (mut rest, mut at, mut stride) = (k, 0, 1);
        let index: Vec<usize> = shape
            .iter()
            .map(|n| {
                let i = rest % n;
                rest /= n;
                i
            })
            .collect();
        for (i, n) in index.iter().zip(&shape).rev() {
            at += i * stride;
            stride *= n;
        }
        out[at] = x;
    }
    Ok(Array { shape, data: out })
}

fn safetensors(name: &str, bytes: &[u8]) -> Result<BTreeMap<String, Array>, Box<Diagnostic>> {
    let file =
        safetensors::SafeTensors::deserialize(bytes).map_err(|e| wrong(format!("`{name}` is not a safetensors file: {e}")))?;
    let mut out = BTreeMap::new();
    for (key, t) in file.tensors() {
        let b = t.data();
        let data: Vec<f64> = match t.dtype() {
            safetensors::Dtype::F64 => b.chunks_exact(8).map(|c| f64::from_le_bytes(c.try_into().expect("8 bytes"))).collect(),
            safetensors::Dtype::F32 => {
                b.chunks_exact(4).map(|c| f64::from(f32::from_le_bytes(c.try_into().expect("4 bytes")))).collect()
            }
            safetensors::Dtype::I64 => {
                b.chunks_exact(8).map(|c| i64::from_le_bytes(c.try_into().expect("8 bytes")) as f64).collect()
            }
            other => {
                return Err(wrong(format!("`{key}` in `{name}` has entries of type {other:?}; save it as F64 or F32")));
            }
        };
        out.insert(key, Array { shape: t.shape().to_vec(), data });
    }
    Ok(out)
}
