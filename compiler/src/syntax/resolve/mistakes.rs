//! Messages about shapes: what was needed, what was found, where each size came from, and what would fit.

use super::{Failed, Resolver};
use crate::{
    diagnostic::{Code, Diagnostic, quote},
    dim::Dim,
    expr::{Expr, Op, Shape},
    span::Span,
    syntax::{
        ast::{self, ExprKind, Postfix, Times},
        names::{Binding, Value},
    },
};

/// Longest piece of source that is quoted in a suggestion.
const SHORT: usize = 32;

impl Resolver<'_> {
    /// The source of a place, short.
    fn text(&self, span: Span) -> String {
        self.sources.get(span.file).map_or("…".to_owned(), |s| quote(s.slice(span)))
    }

    /// The source as a factor, in brackets where it needs them; none if it is long.
    fn operand(&self, e: &[&ast::Expr]) -> Option<String> {
        let (first, last) = (e.first()?, e.last()?);
        let text = self.text(first.span.to(last.span));
        if text.is_empty() || text.chars().count() > SHORT {
            return None;
        }
        let loose = e.len() > 1 || matches!(first.kind, ExprKind::Sum(_) | ExprKind::Product(_) | ExprKind::Kron(_));
        Some(if loose && !(text.starts_with('(') && text.ends_with(')')) { format!("({text})") } else { text })
    }

    /// `, declared on line 2`: where a name comes from, seen from `at`.
    pub(super) fn declared(&self, b: &Binding, at: Span) -> String {
        let Some(place) = b.place else { return String::new() };
        let Some(source) = self.sources.get(place.file) else { return String::new() };
        let verb = if b.defined { "defined" } else { "declared" };
        let line = source.line(place.start);
        if place.file == at.file {
            format!(", {verb} on line {line}")
        } else {
            format!(", {verb} in {} on line {line}", source.name)
        }
    }

    /// The shape of an operand, and where it was declared if it is a name.
    pub(super) fn described(&self, e: &ast::Expr, shape: &Shape) -> String {
        let name = self.name_of(e);
        let place = name.and_then(|n| self.lookup(&n)).map_or(String::new(), |b| self.declared(&b, e.span));
        let what = if shape.is_scalar() { "a scalar".to_owned() } else { shape.to_string() };
        format!("{what}{place}")
    }

    /// The name that an expression is.
    fn name_of(&self, e: &ast::Expr) -> Option<String> {
        match &e.kind {
            ExprKind::Name(n) => Some(n.clone()),
            ExprKind::Postfix(base, p) => match (&base.kind, p.as_slice()) {
                (ExprKind::Name(n), [(Postfix::Index(items), _)]) => {
                    let index: Option<Vec<String>> = items
                        .iter()
                        .map(|i| match i {
                            ast::Item::At(ast::Expr { kind: ExprKind::Number(k), .. }) => Some(k.to_string()),
                            _ => None,
                        })
                        .collect();
                    let name = format!("{n}[{}]", index?.join(", "));
                    self.lookup(&name).map(|_| name)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// `; dK comes from `Wq`, declared on line 3`: for a size of an operand that is not itself a name.
    fn comes_from(&self, size: &Dim, operand: &[&ast::Expr]) -> String {
        if operand.len() == 1 && self.name_of(operand[0]).is_some() || size.as_constant().is_some() {
            return String::new();
        }
        let mut stack: Vec<&ast::Expr> = operand.iter().rev().copied().collect();
        for _ in 0..500 {
            let Some(e) = stack.pop() else { break };
            match &e.kind {
                ExprKind::Name(name) => {
                    let Some(b) = self.lookup(name) else { continue };
                    let Some(Value::Matrix(x)) = b.value else { continue };
                    let s = self.g.shape(x);
                    if s.rows == *size || s.cols == *size {
                        let axis = if s.rows == *size { "rows" } else { "columns" };
                        return format!("; {size} comes from the {axis} of `{}`{}", quote(name), self.declared(&b, e.span));
                    }
                }
                ExprKind::Number(_) => {}
                ExprKind::Sum(t) => stack.extend(t.iter().rev().map(|t| &t.1)),
                ExprKind::Kron(f) => stack.extend(f.iter().rev()),
                ExprKind::Product(f) => stack.extend(f.iter().rev().map(|f| &f.1)),
                ExprKind::Postfix(base, _) => stack.push(base),
                ExprKind::Call(_, _, args) => stack.extend(args.iter().rev()),
            }
        }
        String::new()
    }

    pub(super) fn product_mistake(&mut self, factors: &[(Times, ast::Expr)], i: usize, a: Expr, b: Expr) -> Failed {
        let left: Vec<&ast::Expr> = factors[..i].iter().map(|f| &f.1).collect();
        let right = [&factors[i].1];
        let (s, t) = (self.g.shape(a).clone(), self.g.shape(b).clone());
        let left_span = left[0].span.to(left[i - 1].span);
        let (lt, rt) = (self.operand(&left), self.operand(&right));
        let what = match (&lt, &rt) {
            (Some(l), Some(r)) => format!("the product `{} {r}`", if left.len() > 1 { inside(l) } else { l }),
            _ => "this product".to_owned(),
        };
        let shown = if left.len() == 1 { self.described(left[0], &s) } else { s.to_string() };
        let mut d = Diagnostic::new(Code::Product, format!("sizes differ in {what}"))
            .label(left_span, format!("{shown}{}", self.comes_from(&s.cols, &left)))
            .label(
                right[0].span,
                format!(
                    "{}: its rows ({}) must equal the columns of {} ({}){}",
                    self.described(right[0], &t),
                    t.rows,
                    lt.as_deref().map_or("the left factor", |l| if left.len() > 1 { inside(l) } else { l }),
                    s.cols,
                    self.comes_from(&t.rows, &right)
                ),
            );
        if let (Some(l), Some(r)) = (&lt, &rt) {
            let (su, tu) = (s.transposed(), t.transposed());
            let tries = [
                (format!("{r} {l}"), t.cols == s.rows),
                (format!("{} {r}", transposed(l)), su.cols == t.rows),
                (format!("{} {}", if left.len() > 1 { inside(l) } else { l }, transposed(r)), s.cols == tu.rows),
            ];
            let list = |fit: bool| {
                let all: Vec<String> = tries.iter().filter(|t| t.1 == fit).map(|t| format!("`{}`", t.0)).collect();
                all.join(" and ")
            };
            let count = tries.iter().filter(|t| t.1).count();
            match count {
                0 => {}
                1 => d = d.help(format!("{} fits; {} do not", list(true), list(false))),
                2 => d = d.help(format!("{} fit; {} does not", list(true), list(false))),
                _ => d = d.help(format!("{} fit", list(true))),
            }
            if s == t {
                d = d.help(format!("entry by entry the product is `{l} ∘ {r}`"));
            }
        }
        self.fail(d)
    }

    pub(super) fn sum_mistake(&mut self, terms: &[(bool, ast::Expr)], all: &[Expr], i: usize) -> Failed {
        let (a, b) = (&terms[0].1, &terms[i].1);
        let (s, t) = (self.g.shape(all[0]).clone(), self.g.shape(all[i]).clone());
        let sign = if terms[i].0 { "-" } else { "+" };
        let (at, bt) = (self.operand(&[a]), self.operand(&[b]));
        let mut d = Diagnostic::new(Code::Sum, "the terms of a sum have one shape, and these differ")
            .label(a.span, format!("{}{}", self.described(a, &s), self.sum_origin(&s, &t, a)))
            .label(b.span, format!("{}{}", self.described(b, &t), self.sum_origin(&t, &s, b)));
        if let (Some(at), Some(bt)) = (at, bt) {
            for ((x, xs), (y, ys), first) in [((&at, &s), (&bt, &t), true), ((&bt, &t), (&at, &s), false)] {
                // `x` is the smaller one: how it is added to `y`
                let spread = if xs.is_scalar() {
                    let factor = if x == "1" { String::new() } else { format!("{x} ") };
                    Some((format!("{factor}ones({}, {})", ys.rows, ys.cols), "every entry"))
                } else if xs.cols.is_one() && xs.rows == ys.cols {
                    Some((format!("ones({}, 1) {}", ys.rows, transposed(x)), "every row"))
                } else if xs.rows.is_one() && xs.cols == ys.cols {
                    Some((format!("ones({}, 1) {x}", ys.rows), "every row"))
                } else if xs.cols.is_one() && xs.rows == ys.rows {
                    Some((format!("{x} ones(1, {})", ys.cols), "every column"))
                } else {
                    None
                };
                if let Some((spread, where_)) = spread {
                    let sum = if first { format!("{spread} {sign} {y}") } else { format!("{y} {sign} {spread}") };
                    d = d.help(format!("nothing is repeated by itself: `{sum}` adds {x} to {where_}"));
                    break;
                }
            }
            if s == t.transposed() && !s.rows.is_one() && !s.cols.is_one() {
                d = d.help(format!("`{at} {sign} {}` fits", transposed(&bt)));
            }
        }
        self.fail(d)
    }

    fn sum_origin(&self, s: &Shape, other: &Shape, e: &ast::Expr) -> String {
        if s.rows != other.rows { self.comes_from(&s.rows, &[e]) } else { self.comes_from(&s.cols, &[e]) }
    }

    pub(super) fn entrywise_mistake(&mut self, factors: &[(Times, ast::Expr)], i: usize, a: Expr, b: Expr) -> Failed {
        let left: Vec<&ast::Expr> = factors[..i].iter().map(|f| &f.1).collect();
        let right = &factors[i].1;
        let (s, t) = (self.g.shape(a).clone(), self.g.shape(b).clone());
        let sign = if factors[i].0 == Times::Entrywise { "∘" } else { "./" };
        let shown = if left.len() == 1 { self.described(left[0], &s) } else { s.to_string() };
        let mut d = Diagnostic::new(Code::Entrywise, format!("`{sign}` works entry by entry on one shape, and these differ"))
            .label(left[0].span.to(left[i - 1].span), shown)
            .label(right.span, self.described(right, &t));
        if let (Some(l), Some(r)) = (self.operand(&left), self.operand(&[right])) {
            let product = if factors[i].0 == Times::Entrywise { "∘" } else { "./" };
            if s == t.transposed() {
                d = d.help(format!("`{l} {product} {}` fits", transposed(&r)));
            } else if t.cols.is_one() && t.rows == s.rows && factors[i].0 == Times::Entrywise {
                d = d.help(format!("`diag({}) {l}` multiplies every row by its entry of {r}", inside(&r)));
            } else if s.cols.is_one() && s.rows == t.rows && factors[i].0 == Times::Entrywise {
                d = d.help(format!("`diag({}) {r}` multiplies every row by its entry of {l}", inside(&l)));
            } else if t.cols.is_one() && t.rows == s.cols && factors[i].0 == Times::Entrywise {
                d = d.help(format!("`{l} diag({})` multiplies every column by its entry of {r}", inside(&r)));
            } else if s.cols == t.rows && factors[i].0 == Times::Entrywise {
                d = d.help(format!("the matrix product is `{l} {r}`"));
            }
        }
        self.fail(d)
    }

    pub(super) fn quotient_mistake(&mut self, factors: &[(Times, ast::Expr)], i: usize, b: Expr) -> Failed {
        let right = &factors[i].1;
        let t = self.g.shape(b).clone();
        let d = Diagnostic::new(Code::Division, "`/` divides by a scalar only").label(right.span, self.described(right, &t));
        let d = match self.operand(&[right]) {
            Some(r) if t.rows == t.cols => d.help(format!("the inverse is `{r}^-1`; entry by entry it is `./`")),
            _ => d.help("entry by entry it is `./`"),
        };
        self.fail(d)
    }

    pub(super) fn square_mistake(&mut self, what: &str, a: Expr, span: Span) -> Failed {
        let s = self.g.shape(a).clone();
        let d = Diagnostic::new(Code::Square, format!("{what} needs a square matrix")).label(span, format!("{s}"));
        self.fail(d.help("entry by entry a power is `.^`"))
    }

    /// Two blocks of `hcat`, `vcat` that do not fit.
    pub(super) fn concatenation_mistake(&mut self, name: &str, args: &[ast::Expr], i: usize, a: Expr, b: Expr) -> Failed {
        let (s, t) = (self.g.shape(a).clone(), self.g.shape(b).clone());
        let (axis, left, right) = if name == "hcat" { ("rows", &s.rows, &t.rows) } else { ("columns", &s.cols, &t.cols) };
        let before = if i == 1 { "the block before" } else { "the blocks before" };
        let d = Diagnostic::new(Code::Argument, format!("the blocks of `{name}` have the same {axis}, and these differ"))
            .label(args[0].span.to(args[i - 1].span), format!("{before}: {left} {axis}{}", self.comes_from(left, &[&args[0]])))
            .label(args[i].span, format!("{}: {right} {axis}", self.described(&args[i], &t)));
        self.fail(d)
    }

    /// Arguments of an operation whose sizes disagree.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn argument_mistake(
        &mut self,
        op: &'static Op,
        shown: &str,
        at: Span,
        args: &[ast::Expr],
        nodes: &[Expr],
        first: (usize, bool, Dim),
        second: (usize, bool, Dim),
    ) -> Failed {
        let axis = |by_rows: bool| if by_rows { "rows" } else { "columns" };
        let span = |i: usize| args.get(i).map_or(at, |a| a.span);
        let shape = |r: &Self, i: usize| match (args.get(i), nodes.get(i)) {
            (Some(a), Some(&n)) if r.g.as_dim(n).is_none() => r.described(a, &r.g.shape(n).clone()),
            _ => String::new(),
        };
        let j = second.0;
        let shown_second = shape(self, j);
        if first.0 == j {
            let needed = &first.2;
            if needed.is_one() {
                let what = match op.parsed().arguments.get(j) {
                    Some(crate::expr::Argument::Matrix(r, c)) if r == "1" && c == "1" => "a scalar",
                    Some(crate::expr::Argument::Matrix(_, c)) if c == "1" => "a column",
                    _ => "a row",
                };
                let code = if what == "a scalar" { Code::Scalar } else { Code::Argument };
                let d = Diagnostic::new(code, format!("`{shown}` needs {what}")).label(span(j), shown_second);
                return self.fail(d);
            }
            let d = Diagnostic::new(Code::Square, format!("`{shown}` needs a square matrix")).label(span(j), shown_second);
            return self.fail(d);
        }
        let message = format!("the arguments of `{shown}` do not fit");
        let of = args.get(first.0).and_then(|a| self.operand(&[a])).unwrap_or_else(|| "the one before".to_owned());
        let (found, needed) = (axis(second.1), axis(first.1));
        let remark = format!("{shown_second}: its {found} ({}) must equal the {needed} of {of} ({})", second.2, first.2);
        let d = Diagnostic::new(Code::Argument, message).label(span(first.0), shape(self, first.0)).label(span(j), remark);
        self.fail(d)
    }

    pub(super) fn arity_mistake(&mut self, op: &'static Op, shown: &str, at: Span, found: usize) -> Failed {
        let d =
            self.count_mistake_text(shown, &op.parsed().arguments.len().to_string(), found).label(at, format!("{found} given"));
        self.fail(d.help(format!("the shapes are `{shown}: {}`", op.signature.replace("->", "→").replace('#', "a number"))))
    }

    pub(super) fn count_mistake(&mut self, name: &str, at: Span, needed: &str, found: usize) -> Failed {
        let d = self.count_mistake_text(name, needed, found).label(at, format!("{found} given"));
        self.fail(d)
    }

    pub(super) fn count_mistake_text(&self, name: &str, needed: &str, found: usize) -> Diagnostic {
        let plural = if needed.ends_with(" 1") || needed == "1" { "argument" } else { "arguments" };
        let given = if found == 1 { "1 is".to_owned() } else { format!("{found} are") };
        Diagnostic::new(Code::Arity, format!("`{}` takes {needed} {plural}, and {given} given", quote(name)))
    }
}

fn transposed(text: &str) -> String {
    match text.strip_suffix('\'') {
        Some(t) if !t.ends_with('\'') => t.to_owned(),
        _ => format!("{text}'"),
    }
}

/// Without the brackets around it.
fn inside(text: &str) -> &str {
    text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(text)
}
