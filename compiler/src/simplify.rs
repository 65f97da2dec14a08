//! Simplification: what differentiation yields becomes what a person would have written, with a proof.
//!
//! Assumes: formulas without derivatives. Guarantees: the value is kept (each result is compared with what it came from over a
//! prime field and in double precision, and given up where that fails); the same input gives the same result. A formula is
//! taken apart into named parts, and each part is simplified on its own, with the parts and names inside it as variables. Parts
//! that are the same up to the names of variables and sizes share one search, so the work for each block of a Hessian falls with
//! the depth of the network: its layers are alike.

mod copy;
mod cost;
mod explain;
mod gate;
mod marked;
mod memory;
mod proof;
mod prove;
mod rule;
mod saturate;

pub use explain::{explain, steps};
pub use marked::{Change, Derivation, Marked, derivation};
pub use proof::{Flaw, Proof, Reason, Step};
pub use prove::prove;
pub use rule::sides;
pub use saturate::{Limits, Stop};

use crate::{
    expr::{Expr, Graph, Node},
    print,
};
use copy::{Copy, Parts};
use memory::{Found, Memory, Names};
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
    /// Whether a part before it was the same up to the names of variables and sizes, so that there was nothing to search.
    pub again: bool,
    /// Why the result was given up, where it was.
    pub refused: Option<String>,
    /// The steps, if they were asked for and lead somewhere.
    pub proof: Option<Proof>,
    /// What the variables of the proof stand for, after simplification.
    pub parts: BTreeMap<String, Expr>,
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
    let mut cut: BTreeSet<Expr> = print::parts(g, roots);
    cut.extend(roots.iter().copied().filter(|&r| matches!(g.node(r), Node::Apply(..))));
    let names = print::fresh_names(g, &["P", "Q", "Part"], cut.len());
    let mut parts = Parts { names: cut.iter().copied().zip(names).collect(), new: HashMap::new() };
    let (mut memory, mut reports) = (Memory::new(), vec![]);
    for p in cut {
        let report = part(g, p, &parts, equations, settings, &mut memory);
        parts.new.insert(p, report.after);
        reports.push(report);
    }
    Simplified { roots: roots.iter().map(|&r| parts.simple(r)).collect(), reports }
}

/// Simplifies one part; the parts inside it have been.
fn part(g: &mut Graph, p: Expr, parts: &Parts, equations: &[(Expr, Expr)], settings: &Settings, memory: &mut Memory) -> Report {
    let mut copy = Copy::of(g, Some(parts));
    let root = copy.open(p);
    let mut given = copy.definitions(p);
    given.extend(copy.assumptions(equations));
    let Copy { graph, stands_for, .. } = copy;
    if matches!(settings.extraction, Extraction::Least(_)) {
        // such a cost may look at names
        memory.clear();
    }
    let sized = matches!(settings.extraction, Extraction::Cheapest(_));
    let (form, names) = memory::form(&graph, root, &given, sized);
    let again = memory.contains_key(&form);
    let found = memory.entry(form).or_insert_with(|| search(graph, root, given, names.clone(), settings));
    let (stop, nodes, mut proof) = (found.stop, found.nodes, found.proof(&names));
    let refused = gate::objection(&mut proof);
    let kept = if refused.is_some() { proof.start } else { proof.end };
    let after = copy::carried(&proof.graph, &[kept], g, &BTreeMap::new(), &mut |_, name, _| stands_for[name])[&kept];
    let proof = (settings.proofs && refused.is_none()).then_some(proof);
    Report { name: parts.names[&p].clone(), before: p, after, stop, nodes, again, refused, proof, parts: stands_for }
}

/// Searches for the best formula that is equal to one of a copy.
fn search(graph: Graph, root: Expr, given: Vec<(Reason, Expr, Expr)>, names: Names, settings: &Settings) -> Found {
    let mut search = Search::new(graph, settings.limits);
    search.add(root);
    for (reason, a, b) in given {
        search.state(reason, a, b);
    }
    let stop = search.run(None);
    let nodes = search.len();
    let end = match &settings.extraction {
        Extraction::Readable => search.cheapest(root),
        Extraction::Cheapest(sizes) => search.least(root, &|g, e| cost::arithmetic(g, sizes, e)),
        Extraction::Least(cost) => search.least(root, &**cost),
    };
    Found { names, proof: search.prove(root, end), stop, nodes }
}
