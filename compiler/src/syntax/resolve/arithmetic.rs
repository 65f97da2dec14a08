//! Sums, products, quotients and powers.

use super::{Failed, Res, Resolver};
use crate::{
    diagnostic::{Code, Diagnostic},
    expr::{Expr, Fact},
    number::Number,
    ops::{self, build::Build, mul::MUL},
    span::Span,
    syntax::ast::{self, Times},
};

/// Largest exponent of a matrix, whose power is written out as a product.
const WRITTEN_OUT: i64 = 64;
/// Largest exponent of a scalar or of entries.
pub(super) const EXPONENT: f64 = 1e6;

impl Resolver<'_> {
    pub(super) fn sum(&mut self, terms: &[(bool, ast::Expr)]) -> Res<Expr> {
        let all = self.exprs(terms.iter().map(|t| &t.1))?;
        let shape = self.g.shape(all[0]).clone();
        for (i, &t) in all.iter().enumerate() {
            if *self.g.shape(t) != shape {
                return Err(self.sum_mistake(terms, &all, i));
            }
        }
        let signed: Vec<Expr> = all.iter().zip(terms).map(|(&t, (minus, _))| if *minus { self.g.neg(t) } else { t }).collect();
        Ok(if signed.len() == 1 { signed[0] } else { self.g.sum(&signed) })
    }

    pub(super) fn product(&mut self, factors: &[(Times, ast::Expr)]) -> Res<Expr> {
        let all = self.exprs(factors.iter().map(|f| &f.1))?;
        let mut out = all[0];
        for i in 1..all.len() {
            out = self.factor(factors, i, out, all[i])?;
            out = self.checked(out, factors[0].1.span.to(factors[i].1.span))?;
        }
        Ok(out)
    }

    /// The product of all factors before the i-th (`a`) with the i-th (`b`).
    fn factor(&mut self, factors: &[(Times, ast::Expr)], i: usize, a: Expr, b: Expr) -> Res<Expr> {
        let scalar = self.g.is_scalar(a) || self.g.is_scalar(b);
        let same = self.g.shape(a) == self.g.shape(b);
        let at = factors[i].1.span;
        match factors[i].0 {
            Times::Matrix if scalar => Ok(self.multiple(a, b)),
            Times::Matrix => match self.g.try_apply(&MUL, &[a, b]) {
                Ok(e) => Ok(e),
                Err(_) => Err(self.product_mistake(factors, i, a, b)),
            },
            Times::Divide if self.g.is_scalar(b) => {
                let inverse = self.reciprocal(b, at)?;
                Ok(self.multiple(inverse, a))
            }
            Times::Divide => Err(self.quotient_mistake(factors, i, b)),
            Times::Entrywise if scalar => Ok(self.multiple(a, b)),
            Times::DivideEntrywise if scalar => {
                let inverse = self.reciprocal(b, at)?;
                Ok(self.multiple(a, inverse))
            }
            Times::Entrywise if same => Ok(self.g.hadamard(a, b)),
            Times::DivideEntrywise if same => {
                let inverse = self.reciprocal(b, at)?;
                Ok(self.g.hadamard(a, inverse))
            }
            Times::Entrywise | Times::DivideEntrywise => Err(self.entrywise_mistake(factors, i, a, b)),
        }
    }

    /// `a b` where one of them is a scalar.
    fn multiple(&mut self, a: Expr, b: Expr) -> Expr {
        if self.g.is_scalar(a) { self.g.scale(a, b) } else { self.g.scale(b, a) }
    }

    /// One over each entry.
    fn reciprocal(&mut self, b: Expr, at: Span) -> Res<Expr> {
        if self.g.is_zero(b) {
            return Err(self.fail(Diagnostic::new(Code::Division, "division by zero").label(at, "this is zero")));
        }
        Ok(self.g.power(b, Number::int(-1)))
    }

    /// `A^k`: the power of a scalar, a product of matrices, or an inverse.
    pub(super) fn power(&mut self, a: Expr, k: &ast::Expr, base: Span) -> Res<Expr> {
        if self.g.is_scalar(a) {
            let p = self.expr(k)?;
            return match self.g.as_number(p) {
                Some(n) => self.number_power(a, n, base, k.span),
                None => self.symbolic_power(a, p, base, k.span),
            };
        }
        let shape = self.g.shape(a).clone();
        if shape.rows != shape.cols {
            return Err(self.square_mistake("a power `^`", a, base));
        }
        let p = self.expr(k)?;
        let k = match self.g.as_number(p).and_then(Number::as_int) {
            Some(k) if k.abs() <= WRITTEN_OUT => k,
            _ => {
                let d = Diagnostic::new(Code::Power, "the exponent of a matrix is a whole number, at most 64")
                    .label(k.span, "not such a number")
                    .help("`A.^p` raises every entry to a power");
                return Err(self.fail(d));
            }
        };
        let a = if k < 0 { self.g.inv(a) } else { a };
        let mut out = self.g.eye(&shape.rows);
        for _ in 0..k.abs() {
            out = self.g.mul(out, a);
        }
        Ok(out)
    }

    /// `A.^p`.
    pub(super) fn entry_power(&mut self, a: Expr, p: &ast::Expr, base: Span) -> Res<Expr> {
        let e = self.expr(p)?;
        match self.g.as_number(e) {
            Some(n) => self.number_power(a, n, base, p.span),
            None if self.g.is_scalar(a) => self.symbolic_power(a, e, base, p.span),
            None => {
                let d = Diagnostic::new(Code::Power, "the exponent of `.^` is a number that is known here");
                Err(self.fail(d.label(p.span, "not a number")))
            }
        }
    }

    /// `a.^n`, where that is defined.
    pub(super) fn number_power(&mut self, a: Expr, n: Number, base: Span, at: Span) -> Res<Expr> {
        let value = n.to_f64();
        if value.abs() > EXPONENT || value.is_nan() {
            return Err(self.fail(Diagnostic::new(Code::Power, "the exponent is too large").label(at, "at most 1000000")));
        }
        if self.g.is_zero(a) && n.is_negative() {
            let d = Diagnostic::new(Code::Division, "zero has no negative power").label(base, "this is zero");
            return Err(self.fail(d));
        }
        if self.g.as_number(a).is_some_and(Number::is_negative) && n.as_int().is_none() {
            let d = Diagnostic::new(Code::Power, "a negative number has only whole powers").label(base, "this is negative");
            return Err(self.fail(d));
        }
        Ok(self.g.power(a, n))
    }

    /// `s^p = exp(p log(s))` for an exponent that is not a number, where s is not negative.
    fn symbolic_power(&mut self, s: Expr, p: Expr, base: Span, at: Span) -> Res<Expr> {
        let reason = match (self.g.is_scalar(p), self.g.facts(s).has(Fact::NonNegative)) {
            (true, true) => None,
            (false, _) => Some((at, "a scalar is needed")),
            (true, false) => Some((base, "not known to be positive")),
        };
        let functions = (ops::named("exp"), ops::named("log"));
        let (None, (Some(exp), Some(log))) = (reason, functions) else {
            let (span, remark) = reason.unwrap_or((at, "not a number"));
            let d = Diagnostic::new(Code::Power, "a power whose exponent is not a number needs a positive scalar as its base")
                .label(span, remark)
                .help("`assume x > 0` says that `x` is positive");
            return Err(self.fail(d));
        };
        let l = self.g.try_apply(log, &[s]).map_err(|_| Failed)?;
        let l = self.g.scale(p, l);
        self.g.try_apply(exp, &[l]).map_err(|_| Failed)
    }
}
