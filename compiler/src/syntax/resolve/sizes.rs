//! Expressions in the place of a size: polynomials in named sizes.

use super::{Res, Resolver};
use crate::{
    diagnostic::{Code, Diagnostic, quote},
    dim::Dim,
    expr::{Expr, Node},
    number::Number,
    ops::build::Build,
    span::Span,
    syntax::{
        ast::{self, ExprKind, Postfix, Times},
        names::Value,
    },
};

/// Most names, with repetition, in one size.
const NAMES: usize = 400;
/// Largest number as a size.
const LARGEST: i64 = 1 << 53;

impl Resolver<'_> {
    /// A size that may stand for a number of rows or columns: not zero and not negative, as far as one can tell.
    pub(in crate::syntax) fn extent(&mut self, e: &ast::Expr) -> Res<Dim> {
        let d = self.size(e)?;
        if d.as_constant().is_some_and(|n| n < 1) {
            let x = Diagnostic::new(Code::BadSize, format!("a size must be positive, and this is {d}"));
            return Err(self.fail(x.label(e.span, format!("{d} here"))));
        }
        Ok(d)
    }

    /// A whole number that is known here.
    pub(in crate::syntax) fn integer(&mut self, e: &ast::Expr) -> Res<i64> {
        let d = self.size(e)?;
        d.as_constant().ok_or_else(|| {
            let x = Diagnostic::new(Code::Loop, format!("a whole number is needed, and `{d}` is not known here"));
            let x = x.label(e.span, "not a number").help("loops and indexed names count with numbers; sizes are symbols");
            let free = d.as_symbol().map(|name| {
                format!(
                    "`--depth {name}=3` gives it a value; `hesse bounds` has bounds for every depth where one loop counts to it"
                )
            });
            self.fail(free.into_iter().fold(x, Diagnostic::help))
        })
    }

    /// The size an expression is.
    pub(in crate::syntax) fn size(&mut self, e: &ast::Expr) -> Res<Dim> {
        let d = self.polynomial(e)?;
        let whole = d.names().next().is_some() || d.as_constant().is_some();
        if !whole || !d.is_exact() || d.as_constant().is_some_and(|n| n.abs() > LARGEST) {
            let x = Diagnostic::new(Code::BadSize, "a size is a whole number, at most 2^53");
            return Err(self.fail(x.label(e.span, "this is not")));
        }
        Ok(d)
    }

    /// The size an expression is, if it is one; nothing is reported.
    pub(super) fn try_size(&mut self, e: &ast::Expr) -> Option<Dim> {
        self.quietly(|r| r.size(e))
    }

    fn polynomial(&mut self, e: &ast::Expr) -> Res<Dim> {
        if self.fuel == 0 || self.depth == super::DEPTH {
            let d = Diagnostic::new(Code::TooLarge, "this size is too complicated");
            return Err(self.fail(d.label(e.span, "here the limit is reached")));
        }
        self.fuel -= 1;
        self.depth += 1;
        let out = self.polynomial_of(e);
        self.depth -= 1;
        let d = out?;
        if d.names().nth(NAMES).is_some() {
            let x = Diagnostic::new(Code::TooLarge, "this size is too complicated");
            return Err(self.fail(x.label(e.span, "multiplied out it has too many terms")));
        }
        Ok(d)
    }

    fn polynomial_of(&mut self, e: &ast::Expr) -> Res<Dim> {
        match &e.kind {
            ExprKind::Number(n) => match n.as_int() {
                Some(n) => Ok(Dim::constant(n)),
                None => {
                    let x = Diagnostic::new(Code::BadSize, "a size is a whole number, at most 2^53");
                    Err(self.fail(x.label(e.span, "this is not")))
                }
            },
            ExprKind::Name(name) => self.size_named(name, e.span),
            ExprKind::Sum(terms) => {
                let mut sum = Dim::default();
                for (minus, t) in terms {
                    let d = self.polynomial(t)?;
                    sum = if *minus { &sum - &d } else { &sum + &d };
                }
                Ok(sum)
            }
            ExprKind::Product(factors) => {
                let mut product = self.polynomial(&factors[0].1)?;
                for (times, f) in &factors[1..] {
                    let d = self.polynomial(f)?;
                    product = match times {
                        Times::Matrix | Times::Entrywise if product.names().count() * d.names().count() <= NAMES * 8 => {
                            &product * &d
                        }
                        Times::Matrix | Times::Entrywise => {
                            let x = Diagnostic::new(Code::TooLarge, "this size is too complicated");
                            return Err(self.fail(x.label(f.span, "multiplied out it has too many terms")));
                        }
                        Times::Divide | Times::DivideEntrywise => match d.as_constant() {
                            Some(0) => None,
                            _ => product.divide(&d),
                        }
                        .ok_or_else(|| {
                            let x = Diagnostic::new(Code::BadSize, format!("`{product}` cannot be divided by `{d}`"));
                            self.fail(x.label(f.span, "sizes are polynomials in named sizes"))
                        })?,
                    };
                    if !product.is_exact() || product.degree() > 64 {
                        let x = Diagnostic::new(Code::BadSize, "this size is too large");
                        return Err(self.fail(x.label(factors[0].1.span.to(f.span), "sizes are at most 2^53")));
                    }
                }
                Ok(product)
            }
            ExprKind::Postfix(base, postfixes) => self.size_postfix(e, base, postfixes),
            ExprKind::Call(name, _, args) if (name == "rows" || name == "cols") && args.len() == 1 => {
                let a = self.expr(&args[0])?;
                let shape = self.g.shape(a);
                Ok(if name == "rows" { shape.rows.clone() } else { shape.cols.clone() })
            }
            ExprKind::Call(name, at, args) => match (self.lookup(name).and_then(|b| b.value), args.as_slice()) {
                // `n(m + 1)` is a product
                (Some(Value::Size(d)), [arg]) => {
                    let other = self.polynomial(arg)?;
                    Ok(&d * &other)
                }
                _ => Err(self.not_a_size(e.span, &format!("`{}` is not a size", quote(name)), *at)),
            },
            ExprKind::Kron(_) => Err(self.not_a_size(e.span, "a Kronecker product is not a size", e.span)),
        }
    }

    fn size_postfix(&mut self, e: &ast::Expr, base: &ast::Expr, postfixes: &[(Postfix, Span)]) -> Res<Dim> {
        let mut rest = postfixes;
        let mut out = match (self.indexed_name(base, postfixes)?, postfixes) {
            (Some(name), [(_, at), more @ ..]) => {
                rest = more;
                self.size_named(&name, base.span.to(*at))?
            }
            _ => self.polynomial(base)?,
        };
        for (postfix, at) in rest {
            let Postfix::Power(k) = postfix else {
                return Err(self.not_a_size(e.span, "this is not a size", *at));
            };
            let k = self.integer(k)?;
            let small = (0..=8).contains(&k) || (out.names().count() <= 1 && (0..=52).contains(&k));
            if !small {
                let x = Diagnostic::new(Code::BadSize, "the exponent of a size is a small whole number");
                return Err(self.fail(x.label(*at, "at most 8, or 52 for a single name")));
            }
            let factor = out;
            out = Dim::constant(1);
            for _ in 0..k {
                out = &out * &factor;
                if out.names().nth(NAMES).is_some() || out.degree() > 64 {
                    let x = Diagnostic::new(Code::TooLarge, "this size is too complicated");
                    return Err(self.fail(x.label(*at, "multiplied out it has too many terms")));
                }
            }
        }
        Ok(out)
    }

    fn size_named(&mut self, name: &str, span: Span) -> Res<Dim> {
        let Some(binding) = self.lookup(name) else {
            return Err(self.unknown_size(name, span));
        };
        match binding.value.clone().ok_or(super::Failed)? {
            Value::Size(d) => Ok(d),
            Value::Matrix(e) => match self.g.node(e) {
                Node::Number(n) if n.as_int().is_some() => Ok(Dim::constant(n.as_int().unwrap_or_default())),
                _ => {
                    let place = self.declared(&binding, span);
                    let shape = self.g.shape(e).clone();
                    let what = if shape.is_scalar() { "a scalar".to_owned() } else { format!("a matrix ({shape})") };
                    let x = Diagnostic::new(Code::NotASize, format!("`{}` is {what}, not a size", quote(name)))
                        .label(span, format!("a size is needed here; this is {what}{place}"))
                        .help("sizes are declared by `dim`, derived ones by `dim h = 2*n`");
                    Err(self.fail(x))
                }
            },
        }
    }

    fn unknown_size(&mut self, name: &str, span: Span) -> super::Failed {
        if self.errors.len() >= super::MISTAKES {
            return super::Failed;
        }
        let x = Diagnostic::new(Code::Unknown, format!("no size is called `{}`", quote(name))).label(span, "not declared");
        let x = match self.near_size(name) {
            Some(near) => x.help(format!("did you mean `{}`?", quote(&near))),
            None => x.help(format!("`dim {}` declares it", quote(name))),
        };
        self.fail(x)
    }

    fn near_size(&self, name: &str) -> Option<String> {
        let sizes = self.state.globals.iter().filter(|(_, b)| matches!(b.value, Some(Value::Size(_))));
        crate::syntax::names::nearest(name, sizes.map(|(n, _)| n.as_str())).map(str::to_owned)
    }

    fn not_a_size(&mut self, span: Span, message: &str, at: Span) -> super::Failed {
        let d = Diagnostic::new(Code::NotASize, message)
            .label(if at.start >= span.start { at } else { span }, "a size is needed here")
            .help("sizes are made of named sizes, numbers, `rows(A)`, `cols(A)` and `+ - * /`");
        self.fail(d)
    }

    /// A size as a scalar.
    pub(super) fn size_as_scalar(&mut self, d: &Dim, span: Span) -> Res<Expr> {
        if let Some(n) = d.as_constant() {
            return Ok(self.g.number(Number::int(n)));
        }
        let e = self.g.size(d);
        self.checked(e, span)
    }
}
