//! `Formula`: an expression as people write it, before it is spelled in a target: signs, fractions and roots are restored.

use super::Names;
use crate::{
    dim::Dim,
    expr::{Expr, Form, Graph, Meaning, Node, Op},
    number::Number,
    ops::{add::ADD, hadamard::HADAMARD, power::POWER, scale::SCALE},
};

/// How tightly a formula holds together; what is looser than its place stands in brackets.
pub(super) mod level {
    /// A sum, or a formula with a sign.
    pub(crate) const SUM: u8 = 1;
    /// A product.
    pub(crate) const PRODUCT: u8 = 3;
    /// A power, a transpose.
    pub(crate) const POSTFIX: u8 = 9;
    /// A name, a call, a bracket.
    pub(crate) const ATOM: u8 = 10;
}

/// An expression as people write it.
pub(super) enum Formula {
    /// A variable, a name of the file, or a named part.
    Name(String),
    /// A number that is not negative.
    Number(Number),
    /// A size, as an argument or as a scalar.
    Size(Dim),
    /// Something that is left out.
    Omitted,
    /// Terms; a negative one says so itself.
    Sum(Vec<Formula>),
    /// A sign, scalar factors above and below a line, and the matrix that they multiply.
    Multiple {
        /// Whether a minus stands in front.
        negative: bool,
        /// Scalar factors.
        above: Vec<Formula>,
        /// Scalar divisors.
        below: Vec<Formula>,
        /// The matrix, if there is one.
        of: Option<Box<Formula>>,
    },
    /// An operation between two formulas; the bool says that it is the entrywise quotient.
    Infix(&'static Op, bool, Box<(Formula, Formula)>),
    /// `x^p` of a scalar, or `A.^p` entry by entry if the bool says so.
    Power(Box<Formula>, Number, bool),
    /// `sqrt(x)`, also entry by entry.
    Root(Box<Formula>),
    /// `A[a:b, c:d]`; `None` is the whole range.
    Slice(Box<Formula>, [Option<(Dim, Dim)>; 2]),
    /// Anything else, as its row spells it.
    Apply(&'static Op, Vec<Formula>),
}

impl Formula {
    /// How tightly it holds together in the language.
    pub(super) fn level(&self) -> u8 {
        match self {
            Formula::Name(_) | Formula::Omitted | Formula::Root(_) => level::ATOM,
            Formula::Number(Number::Ratio(_, 1)) | Formula::Number(Number::Float(_)) => level::ATOM,
            Formula::Number(_) => level::PRODUCT,
            Formula::Size(d) if d.as_symbol().is_some() || d.as_constant().is_some_and(|n| n >= 0) => level::ATOM,
            Formula::Size(_) | Formula::Sum(_) => level::SUM,
            Formula::Multiple { negative: true, .. } => level::SUM,
            Formula::Multiple { of, .. } => of.as_ref().map_or(level::PRODUCT, |f| match f.level() {
                level::SUM => level::PRODUCT,
                l => l.min(level::PRODUCT),
            }),
            Formula::Infix(op, ..) => infix(op).map_or(level::PRODUCT, |(_, l)| l),
            Formula::Power(..) | Formula::Slice(..) => level::POSTFIX,
            Formula::Apply(op, _) => match op.forms.text {
                Form::Infix(_, l) => l,
                Form::Postfix(_) | Form::Template(_) => level::POSTFIX,
                Form::Call(_) | Form::Fence(..) => level::ATOM,
            },
        }
    }

    /// Whether a minus stands in front.
    pub(super) fn is_negative(&self) -> bool {
        matches!(self, Formula::Multiple { negative: true, .. })
    }
}

/// The sign and the level of an operation that is written between its arguments in the language.
pub(super) fn infix(op: &Op) -> Option<(&'static str, u8)> {
    match op.forms.text {
        Form::Infix(sign, level) => Some((sign, level)),
        _ => None,
    }
}

/// `e` as people write it. The recursion is as deep as the formula is long, which the named parts keep short.
pub(super) fn formula(g: &Graph, names: &Names, e: Expr, shown: bool) -> Formula {
    let e = if shown { e } else { names.same.of(e) };
    if let Some(name) = names.get(g, e, shown) {
        return name;
    }
    let sub = |x: Expr| formula(g, names, x, false);
    match g.node(e) {
        Node::Var(v) => Formula::Name(v.clone()),
        Node::Number(n) => number(*n),
        Node::Dim(d) => Formula::Size(d.clone()),
        Node::Apply(op, args) => {
            if g.args_of(e, &SCALE).is_some() {
                return multiple(g, names, e);
            }
            if let Some(&[x, p]) = g.args_of(e, &POWER) {
                return match g.as_number(p) {
                    Some(p) if g.is_scalar(e) && p.is_negative() => multiple(g, names, e),
                    Some(p) => power(sub(x), p, !g.is_scalar(e)),
                    None => Formula::Apply(op.0, vec![sub(x), sub(p)]),
                };
            }
            if g.args_of(e, &ADD).is_some() {
                let mut terms: Vec<Formula> = args.iter().map(|&a| sub(a)).collect();
                if let Some(first) = terms.iter().position(|t| !t.is_negative()) {
                    terms[..=first].rotate_right(1);
                }
                return Formula::Sum(terms);
            }
            if let Some(&[a, b]) = g.args_of(e, &HADAMARD) {
                return hadamard(g, names, a, b);
            }
            if let (Meaning::Slice, &[x, ..]) = (&op.0.meaning, args.as_slice()) {
                let d: Vec<Dim> = args[1..].iter().filter_map(|&a| g.as_dim(a).cloned()).collect();
                if let [a, b, c, d] = d.as_slice() {
                    let shape = g.shape(x);
                    let range = |a: &Dim, b: &Dim, all: &Dim| (!a.is_one() || b != all).then(|| (a.clone(), b.clone()));
                    return Formula::Slice(Box::new(sub(x)), [range(a, b, &shape.rows), range(c, d, &shape.cols)]);
                }
            }
            if let (Form::Template("$A"), [a]) = (op.0.forms.text, args.as_slice()) {
                return sub(*a);
            }
            match (infix(op.0), args.as_slice()) {
                (Some(_), &[a, b]) => Formula::Infix(op.0, false, Box::new((sub(a), sub(b)))),
                _ => Formula::Apply(op.0, args.iter().map(|&a| sub(a)).collect()),
            }
        }
    }
}

/// A number with its sign in front.
fn number(n: Number) -> Formula {
    if n.is_negative() {
        return Formula::Multiple { negative: true, above: magnitude(n), below: divisor(n), of: None };
    }
    match n {
        Number::Ratio(_, d) if d != 1 => Formula::Multiple { negative: false, above: magnitude(n), below: divisor(n), of: None },
        _ => Formula::Number(n),
    }
}

/// The number above the line, unless it is one.
fn magnitude(n: Number) -> Vec<Formula> {
    let above = match n {
        Number::Ratio(n, _) => Number::ratio(i128::from(n).abs(), 1),
        Number::Float(x) => Number::Float(x.abs()),
    };
    if above.is_one() { vec![] } else { vec![Formula::Number(above)] }
}

/// The number below the line, unless it is one.
fn divisor(n: Number) -> Vec<Formula> {
    match n {
        Number::Ratio(_, d) if d != 1 => vec![Formula::Number(Number::int(d))],
        _ => vec![],
    }
}

/// `x^p` for p > 0 or matrices, with roots as roots.
fn power(x: Formula, p: Number, entrywise: bool) -> Formula {
    match p {
        Number::Ratio(1, 1) => x,
        Number::Ratio(1, 2) => Formula::Root(Box::new(x)),
        _ => Formula::Power(Box::new(x), p, entrywise),
    }
}

/// The chain of scalar factors in front of a matrix, or a product of scalars alone.
fn multiple(g: &Graph, names: &Names, e: Expr) -> Formula {
    let (mut coefficient, mut above, mut below) = (Number::ONE, vec![], vec![]);
    let mut factor = |s: Expr, shown: bool| {
        let s = if shown { s } else { names.same.of(s) };
        if let Some(name) = names.get(g, s, shown) {
            above.push(name);
        } else if let Some(n) = g.as_number(s) {
            coefficient = coefficient * n;
        } else if let Some((x, p)) = g.args_of(s, &POWER).and_then(|x| Some((x[0], g.as_number(x[1])?))) {
            let base = formula(g, names, x, false);
            match p.is_negative() {
                true => below.push(power(base, -p, false)),
                false => above.push(power(base, p, false)),
            }
        } else {
            above.push(formula(g, names, s, false));
        }
    };
    let (mut at, mut shown) = (e, true);
    let of = loop {
        match g.args_of(at, &SCALE) {
            Some(&[s, rest]) if shown || names.get(g, at, false).is_none() => {
                factor(s, false);
                (at, shown) = (names.same.of(rest), false);
            }
            _ if g.is_scalar(at) => {
                factor(at, shown);
                break None;
            }
            _ => break Some(Box::new(formula(g, names, at, false))),
        }
    };
    let (mut top, mut bottom) = (magnitude(coefficient), divisor(coefficient));
    top.extend(above);
    bottom.extend(below);
    Formula::Multiple { negative: coefficient.is_negative(), above: top, below: bottom, of }
}

/// `A ∘ B`, and `A ./ B` where one of them is a negative power.
fn hadamard(g: &Graph, names: &Names, a: Expr, b: Expr) -> Formula {
    let divisor = |x: Expr| {
        let &[base, p] = g.args_of(x, &POWER).filter(|_| names.get(g, x, false).is_none())? else { return None };
        let p = g.as_number(p).filter(|p| p.is_negative())?;
        Some(power(formula(g, names, base, false), -p, true))
    };
    let sub = |x: Expr| formula(g, names, x, false);
    match (divisor(b), divisor(a)) {
        (Some(d), _) => Formula::Infix(&HADAMARD, true, Box::new((sub(a), d))),
        (_, Some(d)) => Formula::Infix(&HADAMARD, true, Box::new((sub(b), d))),
        _ => Formula::Infix(&HADAMARD, false, Box::new((sub(a), sub(b)))),
    }
}
