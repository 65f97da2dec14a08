//! Results and their parts in all formats at once, for pages.

use super::{Document, Format, Line, Wanted, latex, line};
use crate::expr::Graph;

/// A formula in all formats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelled {
    /// The name of a part, the query of a result.
    pub name: String,
    /// Its shape, `L*dV×dK`.
    pub shape: String,
    /// As text.
    pub text: String,
    /// A LaTeX display, in `aligned` where it is long.
    pub latex: String,
    /// Presentation MathML, one `math` element.
    pub mathml: String,
    /// In the language.
    pub hesse: String,
}

/// The parts that the results share, each before what it stands in; and the results.
pub fn spelled(g: &Graph, wanted: &[Wanted]) -> (Vec<Spelled>, Vec<Spelled>) {
    let document = Document::new(g, wanted, false);
    let spell = |l: &Line| Spelled {
        name: l.name.clone(),
        shape: l.shape.clone(),
        text: line(&l.formula, Format::Text),
        latex: latex::display(&l.formula),
        mathml: line(&l.formula, Format::Mathml),
        hesse: line(&l.formula, Format::Hesse),
    };
    (document.parts.iter().map(spell).collect(), document.results.iter().map(spell).collect())
}

/// A name as MathML and as LaTeX, with its subscript.
pub fn symbol_of(name: &str) -> (String, String) {
    (super::mathml::name(name), latex::name(name))
}
