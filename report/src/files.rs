//! A page with the files that belong to it, for formats that cannot hold their charts.

use crate::document::{Chart, Document, Item};

/// A page that needs further files.
#[derive(Clone, Debug)]
pub struct Page {
    /// The page.
    pub text: String,
    /// Charts as PNG: the names of their files in the folder of figures, and the files.
    pub figures: Vec<(String, Vec<u8>)>,
}

impl Page {
    /// A page with the charts of its document.
    pub(crate) fn new(text: String, d: Document) -> Page {
        let mut figures = vec![];
        d.sections.into_iter().for_each(|s| s.items.into_iter().for_each(|i| drawn(i, &mut figures)));
        Page { text, figures }
    }
}

/// The file of a chart.
pub(crate) fn file(c: &Chart) -> String {
    format!("{}.png", c.name)
}

fn drawn(i: Item, out: &mut Vec<(String, Vec<u8>)>) {
    match i {
        Item::Charts(charts) => out.extend(charts.into_iter().map(|c| (file(&c), c.image))),
        Item::Folded(_, items) | Item::Notations { items, .. } => items.into_iter().for_each(|i| drawn(i, out)),
        _ => {}
    }
}
