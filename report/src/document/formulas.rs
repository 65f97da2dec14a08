//! The formulas: gradients, blocks of the Hessian and of its two parts, and what they share.

use super::{Item, plain};
use crate::page::Report;

pub(super) fn formulas(r: &Report) -> Vec<Item<'_>> {
    let f = &r.formulas;
    let of = |kind: &str| f.results.iter().filter(|x| x.kind == kind).map(Item::Formula).collect::<Vec<_>>();
    let mut all = vec![Item::Heading("Gradients")];
    all.extend(of("gradient"));
    all.push(Item::Heading("Hessian"));
    all.push(Item::Text(plain("Blocks on and above the diagonal; a block below it is the transpose of its mirror image.")));
    all.extend(of("hessian"));
    if !f.parts.is_empty() {
        all.push(Item::Heading("Parts"));
        all.push(Item::Text(plain("What the formulas share, each before what it stands in.")));
        all.extend(f.parts.iter().map(Item::Formula));
    }
    all.push(Item::Heading("Gauss-Newton and functional part"));
    all.push(Item::Text(plain("They add up to the Hessian.")));
    for (title, kind) in [("Gauss-Newton part", "gauss_newton"), ("Functional part", "functional")] {
        let blocks = of(kind);
        all.push(Item::Folded(plain(format!("{title}: {}", super::numbers::counted(blocks.len(), "block"))), blocks));
    }
    vec![
        Item::Hint(plain(format!("{}.", r.convention))),
        Item::Notations { items: all, rust: f.rust.as_deref(), file: &r.model.file },
    ]
}
