//! `hesse bounds`: norm bounds of every Hessian block.

use crate::{Manner, files, source::Source};
use hesse_compiler::{
    bound::{self, Bounds, Formula, Symbols},
    hessian::Part,
    pipeline::{self, Loss, Measured, Settings},
    print::Format,
    syntax::Model,
};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Bound the spectral norms of all blocks of the Hessian, as formulas and, on data, as numbers beside the true norms
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Norms in a formula: norm2, normF, norminf, norm1, normmax as in the language; normrow and normcol are the longest row\n\
    and column. With data the bound of a batch is the mean of the bounds of its samples; the true norm is exact to 1e-10.\n\n\
    Example: hesse bounds attention.hesse\n\
    Example: hesse bounds attention.hesse --data attention.json --format json"
)]
pub(crate) struct Args {
    /// Model file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    source: Source,
    /// How to print it
    #[arg(long, default_value = "text", value_parser = ["text", "latex", "mathml", "json"])]
    format: String,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Which part of the Hessian
    #[arg(long, default_value = "whole", value_parser = ["whole", "gauss-newton", "functional"])]
    part: String,
    /// Which norms may remain: those of data, of all named nodes too, of the Jacobians and curvatures at the data (the tightest; exact but
    /// for rounding), or only what `assume` bounds
    #[arg(long, default_value = "data", value_parser = ["data", "nodes", "jacobians", "declared"])]
    symbols: String,
    /// Print the leading terms as all sizes grow alike, instead of bounds
    #[arg(long, conflicts_with_all = ["data", "random"])]
    asymptotic: bool,
    /// Print how each bound is derived
    #[arg(long)]
    explain: bool,
    /// Print where the slack arises: along the recursion the bound of every Jacobian and curvature beside its true norm
    #[arg(long, requires = "Source", conflicts_with = "asymptotic")]
    slack: bool,
}

/// What is printed on standard output.
///
/// Errors: the diagnostics.
pub(crate) fn run(args: &Args, manner: Manner) -> Result<String, String> {
    let format = if args.json { Format::Json } else { Format::parse(&args.format).expect("clap admits only these formats") };
    let mut model = files::model(&args.file, manner)?;
    let part = match args.part.as_str() {
        "gauss-newton" => Part::GaussNewton,
        "functional" => Part::Functional,
        _ => Part::Whole,
    };
    let symbols = match args.symbols.as_str() {
        "declared" => Symbols::Declared,
        "nodes" => Symbols::Nodes,
        "jacobians" => Symbols::Jacobians,
        _ => Symbols::Data,
    };
    let data = args.source.read(&model, manner)?;
    let b = pipeline::bounds(&mut model, part, symbols).map_err(|d| d.render(&model.sources, manner.color))?;
    let b = if args.asymptotic { b.asymptotic() } else { b };
    let losses = match &data {
        Some((data, limit)) if args.slack => {
            let settings = Settings { memory: *limit, per_sample: false };
            pipeline::losses(&mut model, &b, data, &settings).map_err(|d| d.render(&model.sources, manner.color))?
        }
        _ => vec![],
    };
    let numbers = match data {
        Some((data, limit)) => {
            let settings = Settings { memory: limit, per_sample: false };
            let found = pipeline::measured(&mut model, &b, part, &data, &settings);
            Some(found.map_err(|d| d.render(&model.sources, manner.color))?)
        }
        None => None,
    };
    Ok(match format {
        Format::Json => json_text(&model, &b, numbers.as_ref(), &losses),
        format => page(&model, &b, numbers.as_ref(), format, args.explain, args.asymptotic) + &table(&losses),
    })
}

/// Of every block, and of the whole.
type Numbers = (Vec<Option<Measured>>, Option<Measured>);

fn entry(b: &Bounds, model: &Model, f: Formula, formula: String, number: Option<Measured>) -> Value {
    json!({
        "formula": formula,
        "bound": number.map(|n| n.bound),
        "norm": number.map(|n| n.norm),
        "slack": number.map(Measured::slack),
        "assumptions": b.assumptions(model, f),
    })
}

fn json_text(model: &Model, b: &Bounds, numbers: Option<&Numbers>, losses: &[Loss]) -> String {
    let names = b.parts_of_long(model);
    let print = |f: Formula| bound::printed(&b.calculus.book, &model.graph, f, &names, Format::Text);
    let mut blocks = vec![];
    for (k, x) in b.blocks.iter().enumerate() {
        let f = x.reason.bound;
        let mut e = entry(b, model, f, print(f), numbers.and_then(|n| n.0[k]));
        e["row"] = x.row.clone().into();
        e["col"] = x.col.clone().into();
        blocks.push(e);
    }
    let whole = entry(b, model, b.whole, b.whole_text(model, Format::Text), numbers.and_then(|n| n.1));
    let parts: serde_json::Map<String, Value> = names.iter().map(|(f, n)| (n.clone(), print(*f).into())).collect();
    let mut all = json!({ "blocks": blocks, "whole": whole });
    if !parts.is_empty() {
        all["where"] = parts.into();
    }
    if !losses.is_empty() {
        let entry = |x: &Loss| json!({ "of": x.of, "bound": x.bound, "norm": x.norm, "slack": x.slack() });
        all["recursion"] = losses.iter().map(entry).collect();
    }
    let missing = b.missing(model);
    if !missing.is_empty() {
        all["missing"] = missing.into();
    }
    format!("{all}\n")
}

/// Where the slack arises, line by line.
fn table(losses: &[Loss]) -> String {
    let line = |x: &Loss| format!("  {}\n    bound {:.6e}, norm {:.6e}, slack {:.4}\n", x.of, x.bound, x.norm, x.slack());
    let lines: String = losses.iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("where the slack arises\n{lines}") }
}

/// The blocks line by line, long parts under names of their own.
fn page(model: &Model, b: &Bounds, numbers: Option<&Numbers>, format: Format, explain: bool, asymptotic: bool) -> String {
    let mut out = String::new();
    let names = b.parts(model);
    let print = |f: Formula| bound::printed(&b.calculus.book, &model.graph, f, &names, format);
    let (eq, end) = match format {
        Format::Latex if asymptotic => (r" \sim ", "\n"),
        Format::Latex => (r" \le ", "\n"),
        Format::Mathml => ("\n", "\n"),
        _ if asymptotic => (" ~ ", "\n"),
        _ => (" <= ", "\n"),
    };
    let measured = |n: Option<Measured>| match n {
        Some(n) => format!("    bound {:.6e}, norm {:.6e}, slack {:.4}\n", n.bound, n.norm, n.slack()),
        None => String::new(),
    };
    for (k, x) in b.blocks.iter().enumerate() {
        let left = match format {
            Format::Latex => format!(r"\lVert H_{{{},{}}}\rVert_2", x.row, x.col),
            Format::Mathml => format!("<!-- {}, {} -->", x.row, x.col),
            _ => format!("norm2({}(loss, {}, {}))", b.part_name(), x.row, x.col),
        };
        out.push_str(&format!("{left}{eq}{}{end}", print(x.reason.bound)));
        out.push_str(&measured(numbers.and_then(|n| n.0[k])));
        if explain {
            out.push_str(&b.explain(model, &x.reason, &names, format));
        }
    }
    let left = match format {
        Format::Latex => r"\lVert H\rVert_2".to_owned(),
        Format::Mathml => "<!-- the whole -->".to_owned(),
        _ => format!("norm2({}(loss))", b.part_name()),
    };
    if b.blocks.len() > 1 {
        out.push_str(&format!("{left}{eq}{}{end}", b.whole_text(model, format)));
    }
    out.push_str(&measured(numbers.and_then(|n| n.1).filter(|_| b.blocks.len() > 1)));
    let wheres: Vec<(Formula, &String)> = names.iter().map(|(f, n)| (*f, n)).collect();
    if !wheres.is_empty() {
        out.push_str("where\n");
        for (f, n) in wheres {
            out.push_str(&format!("  {n} = {}\n", print(f)));
        }
    }
    let assumptions = b.assumptions(model, b.whole);
    if !assumptions.is_empty() {
        out.push_str(&format!("assumed: {}\n", assumptions.join("; ")));
    }
    for gap in b.missing(model) {
        out.push_str(&format!("no bound: {gap}\n"));
    }
    out
}
