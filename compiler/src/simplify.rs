//! Simplification: what differentiation yields becomes what a person would have written, with a proof.
//!
//! Assumes: formulas without derivatives. Guarantees: the value is kept (each result is compared with what it came from over a
//! prime field and in double precision, and given up where that fails); the same input gives the same result. A formula is
//! taken apart into named parts, and each part is simplified on its own, with the parts and names inside it as variables; so
//! the work grows with the number of parts and not with the depth of the network.

mod cost;
mod explain;
mod gate;
mod proof;
mod rule;
mod saturate;

pub use explain::{explain, steps};
pub use proof::{Flaw, Proof, Reason, Step};
pub use rule::sides;
pub use saturate::{Limits, Stop};

use crate::{
    expr::{Expr, Fact, Graph, Kind, Node},
    lower,
    ops::scale::SCALE,
    print,
};
use saturate::Search;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

/// What an operation costs, by itself.
pub type Cost = dyn Fn(&Graph, Expr) -> u64;

/// Which of all equal formulas is taken.
#[derive(Clone, Default)]
pub enum Extraction {
    /// The one that reads best.
    #[default]
    Readable,
    /// The one with the fewest elementary operations and entries at these sizes; of a size that is not given, a typical one.
    Cheapest(BTreeMap<String, usize>),
    /// The one whose operations together cost least, each by itself: for bounds, and whatever else is compared by a number.
    Least(Rc<Cost>),
}

/// How to simplify.
#[derive(Clone)]
pub struct Settings {
    /// What is looked for.
    pub extraction: Extraction,
    /// How far to search in each part.
    pub limits: Limits,
    /// Whether to keep the proofs.
    pub proofs: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { extraction: Extraction::Readable, limits: Limits { nodes: 1200, iterations: 6 }, proofs: false }
    }
}

/// What was done to one part.
pub struct Report {
    /// What it is called in the proofs of parts that contain it.
    pub name: String,
    /// The part before.
    pub before: Expr,
    /// The part after.
    pub after: Expr,
    /// Why the search ended.
    pub stop: Stop,
    /// Nodes of its e-graph.
    pub nodes: usize,
    /// Why the result was given up, where it was.
    pub refused: Option<String>,
    /// The steps, if they were asked for.
    pub proof: Option<Proof>,
    /// What the variables of the proof stand for, after simplification.
    pub parts: Vec<(String, Expr)>,
}

/// Elementary operations and entries that it takes to compute formulas at these sizes, parts that occur twice counted once.
pub fn arithmetic(g: &Graph, roots: &[Expr], sizes: &BTreeMap<String, usize>) -> u64 {
    g.reachable(roots).into_iter().map(|e| cost::arithmetic(g, sizes, e)).fold(0, u64::saturating_add)
}

/// Simplified formulas.
pub struct Simplified {
    /// The roots, in order.
    pub roots: Vec<Expr>,
    /// What was done to each part, parts before what they stand in.
    pub reports: Vec<Report>,
}

/// Simplifies the roots; equations of the file are used as laws.
pub fn simplify(g: &mut Graph, roots: &[Expr], equations: &[(Expr, Expr)], settings: &Settings) -> Simplified {
    let mut pieces: BTreeSet<Expr> = print::parts(g, roots);
    pieces.extend(roots.iter().copied().filter(|&r| matches!(g.node(r), Node::Apply(..))));
    let prefix = ["P", "Q", "Part"].into_iter().find(|p| !taken(g, p)).unwrap_or("Part_");
    let pieces: BTreeMap<Expr, String> = pieces.into_iter().zip(1..).map(|(p, k)| (p, format!("{prefix}{k}"))).collect();
    let mut new: HashMap<Expr, Expr> = HashMap::new();
    let mut reports = vec![];
    for &p in pieces.keys() {
        let report = piece(g, p, &pieces, &new, equations, settings);
        new.insert(p, report.after);
        reports.push(report);
    }
    Simplified { roots: roots.iter().map(|r| *new.get(r).unwrap_or(r)).collect(), reports }
}

/// A proof that two formulas of one shape are equal, if one is found: the laws join them; or both are the same sum of
/// products over index letters, as they stand, after the laws have simplified them, or with definitions that are assumed in
/// the place of variables. Every proof has been replayed.
pub fn prove(g: &Graph, a: Expr, b: Expr, equations: &[(Expr, Expr)], limits: Limits) -> Option<Proof> {
    by_laws(g, a, b, equations, limits).or_else(|| by_definitions(g, a, b, equations))
}

/// Whether two formulas have one index form.
fn one_form(graph: &Graph, a: Expr, b: Expr) -> bool {
    matches!(lower::index_form(graph, &[a, b]).as_slice(), [Some(l), Some(r)] if l == r)
}

fn by_laws(g: &Graph, a: Expr, b: Expr, equations: &[(Expr, Expr)], limits: Limits) -> Option<Proof> {
    let mut graph = Graph::default();
    let (none, nothing) = (BTreeMap::new(), HashMap::new());
    let mut copy = Copy {
        g,
        graph: &mut graph,
        pieces: &none,
        simple: &nothing,
        names: false,
        new: HashMap::new(),
        stands_for: BTreeMap::new(),
    };
    let (a, b) = (copy.term(a), copy.term(b));
    let mut given = vec![];
    for &(x, y) in equations {
        if copy.speaks_of_same(x) && copy.speaks_of_same(y) {
            given.push((Reason::Assumption, copy.term(x), copy.term(y)));
        }
    }
    let index_step = |a: Expr, b: Expr| Step { reason: Reason::IndexForm, place: vec![], before: a, after: b };
    let mut proof = if a == b {
        let mut proof = Proof::of(graph, given);
        proof.append(a, b, vec![]);
        proof
    } else if graph.reachable(&[a, b]).len() > limits.nodes / 4 {
        // too large for the laws
        if !one_form(&graph, a, b) {
            return None;
        }
        let mut proof = Proof::of(graph, given);
        proof.append(a, b, vec![index_step(a, b)]);
        proof
    } else {
        let mut search = Search::new(graph, limits);
        for e in [a, b] {
            search.add(e);
        }
        for (reason, x, y) in given {
            search.state(reason, x, y);
        }
        if search.run(Some((a, b))) == Stop::Joined {
            search.prove(a, b)
        } else if one_form(search.graph(), a, b) {
            search.prove_over(a, b, index_step(a, b))
        } else {
            // from each side to its simplest form, if these two are one
            let (x, y) = (search.cheapest(a).0, search.cheapest(b).0);
            if (x, y) == (a, b) || !one_form(search.graph(), x, y) {
                return None;
            }
            search.prove_over(a, b, index_step(x, y))
        }
    };
    if proof.replay().is_ok() {
        return Some(proof);
    }
    // steps that the checker cannot follow are no proof
    let Proof { graph, given, .. } = proof;
    if !one_form(&graph, a, b) {
        return None;
    }
    let mut proof = Proof::of(graph, given);
    proof.append(a, b, vec![index_step(a, b)]);
    Some(proof)
}

/// A proof with what variables are assumed to be in their places.
fn by_definitions(g: &Graph, a: Expr, b: Expr, equations: &[(Expr, Expr)]) -> Option<Proof> {
    let mut graph = Graph::default();
    let (none, nothing) = (BTreeMap::new(), HashMap::new());
    let mut copy = Copy {
        g,
        graph: &mut graph,
        pieces: &none,
        simple: &nothing,
        names: false,
        new: HashMap::new(),
        stands_for: BTreeMap::new(),
    };
    let (a, b) = (copy.term(a), copy.term(b));
    let mut definitions: Vec<(Expr, Expr)> = vec![];
    let both = equations.iter().flat_map(|&(x, y)| [(x, y), (y, x)]);
    let mut waiting: Vec<(Expr, Expr)> = both.filter(|(x, _)| matches!(g.node(*x), Node::Var(_))).collect();
    while let Some(k) = waiting.iter().position(|(x, _)| copy.new.contains_key(x)) {
        let (x, y) = waiting.remove(k);
        let definition = (copy.term(x), copy.term(y));
        definitions.push(definition);
    }
    definitions.retain(|(x, y)| !graph.reachable(&[*y]).contains(x));
    // what is defined later may stand in an earlier definition
    let mut path = |start: Expr| -> Vec<Expr> {
        let mut path = vec![start];
        for &(x, y) in definitions.iter().cycle().take(definitions.len().pow(2)) {
            let now = path[path.len() - 1];
            let next = proof::put(&mut graph, now, x, y);
            if next != now {
                path.push(next);
            }
        }
        path
    };
    let (from, to) = (path(a), path(b));
    let (x, y) = (from[from.len() - 1], to[to.len() - 1]);
    if from.len() + to.len() == 2 || !(x == y || one_form(&graph, x, y)) {
        return None;
    }
    let step = |reason: Reason, before: Expr, after: Expr| Step { reason, place: vec![], before, after };
    let mut steps: Vec<Step> = from.windows(2).map(|w| step(Reason::Assumption, w[0], w[1])).collect();
    steps.push(step(Reason::IndexForm, x, y));
    steps.extend(to.windows(2).rev().map(|w| step(Reason::Assumption, w[1], w[0])));
    let mut proof = Proof::of(graph, definitions.into_iter().map(|(x, y)| (Reason::Assumption, x, y)).collect());
    proof.append(a, b, steps);
    proof.replay().is_ok().then_some(proof)
}

/// Whether a name of the file, or of its data, is the prefix with a number.
fn taken(g: &Graph, prefix: &str) -> bool {
    let clashes = |n: &str| n.strip_prefix(prefix).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()));
    g.names().any(|(_, n)| clashes(n)) || g.variables().any(|(n, _)| clashes(n))
}

/// A part with what stands inside it under a name of its own.
struct Piece {
    /// The graph of the part.
    graph: Graph,
    /// The part there.
    root: Expr,
    /// What its variables stand for.
    stands_for: BTreeMap<String, Expr>,
    /// Names of the file with their definitions, and equations, in that graph.
    given: Vec<(Reason, Expr, Expr)>,
}

fn piece(
    g: &mut Graph,
    p: Expr,
    pieces: &BTreeMap<Expr, String>,
    new: &HashMap<Expr, Expr>,
    equations: &[(Expr, Expr)],
    settings: &Settings,
) -> Report {
    let Piece { graph, root, stands_for, given } = Piece::new(g, p, pieces, new, equations);
    let mut search = Search::new(graph, settings.limits);
    search.add(root);
    for (reason, a, b) in given {
        search.state(reason, a, b);
    }
    let stop = search.run(None);
    let nodes = search.len();
    let end = match &settings.extraction {
        Extraction::Readable => search.cheapest(root).0,
        Extraction::Cheapest(sizes) => search.least(root, &|g, e| cost::arithmetic(g, sizes, e)),
        Extraction::Least(cost) => search.least(root, &**cost),
    };
    let mut proof = search.prove(root, end);
    let refused = gate::differs(&mut proof.graph, root, end, &proof.given);
    let stands_for: BTreeMap<String, Expr> = stands_for.into_iter().map(|(name, e)| (name, *new.get(&e).unwrap_or(&e))).collect();
    let kept = if refused.is_some() { root } else { end };
    let after = back(g, &proof.graph, kept, &stands_for);
    Report {
        name: pieces[&p].clone(),
        before: p,
        after,
        stop,
        nodes,
        refused,
        proof: settings.proofs.then_some(proof),
        parts: stands_for.into_iter().collect(),
    }
}

impl Piece {
    fn new(
        g: &Graph,
        p: Expr,
        pieces: &BTreeMap<Expr, String>,
        simple: &HashMap<Expr, Expr>,
        equations: &[(Expr, Expr)],
    ) -> Piece {
        let mut graph = Graph::default();
        let mut copy =
            Copy { g, graph: &mut graph, pieces, simple, names: true, new: HashMap::new(), stands_for: BTreeMap::new() };
        let root = copy.open(p);
        let mut given = vec![];
        // names of the file with their definitions one level deep, where these speak of nothing else
        let defined: Vec<Expr> = g.names().map(|x| x.0).filter(|&e| e != p && copy.speaks_of_same(e)).collect();
        for e in defined {
            let variable = copy.term(e);
            let definition = copy.open(e);
            given.push((Reason::Definition, definition, variable));
        }
        for &(a, b) in equations {
            if copy.speaks_of_same(a) && copy.speaks_of_same(b) {
                let (a, b) = (copy.term(a), copy.term(b));
                given.push((Reason::Assumption, a, b));
            }
        }
        let stands_for = copy.stands_for;
        Piece { graph, root, stands_for, given }
    }
}

/// Copies formulas into a graph of their own.
struct Copy<'a> {
    g: &'a Graph,
    graph: &'a mut Graph,
    pieces: &'a BTreeMap<Expr, String>,
    /// What parts have become.
    simple: &'a HashMap<Expr, Expr>,
    /// Whether names of the file become variables.
    names: bool,
    new: HashMap<Expr, Expr>,
    stands_for: BTreeMap<String, Expr>,
}

impl Copy<'_> {
    /// The node itself is looked into, whatever it is called.
    fn open(&mut self, e: Expr) -> Expr {
        match self.g.node(e).clone() {
            Node::Apply(op, args) => {
                let args: Vec<Expr> = args.iter().map(|&a| self.term(a)).collect();
                self.graph.apply_as_written(op.0, &args).expect("a copy has the shape of the original")
            }
            _ => self.term(e),
        }
    }

    /// Whether a formula, looked into one level deep, has only variables that are there.
    fn speaks_of_same(&self, e: Expr) -> bool {
        let mut stack = self.g.args(e).to_vec();
        while let Some(x) = stack.pop() {
            let leaf = (self.names && self.g.name_of(x).is_some())
                || self.pieces.contains_key(&x)
                || matches!(self.g.node(x), Node::Var(_));
            match leaf {
                true if !self.new.contains_key(&x) => return false,
                true => {}
                false => stack.extend(self.g.args(x)),
            }
        }
        true
    }

    /// A node inside: names and parts become variables.
    fn term(&mut self, e: Expr) -> Expr {
        if let Some(&x) = self.new.get(&e) {
            return x;
        }
        let g = self.g;
        let out = match g.node(e) {
            Node::Var(name) => self.variable(name.clone(), e),
            Node::Number(n) => self.graph.number(*n),
            Node::Dim(d) => self.graph.dim(d),
            Node::Apply(..) => match g.name_of(e).filter(|_| self.names) {
                Some(name) => self.variable(name.to_owned(), e),
                None => match self.pieces.get(&e) {
                    Some(name) => self.part(name.clone(), *self.simple.get(&e).unwrap_or(&e)),
                    None => self.open(e),
                },
            },
        };
        self.new.insert(e, out);
        out
    }

    /// A part: a variable, with the scalar factors of the part in front, so that they can be collected.
    fn part(&mut self, name: String, e: Expr) -> Expr {
        let g = self.g;
        match g.args_of(e, &SCALE) {
            Some(&[s, rest]) if speaks_of_sizes(g, s) && !g.is_scalar(rest) => {
                let (s, rest) = (self.open(s), self.part(name, rest));
                self.graph.apply_as_written(&SCALE, &[s, rest]).expect("a scalar factor fits everything")
            }
            _ => self.variable(name, e),
        }
    }

    fn variable(&mut self, name: String, e: Expr) -> Expr {
        let x = self.graph.declare(&name, self.g.shape(e).clone(), Kind::Const);
        for (fact, _) in Fact::ALL {
            if self.g.facts(e).has(fact) {
                self.graph.assume(x, fact);
            }
        }
        self.stands_for.insert(name, e);
        x
    }
}

/// Whether a scalar is made of numbers and sizes alone.
fn speaks_of_sizes(g: &Graph, s: Expr) -> bool {
    match g.node(s) {
        Node::Var(_) => false,
        Node::Number(_) | Node::Dim(_) => true,
        Node::Apply(_, args) => g.is_scalar(s) && args.iter().all(|&a| speaks_of_sizes(g, a)),
    }
}

/// A formula of a part's graph in the whole graph.
fn back(g: &mut Graph, from: &Graph, e: Expr, stands_for: &BTreeMap<String, Expr>) -> Expr {
    let mut new: HashMap<Expr, Expr> = HashMap::new();
    for u in from.reachable(&[e]) {
        let v = match from.node(u) {
            Node::Var(name) => stands_for[name],
            Node::Number(n) => g.number(*n),
            Node::Dim(d) => g.dim(d),
            Node::Apply(op, args) => {
                let args: Vec<Expr> = args.iter().map(|a| new[a]).collect();
                g.apply_as_written(op.0, &args).expect("what stands for a variable has its shape")
            }
        };
        new.insert(u, v);
    }
    new[&e]
}
