//! Norm bounds with numbers: the values of their symbols on data, and the true norms beside them.

use super::{Settings, enclosed, evaluate, norm_of_block, not_differentiable};
use crate::{
    bound::{self, AtDepth, Bounds, Deep, Formula, Norm, Style, Symbol, Symbols},
    data::Bound,
    diagnostic::{Code, Diagnostic},
    expr::{Expr, Graph, Node},
    hessian::Part,
    matrix::Matrix,
    print::{self, Format},
    syntax::{Model, Query},
};
use std::collections::{BTreeMap, BTreeSet};

/// Norms of what intervals say nothing of are computed to about this relative error, and rounded up by it.
const ROUNDING: f64 = 1e-12;

/// Norms that are found by iteration are exact to 1e-10 or better, and rounded up by this.
const ITERATED: f64 = 1e-9;

/// What the bound of a block is on data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The bound; no smaller than its formula.
    pub bound: f64,
    /// The spectral norm, to a relative error of 1e-10.
    pub norm: f64,
}

impl Measured {
    /// How many times too large the bound is; 1 where both are zero.
    pub fn slack(self) -> f64 {
        if self.bound == 0.0 && self.norm == 0.0 { 1.0 } else { self.bound / self.norm }
    }
}

/// Bounds of the Hessian of the loss in all parameters.
///
/// Errors: there is no loss or no parameter; an operation has no derivative; an assumption contradicts another.
pub fn bounds(model: &mut Model, part: Part, symbols: Symbols) -> Result<Bounds, Diagnostic> {
    bounds_in_style(model, part, symbols, Style::Tight)
}

/// The same of some constants.
///
/// Errors: those of [`bounds`]; the thesis has no bounds in Jacobians.
pub fn bounds_in_style(model: &mut Model, part: Part, symbols: Symbols, style: Style) -> Result<Bounds, Diagnostic> {
    let Some(loss) = model.loss else {
        let d = Diagnostic::new(Code::Loss, "the model has no loss, so there is no Hessian to bound");
        return Err(d.help("end it with a line such as `loss mse(F, Y)`: a bound is asked of the Hessian of a scalar"));
    };
    if model.params.is_empty() {
        let d = Diagnostic::new(Code::Parameters, "the model has no parameters");
        return Err(d.help("declare what derivatives are taken in, as in `param W: m × n`"));
    }
    if let Some(d) = bound::contradiction(model) {
        return Err(d);
    }
    if style == Style::Thesis && matches!(symbols, Symbols::Nodes | Symbols::Jacobians) {
        let d = Diagnostic::new(Code::Style, "the thesis bounds by norms of data alone, so its style has no other symbols");
        return Err(d.help("`--symbols data` and `--symbols declared` go with `--style thesis`"));
    }
    bound::bounds(model, loss, part, symbols, style).map_err(|e| not_differentiable(&e, &[]))
}

/// Bounds of a model of any depth, from models of several depths, of which the loops that the size `depth` ends run so often.
///
/// Errors: those of [`bounds_in_style`].
pub fn bounds_of_any_depth(
    depth: &str,
    models: Vec<(usize, Model)>,
    part: Part,
    symbols: Symbols,
    style: Style,
) -> Result<Deep, Diagnostic> {
    let mut at = vec![];
    for (depth, mut model) in models {
        let bounds = bounds_in_style(&mut model, part, symbols, style)?;
        at.push(AtDepth { depth, model, bounds });
    }
    Ok(bound::any_depth(depth, &at))
}

/// The symbols of bounds on data, each once a sample or once for all.
pub struct Values {
    values: BTreeMap<Symbol, Vec<f64>>,
    /// Those that are right but for rounding, which is not enclosed.
    open: BTreeSet<Symbol>,
    sizes: BTreeMap<String, usize>,
    samples: usize,
}

impl Values {
    /// The bound of the mean over the samples: the mean of the bounds, rounded up. `None` where it is not bounded.
    pub fn of(&self, b: &Bounds, f: Formula) -> Option<f64> {
        let mut sum = 0.0f64;
        for k in 0..self.samples {
            let of = |s: &Symbol| match s {
                Symbol::Size(d) => d.eval(&|n| self.sizes.get(n).copied()).map(|n| n as f64),
                Symbol::Pi => Some(std::f64::consts::PI.next_up()),
                s => self.values.get(s).map(|v| v[k.min(v.len() - 1)]),
            };
            sum = (sum + b.calculus.book.value(f, &of)?).next_up();
        }
        Some(if self.samples == 1 { sum } else { (sum / self.samples as f64).next_up() })
    }
}

/// The values of all symbols of some bounds.
///
/// Errors: missing data, a value outside a domain (a row of which the deviation is zero), a data set that breaks an assumption.
pub fn values(model: &mut Model, b: &Bounds, of: &[Formula], data: &Bound, settings: &Settings) -> Result<Values, Diagnostic> {
    let symbols: BTreeSet<Symbol> = of.iter().flat_map(|&f| b.calculus.book.symbols(f)).collect();
    let norms: Vec<(Norm, Expr)> = symbols
        .into_iter()
        .filter_map(|s| match s {
            Symbol::Norm(norm, e) => Some((norm, e)),
            _ => None,
        })
        .collect();
    // Jacobians are too large for intervals
    let (few, many): (Vec<_>, Vec<_>) = norms.into_iter().partition(|&(_, e)| !iterated(b, e, &model.graph));
    let found = enclosed::norms(model, &few, data, settings.memory);
    let mut values: BTreeMap<Symbol, Vec<f64>> = BTreeMap::new();
    let mut open: BTreeSet<Symbol> = many.into_iter().map(|(norm, e)| Symbol::Norm(norm, e)).collect();
    for ((norm, e), x) in few.into_iter().zip(found) {
        match x {
            Some(x) => drop(values.insert(Symbol::Norm(norm, e), x)),
            None => drop(open.insert(Symbol::Norm(norm, e))),
        }
    }
    let asked: Vec<(Symbol, Expr)> = open
        .iter()
        .cloned()
        .filter_map(|s| match s {
            // these are large: the matrix is asked for, and its norm found by iteration
            Symbol::Norm(Norm::Two, e) if iterated(b, e, &model.graph) => Some((s, e)),
            Symbol::Norm(norm, e) => Some((s, bound::expression(&mut model.graph, norm, e))),
            _ => None,
        })
        .collect();
    let query =
        |(s, expr): &(Symbol, Expr)| Query { text: b.calculus.book.symbol_text(&model.graph, s), expr: *expr, blocks: vec![] };
    let mut queries: Vec<Query> = asked.iter().map(query).collect();
    let assumed = bound::assumed(model);
    for (text, small, large) in &assumed {
        for &expr in [small, large] {
            queries.push(Query { text: format!("assume {text}"), expr, blocks: vec![] });
        }
    }
    let settings = Settings { per_sample: true, ..*settings };
    let divisors: Vec<Expr> = asked.iter().filter_map(|(s, _)| bound::divisor(&model.graph, s)).collect();
    let answers = match queries.is_empty() {
        true => Ok(vec![]),
        false => evaluate(model, &queries, data, &settings),
    };
    let answers = answers.map_err(|d| match d.code {
        Code::Domain => divisors.iter().fold(d, |d, &e| {
            let what = print::inline(&model.graph, e, Format::Text);
            d.help(format!("the bounds divide by `{what}`, so no entry of it may be zero: no row of variance zero, for one"))
        }),
        _ => d,
    })?;
    let number = |m: &Matrix<f64>| if m.data.len() == 1 { m.data[0] } else { norm_of_block(m) * (1.0 + ITERATED) };
    let numbers = |k: usize| answers[k].values.iter().map(number).collect::<Vec<f64>>();
    for (k, (text, ..)) in assumed.iter().enumerate() {
        let (small, large) = (numbers(asked.len() + 2 * k), numbers(asked.len() + 2 * k + 1));
        for i in 0..small.len().max(large.len()) {
            let (x, y) = (small[i.min(small.len() - 1)], large[i.min(large.len() - 1)]);
            if x > y + 1e-9 * x.abs().max(y.abs()) {
                let message = format!("the data break the assumption `{text}`: {x} is more than {y}");
                return Err(Diagnostic::new(Code::Data, message).help("a bound holds only where its assumptions do"));
            }
        }
    }
    for (k, (s, _)) in asked.into_iter().enumerate() {
        values.insert(s, numbers(k).into_iter().map(|x| x.abs() * (1.0 + ROUNDING)).collect());
    }
    Ok(Values { values, open, sizes: data.sizes.clone(), samples: data.samples.len().max(1) })
}

/// Whether a spectral norm is found by iteration.
fn iterated(b: &Bounds, e: Expr, g: &Graph) -> bool {
    b.calculus.symbols() == Symbols::Jacobians && matches!(g.node(e), Node::Apply(..))
}

/// Bounds on data.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// Of the blocks; `None` where there is no bound.
    pub blocks: Vec<Option<f64>>,
    /// Of the whole.
    pub whole: Option<f64>,
    /// The norms in them that are right but for rounding, since intervals say nothing of them; all else is rounded up.
    pub open: Vec<String>,
}

/// The bounds of every block and of the whole on data.
///
/// Errors: those of [`values`].
pub fn numbers(model: &mut Model, b: &Bounds, data: &Bound, settings: &Settings) -> Result<Numbers, Diagnostic> {
    let formulas: Vec<Formula> = b.blocks.iter().map(|x| x.reason.bound).collect();
    let values = values(model, b, &formulas, data, settings)?;
    Ok(Numbers {
        blocks: formulas.iter().map(|&f| values.of(b, f)).collect(),
        whole: values.of(b, b.whole),
        open: values.open.iter().map(|s| b.calculus.book.symbol_text(&model.graph, s)).collect(),
    })
}
