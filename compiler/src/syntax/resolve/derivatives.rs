//! Derivatives that are asked for: they become nodes, which differentiation expands later.
//!
//! A derivative with respect to a named node holds that node fixed: everything defined after it is read again with a
//! leaf in its place, because simplification by construction may have dissolved it.

use super::{Failed, Res, Resolver};
use crate::{
    diagnostic::{Code, Diagnostic, quote},
    expr::{Expr, Kind, Op, Shape},
    ops::{
        build::Build, differential::DIFFERENTIAL, functional::FUNCTIONAL, gauss_newton::GAUSS_NEWTON, grad::GRAD,
        hessian::HESSIAN, hvp::HVP, jacobian::JACOBIAN,
    },
    span::Span,
    syntax::{
        ast::{self, ExprKind},
        model::Block,
        names::{Binding, Value},
    },
};
use std::{collections::BTreeSet, rc::Rc};

/// A variable that a derivative is taken with respect to.
struct Variable {
    /// The leaf.
    leaf: Expr,
    /// The node it stands for, if it is not declared data.
    holds: Option<String>,
}

impl Resolver<'_> {
    pub(super) fn derivative(&mut self, name: &str, at: Span, args: &[ast::Expr], span: Span) -> Res<Expr> {
        self.at_least(name, at, args, 1)?;
        match (name, args.len()) {
            ("hvp", _) => self.hessian_vector(at, args),
            ("d", 1) => self.differential(args, span),
            ("grad", 1) => self.whole_gradient(at, args),
            ("hessian" | "gauss_newton" | "functional", 1) => self.whole(name, at, args, span).map(|x| x.0),
            ("jacobian", 1) => {
                let d = self.count_mistake_text(name, "2", 1).label(at, "1 given");
                Err(self.fail(d.help("`jacobian(F, X)` is the derivative of F with respect to X")))
            }
            (_, n) => {
                let most = if matches!(name, "hessian" | "gauss_newton" | "functional") { 3 } else { 2 };
                if n > most {
                    return Err(self.count_mistake(name, at, &format!("at most {most}"), n));
                }
                let variables: Vec<Res<Variable>> = args[1..].iter().map(|x| self.variable(x)).collect();
                let Ok(variables) = variables.into_iter().collect::<Res<Vec<Variable>>>() else {
                    self.expr(&args[0]).ok();
                    return Err(Failed);
                };
                let f = self.holding(&variables, |r| r.expr(&args[0]))?;
                if name == "d" {
                    let x = variables[0].leaf;
                    let dx = self.increment_of(x, args[1].span)?;
                    return self.node(&DIFFERENTIAL, &[f, x, dx], span);
                }
                if matches!(name, "grad" | "gauss_newton" | "functional") {
                    self.scalar(name, f, args[0].span)?;
                }
                let mut all = vec![f];
                all.extend(variables.iter().map(|v| v.leaf));
                let op = operation(name);
                if most == 3 && n == 2 {
                    all.push(all[1]);
                }
                self.node(op, &all, span)
            }
        }
    }

    fn node(&mut self, op: &'static Op, args: &[Expr], span: Span) -> Res<Expr> {
        self.g.try_apply(op, args).map_err(|_| {
            let d = Diagnostic::new(Code::Argument, format!("the arguments of `{}` do not fit", op.name));
            self.fail(d.label(span, "here"))
        })
    }

    fn scalar(&mut self, name: &str, f: Expr, span: Span) -> Res<()> {
        if self.g.is_scalar(f) {
            return Ok(());
        }
        let shape = self.g.shape(f).clone();
        let d = Diagnostic::new(Code::Scalar, format!("`{name}` is of a scalar")).label(span, format!("this is {shape}"));
        let other = if name == "grad" { "jacobian(F, X)" } else { "hessian(F, X, Y)" };
        Err(self.fail(d.help(format!("the derivative of a matrix is `{other}`"))))
    }

    /// The leaf that a derivative is taken with respect to.
    fn variable(&mut self, e: &ast::Expr) -> Res<Variable> {
        let name = match &e.kind {
            ExprKind::Name(name) => Some(name.clone()),
            ExprKind::Postfix(base, all) if all.len() == 1 => self.indexed_name(base, all)?,
            _ => None,
        };
        let Some(name) = name else {
            let d = Diagnostic::new(Code::Variable, "a derivative is taken with respect to a name")
                .label(e.span, "this is not a name")
                .help("give it a name on a line before: `T = …`");
            return Err(self.fail(d));
        };
        let Some(binding) = self.lookup(&name) else {
            return Err(self.unknown(&name, e.span));
        };
        let x = match binding.value.clone().ok_or(Failed)? {
            Value::Size(_) => {
                let place = self.declared(&binding, e.span);
                let d = Diagnostic::new(Code::Variable, "a derivative is taken with respect to a matrix");
                return Err(self.fail(d.label(e.span, format!("a size{place}"))));
            }
            Value::Matrix(x) => x,
        };
        if self.is_variable(x) {
            return Ok(Variable { leaf: x, holds: None });
        }
        let defined = self.local.is_none() && self.state.definitions.iter().any(|d| d.name == name);
        if !defined {
            let d = Diagnostic::new(Code::Variable, "inside a layer a derivative is taken with respect to declared names only")
                .label(e.span, "this stands for an expression");
            return Err(self.fail(d));
        }
        let leaf = match self.g.variable(&name) {
            Some(v) => v.expr,
            None => self.g.declare_like(&name, x, Kind::Const),
        };
        let facts = self.g.facts(x);
        for (fact, _) in crate::expr::Fact::ALL {
            if facts.has(fact) {
                self.g.assume(leaf, fact);
            }
        }
        self.state.held.entry(name.clone()).or_insert(x);
        Ok(Variable { leaf, holds: Some(name) })
    }

    /// Resolves with the nodes among the variables held fixed.
    fn holding<T>(&mut self, variables: &[Variable], f: impl FnOnce(&mut Self) -> Res<T>) -> Res<T> {
        let more: BTreeSet<String> = variables.iter().filter_map(|v| v.holds.clone()).collect();
        if more.is_subset(&self.held) {
            return f(self);
        }
        let held: BTreeSet<String> = self.held.union(&more).cloned().collect();
        let world = self.world_with(&held);
        let saved = (std::mem::replace(&mut self.held, held), self.world.replace(world));
        let out = f(self);
        (self.held, self.world) = saved;
        out
    }

    /// The names as they are with some nodes held fixed.
    fn world_with(&mut self, held: &BTreeSet<String>) -> Rc<crate::syntax::names::Names> {
        let count = self.state.definitions.len();
        if let Some((n, world)) = self.state.worlds.get(held)
            && *n == count
        {
            return world.clone();
        }
        let mut names = self.state.globals.clone();
        for name in held {
            let leaf = self.g.variable(name).map(|v| Value::Matrix(v.expr));
            if let Some(b) = names.get_mut(name) {
                b.value = leaf;
            }
        }
        let first = self.state.definitions.iter().position(|d| held.contains(&d.name)).unwrap_or(count);
        let definitions: Vec<_> = self.state.definitions[first..].to_vec();
        let saved = (self.local.take(), std::mem::take(&mut self.loops));
        let saved_held = (std::mem::replace(&mut self.held, held.clone()), self.world.take(), self.tangents);
        for d in definitions.into_iter().filter(|d| !held.contains(&d.name)) {
            self.loops = d.loops;
            self.tangents = super::calls_differential(&d.expr);
            self.world = Some(Rc::new(names));
            let value = self.quietly(|r| r.expr(&d.expr)).map(Value::Matrix);
            names = self.world.take().map_or_else(Default::default, Rc::unwrap_or_clone);
            if let Some(b) = names.get_mut(&d.name) {
                b.value = value;
            }
        }
        (self.held, self.world, self.tangents) = saved_held;
        (self.local, self.loops) = saved;
        let world = Rc::new(names);
        self.state.worlds.insert(held.clone(), (count, world.clone()));
        world
    }

    // --- all parameters ---

    /// The parameters with their leaves.
    fn parameters(&mut self, name: &str, at: Span) -> Res<Vec<(String, Expr)>> {
        let all: Vec<(String, Expr)> =
            self.state.params.iter().filter_map(|p| self.g.variable(p).map(|v| (p.clone(), v.expr))).collect();
        if all.is_empty() {
            let d = Diagnostic::new(Code::Parameters, format!("`{name}` of all parameters needs a parameter"))
                .label(at, "nothing is declared by `param`")
                .help(format!("`{name}(f, X)` names the variable"));
            return Err(self.fail(d));
        }
        Ok(all)
    }

    fn stacked(&mut self, how: &str, at: Span, parts: &[Expr]) -> Res<Expr> {
        let mut out = parts[0];
        for &p in &parts[1..] {
            let op = self.op(how, at)?;
            out = self.node(op, &[out, p], at)?;
        }
        Ok(out)
    }

    fn whole_gradient(&mut self, at: Span, args: &[ast::Expr]) -> Res<Expr> {
        let f = self.expr(&args[0])?;
        self.scalar("grad", f, args[0].span)?;
        let mut parts = vec![];
        for (_, p) in self.parameters("grad", at)? {
            let part = self.node(&GRAD, &[f, p], at)?;
            parts.push(self.g.vec_r(part));
        }
        self.stacked("vcat", at, &parts)
    }

    /// The whole Hessian (or a part of it) over all parameters, and its blocks.
    fn whole(&mut self, name: &str, at: Span, args: &[ast::Expr], span: Span) -> Res<(Expr, Vec<Block>)> {
        let f = self.expr(&args[0])?;
        self.scalar(name, f, args[0].span)?;
        let params = self.parameters(name, at)?;
        let op = operation(name);
        let (mut rows, mut blocks) = (vec![], vec![]);
        for (row, x) in &params {
            let mut line = vec![];
            for (col, y) in &params {
                let expr = self.node(op, &[f, *x, *y], span)?;
                blocks.push(Block { row: row.clone(), col: col.clone(), expr });
                line.push(expr);
            }
            rows.push(self.stacked("hcat", at, &line)?);
        }
        Ok((self.stacked("vcat", at, &rows)?, blocks))
    }

    fn hessian_vector(&mut self, at: Span, args: &[ast::Expr]) -> Res<Expr> {
        let all = self.exprs(args)?;
        self.scalar("hvp", all[0], args[0].span)?;
        let params = self.parameters("hvp", at)?;
        if params.len() != all.len() - 1 {
            let names: Vec<&str> = params.iter().map(|p| p.0.as_str()).collect();
            let d = self
                .count_mistake_text("hvp", &(params.len() + 1).to_string(), all.len())
                .label(at, format!("{} given", all.len()))
                .help(format!("after the function it takes one matrix for each parameter: {}", quote(&names.join(", "))));
            return Err(self.fail(d));
        }
        let mut pairs = vec![];
        for (((name, x), &v), arg) in params.iter().zip(&all[1..]).zip(&args[1..]) {
            let (needed, found) = (self.g.shape(*x).clone(), self.g.shape(v).clone());
            if needed != found {
                let d = Diagnostic::new(Code::Argument, format!("a direction has the shape of its parameter `{}`", quote(name)));
                return Err(self.fail(d.label(arg.span, format!("{found}, and `{}` is {needed}", quote(name)))));
            }
            pairs.extend([*x, v]);
        }
        let mut parts = vec![];
        for (_, x) in &params {
            let mut nodes = vec![all[0], *x];
            nodes.extend(&pairs);
            let part = self.node(&HVP, &nodes, at)?;
            parts.push(self.g.vec_r(part));
        }
        self.stacked("vcat", at, &parts)
    }

    /// `d(F)` over the parameters that F depends on.
    fn differential(&mut self, args: &[ast::Expr], span: Span) -> Res<Expr> {
        let f = self.expr(&args[0])?;
        let inside: BTreeSet<Expr> = self.g.reachable(&[f]).into_iter().collect();
        let params: Vec<Expr> = self.state.params.iter().filter_map(|p| self.g.variable(p)).map(|v| v.expr).collect();
        let mut nodes = vec![f];
        for x in params.into_iter().filter(|x| inside.contains(x)) {
            let dx = self.increment_of(x, span)?;
            nodes.extend([x, dx]);
        }
        if nodes.len() == 1 {
            let shape: Shape = self.g.shape(f).clone();
            return Ok(self.g.zeros(&shape));
        }
        self.node(&DIFFERENTIAL, &nodes, span)
    }

    /// `dX` of a leaf `X`, declared where it is not.
    fn increment_of(&mut self, x: Expr, span: Span) -> Res<Expr> {
        let found = self.g.variables().find(|(_, v)| v.expr == x).map(|(n, _)| n.to_owned());
        let of = found.ok_or(Failed)?;
        let name = format!("d{of}");
        let known = self.g.variable(&name).map(|v| v.expr);
        let clash = match (&known, self.state.globals.get(&name).map(|b| b.value.clone())) {
            (Some(e), _) if self.g.axes(*e) != self.g.axes(x) => true,
            (Some(e), Some(value)) => value != Some(Value::Matrix(*e)),
            (None, Some(_)) => true,
            _ => false,
        };
        if clash {
            let d = Diagnostic::new(Code::Reserved, format!("the increment of `{}` is called `{}`", quote(&of), quote(&name)))
                .label(span, "needed here")
                .help(format!("give the other `{}` another name", quote(&name)));
            return Err(self.fail(d));
        }
        let e = known.unwrap_or_else(|| self.g.declare_like(&name, x, Kind::Const));
        self.state.globals.entry(name).or_insert_with(|| Binding::of(Value::Matrix(e)));
        Ok(e)
    }
}

/// The operation of a derivative.
fn operation(name: &str) -> &'static Op {
    match name {
        "grad" => &GRAD,
        "jacobian" => &JACOBIAN,
        "gauss_newton" => &GAUSS_NEWTON,
        "functional" => &FUNCTIONAL,
        _ => &HESSIAN,
    }
}

/// An expression, and its blocks if it is a Hessian (or a part of one) of all parameters.
pub(in crate::syntax) fn blocks(r: &mut Resolver, e: &ast::Expr) -> Res<(Expr, Vec<Block>)> {
    match &e.kind {
        ExprKind::Call(name, at, args)
            if args.len() == 1
                && matches!(name.as_str(), "hessian" | "gauss_newton" | "functional")
                && r.lookup(name).is_none()
                && !r.state.layers.contains_key(name) =>
        {
            r.whole(name, *at, args, e.span)
        }
        _ => r.top(e).map(|x| (x, vec![])),
    }
}
