//! The model as written, its shapes, and the command that makes the page again.

use super::{Item, Span, Table, code, plain, shape};
use crate::page::{Declared, Report};

pub(super) fn model(r: &Report) -> Vec<Item<'_>> {
    let m = &r.model;
    let with_data = !m.sizes.is_empty();
    let extents = |e: &Option<Vec<usize>>| {
        e.as_ref().map(|e| e.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")).unwrap_or_default()
    };
    let row = |d: &Declared| {
        let mut row = vec![plain(&d.kind), code(&d.name), plain(shape(&d.shape))];
        row.extend(with_data.then(|| plain(extents(&d.extents))));
        row
    };
    let head = ["", "name", "shape", "on the data"];
    let count = m.parameter_count.map(|n| format!(" = {n}")).unwrap_or_default();
    let seed = m.seed.map(|s| format!(" Random data of seed {s}.")).unwrap_or_default();
    vec![
        Item::Model(&m.text),
        Item::Table(Table::of(&head[..if with_data { 4 } else { 3 }], &[], m.names.iter().map(row))),
        Item::Text(vec![Span::Plain(format!("Parameters: {}{count}.{seed}", shape(&m.parameters)))]),
        Item::Text(plain("This page is made again by")),
        Item::Command(&r.command),
    ]
}
