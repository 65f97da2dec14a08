//! The manifest of kernels: what is needed to run them without hesse.
//!
//! One object of JSON; README.md lists its fields. An array is called by its place in `arrays`.

use hesse_compiler::{
    emit::c::{Gemm, Kernels, Task},
    index::plan::{Action, ArrayId, Plan},
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
    pub(super) sizes: &'a BTreeMap<String, usize>,
    /// One for each result of the plan.
    pub(super) queries: &'a [&'a str],
}

/// The manifest of the kernels of a plan.
pub(super) fn manifest(plan: &Plan, kernels: &Kernels, head: &Head) -> Value {
    let options: &[&str] = match (head.target, head.dtype) {
        ("opencl", "f32") => &["-cl-std=CL1.2", "-cl-single-precision-constant"],
        ("opencl", _) => &["-cl-std=CL1.2"],
        _ => &[],
    };
    let words = plan.words.iter().map(String::as_str).chain(kernels.work.iter().map(|_| "what a kernel works in"));
    let arrays: Vec<Value> = kernels.lengths(plan).iter().zip(words).map(|(n, w)| json!({ "entries": n, "is": w })).collect();
    let inputs: Vec<Value> =
        plan.inputs.iter().map(|(a, name, shape)| json!({ "array": a, "name": name, "shape": shape })).collect();
    let numbers: Vec<Value> = plan.numbers.iter().map(|(a, n)| json!({ "array": a, "value": n.to_f64() })).collect();
    let outputs: Vec<Value> = (plan.outputs.iter().zip(head.queries))
        .map(|((a, shape), q)| json!({ "array": a, "query": q, "shape": shape }))
        .collect();
    let list: Vec<Value> = (0..kernels.kernels.len()).map(|k| kernel(kernels, k)).collect();
    let tasks: Vec<Value> = kernels.tasks.iter().map(|t| task(plan, kernels, t)).collect();
    json!({
        "target": head.target, "dtype": head.dtype, "source": head.source, "options": options, "sizes": head.sizes,
        "arrays": arrays, "inputs": inputs, "numbers": numbers, "outputs": outputs, "kernels": list, "tasks": tasks,
    })
}

fn kernel(kernels: &Kernels, place: usize) -> Value {
    let k = &kernels.kernels[place];
    let launched = kernels.tasks.iter().find_map(|t| match t {
        Task::Launch { kernel, arrays, .. } if *kernel == place => Some(arrays.len()),
        _ => None,
    });
    let arrays = launched.unwrap_or(k.written);
    let written: Vec<usize> = (arrays - k.written..arrays).collect();
    json!({
        "name": k.name, "family": k.family, "groups": k.groups, "threads": k.threads,
        "arguments": arrays + usize::from(k.flagged), "written": written, "flag": k.flagged,
    })
}

fn task(plan: &Plan, kernels: &Kernels, t: &Task) -> Value {
    match t {
        Task::Zero(a) => json!({ "zero": a }),
        Task::Launch { kernel, arrays, gemm } => {
            let product = gemm.as_ref().map(|g| matrix_product(g, arrays));
            json!({ "launch": kernels.kernels[*kernel].name, "arrays": arrays, "matrix_product": product })
        }
        Task::Host(step) => match &plan.steps[*step].action {
            Action::Map { name, argument, target, parameters, .. } => {
                let parameters: Vec<f64> = parameters.iter().map(|p| p.to_f64()).collect();
                let arguments = [json!({ "array": argument, "shape": [1, plan.arrays[*argument]] })];
                json!({ "host": name, "arguments": arguments, "parameters": parameters, "target": target })
            }
            Action::Call { name, arguments, sizes, target, times, .. } => {
                let arguments: Vec<Value> = arguments.iter().map(|(a, shape)| json!({ "array": a, "shape": shape })).collect();
                json!({ "host": name, "arguments": arguments, "sizes": sizes, "times": times, "target": target })
            }
            other => json!({ "look": other.reads() }),
        },
    }
}

/// The call of a library that does the same.
fn matrix_product(g: &Gemm, arrays: &[ArrayId]) -> Value {
    let (left, right) = if g.swapped { (1, 0) } else { (0, 1) };
    let matrix = |place: usize, strides: [usize; 3], offset: usize| json!({ "array": arrays[place], "offset": offset, "strides": strides });
    json!({
        "shape": g.shape, "times": g.batch, "left": matrix(left, g.left, g.offsets[0]), "right": matrix(right, g.right, g.offsets[1]),
        "target": matrix(2, g.target, g.offsets[2]), "coefficient": g.alpha, "add": g.add,
    })
}
