//! Norm bounds of Hessians as formulas: a calculus of norms, composed along the recursion that computes the Hessian.
//!
//! Assumes a model whose loss is a scalar. Guarantees: every formula is an upper bound of the spectral norm of its block wherever
//! the data keep the assumptions; it grows with every norm in it; equal bounds are equal; the same model gives the same formula.

mod blocks;
mod calculus;
mod closed;
mod contracted;
mod depth;
mod formula;
mod gathered;
mod jacobians;
mod leading;
mod nodes;
mod norm;
mod print;
mod prove;
mod recursion;
mod report;
mod rounded;
mod rule;
mod spectrum;
mod style;
mod sums;
mod ways;

pub use calculus::{Calculus, Gap, Symbols, rules};
pub use depth::{AtDepth, DEPTHS, Deep, DeepBlock, DeepFormula, any_depth};
pub use formula::{Book, Formula, Symbol, Term};
pub use norm::{Norm, Norms};
pub use print::formula as printed;
pub use prove::prove;
pub use recursion::{Between, NormDomain, Reason, Rule, Wanted};
pub use report::divisor;
pub use rounded::rounded_up;
pub use spectrum::{TOLERANCE, largest_singular};
pub use style::Style;
pub use ways::jacobian;

use crate::{
    diagnostic::{Code, Diagnostic},
    differentiate::NotDifferentiable,
    expr::{Expr, Fact, Graph, Node},
    hessian::{self, Blocks, Part, eliminate},
    number::Number,
    syntax::{self, Assumed, Compared, Model, Scope, ast::Relation},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// The bound of one block.
#[derive(Clone, Debug)]
pub struct Block {
    /// The parameter of its rows.
    pub row: String,
    /// The parameter of its columns.
    pub col: String,
    /// The bound of its spectral norm, and how it came about.
    pub reason: Rc<Reason>,
}

/// Bounds of all blocks of a Hessian.
pub struct Bounds {
    /// Which part of the Hessian.
    pub part: Part,
    /// The formulas.
    pub calculus: Calculus,
    /// One of each symmetric pair: the rows of the lower triangle.
    pub blocks: Vec<Block>,
    /// The bound of the whole: the norm of the matrix of the bounds of the blocks.
    pub whole: Formula,
}

/// The inequalities that a model assumes: the text, the smaller side, the larger side.
pub fn assumed(model: &Model) -> Vec<(String, Expr, Expr)> {
    let ordered = |a: &syntax::Assumption| {
        let Assumed::Compared(Compared { lhs, relation, rhs }) = a.says else { return None };
        match relation {
            Relation::AtMost | Relation::Below => Some((a.text.clone(), lhs, rhs)),
            Relation::AtLeast | Relation::Above => Some((a.text.clone(), rhs, lhs)),
            Relation::Equal => None,
        }
    };
    model.assumptions.iter().filter_map(ordered).collect()
}

/// What is assumed of a scalar or norm that cannot be: below zero for a norm, or a least value above a largest.
pub fn contradiction(model: &Model) -> Option<Diagnostic> {
    let g = &model.graph;
    let number = |e: Expr| g.as_number(e).map(Number::to_f64);
    let all = assumed(model);
    let wrong = |text: String, help: String| {
        let d = Diagnostic::new(Code::Assumption, format!("the assumptions contradict each other: {text}"));
        Some(d.help(help).help("no data keep both, so every bound would hold of nothing"))
    };
    for (text, small, large) in &all {
        if let (Some(n), Some(_)) = (number(*large), norm_of(g, *small))
            && n < 0.0
        {
            return wrong(format!("`{text}`"), "a norm is never below zero".to_owned());
        }
        for (other, less, more) in &all {
            if more == small
                && let (Some(low), Some(high)) = (number(*less), number(*large))
                && low > high
            {
                return wrong(format!("`{other}` and `{text}`"), format!("{low} is more than {high}"));
            }
        }
    }
    None
}

impl Bounds {
    /// The leading terms of all bounds as sizes grow alike and norms stay; their value is no longer a bound.
    #[must_use]
    pub fn asymptotic(mut self) -> Bounds {
        let book = &mut self.calculus.book;
        for b in &mut self.blocks {
            let bound = book.leading(b.reason.bound);
            b.reason = Rc::new(Reason { bound, rule: Rule::Sum, from: vec![b.reason.clone()] });
        }
        self.whole = book.spectral(self.blocks.iter().map(|b| b.reason.bound).collect());
        self
    }
}

/// Makes what a model assumes known to a calculus.
pub fn assume(c: &mut Calculus, model: &mut Model) {
    for (text, small, large) in assumed(model) {
        let Some((norm, e)) = norm_of(&model.graph, small) else { continue };
        if matches!(model.graph.node(large), Node::Var(_)) {
            // what is no smaller than a norm is not negative
            model.graph.assume(large, Fact::NonNegative);
        }
        let bound = c.scalar(&mut model.graph, large);
        c.assume(e, norm, bound, &text);
        if c.wide {
            let symbol = c.symbol(&mut model.graph, e, norm);
            c.book.keep_below(symbol, bound);
        }
    }
}

/// Which norm of what a scalar is.
pub fn norm_of(g: &Graph, e: Expr) -> Option<(Norm, Expr)> {
    let Node::Apply(op, args) = g.node(e) else { return None };
    match (op.0.name, args.as_slice()) {
        ("abs", &[x]) if g.is_scalar(x) => Some((Norm::Max, x)),
        (name, &[x]) => Norm::parse(name).map(|n| (n, x)),
        _ => None,
    }
}

/// A norm as an expression of the language.
pub fn expression(g: &mut Graph, norm: Norm, e: Expr) -> Expr {
    let text = match norm {
        _ if g.is_scalar(e) => "abs(A)",
        Norm::Two => "norm2(A)",
        Norm::Frobenius => "normF(A)",
        Norm::Row => "max(rowsum(A.^2).^(1/2))",
        Norm::Column => "max(colsum(A.^2).^(1/2))",
        Norm::Infinity => "norminf(A)",
        Norm::One => "norm1(A)",
        Norm::Max => "normmax(A)",
    };
    let scope = Scope { vars: BTreeMap::from([("A".to_owned(), e)]), ..Scope::default() };
    syntax::formula(g, text, &scope)
}

/// Bounds of the blocks of the Hessian of f in the leaves, named.
///
/// Errors: [`NotDifferentiable`].
pub fn blocks(
    c: &mut Calculus,
    g: &mut Graph,
    f: Expr,
    part: Part,
    leaves: &[(String, Expr)],
) -> Result<Vec<Block>, NotDifferentiable> {
    let (f, loss) = hessian::of_part(g, f, part);
    let wrt: Vec<Expr> = leaves.iter().map(|l| l.1).collect::<BTreeSet<_>>().into_iter().collect();
    let curved: Wanted = Box::new(move |u| part.has(&loss, u));
    let second = match c.symbols() {
        Symbols::Jacobians => jacobians::blocks(c, g, f, &curved, &wrt)?,
        _ => eliminate(&mut NormDomain { calculus: c, curved }, g, f, &wrt).map(|Blocks { second, .. }| second)?,
    };
    let zero = c.book.zero();
    let none = Rc::new(Reason { bound: zero, rule: Rule::Sum, from: vec![] });
    let mut out = vec![];
    for (i, (row, x)) in leaves.iter().enumerate() {
        for (col, y) in &leaves[..=i] {
            let reason = second.get(&(*x, *y)).or_else(|| second.get(&(*y, *x))).unwrap_or(&none).clone();
            out.push(Block { row: row.clone(), col: col.clone(), reason });
        }
    }
    Ok(out)
}

/// Bounds of the Hessian of the loss in all parameters.
///
/// Errors: [`NotDifferentiable`].
pub fn bounds(model: &mut Model, loss: Expr, part: Part, symbols: Symbols, style: Style) -> Result<Bounds, NotDifferentiable> {
    let mut c = Calculus::new(symbols);
    c.style = style;
    assume(&mut c, model);
    let leaves = model.leaves();
    let blocks = blocks(&mut c, &mut model.graph, loss, part, &leaves)?;
    let all: Vec<Formula> = blocks.iter().map(|b| b.reason.bound).collect();
    let whole = match style {
        Style::Tight => c.book.spectral(all),
        // Property 7: ‖H‖ ≤ √(m n) max ‖H_ij‖ for m × n blocks
        Style::Thesis => {
            let largest = c.book.max(&all);
            c.book.scaled(Number::int(leaves.len() as i64), largest)
        }
    };
    Ok(Bounds { part, calculus: c, blocks, whole })
}
