//! Kernels for devices, written beside their manifest.

use super::{
    Args,
    manifest::{Head, manifest},
};
use crate::{Manner, arrays, eval, files, output};
use hesse_compiler::{
    data,
    diagnostic::{Code, Diagnostic},
    emit::{
        Typical,
        c::{Dialect, Module, Precision},
    },
    index::plan::Plan,
    pipeline,
    print::CONVENTION,
};

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
    let sizes = match (&args.data, &args.dims) {
        (Some(path), _) => {
            let many = |errors: Vec<Diagnostic>| files::render(&errors, &[], manner);
            let given = arrays::read(std::slice::from_ref(path), &[], &model, eval::quarter()).map_err(|d| many(vec![*d]))?;
            Some(data::bind(&model, &given).map_err(many)?.sizes)
        }
        (None, dims) => dims.clone(),
    };
    if let Some(sizes) = &sizes {
        let missing: Vec<&str> = model.sizes.iter().filter(|s| !sizes.contains_key(*s)).map(String::as_str).collect();
        if !missing.is_empty() {
            let d = Diagnostic::new(Code::Size, format!("some sizes of the kernels are not given: {}", missing.join(", ")));
            let all: Vec<String> = model.sizes.iter().map(|s| format!("{s}=16")).collect();
            let help = format!("give all by --dims {}, or none: then they are arguments of the kernels", all.join(","));
            return Err(shown(d.help(help)));
        }
    }
    let sources = model.sources.clone();
    let program = pipeline::programs(&mut model, &queries).map_err(|d| d.render(&sources, manner.color))?;
    let module = match &sizes {
        Some(known) => {
            let failed = |f| shown(pipeline::failed(&f, "the kernels"));
            let plan = Plan::new(&program, &|name: &str| known.get(name).copied()).map_err(failed)?;
            let many = |(what, n)| Diagnostic::new(Code::Memory, format!("{what} has {n} entries; kernels count up to 2^31"));
            Module::known(&plan).map_err(|e| shown(many(e)))?
        }
        None => Module::symbolic(&program, &Typical::default()),
    };

    let file = args.file.file_name().unwrap_or_default().to_string_lossy();
    let given = sizes.iter().flatten().map(|(name, n)| format!("{name} = {n}")).collect::<Vec<_>>().join(", ");
    let given = if sizes.is_some() { given } else { "all sizes, which are arguments".to_owned() };
    let mut head = vec![format!("Kernels of the model `{file}`, written by hesse, for {given}.")];
    head.extend(queries.iter().map(|q| q.text.clone()));
    head.push(format!("{CONVENTION}."));
    let head: String = head.iter().map(|l| format!("// {l}\n")).collect();
    let text = format!("{head}{}", module.kernels.source(dialect, precision));
    let names: Vec<&str> = queries.iter().map(|q| q.text.as_str()).collect();
    let source = args.output.file_name().unwrap_or_default().to_string_lossy();
    let head = Head { target: &args.target, dtype: &args.dtype, source: &source, sizes: sizes.as_ref(), queries: &names };
    let manifest = manifest(&module, &head);
    let manifest = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
    output::together(&[(args.output.clone(), text.into_bytes()), (manifest_path, manifest.into_bytes())])
        .map_err(|m| files::file_error(m, manner))?;
    Ok(String::new())
}
