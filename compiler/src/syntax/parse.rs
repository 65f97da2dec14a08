//! Text to syntax tree: one statement at a time by the grammar, so that a mistake in one leaves the others.

use super::{
    ast::{Comparison, DataKind, Expr, ExprKind, Item, Layer, Loop, Postfix, Relation, Statement, StatementKind, Target, Times},
    scan::{self, Piece},
};
use crate::{
    diagnostic::{Code, Diagnostic, quote},
    number::Number,
    span::Span,
};
use grammar::{Grammar, Rule};
use pest::{Parser, iterators::Pair};
use std::rc::Rc;

mod grammar {
    #![allow(missing_docs, unreachable_pub)]
    #[derive(pest_derive::Parser)]
    #[grammar = "syntax/grammar.pest"]
    pub struct Grammar;
}

/// The statements of a file, and what could not be read.
pub(super) fn file(text: &str, file: usize) -> (Vec<Statement>, Vec<Diagnostic>) {
    let (pieces, errors) = scan::scan(text, file);
    let mut p = Builder { text, file, base: 0, errors };
    let statements = p.pieces(&pieces);
    (statements, p.errors)
}

/// One expression.
pub(super) fn expression(text: &str, file: usize) -> Result<Expr, Vec<Diagnostic>> {
    if let Some(e) = scan::brackets(text, file) {
        return Err(vec![e]);
    }
    let mut p = Builder { text, file, base: 0, errors: vec![] };
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
                let kind = match broken {
                    false => self.statement(*span),
                    true => None,
                };
                let failed = || StatementKind::Failed(declared_names(&self.text[span.start..span.end]));
                Statement { kind: kind.unwrap_or_else(failed), span: *span }
            }
            Piece::Block { header, broken, body } => self.block(*header, *broken, body),
        }
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
            self.pieces(body);
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

    // --- expressions ---

    fn expr(&mut self, p: P<'a>) -> Expr {
        self.signed_terms(p, Self::kron)
    }

    fn extent(&mut self, p: P<'a>) -> Expr {
        self.signed_terms(p, |b, x| b.product(x))
    }

    fn signed_terms(&mut self, p: P<'a>, term: fn(&mut Self, P<'a>) -> Expr) -> Expr {
        let span = self.span(&p);
        let (mut terms, mut minus) = (vec![], false);
        for x in p.into_inner() {
            match x.as_rule() {
                Rule::sign => minus ^= x.as_str() != "+",
                _ => terms.push((std::mem::take(&mut minus), term(self, x))),
            }
        }
        match terms.as_slice() {
            [(false, _)] => terms.remove(0).1,
            _ => Expr { kind: ExprKind::Sum(terms), span },
        }
    }

    fn kron(&mut self, p: P<'a>) -> Expr {
        let span = self.span(&p);
        let mut factors = vec![];
        for x in p.into_inner() {
            match x.as_rule() {
                Rule::kron_sign => {}
                Rule::signed => factors.push(self.signed_terms(x, |b, y| b.product(y))),
                _ => factors.push(self.product(x)),
            }
        }
        match factors.len() {
            1 => factors.remove(0),
            _ => Expr { kind: ExprKind::Kron(factors), span },
        }
    }

    fn product(&mut self, p: P<'a>) -> Expr {
        let span = self.span(&p);
        let mut factors: Vec<(Times, Expr)> = vec![];
        let (mut times, mut minus) = (Times::Matrix, false);
        for x in p.into_inner() {
            match x.as_rule() {
                Rule::product_sign | Rule::times_sign => {
                    times = match x.as_str() {
                        "/" => Times::Divide,
                        "./" => Times::DivideEntrywise,
                        ".*" | "∘" | "⊙" => Times::Entrywise,
                        _ => Times::Matrix,
                    }
                }
                Rule::sign => minus ^= x.as_str() != "+",
                _ => {
                    let mut e = self.operand(x);
                    if std::mem::take(&mut minus) {
                        e = Expr { span: e.span, kind: ExprKind::Sum(vec![(true, e)]) };
                    }
                    factors.push((std::mem::replace(&mut times, Times::Matrix), e));
                }
            }
        }
        match factors.len() {
            1 => factors.remove(0).1,
            _ => Expr { kind: ExprKind::Product(factors), span },
        }
    }

    fn operand(&mut self, p: P<'a>) -> Expr {
        let span = self.span(&p);
        let mut inner = p.into_inner();
        let base = self.primary(inner.next().expect("an operand has a base"));
        let mut out = vec![];
        for x in inner {
            let at = self.span(&x);
            let postfix = match x.as_rule() {
                Rule::transpose => Postfix::Transpose,
                Rule::index => Postfix::Index(self.items(x)),
                Rule::entry_power => Postfix::EntryPower(self.exponent(x, at)),
                _ => Postfix::Power(self.exponent(x, at)),
            };
            out.push((postfix, at));
        }
        match out.is_empty() {
            true => base,
            false => Expr { kind: ExprKind::Postfix(Box::new(base), out), span },
        }
    }

    fn exponent(&mut self, p: P<'a>, at: Span) -> Expr {
        let inner = p.into_inner().next().expect("a power has an exponent");
        if inner.as_rule() == Rule::small_power {
            let text = inner.as_str();
            let digit = if text.ends_with('¹') { 1 } else { 2 + i64::from(text.ends_with('³')) };
            let n = if text.starts_with('⁻') { -digit } else { digit };
            return Expr { kind: ExprKind::Number(Number::int(n)), span: at };
        }
        let span = self.span(&inner);
        let (mut minus, mut base) = (false, None);
        for x in inner.into_inner() {
            match x.as_rule() {
                Rule::sign => minus ^= x.as_str() != "+",
                _ => base = Some(self.primary(x)),
            }
        }
        let e = base.expect("an exponent has a base");
        match (minus, &e.kind) {
            (true, ExprKind::Number(n)) => Expr { kind: ExprKind::Number(-*n), span },
            (true, _) => Expr { kind: ExprKind::Sum(vec![(true, e)]), span },
            _ => e,
        }
    }

    fn primary(&mut self, p: P<'a>) -> Expr {
        let span = self.span(&p);
        match p.as_rule() {
            Rule::number => {
                let n = Number::parse(p.as_str()).unwrap_or_else(|| {
                    let message = format!("the number {} is too large", quote(p.as_str()));
                    self.errors.push(Diagnostic::new(Code::Number, message).label(span, "at most about 1.8e308"));
                    Number::ONE
                });
                Expr { kind: ExprKind::Number(n), span }
            }
            Rule::name => Expr { kind: ExprKind::Name(p.as_str().to_owned()), span },
            Rule::call => {
                let mut inner = p.into_inner();
                let name = inner.next().expect("a call has a name");
                let (at, name) = (self.span(&name), name.as_str().to_owned());
                let args = inner.next().expect("a call has arguments").into_inner().map(|a| self.expr(a)).collect();
                Expr { kind: ExprKind::Call(name, at, args), span }
            }
            // the brackets belong to the place
            _ => Expr { span, ..self.expr(p.into_inner().next().expect("brackets hold an expression")) },
        }
    }

    fn items(&mut self, p: P<'a>) -> Vec<Item> {
        p.into_inner()
            .map(|item| {
                let span = self.span(&item);
                let (mut before, mut after, mut colon) = (None, None, false);
                for x in item.into_inner() {
                    match x.as_rule() {
                        Rule::colon => colon = true,
                        _ if colon => after = Some(self.expr(x)),
                        _ => before = Some(self.expr(x)),
                    }
                }
                match (before, colon) {
                    (Some(e), false) => Item::At(e),
                    (before, _) => Item::Range(before, after, span),
                }
            })
            .collect()
    }

    // --- mistakes ---

    fn explain(&self, e: &pest::error::Error<Rule>, text: &str, span: Span) -> Diagnostic {
        use pest::error::{ErrorVariant, InputLocation};
        let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = e.location;
        let at = at.min(text.len());
        let mut expected: Vec<&str> = vec![];
        if let ErrorVariant::ParsingError { positives, .. } = &e.variant {
            for r in positives {
                let word = spoken(*r);
                if !word.is_empty() && !expected.contains(&word) {
                    expected.push(word);
                }
            }
        }
        if expected.len() > 1 {
            expected.retain(|w| *w != "the end of the statement" && *w != "an operator");
        }
        let rest = &text[at..];
        let next = rest.chars().next();
        let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let found = match next {
            None => "the end of the statement".to_owned(),
            Some(_) if !word.is_empty() => format!("`{}`", quote(&word)),
            Some(c) => format!("`{}`", c.escape_default().to_string().replace("\\'", "'").replace("\\\"", "\"")),
        };
        let found = match next {
            Some(c) if word.is_empty() && !c.is_control() => format!("`{c}`"),
            _ => found,
        };
        let len = if word.is_empty() { next.map_or(0, char::len_utf8) } else { word.len() };
        let place = Span { file: self.file, start: span.start + at, end: span.start + at + len };
        let first = text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
        if at == 0 && first.is_empty() && next.is_none() {
            return Diagnostic::new(Code::Syntax, "there is nothing here to read").label(place, "an expression is needed");
        }
        let message = match expected.as_slice() {
            [] | ["the end of the statement"] | ["an operator"] => format!("{found} does not belong here"),
            some => format!("expected {}, found {found}", some.join(" or ")),
        };
        let d = Diagnostic::new(Code::Syntax, message).label(place, "here");
        let near = scan::WORDS.iter().find(|w| super::names::distance(w, first) == 1);
        match next {
            Some('×') => d.help("`×` is for shapes: the product is `A B`, the Kronecker product `A ⊗ B` or `kron(A, B)`"),
            Some('=') => d.help("`NAME = …` defines a node; `==` compares in a claim"),
            Some('|' | '‖') => d.help("norms are written `norm2(A)`, `normF(A)`, `norm1(A)`, `norminf(A)`, `normmax(A)`"),
            Some('{' | '}') => d.help("blocks `{ … }` follow `for` and `layer`; brackets of formulas are `( )`"),
            Some('^' | '.') if rest.starts_with("**") || rest.starts_with("..") => d,
            _ if near.is_some() && !scan::WORDS.contains(&first) => {
                d.help(format!("did you mean `{}`?", near.expect("it is there")))
            }
            None => d.help("a statement ends with its line, unless a bracket is open"),
            _ if expected.contains(&"`=`") => {
                d.help("a statement is `NAME = …`, or begins with a word such as `param` or `loss`")
            }
            _ => d,
        }
    }
}

/// What a rule is called in a message; empty for what need not be mentioned.
fn spoken(r: Rule) -> &'static str {
    match r {
        Rule::EOI => "the end of the statement",
        Rule::sign | Rule::kron_sign | Rule::product_sign | Rule::times_sign | Rule::transpose | Rule::raise => "an operator",
        Rule::entry_power | Rule::index | Rule::small_power => "an operator",
        Rule::compare => "a comparison",
        Rule::expr | Rule::kron | Rule::product | Rule::operand | Rule::call | Rule::number | Rule::bracket => "an expression",
        Rule::signed | Rule::callee | Rule::formula | Rule::args => "an expression",
        Rule::name | Rule::target | Rule::dim | Rule::group => "a name",
        Rule::shape | Rule::extent | Rule::factor | Rule::factors => "a size",
        Rule::times => "`×`",
        Rule::string => "a text in quotes",
        Rule::item => "an index or a range",
        Rule::exponent => "an exponent",
        Rule::relation => "an expression",
        Rule::in_word => "`in`",
        Rule::assign => "`=`",
        _ => "",
    }
}

fn unquoted(text: &str) -> String {
    text.trim_matches('"').to_owned()
}

/// The names that a statement which cannot be read would have declared, as far as one can tell.
fn declared_names(text: &str) -> Vec<String> {
    let first = text.split(|c: char| c.is_whitespace()).next().unwrap_or("");
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let names = |s: &str| -> Vec<String> {
        s.split(',').filter_map(|n| n.trim().split(|c| !word(c)).next()).filter(|n| !n.is_empty()).map(str::to_owned).collect()
    };
    let after = text[first.len()..].trim_start();
    match first {
        "loss" => vec!["loss".to_owned()],
        "dim" => after.split(',').flat_map(|d| names(d.split('=').next().unwrap_or(""))).collect(),
        "input" | "target" | "const" | "param" => names(after.split(':').next().unwrap_or("")),
        "layer" => names(after.split('(').next().unwrap_or("")),
        _ => match text.split_once('=') {
            Some((left, right)) if !right.starts_with('=') => names(left),
            _ => vec![],
        },
    }
}
