//! Names of arrays in files of other programs, and the names that the model has for them: `--map "encoder.q.weight=Wq'"`.

use super::wrong;
use hesse_compiler::{
    data::Array,
    diagnostic::{Code, Diagnostic},
    syntax::{Model, nearest},
};
use std::collections::BTreeMap;

/// One array under another name.
#[derive(Clone, Debug)]
pub(crate) struct Rename {
    /// Its name in the data.
    from: String,
    /// Its name in the model.
    to: String,
    /// Whether it is transposed.
    transposed: bool,
}

impl Rename {
    /// Reads `NAME=NAME` or `NAME=NAME'`.
    ///
    /// Errors: a sentence about what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Rename, String> {
        let (from, to) = text.split_once('=').ok_or_else(|| {
            format!("`{text}` is not NAME=NAME: the name in the data, then the name in the model, as in \"encoder.q.weight=Wq'\"")
        })?;
        let (from, to) = (from.trim(), to.trim());
        let (to, transposed) = to.strip_suffix('\'').map_or((to, false), |t| (t, true));
        if from.is_empty() || to.is_empty() {
            return Err(format!("`{text}` lacks a name on one side of `=`"));
        }
        Ok(Rename { from: from.to_owned(), to: to.to_owned(), transposed })
    }
}

/// Whether the model has the names, each once.
///
/// Errors: the first that is wrong.
pub(super) fn check(map: &[Rename], model: &Model) -> Result<(), Box<Diagnostic>> {
    for (k, r) in map.iter().enumerate() {
        if let Some(other) = map[..k].iter().find(|o| o.to == r.to) {
            return Err(wrong(format!("`{}` is mapped twice: from `{}` and from `{}`", r.to, other.from, r.from)));
        }
        if let Some(other) = map[..k].iter().find(|o| o.from == r.from) {
            return Err(wrong(format!("`{}` is mapped twice: to `{}` and to `{}`", r.from, other.to, r.to)));
        }
        let is_size = model.sizes.contains(&r.to) || model.derived.contains_key(&r.to);
        if model.graph.variable(&r.to).is_none() && !is_size {
            let message = format!("`{}=…` cannot be mapped: the model has no array `{}`", r.from, r.to);
            let mut names: Vec<&str> = model.graph.variables().map(|v| v.0).filter(|n| !model.held.contains_key(*n)).collect();
            let d = Diagnostic::new(Code::Data, message);
            let d = match nearest(&r.to, names.iter().copied()) {
                Some(near) => d.help(format!("did you mean `{near}`?")),
                None => d,
            };
            names.sort_unstable();
            return Err(Box::new(d.help(format!("the model has {}", names.join(", ")))));
        }
    }
    Ok(())
}

/// The arrays under the names of the model. With `all`, every name of the map must be there.
///
/// Errors: an array that is not there, a name that is taken, an array that has no transpose.
pub(super) fn renamed(
    mut arrays: BTreeMap<String, Array>,
    map: &[Rename],
    source: &str,
    all: bool,
) -> Result<BTreeMap<String, Array>, Box<Diagnostic>> {
    let names: Vec<String> = arrays.keys().cloned().collect();
    let mut moved = vec![];
    for r in map {
        match arrays.remove(&r.from) {
            Some(array) => moved.push((r, array)),
            None if !all => {}
            None => {
                let d =
                    Diagnostic::new(Code::Missing, format!("`{}` cannot be mapped: there is no such array in {source}", r.from));
                let d = match nearest(&r.from, names.iter().map(String::as_str)) {
                    Some(near) => d.help(format!("did you mean `{near}`?")),
                    None => d,
                };
                return Err(Box::new(d.help(format!("the data have {}", names.join(", ")))));
            }
        }
    }
    for (r, array) in moved {
        let array =
            if r.transposed { transposed(array).map_err(|m| wrong(format!("`{}` in {source}: {m}", r.from)))? } else { array };
        if arrays.insert(r.to.clone(), array).is_some() {
            let message = format!("`{}` is mapped to `{}`, but {source} has an array of that name, too", r.from, r.to);
            return Err(Box::new(Diagnostic::new(Code::Data, message).help("map one of them elsewhere, or leave the map out")));
        }
    }
    Ok(arrays)
}

/// The last two axes change places.
fn transposed(a: Array) -> Result<Array, String> {
    let [front @ .., m, n] = a.shape.as_slice() else {
        return Err("only an array of two axes or more has a transpose; map it without the prime".to_owned());
    };
    let (m, n) = (*m, *n);
    let shape: Vec<usize> = front.iter().copied().chain([n, m]).collect();
    let data = match m * n {
        0 => vec![],
        size => a.data.chunks_exact(size).flat_map(|part| (0..n * m).map(move |k| part[(k % m) * n + k / m])).collect(),
    };
    Ok(Array { shape, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transpose_moves_the_last_two_axes() {
        let a = Array { shape: vec![2, 2, 3], data: (0..12).map(f64::from).collect() };
        let t = transposed(a.clone()).expect("two axes");
        assert_eq!(t.shape, [2, 3, 2]);
        assert_eq!(t.data, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0, 6.0, 9.0, 7.0, 10.0, 8.0, 11.0]);
        assert_eq!(transposed(t), Ok(a));
        assert!(transposed(Array { shape: vec![3], data: vec![1.0; 3] }).is_err());
    }

    #[test]
    fn a_map_has_two_names() {
        let r = Rename::parse("encoder.q.weight=Wq'").expect("a map");
        assert_eq!((r.from.as_str(), r.to.as_str(), r.transposed), ("encoder.q.weight", "Wq", true));
        for bad in ["Wq", "=Wq", "a=", "a='"] {
            assert!(Rename::parse(bad).is_err(), "{bad}");
        }
    }
}
