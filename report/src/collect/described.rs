//! The model as written, with its shapes and the number of its parameters.

use super::{Options, sizes};
use crate::page::{Declared, ModelText};
use hesse_compiler::{
    dim::Dim,
    expr::{Expr, Kind},
    syntax::{Assumed, Model},
};

/// The name of the file of a model, without its folder.
pub(super) fn file(model: &Model) -> String {
    let path = model.sources.first().map_or("", |s| s.name.as_str());
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

pub(super) fn described(model: &Model, options: &Options) -> ModelText {
    let (g, sizes) = (&model.graph, sizes(options));
    let value = |d: &Dim| d.eval(&|n| sizes.get(n).copied());
    let extents = |e: Expr| g.axes(e).iter().map(value).collect::<Option<Vec<usize>>>();
    let row = |kind: &str, name: &str, shape: String, extents: Option<Vec<usize>>| Declared {
        kind: kind.to_owned(),
        name: name.to_owned(),
        shape,
        extents,
    };
    let mut names = vec![];
    for s in &model.sizes {
        names.push(row("size", s, String::new(), sizes.get(s).map(|n| vec![*n])));
    }
    for (s, d) in &model.derived {
        names.push(row("size", s, format!("= {d}"), value(d).map(|n| vec![n])));
    }
    let mut parameters = Dim::default();
    for (name, v) in g.variables().filter(|(n, _)| !model.held.contains_key(*n)) {
        let kind = match v.kind {
            Kind::Input => "input",
            Kind::Target => "target",
            Kind::Const => "const",
            Kind::Param => "param",
        };
        // names that the derivations made do not belong to the file
        if model.named(name).is_none() {
            continue;
        }
        if v.kind == Kind::Param {
            parameters = &parameters + &v.shape.len();
        }
        names.push(row(kind, name, g.axes_text(v.expr), extents(v.expr)));
    }
    for (name, e) in model.nodes.iter().filter(|n| n.0 != "loss") {
        names.push(row("node", name, g.axes_text(*e), extents(*e)));
    }
    names.push(row("loss", "loss", "1×1".to_owned(), None));
    for a in &model.assumptions {
        let kind = if matches!(a.says, Assumed::Fact(..)) { "fact" } else { "bound" };
        names.push(row("assume", kind, a.text.clone(), None));
    }
    ModelText {
        file: file(model),
        text: model.sources.first().map(|s| s.text.clone()).unwrap_or_default(),
        names,
        parameters: parameters.to_string(),
        parameter_count: value(&parameters),
        sizes,
        seed: options.seed,
    }
}
