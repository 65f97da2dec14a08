//! The formulas of a row that bound norms, read: `sqrt(n) norm2(A) normrow(B)`.
//!
//! Names: the norms (of [`Norm::name`]) of an argument `A, B, …`, of the cotangent `D`, or of any expression of these; `norm(A)`,
//! the norm that is being bounded, and `normt(A)`, that of the transpose; a number argument by its letter; sizes as in the
//! signature; `sqrt log exp min max abs`, `pi`. `Y` is the result: its norms are symbols, for what has no other bound.

use super::{calculus::Calculus, formula::Formula, formula::Symbol, norm::Norm};
use crate::{
    dim::Dim,
    expr::{Argument, Expr, Fact, Graph, Node, Op, Type},
    number::Number,
    syntax,
};
use std::collections::BTreeMap;

/// Where a rule is read.
pub(super) struct Place {
    pub(super) op: &'static Op,
    pub(super) args: Vec<Expr>,
    pub(super) result: Expr,
    pub(super) cotangent: Option<Expr>,
}

/// The bound that a rule says; `None` where it says nothing, since a norm would have a negative power.
pub(super) fn read(c: &mut Calculus, g: &mut Graph, at: &Place, text: &str, norm: Norm) -> Option<Formula> {
    let types: Vec<(Type, bool)> = at.args.iter().map(|&a| (g.ty(a).clone(), matches!(g.node(a), Node::Number(_)))).collect();
    let sizes = at.op.check(&types).map(|(_, sizes)| sizes).unwrap_or_default();
    let signature = at.op.parsed();
    let mut letters = BTreeMap::new();
    let mut next = 'A'..='Z';
    for (k, &a) in at.args.iter().enumerate() {
        if !matches!(signature.arguments.get(k), Some(Argument::Size(_)))
            && let Some(letter) = next.next()
        {
            letters.insert(letter, a);
        }
    }
    letters.extend(at.cotangent.map(|d| ('D', d)));
    let mut reader = Reader { c, g, at, norm, sizes, letters, rest: text.trim() };
    let f = reader.sum();
    assert!(reader.rest.is_empty(), "the bound `{text}` of `{}` cannot be read at `{}`", at.op.name, reader.rest);
    f
}

struct Reader<'a> {
    c: &'a mut Calculus,
    g: &'a mut Graph,
    at: &'a Place,
    norm: Norm,
    sizes: BTreeMap<String, Dim>,
    letters: BTreeMap<char, Expr>,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, c: char) -> bool {
        match self.rest.trim_start().strip_prefix(c) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }
    fn word(&mut self) -> &'a str {
        let rest = self.rest;
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        word
    }
    /// Up to the bracket that closes, which is eaten.
    fn bracket(&mut self) -> &'a str {
        let (rest, mut depth) = (self.rest, 0);
        let closes = |c: char| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth < 0
        };
        let end = rest.find(closes).unwrap_or_else(|| panic!("a bracket is open in a bound of `{}`", self.at.op.name));
        self.rest = rest[end + 1..].trim_start();
        &rest[..end]
    }

    fn sum(&mut self) -> Option<Formula> {
        let mut terms = vec![self.term()];
        while self.eat('+') {
            terms.push(self.term());
        }
        let terms: Option<Vec<Formula>> = terms.into_iter().collect();
        terms.map(|t| self.c.book.sum(&t))
    }
    fn term(&mut self) -> Option<Formula> {
        let mut f = self.factor();
        loop {
            let divide = self.eat('/');
            if !divide && (self.rest.is_empty() || self.rest.starts_with(['+', ')', ','])) {
                return f;
            }
            let x = self.factor();
            f = match (f, x) {
                (Some(f), Some(x)) if divide => self.raised(x, Number::int(-1)).map(|x| self.c.book.times(&[f, x])),
                (Some(f), Some(x)) => Some(self.c.book.times(&[f, x])),
                _ => None,
            };
        }
    }
    /// A power; none of a norm that is negative.
    fn raised(&mut self, x: Formula, p: Number) -> Option<Formula> {
        let norms = |s: &Symbol| matches!(s, Symbol::Norm(..));
        (!p.is_negative() || !self.c.book.symbols(x).iter().any(norms)).then(|| self.c.book.power(x, p))
    }
    fn factor(&mut self) -> Option<Formula> {
        let f = self.primary();
        if !self.eat('^') {
            return f;
        }
        let p = if self.eat('(') {
            let text = self.bracket();
            self.number(text)
        } else {
            let word = self.word();
            self.number(word)
        };
        self.rest = self.rest.trim_start();
        self.raised(f?, p)
    }
    /// A number: `1/2`, `B`, `B - 1`.
    fn number(&self, text: &str) -> Number {
        let one = |t: &str| {
            let t = t.trim();
            let letter = t.chars().next().and_then(|l| self.letters.get(&l)).and_then(|&e| self.g.as_number(e));
            letter
                .or_else(|| Number::parse(t))
                .unwrap_or_else(|| panic!("`{t}` is no number in a bound of `{}`", self.at.op.name))
        };
        match (text.split_once('-'), text.split_once('/')) {
            (Some((a, b)), _) => one(a) + -one(b),
            (_, Some((a, b))) => one(a) / one(b),
            _ => one(text),
        }
    }
    fn primary(&mut self) -> Option<Formula> {
        self.rest = self.rest.trim_start();
        if self.eat('(') {
            let f = self.sum();
            assert!(self.eat(')'), "a bracket is open in a bound of `{}`", self.at.op.name);
            return f;
        }
        let word = self.word();
        assert!(!word.is_empty(), "a bound of `{}` has no factor at `{}`", self.at.op.name, self.rest);
        if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            return self.call(word);
        }
        self.rest = self.rest.trim_start();
        if let Some(n) = Number::parse(word) {
            return Some(self.c.book.number(n));
        }
        if word == "pi" {
            return Some(self.c.book.symbol(Symbol::Pi));
        }
        if let Some(d) = self.sizes.get(word) {
            return Some(self.c.book.size(d));
        }
        let value = word.chars().next().and_then(|l| self.letters.get(&l)).and_then(|&e| self.g.as_number(e));
        let n = value.unwrap_or_else(|| panic!("`{word}` is not known in a bound of `{}`", self.at.op.name));
        Some(self.c.book.number(n.abs()))
    }
    fn call(&mut self, name: &str) -> Option<Formula> {
        if name == "spread" {
            let inside = self.bracket();
            let e = self.expression(inside);
            return Some(self.spread(e));
        }
        let norm = match name {
            "norm" => Some(self.norm),
            "normt" => Some(self.norm.transposed()),
            _ => Norm::parse(name),
        };
        let Some(norm) = norm else {
            let mut all = vec![self.sum()];
            while self.eat(',') {
                all.push(self.sum());
            }
            assert!(self.eat(')'), "a bracket is open in a bound of `{}`", self.at.op.name);
            let all: Vec<Formula> = all.into_iter().collect::<Option<_>>()?;
            let book = &mut self.c.book;
            return Some(match name {
                "sqrt" => book.sqrt(all[0]),
                "log" => book.log(all[0]),
                "exp" => book.exp(all[0]),
                "min" => book.min(&all),
                "max" => book.max(&all),
                _ => panic!("`{name}` is not known in a bound of `{}`", self.at.op.name),
            });
        };
        let inside = self.bracket();
        if inside == "Y" {
            return Some(self.c.own(self.g, self.at.result, norm));
        }
        let e = self.expression(inside);
        Some(self.c.norm(self.g, e, norm))
    }
    /// An argument by its letter, or a formula.
    fn expression(&mut self, text: &str) -> Expr {
        let mut chars = text.chars();
        match (chars.next().and_then(|l| self.letters.get(&l)), chars.next()) {
            (Some(&e), None) => e,
            _ => syntax::row(self.g, self.at.op, &self.at.args, text, Some(self.at.result), self.at.cotangent),
        }
    }
    /// The largest difference of two entries of a row: at most √2 its length, and the largest entry where none is negative.
    fn spread(&mut self, e: Expr) -> Formula {
        if self.g.facts(e).has(Fact::NonNegative) {
            return self.c.norm(self.g, e, Norm::Max);
        }
        let (two, row) = (self.c.book.int(2), self.c.norm(self.g, e, Norm::Row));
        let root = self.c.book.sqrt(two);
        self.c.book.times(&[root, row])
    }
}
