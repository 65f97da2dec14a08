//! Kernels for devices, and the manifest that says how they are run.

use super::Args;
use crate::{Manner, arrays, eval, files, output};
use hesse_compiler::{
    data,
    diagnostic::{Code, Diagnostic},
    emit::c::{Dialect, Kernels, Precision, Task},
    index::plan::{Action, Plan},
    pipeline,
    print::CONVENTION,
};
use serde_json::{Value, json};

/// Writes the kernels and the manifest.
///
/// Errors: the diagnostics.
pub(super) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    let dialect = if args.target == "cuda" { Dialect::Cuda } else { Dialect::OpenCl };
    let precision = if args.dtype == "f32" { Precision::Single } else { Precision::Double };
    let manifest_path = args.output.with_extension("json");
    if manifest_path == args.output {
        return Err(files::file_error("the kernels cannot be called .json: that is their manifest".to_owned(), manner));
    }
    let mut model = files::model(&args.file, &args.depth, manner)?;
    let mut asked = args.query.clone();
    if asked.is_empty() {
        for f in &args.functions {
            asked.push(match f.as_str() {
                "gradient" => "grad(loss)".to_owned(),
                "hessian" => "hessian(loss)".to_owned(),
                "hvp" => {
                    let d = Diagnostic::new(Code::Unsupported, "kernels of `hvp` need the names of its directions".to_owned());
                    return Err(d.help("ask for it by -q 'hvp(loss, V1, …)'").render(&[], manner.color));
                }
                other => other.to_owned(),
            });
        }
    }
    let queries = files::queries(&mut model, &asked, manner)?;
    let shown = |d: Diagnostic| d.render(&[], manner.color);
    let sizes = match &args.data {
        Some(path) => {
            let many = |errors: Vec<Diagnostic>| files::render(&errors, &[], manner);
            let given = arrays::read(std::slice::from_ref(path), &[], &model, eval::quarter()).map_err(|d| many(vec![*d]))?;
            data::bind(&model, &given).map_err(many)?.sizes
        }
        None => args.dims.clone().unwrap_or_default(),
    };
    let missing: Vec<&str> = model.sizes.iter().filter(|s| !sizes.contains_key(*s)).map(String::as_str).collect();
    if !missing.is_empty() {
        let d = Diagnostic::new(Code::Size, format!("kernels are for known sizes; not given: {}", missing.join(", ")));
        let all: Vec<String> = model.sizes.iter().map(|s| format!("{s}=16")).collect();
        return Err(shown(d.help(format!("give them by --dims {}, or by --data", all.join(",")))));
    }
    let sources = model.sources.clone();
    let program = pipeline::programs(&mut model, &queries).map_err(|d| d.render(&sources, manner.color))?;
    let failed = |f| shown(pipeline::failed(&f, "the kernels"));
    let plan = Plan::new(&program, &|name: &str| sizes.get(name).copied()).map_err(failed)?;
    let kernels = Kernels::new(&plan)
        .map_err(|(what, n)| shown(Diagnostic::new(Code::Memory, format!("{what} has {n} entries; kernels count up to 2^31"))))?;

    let file = args.file.file_name().unwrap_or_default().to_string_lossy();
    let given: Vec<String> = sizes.iter().map(|(name, n)| format!("{name} = {n}")).collect();
    let mut head = vec![format!("Kernels of the model `{file}`, written by hesse, for {}.", given.join(", "))];
    head.extend(queries.iter().map(|q| q.text.clone()));
    head.push(format!("{CONVENTION}."));
    let head: String = head.iter().map(|l| format!("// {l}\n")).collect();
    let text = format!("{head}{}", kernels.source(dialect, precision));
    let names: Vec<&str> = queries.iter().map(|q| q.text.as_str()).collect();
    let source = args.output.file_name().unwrap_or_default().to_string_lossy();
    let manifest = manifest(&plan, &kernels, &names, &json!({ "target": args.target, "dtype": args.dtype, "source": source }));
    let manifest = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
    output::together(&[(args.output.clone(), text.into_bytes()), (manifest_path, manifest.into_bytes())])
        .map_err(|m| files::file_error(m, manner))?;
    Ok(String::new())
}

/// Arrays, kernels, and what is done in order.
fn manifest(plan: &Plan, kernels: &Kernels, queries: &[&str], head: &Value) -> Value {
    let arrays: Vec<Value> = plan.arrays.iter().zip(&plan.words).map(|(n, w)| json!({ "entries": n, "is": w })).collect();
    let inputs: Vec<Value> =
        plan.inputs.iter().map(|(a, name, shape)| json!({ "array": a, "name": name, "shape": shape })).collect();
    let numbers: Vec<Value> = plan.numbers.iter().map(|(a, n)| json!({ "array": a, "value": n.to_f64() })).collect();
    let outputs: Vec<Value> =
        (plan.outputs.iter().zip(queries)).map(|((a, shape), q)| json!({ "array": a, "query": q, "shape": shape })).collect();
    let list: Vec<Value> = (kernels.kernels.iter())
        .map(|k| json!({ "name": k.name, "family": k.family, "groups": k.groups, "threads": k.threads, "flag": k.flagged }))
        .collect();
    let tasks: Vec<Value> = kernels
        .tasks
        .iter()
        .map(|t| match t {
            Task::Zero(a) => json!({ "zero": a }),
            Task::Launch { kernel, arrays, gemm } => {
                json!({ "launch": kernels.kernels[*kernel].name, "arrays": arrays, "matrix_product": gemm.is_some() })
            }
            Task::Host(step) => match &plan.steps[*step].action {
                Action::Map { name, argument, target, .. } => json!({ "host": name, "arguments": [argument], "target": target }),
                Action::Call { name, arguments, sizes, target, times, .. } => {
                    let a: Vec<Value> = arguments.iter().map(|(a, shape)| json!({ "array": a, "shape": shape })).collect();
                    json!({ "host": name, "arguments": a, "sizes": sizes, "times": times, "target": target })
                }
                other => json!({ "host": "look", "arguments": other.reads() }),
            },
        })
        .collect();
    json!({
        "target": head["target"], "dtype": head["dtype"], "source": head["source"],
        "arrays": arrays, "inputs": inputs, "numbers": numbers, "outputs": outputs, "kernels": list, "tasks": tasks,
    })
}
