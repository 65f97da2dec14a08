//! `Model`: what a file says; and queries over its names.

mod depth;
mod load;
mod statements;

pub use depth::{Depths, depths};

use super::{
    ast::Relation,
    names::State,
    parse,
    resolve::{self, Resolver},
};
use crate::{
    diagnostic::{Code, Diagnostic, Source},
    dim::Dim,
    expr::{Expr, Fact, Graph},
    span::Span,
};
use std::collections::BTreeMap;

/// Most statements of a model, with loops written out.
pub(super) const STATEMENTS: i64 = 100_000;

/// A model: the graph, and what the file said.
pub struct Model {
    /// All formulas.
    pub graph: Graph,
    /// The files, in the order of `Span::file`.
    pub sources: Vec<Source>,
    /// Sizes without a definition, in order.
    pub sizes: Vec<String>,
    /// Sizes with a definition; it is substituted everywhere, and kept so that data may name them.
    pub derived: BTreeMap<String, Dim>,
    /// Named nodes in order.
    pub nodes: Vec<(String, Expr)>,
    /// The scalar that is trained.
    pub loss: Option<Expr>,
    /// Parameters in the order of their declaration.
    pub params: Vec<String>,
    /// What is assumed.
    pub assumptions: Vec<Assumption>,
    /// What is claimed.
    pub claims: Vec<Claim>,
    /// Leaves that stand for named nodes held fixed in a derivative, and what each of them is; queries add to it.
    pub held: BTreeMap<String, Expr>,
    state: State,
}

impl Model {
    /// The parameters with their nodes, in the order of their declaration.
    pub fn leaves(&self) -> Vec<(String, Expr)> {
        self.params.iter().filter_map(|p| Some((p.clone(), self.graph.variable(p)?.expr))).collect()
    }

    /// The equations that are assumed.
    pub fn equations(&self) -> Vec<(Expr, Expr)> {
        let equation = |a: &Assumption| match a.says {
            Assumed::Compared(c) if c.relation == Relation::Equal => Some((c.lhs, c.rhs)),
            _ => None,
        };
        self.assumptions.iter().filter_map(equation).collect()
    }

    /// The value of a name: data, a parameter, or a node. Sizes have none.
    pub fn named(&self, name: &str) -> Option<Expr> {
        match self.state.globals.get(name)?.value {
            Some(super::names::Value::Matrix(e)) => Some(e),
            _ => None,
        }
    }
}

/// Two sides and how they compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// The left side.
    pub lhs: Expr,
    /// The sign between.
    pub relation: Relation,
    /// The right side.
    pub rhs: Expr,
}

/// What an assumption says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Assumed {
    /// A fact of a matrix, which the graph knows too.
    Fact(Fact, Expr),
    /// A comparison.
    Compared(Compared),
}

/// `assume …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assumption {
    /// What it says.
    pub says: Assumed,
    /// As written.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// `claim "id": lhs == rhs`.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Its name; empty if it has none.
    pub id: String,
    /// The two sides, or why they cannot be read.
    pub sides: Result<Compared, Vec<Diagnostic>>,
    /// As written.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// What a query asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// As written.
    pub text: String,
    /// The formula.
    pub expr: Expr,
    /// The blocks of `hessian(f)`, `gauss_newton(f)`, `functional(f)` over all parameters; else none.
    pub blocks: Vec<Block>,
}

/// One block of a Hessian.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The parameter of its rows.
    pub row: String,
    /// The parameter of its columns.
    pub col: String,
    /// The block.
    pub expr: Expr,
}

/// Reads a model. `read(path, file)` serves `use "path"` in the file of that name; its error is a sentence for the user.
///
/// Errors: the files that were read, and all that is wrong with them.
pub fn model(
    source: Source,
    read: &dyn Fn(&str, &str) -> Result<Source, String>,
) -> Result<Model, (Vec<Source>, Vec<Diagnostic>)> {
    model_of_depth(source, read, &Depths::new())
}

/// The same, with values of sizes that loops count to.
///
/// Errors: those of [`model`]; a value for what is no size.
pub fn model_of_depth(
    source: Source,
    read: &dyn Fn(&str, &str) -> Result<Source, String>,
    depths: &Depths,
) -> Result<Model, (Vec<Source>, Vec<Diagnostic>)> {
    let loaded = load::load(source, read);
    let (mut graph, mut state) = (Graph::default(), State::default());
    let (built, mut errors) = statements::build(&mut graph, &mut state, &loaded, depths);
    let mut all = loaded.errors;
    all.append(&mut errors);
    // in the order of the file, the file itself first
    all.sort_by_key(|d| d.labels.first().map(|l| (l.0.file, l.0.start)));
    if let (true, Some(span)) = (all.is_empty(), built.silent) {
        let d = Diagnostic::new(Code::TooLarge, "this derivative cannot be formed");
        all.push(d.label(span, "a definition it needs is too large with the node held fixed"));
    }
    if all.len() >= resolve::MISTAKES {
        all.truncate(resolve::MISTAKES);
        all.push(Diagnostic::new(Code::Many, "more mistakes are not shown"));
    }
    if !all.is_empty() {
        return Err((loaded.sources, all));
    }
    Ok(Model {
        graph,
        sources: loaded.sources,
        sizes: built.sizes,
        derived: built.derived,
        nodes: built.nodes,
        loss: built.loss,
        params: state.params.clone(),
        assumptions: built.assumptions,
        claims: built.claims,
        held: state.held.clone(),
        state,
    })
}

/// Reads one query over the names of a model; its text becomes one more of the model's sources.
///
/// Errors: all that is wrong with it.
pub fn query(model: &mut Model, text: &str) -> Result<Query, Vec<Diagnostic>> {
    let file = model.sources.len();
    model.sources.push(Source { name: "query".to_owned(), text: text.to_owned() });
    let e = parse::expression(text, file)?;
    let mut r = Resolver::new(&mut model.graph, &mut model.state, &model.sources);
    let out = resolve::blocks(&mut r, &e);
    let mut errors = std::mem::take(&mut r.errors);
    model.held = model.state.held.clone();
    match out {
        Ok((expr, blocks)) => Ok(Query { text: text.trim().to_owned(), expr, blocks }),
        Err(_) => {
            if errors.is_empty() {
                let d = Diagnostic::new(Code::TooLarge, "this derivative cannot be formed");
                errors.push(d.label(e.span, "a definition it needs is too large with the node held fixed"));
            }
            Err(errors)
        }
    }
}
