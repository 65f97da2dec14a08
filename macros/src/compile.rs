//! From the text of a model to the text of its functions: here the compiler is called, with strings on both sides.

use hesse_compiler::{
    diagnostic::{Diagnostic, Source},
    emit::{Function, Results, Typical, rust, table},
    hessian::Part,
    pipeline::{Functions, not_emitted},
    print::Format,
    syntax::{self, Model},
};
use std::{collections::BTreeMap, path::Path, thread};

/// What is compiled.
pub(crate) struct Request {
    /// What messages call the text.
    pub(crate) name: String,
    pub(crate) text: String,
    /// The folder that `use "…"` begins at.
    pub(crate) folder: String,
    pub(crate) krate: String,
    /// Names and queries.
    pub(crate) methods: Vec<(String, String)>,
    pub(crate) sizes: BTreeMap<String, usize>,
    /// Whether kernels are made.
    pub(crate) device: bool,
}

/// An array of the model.
pub(crate) struct Array {
    pub(crate) name: String,
    pub(crate) is_parameter: bool,
    pub(crate) shape: String,
}

/// What comes of it.
pub(crate) struct Compiled {
    /// The functions, with what they use.
    pub(crate) functions: String,
    /// The kernels of the functions, if they are wanted.
    pub(crate) tables: Option<String>,
    pub(crate) formulas: String,
    pub(crate) latex: String,
    /// All arrays, in the order of the arguments of the functions.
    pub(crate) arrays: Vec<Array>,
    /// The parameters, in the order of the results.
    pub(crate) parameters: Vec<String>,
    /// For each query its shape, and whether it is a number.
    pub(crate) results: Vec<(String, bool)>,
}

/// A message, and the query that it is about.
pub(crate) struct Mistake {
    pub(crate) message: String,
    pub(crate) query: Option<usize>,
}

/// Stack of the thread that works: nested formulas must not overflow it.
const STACK: usize = 256 << 20;

/// Errors: the diagnostics with their carets.
pub(crate) fn compile(request: Request) -> Result<Compiled, Mistake> {
    let failed = |message: &str| Mistake { message: message.to_owned(), query: None };
    let worker = thread::Builder::new().stack_size(STACK).spawn(move || work(&request));
    match worker.map(thread::JoinHandle::join) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(failed("hesse failed on this model, which is a mistake in hesse")),
        Err(_) => Err(failed("no thread could be started")),
    }
}

fn work(request: &Request) -> Result<Compiled, Mistake> {
    let read = |wanted: &str, from: &str| {
        let base =
            if from == request.name { Path::new(&request.folder) } else { Path::new(from).parent().unwrap_or(Path::new("")) };
        let path = base.join(wanted);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Source { name: path.display().to_string(), text }),
            Err(e) => Err(format!("`{}` cannot be read: {e}", path.display())),
        }
    };
    let source = Source { name: request.name.clone(), text: request.text.clone() };
    let mut model = syntax::model(source, &read).map_err(|(sources, errors)| mistake(&errors, &sources, None))?;
    let mut queries = vec![];
    for (k, (name, text)) in request.methods.iter().enumerate() {
        let q = syntax::query(&mut model, text).map_err(|errors| mistake(&errors, &model.sources, Some(k)))?;
        queries.push((name, q));
    }
    let sources = model.sources.clone();
    let wrong = |d: Diagnostic| mistake(&[d], &sources, None);
    let parameters = model.params.clone();
    let shapes = shapes(&model);
    let mut make = Functions::new(&mut model, false);
    let mut functions: Vec<Function> = vec![
        make.loss().map_err(wrong)?,
        make.gradient().map_err(wrong)?,
        make.hessian(Part::Whole).map_err(wrong)?,
        make.hessian(Part::GaussNewton).map_err(wrong)?,
        make.hessian(Part::Functional).map_err(wrong)?,
    ];
    let arrays = functions[0].arguments.iter().map(|a| Array {
        name: a.name.clone(),
        is_parameter: parameters.contains(&a.name),
        shape: shapes.get(&a.name).cloned().unwrap_or_default(),
    });
    let arrays = arrays.collect();
    let mut results = vec![];
    for (k, (name, q)) in queries.iter().enumerate() {
        let f = make.query(name, q).map_err(|d| mistake(&[d], &sources, Some(k)))?;
        let shape = &f.program.tensors[f.program.outputs[0].0].shape;
        results.push((format!("{}×{}", shape[0], shape[1]), f.results == Results::One && shape.iter().all(|d| d.is_one())));
        functions.push(f);
    }
    let formulas = make.formulas(Format::Text).map_err(wrong)?;
    let latex = make.formulas(Format::Latex).map_err(wrong)?;
    functions.push(make.hvp().map_err(wrong)?);
    let typical = Typical(request.sizes.clone());
    let mut text = String::new();
    for f in &functions {
        text.push_str(&rust::function(f, &typical).map_err(|e| wrong(not_emitted(&f.name, &e)))?);
    }
    let kernels = || table::tables(&functions, &typical, &request.krate).map_err(|(name, e)| wrong(not_emitted(&name, &e)));
    let tables = request.device.then(kernels).transpose()?;
    let functions = rust::uses(&functions, &text, &request.krate) + &text;
    Ok(Compiled { functions, tables, formulas, latex, arrays, parameters, results })
}

/// How the arrays of a model are declared.
fn shapes(model: &Model) -> BTreeMap<String, String> {
    model.graph.variables().map(|(name, v)| (name.to_owned(), v.shape.to_string())).collect()
}

fn mistake(errors: &[Diagnostic], sources: &[Source], query: Option<usize>) -> Mistake {
    let all: Vec<String> = errors.iter().map(|d| d.render(sources, false).trim_end().to_owned()).collect();
    // rustc says that it is an error
    let text = all.join("\n");
    let message = match text.strip_prefix("error[").and_then(|t| t.split_once(']')) {
        Some((code, rest)) => format!("{code}{rest}"),
        None => text,
    };
    Mistake { message, query }
}
