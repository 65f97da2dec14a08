//! The calculus: norms of every expression from those of its arguments, and of Jacobians and curvatures from the rows.

use super::{
    closed,
    formula::{Book, Formula},
    norm::{self, Norm, Norms},
    rule::{self, Place},
    style::Style,
    ways,
};
use crate::{
    differentiate::{NotDifferentiable, local_curvature, local_jacobian, pull},
    expr::{Expr, Fact, Graph, Kind, Meaning, Node, Op, Published},
    hessian::{Part, unmarked},
    number::Number,
    ops::{build::Build, scale::SCALE},
    syntax,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Which norms may remain in a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbols {
    /// Those of data, of residuals, and of what has no bound otherwise, such as reciprocals.
    Data,
    /// Those of every node that has a name, too: tighter, and about the data at hand.
    Nodes,
    /// Those of the Jacobians of inner nodes in the parameters, and of the curvatures of nodes, at the data at hand: the
    /// tightest, with nothing to be proved of it but at these data.
    Jacobians,
    /// Only what has been assumed.
    Declared,
}

/// An expression without a bound, and what would give one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The expression.
    pub expr: Expr,
    /// The norm that is missing.
    pub norm: Norm,
}

/// A bound that a rule gave.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    pub(super) bound: Formula,
    pub(super) rule: String,
}

/// Norms of expressions, with the reasons.
pub struct Calculus {
    /// The formulas.
    pub book: Book,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// Expressions of which the norms may be symbols beside other bounds.
    pub named: BTreeSet<Expr>,
    /// Whether every expression may have several bounds, for a search.
    pub wide: bool,
    /// Which constants.
    pub style: Style,
    /// What has been used of the thesis, by row and what it bounds.
    pub(super) used: BTreeMap<(&'static str, &'static str), &'static Published>,
    symbols: Symbols,
    norms: HashMap<Expr, Norms>,
    given: BTreeMap<(Expr, Norm), Vec<Given>>,
    /// Names that stand for expressions held fixed.
    pub held: HashMap<Expr, Expr>,
    /// Derivatives of which the norms are symbols.
    pub(super) derivatives: ways::Named,
    /// Names of cotangents.
    cotangents: BTreeSet<Expr>,
}

impl Calculus {
    /// An empty calculus.
    pub fn new(symbols: Symbols) -> Calculus {
        Calculus {
            book: Book::default(),
            gaps: vec![],
            named: BTreeSet::new(),
            wide: false,
            style: Style::default(),
            used: BTreeMap::new(),
            symbols,
            norms: HashMap::new(),
            given: BTreeMap::new(),
            held: HashMap::new(),
            derivatives: ways::Named::default(),
            cotangents: BTreeSet::new(),
        }
    }

    /// Which norms may remain.
    pub fn symbols(&self) -> Symbols {
        self.symbols
    }

    /// States that a norm of an expression is at most a bound.
    pub fn assume(&mut self, e: Expr, norm: Norm, bound: Formula, text: &str) {
        self.given.entry((e, norm)).or_default().push(Given { bound, rule: text.to_owned() });
    }

    /// A bound of a norm.
    pub fn norm(&mut self, g: &mut Graph, e: Expr, norm: Norm) -> Formula {
        self.norms(g, e)[norm as usize]
    }

    /// The absolute value of a scalar.
    pub fn scalar(&mut self, g: &mut Graph, e: Expr) -> Formula {
        self.norm(g, e, Norm::Max)
    }

    /// Bounds of all norms.
    pub fn norms(&mut self, g: &mut Graph, e: Expr) -> Norms {
        if let Some(&n) = self.norms.get(&e) {
            return n;
        }
        for u in g.reachable(&[e]) {
            if !matches!(g.node(u), Node::Dim(_)) && !self.norms.contains_key(&u) {
                let n = self.one(g, u);
                self.norms.insert(u, n);
            }
        }
        self.norms[&e]
    }

    /// The norm of an expression as a symbol.
    pub(super) fn symbol(&mut self, g: &mut Graph, e: Expr, norm: Norm) -> Formula {
        let e = unmarked(g, e);
        let s = g.shape(e).clone();
        // all norms of a number are one, and so are lengths of columns and rows
        let norm = match (s.rows.is_one(), s.cols.is_one(), norm) {
            (true, true, _) => Norm::Max,
            (true, false, Norm::Two | Norm::Row) | (false, true, Norm::Two | Norm::Column) => Norm::Frobenius,
            (true, false, Norm::Column | Norm::One) | (false, true, Norm::Row | Norm::Infinity) => Norm::Max,
            _ => norm,
        };
        self.book.norm(norm, e, &s.rows, &s.cols)
    }

    /// The norm of a result that has no other bound.
    pub(super) fn own(&mut self, g: &mut Graph, e: Expr, norm: Norm) -> Formula {
        match self.symbols {
            Symbols::Data | Symbols::Nodes | Symbols::Jacobians => self.symbol(g, e, norm),
            Symbols::Declared if self.named.contains(&e) => self.symbol(g, e, norm),
            // of a column its largest entry is what matters
            Symbols::Declared if g.shape(e).cols.is_one() => self.nothing(e, Norm::Max),
            Symbols::Declared => self.nothing(e, norm),
        }
    }

    fn nothing(&mut self, expr: Expr, norm: Norm) -> Formula {
        let gap = Gap { expr, norm };
        let k = self.gaps.iter().position(|x| *x == gap).unwrap_or(self.gaps.len());
        if k == self.gaps.len() {
            self.gaps.push(gap);
        }
        self.book.unbounded(k)
    }

    fn one(&mut self, g: &mut Graph, u: Expr) -> Norms {
        if let Some(n) = g.as_number(u) {
            let f = self.book.number(n.abs());
            return [f; 7];
        }
        let mut found: Vec<(Norm, Formula, String)> = vec![];
        let published = match g.node(u) {
            Node::Apply(op, _) => self.published(op.0, "norm2"),
            _ => None,
        };
        if published.is_none() {
            self.facts(g, u, &mut found);
        }
        let mut is_data = self.named.contains(&u);
        match g.node(u).clone() {
            Node::Var(_) if self.held.contains_key(&u) => {
                let norms = self.norms(g, self.held[&u]);
                found.extend(Norm::ALL.map(|n| (n, norms[n as usize], "it stands for an expression".to_owned())));
            }
            Node::Var(name) => {
                let bound = g.variable(&name).is_some_and(|v| v.kind == Kind::Const && v.shape.is_scalar());
                is_data |= self.symbols != Symbols::Declared || bound;
            }
            Node::Apply(..) if matches!(self.symbols, Symbols::Nodes | Symbols::Jacobians) && g.name_of(u).is_some() => {
                is_data = true
            }
            Node::Apply(op, args) if matches!(op.0.meaning, Meaning::Sum) => {
                // the thesis bounds the residual by the output and the target
                let residual = self.symbols != Symbols::Declared
                    && self.style == Style::Tight
                    && args.iter().any(|&a| is_target(g, a))
                    && !self.is_opaque(g, u);
                if let Some((s, rest)) = common_factor(g, &args).filter(|_| residual) {
                    let s = self.scalar(g, s);
                    for norm in Norm::ALL {
                        let x = self.norm(g, rest, norm);
                        found.push((norm, self.book.times(&[s, x]), "a multiple of the residual".to_owned()));
                    }
                } else {
                    // in a search it is one of its bounds, and only where it is asked about
                    is_data |= residual && (!self.wide || self.named.contains(&unmarked(g, u)));
                }
                if self.wide {
                    found.extend(self.by_parts(g, u));
                }
                if is_covariance(g, u) {
                    let half = self.book.number(Number::ratio(1, 2));
                    found.push((Norm::Two, half, "‖diag(p) - p p'‖ ≤ 1/2 of a distribution p".to_owned()));
                }
                if !residual || self.wide || self.named.contains(&u) {
                    for &norm in self.kept() {
                        let all: Vec<Formula> = args.iter().map(|&a| self.norm(g, a, norm)).collect();
                        found.push((norm, self.book.sum(&all), "the triangle inequality".to_owned()));
                    }
                }
            }
            Node::Apply(op, args) if matches!(op.0.meaning, Meaning::Derivative) => {
                let names = [Norm::Two, Norm::Frobenius];
                for (norm, f) in names.into_iter().zip(self.derivative(g, op.0, &args)) {
                    found.extend(f.map(|f| (norm, f, format!("the recursion of `{}`", op.0.name))));
                }
            }
            Node::Apply(op, args) => {
                let at = Place { op: op.0, args, result: u, cotangent: None };
                let rules = published.map_or_else(|| self.rules(op.0), |p| vec![(&Norm::ALL[..1], p.bound)]);
                for (norms, text) in rules {
                    for &norm in norms {
                        if let Some(f) = rule::read(self, g, &at, text, norm) {
                            found.push((norm, f, format!("{}(Y) ≤ {text}, Y = {}", norm.name(), op.0.name)));
                        }
                    }
                }
                if let Some((f, why)) = self.of_stack(g, u).filter(|_| self.wide) {
                    found.push((Norm::Two, f, why));
                }
                if let Some(f) = self.of_blocks(g, u).filter(|_| published.is_none()) {
                    found.push((Norm::Two, f, "‖A‖ ≤ ‖[‖A_ij‖]‖ of blocks A_ij".to_owned()));
                }
            }
            _ => {}
        }
        if is_data {
            if self.wide && self.named.contains(&u) {
                self.symbols_near(g, u, &found);
            }
            for &norm in self.kept() {
                found.push((norm, self.symbol(g, u, norm), "a norm of the data".to_owned()));
            }
        }
        let missing = if found.iter().any(|f| self.book.gap(f.1).is_none()) || self.given_of(u) {
            self.book.unbounded(usize::MAX)
        } else if let Some(f) = found.first() {
            f.1
        } else {
            // a rule is missing, or an assumption
            for norm in Norm::ALL {
                found.push((norm, self.own(g, u, norm), "its own norm".to_owned()));
            }
            found[0].1
        };
        if self.wide
            && matches!(g.node(u), Node::Apply(..))
            && let Some(m) = closed::value(g, u)
        {
            for norm in Norm::ALL {
                if let Some(x) = closed::norm(&m, norm) {
                    let bound = self.book.number(Number::Float(x.high));
                    found.push((norm, bound, "it is made of numbers".to_owned()));
                }
            }
        }
        for (norm, bound, rule) in found {
            if self.book.gap(bound).is_none() {
                self.given.entry((u, norm)).or_default().push(Given { bound, rule });
            }
        }
        let known = Norm::ALL.map(|n| self.given.get(&(u, n)).into_iter().flatten().map(|x| x.bound).collect::<Vec<_>>());
        let shape = g.shape(u).clone();
        norm::closed(&mut self.book, &known, &shape, missing)
    }

    /// Makes the made-up data of the norms of a node those of their bounds.
    fn symbols_near(&mut self, g: &mut Graph, u: Expr, found: &[(Norm, Formula, String)]) {
        let bounded = |book: &Book, f: &Formula| book.gap(*f).is_none();
        let known = Norm::ALL.map(|n| {
            let rules = found.iter().filter(|x| x.0 == n).map(|x| x.1);
            let given = self.given.get(&(u, n)).into_iter().flatten().map(|x| x.bound);
            rules.chain(given).filter(|f| bounded(&self.book, f)).collect::<Vec<_>>()
        });
        let shape = g.shape(u).clone();
        let nothing = self.book.unbounded(usize::MAX);
        let bounds = norm::closed(&mut self.book, &known, &shape, nothing);
        for norm in Norm::ALL {
            let bound = bounds[norm as usize];
            if bounded(&self.book, &bound) {
                let symbol = self.symbol(g, u, norm);
                // what is named of derivatives is compared with what they are made of
                match g.node(u) {
                    Node::Apply(op, _) if matches!(op.0.meaning, Meaning::Derivative) => self.book.keep_near(symbol, bound),
                    _ => self.book.keep_below(symbol, bound),
                }
            }
        }
    }

    /// Whether a cotangent is in it that has only a name.
    fn is_opaque(&self, g: &Graph, e: Expr) -> bool {
        !self.cotangents.is_empty() && g.reachable(&[e]).iter().any(|x| self.cotangents.contains(x))
    }

    /// The norms that bounds are made of, where there is a choice.
    fn kept(&self) -> &'static [Norm] {
        if self.style == Style::Thesis { &Norm::ALL[..1] } else { &Norm::ALL }
    }

    /// The rules of a row that are read.
    fn rules(&self, op: &'static Op) -> Vec<(&'static [Norm], &'static str)> {
        let all = rules(op);
        let spectral = |r: &&(&'static [Norm], &'static str)| r.0.contains(&Norm::Two);
        match self.style {
            Style::Thesis if all.iter().any(|r| spectral(&r)) => {
                all.iter().filter(spectral).map(|r| (&Norm::ALL[..1], r.1)).collect()
            }
            _ => all,
        }
    }

    fn given_of(&self, u: Expr) -> bool {
        self.given.range((u, Norm::Two)..=(u, Norm::Max)).any(|(_, v)| !v.is_empty())
    }

    /// Bounds of the spectral and the Frobenius norm of a derivative that is asked for.
    fn derivative(&mut self, g: &mut Graph, op: &'static Op, args: &[Expr]) -> [Option<Formula>; 2] {
        let part = match op.name {
            "hessian" => Part::Whole,
            "gauss_newton" => Part::GaussNewton,
            "functional" => Part::Functional,
            "jacobian" => {
                let f = syntax::expand(g, args[0]);
                return [ways::jacobian(self, g, f, args[1]).ok(), None];
            }
            _ => return [None, None],
        };
        if !g.is_scalar(args[0]) {
            let f = syntax::expand(g, args[0]);
            let found = if part == Part::Whole { ways::stack(self, g, f, args[1], args[2]).ok() } else { None };
            return [found.flatten(), None];
        }
        let mut leaves = vec![(String::new(), args[1])];
        if args[2] != args[1] {
            leaves.push((String::new(), args[2]));
        }
        let found = super::blocks(self, g, args[0], part, &leaves).ok();
        let k = if leaves.len() == 2 { 1 } else { 0 };
        [found.map(|blocks| blocks[k].reason.bound), None]
    }

    /// All bounds that rules gave of a norm.
    pub(super) fn given_bounds(&mut self, e: Expr, norm: Norm) -> Vec<Formula> {
        self.given.get(&(e, norm)).into_iter().flatten().map(|x| x.bound).collect()
    }

    /// What the facts of a node say of its norms.
    fn facts(&mut self, g: &Graph, u: Expr, found: &mut Vec<(Norm, Formula, String)>) {
        let (facts, n) = (g.facts(u), g.shape(u).cols.clone());
        let one = self.book.one();
        if facts.has(Fact::RowStochastic) {
            let why = "its rows are distributions";
            found.extend([Norm::Infinity, Norm::Row, Norm::Max].map(|norm| (norm, one, why.to_owned())));
        }
        if facts.has(Fact::Orthogonal) {
            let root = self.book.size(&n);
            let root = self.book.sqrt(root);
            found.push((Norm::Two, one, "it is orthogonal".to_owned()));
            found.push((Norm::Frobenius, root, "it is orthogonal".to_owned()));
        }
    }

    /// The bound of a norm that has been derived, and the rule that gave it if it was one.
    pub(super) fn derived(&self, e: Expr, norm: Norm) -> Option<(Formula, Option<&str>)> {
        let bound = self.norms.get(&e)?[norm as usize];
        let given = self.given.get(&(e, norm)).into_iter().flatten();
        Some((bound, given.into_iter().find(|x| x.bound == bound).map(|x| x.rule.as_str())))
    }

    /// A bound of ‖J‖₂ of node u in a slot, and the rule that gave it.
    ///
    /// Errors: [`NotDifferentiable`].
    pub fn slope(&mut self, g: &mut Graph, u: Expr, slot: usize) -> Result<(Formula, String), NotDifferentiable> {
        let Node::Apply(op, args) = g.node(u).clone() else { unreachable!("only applications have slots") };
        if matches!(op.0.meaning, Meaning::Sum) {
            return Ok((self.book.one(), "‖J‖ = 1 of a sum".to_owned()));
        }
        let published = self.published(op.0, &format!("slope {slot}")).map(|p| p.bound);
        match published.as_ref().or(op.0.slope.get(slot)) {
            Some(text) if !text.is_empty() => {
                let at = Place { op: op.0, args, result: u, cotangent: None };
                let all: Vec<Formula> = text.split(';').filter_map(|t| rule::read(self, g, &at, t, Norm::Two)).collect();
                Ok((self.book.min(&all), format!("‖J‖ ≤ {text}")))
            }
            _ => {
                let j = local_jacobian(g, u, slot)?;
                let j = syntax::expand(g, j);
                let text = op.0.vec_form.get(slot).copied().unwrap_or("the slope of every entry");
                Ok((self.norm(g, j, Norm::Two), format!("‖J‖, J = {text}")))
            }
        }
    }

    /// A bound of ‖S‖₂, the curvature of node u in two slots contracted with δ; `None` if it is zero.
    ///
    /// Errors: [`NotDifferentiable`].
    pub fn bend(
        &mut self,
        g: &mut Graph,
        u: Expr,
        a: usize,
        b: usize,
        delta: Expr,
    ) -> Result<Option<(Formula, String)>, NotDifferentiable> {
        let Node::Apply(op, args) = g.node(u).clone() else { unreachable!("only applications have slots") };
        let (low, high) = (a.min(b), a.max(b));
        let at = Place { op: op.0, args, result: u, cotangent: Some(delta) };
        let published = self.published(op.0, &format!("bend {low} {high}")).map(|p| p.bound);
        let own = op.0.bend.iter().find(|x| (x.0, x.1) == (low, high)).map(|x| x.2);
        if let Some(text) = published.or(own) {
            let all: Vec<Formula> = text.split(';').filter_map(|t| rule::read(self, g, &at, t, Norm::Two)).collect();
            let bound = self.book.min(&all);
            let zero = self.book.zero();
            return Ok((bound != zero).then(|| (bound, format!("‖S‖ ≤ {text}"))));
        }
        let Some(s) = local_curvature(g, u, a, b, delta)? else { return Ok(None) };
        let s = syntax::expand(g, s);
        let found = op.0.curvature.iter().find(|x| (x.0, x.1) == (low, high)).map_or("the curvature of every entry", |x| x.2);
        Ok(Some((self.norm(g, s, Norm::Two), format!("‖S‖, S = {found}"))))
    }

    /// A bound of the norm of the stack of second derivatives of node u in two slots; `None` if its row says nothing.
    ///
    /// Errors: [`NotDifferentiable`].
    pub fn stack(&mut self, g: &mut Graph, u: Expr, a: usize, b: usize) -> Result<Option<Formula>, NotDifferentiable> {
        let Node::Apply(op, args) = g.node(u).clone() else { unreachable!("only applications have slots") };
        let zero = self.book.zero();
        if let Some((_, _, text)) = op.0.stack.iter().find(|x| (x.0, x.1) == (a, b)) {
            let at = Place { op: op.0, args, result: u, cotangent: None };
            return Ok(rule::read(self, g, &at, text, Norm::Two));
        }
        match op.0.meaning {
            Meaning::Sum | Meaning::Slice => Ok(Some(zero)),
            // one entry of the stack for each of the result, so its norm is that of the curvature against ones
            Meaning::Entrywise { .. } => {
                let shape = g.shape(u).clone();
                let ones = g.ones(&shape);
                Ok(Some(self.bend(g, u, a, b, ones)?.map_or(zero, |x| x.0)))
            }
            Meaning::Contraction(_) if a == b || op.0.curvature.is_empty() => Ok(Some(zero)),
            _ => Ok(None),
        }
    }

    /// The cotangent of u moved to an argument: the formula where the operation is linear in it, else a new name of which
    /// norms are known.
    ///
    /// Errors: [`NotDifferentiable`].
    pub fn pull(&mut self, g: &mut Graph, u: Expr, slot: usize, v: Expr, delta: Expr) -> Result<Expr, NotDifferentiable> {
        let Node::Apply(op, _) = g.node(u).clone() else { unreachable!("only applications have slots") };
        let by_slope: &[Norm] = match op.0.meaning {
            Meaning::Entrywise { .. } => &Norm::ALL[1..],
            Meaning::Rowwise(_) => &[Norm::Frobenius, Norm::Row],
            _ => &[],
        };
        if by_slope.is_empty() || op.0.slope.get(slot).is_none_or(|t| t.is_empty()) {
            let e = pull(g, u, slot, v, delta)?;
            return Ok(syntax::expand(g, e));
        }
        let (slope, rule) = self.slope(g, u, slot)?;
        let exact = pull(g, u, slot, v, delta)?;
        let exact = syntax::expand(g, exact);
        // a formula that stays one node in sums keeps its own bounds
        let keeps = !matches!(g.node(exact), Node::Apply(op, _) if matches!(op.0.meaning, Meaning::Sum)) && !g.is_zero(exact);
        let is_slot_of_loss = keeps && matches!(op.0.meaning, Meaning::Rowwise(_)) && !self.is_opaque(g, exact);
        let x = if is_slot_of_loss {
            self.norms(g, exact);
            exact
        } else {
            let name = format!("cotangent {} of {}", self.cotangents.len(), g.shape(v));
            let x = g.declare_like(&name, v, Kind::Const);
            self.cotangents.insert(x);
            x
        };
        let inner = self.norms(g, delta);
        let bounds: Vec<(Norm, Formula)> =
            by_slope.iter().map(|&norm| (norm, self.book.times(&[slope, inner[norm as usize]]))).collect();
        if is_slot_of_loss && self.wide {
            // products take factors such as sizes out, and leave the rest
            let (mut rest, mut factors) = (x, vec![]);
            while let Some((s, inner)) = g.as_scaled(rest) {
                factors.push(self.scalar(g, s));
                rest = inner;
            }
            let factor = self.book.times(&factors);
            if !factors.is_empty() && self.book.is_of_sizes(factor) {
                let over = self.book.power(factor, Number::int(-1));
                let bounds: Vec<(Norm, Formula)> = bounds.iter().map(|&(norm, f)| (norm, self.book.times(&[over, f]))).collect();
                self.norms(g, rest);
                self.bounded(g, rest, &bounds, &rule);
            }
        }
        self.bounded(g, x, &bounds, &rule);
        Ok(x)
    }

    /// Adds bounds of a node, of which others may be known.
    fn bounded(&mut self, g: &Graph, x: Expr, bounds: &[(Norm, Formula)], rule: &str) {
        let mut known: [Vec<Formula>; 7] = self.norms.get(&x).map_or_else(Default::default, |all| all.map(|f| vec![f]));
        for &(norm, bound) in bounds {
            known[norm as usize].insert(0, bound);
            self.given.entry((x, norm)).or_default().push(Given { bound, rule: rule.to_owned() });
        }
        let nothing = known[Norm::Frobenius as usize][0];
        let nothing = if self.book.gap(nothing).is_some() { nothing } else { self.book.unbounded(usize::MAX) };
        let shape = g.shape(x).clone();
        let norms = norm::closed(&mut self.book, &known, &shape, nothing);
        self.norms.insert(x, norms);
    }
}

/// Whether it is `diag(p) - p p'` for a column p of probabilities.
fn is_covariance(g: &mut Graph, u: Expr) -> bool {
    let Some(terms) = g.terms(u) else { return false };
    let Some(p) = terms.iter().find_map(|&t| g.diagonal_of(t)) else { return false };
    let row = g.transpose(p);
    let square = g.mul(p, row);
    let minus = g.constant(Number::int(-1));
    let minus = g.scale(minus, square);
    terms.len() == 2 && terms.contains(&minus) && g.facts(row).has(Fact::RowStochastic)
}

/// The scalar that all terms of a sum are multiplied by, if it is no number, and the sum without it.
fn common_factor(g: &mut Graph, terms: &[Expr]) -> Option<(Expr, Expr)> {
    let mut rest = vec![];
    let mut factor = None;
    for &t in terms {
        let (s, x) = g.as_scaled(t)?;
        // up to a number in front
        let (c, s) = match g.args_of(s, &SCALE) {
            Some(&[c, s]) if g.as_number(c).is_some() => (g.as_number(c)?, s),
            _ => (Number::ONE, s),
        };
        if g.as_number(s).is_some() || *factor.get_or_insert(s) != s {
            return None;
        }
        let c = g.constant(c);
        rest.push(g.scale(c, x));
    }
    let rest = g.sum(&rest);
    Some((factor?, rest))
}

/// A name of the target, or a multiple of it.
fn is_target(g: &Graph, e: Expr) -> bool {
    let e = match g.node(e) {
        Node::Apply(op, args) if op.0.name == "scale" || op.0.name == "transpose" => args[args.len() - 1],
        _ => e,
    };
    let e = match g.node(e) {
        Node::Apply(op, args) if op.0.name == "transpose" => args[0],
        _ => e,
    };
    matches!(g.node(e), Node::Var(n) if g.variable(n).is_some_and(|v| v.kind == Kind::Target))
}

/// The rules of a row: which norms, and the text.
pub fn rules(op: &'static Op) -> Vec<(&'static [Norm], &'static str)> {
    let read = |entry: &'static str| match entry.trim().split_once(':') {
        Some(("all", text)) => (&Norm::ALL[..], text.trim()),
        Some(("abs", text)) => (&Norm::ALL[1..], text.trim()),
        Some((name, text)) => {
            let k = Norm::ALL.iter().position(|n| n.name() == name.trim()).expect("the name of a norm before the colon");
            (&Norm::ALL[k..=k], text.trim())
        }
        None => (&Norm::ALL[..1], entry.trim()),
    };
    op.bound.split(';').filter(|t| !t.trim().is_empty()).map(read).collect()
}
