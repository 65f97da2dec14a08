//! How the formulas that differentiation yields became the ones on the page.

use super::{Item, Span, numbers::counted, plain};
use crate::page::{Derived, Report};

pub(super) fn derivation(r: &Report) -> Vec<Item<'_>> {
    if r.derivations.is_empty() {
        return vec![Item::Text(plain("Nothing was there to simplify."))];
    }
    let mut all = vec![Item::Text(plain(
        "How the formulas that differentiation yields became the ones above. Each step names its law; what it changes is \
         marked. A small checker has replayed all steps.",
    ))];
    all.extend(r.derivations.iter().map(derived));
    all
}

fn derived(d: &Derived) -> Item<'_> {
    let steps = counted(d.steps.len(), "step");
    let mut items: Vec<Item> = vec![];
    for (name, what) in &d.parts {
        let words = |s: &str| Span::Plain(s.to_owned());
        items.push(Item::Hint(vec![words("where "), Span::Code(name.clone()), words(" = "), Span::Code(what.clone())]));
    }
    items.push(Item::Expression(&d.start));
    items.push(Item::Steps(&d.steps));
    items.push(Item::Hint(plain(format!("{} nodes; {}.", d.nodes, d.stop))));
    Item::Folded(vec![Span::Code(d.of.clone()), Span::Plain(format!(", {steps}"))], items)
}
