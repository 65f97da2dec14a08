//! The manifest of kernels: what is needed to run them without hesse.
//!
//! One object of JSON; README.md lists its fields. An array is called by its place in `arrays`.

use hesse_compiler::{
    dim::Dim,
    emit::c::{Gemm, Host, Module, Task, formula},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the kernels were written for.
pub(super) struct Head<'a> {
    /// `cuda` or `opencl`, `f32` or `f64`.
    pub(super) target: &'a str,
    pub(super) dtype: &'a str,
    /// The name of the file with the kernels.
    pub(super) source: &'a str,
    /// The sizes, if they are known.
    pub(super) sizes: Option<&'a BTreeMap<String, usize>>,
    /// One for each result.
    pub(super) queries: &'a [&'a str],
}

/// A number, or a formula.
fn size(d: &Dim) -> Value {
    d.as_constant().map_or_else(|| json!(formula(d)), |n| json!(n))
}

fn shape(s: &[Dim; 2]) -> Value {
    json!([size(&s[0]), size(&s[1])])
}

/// The manifest of kernels.
pub(super) fn manifest(m: &Module, head: &Head) -> Value {
    let options: &[&str] = match (head.target, head.dtype) {
        ("opencl", "f32") => &["-cl-std=CL1.2", "-cl-single-precision-constant"],
        ("opencl", _) => &["-cl-std=CL1.2"],
        _ => &[],
    };
    let sizes = head.sizes.map_or_else(|| json!(m.sizes), |known| json!(known));
    let conditions: Vec<Value> = (m.conditions.iter())
        .map(|(what, [low, value, high])| json!({ "is": what, "from": size(low), "value": size(value), "to": size(high) }))
        .collect();
    let arrays: Vec<Value> = m.arrays.iter().map(|(n, w)| json!({ "entries": size(n), "is": w })).collect();
    let inputs: Vec<Value> = m.inputs.iter().map(|(a, name, s)| json!({ "array": a, "name": name, "shape": shape(s) })).collect();
    let numbers: Vec<Value> = m.numbers.iter().map(|(a, n)| json!({ "array": a, "value": n.to_f64() })).collect();
    let outputs: Vec<Value> =
        (m.outputs.iter().zip(head.queries)).map(|((a, s), q)| json!({ "array": a, "query": q, "shape": shape(s) })).collect();
    let kernels: Vec<Value> = (0..m.kernels.kernels.len()).map(|k| kernel(m, k)).collect();
    let tasks: Vec<Value> = m.kernels.tasks.iter().map(|t| task(m, t)).collect();
    json!({
        "target": head.target, "dtype": head.dtype, "source": head.source, "options": options, "sizes": sizes,
        "conditions": conditions, "arrays": arrays, "inputs": inputs, "numbers": numbers, "outputs": outputs,
        "kernels": kernels, "tasks": tasks,
    })
}

fn kernel(m: &Module, place: usize) -> Value {
    let k = &m.kernels.kernels[place];
    let launched = m.kernels.tasks.iter().find_map(|t| match t {
        Task::Launch { kernel, arrays, .. } if *kernel == place => Some(arrays.len()),
        _ => None,
    });
    let arrays = launched.unwrap_or(k.written);
    let written: Vec<usize> = (arrays - k.written..arrays).collect();
    let groups = match k.grid.iter().all(|(n, _)| n.as_constant().is_some()) {
        true => json!(k.groups),
        false => k.grid.iter().map(|(n, each)| json!({ "of": size(n), "each": each })).collect(),
    };
    let at_most: Vec<Value> = k.at_most.iter().map(|(n, most)| json!({ "value": size(n), "to": most })).collect();
    let sizes = m.sizes_of(place);
    json!({
        "name": k.name, "family": k.family, "groups": groups, "threads": k.threads,
        "arguments": arrays + usize::from(k.flagged) + sizes.len(), "written": written, "flag": k.flagged, "sizes": sizes,
        "at_most": at_most,
    })
}

fn task(m: &Module, t: &Task) -> Value {
    match t {
        Task::Zero(a) => json!({ "zero": a }),
        Task::Launch { kernel, arrays, products } => {
            let products: Vec<Value> = products.iter().map(|g| matrix_product(m, g)).collect();
            json!({ "launch": m.kernels.kernels[*kernel].name, "arrays": arrays, "matrix_products": products })
        }
        Task::Host(place) => {
            let Host { name, arguments, sizes, parameters, target, times } = &m.hosts[*place];
            let read: Vec<Value> = arguments.iter().map(|(a, s)| json!({ "array": a, "shape": shape(s) })).collect();
            let sizes: Vec<Value> = sizes.iter().map(size).collect();
            let parameters: Vec<f64> = parameters.iter().map(|p| p.to_f64()).collect();
            match name {
                Some(name) => json!({
                    "host": name, "arguments": read, "sizes": sizes, "parameters": parameters, "times": times, "target": target,
                }),
                None => json!({ "look": arguments.iter().map(|a| a.0).collect::<Vec<_>>() }),
            }
        }
    }
}

/// The call of a library that does the same.
fn matrix_product(m: &Module, g: &Gemm) -> Value {
    let (left, right) = if g.swapped { (1, 0) } else { (0, 1) };
    let sizes = |all: &[Dim; 3]| all.iter().map(size).collect::<Vec<_>>();
    let matrix = |place: usize, strides: &[Dim; 3], offset: &Dim| json!({ "array": g.arrays[place], "offset": size(offset), "strides": sizes(strides) });
    json!({
        "shape": sizes(&g.shape), "times": size(&g.batch), "left": matrix(left, &g.left, &g.offsets[0]),
        "right": matrix(right, &g.right, &g.offsets[1]), "target": matrix(2, &g.target, &g.offsets[2]), "coefficient": g.alpha,
        "add": g.add, "tile": m.kernels.kernels[g.tile].name, "arrays": g.arrays,
    })
}
