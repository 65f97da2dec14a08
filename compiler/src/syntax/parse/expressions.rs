//! Expressions from the pairs of the grammar.

use super::{Builder, P, grammar::Rule};
use crate::{
    diagnostic::{Code, Diagnostic, quote},
    number::Number,
    span::Span,
    syntax::ast::{Expr, ExprKind, Item, Postfix, Times},
};

impl<'a> Builder<'a> {
    pub(super) fn expr(&mut self, p: P<'a>) -> Expr {
        self.signed_terms(p, Self::kron)
    }

    pub(super) fn extent(&mut self, p: P<'a>) -> Expr {
        self.signed_terms(p, |b, x| b.product(x))
    }

    pub(super) fn signed_terms(&mut self, p: P<'a>, term: fn(&mut Self, P<'a>) -> Expr) -> Expr {
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

    pub(super) fn kron(&mut self, p: P<'a>) -> Expr {
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

    pub(super) fn product(&mut self, p: P<'a>) -> Expr {
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

    pub(super) fn operand(&mut self, p: P<'a>) -> Expr {
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

    pub(super) fn exponent(&mut self, p: P<'a>, at: Span) -> Expr {
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

    pub(super) fn primary(&mut self, p: P<'a>) -> Expr {
        let span = self.span(&p);
        match p.as_rule() {
            Rule::number => {
                // an exponent beyond all bounds is zero or too large
                let zero = || p.as_str().parse::<f64>().ok().filter(|v| *v == 0.0).map(|_| Number::ZERO);
                let n = Number::parse(p.as_str()).or_else(zero).unwrap_or_else(|| {
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

    pub(super) fn items(&mut self, p: P<'a>) -> Vec<Item> {
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
}
