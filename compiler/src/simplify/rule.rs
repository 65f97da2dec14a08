//! `Rule`: a law read as a pattern and what takes its place.

use crate::{
    dim::Dim,
    expr::{Expr, Fact, Facts, Graph, Kind, Node, OpRef, Shape},
    laws::{self, Law},
    number::Number,
    syntax::{Scope, formula},
};
use std::sync::LazyLock;

/// A formula with holes.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// A variable of the law, by number.
    Var(usize),
    /// A number.
    Number(Number),
    /// A size in the names of the law.
    Dim(Dim),
    /// An operation.
    Apply(OpRef, Vec<Pattern>),
}

/// A variable of a law.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    /// Its name.
    pub(super) name: String,
    /// Its shape in the sizes of the law.
    pub(super) shape: Shape,
    /// What must be known of it.
    pub(super) facts: Facts,
}

/// One direction of a law.
#[derive(Debug)]
pub(super) struct Rule {
    /// The law.
    pub(super) law: &'static Law,
    /// Whether it is used from left to right.
    pub(super) forward: bool,
    /// Its variables.
    pub(super) variables: Vec<Variable>,
    /// What is looked for.
    pub(super) from: Pattern,
    /// What is equal to it.
    pub(super) to: Pattern,
}

/// All rules in the order of the laws.
pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| laws::all().flat_map(rules).collect());

fn rules(law: &'static Law) -> Vec<Rule> {
    let (g, lhs, rhs) = sides(law);
    let variables: Vec<Variable> = g
        .variables()
        .map(|(name, v)| Variable { name: name.to_owned(), shape: v.shape.clone(), facts: g.facts(v.expr) })
        .collect();
    let (l, r) = (pattern(&g, &variables, lhs), pattern(&g, &variables, rhs));
    let rule = |forward, from, to| Rule { law, forward, variables: variables.clone(), from, to };
    match law.both {
        true => vec![rule(true, l.clone(), r.clone()), rule(false, r, l)],
        false => vec![rule(true, l, r)],
    }
}

/// The two sides of a law as written, over its variables. It panics, naming the text, if the law is malformed, which the tests
/// of the laws would show.
pub fn sides(law: &Law) -> (Graph, Expr, Expr) {
    let mut g = Graph::literal();
    let mut scope = Scope::default();
    let sized = |d: &str| Dim::parse(d.trim());
    let named = |scope: &mut Scope, d: &Dim| {
        for n in d.names() {
            scope.sizes.insert(n.to_owned(), Dim::symbol(n));
        }
    };
    let mut last: Option<Expr> = None;
    for item in law.given.split(',').map(str::trim).filter(|s| !s.is_empty()) {
        let Some((name, of)) = item.split_once(':') else {
            // a further fact of the variable before it, or a size
            match (Fact::parse(item), last) {
                (Some(fact), Some(x)) => g.assume(x, fact),
                _ => named(&mut scope, &Dim::symbol(item)),
            }
            continue;
        };
        let mut words = of.split_whitespace();
        let shape = words.next().unwrap_or_default();
        let (rows, cols) = shape.split_once('×').unwrap_or((shape, "1"));
        let shape = Shape::new(sized(rows), sized(cols));
        named(&mut scope, &shape.rows);
        named(&mut scope, &shape.cols);
        let x = g.declare(name, shape, Kind::Const);
        for word in words {
            let fact = Fact::parse(word).unwrap_or_else(|| panic!("law {}: no fact is called `{word}`", law.name));
            g.assume(x, fact);
        }
        scope.vars.insert(name.to_owned(), x);
        last = Some(x);
    }
    let lhs = formula(&mut g, law.lhs, &scope);
    let rhs = formula(&mut g, law.rhs, &scope);
    assert_eq!(g.shape(lhs), g.shape(rhs), "law {}: the shapes of the sides differ", law.name);
    (g, lhs, rhs)
}

fn pattern(g: &Graph, variables: &[Variable], e: Expr) -> Pattern {
    match g.node(e) {
        Node::Var(name) => {
            let at = variables.iter().position(|v| v.name == *name);
            Pattern::Var(at.expect("the formula of a law is read over its variables alone"))
        }
        Node::Number(n) => Pattern::Number(*n),
        Node::Dim(d) => Pattern::Dim(d.clone()),
        Node::Apply(op, args) => {
            let mut inner: Vec<Pattern> = vec![];
            for &a in args {
                match pattern(g, variables, a) {
                    // a sum is flat
                    Pattern::Apply(o, terms) if o == *op && op.is_sum() => inner.extend(terms),
                    p => inner.push(p),
                }
            }
            Pattern::Apply(*op, inner)
        }
    }
}

/// Sizes of a law and what they stand for; products of sizes are compared when all names are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Sizes {
    known: Vec<(String, Dim)>,
    open: Vec<(Dim, Dim)>,
}

/// How much was known of sizes at some time.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize, usize);

impl Sizes {
    /// Takes `formal` for `actual`; false if that contradicts what is known.
    pub(super) fn unify(&mut self, formal: &Dim, actual: &Dim) -> bool {
        match formal.as_symbol() {
            Some(s) => match self.named(s) {
                Some(d) => d == actual,
                None => {
                    self.known.push((s.to_owned(), actual.clone()));
                    true
                }
            },
            None if formal.as_constant().is_some() => formal == actual,
            None => {
                self.open.push((formal.clone(), actual.clone()));
                true
            }
        }
    }

    /// The same for both sizes of a shape.
    pub(super) fn unify_shape(&mut self, formal: &Shape, actual: &Shape) -> bool {
        self.unify(&formal.rows, &actual.rows) && self.unify(&formal.cols, &actual.cols)
    }

    /// What is known now.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.known.len(), self.open.len())
    }

    /// Forgets what has been learnt since.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.known.truncate(mark.0);
        self.open.truncate(mark.1);
    }

    fn named(&self, name: &str) -> Option<&Dim> {
        self.known.iter().find(|(n, _)| n == name).map(|x| &x.1)
    }

    /// Whether everything that was put off fits.
    pub(super) fn fits(&self) -> bool {
        self.open.iter().all(|(formal, actual)| self.of(formal).as_ref() == Some(actual))
    }

    /// What a size of the law stands for, if all its names are known.
    pub(super) fn of(&self, formal: &Dim) -> Option<Dim> {
        if let Some(s) = formal.as_symbol() {
            return self.named(s).cloned();
        }
        formal.names().all(|n| self.named(n).is_some()).then(|| formal.rename(&self.known.iter().cloned().collect()))
    }
}
