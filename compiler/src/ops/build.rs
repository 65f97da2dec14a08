//! Shorthands for building expressions in normal form, and for asking what a node is.

use super::{
    add::ADD, commutation::COMMUTATION, det::DET, diag::DIAG, dot::DOT, eye::EYE, hadamard::HADAMARD, inv::INV, kron::KRON,
    mat_r::MAT_R, mul::MUL, ones::ONES, power::POWER, scale::SCALE, size::SIZE, transpose::TRANSPOSE, vec_r::VEC_R, zeros::ZEROS,
};
use crate::{
    dim::Dim,
    expr::{Expr, Fact, Graph, Shape},
    number::Number,
};
use std::collections::BTreeMap;

/// A product of scalars: a number times powers of scalar nodes, sorted by node.
#[derive(Clone, Debug, PartialEq)]
pub struct Monomial {
    /// The number in front.
    pub coefficient: Number,
    /// The other factors with their exponents.
    pub powers: BTreeMap<Expr, Number>,
}

/// Builders and questions; every builder returns an expression in normal form.
#[allow(missing_docs)] // each is the operation of its name
pub trait Build {
    fn constant(&mut self, n: Number) -> Expr;
    fn one(&mut self) -> Expr {
        self.constant(Number::ONE)
    }
    fn size(&mut self, d: &Dim) -> Expr;
    fn eye(&mut self, n: &Dim) -> Expr;
    fn zeros(&mut self, s: &Shape) -> Expr;
    fn ones(&mut self, s: &Shape) -> Expr;
    fn commutation(&mut self, m: &Dim, n: &Dim) -> Expr;
    fn sum(&mut self, terms: &[Expr]) -> Expr;
    fn sub(&mut self, a: Expr, b: Expr) -> Expr;
    fn neg(&mut self, a: Expr) -> Expr;
    fn scale(&mut self, s: Expr, a: Expr) -> Expr;
    fn mul(&mut self, a: Expr, b: Expr) -> Expr;
    fn kron(&mut self, a: Expr, b: Expr) -> Expr;
    fn hadamard(&mut self, a: Expr, b: Expr) -> Expr;
    fn dot(&mut self, a: Expr, b: Expr) -> Expr;
    fn transpose(&mut self, a: Expr) -> Expr;
    fn vec_r(&mut self, a: Expr) -> Expr;
    fn mat_r(&mut self, v: Expr, s: &Shape) -> Expr;
    fn diag(&mut self, v: Expr) -> Expr;
    fn inv(&mut self, a: Expr) -> Expr;
    fn det(&mut self, a: Expr) -> Expr;
    fn power(&mut self, a: Expr, p: Number) -> Expr;
    /// A monomial times an expression that has no scalar factor outside.
    fn scaled(&mut self, s: &Monomial, rest: Option<Expr>) -> Expr;

    fn is_zero(&self, e: Expr) -> bool;
    fn is_ones(&self, e: Expr) -> bool;
    fn is_eye(&self, e: Expr) -> bool;
    /// `s` and `A` of `s A`, for a matrix that is not itself a scalar.
    fn as_scaled(&self, e: Expr) -> Option<(Expr, Expr)>;
    /// The terms of a sum.
    fn terms(&self, e: Expr) -> Option<Vec<Expr>>;
    /// `x, p` of `x.^p`; `e, 1` for anything else.
    fn entry_power(&self, e: Expr) -> (Expr, Number);
    /// `A` of `vec_r(A)'`.
    fn row_of_vec(&self, e: Expr) -> Option<Expr>;
    /// `v` of `diag(v)`.
    fn diagonal_of(&self, e: Expr) -> Option<Expr>;
    /// `m, n` of `K(m, n)`.
    fn commutes(&self, e: Expr) -> Option<(Dim, Dim)>;
    /// Whether one is the inverse of the other.
    fn cancels(&self, a: Expr, b: Expr) -> bool;
}

impl Build for Graph {
    fn constant(&mut self, n: Number) -> Expr {
        self.number(n)
    }
    fn size(&mut self, d: &Dim) -> Expr {
        let d = self.dim(d);
        self.apply(&SIZE, &[d])
    }
    fn eye(&mut self, n: &Dim) -> Expr {
        let n = self.dim(n);
        self.apply(&EYE, &[n])
    }
    fn zeros(&mut self, s: &Shape) -> Expr {
        let (m, n) = (self.dim(&s.rows), self.dim(&s.cols));
        self.apply(&ZEROS, &[m, n])
    }
    fn ones(&mut self, s: &Shape) -> Expr {
        let (m, n) = (self.dim(&s.rows), self.dim(&s.cols));
        self.apply(&ONES, &[m, n])
    }
    fn commutation(&mut self, m: &Dim, n: &Dim) -> Expr {
        let (m, n) = (self.dim(m), self.dim(n));
        self.apply(&COMMUTATION, &[m, n])
    }
    fn sum(&mut self, terms: &[Expr]) -> Expr {
        self.apply(&ADD, terms)
    }
    fn sub(&mut self, a: Expr, b: Expr) -> Expr {
        let b = self.neg(b);
        self.sum(&[a, b])
    }
    fn neg(&mut self, a: Expr) -> Expr {
        let minus = self.constant(Number::int(-1));
        self.scale(minus, a)
    }
    fn scale(&mut self, s: Expr, a: Expr) -> Expr {
        self.apply(&SCALE, &[s, a])
    }
    fn mul(&mut self, a: Expr, b: Expr) -> Expr {
        self.apply(&MUL, &[a, b])
    }
    fn kron(&mut self, a: Expr, b: Expr) -> Expr {
        self.apply(&KRON, &[a, b])
    }
    fn hadamard(&mut self, a: Expr, b: Expr) -> Expr {
        self.apply(&HADAMARD, &[a, b])
    }
    fn dot(&mut self, a: Expr, b: Expr) -> Expr {
        self.apply(&DOT, &[a, b])
    }
    fn transpose(&mut self, a: Expr) -> Expr {
        self.apply(&TRANSPOSE, &[a])
    }
    fn vec_r(&mut self, a: Expr) -> Expr {
        self.apply(&VEC_R, &[a])
    }
    fn mat_r(&mut self, v: Expr, s: &Shape) -> Expr {
        let (m, n) = (self.dim(&s.rows), self.dim(&s.cols));
        self.apply(&MAT_R, &[v, m, n])
    }
    fn diag(&mut self, v: Expr) -> Expr {
        self.apply(&DIAG, &[v])
    }
    fn inv(&mut self, a: Expr) -> Expr {
        self.apply(&INV, &[a])
    }
    fn det(&mut self, a: Expr) -> Expr {
        self.apply(&DET, &[a])
    }
    fn power(&mut self, a: Expr, p: Number) -> Expr {
        let p = self.constant(p);
        self.apply(&POWER, &[a, p])
    }
    fn scaled(&mut self, s: &Monomial, rest: Option<Expr>) -> Expr {
        if s.coefficient.is_zero() {
            let shape = rest.map_or(Shape::scalar(), |r| self.shape(r).clone());
            return self.zeros(&shape);
        }
        let mut factors: Vec<Expr> = vec![];
        if !s.coefficient.is_one() {
            factors.push(self.constant(s.coefficient));
        }
        for (&base, &p) in &s.powers {
            let factor = if p.is_one() {
                base
            } else {
                let p = self.constant(p);
                self.intern_op(&POWER, vec![base, p], Shape::scalar())
            };
            factors.push(factor);
        }
        factors.extend(rest);
        let mut out = factors.pop().unwrap_or_else(|| self.one());
        while let Some(f) = factors.pop() {
            let shape = self.shape(out).clone();
            out = self.intern_op(&SCALE, vec![f, out], shape);
        }
        out
    }

    fn is_zero(&self, e: Expr) -> bool {
        self.args_of(e, &ZEROS).is_some() || self.as_number(e).is_some_and(Number::is_zero)
    }
    fn is_ones(&self, e: Expr) -> bool {
        self.args_of(e, &ONES).is_some() || self.as_number(e).is_some_and(Number::is_one)
    }
    fn is_eye(&self, e: Expr) -> bool {
        self.args_of(e, &EYE).is_some() || self.as_number(e).is_some_and(Number::is_one)
    }
    fn as_scaled(&self, e: Expr) -> Option<(Expr, Expr)> {
        if self.is_scalar(e) {
            return None;
        }
        self.args_of(e, &SCALE).map(|x| (x[0], x[1]))
    }
    fn terms(&self, e: Expr) -> Option<Vec<Expr>> {
        self.args_of(e, &ADD).map(<[Expr]>::to_vec)
    }
    fn entry_power(&self, e: Expr) -> (Expr, Number) {
        match self.args_of(e, &POWER) {
            Some(x) => (x[0], self.as_number(x[1]).expect("the signature asks for a number")),
            None => (e, Number::ONE),
        }
    }
    fn row_of_vec(&self, e: Expr) -> Option<Expr> {
        let inner = self.args_of(e, &TRANSPOSE)?[0];
        self.args_of(inner, &VEC_R).map(|x| x[0])
    }
    fn diagonal_of(&self, e: Expr) -> Option<Expr> {
        self.args_of(e, &DIAG).map(|x| x[0])
    }
    fn commutes(&self, e: Expr) -> Option<(Dim, Dim)> {
        let x = self.args_of(e, &COMMUTATION)?;
        Some((self.as_dim(x[0])?.clone(), self.as_dim(x[1])?.clone()))
    }
    fn cancels(&self, a: Expr, b: Expr) -> bool {
        let inverse_of = |x: Expr, y: Expr| self.args_of(x, &INV).is_some_and(|z| z[0] == y);
        if inverse_of(a, b) || inverse_of(b, a) {
            return true;
        }
        let transpose_of = |x: Expr, y: Expr| self.args_of(x, &TRANSPOSE).is_some_and(|z| z[0] == y);
        let orthogonal = |x: Expr| self.facts(x).has(Fact::Orthogonal) && self.commutes(x).is_none();
        (transpose_of(a, b) && orthogonal(b)) || (transpose_of(b, a) && orthogonal(a))
    }
}

/// All scalar factors of `s A` as one monomial, and what is left (nothing, if all of it is scalar).
pub(super) fn monomial(g: &mut Graph, s: Expr, a: Expr) -> (Monomial, Option<Expr>) {
    let mut m = Monomial { coefficient: Number::ONE, powers: BTreeMap::new() };
    let (mut stack, mut rest) = (vec![a, s], None);
    while let Some(e) = stack.pop() {
        if let Some(&[x, y]) = g.args_of(e, &SCALE) {
            stack.extend([y, x]);
        } else if !g.is_scalar(e) {
            rest = Some(e);
        } else if let Some(n) = g.as_number(e) {
            m.coefficient = m.coefficient * n;
        } else {
            let (base, p) = g.entry_power(e);
            let sum = m.powers.get(&base).map_or(p, |&q| q + p);
            if sum.is_zero() {
                m.powers.remove(&base);
            } else {
                m.powers.insert(base, sum);
            }
        }
    }
    // powers of plain numbers that have become exact, such as 2^(1/2) 2^(1/2)
    for (base, p) in m.powers.clone() {
        if let Some(n) = g.as_number(base).and_then(|n| n.exact_pow(p)) {
            m.powers.remove(&base);
            m.coefficient = m.coefficient * n;
        }
    }
    let zero = rest.is_some_and(|r| g.is_zero(r));
    if zero {
        m.coefficient = Number::ZERO;
    }
    (m, rest)
}

/// The terms of a sum, flattened, equal ones collected, zeros dropped, in one order.
pub(super) fn collect(g: &mut Graph, args: &[Expr]) -> Vec<Expr> {
    let mut stack: Vec<Expr> = args.iter().rev().copied().collect();
    let mut sums = BTreeMap::<Expr, Number>::new();
    let one = g.one();
    while let Some(e) = stack.pop() {
        if let Some(terms) = g.terms(e) {
            stack.extend(terms.into_iter().rev());
            continue;
        }
        let (mut m, rest) = monomial(g, one, e);
        let c = std::mem::replace(&mut m.coefficient, Number::ONE);
        if c.is_zero() {
            continue;
        }
        let key = g.scaled(&m, rest);
        let sum = sums.get(&key).map_or(c, |&d| c + d);
        sums.insert(key, sum);
    }
    let mut out = vec![];
    for (key, c) in sums {
        if !c.is_zero() {
            let c = g.constant(c);
            out.push(g.scale(c, key));
        }
    }
    out
}
