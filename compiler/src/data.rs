//! Data bound to a model: sizes are read off the arrays, a batch axis is found, shapes are checked.

mod random;
mod sizes;

pub use random::{random, random_bytes};

use crate::{
    diagnostic::{Code, Diagnostic},
    dim::Dim,
    expr::{Kind, Shape},
    matrix::Matrix,
    syntax::{Model, nearest},
};
use std::collections::BTreeMap;

/// An array as it was given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array {
    /// Extents of its axes; none for a number.
    pub shape: Vec<usize>,
    /// Entries, row-major.
    pub data: Vec<f64>,
}

/// Arrays and sizes as they were given.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// Arrays by name; a number is an array without axes.
    pub arrays: BTreeMap<String, Array>,
    /// Sizes by name.
    pub sizes: BTreeMap<String, usize>,
    /// What messages call the data.
    pub source: String,
}

/// Data that fits a model.
#[derive(Clone, Debug, Default)]
pub struct Bound {
    /// The value of every size that is known.
    pub sizes: BTreeMap<String, usize>,
    /// Arrays that do not change from sample to sample.
    pub shared: BTreeMap<String, Matrix<f64>>,
    /// Arrays of each sample; empty if there is no batch axis.
    pub samples: Vec<BTreeMap<String, Matrix<f64>>>,
    /// Whether the data had a batch axis.
    pub batched: bool,
}

/// How an array can be read for a shape: rows, columns, and the batch, if there is one.
type Reading = (usize, usize, Option<usize>);

/// Without and with a batch axis.
fn readings(shape: &Shape, axes: &[usize]) -> Vec<Reading> {
    let (row, col) = (shape.cols.is_one(), shape.rows.is_one());
    let plain = |a: &[usize]| match (a, row, col) {
        ([], true, true) => Some((1, 1)),
        ([n], true, _) => Some((*n, 1)),
        ([n], false, true) => Some((1, *n)),
        ([m, n], ..) => Some((*m, *n)),
        _ => None,
    };
    // a fixed size that does not fit rules a reading out
    let fits = |d: &Dim, n: usize| d.as_constant().is_none_or(|c| usize::try_from(c) == Ok(n));
    let mut out: Vec<Reading> = vec![];
    out.extend(plain(axes).map(|(m, n)| (m, n, None)));
    if let Some((&b, rest)) = axes.split_first() {
        out.extend(plain(rest).map(|(m, n)| (m, n, Some(b))));
    }
    out.retain(|(m, n, _)| fits(&shape.rows, *m) && fits(&shape.cols, *n));
    out
}

fn axes_text(axes: &[usize]) -> String {
    if axes.is_empty() {
        return "a number".to_owned();
    }
    if let [n] = axes {
        return format!("a list of {n}");
    }
    axes.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}

/// Binds data to a model. Arrays that are missing are reported by the evaluation that needs them.
///
/// Errors: all that does not fit: shapes, sizes, batches.
pub fn bind(model: &Model, data: &Data) -> Result<Bound, Vec<Diagnostic>> {
    let mut errors = vec![];
    let mut possible: BTreeMap<&str, Vec<Reading>> = BTreeMap::new();
    for (name, v) in model.graph.variables() {
        let Some(array) = data.arrays.get(name) else { continue };
        if array.data.is_empty() {
            let message = format!("`{name}` is declared {}, but the array given is empty: {}", v.shape, axes_text(&array.shape));
            errors.push(Diagnostic::new(Code::Shape, message).help("sizes are positive"));
            continue;
        }
        if let Some(bad) = array.data.iter().position(|x| !x.is_finite()) {
            errors.push(
                Diagnostic::new(Code::Data, format!("`{name}` has an entry that is infinite or not a number, entry {}", bad + 1))
                    .help("every entry must be a finite number"),
            );
            continue;
        }
        let mut found = readings(&v.shape, &array.shape);
        if !matches!(v.kind, Kind::Input | Kind::Target) {
            found.retain(|r| r.2.is_none());
        }
        if found.is_empty() {
            let mut d = Diagnostic::new(
                Code::Shape,
                format!("`{name}` is declared {}, but the array given is {}", v.shape, axes_text(&array.shape)),
            );
            if matches!(v.kind, Kind::Input | Kind::Target) {
                d = d.help("with one more axis in front, on every input and target, it is a batch");
            }
            let matrix = !v.shape.rows.is_one() && !v.shape.cols.is_one();
            if matrix && array.shape.len() < 2 {
                d = d.help("a matrix is a list of rows, as in [[1, 2], [3, 4]]");
            }
            if v.shape.is_scalar() {
                d = d.help("a number fits");
            } else if array.shape.len() > 2 && !matches!(v.kind, Kind::Input | Kind::Target) {
                d = d.help("only inputs and targets have a batch axis");
            }
            errors.push(d);
            continue;
        }
        possible.insert(name, found);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let moving: Vec<&str> = model
        .graph
        .variables()
        .filter(|(n, v)| matches!(v.kind, Kind::Input | Kind::Target) && possible.contains_key(n))
        .map(|(n, _)| n)
        .collect();
    let can = |n: &str, batch: bool| possible[n].iter().any(|r| r.2.is_some() == batch);
    let plain = moving.iter().all(|n| can(n, false));
    let batchable = moving.iter().all(|n| can(n, true));
    let batched = !plain;
    if batched && !batchable {
        let names = |batch: bool| -> String {
            let list: Vec<String> = moving.iter().filter(|n| can(n, true) == batch).map(|n| format!("`{n}`")).collect();
            list.join(", ")
        };
        return Err(vec![
            Diagnostic::new(Code::Batch, format!("{} has a batch axis, {} has none", names(true), names(false)))
                .help("a batch is a leading axis on every input and target"),
        ]);
    }
    // the readings of all arrays, the sizes by them, and the number of samples
    type Choice<'a> = (BTreeMap<&'a str, Reading>, BTreeMap<String, usize>, usize);
    let choose = |batched: bool| -> Result<Choice<'_>, Vec<Diagnostic>> {
        let chosen: BTreeMap<&str, Reading> = possible
            .iter()
            .map(|(n, rs)| {
                let want = batched && moving.contains(n);
                (*n, *rs.iter().find(|r| r.2.is_some() == want).expect("just checked"))
            })
            .collect();
        let counts: BTreeMap<usize, &str> = moving.iter().filter_map(|n| Some((chosen[n].2?, *n))).collect();
        if counts.len() > 1 {
            let list: Vec<String> = counts.iter().map(|(b, n)| format!("{b} by `{n}`")).collect();
            return Err(vec![Diagnostic::new(Code::Batch, format!("the number of samples is {}", list.join(", but ")))]);
        }
        let sizes = sizes::solve(model, data, &chosen)?;
        Ok((chosen, sizes, counts.into_keys().next().unwrap_or(0)))
    };
    // columns of one entry look like one column: then the sizes of the other arrays decide
    let (choice, batched) = match choose(batched) {
        Err(errors) if plain && batchable && !moving.is_empty() => (choose(true).map_err(|_| errors)?, true),
        first => (first?, batched),
    };
    let (chosen, sizes, count) = choice;
    let mut bound = Bound { sizes, shared: BTreeMap::new(), samples: vec![BTreeMap::new(); count], batched };
    for (name, (rows, cols, batch)) in chosen {
        let entries = &data.arrays[name].data;
        let matrix = |part: &[f64]| Matrix { rows, cols, data: part.to_vec() };
        match batch {
            None => {
                bound.shared.insert(name.to_owned(), matrix(entries));
            }
            Some(_) => {
                for (sample, part) in bound.samples.iter_mut().zip(entries.chunks_exact(rows * cols)) {
                    sample.insert(name.to_owned(), matrix(part));
                }
            }
        }
    }
    Ok(bound)
}

/// The arrays that the model does not have, each with the declared name without data that it may stand for.
pub fn unused(model: &Model, data: &Data) -> Vec<(String, Option<String>)> {
    let missing =
        || model.graph.variables().map(|(n, _)| n).filter(|n| !data.arrays.contains_key(*n) && !model.held.contains_key(*n));
    let unknown = data.arrays.keys().filter(|n| model.graph.variable(n).is_none());
    unknown.map(|n| (n.clone(), nearest(n, missing()).map(str::to_owned))).collect()
}
