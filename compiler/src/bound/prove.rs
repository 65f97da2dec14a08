//! Proofs of `small <= large`: the calculus bounds the small side, and its bound is at most the large side term by term, since
//! norms bound each other, sizes are at least 1, and what is assumed holds.
//!
//! A large side is read exactly: numbers, sizes, norms and scalars that are not negative, their sums, products, powers and
//! maxima. Constants are compared to a relative 1e-13, which their rounding stays below.

use super::{
    assume,
    calculus::{Calculus, Symbols},
    formula::{Formula, Symbol, Term, number_up},
    norm::{Norm, RELATIONS},
    norm_of, print,
};
use crate::{
    expr::{Expr, Fact, Graph, Node},
    number::Number,
    ops::{
        add::ADD, build::Build, colsum::COLSUM, hadamard::HADAMARD, hcat::HCAT, max::MAX, mul::MUL, power::POWER, rowsum::ROWSUM,
        scale::SCALE, size::SIZE, transpose::TRANSPOSE, vcat::VCAT,
    },
    print::Format,
    syntax::Model,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

/// Constants are equal if they differ by less.
const ROUNDING: f64 = 1e-13;
/// Alternatives of one formula that are tried.
const ALTERNATIVES: usize = 16;
/// Terms of one alternative.
const TERMS: usize = 120;
/// Steps of one search for a comparison of two products.
const STEPS: usize = 2000;
/// Steps of the whole proof.
const TOTAL: usize = 30_000;
/// Comparisons of norms in one chain.
const DEPTH: usize = 9;

/// A product: `c Π x^p`, c rounded up or, on the large side, down by less than [`ROUNDING`].
#[derive(Clone, Debug, PartialEq)]
struct Monomial {
    constant: f64,
    powers: BTreeMap<Formula, Number>,
}

/// Products that a symbol is at most.
type Larger = Vec<(f64, BTreeMap<Formula, Number>)>;

/// A sum of products.
type Posynomial = Vec<Monomial>;

/// The steps of a proof that one scalar is at most another under what the model assumes; `None` if none is found.
pub fn prove(model: &mut Model, small: Expr, large: Expr) -> Option<Vec<String>> {
    let mut c = Calculus::new(Symbols::Data);
    c.book.keep_more();
    c.wide = true;
    c.held = model.held.iter().filter_map(|(n, &e)| Some((model.graph.variable(n)?.expr, e))).collect();
    assume(&mut c, model);
    let large_is = exact(&mut c, &mut model.graph, large)?;
    let small_is = c.scalar(&mut model.graph, small);
    if c.book.gap(small_is).is_some() {
        return None;
    }
    let targets: BTreeSet<Formula> = c.book.reachable(large_is).into_iter().collect();
    let mut p = Prover {
        c: &mut c,
        g: &mut model.graph,
        targets,
        expanded: HashMap::new(),
        larger: HashMap::new(),
        steps: 0,
        total: 0,
        cut: false,
    };
    let goals = p.goals(large_is);
    let sides = p.alternatives(small_is);
    for side in &sides {
        for goal in &goals {
            p.steps = 0;
            if let Some(matched) = p.at_most(side, goal) {
                return Some(p.told(small, side, goal, &matched));
            }
        }
    }
    None
}

/// The formula that a scalar is, all parts of which are not negative; the norms in it become symbols.
fn exact(c: &mut Calculus, g: &mut Graph, e: Expr) -> Option<Formula> {
    if let Some(n) = g.as_number(e) {
        return (!n.is_negative()).then(|| c.book.number(n));
    }
    if let Some((norm, x)) = norm_of(g, e) {
        c.named.insert(x);
        return Some(c.symbol(g, x, norm));
    }
    if g.args_of(e, &SIZE).is_some() {
        return Some(c.scalar(g, e));
    }
    if let Some(&[s, x]) = g.args_of(e, &SCALE) {
        let (s, x) = (exact(c, g, s)?, exact(c, g, x)?);
        return Some(c.book.times(&[s, x]));
    }
    if let Some(terms) = g.args_of(e, &ADD).map(<[Expr]>::to_vec) {
        let terms: Option<Vec<Formula>> = terms.into_iter().map(|t| exact(c, g, t)).collect();
        return terms.map(|t| c.book.sum(&t));
    }
    if let Some(&[x, p]) = g.args_of(e, &POWER) {
        let p = g.as_number(p)?;
        let even = p.as_int().is_some_and(|k| k % 2 == 0) && matches!(g.node(x), Node::Var(_));
        let base = if even { Some(c.symbol(g, x, Norm::Max)) } else { exact(c, g, x) };
        if let Some(base) = base {
            let of_sizes = c.book.symbols(base).iter().all(|s| !matches!(s, Symbol::Norm(..)));
            if !p.is_negative() || of_sizes {
                return Some(c.book.power(base, p));
            }
        }
    }
    if let Some(&[x]) = g.args_of(e, &MAX) {
        if let Some((norm, x)) = longest(g, x) {
            c.named.insert(x);
            return Some(c.symbol(g, x, norm));
        }
        let all: Option<Vec<Formula>> = entries(g, x)?.into_iter().map(|t| exact(c, g, t)).collect();
        return all.map(|a| c.book.max(&a));
    }
    let known = g.facts(e).has(Fact::NonNegative);
    known.then(|| {
        c.named.insert(e);
        c.symbol(g, e, Norm::Max)
    })
}

/// The entries of matrices of scalars set side by side and one below the other.
fn entries(g: &Graph, e: Expr) -> Option<Vec<Expr>> {
    if g.is_scalar(e) {
        return Some(vec![e]);
    }
    let parts = g.args_of(e, &VCAT).or_else(|| g.args_of(e, &HCAT))?.to_vec();
    let all: Option<Vec<Vec<Expr>>> = parts.into_iter().map(|p| entries(g, p)).collect();
    all.map(|a| a.concat())
}

/// The matrix of which e has the lengths of the rows, or of the columns.
fn longest(g: &mut Graph, e: Expr) -> Option<(Norm, Expr)> {
    let (sums, half) = g.entry_power(e);
    if half != Number::ratio(1, 2) {
        return None;
    }
    let (squares, norm) = if let Some(&[x]) = g.args_of(sums, &ROWSUM) {
        (x, Norm::Row)
    } else if let Some(&[x]) = g.args_of(sums, &COLSUM) {
        (x, Norm::Column)
    } else if let Some(&[x, ones]) = g.args_of(sums, &MUL).filter(|x| g.is_ones(x[1]) && g.shape(x[1]).cols.is_one()) {
        debug_assert!(g.is_ones(ones));
        (x, Norm::Row)
    } else {
        return None;
    };
    let (x, two) = g.entry_power(squares);
    if two == Number::int(2) {
        return Some((norm, x));
    }
    match g.args_of(squares, &HADAMARD) {
        Some(&[a, b]) if a == b => Some((norm, a)),
        _ => g.args_of(squares, &TRANSPOSE).and(None),
    }
}

struct Prover<'a> {
    c: &'a mut Calculus,
    g: &'a mut Graph,
    targets: BTreeSet<Formula>,
    expanded: HashMap<Formula, Vec<Posynomial>>,
    larger: HashMap<Formula, Rc<Larger>>,
    /// Steps of the search in hand, and of all.
    steps: usize,
    total: usize,
    /// Whether a chain was given up for its length.
    cut: bool,
}

fn multiply(a: &Posynomial, b: &Posynomial) -> Option<Posynomial> {
    if a.len() * b.len() > TERMS {
        return None;
    }
    let mut out: Posynomial = vec![];
    for x in a {
        for y in b {
            let mut powers = x.powers.clone();
            for (&s, &p) in &y.powers {
                let e = powers.entry(s).or_insert(Number::ZERO);
                *e = *e + p;
            }
            powers.retain(|_, p| !p.is_zero());
            add(&mut out, Monomial { constant: x.constant * y.constant, powers });
        }
    }
    Some(out)
}

fn add(to: &mut Posynomial, m: Monomial) {
    match to.iter_mut().find(|x| x.powers == m.powers) {
        Some(x) => x.constant += m.constant,
        None => to.push(m),
    }
}

impl Prover<'_> {
    fn one(constant: f64) -> Posynomial {
        vec![Monomial { constant, powers: BTreeMap::new() }]
    }
    fn atom(x: Formula, p: Number) -> Posynomial {
        vec![Monomial { constant: 1.0, powers: BTreeMap::from([(x, p)]) }]
    }

    /// The large side: for a maximum, each of what it is of.
    fn goals(&mut self, f: Formula) -> Vec<Posynomial> {
        match self.c.book.term(f).clone() {
            Term::Max(all) => {
                let mut goals: Vec<Posynomial> = all.into_iter().flat_map(|x| self.alternatives(x)).collect();
                goals.extend(self.alternatives(f));
                goals
            }
            _ => self.alternatives(f),
        }
    }

    /// Sums of products that a formula is at most, those first that mention what the large side mentions.
    fn alternatives(&mut self, f: Formula) -> Vec<Posynomial> {
        if let Some(a) = self.expanded.get(&f) {
            return a.clone();
        }
        let out: Vec<Posynomial> = match self.c.book.term(f).clone() {
            Term::Product(c, factors) => {
                let mut all = vec![Self::one(number_up(c))];
                for (x, p) in factors {
                    let powers = self.powers(x, p);
                    all = self.best(
                        all.iter().flat_map(|a| powers.iter().filter_map(|b| multiply(a, b)).collect::<Vec<_>>()).collect(),
                    );
                }
                all
            }
            Term::Sum(terms) => {
                let mut all = vec![vec![]];
                for (x, c) in terms {
                    let next = self.alternatives(x);
                    let joined = all.iter().flat_map(|a: &Posynomial| {
                        next.iter().map(move |b| {
                            let mut sum = a.clone();
                            b.iter().for_each(|m| add(&mut sum, Monomial { constant: m.constant * number_up(c), ..m.clone() }));
                            sum
                        })
                    });
                    all = self.best(joined.filter(|s| s.len() <= TERMS).collect());
                }
                all
            }
            Term::Min(all) => {
                let all = all.into_iter().flat_map(|x| self.alternatives(x)).collect();
                self.best(all)
            }
            // a maximum is at most the sum
            Term::Max(all) if !self.targets.contains(&f) => {
                let mut sum = vec![vec![]];
                for x in all {
                    let next = self.alternatives(x);
                    sum = self.best(
                        sum.iter()
                            .flat_map(|a: &Posynomial| next.iter().map(|b| [a.clone(), b.clone()].concat()).collect::<Vec<_>>())
                            .collect(),
                    );
                }
                sum
            }
            _ => vec![Self::atom(f, Number::ONE)],
        };
        self.expanded.insert(f, out.clone());
        out
    }

    fn powers(&mut self, x: Formula, p: Number) -> Vec<Posynomial> {
        if let Some(n) = self.c.book.as_number(x) {
            return vec![Self::one(libm::pow(n.to_f64(), p.to_f64()) * (1.0 + 4.0 * f64::EPSILON))];
        }
        let inner = self.alternatives(x);
        let raise = |a: &Posynomial| -> Option<Posynomial> {
            if let ([m], true) = (a.as_slice(), true) {
                let powers = m.powers.iter().map(|(&s, &q)| (s, q * p)).collect();
                return Some(vec![Monomial { constant: libm::pow(m.constant, p.to_f64()) * (1.0 + 4.0 * f64::EPSILON), powers }]);
            }
            match p.as_int() {
                Some(k @ 1..=8) => (1..k).try_fold(a.clone(), |y, _| multiply(&y, a)),
                // √(a + b) ≤ √a + √b
                None if !p.is_negative() && p.to_f64() <= 1.0 => {
                    let one = |m: &Monomial| Monomial {
                        constant: libm::pow(m.constant, p.to_f64()) * (1.0 + 4.0 * f64::EPSILON),
                        powers: m.powers.iter().map(|(&s, &q)| (s, q * p)).collect(),
                    };
                    Some(a.iter().map(one).collect())
                }
                _ => None,
            }
        };
        let mut out: Vec<Posynomial> = vec![];
        // as it stands, where the large side has it too
        if self.targets.contains(&x) && !matches!(self.c.book.term(x), Term::Symbol(_)) {
            out.push(Self::atom(x, p));
        }
        out.extend(inner.iter().filter_map(raise));
        out
    }

    /// The most promising alternatives.
    fn best(&self, mut all: Vec<Posynomial>) -> Vec<Posynomial> {
        let strange = |p: &Posynomial| {
            p.iter().flat_map(|m| m.powers.keys()).filter(|x| !self.targets.contains(x) && !self.is_size(**x)).count()
        };
        all.sort_by_key(|p| (strange(p), p.len()));
        let mut kept: Vec<Posynomial> = vec![];
        for p in all {
            if kept.len() < ALTERNATIVES && !kept.contains(&p) {
                kept.push(p);
            }
        }
        kept
    }

    fn is_size(&self, x: Formula) -> bool {
        matches!(self.c.book.term(x), Term::Symbol(Symbol::Size(_)))
    }

    /// For each term of the small side, the term of the large side that it is charged to, and which share of that it takes.
    fn at_most(&mut self, small: &Posynomial, large: &Posynomial) -> Option<Vec<(usize, f64)>> {
        let mut free = vec![1.0 + ROUNDING; large.len()];
        self.charge(small, large, 0, &mut free)
    }
    fn charge(&mut self, small: &Posynomial, large: &Posynomial, i: usize, free: &mut [f64]) -> Option<Vec<(usize, f64)>> {
        let Some(m) = small.get(i) else { return Some(vec![]) };
        let mut shares: Vec<(f64, usize)> = vec![];
        for (j, n) in large.iter().enumerate() {
            let mut ratio = m.powers.clone();
            for (&s, &p) in &n.powers {
                let e = ratio.entry(s).or_insert(Number::ZERO);
                *e = *e + -p;
            }
            ratio.retain(|_, p| !p.is_zero());
            // the shortest chain of comparisons
            for depth in 0..DEPTH {
                self.steps = 0;
                self.cut = false;
                if let Some(k) = self.compare(&ratio, m.constant / n.constant, depth) {
                    shares.push((k, j));
                    break;
                }
                // longer chains do not help where none was cut short
                if !self.cut || self.total > TOTAL {
                    break;
                }
            }
        }
        shares.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (k, j) in shares {
            if k <= free[j] {
                free[j] -= k;
                if let Some(mut rest) = self.charge(small, large, i + 1, free) {
                    rest.insert(0, (j, k));
                    return Some(rest);
                }
                free[j] += k;
            }
        }
        None
    }

    /// An upper bound of `k Π x^p` by at most so many comparisons of norms: the least that is found.
    fn compare(&mut self, ratio: &BTreeMap<Formula, Number>, k: f64, depth: usize) -> Option<f64> {
        self.steps += 1;
        self.total += 1;
        if self.steps > STEPS || self.total > TOTAL {
            return None;
        }
        let above = ratio.iter().find(|(x, p)| !p.is_negative() && !self.is_size(**x)).map(|(&x, &p)| (x, p));
        let Some((x, p)) = above else {
            // sizes are at least 1, so what is divided by them is no larger; nothing is known of a norm from below
            return ratio.iter().all(|(x, p)| p.is_negative() && self.is_size(*x)).then_some(k);
        };
        let Some(left) = depth.checked_sub(1) else {
            self.cut = true;
            return None;
        };
        let mut best: Option<f64> = None;
        for (constant, powers) in self.larger(x).iter() {
            let constant = *constant;
            // as much as is wanted of what it is replaced by
            let wanted = powers.iter().filter(|(y, _)| !self.is_size(**y)).filter_map(|(y, q)| {
                let there = *ratio.get(y)?;
                there.is_negative().then(|| -there / *q)
            });
            let amount = wanted.fold(p, |a, w| if w.to_f64() < a.to_f64() { w } else { a });
            let mut next = ratio.clone();
            let e = next.entry(x).or_insert(Number::ZERO);
            *e = *e + -amount;
            for (&y, &q) in powers {
                let e = next.entry(y).or_insert(Number::ZERO);
                *e = *e + q * amount;
            }
            next.retain(|_, p| !p.is_zero());
            let factor = if constant == 1.0 { 1.0 } else { libm::pow(constant, amount.to_f64()) };
            if let Some(found) = self.compare(&next, k * factor, left)
                && best.is_none_or(|b| found < b)
            {
                best = Some(found);
                if found <= 1.0 {
                    return best;
                }
            }
        }
        best
    }

    /// Products that a symbol is at most.
    fn larger(&mut self, x: Formula) -> Rc<Larger> {
        if let Some(known) = self.larger.get(&x) {
            return known.clone();
        }
        let found = Rc::new(self.find_larger(x));
        self.larger.insert(x, found.clone());
        found
    }
    fn find_larger(&mut self, x: Formula) -> Larger {
        let Term::Symbol(Symbol::Norm(norm, e)) = *self.c.book.term(x) else { return vec![] };
        let mut out = vec![];
        for (this, that, a, b) in RELATIONS {
            if this != norm {
                continue;
            }
            let shape = self.g.shape(e).clone();
            let y = self.c.symbol(self.g, e, that);
            if y == x {
                continue;
            }
            let (m, n) = (self.c.book.size(&shape.rows), self.c.book.size(&shape.cols));
            let f = self.c.book.product(Number::ONE, &[(y, Number::ONE), (m, Number::ratio(a, 2)), (n, Number::ratio(b, 2))]);
            out.push(f);
        }
        out.extend(self.c.given_bounds(e, norm));
        let mut flat = vec![];
        for f in out {
            for p in self.alternatives(f) {
                if let [m] = p.as_slice()
                    && !m.powers.contains_key(&x)
                {
                    flat.push((m.constant, m.powers.clone()));
                }
            }
        }
        // what the large side mentions first
        flat.sort_by_key(|(_, powers)| powers.keys().filter(|y| !self.targets.contains(y) && !self.is_size(**y)).count());
        flat.dedup();
        flat
    }

    /// The proof in lines.
    fn told(&mut self, small: Expr, side: &Posynomial, goal: &Posynomial, matched: &[(usize, f64)]) -> Vec<String> {
        let names = BTreeMap::new();
        let mut text = |m: &Monomial| {
            let factors: Vec<(Formula, Number)> = m.powers.iter().map(|(&x, &p)| (x, p)).collect();
            let rounded = Number::parse(&format!("{:.12}", m.constant)).unwrap_or(Number::Float(m.constant));
            let f = self.c.book.product(rounded, &factors);
            print::formula(&self.c.book, self.g, f, &names, Format::Text)
        };
        let terms: Vec<String> = side.iter().map(&mut text).collect();
        let goals: Vec<String> = goal.iter().map(&mut text).collect();
        let left = crate::print::inline(self.g, small, Format::Text);
        let sum = if terms.is_empty() { "0".to_owned() } else { terms.join(" + ") };
        let mut out = vec![format!("{left} <= {sum}, by the calculus of norms")];
        for (t, &(j, share)) in terms.iter().zip(matched) {
            out.push(format!("{t} <= {:.6} times {}", share, goals[j]));
        }
        out
    }
}
