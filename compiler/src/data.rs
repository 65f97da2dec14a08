//! Data bound to a model: sizes are read off the arrays, a batch axis is found, shapes are checked.

mod random;
mod sizes;

pub use random::{random, random_bytes};

use crate::{
    diagnostic::{Code, Diagnostic},
    dim::Dim,
    expr::{Kind, Node},
    matrix::Matrix,
    pages,
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

/// How an array can be read: its axes as declared (a scalar and a column have two), and the batch, if there is one.
type Reading = (Vec<usize>, Option<usize>);

/// Without and with a batch axis.
fn readings(declared: &[Dim], axes: &[usize]) -> Vec<Reading> {
    let one = |k: usize| declared.len() == 2 && declared[k].is_one();
    let plain = |a: &[usize]| match (a, one(1), one(0)) {
        ([], true, true) => Some(vec![1, 1]),
        ([n], true, _) => Some(vec![*n, 1]),
        ([n], false, true) => Some(vec![1, *n]),
        _ => (a.len() == declared.len()).then(|| a.to_vec()),
    };
    // a fixed size that does not fit rules a reading out
    let fits = |(d, n): (&Dim, &usize)| d.as_constant().is_none_or(|c| usize::try_from(c) == Ok(*n));
    let mut out: Vec<Reading> = vec![];
    out.extend(plain(axes).map(|a| (a, None)));
    if let Some((&b, rest)) = axes.split_first() {
        out.extend(plain(rest).map(|a| (a, Some(b))));
    }
    out.retain(|(a, _)| declared.iter().zip(a).all(fits));
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
        let shown = model.graph.axes_text(v.expr);
        if array.data.is_empty() {
            let message = format!("`{name}` is declared {shown}, but the array given is empty: {}", axes_text(&array.shape));
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
        let mut found = readings(&model.graph.axes(v.expr), &array.shape);
        if !matches!(v.kind, Kind::Input | Kind::Target) {
            found.retain(|r| r.1.is_none());
        }
        if found.is_empty() {
            let count = model.graph.axes(v.expr).len();
            let mut d = Diagnostic::new(
                Code::Shape,
                format!("`{name}` is declared {shown}, but the array given is {}", axes_text(&array.shape)),
            );
            if matches!(v.kind, Kind::Input | Kind::Target) && (count == 2 || array.shape.len() >= count) {
                d = d.help("with one more axis in front, on every input and target, it is a batch");
            }
            let matrix = count == 2 && !v.shape.rows.is_one() && !v.shape.cols.is_one();
            if matrix && array.shape.len() < 2 {
                d = d.help("a matrix is a list of rows, as in [[1, 2], [3, 4]]");
            }
            if v.shape.is_scalar() {
                d = d.help("a number fits");
            } else if count > 2 && array.shape.len() < count {
                d = d.help(format!("an array of {count} axes is given as lists of lists, {count} deep"));
            } else if array.shape.len() > count && !matches!(v.kind, Kind::Input | Kind::Target) {
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
    let can = |n: &str, batch: bool| possible[n].iter().any(|r| r.1.is_some() == batch);
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
                (*n, rs.iter().find(|r| r.1.is_some() == want).expect("just checked").clone())
            })
            .collect();
        let counts: BTreeMap<usize, &str> = moving.iter().filter_map(|n| Some((chosen[n].1?, *n))).collect();
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
    if let Some(d) = windows_that_do_not_fit(model, &sizes) {
        return Err(vec![d]);
    }
    let mut bound = Bound { sizes, shared: BTreeMap::new(), samples: vec![BTreeMap::new(); count], batched };
    for (name, (axes, batch)) in chosen {
        let (rows, cols) = (axes[0], axes[1..].iter().product());
        let entries = &data.arrays[name].data;
        let matrix = |part: &[f64]| Matrix { rows, cols, data: pages::copy(part) };
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

/// The first convolution or pooling of which the number of windows, now that sizes are known, is no positive whole number.
fn windows_that_do_not_fit(model: &Model, sizes: &BTreeMap<String, usize>) -> Option<Diagnostic> {
    let g = &model.graph;
    let size = |n: &str| sizes.get(n).copied();
    for e in g.iter() {
        let Node::Apply(op, args) = g.node(e) else { continue };
        let help = match op.0.name {
            "conv1d" | "conv2d" => "the kernel must fit into the image, and the stride divide what is left of it",
            "avgpool2d" | "maxpool2d" => "the squares must divide the image",
            _ => continue,
        };
        for d in args.iter().filter_map(|&a| g.as_dim(a)) {
            let known = d.names().all(|n| sizes.contains_key(n));
            if known && d.eval(&size).is_none_or(|n| n == 0) {
                let from: Vec<String> = d.names().map(|n| format!("{n} = {}", sizes[n])).collect();
                let message = format!("`{}` has {d} windows, which is no positive whole number here", op.0.name);
                return Some(Diagnostic::new(Code::Size, message).help(help).help(from.join(", ")));
            }
        }
    }
    None
}

/// The arrays that the model does not have, each with the declared name without data that it may stand for.
pub fn unused(model: &Model, data: &Data) -> Vec<(String, Option<String>)> {
    let missing =
        || model.graph.variables().map(|(n, _)| n).filter(|n| !data.arrays.contains_key(*n) && !model.held.contains_key(*n));
    let unknown = data.arrays.keys().filter(|n| model.graph.variable(n).is_none());
    unknown.map(|n| (n.clone(), nearest(n, missing()).map(str::to_owned))).collect()
}
