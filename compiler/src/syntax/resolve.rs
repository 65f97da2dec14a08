//! Syntax tree to graph: names, shapes and sizes are checked here, where the places are at hand.

mod arithmetic;
mod arrays;
mod calls;
mod derivatives;
mod mistakes;
mod sizes;
mod slices;

use super::{
    ast::{self, ExprKind, Postfix, Times},
    names::{self, Binding, Names, State, Value},
};
use crate::{
    diagnostic::{Code, Diagnostic, Source, quote},
    expr::{Expr, Graph, Kind, Node},
    number::Number,
    ops::{self, build::Build, power::POWER, scale::SCALE},
    span::Span,
};
pub(super) use derivatives::blocks;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    rc::Rc,
};

/// Most syntax nodes that are resolved for one file or query, expanded layers and loops included.
const FUEL: usize = 2_000_000;
/// Deepest nesting of the syntax tree, layers included.
const DEPTH: usize = 900;
/// Most layers that are written out inside each other.
const LAYERS: usize = 64;
/// Longest chain of operations on operations.
const CHAIN: u32 = 1_000;
/// Mistakes that are shown at most.
pub(super) const MISTAKES: usize = 50;

/// Something went wrong and has been reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed;

/// A result whose mistakes have been reported.
pub(super) type Res<T> = Result<T, Failed>;

/// Resolves expressions in the names of a file.
pub(super) struct Resolver<'a> {
    pub(super) g: &'a mut Graph,
    pub(super) state: &'a mut State,
    pub(super) sources: &'a [Source],
    pub(super) errors: Vec<Diagnostic>,
    /// Arguments and definitions of the layer that is being expanded.
    pub(super) local: Option<Names>,
    /// Counters of the loops around.
    pub(super) loops: Vec<(String, i64)>,
    /// Layers that are being expanded.
    layers: Vec<String>,
    /// Nodes held fixed, and the names as they then are.
    held: BTreeSet<String>,
    world: Option<Rc<Names>>,
    /// Whether increments `dX` may be declared on demand.
    tangents: bool,
    fuel: usize,
    depth: usize,
    chains: HashMap<Expr, u32>,
    reported: HashSet<(Code, Span)>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(g: &'a mut Graph, state: &'a mut State, sources: &'a [Source]) -> Self {
        Resolver {
            g,
            state,
            sources,
            errors: vec![],
            local: None,
            loops: vec![],
            layers: vec![],
            held: BTreeSet::new(),
            world: None,
            tangents: false,
            fuel: FUEL,
            depth: 0,
            chains: HashMap::new(),
            reported: HashSet::new(),
        }
    }

    /// Reports a mistake, once for each place.
    pub(super) fn fail(&mut self, d: Diagnostic) -> Failed {
        let place = d.labels.first().map(|l| l.0).unwrap_or_default();
        if self.errors.len() < MISTAKES && self.reported.insert((d.code, place)) {
            self.errors.push(d);
        }
        Failed
    }

    /// Tries something without reporting what is wrong with it.
    pub(super) fn quietly<T>(&mut self, f: impl FnOnce(&mut Self) -> Res<T>) -> Option<T> {
        let saved = (std::mem::take(&mut self.errors), std::mem::take(&mut self.reported));
        let out = f(self).ok();
        (self.errors, self.reported) = saved;
        out
    }

    /// An expression of a statement or query of its own: `dX` may be declared on demand if a differential is asked for.
    pub(super) fn top(&mut self, e: &ast::Expr) -> Res<Expr> {
        self.tangents = self.tangents || calls_differential(e);
        let out = self.expr(e);
        self.tangents = false;
        out
    }

    /// Two expressions that are compared.
    pub(super) fn sides(&mut self, a: &ast::Expr, b: &ast::Expr) -> Res<(Expr, Expr)> {
        let tangents = calls_differential(a) || calls_differential(b);
        self.tangents = tangents;
        let left = self.expr(a);
        self.tangents = tangents;
        let right = self.expr(b);
        self.tangents = false;
        Ok((left?, right?))
    }

    /// The node of an expression; mistakes are reported.
    pub(super) fn expr(&mut self, e: &ast::Expr) -> Res<Expr> {
        if self.fuel == 0 {
            let d = Diagnostic::new(Code::TooLarge, "the model is too large once layers and loops are written out");
            return Err(self.fail(d.label(e.span, "here the limit is reached")));
        }
        if self.depth == DEPTH {
            let d = Diagnostic::new(Code::Nesting, "the formula is nested too deeply once layers are written out");
            return Err(self.fail(d.label(e.span, "here the limit is reached")));
        }
        self.fuel -= 1;
        self.depth += 1;
        let out = match &e.kind {
            ExprKind::Number(n) => Ok(self.g.number(*n)),
            ExprKind::Name(name) => self.named(name, e.span),
            ExprKind::Sum(terms) => self.sum(terms),
            ExprKind::Kron(factors) => self.kron(factors),
            ExprKind::Product(factors) => self.product(factors),
            ExprKind::Postfix(base, postfixes) => self.postfixes(base, postfixes),
            ExprKind::Call(name, at, args) => self.call(name, *at, args, e.span),
        };
        self.depth -= 1;
        out.and_then(|x| self.checked(x, e.span))
    }

    /// All of them, so that every mistake is found.
    pub(super) fn exprs<'e>(&mut self, all: impl IntoIterator<Item = &'e ast::Expr>) -> Res<Vec<Expr>> {
        let results: Vec<Res<Expr>> = all.into_iter().map(|e| self.expr(e)).collect();
        results.into_iter().collect()
    }

    /// A node that is finite and not too deep.
    fn checked(&mut self, e: Expr, span: Span) -> Res<Expr> {
        let number = self.g.args_of(e, &SCALE).map_or(e, |x| x[0]);
        if self.g.as_number(number).is_some_and(|n| !n.to_f64().is_finite()) {
            let d = Diagnostic::new(Code::Number, "a number of this formula is too large, or 0/0");
            return Err(self.fail(d.label(span, "its value is not finite")));
        }
        if self.g.args_of(e, &POWER).is_some() && self.g.entry_power(e).1.to_f64().abs() > arithmetic::EXPONENT {
            let d = Diagnostic::new(Code::Power, "the exponent is too large");
            return Err(self.fail(d.label(span, "the exponents of powers of powers are multiplied")));
        }
        if self.chain(e) > CHAIN {
            let d = Diagnostic::new(Code::TooLarge, format!("more than {CHAIN} operations follow one upon another"))
                .label(span, "this makes the formula too deep")
                .help("shorten the chain, or the loop that writes it");
            return Err(self.fail(d));
        }
        Ok(e)
    }

    /// Length of the longest chain of operations that ends in `e`.
    fn chain(&mut self, e: Expr) -> u32 {
        let mut stack = vec![e];
        while let Some(&x) = stack.last() {
            if self.chains.contains_key(&x) {
                stack.pop();
                continue;
            }
            let missing: Vec<Expr> = self.g.args(x).iter().copied().filter(|a| !self.chains.contains_key(a)).collect();
            if missing.is_empty() {
                let below = self.g.args(x).iter().map(|a| self.chains[a]).max();
                self.chains.insert(x, below.map_or(0, |n| n + 1));
                stack.pop();
            } else {
                stack.extend(missing);
            }
        }
        self.chains[&e]
    }

    /// What a name stands for: a counter, a local name of a layer, or a name of the file.
    pub(super) fn lookup(&self, name: &str) -> Option<Binding> {
        if let Some((_, n)) = self.loops.iter().rev().find(|(l, _)| l == name) {
            return Some(Binding::of(Value::Size(crate::dim::Dim::constant(*n))));
        }
        let local = self.local.as_ref().and_then(|l| l.get(name));
        let globals = self.world.as_deref().unwrap_or(&self.state.globals);
        local.or_else(|| globals.get(name)).cloned()
    }

    fn named(&mut self, name: &str, span: Span) -> Res<Expr> {
        match self.lookup(name) {
            Some(b) => match b.value.ok_or(Failed)? {
                Value::Matrix(e) => Ok(e),
                Value::Size(d) => self.size_as_scalar(&d, span),
            },
            None if name == "pi" || name == "π" => Ok(self.g.number(Number::Float(std::f64::consts::PI))),
            None => match self.increment(name) {
                Some(e) => Ok(e),
                None => Err(self.unknown(name, span)),
            },
        }
    }

    /// `dX`, declared on demand, for a declared `X`.
    fn increment(&mut self, name: &str) -> Option<Expr> {
        let of = name.strip_prefix('d').filter(|_| self.tangents)?;
        let of = self.g.variable(of)?.expr;
        let e = match self.g.variable(name).map(|v| v.expr) {
            Some(e) if self.g.axes(e) == self.g.axes(of) => e,
            Some(_) => return None,
            None => self.g.declare_like(name, of, Kind::Const),
        };
        self.state.globals.entry(name.to_owned()).or_insert_with(|| Binding::of(Value::Matrix(e)));
        Some(e)
    }

    fn unknown(&mut self, name: &str, span: Span) -> Failed {
        if self.errors.len() >= MISTAKES {
            return Failed;
        }
        if self.state.layers.contains_key(name) || calls::is_function(name) {
            let what = if calls::is_function(name) { "function" } else { "layer" };
            let d = Diagnostic::new(Code::NotAValue, format!("`{}` is a {what}, not a matrix", quote(name)))
                .label(span, "a value is needed here")
                .help(format!("a call has no space before its bracket: `{}(…)`", quote(name)));
            return self.fail(d);
        }
        let d = Diagnostic::new(Code::Unknown, format!("nothing is called `{}`", quote(name)));
        let d = match self.near(name) {
            Some(near) => {
                let place = self.lookup(&near).map_or(String::new(), |b| self.declared(&b, span));
                d.label(span, "not declared").help(format!("did you mean `{}`{place}?", quote(&near)))
            }
            None => d.label(span, "not declared"),
        };
        self.fail(d)
    }

    /// The known name nearest to an unknown one.
    fn near(&self, name: &str) -> Option<String> {
        let globals = self.world.as_deref().unwrap_or(&self.state.globals);
        let known = globals.keys().chain(self.local.iter().flat_map(|l| l.keys())).chain(self.state.layers.keys());
        let known = known.map(String::as_str).chain(self.loops.iter().map(|l| l.0.as_str()));
        let mut all: BTreeSet<&str> = known.collect();
        for name in calls::function_names() {
            all.insert(name);
        }
        names::nearest(name, all.into_iter()).map(str::to_owned)
    }

    // --- postfixes ---

    fn postfixes(&mut self, base: &ast::Expr, all: &[(Postfix, Span)]) -> Res<Expr> {
        let mut rest = all;
        let mut span = base.span;
        let mut out = match (self.indexed_name(base, all)?, all) {
            (Some(name), [(_, at), more @ ..]) => {
                rest = more;
                span = span.to(*at);
                self.named(&name, span)?
            }
            _ => self.expr(base)?,
        };
        for (postfix, at) in rest {
            let from = span;
            span = span.to(*at);
            out = match postfix {
                Postfix::Transpose => self.g.transpose(out),
                Postfix::Power(k) => self.power(out, k, from)?,
                Postfix::EntryPower(p) => self.entry_power(out, p, from)?,
                Postfix::Index(items) => self.slice(out, items, from, *at)?,
            };
            out = self.checked(out, span)?;
        }
        Ok(out)
    }

    /// `W[2]` of `W[p + 1]`, if such a name, or any other `W[…]`, has been declared.
    fn indexed_name(&mut self, base: &ast::Expr, all: &[(Postfix, Span)]) -> Res<Option<String>> {
        let (ExprKind::Name(name), Some((Postfix::Index(items), at))) = (&base.kind, all.first()) else {
            return Ok(None);
        };
        if self.lookup(name).is_some() || calls::is_function(name) {
            return Ok(None);
        }
        let prefix = format!("{name}[");
        let globals = self.world.as_deref().unwrap_or(&self.state.globals);
        let in_family = |names: &Names| names.range(prefix.clone()..).next().is_some_and(|(k, _)| k.starts_with(&prefix));
        let local = self.local.as_ref().is_some_and(in_family);
        let family = local || in_family(globals);
        let tangent = self.tangents && name.starts_with('d') && self.g.variables().any(|(v, _)| v.starts_with(&prefix[1..]));
        if !family && !tangent {
            return Ok(None);
        }
        let mut index = vec![];
        for item in items {
            let ast::Item::At(e) = item else {
                let d = Diagnostic::new(Code::Slice, format!("`{}` is a family of names", quote(name)))
                    .label(*at, "one number is needed, not a range")
                    .help(format!("`{}[1]` is one of them; `{}[1][a:b, :]` a slice of it", quote(name), quote(name)));
                return Err(self.fail(d));
            };
            index.push(self.integer(e)?.to_string());
        }
        Ok(Some(format!("{name}[{}]", index.join(", "))))
    }

    fn kron(&mut self, factors: &[ast::Expr]) -> Res<Expr> {
        let all = self.exprs(factors)?;
        let mut out = all[0];
        for (&b, e) in all[1..].iter().zip(&factors[1..]) {
            out = self.g.kron(out, b);
            out = self.checked(out, factors[0].span.to(e.span))?;
        }
        Ok(out)
    }

    /// The operation of that name.
    fn op(&mut self, name: &str, at: Span) -> Res<&'static crate::expr::Op> {
        ops::named(name).ok_or_else(|| {
            let d = Diagnostic::new(Code::Unsupported, format!("`{}` is not supported yet", quote(name)));
            self.fail(d.label(at, "needed here"))
        })
    }

    /// Whether a node is a declared name.
    fn is_variable(&self, e: Expr) -> bool {
        matches!(self.g.node(e), Node::Var(_))
    }
}

/// Whether `d(…)` occurs in an expression.
fn calls_differential(e: &ast::Expr) -> bool {
    match &e.kind {
        ExprKind::Number(_) | ExprKind::Name(_) => false,
        ExprKind::Sum(terms) => terms.iter().any(|t| calls_differential(&t.1)),
        ExprKind::Kron(factors) => factors.iter().any(calls_differential),
        ExprKind::Product(factors) => factors.iter().any(|f: &(Times, ast::Expr)| calls_differential(&f.1)),
        ExprKind::Postfix(base, _) => calls_differential(base),
        ExprKind::Call(name, _, args) => name == "d" || args.iter().any(calls_differential),
    }
}
