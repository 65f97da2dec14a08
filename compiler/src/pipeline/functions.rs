//! What a model computes, as functions to be written in another language: the loss, its derivatives, and queries.

use super::requests::answer_all;
use crate::{
    diagnostic::{Code, Diagnostic},
    differentiate::{self, NotDifferentiable},
    emit::{Argument, EmitError, Function, Results},
    expr::{Expr, Kind, Node},
    hessian::{self, Part},
    lower::lower,
    print::{self, CONVENTION, Format},
    syntax::{self, Model, Query},
};
use std::collections::{BTreeMap, HashMap};

/// The functions of a model, made one by one.
pub struct Functions<'m> {
    model: &'m mut Model,
    arguments: Vec<Argument>,
    /// Blocks that were derived, on and above the diagonal.
    blocks: BTreeMap<Part, Vec<(String, Expr)>>,
    /// Whether the formulas go into the documentation.
    formulas: bool,
}

impl<'m> Functions<'m> {
    /// The functions of a model; all of them take all its arrays, in the order of their declaration. With `formulas` they are
    /// documented by what they compute.
    pub fn new(model: &'m mut Model, formulas: bool) -> Functions<'m> {
        let arguments = arguments(model);
        Functions { model, arguments, blocks: BTreeMap::new(), formulas }
    }

    /// The loss itself.
    ///
    /// Errors: the model has no loss.
    pub fn loss(&mut self) -> Result<Function, Diagnostic> {
        let loss = self.trained()?;
        self.function("loss", Results::One, vec![("loss".to_owned(), loss)], vec![])
    }

    /// The gradient in every parameter.
    ///
    /// Errors: there is no loss or parameter, or no derivative.
    pub fn gradient(&mut self) -> Result<Function, Diagnostic> {
        let mut roots = vec![];
        for (name, x) in self.parameters()? {
            let loss = self.trained()?;
            let d = differentiate::gradient(&mut self.model.graph, loss, x).map_err(|e| no_derivative(&e))?;
            roots.push((format!("grad(loss, {name})"), d));
        }
        let labels = roots.iter().map(|r| r.0.clone()).collect();
        self.function("gradient", Results::Many(labels), roots, vec![])
    }

    /// The Hessian in all parameters, or a part of it.
    ///
    /// Errors: there is no loss or parameter, or no derivative.
    pub fn hessian(&mut self, part: Part) -> Result<Function, Diagnostic> {
        let names = self.parameters()?.into_iter().map(|p| p.0).collect();
        let roots = self.blocks(part)?;
        self.function(part.query(), Results::Symmetric(names), roots, vec![])
    }

    /// The blocks on and above the diagonal, with their names, derived once.
    fn blocks(&mut self, part: Part) -> Result<Vec<(String, Expr)>, Diagnostic> {
        if let Some(known) = self.blocks.get(&part) {
            return Ok(known.clone());
        }
        let (loss, parameters) = (self.trained()?, self.parameters()?);
        let (mut labels, mut pairs) = (vec![], vec![]);
        for (i, (row, x)) in parameters.iter().enumerate() {
            for (col, y) in &parameters[i..] {
                labels.push(format!("{}(loss, {row}, {col})", part.query()));
                pairs.push((*x, *y));
            }
        }
        let found = hessian::blocks(&mut self.model.graph, loss, part, &pairs).map_err(|e| no_derivative(&e))?;
        let named: Vec<(String, Expr)> = labels.into_iter().zip(found).collect();
        self.blocks.insert(part, named.clone());
        Ok(named)
    }

    /// The product of the Hessian with a direction, which is one more array for every parameter.
    ///
    /// Errors: there is no loss or parameter, or no derivative.
    pub fn hvp(&mut self) -> Result<Function, Diagnostic> {
        let (loss, parameters) = (self.trained()?, self.parameters()?);
        let (mut along, mut more) = (vec![], vec![]);
        for (name, x) in &parameters {
            let (direction, shape) = (format!("direction of {name}"), self.model.graph.shape(*x).clone());
            more.push(Argument { name: direction.clone(), shape: [shape.rows.clone(), shape.cols.clone()] });
            along.push((*x, self.model.graph.declare(&direction, shape, Kind::Const)));
        }
        let mut products = hessian::hessian_vector(&mut self.model.graph, loss, &along).map_err(|e| no_derivative(&e))?;
        let mut roots = vec![];
        for (name, x) in parameters {
            let shape = self.model.graph.shape(x).clone();
            let zeros = crate::ops::build::Build::zeros(&mut self.model.graph, &shape);
            roots.push((format!("hvp in {name}"), products.remove(&x).unwrap_or(zeros)));
        }
        let labels = roots.iter().map(|r| r.0.clone()).collect();
        self.function("hvp", Results::Many(labels), roots, more)
    }

    /// Any query, as a function of that name.
    ///
    /// Errors: no derivative.
    pub fn query(&mut self, name: &str, query: &Query) -> Result<Function, Diagnostic> {
        let e = answer_all(&mut self.model.graph, &[query.expr]).map_err(|e| no_derivative(&e))?[0];
        self.function(name, Results::One, vec![(query.text.clone(), e)], vec![])
    }

    /// The formulas of the gradient and the Hessian as one text.
    ///
    /// Errors: there is no loss or parameter, or no derivative.
    pub fn formulas(&mut self, format: Format) -> Result<String, Diagnostic> {
        let (loss, mut roots) = (self.trained()?, vec![]);
        for (name, x) in self.parameters()? {
            let d = differentiate::gradient(&mut self.model.graph, loss, x).map_err(|e| no_derivative(&e))?;
            roots.push((format!("grad(loss, {name})"), d));
        }
        roots.extend(self.blocks(Part::Whole)?);
        Ok(print::render(&self.model.graph, &roots, format))
    }

    fn trained(&self) -> Result<Expr, Diagnostic> {
        let none = || Diagnostic::new(Code::Loss, "the model has no loss").help("end it with a line such as `loss mse(F, Y)`");
        self.model.loss.ok_or_else(none)
    }

    fn parameters(&self) -> Result<Vec<(String, Expr)>, Diagnostic> {
        if self.model.params.is_empty() {
            let d = Diagnostic::new(Code::Parameters, "the model has no parameters");
            return Err(d.help("declare what derivatives are taken in, as in `param W: m × n`"));
        }
        let g = &self.model.graph;
        let place = |name: &String| (name.clone(), g.variable(name).expect("parameters are declared").expr);
        Ok(self.model.params.iter().map(place).collect())
    }

    fn function(
        &mut self,
        name: &str,
        results: Results,
        roots: Vec<(String, Expr)>,
        more: Vec<Argument>,
    ) -> Result<Function, Diagnostic> {
        // names that were held independent are what they stand for
        let held: HashMap<Expr, Expr> =
            self.model.held.iter().filter_map(|(n, &e)| Some((self.model.graph.variable(n)?.expr, e))).collect();
        let g = &mut self.model.graph;
        let roots: Vec<(String, Expr)> = roots.into_iter().map(|(n, e)| (n, differentiate::substitute(g, e, &held))).collect();
        let formula = match self.formulas {
            true => documentation(&print::render(g, &roots, Format::Text)),
            false => vec![],
        };
        let expanded: Vec<Expr> = roots.iter().map(|(_, e)| syntax::expand(g, *e)).collect();
        let program = lower(g, &expanded);
        let arguments = self.arguments.iter().cloned().chain(more).collect();
        Ok(Function { name: name.to_owned(), formula, arguments, results, program })
    }
}

/// The lines of a text of formulas without the convention, which stands on the page once.
fn documentation(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|l| !l.contains(CONVENTION)).map(str::to_owned);
    ["```text".to_owned()].into_iter().chain(lines).chain(["```".to_owned()]).collect()
}

/// The declared arrays of a model.
fn arguments(model: &Model) -> Vec<Argument> {
    let own = |name: &str| {
        !model.held.contains_key(name) && matches!(model.named(name).map(|e| model.graph.node(e)), Some(Node::Var(_)))
    };
    let variables = model.graph.variables().filter(|(name, _)| own(name));
    variables.map(|(name, v)| Argument { name: name.to_owned(), shape: [v.shape.rows.clone(), v.shape.cols.clone()] }).collect()
}

fn no_derivative(e: &NotDifferentiable) -> Diagnostic {
    Diagnostic::new(Code::Derivative, "no formula for a derivative of the loss").help(e.to_string())
}

/// What is wrong with a function that cannot be written, for the user.
pub fn not_emitted(name: &str, e: &EmitError) -> Diagnostic {
    Diagnostic::new(Code::Size, format!("the function `{name}` cannot be written: {e}"))
        .help("let the size occur in the shape of an input, parameter or target".to_owned())
}
