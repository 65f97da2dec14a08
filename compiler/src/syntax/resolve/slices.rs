//! Slices: `A[a:b, c:d]`, from 1, both ends included.

use super::{Failed, Res, Resolver};
use crate::{
    diagnostic::{Code, Diagnostic},
    dim::Dim,
    expr::Expr,
    ops::slice::SLICE,
    span::Span,
    syntax::ast::Item,
};

impl Resolver<'_> {
    /// `A[…]` with one or two axes; one axis is enough for a row or a column.
    pub(super) fn slice(&mut self, a: Expr, items: &[Item], base: Span, at: Span) -> Res<Expr> {
        let shape = self.g.shape(a).clone();
        let all = || (Dim::constant(1), Dim::constant(1));
        let (rows, cols) = match items {
            [one] if shape.cols.is_one() => (self.axis(one, &shape.rows, "rows")?, all()),
            [one] if shape.rows.is_one() => (all(), self.axis(one, &shape.cols, "columns")?),
            [r, c] => {
                let (r, c) = (self.axis(r, &shape.rows, "rows"), self.axis(c, &shape.cols, "columns"));
                (r?, c?)
            }
            _ => {
                let d = Diagnostic::new(Code::Slice, "a matrix has two axes")
                    .label(at, format!("{} given", items.len()))
                    .label(base, format!("{shape}"))
                    .help("`A[i, :]` is a row, `A[:, j]` a column");
                return Err(self.fail(d));
            }
        };
        let mut args = vec![a];
        args.extend([&rows.0, &rows.1, &cols.0, &cols.1].map(|d| self.g.dim(d)));
        self.g.try_apply(&SLICE, &args).map_err(|_| Failed)
    }

    /// First and last of one axis.
    fn axis(&mut self, item: &Item, extent: &Dim, axis: &str) -> Res<(Dim, Dim)> {
        let one = Dim::constant(1);
        let (from, to, span) = match item {
            Item::At(e) => {
                let i = self.size(e)?;
                (i.clone(), i, e.span)
            }
            Item::Range(a, b, span) => {
                let a = a.as_ref().map_or(Ok(one.clone()), |e| self.size(e));
                let b = b.as_ref().map_or(Ok(extent.clone()), |e| self.size(e));
                (a?, b?, *span)
            }
        };
        let positive = |d: Dim| d.as_constant().is_none_or(|n| n > 0);
        let mistake = if !positive(from.clone()) {
            Some(format!("slices count from 1, and this begins at {from}"))
        } else if !positive(&(extent - &to) + &one) {
            Some(format!("there are {extent} {axis}, and this ends at {to}"))
        } else if !positive(&(&to - &from) + &one) {
            Some(format!("this begins at {from} and ends before it, at {to}"))
        } else {
            None
        };
        match mistake {
            None => Ok((from, to)),
            Some(m) => {
                let d = Diagnostic::new(Code::Slice, m).label(span, format!("not within 1 to {extent}"));
                Err(self.fail(d))
            }
        }
    }
}
