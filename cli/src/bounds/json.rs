//! Bounds as JSON.

use super::{Found, name};
use hesse_compiler::{
    bound::{self, Formula, Style},
    pipeline::{Loss, Measured},
    print::Format,
};
use serde_json::{Value, json};

fn entry(found: &Found, f: Formula, formula: String, number: Option<Measured>, other: Option<f64>) -> Value {
    let mut entry = json!({
        "formula": formula,
        "bound": number.map(|n| n.bound),
        "norm": number.map(|n| n.norm),
        "slack": number.map(Measured::slack),
        "assumptions": found.bounds.assumptions(&found.model, f),
    });
    if found.numbers.is_some() {
        let own = number.map(|n| n.bound);
        let (tight, thesis) = if found.style == Style::Tight { (own, other) } else { (other, own) };
        entry["styles"] = json!({ "tight": tight, "thesis": thesis });
    }
    entry
}

/// The blocks, the whole, and what they share.
pub(super) fn text(found: &Found) -> String {
    let (b, model, numbers) = (&found.bounds, &found.model, found.numbers.as_ref());
    let names = b.parts_of_long(model);
    let print = |f: Formula| bound::printed(&b.calculus.book, &model.graph, f, &names, Format::Text);
    let mut blocks = vec![];
    for (k, x) in b.blocks.iter().enumerate() {
        let f = x.reason.bound;
        let mut e = entry(found, f, print(f), numbers.and_then(|n| n.blocks[k]), numbers.and_then(|n| n.other[k]));
        e["row"] = x.row.clone().into();
        e["col"] = x.col.clone().into();
        blocks.push(e);
    }
    let formula = b.whole_text(model, Format::Text);
    let whole = entry(found, b.whole, formula, numbers.and_then(|n| n.whole), numbers.and_then(|n| n.other_whole));
    let parts: serde_json::Map<String, Value> = names.iter().map(|(f, n)| (n.clone(), print(*f).into())).collect();
    let mut all = json!({ "style": name(found.style), "blocks": blocks, "whole": whole });
    if !parts.is_empty() {
        all["where"] = parts.into();
    }
    if !found.losses.is_empty() {
        let entry = |x: &Loss| json!({ "of": x.of, "bound": x.bound, "norm": x.norm, "slack": x.slack() });
        all["recursion"] = found.losses.iter().map(entry).collect();
    }
    let open = numbers.map(|n| n.open.clone()).unwrap_or_default();
    for (key, lines) in [("published", b.calculus.sources()), ("missing", b.missing(model)), ("rounding", open)] {
        if !lines.is_empty() {
            all[key] = lines.into();
        }
    }
    format!("{all}\n")
}
