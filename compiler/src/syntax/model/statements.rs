//! Statements to graph, in three passes: declarations, then facts (before any node is built), then definitions and claims.

use super::{
    Assumed, Assumption, Claim, Compared, STATEMENTS,
    depth::{self, Depths},
    load::Loaded,
};
use crate::{
    diagnostic::{Code, Diagnostic, quote},
    dim::Dim,
    expr::{Expr, Fact, Graph, Kind, Shape},
    number::Number,
    ops::{build::Build, rowsum::ROWSUM, sum::SUM},
    span::Span,
    syntax::{
        ast::{self, Comparison, DataKind, ExprKind, Layer, Relation, Statement, StatementKind, Target},
        names::{Binding, Definition, State, Value, nearest},
        resolve::{Failed, MISTAKES, Res, Resolver},
    },
};
use std::{collections::BTreeMap, rc::Rc};

/// Most axes of an array.
const MOST_AXES: usize = 4;

/// What the statements of a file amount to.
#[derive(Default)]
pub(super) struct Built {
    pub(super) sizes: Vec<String>,
    pub(super) derived: BTreeMap<String, Dim>,
    pub(super) nodes: Vec<(String, Expr)>,
    pub(super) loss: Option<Expr>,
    pub(super) assumptions: Vec<Assumption>,
    pub(super) claims: Vec<Claim>,
    /// A statement that failed while nothing had been reported.
    pub(super) silent: Option<Span>,
}

/// Builds the graph of a file; mistakes are gathered.
pub(super) fn build(g: &mut Graph, state: &mut State, loaded: &Loaded, depths: &Depths) -> (Built, Vec<Diagnostic>) {
    let r = Resolver::new(g, state, &loaded.sources);
    let mut b = Builder { r, out: Built::default(), depths, facts: BTreeMap::new(), pass: Pass::Declare, count: 0 };
    for pass in [Pass::Declare, Pass::Facts, Pass::Define] {
        (b.pass, b.count) = (pass, 0);
        let standard = if pass == Pass::Declare { loaded.standard.as_slice() } else { &[] };
        if b.statements(standard).is_err() || b.statements(&loaded.statements).is_err() {
            break;
        }
    }
    b.unused_layers();
    let mut errors = depth::unknown(loaded, depths);
    errors.append(&mut b.r.errors);
    (b.out, errors)
}

#[derive(Clone, Copy, PartialEq)]
enum Pass {
    Declare,
    Facts,
    Define,
}

/// An assumption in one turn of the loops around it.
type Turn = (Span, Vec<(String, i64)>);

struct Builder<'a> {
    r: Resolver<'a>,
    out: Built,
    /// Values of sizes.
    depths: &'a Depths,
    /// Facts that are known before any node is built.
    facts: BTreeMap<Turn, Assumed>,
    pass: Pass,
    count: i64,
}

impl Builder<'_> {
    /// Runs statements; fails only when there are too many.
    fn statements(&mut self, all: &[Statement]) -> Res<()> {
        for s in all {
            self.counted(s.span)?;
            if self.r.errors.len() >= MISTAKES {
                return Err(Failed);
            }
            match (&s.kind, self.pass) {
                (StatementKind::Included(inner), _) => self.statements(inner)?,
                (StatementKind::For(l), _) => self.repeat(l)?,
                (StatementKind::Dims(dims), Pass::Declare) => dims.iter().for_each(|(t, e)| self.size(t, e.as_ref())),
                (StatementKind::Data(kind, groups), Pass::Declare) => {
                    groups.iter().for_each(|(targets, axes)| self.data(*kind, targets, axes));
                }
                (StatementKind::Layer(l), Pass::Declare) => self.layer(l, s.span),
                (StatementKind::Failed(names), Pass::Declare) => {
                    for name in names {
                        let failed = Binding { value: None, place: Some(s.span), defined: false };
                        self.r.state.globals.entry(name.clone()).or_insert(failed);
                    }
                }
                (StatementKind::Assume(all), Pass::Facts) => all.iter().for_each(|c| self.early_fact(c)),
                (StatementKind::Assume(all), Pass::Define) => all.iter().for_each(|c| self.assumption(c)),
                (StatementKind::Assign(t, e), Pass::Define) => self.node(t, e),
                (StatementKind::Loss(e), Pass::Define) => self.loss(e, s.span),
                (StatementKind::Claim(id, c), Pass::Define) => self.claim(id, c),
                (StatementKind::UnreadClaim(id, errors), Pass::Define) => {
                    let text = self.text(s.span);
                    let text = text.split_once("\":").map_or(text.as_str(), |t| t.1.trim()).to_owned();
                    self.out.claims.push(Claim { id: id.clone(), sides: Err(errors.clone()), text, span: s.span });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn counted(&mut self, span: Span) -> Res<()> {
        self.count += 1;
        if self.count > STATEMENTS {
            let d = Diagnostic::new(Code::TooLarge, format!("more than {STATEMENTS} statements, with loops written out"));
            return Err(self.r.fail(d.label(span, "here the limit is reached")));
        }
        Ok(())
    }

    fn repeat(&mut self, l: &ast::Loop) -> Res<()> {
        if let Some(b) = self.r.lookup(&l.name)
            && self.pass == Pass::Declare
        {
            self.duplicate(&l.name, l.name_span, b.place);
        }
        let Ok((from, to)) = self.r.loop_bounds(l) else {
            return Ok(());
        };
        for p in from..=to {
            self.counted(l.name_span)?;
            self.r.loops.push((l.name.clone(), p));
            let out = self.statements(&l.body);
            self.r.loops.pop();
            out?;
        }
        Ok(())
    }

    // --- declarations ---

    fn duplicate(&mut self, name: &str, again: Span, first: Option<Span>) -> Failed {
        let mut d = Diagnostic::new(Code::Duplicate, format!("`{}` is declared twice", quote(name))).label(again, "again here");
        if let Some(p) = first {
            d = d.label(p, "first here");
        }
        if !self.r.loops.is_empty() && first == Some(again) && name != "loss" {
            d.labels.truncate(1);
            d.labels[0].1 = "again in every turn of the loop".to_owned();
            d = d.help("index the name with the counter of the loop: `NAME[p] = …`");
        }
        self.r.fail(d)
    }

    /// Declares a name, unless there is one.
    fn declare(&mut self, name: &str, span: Span, binding: Binding) -> Res<()> {
        let first = self.r.state.globals.get(name).map(|b| b.place);
        let first = first.or_else(|| self.r.state.layers.get(name).map(|l| Some(l.name_span)));
        match first {
            Some(place) => Err(self.duplicate(name, span, place)),
            None => {
                self.r.state.globals.insert(name.to_owned(), binding);
                Ok(())
            }
        }
    }

    fn size(&mut self, t: &Target, definition: Option<&ast::Expr>) {
        let Ok(name) = self.r.target_name(t) else { return };
        let given = self.depths.get(&name).filter(|_| definition.is_none());
        let d = match (definition, given) {
            (None, Some(&n)) => Some(Ok(Dim::constant(n as i64))),
            _ => definition.map(|e| self.r.extent(e)),
        };
        let value = match &d {
            None => Some(Value::Size(Dim::symbol(&name))),
            Some(d) => d.clone().ok().map(Value::Size),
        };
        if self.declare(&name, t.span, Binding { value, place: Some(t.span), defined: false }).is_ok() {
            match d {
                None => self.out.sizes.push(name),
                Some(d) => self.out.derived.extend(d.ok().map(|d| (name, d))),
            }
        }
    }

    fn data(&mut self, kind: DataKind, targets: &[Target], axes: &[ast::Expr]) {
        let extents: Vec<Res<Dim>> = axes.iter().map(|e| self.r.extent(e)).collect();
        let extents = extents.into_iter().collect::<Res<Vec<Dim>>>();
        let one = || Dim::constant(1);
        // a scalar and a column are matrices
        let extents = match extents {
            Ok(all) if all.len() > MOST_AXES => {
                let d = Diagnostic::new(Code::Unsupported, "arrays have four axes at most");
                let d = d.label(axes[0].span.to(axes[axes.len() - 1].span), format!("{} axes", axes.len()));
                self.r.fail(d.help("images are `C × m × n`, kernels `C_out × C × k × l`"));
                None
            }
            Ok(all) => Some(all.iter().cloned().chain(std::iter::repeat_with(one)).take(all.len().max(2)).collect::<Vec<Dim>>()),
            Err(_) => None,
        };
        let kind = match kind {
            DataKind::Input => Kind::Input,
            DataKind::Target => Kind::Target,
            DataKind::Const => Kind::Const,
            DataKind::Param => Kind::Param,
        };
        for t in targets {
            let Ok(name) = self.r.target_name(t) else { continue };
            // a declaration in a loop that does not depend on the counter is the same in every turn: sharing
            if let (Some(v), Some(b)) = (self.r.g.variable(&name), self.r.state.globals.get(&name))
                && b.place == Some(t.span)
                && Some(self.r.g.axes(v.expr)) == extents
            {
                continue;
            }
            let failed = Binding { value: None, place: Some(t.span), defined: false };
            if self.declare(&name, t.span, failed).is_err() {
                continue;
            }
            let e = match extents.as_deref() {
                None => continue,
                Some([m, n]) => self.r.g.declare(&name, Shape::new(m.clone(), n.clone()), kind),
                Some(axes) => self.r.g.declare_array(&name, axes, kind),
            };
            if let Some(b) = self.r.state.globals.get_mut(&name) {
                b.value = Some(Value::Matrix(e));
            }
            if kind == Kind::Param {
                self.r.state.params.push(name);
            }
        }
    }

    fn layer(&mut self, l: &Rc<Layer>, span: Span) {
        if !self.r.loops.is_empty() {
            let d = Diagnostic::new(Code::Place, "a layer is defined outside of loops").label(span, "inside a loop");
            self.r.fail(d);
            return;
        }
        for (i, (name, at)) in l.arguments.iter().enumerate() {
            if let Some((_, first)) = l.arguments[..i].iter().find(|a| a.0 == *name) {
                self.duplicate(name, *at, Some(*first));
            }
        }
        let first = self.r.state.layers.get(&l.name).map(|l| Some(l.name_span));
        let standard = first.flatten().is_some_and(|p| p.file == 1) && l.name_span.file != 1;
        match first.or_else(|| self.r.state.globals.get(&l.name).map(|b| b.place)) {
            Some(place) if !standard => {
                self.duplicate(&l.name, l.name_span, place);
            }
            _ => {
                self.r.state.layers.insert(l.name.clone(), l.clone());
            }
        }
    }

    /// Names in layers that are never called.
    fn unused_layers(&mut self) {
        let all: Vec<Rc<Layer>> = self.r.state.layers.values().filter(|l| l.name_span.file != 1).cloned().collect();
        for l in all {
            self.r.names_of_layer(&l);
        }
    }

    // --- definitions ---

    fn value(&mut self, e: &ast::Expr) -> Option<Expr> {
        let value = self.r.top(e).ok();
        if value.is_none() && self.r.errors.is_empty() {
            self.out.silent.get_or_insert(e.span);
        }
        value
    }

    fn node(&mut self, t: &Target, e: &Rc<ast::Expr>) {
        let value = self.value(e);
        let Ok(name) = self.r.target_name(t) else { return };
        let binding = Binding { value: value.map(Value::Matrix), place: Some(t.span), defined: true };
        if self.declare(&name, t.span, binding).is_err() {
            return;
        }
        if let Some(x) = value {
            self.r.g.name(x, &name);
            self.out.nodes.push((name.clone(), x));
            self.r.state.definitions.push(Definition { name, expr: e.clone(), loops: self.r.loops.clone() });
        }
    }

    fn loss(&mut self, e: &Rc<ast::Expr>, span: Span) {
        let value = self.value(e);
        if let Some(x) = value
            && !self.r.g.is_scalar(x)
        {
            let shape = self.r.g.shape(x).clone();
            let d = Diagnostic::new(Code::Loss, "the loss is one scalar").label(e.span, format!("this is {shape}"));
            self.r.fail(d.help("`mse(F, Y)`, `sum(A)`, `tr(A)`, `dot(A, B)` make a scalar of matrices"));
            return;
        }
        let binding = Binding { value: value.map(Value::Matrix), place: Some(span), defined: true };
        if self.declare("loss", span, binding).is_err() {
            return;
        }
        if let Some(x) = value {
            self.r.g.name(x, "loss");
            self.out.loss = Some(x);
            self.out.nodes.push(("loss".to_owned(), x));
            self.r.state.definitions.push(Definition { name: "loss".to_owned(), expr: e.clone(), loops: self.r.loops.clone() });
        }
    }

    // --- assumptions ---

    fn turn(&self, c: &Comparison) -> Turn {
        (c.span, self.r.loops.clone())
    }

    /// States a fact of declared data before any node is built; what needs nodes waits for its place.
    fn early_fact(&mut self, c: &Comparison) {
        let turn = self.turn(c);
        let said = self.r.quietly(|r| says(r, c));
        if let Some(said) = said {
            if let Some((fact, e)) = facts(self.r.g, &said) {
                self.r.g.assume(e, fact);
            }
            self.facts.insert(turn, said);
        }
    }

    fn assumption(&mut self, c: &Comparison) {
        let known = self.facts.get(&self.turn(c)).copied();
        let said = match known {
            Some(said) => Ok(said),
            None => says(&mut self.r, c),
        };
        let Ok(said) = said else { return };
        if let (None, Some((fact, e))) = (known, facts(self.r.g, &said)) {
            self.r.g.assume(e, fact);
        }
        let text = self.text(c.span);
        self.out.assumptions.push(Assumption { says: said, text, span: c.span });
    }

    fn text(&self, span: Span) -> String {
        let text = self.r.sources.get(span.file).map_or("", |s| s.slice(span));
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    // --- claims ---

    fn claim(&mut self, id: &str, c: &Comparison) {
        let before = self.r.errors.len();
        let sides = claimed(&mut self.r, c);
        let errors = self.r.errors.split_off(before);
        let text = self.text(c.span);
        self.out.claims.push(Claim { id: id.to_owned(), sides: sides.map_err(|_| errors), text, span: c.span });
    }
}

/// The sides of a claim.
fn claimed(r: &mut Resolver, c: &Comparison) -> Res<Compared> {
    let Some((relation, right)) = &c.right else {
        r.expr(&c.left).ok();
        let d = Diagnostic::new(Code::Claim, "a claim compares two sides").label(c.span, "only one side");
        return Err(r.fail(d.help("`claim \"id\": lhs == rhs` or `claim \"id\": lhs <= rhs`")));
    };
    let (lhs, mut rhs) = r.sides(&c.left, right)?;
    let (s, t) = (r.g.shape(lhs).clone(), r.g.shape(rhs).clone());
    if s != t {
        // `… == 0` says that all entries are zero
        if r.g.as_number(rhs).is_some_and(Number::is_zero) && *relation == Relation::Equal {
            rhs = r.g.zeros(&s);
        } else {
            let d = Diagnostic::new(Code::Claim, "the sides of a claim have one shape, and these differ")
                .label(c.left.span, s.to_string())
                .label(right.span, t.to_string());
            return Err(r.fail(d));
        }
    }
    if *relation != Relation::Equal && !s.is_scalar() {
        let d = Diagnostic::new(Code::Claim, format!("`{relation}` compares scalars")).label(c.left.span, s.to_string());
        return Err(r.fail(d.help("a norm makes a scalar of a matrix: `norm2(A)`, `normF(A)`")));
    }
    Ok(Compared { lhs, relation: *relation, rhs })
}

/// What an assumption says.
fn says(r: &mut Resolver, c: &Comparison) -> Res<Assumed> {
    let Some((relation, right)) = &c.right else {
        return stated(r, c);
    };
    let (lhs, rhs) = r.sides(&c.left, right)?;
    let (s, t) = (r.g.shape(lhs).clone(), r.g.shape(rhs).clone());
    if s != t && !s.is_scalar() && !t.is_scalar() {
        let d = Diagnostic::new(Code::Assumption, "the sides of an assumption have one shape, and these differ")
            .label(c.left.span, s.to_string())
            .label(right.span, t.to_string());
        return Err(r.fail(d));
    }
    Ok(Assumed::Compared(Compared { lhs, relation: *relation, rhs }))
}

/// `symmetric(A)`.
fn stated(r: &mut Resolver, c: &Comparison) -> Res<Assumed> {
    let names = || Fact::ALL.iter().map(|f| f.1);
    let list = names().collect::<Vec<_>>().join(", ");
    let ExprKind::Call(name, at, args) = &c.left.kind else {
        let d = Diagnostic::new(Code::Assumption, "an assumption is a fact or a comparison").label(c.span, "neither");
        return Err(r.fail(d.help(format!("the facts are {list}; comparisons are written `x > 0`, `norm2(W) <= M`"))));
    };
    let Some(fact) = Fact::parse(name) else {
        let d = Diagnostic::new(Code::Assumption, format!("no fact is called `{}`", quote(name))).label(*at, "not known");
        let d = match nearest(name, names()) {
            Some(near) => d.help(format!("did you mean `{}`?", near)),
            None => d.help(format!("the facts are {list}")),
        };
        return Err(r.fail(d));
    };
    let [arg] = args.as_slice() else {
        let d = Diagnostic::new(Code::Arity, format!("`{name}` is said of one matrix, and {} are given", args.len()));
        return Err(r.fail(d.label(*at, format!("{} given", args.len()))));
    };
    let e = r.expr(arg)?;
    let shape = r.g.shape(e).clone();
    if shape.rows != shape.cols && !matches!(fact, Fact::Positive | Fact::NonNegative | Fact::RowStochastic) {
        let d = Diagnostic::new(Code::Square, format!("only a square matrix can be {name}")).label(arg.span, shape.to_string());
        return Err(r.fail(d));
    }
    Ok(Assumed::Fact(fact, e))
}

/// The facts that an assumption states of a node.
fn facts(g: &Graph, said: &Assumed) -> Option<(Fact, Expr)> {
    let value = |e: Expr| g.as_number(e).map(Number::to_f64);
    match *said {
        Assumed::Fact(fact, e) => Some((fact, e)),
        Assumed::Compared(Compared { lhs, relation, rhs }) => {
            let (small, large, strict) = match relation {
                Relation::Above => (rhs, lhs, true),
                Relation::AtLeast => (rhs, lhs, false),
                Relation::Below => (lhs, rhs, true),
                Relation::AtMost => (lhs, rhs, false),
                // rows that sum to one
                Relation::Equal => return [(lhs, rhs), (rhs, lhs)].into_iter().find_map(|(a, b)| stochastic(g, a, b)),
            };
            let below = value(small)?;
            if value(large).is_some() {
                return None;
            }
            match () {
                () if below > 0.0 || (below == 0.0 && strict) => Some((Fact::Positive, large)),
                () if below == 0.0 => Some((Fact::NonNegative, large)),
                () => None,
            }
        }
    }
}

/// What `rowsum(A) == ones(m, 1)` says of A.
fn stochastic(g: &Graph, sums: Expr, ones: Expr) -> Option<(Fact, Expr)> {
    let of = match (g.args_of(sums, &ROWSUM), g.args_of(sums, &SUM)) {
        (Some(x), _) => x[0],
        (None, Some(x)) if g.shape(x[0]).rows.is_one() => x[0],
        _ => return None,
    };
    g.is_ones(ones).then_some((Fact::RowStochastic, of))
}
