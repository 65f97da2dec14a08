//! Bounds of the norms of the blocks, on data beside the true norms, and where their slack arises.

use super::{Cell, Chart, Column, Item, Kind, Math, Span, Table, number, plain};
use crate::{
    figure::figure,
    page::{BoundOf, LayerSlack, Report},
    plot::{self, Image},
};
use hesse_compiler::print;

/// Most blocks for which the bound of the whole is spelled out: it is a matrix with all of them.
const SPELLED: usize = 6;

pub(super) fn bounds(r: &Report, image: Image) -> Vec<Item<'_>> {
    let b = &r.bounds;
    let all: Vec<&BoundOf> = b.blocks.iter().chain(&b.whole).collect();
    let with_data = all.iter().any(|x| x.bound.is_some());
    // many bounds rest on the same, which stands below the table once
    let mut assumed: Vec<&String> = vec![];
    for a in all.iter().flat_map(|x| &x.assumptions) {
        if !assumed.contains(&a) {
            assumed.push(a);
        }
    }
    let numbers = |x: &BoundOf| {
        let known = assumed.iter().enumerate().filter(|(_, a)| x.assumptions.contains(a));
        known.map(|(k, _)| (k + 1).to_string()).collect::<Vec<_>>().join(", ")
    };
    let mut items = vec![Item::Text(legend())];
    if with_data && let Some(n) = r.numbers.first() {
        let of = if n.dense_samples < n.samples { format!(" of the first {} samples", n.dense_samples) } else { String::new() };
        items.push(Item::Text(vec![
            Span::Plain(format!("Bound and norm are means{of} on ")),
            Span::Code(n.source.clone()),
            Span::Plain("; slack is bound over norm.".to_owned()),
        ]));
    }
    let mut columns = vec![Column::new("block", Kind::Words), Column::new("is at most", Kind::Formula)];
    columns.extend((!assumed.is_empty()).then(|| Column::new("assumed", Kind::Words)));
    columns.extend(["bound", "norm", "slack"].iter().filter(|_| with_data).map(|h| Column::new(*h, Kind::Number)));
    let row = |x: &&BoundOf| {
        let formula = match x.row.is_empty() && b.blocks.len() > SPELLED {
            true => Cell::Text(plain("the norm of the matrix of the bounds above")),
            false => Cell::Formula(Math {
                left_mathml: String::new(),
                left_latex: format!("\\lVert H{} \\rVert_2 \\le", index(x)),
                mathml: x.mathml.clone(),
                latex: x.latex.clone(),
            }),
        };
        let mut row = vec![Cell::Text(plain(name(x))), formula];
        row.extend((!assumed.is_empty()).then(|| Cell::Text(plain(numbers(x)))));
        let values = [x.bound, x.norm, x.slack].into_iter().filter(|_| with_data);
        row.extend(values.map(|v| Cell::Text(plain(number(v)))));
        row
    };
    items.push(Item::Table(Table { columns, rows: all.iter().map(row).collect() }));
    let numbered = assumed.iter().enumerate().map(|(k, a)| format!("({}) {a}", k + 1)).collect::<Vec<_>>().join("; ");
    items.extend((!assumed.is_empty()).then(|| Item::Text(plain(format!("Assumed: {numbered}.")))));
    if let Some(x) = b.blocks.first().filter(|_| b.whole.is_some() && b.blocks.len() <= SPELLED) {
        let name = Span::Code(format!("b[{},{}]", x.row, x.col));
        items.push(Item::Hint(vec![
            name,
            Span::Plain(format!(" stands for the bound of the block {}, {}, and so on.", x.row, x.col)),
        ]));
    }
    if !b.parts.is_empty() {
        items.push(Item::Text(plain("where")));
    }
    for p in &b.parts {
        let (mathml, latex) = print::symbol_of(&p.name);
        items.push(Item::Where(Math {
            left_mathml: format!("{mathml}<mo>=</mo>"),
            left_latex: format!("{latex} ="),
            mathml: p.mathml.clone(),
            latex: p.latex.clone(),
        }));
    }
    let blocks = all.iter().map(|x| format!("\\lVert H{} \\rVert_2 \\le {}", index(x), x.latex));
    let parts = b.parts.iter().map(|p| format!("{} = {}", print::symbol_of(&p.name).1, p.latex));
    items.push(Item::Source(blocks.chain(parts).collect::<Vec<_>>().join("\n")));
    items.extend(b.missing.iter().map(|m| Item::Hint(plain(format!("No bound: {m}.")))));
    if with_data && let Ok(drawn) = plot::slack(b, image) {
        items.push(Item::Heading("Where the slack arises"));
        let caption = "How many times the bounds of node norms and of blocks exceed the true norms, in log scale.";
        items.push(Item::Charts(vec![Chart { name: "slack".to_owned(), caption: caption.to_owned(), image: drawn }]));
        if !b.layers.is_empty() {
            let row = |l: &LayerSlack| {
                let numbers = [l.bound, l.norm, l.slack].map(|x| plain(figure(x)));
                std::iter::once(plain(&l.name)).chain(numbers).collect()
            };
            let head = ["node", "bound of its norm", "norm", "slack"];
            items.push(Item::Table(Table::of(&head, &[1, 2, 3], b.layers.iter().map(row))));
        }
    }
    items
}

/// `Wq, Wk`, or `whole`.
fn name(x: &BoundOf) -> String {
    if x.row.is_empty() { "whole".to_owned() } else { format!("{}, {}", x.row, x.col) }
}

/// `_{W_q,W_k}`, nothing for the whole.
fn index(x: &BoundOf) -> String {
    match x.row.is_empty() {
        true => String::new(),
        false => format!("_{{{},{}}}", print::symbol_of(&x.row).1, print::symbol_of(&x.col).1),
    }
}

fn legend() -> Vec<Span> {
    let norms = [
        ("Upper bounds of the spectral norms of the blocks. ", "2", " is the spectral norm, "),
        ("", "F", " the Frobenius norm, "),
        ("", "2,∞", " the length of the longest row, "),
        ("", "1,2", " that of the longest column, "),
        ("", "∞", " and "),
        ("", "1", " the largest absolute sums of rows and columns, "),
        ("", "max", " the largest absolute entry."),
    ];
    let words = |s: &str| Span::Plain(s.to_owned());
    norms.into_iter().flat_map(|(before, index, after)| [words(before), Span::Norm("·", index), words(after)]).collect()
}
