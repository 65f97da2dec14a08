//! A claim made ready for numbers: its sides without derivatives, the data they need, and what is assumed of these.

use super::ordered;
use crate::{
    differentiate,
    dim::Dim,
    expr::{Expr, Fact, Facts, Graph, Kind, Node, Shape},
    index::Program,
    lower::lower,
    number::Number,
    pipeline,
    syntax::{self, Assumed, Compared, Model, ast::Relation},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Data to be drawn.
pub(super) struct Free {
    /// Its name.
    pub(super) name: String,
    /// Its shape.
    pub(super) shape: Shape,
    /// What is known of it.
    pub(super) facts: Facts,
    /// Whether it is a parameter.
    pub(super) param: bool,
}

/// How data that break a rule are made to keep it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Repair {
    /// This scalar is set to the small side.
    Raise(String),
    /// This scalar is set to the large side.
    Lower(String),
    /// This array is scaled by large / small: the small side is a norm of it.
    Shrink(String),
    /// Other data are drawn.
    Redraw,
}

/// An assumed inequality.
pub(super) struct Rule {
    /// Its two sides, the smaller first.
    pub(super) sides: Program,
    /// What to do where it is broken.
    pub(super) repair: Repair,
    /// Whether the small side depends on data.
    pub(super) moves: bool,
}

/// A claim made ready.
pub(super) struct Problem {
    /// The equations that are assumed.
    pub(super) equations: Vec<(Expr, Expr)>,
    /// The left side, or the smaller one.
    pub(super) left: Expr,
    /// The right side, or the larger one.
    pub(super) right: Expr,
    /// Both sides.
    pub(super) sides: Program,
    /// Whether equality breaks the claim.
    pub(super) strict: bool,
    /// Data that are drawn.
    pub(super) free: Vec<Free>,
    /// Data that are given by other data, in an order in which they can be computed.
    pub(super) defined: Vec<(String, Program)>,
    /// Inequalities that the data keep.
    pub(super) rules: Vec<Rule>,
    /// Names of all sizes.
    pub(super) sizes: Vec<String>,
    /// All sizes that must be positive whole numbers.
    pub(super) extents: Vec<Dim>,
}

/// An assumption in the terms of nodes without derivatives.
enum Given {
    Equal(String, Expr),
    Ordered { small: Expr, large: Expr, repair: Repair },
}

impl Problem {
    /// The problem of a claim.
    ///
    /// Errors: a sentence, if a derivative has no formula, or data are defined by themselves.
    pub(super) fn new(model: &mut Model, claim: &Compared) -> Result<Problem, String> {
        let (left, right) = ordered(claim);
        let sides = values(model, &[left, right])?;
        let (left, right) = (sides[0], sides[1]);
        let mut equations = vec![];
        for (a, b) in model.equations() {
            let sides = values(model, &[a, b])?;
            equations.push((sides[0], sides[1]));
        }
        let mut given = vec![];
        for a in model.assumptions.clone() {
            given.extend(assumed(model, &a.says)?);
        }
        let g = &model.graph;
        let relevant = relevant(g, &[left, right], &given);
        let mut defined: Vec<(String, Expr)> = vec![];
        let mut rules = vec![];
        let mut roots = vec![left, right];
        for x in &given {
            match x {
                Given::Equal(name, e) if relevant.contains(name) => {
                    defined.push((name.clone(), *e));
                    roots.push(*e);
                }
                Given::Ordered { small, large, repair } if concerns(g, &relevant, *small, *large, repair) => {
                    roots.extend([*small, *large]);
                    let moves = !names(g, &[*small]).is_empty();
                    rules.push(Rule { sides: lower(g, &[*small, *large]), repair: repair.clone(), moves });
                }
                _ => {}
            }
        }
        let defined = in_order(g, defined)?;
        let is_defined = |n: &str| defined.iter().any(|d| d.0 == n);
        let free = g
            .variables()
            .filter(|(n, _)| relevant.contains(*n) && !is_defined(n))
            .map(|(n, v)| Free {
                name: n.to_owned(),
                shape: v.shape.clone(),
                facts: g.facts(v.expr),
                param: v.kind == Kind::Param,
            })
            .collect();
        let (sizes, extents) = sizes(g, &roots, &relevant);
        Ok(Problem {
            equations,
            left,
            right,
            sides: lower(g, &[left, right]),
            strict: matches!(claim.relation, Relation::Below | Relation::Above),
            free,
            defined: defined.into_iter().map(|(n, e)| (n, lower(g, &[e]))).collect(),
            rules,
            sizes: model.sizes.iter().filter(|s| sizes.contains(*s)).cloned().collect(),
            extents,
        })
    }
}

/// The nodes without derivatives, with named nodes that were held fixed replaced by what they are, and expanded.
fn values(model: &mut Model, roots: &[Expr]) -> Result<Vec<Expr>, String> {
    let answers = pipeline::answer_all(&mut model.graph, roots).map_err(|e| e.to_string())?;
    let held: HashMap<Expr, Expr> =
        model.held.iter().filter_map(|(name, &e)| Some((model.graph.variable(name)?.expr, e))).collect();
    let mut out = vec![];
    for e in answers {
        let e = differentiate::substitute(&mut model.graph, e, &held);
        // the definition of a held node may itself ask for derivatives
        let e = pipeline::answer(&mut model.graph, e).map_err(|e| e.to_string())?;
        let e = differentiate::substitute(&mut model.graph, e, &held);
        out.push(syntax::expand(&mut model.graph, e));
    }
    Ok(out)
}

fn assumed(model: &mut Model, says: &Assumed) -> Result<Option<Given>, String> {
    let Assumed::Compared(c) = says else { return Ok(None) };
    let variable = |g: &Graph, e: Expr| match g.node(e) {
        Node::Var(name) => Some(name.clone()),
        _ => None,
    };
    if c.relation == Relation::Equal {
        let (name, e) = match (variable(&model.graph, c.lhs), variable(&model.graph, c.rhs)) {
            (Some(name), _) => (name, c.rhs),
            (None, Some(name)) => (name, c.lhs),
            (None, None) => return Ok(None),
        };
        return Ok(Some(Given::Equal(name, values(model, &[e])?[0])));
    }
    let (small, large) = ordered(c);
    let g = &model.graph;
    let zero = g.as_number(small).is_some_and(Number::is_zero);
    if zero && variable(g, large).is_some() && g.facts(large).has(Fact::NonNegative) {
        // the draw sees to it
        return Ok(None);
    }
    let scalar = |g: &Graph, e: Expr| if g.is_scalar(e) { variable(g, e) } else { None };
    let repair = match (scalar(g, large), scalar(g, small), norm_of(g, small)) {
        (Some(name), ..) => Repair::Raise(name),
        (None, Some(name), _) => Repair::Lower(name),
        (None, None, Some(name)) => Repair::Shrink(name),
        _ => Repair::Redraw,
    };
    let sides = values(model, &[small, large])?;
    Ok(Some(Given::Ordered { small: sides[0], large: sides[1], repair }))
}

/// The array that a node is a norm of.
fn norm_of(g: &Graph, e: Expr) -> Option<String> {
    let Node::Apply(op, args) = g.node(e) else { return None };
    let norms = ["norm2", "normF", "norm1", "norminf", "normmax", "abs"];
    match args.as_slice() {
        [x] if norms.contains(&op.0.name) => match g.node(*x) {
            Node::Var(name) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The declared names in a node.
fn names(g: &Graph, roots: &[Expr]) -> BTreeSet<String> {
    let name = |e: Expr| match g.node(e) {
        Node::Var(name) => Some(name.clone()),
        _ => None,
    };
    g.reachable(roots).into_iter().filter_map(name).collect()
}

/// The data that the sides need, with what those are defined by or bounded with.
fn relevant(g: &Graph, sides: &[Expr], given: &[Given]) -> BTreeSet<String> {
    let mut out = names(g, sides);
    loop {
        let before = out.len();
        for x in given {
            match x {
                Given::Equal(name, e) if out.contains(name) => out.extend(names(g, &[*e])),
                Given::Ordered { small, large, repair } if concerns(g, &out, *small, *large, repair) => {
                    out.extend(names(g, &[*small, *large]));
                }
                _ => {}
            }
        }
        if out.len() == before {
            return out;
        }
    }
}

/// Whether an inequality restricts data that matter. A bound that nothing else mentions restricts nothing.
fn concerns(g: &Graph, relevant: &BTreeSet<String>, small: Expr, large: Expr, repair: &Repair) -> bool {
    match repair {
        Repair::Raise(name) | Repair::Lower(name) | Repair::Shrink(name) => relevant.contains(name),
        Repair::Redraw => names(g, &[small, large]).iter().any(|n| relevant.contains(n)),
    }
}

/// Definitions so ordered that each needs only earlier ones.
fn in_order(g: &Graph, mut all: Vec<(String, Expr)>) -> Result<Vec<(String, Expr)>, String> {
    let mut out: Vec<(String, Expr)> = vec![];
    while !all.is_empty() {
        let waiting: BTreeSet<String> = all.iter().map(|d| d.0.clone()).collect();
        let ready = all.iter().position(|(_, e)| names(g, &[*e]).is_disjoint(&waiting));
        match ready {
            Some(k) => out.push(all.remove(k)),
            None => return Err(format!("`{}` is assumed equal to something that depends on it", all[0].0)),
        }
    }
    let mut seen = BTreeSet::new();
    match out.iter().find(|d| !seen.insert(d.0.clone())) {
        Some(twice) => Err(format!("`{}` is assumed equal to two things", twice.0)),
        None => Ok(out),
    }
}

/// The names of sizes that occur, and the sizes that must be positive.
fn sizes(g: &Graph, roots: &[Expr], relevant: &BTreeSet<String>) -> (BTreeSet<String>, Vec<Dim>) {
    let mut extents: BTreeSet<Dim> = BTreeSet::new();
    for (name, v) in g.variables() {
        if relevant.contains(name) {
            extents.extend([v.shape.rows.clone(), v.shape.cols.clone()]);
        }
    }
    for e in g.reachable(roots) {
        match g.node(e) {
            Node::Dim(d) => {
                extents.insert(d.clone());
            }
            _ => extents.extend([g.shape(e).rows.clone(), g.shape(e).cols.clone()]),
        }
    }
    let names = extents.iter().flat_map(|d| d.names().map(str::to_owned).collect::<Vec<_>>()).collect();
    (names, extents.into_iter().collect())
}

/// Values by name.
pub(super) type Named<T> = BTreeMap<String, T>;
