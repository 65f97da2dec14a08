//! `Proof`: the steps from one formula to an equal one; and a small checker that replays them and knows nothing of e-graphs.

use super::rule::{Pattern, RULES, Rule, Sizes};
use crate::{
    expr::{Expr, Graph, Node, OpRef},
    number::Number,
    ops::add::ADD,
};
use std::{collections::HashMap, fmt};

/// Why a step is allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A law of `laws.rs`, and whether it is used from left to right.
    Law(&'static str, bool),
    /// An operation is linear in each of its factors: sums are multiplied out, or a common factor is taken out.
    Linear,
    /// Scalars, sizes, zeros and ones are computed with, sums are sorted: the graph's normal form.
    NormalForm,
    /// A name of the file stands for its definition.
    Definition,
    /// An equation that the file assumes.
    Assumption,
    /// Both are the same sum of products over index letters.
    IndexForm,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Law(name, true) => f.write_str(name),
            Reason::Law(name, false) => write!(f, "{name}, from right to left"),
            Reason::Linear => f.write_str("linear"),
            Reason::NormalForm => f.write_str("normal form"),
            Reason::Definition => f.write_str("definition"),
            Reason::Assumption => f.write_str("assumption"),
            Reason::IndexForm => f.write_str("index form"),
        }
    }
}

/// One step: at a place of the formula, what stood there and what stands there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Why.
    pub reason: Reason,
    /// Numbers of the arguments on the way from the whole formula, from 0.
    pub place: Vec<usize>,
    /// What stood there.
    pub before: Expr,
    /// What stands there now.
    pub after: Expr,
}

/// A proof that two formulas are equal, in a graph of its own: parts that are not looked into are variables there.
pub struct Proof {
    /// The formulas.
    pub graph: Graph,
    /// Where it starts.
    pub start: Expr,
    /// Where it ends.
    pub end: Expr,
    /// The steps.
    pub steps: Vec<Step>,
    /// Equations that may be used: a name and its definition, an assumption.
    pub given: Vec<(Reason, Expr, Expr)>,
}

/// Why a proof is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The number of the step, from 1; 0 if the whole does not fit.
    pub step: usize,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.why)
    }
}

impl Proof {
    /// The formula after each step, the start first.
    ///
    /// Errors: a step that does not follow, or an end that is not reached.
    pub fn replay(&mut self) -> Result<Vec<Expr>, Flaw> {
        let mut whole = vec![self.start];
        for (k, step) in self.steps.iter().enumerate() {
            let flaw = |why: &str| Flaw { step: k + 1, why: format!("{}: {why}", step.reason) };
            let now = *whole.last().expect("the start is there");
            if at(&self.graph, now, &step.place) != Some(step.before) {
                return Err(flaw("something else stands at its place"));
            }
            if self.graph.shape(step.before) != self.graph.shape(step.after) {
                return Err(flaw("the shape changes"));
            }
            if !follows(&mut self.graph, step, &self.given) {
                return Err(flaw("it does not follow"));
            }
            whole.push(replace(&mut self.graph, now, &step.place, step.after));
        }
        match whole.last() {
            Some(&end) if end == self.end => Ok(whole),
            _ => Err(Flaw { step: 0, why: "the steps end elsewhere".to_owned() }),
        }
    }
}

impl Proof {
    /// The proof that nothing equals itself, to be continued.
    pub(super) fn of(mut graph: Graph, given: Vec<(Reason, Expr, Expr)>) -> Proof {
        let nothing = graph.number(Number::ZERO);
        Proof { graph, start: nothing, end: nothing, steps: vec![], given }
    }

    /// Goes on with steps from `a` to `b`; the first that are appended say where the proof starts. Steps that lead back to a
    /// formula that has been there are left out.
    pub(super) fn append(&mut self, a: Expr, b: Expr, mut steps: Vec<Step>) {
        steps.retain(|s| s.before != s.after);
        if self.steps.is_empty() {
            self.start = a;
        }
        self.end = b;
        let mut whole = a;
        let mut been = vec![a];
        let mut kept: Vec<Step> = vec![];
        for step in steps {
            whole = replace(&mut self.graph, whole, &step.place, step.after);
            kept.push(step);
            been.push(whole);
            if let Some(k) = been.iter().position(|&e| e == whole) {
                been.truncate(k + 1);
                kept.truncate(k);
            }
        }
        self.steps.extend(kept);
    }
}

/// The part of a formula at a place.
fn at(g: &Graph, e: Expr, place: &[usize]) -> Option<Expr> {
    place.iter().try_fold(e, |e, &k| g.args(e).get(k).copied())
}

/// The formula with another part at a place; everything else stays as it is written.
pub(super) fn replace(g: &mut Graph, e: Expr, place: &[usize], by: Expr) -> Expr {
    let Some((&k, rest)) = place.split_first() else { return by };
    let Node::Apply(op, mut args) = g.node(e).clone() else {
        unreachable!("a place leads through operations, as `at` has found");
    };
    args[k] = replace(g, args[k], rest, by);
    g.apply_as_written(op.0, &args).expect("the part has kept its shape")
}

/// The normal form of a formula that is written in any way.
pub(super) fn normal(g: &mut Graph, e: Expr) -> Expr {
    normal_with(g, e, HashMap::new())
}

/// A formula in normal form, with another formula in the place of a variable.
pub(super) fn put(g: &mut Graph, e: Expr, x: Expr, y: Expr) -> Expr {
    normal_with(g, e, HashMap::from([(x, y)]))
}

fn normal_with(g: &mut Graph, e: Expr, mut new: HashMap<Expr, Expr>) -> Expr {
    for u in g.reachable(&[e]) {
        if let Node::Apply(op, args) = g.node(u).clone() {
            let args: Vec<Expr> = args.iter().map(|a| *new.get(a).unwrap_or(a)).collect();
            let v = g.apply(op.0, &args);
            new.insert(u, v);
        }
    }
    *new.get(&e).unwrap_or(&e)
}

/// Whether the part after a step equals the part before it for the reason that is given.
fn follows(g: &mut Graph, step: &Step, given: &[(Reason, Expr, Expr)]) -> bool {
    let (a, b) = (step.before, step.after);
    match step.reason {
        // an equation is true in both directions, though a law may be tried in one only
        Reason::Law(name, forward) => RULES
            .iter()
            .filter(|r| r.law.name == name)
            .any(|r| if r.forward == forward { instance(g, r, a, b) } else { instance(g, r, b, a) }),
        Reason::NormalForm => normal(g, a) == normal(g, b),
        Reason::Linear => multiplied_out(g, a, b) || multiplied_out(g, b, a),
        Reason::Definition | Reason::Assumption => given.iter().filter(|(r, ..)| *r == step.reason).any(|&(_, x, y)| {
            // the equation itself, or y in every place of a variable x
            let by = |g: &mut Graph, from: Expr, to: Expr| {
                let there = put(g, from, x, y);
                there == to || there == normal(g, to)
            };
            (x, y) == (a, b) || (y, x) == (a, b) || matches!(g.node(x), Node::Var(_)) && (by(g, a, b) || by(g, b, a))
        }),
        Reason::IndexForm => match crate::lower::index_form(g, &[a, b]).as_slice() {
            [Some(l), Some(r)] => l == r,
            _ => false,
        },
    }
}

/// Whether `sum` is `product` with one of its factors, a sum, multiplied out, up to normal form; other terms of a sum stay.
fn multiplied_out(g: &mut Graph, product: Expr, sum: Expr) -> bool {
    let terms = match g.args_of(product, &ADD) {
        Some(terms) => terms.to_vec(),
        None => vec![product],
    };
    let goal = normal(g, sum);
    for (k, &t) in terms.iter().enumerate() {
        for out in expansions(g, t) {
            let mut all = terms.clone();
            all[k] = out;
            let all = if all.len() == 1 { all[0] } else { g.apply_as_written(&ADD, &all).expect("terms of one shape") };
            if normal(g, all) == goal {
                return true;
            }
        }
    }
    false
}

/// A product with each factor that is a sum multiplied out, one at a time.
pub(super) fn expansions(g: &mut Graph, product: Expr) -> Vec<Expr> {
    let Node::Apply(op, args) = g.node(product).clone() else { return vec![] };
    if !is_linear(op) {
        return vec![];
    }
    let mut out = vec![];
    for (k, &a) in args.iter().enumerate() {
        let Some(terms) = g.args_of(a, &ADD).map(<[Expr]>::to_vec) else { continue };
        let mut all = vec![];
        for t in terms {
            let mut args = args.clone();
            args[k] = t;
            all.push(g.apply_as_written(op.0, &args).expect("a term has the shape of the sum"));
        }
        out.push(g.apply_as_written(&ADD, &all).expect("the terms have one shape"));
    }
    out
}

/// Whether an operation is linear in each of its matrix arguments.
pub(super) fn is_linear(op: OpRef) -> bool {
    use crate::expr::Meaning;
    matches!(op.0.meaning, Meaning::Contraction(_) | Meaning::Slice)
}

/// What the variables of a law stand for.
#[derive(Clone, Debug)]
struct Bindings {
    vars: Vec<Option<Expr>>,
    sizes: Sizes,
}

/// Whether `a` is the pattern of a rule and `b` what takes its place; both may have the same further terms.
fn instance(g: &mut Graph, r: &Rule, a: Expr, b: Expr) -> bool {
    let none = Bindings { vars: vec![None; r.variables.len()], sizes: Sizes::default() };
    let (found, terms) = match (&r.from, g.args_of(a, &ADD).map(<[Expr]>::to_vec)) {
        (Pattern::Apply(op, patterns), Some(terms)) if op.is_sum() => (some_of(g, r, patterns, &terms, none), terms),
        (p, _) => (matches(g, r, p, a, none).into_iter().map(|x| (x, vec![])).collect(), vec![]),
    };
    for (bound, used) in found {
        if !admitted(g, r, &bound) {
            continue;
        }
        let Some(to) = instantiate(g, &r.to, &bound) else { continue };
        let rest: Vec<Expr> = (0..terms.len()).filter(|k| !used.contains(k)).map(|k| terms[k]).collect();
        let whole = with_rest(g, to, &rest);
        if whole == b {
            return true;
        }
    }
    false
}

/// A formula and further terms, as one flat sum.
pub(super) fn with_rest(g: &mut Graph, e: Expr, rest: &[Expr]) -> Expr {
    if rest.is_empty() {
        return e;
    }
    let mut all = g.args_of(e, &ADD).map_or(vec![e], <[Expr]>::to_vec);
    all.extend(rest);
    g.apply_as_written(&ADD, &all).expect("terms of one sum have one shape")
}

/// Whether shapes and facts are as the law asks.
fn admitted(g: &Graph, r: &Rule, bound: &Bindings) -> bool {
    bound.sizes.fits()
        && r.variables.iter().zip(&bound.vars).all(|(v, x)| match x {
            Some(x) => g.facts(*x).includes(v.facts),
            None => false,
        })
}

/// All ways in which a formula is a pattern.
fn matches(g: &Graph, r: &Rule, p: &Pattern, e: Expr, bound: Bindings) -> Vec<Bindings> {
    let mut b = bound;
    match p {
        Pattern::Number(n) => {
            if g.as_number(e) == Some(*n) {
                vec![b]
            } else {
                vec![]
            }
        }
        Pattern::Dim(d) => match g.as_dim(e) {
            Some(actual) if b.sizes.unify(d, actual) => vec![b],
            _ => vec![],
        },
        Pattern::Var(k) => {
            let fits = g.as_dim(e).is_none() && b.sizes.unify_shape(&r.variables[*k].shape, g.shape(e));
            if !fits || b.vars[*k].is_some_and(|x| x != e) {
                return vec![];
            }
            b.vars[*k] = Some(e);
            vec![b]
        }
        Pattern::Apply(op, patterns) => {
            let Node::Apply(o, args) = g.node(e) else { return vec![] };
            if o != op || args.len() != patterns.len() {
                return vec![];
            }
            if op.is_sum() {
                return some_of(g, r, patterns, args, b).into_iter().map(|x| x.0).collect();
            }
            let mut out = in_order(g, r, patterns, args, b.clone());
            if let (true, [x, y]) = (op.commutes(), args.as_slice()) {
                out.extend(in_order(g, r, patterns, &[*y, *x], b));
            }
            out
        }
    }
}

fn in_order(g: &Graph, r: &Rule, patterns: &[Pattern], args: &[Expr], b: Bindings) -> Vec<Bindings> {
    patterns.iter().zip(args).fold(vec![b], |all, (p, &a)| all.into_iter().flat_map(|b| matches(g, r, p, a, b)).collect())
}

/// All ways in which some terms of a sum are the given patterns, with the places of these terms.
fn some_of(g: &Graph, r: &Rule, patterns: &[Pattern], terms: &[Expr], b: Bindings) -> Vec<(Bindings, Vec<usize>)> {
    let mut all = vec![(b, vec![])];
    for p in patterns {
        let mut next = vec![];
        for (b, used) in all {
            for (k, &t) in terms.iter().enumerate().filter(|(k, _)| !used.contains(k)) {
                for found in matches(g, r, p, t, b.clone()) {
                    next.push((found, [used.clone(), vec![k]].concat()));
                }
            }
        }
        all = next;
    }
    all
}

/// The pattern with what its variables stand for.
fn instantiate(g: &mut Graph, p: &Pattern, b: &Bindings) -> Option<Expr> {
    Some(match p {
        Pattern::Var(k) => b.vars[*k]?,
        Pattern::Number(n) => g.number(*n),
        Pattern::Dim(d) => {
            let d = b.sizes.of(d)?;
            g.dim(&d)
        }
        Pattern::Apply(op, patterns) => {
            let args: Option<Vec<Expr>> = patterns.iter().map(|p| instantiate(g, p, b)).collect();
            g.apply_as_written(op.0, &args?).ok()?
        }
    })
}
