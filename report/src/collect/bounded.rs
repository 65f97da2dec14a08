//! Bounds of all blocks as formulas, and on data beside the true norms; of the named nodes, to see where slack arises.

use super::{Options, Set};
use crate::{
    numbers::TrueNorms,
    page::{BoundOf, BoundPart, Bounded, LayerSlack},
};
use hesse_compiler::{
    bound::{self, Bounds, Formula, Norm, Symbols},
    data::Bound as Data,
    diagnostic::Diagnostic,
    expr::Expr,
    hessian::Part,
    pipeline::{self, Settings, Values},
    print::{self, Format},
    syntax::{Model, Query},
};

pub(super) fn bounded(
    model: &mut Model,
    data: Option<(&Set, &TrueNorms)>,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<Bounded, Diagnostic> {
    let b = pipeline::bounds(model, Part::Whole, Symbols::Data)?;
    let names = b.parts(model);
    let formulas: Vec<Formula> = b.blocks.iter().map(|x| x.reason.bound).collect();
    let nodes = b.of_nodes(model);
    let mut values = None;
    if let Some((set, _)) = data {
        let settings = Settings { memory: options.memory, per_sample: true };
        let asked: Vec<Formula> = formulas.iter().copied().chain(nodes.iter().map(|n| n.2)).collect();
        let few = few(set, data);
        let norms = norms_of_nodes(model, &nodes, &few, &settings);
        match pipeline::values(model, &b, &asked, &few, &settings) {
            Ok(v) => values = Some((v, norms)),
            // a bound that divides by zero on these data is not known, the rest of the page is
            Err(d) => notes.push(format!("the bounds have no values on these data: {}", d.message)),
        }
    }
    let one = |row: &str, col: &str, f: Formula, norm: Option<f64>, spell: &dyn Fn(Format) -> String| {
        let bound = values.as_ref().and_then(|(v, _)| v.of(&b, f));
        let norm = norm.filter(|_| values.is_some());
        let slack = bound.zip(norm).map(|(bound, norm)| pipeline::Measured { bound, norm }.slack());
        BoundOf {
            row: row.to_owned(),
            col: col.to_owned(),
            text: spell(Format::Text),
            latex: print::wrapped(&spell(Format::Latex)),
            mathml: spell(Format::Mathml),
            assumptions: b.assumptions(model, f),
            bound,
            norm,
            slack: slack.filter(|s| s.is_finite()),
        }
    };
    let spell = |f: Formula, format: Format| bound::printed(&b.calculus.book, &model.graph, f, &names, format);
    let blocks = b.blocks.iter().map(|x| {
        let f = x.reason.bound;
        let norm = data.and_then(|(_, n)| n.blocks.get(&(x.col.clone(), x.row.clone())).copied());
        one(&x.row, &x.col, f, norm, &|format| spell(f, format))
    });
    let blocks = blocks.collect();
    let norm = data.and_then(|(_, n)| n.whole);
    let whole = Some(one("", "", b.whole, norm, &|format| b.whole_text(model, format))).filter(|_| b.blocks.len() > 1);
    let part = |(f, name): (&Formula, &String)| BoundPart {
        name: name.clone(),
        text: spell(*f, Format::Text),
        latex: print::wrapped(&spell(*f, Format::Latex)),
        mathml: spell(*f, Format::Mathml),
    };
    let layers = values.as_ref().map(|(v, norms)| layers(&b, v, &nodes, norms)).unwrap_or_default();
    let missing = b.missing(model);
    notes.extend(missing.iter().map(|m| format!("no bound: {m}")));
    Ok(Bounded { blocks, whole, parts: names.iter().map(part).collect(), missing, layers })
}

/// The samples on which the true norms were computed.
fn few(set: &Set, data: Option<(&Set, &TrueNorms)>) -> Data {
    let mut few = set.data.clone();
    few.samples.truncate(data.map_or(1, |(_, n)| n.samples.max(1)));
    few
}

/// The mean over the samples of the norms of the nodes; nothing where they cannot be computed.
fn norms_of_nodes(model: &mut Model, nodes: &[(String, Expr, Formula)], few: &Data, settings: &Settings) -> Vec<Option<f64>> {
    let mut out = vec![];
    for (name, e, _) in nodes {
        let expr = bound::expression(&mut model.graph, Norm::Two, *e);
        let query = Query { text: format!("norm2({name})"), expr, blocks: vec![] };
        let found = pipeline::evaluate(model, &[query], few, settings).ok();
        let mean = |a: &pipeline::Answer| a.values.iter().map(|m| m.data[0]).sum::<f64>() / a.values.len() as f64;
        out.push(found.and_then(|a| a.first().map(mean)));
    }
    out
}

fn layers(b: &Bounds, v: &Values, nodes: &[(String, Expr, Formula)], norms: &[Option<f64>]) -> Vec<LayerSlack> {
    let layer = |((name, _, f), norm): (&(String, Expr, Formula), &Option<f64>)| {
        let (bound, norm) = (v.of(b, *f)?, (*norm)?);
        let slack = pipeline::Measured { bound, norm }.slack();
        slack.is_finite().then(|| LayerSlack { name: name.clone(), bound, norm, slack })
    };
    nodes.iter().zip(norms).filter_map(layer).collect()
}
