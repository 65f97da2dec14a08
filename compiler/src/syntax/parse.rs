//! Text to syntax tree: one statement at a time by the grammar, so that a mistake in one leaves the others.

use super::{
    ast::{Comparison, DataKind, Expr, Item, Layer, Loop, Relation, Statement, StatementKind, Target},
    scan::{self, Piece},
};
use crate::{
    diagnostic::{Code, Diagnostic, quote},
    span::Span,
};
use grammar::{Grammar, Rule};
use mistakes::declared_names;
use pest::{Parser, iterators::Pair};
use std::rc::Rc;

mod expressions;
mod mistakes;

mod grammar {
    #![allow(missing_docs, unreachable_pub)]
    #[derive(pest_derive::Parser)]
    #[grammar = "syntax/grammar.pest"]
    pub struct Grammar;
}

/// The statements of a file, and what could not be read.
pub(super) fn file(text: &str, file: usize) -> (Vec<Statement>, Vec<Diagnostic>) {
    let (pieces, errors) = scan::scan(text, file);
    let mut p = Builder { text, file, base: 0, errors, statements: true };
    let statements = p.pieces(&pieces);
    (statements, p.errors)
}

/// One expression.
pub(super) fn expression(text: &str, file: usize) -> Result<Expr, Vec<Diagnostic>> {
    if let Some(e) = scan::brackets(text, file) {
        return Err(vec![e]);
    }
    let mut p = Builder { text, file, base: 0, errors: vec![], statements: false };
    let whole = Span { file, start: 0, end: text.len() };
    match p.formula(whole) {
        Some(e) if p.errors.is_empty() => Ok(e),
        _ => Err(p.errors),
    }
}

struct Builder<'a> {
    text: &'a str,
    file: usize,
    /// Where the text that is being read begins in the file.
    base: usize,
    errors: Vec<Diagnostic>,
    /// Whether statements are read, and not a single expression.
    statements: bool,
}

type P<'a> = Pair<'a, Rule>;

impl<'a> Builder<'a> {
    fn span(&self, p: &P) -> Span {
        let s = p.as_span();
        let text = s.as_str().trim_end();
        Span { file: self.file, start: self.base + s.start(), end: self.base + s.start() + text.len() }
    }

    fn read(&mut self, rule: Rule, span: Span) -> Option<P<'a>> {
        let text: &'a str = &self.text[span.start..span.end];
        self.base = span.start;
        match Grammar::parse(rule, text) {
            Ok(mut pairs) => pairs.next(),
            Err(e) => {
                let e = self.explain(&e, text, span);
                self.errors.push(e);
                None
            }
        }
    }

    fn formula(&mut self, span: Span) -> Option<Expr> {
        let pair = self.read(Rule::formula, span)?;
        let expr = pair.into_inner().next().expect("a formula holds an expression");
        Some(self.expr(expr))
    }

    // --- statements ---

    fn pieces(&mut self, pieces: &[Piece]) -> Vec<Statement> {
        pieces.iter().map(|p| self.piece(p)).collect()
    }

    fn piece(&mut self, piece: &Piece) -> Statement {
        match piece {
            Piece::Text { span, broken } => {
                let before = self.errors.len();
                let kind = match broken {
                    false => self.statement(*span),
                    true => None,
                };
                let kind = kind.or_else(|| self.unread_claim(*span, before));
                let failed = || StatementKind::Failed(declared_names(&self.text[span.start..span.end]));
                Statement { kind: kind.unwrap_or_else(failed), span: *span }
            }
            Piece::Block { header, broken, body } => self.block(*header, *broken, body),
        }
    }

    /// A claim that cannot be read takes what is wrong with it along: errors from `before` on, and of its brackets.
    fn unread_claim(&mut self, span: Span, before: usize) -> Option<StatementKind> {
        let text = &self.text[span.start..span.end];
        let rest = text.strip_prefix("claim").filter(|r| r.starts_with([' ', '\t', '"']))?.trim_start();
        // a name that is not closed may have swallowed anything
        let (id, _) = rest.strip_prefix('"')?.split_once('"')?;
        let mut own = self.errors.split_off(before);
        let within =
            |d: &Diagnostic| d.labels.iter().any(|l| l.0.file == span.file && (span.start..=span.end).contains(&l.0.start));
        let (brackets, others) = std::mem::take(&mut self.errors).into_iter().partition(within);
        self.errors = others;
        own.extend::<Vec<Diagnostic>>(brackets);
        Some(StatementKind::UnreadClaim(id.to_owned(), own))
    }

    fn statement(&mut self, span: Span) -> Option<StatementKind> {
        let before = self.errors.len();
        let pair = self.read(Rule::statement, span)?;
        let inner = pair.into_inner().next().expect("a statement is of some kind");
        let kind = self.kind(inner)?;
        let blockless = match &kind {
            StatementKind::For(_) => true,
            StatementKind::Layer(l) => l.value.is_none(),
            _ => false,
        };
        if blockless {
            let e = Diagnostic::new(Code::Syntax, "a block `{ … }` must follow")
                .label(span, "nothing follows")
                .help("`for p in 1..3 { … }`, `layer f(X) = …` or `layer f(X) { … }`");
            self.errors.push(e);
        }
        (self.errors.len() == before).then_some(kind)
    }

    fn block(&mut self, header: Span, broken: bool, body: &[Piece]) -> Statement {
        let text = &self.text[header.start..header.end];
        let failed = || Statement { kind: StatementKind::Failed(declared_names(text)), span: header };
        if broken {
            self.pieces(body);
            return failed();
        }
        if !text.starts_with("for") && !text.starts_with("layer") {
            let e = Diagnostic::new(Code::Bracket, "only `for` and `layer` have a block")
                .label(header, "no block may follow this")
                .help("brackets of formulas are `( )`, those of slices `[ ]`");
            self.errors.push(e);
            return failed();
        }
        let before = self.errors.len();
        let kind = self.read(Rule::statement, header).and_then(|pair| {
            let inner = pair.into_inner().next().expect("a statement is of some kind");
            self.kind(inner)
        });
        if self.errors.len() > before {
            self.pieces(body);
            return failed();
        }
        let kind = match kind {
            Some(StatementKind::For(mut l)) => {
                l.body = self.pieces(body);
                StatementKind::For(l)
            }
            Some(StatementKind::Layer(l)) => self.layer_block(header, (*l).clone(), body),
            _ => {
                let e = Diagnostic::new(Code::Bracket, "no block may follow here").label(header, "this is complete without one");
                self.errors.push(e);
                return failed();
            }
        };
        Statement { kind, span: header }
    }

    fn layer_block(&mut self, header: Span, mut layer: Layer, body: &[Piece]) -> StatementKind {
        let name = layer.name.clone();
        if layer.value.is_some() {
            let e = Diagnostic::new(Code::Bracket, "a layer has a value or a block, not both").label(header, "a block follows");
            self.errors.push(e);
            return StatementKind::Failed(vec![name]);
        }
        let before = self.errors.len();
        match body.split_last() {
            Some((Piece::Text { span, broken: false }, rest)) => {
                layer.body = self.pieces(rest);
                let text = &self.text[span.start..span.end];
                let defines = !declared_names(text).is_empty() && Grammar::parse(Rule::statement, text).is_ok();
                if defines {
                    let e = Diagnostic::new(Code::Place, "the last line of a layer is its value")
                        .label(*span, "this defines a name")
                        .help("end the block with the expression that the layer returns");
                    self.errors.push(e);
                } else {
                    layer.value = self.formula(*span);
                }
            }
            Some((last, rest)) => {
                layer.body = self.pieces(rest);
                self.piece(last);
                if let Piece::Block { header, .. } = last {
                    let e =
                        Diagnostic::new(Code::Place, "the last line of a layer is its value").label(*header, "this is a block");
                    self.errors.push(e);
                }
            }
            None => {
                let e = Diagnostic::new(Code::Syntax, format!("the layer `{}` is empty", quote(&name)));
                self.errors.push(e.label(header, "its block holds no value"));
            }
        }
        if self.errors.len() > before || layer.value.is_none() {
            return StatementKind::Failed(vec![name]);
        }
        StatementKind::Layer(Rc::new(layer))
    }

    fn kind(&mut self, p: P<'a>) -> Option<StatementKind> {
        let rule = p.as_rule();
        let mut inner: Vec<P> = p.into_inner().collect();
        Some(match rule {
            Rule::dims => StatementKind::Dims(inner.into_iter().skip(1).map(|d| self.dim(d)).collect()),
            Rule::data => {
                let kind = match inner[0].as_str() {
                    "input" => DataKind::Input,
                    "target" => DataKind::Target,
                    "const" => DataKind::Const,
                    _ => DataKind::Param,
                };
                StatementKind::Data(kind, inner.into_iter().skip(1).map(|g| self.group(g)).collect())
            }
            Rule::loss => StatementKind::Loss(Rc::new(self.expr(inner.pop()?))),
            Rule::layer => {
                let value = match inner.last().map(|p| p.as_rule()) {
                    Some(Rule::expr) => inner.pop().map(|e| self.expr(e)),
                    _ => None,
                };
                let mut names = inner.into_iter().skip(1).map(|n| (n.as_str().to_owned(), self.span(&n)));
                let (name, name_span) = names.next()?;
                StatementKind::Layer(Rc::new(Layer { name, name_span, arguments: names.collect(), body: vec![], value }))
            }
            Rule::include => StatementKind::Use(unquoted(inner.last()?.as_str())),
            Rule::repeat => {
                let to = self.expr(inner.pop()?);
                let from = self.expr(inner.pop()?);
                let name = inner.get(1)?;
                let (name_span, name) = (self.span(name), name.as_str().to_owned());
                StatementKind::For(Loop { name, name_span, from, to, body: vec![] })
            }
            Rule::assume => StatementKind::Assume(inner.into_iter().skip(1).map(|r| self.comparison(r)).collect()),
            Rule::claim => {
                let relation = self.comparison(inner.pop()?);
                let id = inner.get(1).map_or(String::new(), |s| unquoted(s.as_str()));
                StatementKind::Claim(id, relation)
            }
            Rule::assign => {
                let value = self.expr(inner.pop()?);
                let target = self.target(inner.pop()?);
                if target.name == "loss" && target.index.is_empty() {
                    return Some(StatementKind::Loss(Rc::new(value)));
                }
                StatementKind::Assign(target, Rc::new(value))
            }
            _ => unreachable!("the grammar has no other statements"),
        })
    }

    fn dim(&mut self, p: P<'a>) -> (Target, Option<Expr>) {
        let mut inner = p.into_inner();
        let target = self.target(inner.next().expect("a size has a name"));
        (target, inner.next().map(|e| self.expr(e)))
    }

    fn group(&mut self, p: P<'a>) -> (Vec<Target>, Vec<Expr>) {
        let (mut targets, mut axes) = (vec![], vec![]);
        for x in p.into_inner() {
            match x.as_rule() {
                Rule::target => targets.push(self.target(x)),
                _ => axes = x.into_inner().filter(|e| e.as_rule() == Rule::extent).map(|e| self.extent(e)).collect(),
            }
        }
        (targets, axes)
    }

    fn target(&mut self, p: P<'a>) -> Target {
        let span = self.span(&p);
        let mut inner = p.into_inner();
        let name = inner.next().expect("a target has a name").as_str().to_owned();
        let mut index = vec![];
        for item in inner.next().map(|i| self.items(i)).unwrap_or_default() {
            match item {
                Item::At(e) => index.push(e),
                Item::Range(_, _, at) => {
                    self.errors
                        .push(Diagnostic::new(Code::Syntax, "an indexed name has numbers as indices").label(at, "a range"));
                }
            }
        }
        Target { name, index, span }
    }

    fn comparison(&mut self, p: P<'a>) -> Comparison {
        let span = self.span(&p);
        let mut inner = p.into_inner();
        let left = self.expr(inner.next().expect("a comparison has a left side"));
        let right = inner.next().map(|sign| {
            let relation = match sign.as_str() {
                "==" => Relation::Equal,
                "<=" | "≤" => Relation::AtMost,
                ">=" | "≥" => Relation::AtLeast,
                "<" => Relation::Below,
                _ => Relation::Above,
            };
            (relation, self.expr(inner.next().expect("a comparison has a right side")))
        });
        Comparison { left, right, span }
    }
}

fn unquoted(text: &str) -> String {
    text.trim_matches('"').to_owned()
}
