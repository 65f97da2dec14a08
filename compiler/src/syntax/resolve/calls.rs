//! Calls: functions of the language, operations by their rows, layers, and products that look like calls.

use super::{Failed, Res, Resolver};
use crate::{
    diagnostic::{Code, Diagnostic, quote},
    expr::{Argument, Expr, Form, Op, ShapeError},
    number::Number,
    ops::{self, build::Build},
    span::Span,
    syntax::{
        ast::{self, Layer, StatementKind},
        names::{Binding, Names, Value},
    },
};
use std::rc::Rc;

/// Functions that are more than an operation of the same name.
const SPECIAL: [&str; 18] = [
    "hcat",
    "vcat",
    "blockdiag",
    "rows",
    "cols",
    "sqrt",
    "inv",
    "kron",
    "grad",
    "jacobian",
    "hessian",
    "gauss_newton",
    "functional",
    "hvp",
    "d",
    "leaky_relu",
    "layernorm",
    "rmsnorm",
];

/// What people coming from elsewhere may write, and what it is called here.
const ELSEWHERE: [(&str, &str); 16] = [
    ("trace", "tr(A)"),
    ("ln", "log(A)"),
    ("transpose", "A'"),
    ("norm", "norm2(A)`, `normF(A)"),
    ("eye", "I(n)"),
    ("identity", "I(n)"),
    ("size", "rows(A)`, `cols(A)"),
    ("shape", "rows(A)`, `cols(A)"),
    ("inverse", "inv(A)"),
    ("gradient", "grad(f, X)"),
    ("diff", "jacobian(F, X)"),
    ("matmul", "A B"),
    ("mul", "A B"),
    ("hadamard", "A ∘ B"),
    ("pow", "A.^p"),
    ("ReLU", "relu(A)"),
];

/// The operation that is called by that name with that many arguments.
fn called(name: &str, count: usize) -> Option<&'static Op> {
    let spelled = |op: &&&'static Op| matches!(op.forms.text, Form::Call(n) if n == name);
    let mut all = ops::ALL.iter().filter(spelled).copied();
    let fits = |op: &&'static Op| op.parsed().arguments.len() == count;
    let exact = ops::named(name).filter(|op| matches!(op.forms.text, Form::Call(_)));
    exact.filter(fits).or_else(|| all.clone().find(fits)).or(exact).or_else(|| all.next())
}

/// Whether so many arguments are all that an operation has, sizes included.
fn all_sizes(name: &str, count: usize) -> bool {
    ops::named(name).is_some_and(|op| op.parsed().arguments.len() == count)
}

/// Whether the language has a function of that name.
pub(in crate::syntax) fn is_function(name: &str) -> bool {
    SPECIAL.contains(&name) || called(name, 1).is_some()
}

/// The functions of the language.
pub(super) fn function_names() -> impl Iterator<Item = &'static str> {
    let spelled = |op: &&'static Op| match op.forms.text {
        Form::Call(n) if !n.is_empty() => Some(n),
        _ => None,
    };
    ops::ALL.iter().filter_map(spelled).chain(SPECIAL)
}

impl Resolver<'_> {
    pub(super) fn call(&mut self, name: &str, at: Span, args: &[ast::Expr], span: Span) -> Res<Expr> {
        if let Some(binding) = self.lookup(name) {
            let function = is_function(name) || self.state.layers.contains_key(name);
            let one = args.len() == 1;
            let unary = SPECIAL.contains(&name) || called(name, 1).is_some_and(|op| op.parsed().arguments.len() == 1);
            match (function, one) {
                (false, true) => return self.product_by_call(name, at, args),
                (false, false) => {
                    let place = self.declared(&binding, at);
                    let d = Diagnostic::new(Code::NotAFunction, format!("`{}` is not a function", quote(name)))
                        .label(at, format!("a value{place}"));
                    return Err(self.fail(d));
                }
                (true, true) if !unary => return self.product_by_call(name, at, args),
                (true, true) if matches!(binding.value, Some(Value::Matrix(_))) => {
                    let place = self.declared(&binding, at);
                    let q = quote(name);
                    let d = Diagnostic::new(Code::Ambiguous, format!("`{q}(…)` can be a call or a product"))
                        .label(at, format!("a function, and a value{place}"))
                        .help(format!("the product is `{q} * (…)`; to call the function, give the value another name"));
                    return Err(self.fail(d));
                }
                (true, _) => {}
            }
        }
        if let Some(layer) = self.state.layers.get(name).cloned() {
            return self.layer(&layer, at, args, span);
        }
        match name {
            "hcat" | "vcat" | "blockdiag" => {
                self.at_least(name, at, args, 1)?;
                let op = self.op(name, at)?;
                let all = self.exprs(args)?;
                let mut out = all[0];
                for (i, &b) in all.iter().enumerate().skip(1) {
                    let joined = self.g.try_apply(op, &[out, b]);
                    out = joined.map_err(|_| self.concatenation_mistake(name, args, i, out, b))?;
                    self.checked(out, span)?;
                }
                Ok(out)
            }
            "kron" => {
                self.at_least(name, at, args, 2)?;
                self.kron(args)
            }
            "rows" | "cols" => {
                self.exactly(name, at, args, 1)?;
                let a = self.expr(&args[0])?;
                let shape = self.g.shape(a);
                let d = if name == "rows" { shape.rows.clone() } else { shape.cols.clone() };
                self.size_as_scalar(&d, span)
            }
            "sqrt" => {
                self.exactly(name, at, args, 1)?;
                let a = self.expr(&args[0])?;
                self.number_power(a, Number::ratio(1, 2), args[0].span, at)
            }
            "inv" => {
                self.exactly(name, at, args, 1)?;
                let a = self.expr(&args[0])?;
                if self.g.is_zero(a) {
                    let d = Diagnostic::new(Code::Division, "zero has no inverse").label(args[0].span, "this is zero");
                    return Err(self.fail(d));
                }
                let shape = self.g.shape(a);
                if shape.rows != shape.cols {
                    return Err(self.square_mistake("`inv`", a, args[0].span));
                }
                Ok(self.g.inv(a))
            }
            "ones" | "zeros" if args.len() == 1 => {
                let n = self.extent(&args[0])?;
                let shape = crate::expr::Shape::new(n, crate::dim::Dim::constant(1));
                Ok(if name == "ones" { self.g.ones(&shape) } else { self.g.zeros(&shape) })
            }
            "leaky_relu" if args.len() == 1 => {
                let op = self.op(name, at)?;
                let (a, slope) = (self.expr(&args[0])?, self.g.number(Number::ratio(1, 100)));
                self.apply(op, name, at, args, &[a, slope])
            }
            "layernorm" if args.len() == 3 => self.operation("layernorm_affine", name, at, args),
            "rmsnorm" if args.len() == 2 => self.operation("rmsnorm_affine", name, at, args),
            // with all sizes given they are operations like others
            "conv1d" | "conv2d" if !all_sizes(name, args.len()) => self.convolution(name, at, args),
            "maxpool2d" | "avgpool2d" if !all_sizes(name, args.len()) => self.pooling(name, at, args),
            "grad" | "jacobian" | "hessian" | "gauss_newton" | "functional" | "hvp" | "d" => {
                self.derivative(name, at, args, span)
            }
            _ => self.operation(name, name, at, args),
        }
    }

    /// `X(A + B)` for a value `X`: a product.
    fn product_by_call(&mut self, name: &str, at: Span, args: &[ast::Expr]) -> Res<Expr> {
        let left = ast::Expr { kind: ast::ExprKind::Name(name.to_owned()), span: at };
        self.product(&[(ast::Times::Matrix, left), (ast::Times::Matrix, args[0].clone())])
    }

    /// Applies the operation `name`, which the user calls `shown`.
    fn operation(&mut self, name: &str, shown: &str, at: Span, args: &[ast::Expr]) -> Res<Expr> {
        let Some(op) = called(name, args.len()).or_else(|| ops::named(name).filter(|_| name != shown)) else {
            return Err(self.not_a_function(shown, at, args));
        };
        let signature = op.parsed();
        let enough = args.len() >= signature.arguments.len();
        if !enough || (args.len() > signature.arguments.len() && !signature.open) {
            self.exprs(args.iter().filter(|_| !signature.arguments.iter().any(|a| matches!(a, Argument::Size(_))))).ok();
            return Err(self.arity_mistake(op, shown, at, args.len()));
        }
        let mut nodes = vec![];
        for (i, arg) in args.iter().enumerate() {
            nodes.push(match signature.arguments.get(i) {
                Some(Argument::Size(_)) => self.extent(arg).map(|d| self.g.dim(&d)),
                Some(Argument::Number) => self.expr(arg).and_then(|e| match self.g.as_number(e) {
                    Some(_) => Ok(e),
                    None => {
                        let d = Diagnostic::new(Code::Argument, format!("`{shown}` needs a number here"));
                        Err(self.fail(d.label(arg.span, "not a number that is known here")))
                    }
                }),
                _ => self.expr(arg),
            });
        }
        let nodes: Vec<Expr> = nodes.into_iter().collect::<Res<_>>()?;
        if op.name == "e"
            && let (Some(i), Some(n)) = (self.g.as_dim(nodes[0]).cloned(), self.g.as_dim(nodes[1]).cloned())
            && (&n - &i).as_constant().is_some_and(|k| k < 0)
        {
            let d = Diagnostic::new(Code::BadSize, format!("`e(i, n)` has i from 1 to n, and {i} is more than {n}"));
            return Err(self.fail(d.label(args[0].span, format!("{i}")).label(args[1].span, format!("{n}"))));
        }
        self.apply(op, shown, at, args, &nodes)
    }

    pub(super) fn apply(&mut self, op: &'static Op, shown: &str, at: Span, args: &[ast::Expr], nodes: &[Expr]) -> Res<Expr> {
        self.g.try_apply(op, nodes).map_err(|e| match e {
            ShapeError::Size { first, second, .. } => self.argument_mistake(op, shown, at, args, nodes, first, second),
            ShapeError::Arity { .. } => self.arity_mistake(op, shown, at, args.len()),
            ShapeError::Kind { argument, expected, .. } => {
                let d = Diagnostic::new(Code::Argument, format!("`{shown}` needs {expected} here"));
                self.fail(d.label(args.get(argument).map_or(at, |a| a.span), "this is something else"))
            }
        })
    }

    fn not_a_function(&mut self, name: &str, at: Span, args: &[ast::Expr]) -> Failed {
        if self.errors.len() >= super::MISTAKES {
            return Failed;
        }
        let q = quote(name);
        if SPECIAL.contains(&name) {
            let d = Diagnostic::new(Code::Unsupported, format!("`{q}` is not supported yet")).label(at, "needed here");
            return self.fail(d);
        }
        let d = Diagnostic::new(Code::Unknown, format!("no function or layer is called `{q}`")).label(at, "not known");
        let d = match (ELSEWHERE.iter().find(|(n, _)| *n == name), self.near(name)) {
            (Some((_, here)), _) => d.help(format!("here this is `{here}`")),
            (None, Some(near)) => d.help(format!("did you mean `{}`?", quote(&near))),
            (None, None) => d,
        };
        let failed = self.fail(d);
        self.exprs(args).ok();
        failed
    }

    pub(super) fn at_least(&mut self, name: &str, at: Span, args: &[ast::Expr], n: usize) -> Res<()> {
        if args.len() >= n { Ok(()) } else { Err(self.count_mistake(name, at, &format!("at least {n}"), args.len())) }
    }

    pub(super) fn exactly(&mut self, name: &str, at: Span, args: &[ast::Expr], n: usize) -> Res<()> {
        if args.len() == n { Ok(()) } else { Err(self.count_mistake(name, at, &n.to_string(), args.len())) }
    }

    // --- layers ---

    fn layer(&mut self, layer: &Rc<Layer>, at: Span, args: &[ast::Expr], span: Span) -> Res<Expr> {
        if args.len() != layer.arguments.len() {
            let names: Vec<&str> = layer.arguments.iter().map(|a| a.0.as_str()).collect();
            let d = self
                .count_mistake_text(&layer.name, &layer.arguments.len().to_string(), args.len())
                .label(at, format!("{} given", args.len()))
                .label(layer.name_span, format!("`{}({})` is defined here", quote(&layer.name), quote(&names.join(", "))));
            return Err(self.fail(d));
        }
        if self.layers.contains(&layer.name) {
            let d = Diagnostic::new(Code::Recursion, format!("the layer `{}` needs itself", quote(&layer.name)))
                .label(at, "called here while it is being written out")
                .help("layers are written out at every call, so they cannot recur; `for` repeats");
            return Err(self.fail(d));
        }
        if self.layers.len() == super::LAYERS {
            let d = Diagnostic::new(Code::Nesting, format!("layers call each other more than {} deep", super::LAYERS));
            return Err(self.fail(d.label(at, "one too many")));
        }
        let mut locals = Names::new();
        let mut complete = true;
        for (arg, (name, _)) in args.iter().zip(&layer.arguments) {
            let value = match self.try_size(arg) {
                Some(d) => Some(Value::Size(d)),
                None => self.expr(arg).ok().map(Value::Matrix),
            };
            complete &= value.is_some();
            locals.insert(name.clone(), Binding { value, place: None, defined: false });
        }
        if !complete {
            return Err(Failed);
        }
        let errors = self.errors.len();
        let saved = (self.local.replace(locals), std::mem::take(&mut self.loops));
        self.layers.push(layer.name.clone());
        let out = self.layer_body(layer);
        self.layers.pop();
        (self.local, self.loops) = saved;
        for d in &mut self.errors[errors..] {
            if d.labels.len() < 4 && d.labels.iter().all(|l| l.0 != span) {
                d.labels.push((span, format!("in this call of `{}`", quote(&layer.name))));
            }
        }
        out
    }

    fn layer_body(&mut self, layer: &Layer) -> Res<Expr> {
        self.local_statements(&layer.body)?;
        self.expr(layer.value.as_ref().ok_or(Failed)?)
    }

    fn local_statements(&mut self, body: &[ast::Statement]) -> Res<()> {
        for s in body {
            match &s.kind {
                StatementKind::Assign(target, e) => {
                    let name = self.target_name(target)?;
                    let value = self.expr(e)?;
                    let locals = self.local.as_mut().expect("a layer has local names while it is written out");
                    let binding = Binding { value: Some(Value::Matrix(value)), place: Some(target.span), defined: true };
                    if let Some(old) = locals.insert(name.clone(), binding) {
                        let d = Diagnostic::new(Code::Duplicate, format!("`{}` is defined twice", quote(&name)));
                        let d = d.label(target.span, "again here");
                        return Err(self.fail(match old.place {
                            Some(p) => d.label(p, "first here"),
                            None => d.help("it is an argument of the layer"),
                        }));
                    }
                }
                StatementKind::For(l) => {
                    let (from, to) = self.loop_bounds(l)?;
                    for p in from..=to {
                        self.loops.push((l.name.clone(), p));
                        let out = self.local_statements(&l.body);
                        self.loops.pop();
                        out?;
                    }
                }
                StatementKind::Failed(_) => return Err(Failed),
                _ => {
                    let d = Diagnostic::new(Code::Place, "a layer holds definitions, loops and its value only");
                    return Err(self.fail(d.label(s.span, "this belongs outside")));
                }
            }
        }
        Ok(())
    }

    /// First and last value of a loop.
    pub(in crate::syntax) fn loop_bounds(&mut self, l: &ast::Loop) -> Res<(i64, i64)> {
        let (from, to) = (self.integer(&l.from), self.integer(&l.to));
        let (from, to) = (from?, to?);
        if to - from >= super::super::model::STATEMENTS {
            let d = Diagnostic::new(Code::TooLarge, format!("this loop runs {} times", to - from + 1));
            return Err(self.fail(d.label(l.from.span.to(l.to.span), format!("at most {}", super::super::model::STATEMENTS))));
        }
        Ok((from, to))
    }

    /// `W[2]` of the target `W[p + 1]`.
    pub(in crate::syntax) fn target_name(&mut self, t: &ast::Target) -> Res<String> {
        if t.index.is_empty() {
            return Ok(t.name.clone());
        }
        let index: Vec<Res<i64>> = t.index.iter().map(|e| self.integer(e)).collect();
        let index = index.into_iter().map(|i| i.map(|i| i.to_string())).collect::<Res<Vec<String>>>()?;
        Ok(format!("{}[{}]", t.name, index.join(", ")))
    }

    /// Reports unknown names in a layer, which need not ever be called.
    pub(in crate::syntax) fn names_of_layer(&mut self, l: &Layer) {
        let mut locals = Names::new();
        let unknown_value = || Binding { value: None, place: None, defined: false };
        locals.extend(l.arguments.iter().map(|a| (a.0.clone(), unknown_value())));
        let mut stack: Vec<&ast::Expr> = l.value.iter().collect();
        let mut statements: Vec<&ast::Statement> = l.body.iter().collect();
        while let Some(s) = statements.pop() {
            match &s.kind {
                StatementKind::Assign(t, e) => {
                    locals.insert(t.name.clone(), unknown_value());
                    stack.push(e);
                }
                StatementKind::For(inner) => {
                    locals.insert(inner.name.clone(), unknown_value());
                    statements.extend(&inner.body);
                    stack.extend([&inner.from, &inner.to]);
                }
                _ => {}
            }
        }
        self.local = Some(locals);
        while let Some(e) = stack.pop() {
            match &e.kind {
                ast::ExprKind::Name(name) => {
                    let family = format!("{name}[");
                    let indexed = self.state.globals.range(family.clone()..).next().is_some_and(|(k, _)| k.starts_with(&family));
                    let known = name == "pi" || name == "π" || indexed || name.starts_with('d');
                    if !known && self.lookup(name).is_none() {
                        self.unknown(name, e.span);
                    }
                }
                ast::ExprKind::Number(_) => {}
                ast::ExprKind::Sum(t) => stack.extend(t.iter().map(|t| &t.1)),
                ast::ExprKind::Kron(f) => stack.extend(f),
                ast::ExprKind::Product(f) => stack.extend(f.iter().map(|f| &f.1)),
                ast::ExprKind::Postfix(base, all) => {
                    stack.push(base);
                    for (p, _) in all {
                        match p {
                            ast::Postfix::Power(k) | ast::Postfix::EntryPower(k) => stack.push(k),
                            ast::Postfix::Transpose => {}
                            ast::Postfix::Index(items) => stack.extend(items.iter().flat_map(|i| match i {
                                ast::Item::At(e) => vec![e],
                                ast::Item::Range(a, b, _) => a.iter().chain(b).collect(),
                            })),
                        }
                    }
                }
                ast::ExprKind::Call(name, at, args) => {
                    stack.extend(args);
                    let known = is_function(name) || self.state.layers.contains_key(name) || self.lookup(name).is_some();
                    if !known {
                        self.not_a_function(name, *at, &[]);
                    }
                }
            }
        }
        self.local = None;
    }
}
