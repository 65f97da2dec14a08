//! Numbers on data, charts of them, and what they cost.

use super::{Cell, Chart, Column, Item, Kind, Span, Table, behind, code, number, plain};
use crate::{
    figure::{figure, large},
    page::{Numbers, Planned, Report, Spectrum},
    plot::{self, HeatMap, Image},
};

/// `1 step`, `2 steps`.
pub(super) fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

pub(super) fn numbers(r: &Report, image: Image) -> Vec<Item<'_>> {
    let all = &r.numbers;
    if all.is_empty() {
        return vec![];
    }
    let mut items = vec![Item::Table(summary(all))];
    charts(&mut items, all, image);
    items.push(Item::Table(parameters(all)));
    if !all[0].blocks.is_empty() {
        items.extend(all.iter().filter_map(largest));
        let blocks = blocks(all);
        items.push(Item::Folded(plain(format!("Norms of all {} blocks", blocks.rows.len())), vec![Item::Table(blocks)]));
    }
    items
}

fn summary(all: &[Numbers]) -> Table {
    let title = |n: &Numbers| if n.label.is_empty() { "value".to_owned() } else { n.label.clone() };
    let mut columns = vec![Column::new("", Kind::Long)];
    columns.extend(all.iter().map(|n| Column::new(title(n), Kind::Long)));
    let line = |name: Vec<Span>, f: &dyn Fn(&Numbers) -> Vec<Span>| -> Vec<Cell> {
        std::iter::once(Cell::Text(name)).chain(all.iter().map(|n| Cell::Text(f(n)))).collect()
    };
    let words = |name: &str, f: &dyn Fn(&Numbers) -> String| line(plain(name), &|n| plain(f(n)));
    let spectrum = |n: &Numbers, f: &dyn Fn(&Spectrum) -> String| n.spectrum.as_ref().map(f).unwrap_or_default();
    let trace = |s: &Spectrum| match s.trace_error {
        Some(e) if e > 0.0 => format!("{} ± {}", number(s.trace), figure(e)),
        _ => number(s.trace),
    };
    let list = |v: &[f64]| v.iter().map(|x| figure(*x)).collect::<Vec<_>>().join(", ");
    let says = |s: &str| Span::Plain(s.to_owned());
    let share = vec![
        says("share of the Gauss-Newton part, "),
        Span::Norm("GN", "F"),
        says(" / ("),
        Span::Norm("GN", "F"),
        says(" + "),
        Span::Norm("functional", "F"),
        says(")"),
    ];
    let rows = vec![
        line(plain("data"), &|n| code(&n.source)),
        words("samples", &|n| n.samples.to_string()),
        words("samples of blocks, norms and heat maps", &|n| n.dense_samples.to_string()),
        words("rows of the Hessian", &|n| n.size.to_string()),
        words("loss", &|n| figure(n.loss)),
        words("largest eigenvalues", &|n| spectrum(n, &|s| list(&s.top))),
        words("smallest eigenvalue", &|n| spectrum(n, &|s| number(s.smallest))),
        words("trace", &|n| spectrum(n, &trace)),
        line(share, &|n| plain(number(n.gauss_newton_share))),
        words("heterogeneity, largest over smallest norm of a diagonal block", &|n| number(n.heterogeneity)),
    ];
    Table { columns, rows }
}

fn charts(items: &mut Vec<Item>, all: &[Numbers], image: Image) {
    let file = |kind: &str, n: &Numbers| if n.label.is_empty() { kind.to_owned() } else { format!("{kind}-{}", n.label) };
    let maps = HeatMap::of(all);
    let shown = all.iter().filter(|n| n.heat.is_some()).enumerate();
    let heat = shown.filter_map(|(k, n)| {
        let side = n.heat.as_ref().map_or(0, |h| h.side);
        let each = if side < n.size { format!(" Each of {side}×{side} cells shows its largest entry.") } else { String::new() };
        let caption = format!("Absolute entries of the Hessian{}, in log scale; gray is zero.{each}", behind(&n.label));
        Some(Chart { name: file("entries", n), caption, image: plot::heatmap(&maps.only(k), image).ok()? })
    });
    let spectra = all.iter().filter_map(|n| {
        let (label, how) = (behind(&n.label), &n.spectrum.as_ref()?.how);
        let caption = format!("Density of the eigenvalues{label}, each widened by a hundredth of the range: {how}.");
        Some(Chart { name: file("spectrum", n), caption, image: plot::spectrum(std::slice::from_ref(n), image).ok()? })
    });
    let norms = plot::blocks(all, image).ok().map(|image| Chart {
        name: "norms".to_owned(),
        caption: "Frobenius norms of the parameters beside the spectral norms of their diagonal blocks of the Hessian."
            .to_owned(),
        image,
    });
    let groups: [(&str, Vec<Chart>); 3] = [
        ("Entries", heat.collect()),
        ("Spectrum", spectra.collect()),
        ("Norms of parameters and of their blocks", norms.into_iter().collect()),
    ];
    for (title, charts) in groups.into_iter().filter(|g| !g.1.is_empty()) {
        items.extend([Item::Heading(title), Item::Charts(charts)]);
    }
}

/// The same columns for every set of weights, behind those that are common.
fn repeated(common: Vec<Column>, titles: &[(&'static str, &'static str)], all: &[Numbers]) -> Vec<Column> {
    let column = |n: &Numbers, (what, index): &(&'static str, &'static str)| Column {
        title: vec![Span::Norm(what, index)],
        set: n.label.clone(),
        kind: Kind::Number,
    };
    let more = all.iter().flat_map(|n| titles.iter().map(move |t| column(n, t)));
    common.into_iter().chain(more).collect()
}

fn cells(numbers: impl IntoIterator<Item = f64>) -> impl Iterator<Item = Cell> {
    numbers.into_iter().map(|x| Cell::Text(plain(figure(x))))
}

fn parameters(all: &[Numbers]) -> Table {
    let common = vec![Column::new("parameter", Kind::Words), Column::new("entries", Kind::Number)];
    let columns = repeated(common, &[("W", "F"), ("gradient", "F")], all);
    let row = |(k, p): (usize, &crate::page::ParameterNorm)| {
        let norms = all.iter().filter_map(|n| n.parameters.get(k)).flat_map(|p| [p.norm, p.gradient_norm]);
        let mut row = vec![Cell::Text(plain(&p.name)), Cell::Text(plain(p.count.to_string()))];
        row.extend(cells(norms));
        row
    };
    Table { columns, rows: all[0].parameters.iter().enumerate().map(row).collect() }
}

fn blocks(all: &[Numbers]) -> Table {
    let titles = [("H", "2"), ("H", "F"), ("GN", "F"), ("functional", "F")];
    let columns = repeated(vec![Column::new("block", Kind::Words)], &titles, all);
    let row = |(k, b): (usize, &crate::page::BlockNorm)| {
        let of = |b: &crate::page::BlockNorm| [b.spectral, b.frobenius, b.gauss_newton, b.functional];
        let norms = all.iter().filter_map(|n| n.blocks.get(k)).flat_map(of);
        std::iter::once(Cell::Text(plain(format!("{}, {}", b.row, b.col)))).chain(cells(norms)).collect()
    };
    Table { columns, rows: all[0].blocks.iter().enumerate().map(row).collect() }
}

/// Which block is the largest, and the diagonal blocks from the largest on.
fn largest(n: &Numbers) -> Option<Item<'static>> {
    let b = n.blocks.iter().max_by(|a, b| a.spectral.total_cmp(&b.spectral))?;
    let the = if n.label.is_empty() { "The".to_owned() } else { format!("{}: the", n.label) };
    let mut diagonal: Vec<_> = n.blocks.iter().filter(|b| b.row == b.col).collect();
    diagonal.sort_by(|a, b| b.spectral.total_cmp(&a.spectral));
    let ranked = diagonal.iter().map(|b| format!("{} {}", b.row, figure(b.spectral))).collect::<Vec<_>>().join(", ");
    Some(Item::Text(plain(format!(
        "{the} block of the largest spectral norm is {}, {}: {}. Diagonal blocks from the largest on: {ranked}.",
        b.row,
        b.col,
        figure(b.spectral)
    ))))
}

pub(super) fn plans(r: &Report) -> Vec<Item<'_>> {
    if r.plans.is_empty() {
        return vec![];
    }
    let timed = r.plans.iter().any(|p| p.seconds.is_some());
    let row = |p: &Planned| {
        let mut row = vec![code(&p.of), plain(p.samples.to_string()), plain(large(p.flops)), plain(large(p.bytes))];
        row.extend(timed.then(|| plain(p.seconds.map(|s| format!("{} s", figure(s))).unwrap_or_default())));
        row
    };
    let head = ["what", "samples", "flop", "bytes", "one evaluation"];
    let head = &head[..if timed { 5 } else { 4 }];
    let mut items = vec![Item::Table(Table::of(head, &[1, 2, 3, 4], r.plans.iter().map(row)))];
    for p in r.plans.iter().filter(|p| !p.steps.is_empty()) {
        let omitted = if p.omitted > 0 { format!(" ({} cheaper ones are not shown)", p.omitted) } else { String::new() };
        let summary = vec![Span::Plain("Steps of ".to_owned()), Span::Code(p.of.clone()), Span::Plain(omitted)];
        let row = |(n, kind, step): &(f64, String, String)| vec![plain(large(*n)), plain(kind), code(step)];
        let mut steps = Table::of(&["operations", "kind", "step"], &[0], p.steps.iter().map(row));
        steps.columns[2].kind = Kind::Long;
        items.push(Item::Folded(summary, vec![Item::Table(steps)]));
    }
    items
}
