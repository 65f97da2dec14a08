//! Convolutions and pooling: the axes of arrays are known here, and the sizes that the matrices do not show become arguments.

use super::{Res, Resolver};
use crate::{
    diagnostic::{Code, Diagnostic},
    dim::Dim,
    expr::Expr,
    span::Span,
    syntax::ast,
};

impl Resolver<'_> {
    /// `conv1d(X, W)`, `conv2d(X, W)`, with the stride as a third argument if it is not 1.
    pub(super) fn convolution(&mut self, name: &str, at: Span, args: &[ast::Expr]) -> Res<Expr> {
        if !(2..=3).contains(&args.len()) {
            return Err(self.count_mistake(name, at, "2 or 3", args.len()));
        }
        let op = self.op(name, at)?;
        let (image, kernel) = match name {
            "conv1d" => ("a sequence `C × n`", "a kernel `C_out × C × k`"),
            _ => ("an image `C × m × n`", "a kernel `C_out × C × k × l`"),
        };
        let spatial = if name == "conv1d" { 1 } else { 2 };
        let x = self.array(name, &args[0], spatial + 1, image);
        let w = self.array(name, &args[1], spatial + 2, kernel);
        let stride = args.get(2).map_or(Ok(Dim::constant(1)), |e| self.extent(e));
        let ((x, m), (w, k), stride) = (x?, w?, stride?);
        if m[0] != k[1] {
            let d = Diagnostic::new(Code::Argument, format!("the arguments of `{name}` do not fit"))
                .label(args[0].span, format!("{}: {} channels", self.g.axes_text(x), m[0]))
                .label(args[1].span, format!("{}: for {} channels", self.g.axes_text(w), k[1]))
                .help("the second axis of a kernel is the first of the image");
            return Err(self.fail(d));
        }
        let (mut counts, one) = (vec![], Dim::constant(1));
        for (n, k) in m[1..].iter().zip(&k[2..]) {
            let left = n - k;
            if left.as_constant().is_some_and(|c| c < 0) {
                let d = Diagnostic::new(Code::Argument, format!("the kernel of `{name}` is larger than its image"))
                    .label(args[0].span, format!("{}: {n} on this axis", self.g.axes_text(x)))
                    .label(args[1].span, format!("{}: {k} on this axis", self.g.axes_text(w)));
                return Err(self.fail(d.help("nothing is padded: the kernel must fit into the image")));
            }
            let steps = left.divide(&stride).filter(whole).ok_or_else(|| {
                let what = args.get(2).map_or(at, |e| e.span);
                let d = Diagnostic::new(Code::BadSize, format!("the stride of `{name}` does not divide {left}"))
                    .label(what, format!("in steps of {stride} a kernel of {k} does not end where {n} entries end"));
                self.fail(d.help("stride divides image less kernel, as `dim n = 2*(p - 1) + k` says"))
            })?;
            counts.push(&steps + &one);
        }
        let sizes: Vec<Expr> = counts.iter().chain(&k[2..]).chain([&stride]).map(|d| self.g.dim(d)).collect();
        self.apply(op, name, at, args, &[vec![x, w], sizes].concat())
    }

    /// `maxpool2d(X, k)`, `avgpool2d(X, k)`.
    pub(super) fn pooling(&mut self, name: &str, at: Span, args: &[ast::Expr]) -> Res<Expr> {
        self.exactly(name, at, args, 2)?;
        let op = self.op(name, at)?;
        let (x, k) = (self.array(name, &args[0], 3, "an image `C × m × n`"), self.extent(&args[1]));
        let ((x, axes), k) = (x?, k?);
        let mut nodes = vec![x];
        for n in &axes[1..] {
            let Some(p) = n.divide(&k).filter(whole) else {
                let d = Diagnostic::new(Code::BadSize, format!("squares of {k}×{k} do not divide the image of `{name}`"))
                    .label(args[0].span, format!("{}: {n} is not a multiple of {k}", self.g.axes_text(x)))
                    .label(args[1].span, format!("{k} here"));
                return Err(self.fail(d.help("nothing is cut off: the sizes of the image are multiples of k, as `dim n = 2*p`")));
            };
            nodes.push(self.g.dim(&p));
        }
        nodes.push(self.g.dim(&k));
        self.apply(op, name, at, args, &nodes)
    }

    /// An argument with so many axes, and the axes.
    fn array(&mut self, name: &str, e: &ast::Expr, count: usize, needed: &str) -> Res<(Expr, Vec<Dim>)> {
        let x = self.expr(e)?;
        let axes = self.g.axes(x);
        if axes.len() == count {
            return Ok((x, axes));
        }
        let d = Diagnostic::new(Code::Argument, format!("`{name}` needs {needed} here"))
            .label(e.span, format!("{} has {} axes", self.g.axes_text(x), axes.len()));
        let keep = "entrywise functions, sums, convolutions and pooling keep axes; products of matrices do not";
        Err(self.fail(if axes.len() < count { d.help(keep) } else { d }))
    }
}

/// Whether a size can be whole: a number must be, a formula is found out later.
fn whole(d: &Dim) -> bool {
    d.names().next().is_some() || d.as_constant().is_some()
}
