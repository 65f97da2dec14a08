//! Bounds of a model of any depth.

use super::{
    Args,
    page::{of_block, of_whole},
    part, style, symbols,
};
use crate::{Manner, files};
use hesse_compiler::{
    bound::{DEPTHS, Deep, DeepBlock, DeepFormula},
    diagnostic::{Code, Diagnostic},
    pipeline,
    print::Format,
};
use serde_json::{Value, json};

/// The bounds of a model of which one size that a loop counts to has no value; nothing for other models.
///
/// Errors: the diagnostics.
pub(super) fn run(args: &Args, format: Format, manner: Manner) -> Result<Option<String>, String> {
    let concrete = args.asymptotic || args.explain || args.slack || args.source.given_any();
    let open = files::open_depths(&args.file, &args.depth, manner)?;
    let [depth] = open.as_slice() else {
        if open.len() > 1 && !concrete {
            let d = Diagnostic::new(Code::Size, format!("the depths {} have no value", open.join(", ")));
            return Err(d
                .help("bounds are found for every value of one depth: give the others by `--depth`")
                .render(&[], manner.color));
        }
        return Ok(None);
    };
    if concrete {
        return Ok(None);
    }
    let load = |n: usize| {
        let mut depths = args.depth.values();
        depths.insert(depth.clone(), n);
        files::model_of_depth(&args.file, &depths, manner)
    };
    let shown = |d: Diagnostic| d.render(&[], manner.color);
    let models = DEPTHS.filter_map(|n| load(n).ok().map(|m| (n, m))).collect::<Vec<_>>();
    if models.len() < DEPTHS.count() - 2 {
        // what is wrong at the last depth is wrong at most
        load(*DEPTHS.end())?;
    }
    let deep = pipeline::bounds_of_any_depth(depth, models, part(args), symbols(args), style(args)).map_err(shown)?;
    Ok(Some(if format == Format::Json { as_json(&deep) } else { page(&deep, format) }))
}

/// The bounds line by line.
fn page(deep: &Deep, format: Format) -> String {
    let mut out = String::new();
    let eq = match format {
        Format::Latex => r" \le ",
        Format::Mathml => "\n",
        _ => " <= ",
    };
    let mut line = |left: String, f: Option<&DeepFormula>| {
        let right = f.map_or_else(|| "no closed form was found".to_owned(), |f| deep.text(f, format));
        out.push_str(&format!("{left}{eq}{right}\n"));
    };
    for b in &deep.blocks {
        line(of_block(deep.part, (&b.row, &b.col), format), b.bound.as_ref());
    }
    line(of_whole(deep.part, format), deep.whole.as_ref());
    for (name, f) in deep.sequences() {
        let (left, eq) = match format {
            Format::Mathml => (format!("<!-- {name}(q) -->"), "\n"),
            _ => (format!("{name}(q)"), " = "),
        };
        out.push_str(&format!("{left}{eq}{}\n", deep.text(f, format)));
    }
    if deep.blocks.iter().any(|b| b.row.contains("[i]") && b.col.contains("[j]")) {
        out.push_str("layers: j < i\n");
    }
    if !deep.assumptions.is_empty() {
        out.push_str(&format!("assumed: {}\n", deep.assumptions.join("; ")));
    }
    out.push_str(&format!("{}\n", said(deep)));
    if deep.whole.is_none() || deep.blocks.iter().any(|b| b.bound.is_none()) {
        out.push_str(&format!("where no closed form was found, `--depth {}=4` bounds the model of that depth\n", deep.depth));
    }
    for gap in &deep.missing {
        out.push_str(&format!("no bound: {gap}\n"));
    }
    out
}

/// Where the closed forms come from.
fn said(deep: &Deep) -> String {
    let (depth, from, to) = (&deep.depth, deep.from, DEPTHS.end());
    format!("for {depth} >= {from}: the form that the bounds of the calculus have at every depth from {from} to {to}")
}

fn as_json(deep: &Deep) -> String {
    let entry = |f: Option<&DeepFormula>| {
        json!({
            "formula": f.map(|f| deep.text(f, Format::Text)),
            "bound": Value::Null,
            "norm": Value::Null,
            "slack": Value::Null,
            "assumptions": deep.assumptions,
        })
    };
    let block = |b: &DeepBlock| {
        let mut e = entry(b.bound.as_ref());
        e["row"] = b.row.clone().into();
        e["col"] = b.col.clone().into();
        e
    };
    let blocks: Vec<Value> = deep.blocks.iter().map(block).collect();
    let mut all = json!({
        "depth": deep.depth, "from": deep.from, "compared": [deep.from, DEPTHS.end()],
        "blocks": blocks, "whole": entry(deep.whole.as_ref()),
    });
    let text = |(n, f): (&str, &DeepFormula)| (format!("{n}(q)"), Value::from(deep.text(f, Format::Text)));
    let parts: serde_json::Map<String, Value> = deep.sequences().into_iter().map(text).collect();
    if !parts.is_empty() {
        all["where"] = parts.into();
    }
    if !deep.missing.is_empty() {
        all["missing"] = deep.missing.clone().into();
    }
    format!("{all}\n")
}
