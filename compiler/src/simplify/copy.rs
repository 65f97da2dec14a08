//! Copies of formulas in a graph of their own, where what is not looked into is a variable; and from there into others.

use super::proof::Reason;
use crate::{
    dim::Dim,
    expr::{Expr, Graph, Kind, Node},
    ops::scale::SCALE,
};
use std::collections::{BTreeMap, HashMap};

/// The parts that formulas are taken apart into.
#[derive(Default)]
pub(super) struct Parts {
    /// What each is called.
    pub(super) names: BTreeMap<Expr, String>,
    /// What those that were simplified have become.
    pub(super) new: HashMap<Expr, Expr>,
}

impl Parts {
    /// The simplest that is known of a part.
    pub(super) fn simple(&self, e: Expr) -> Expr {
        *self.new.get(&e).unwrap_or(&e)
    }
}

/// Copies formulas into a graph of their own.
pub(super) struct Copy<'a> {
    g: &'a Graph,
    /// The copies.
    pub(super) graph: Graph,
    /// Where formulas are cut off; nowhere, if they are copied whole.
    cut: Option<&'a Parts>,
    new: HashMap<Expr, Expr>,
    /// What variables stand for.
    pub(super) stands_for: BTreeMap<String, Expr>,
}

impl<'a> Copy<'a> {
    /// An empty graph for copies of formulas of another; with parts, these and names of the file become variables.
    pub(super) fn of(g: &'a Graph, cut: Option<&'a Parts>) -> Copy<'a> {
        Copy { g, graph: Graph::default(), cut, new: HashMap::new(), stands_for: BTreeMap::new() }
    }

    /// Whether a node is a variable of the copy.
    fn is_cut(&self, e: Expr) -> bool {
        self.cut.is_some_and(|parts| self.g.name_of(e).is_some() || parts.names.contains_key(&e))
    }

    /// Whether a node has a copy.
    pub(super) fn knows(&self, e: Expr) -> bool {
        self.new.contains_key(&e)
    }

    /// Names of the file, but that of `p`, with their definitions one level deep, where these speak of nothing but what has been
    /// copied.
    pub(super) fn definitions(&mut self, p: Expr) -> Vec<(Reason, Expr, Expr)> {
        let defined: Vec<Expr> = self.g.names().map(|x| x.0).filter(|&e| e != p && self.speaks_of_same(e)).collect();
        let mut out = vec![];
        for e in defined {
            let variable = self.term(e);
            out.push((Reason::Definition, self.open(e), variable));
        }
        out
    }

    /// The equations that speak of nothing but what has been copied.
    pub(super) fn assumptions(&mut self, equations: &[(Expr, Expr)]) -> Vec<(Reason, Expr, Expr)> {
        let mut out = vec![];
        for &(x, y) in equations {
            if self.speaks_of_same(x) && self.speaks_of_same(y) {
                out.push((Reason::Assumption, self.term(x), self.term(y)));
            }
        }
        out
    }

    /// The node itself is looked into, whatever it is called.
    pub(super) fn open(&mut self, e: Expr) -> Expr {
        match self.g.node(e).clone() {
            Node::Apply(op, args) => {
                let args: Vec<Expr> = args.iter().map(|&a| self.term(a)).collect();
                self.graph.apply_as_written(op.0, &args).expect("a copy has the shape of the original")
            }
            _ => self.term(e),
        }
    }

    /// Whether a formula, looked into one level deep, has only variables that are there.
    pub(super) fn speaks_of_same(&self, e: Expr) -> bool {
        let mut stack = self.g.args(e).to_vec();
        while let Some(x) = stack.pop() {
            match self.is_cut(x) || matches!(self.g.node(x), Node::Var(_)) {
                true if !self.new.contains_key(&x) => return false,
                true => {}
                false => stack.extend(self.g.args(x)),
            }
        }
        true
    }

    /// A node inside: names and parts become variables.
    pub(super) fn term(&mut self, e: Expr) -> Expr {
        if let Some(&x) = self.new.get(&e) {
            return x;
        }
        let g = self.g;
        let out = match g.node(e) {
            Node::Var(name) => self.variable(name.clone(), e),
            Node::Number(n) => self.graph.number(*n),
            Node::Dim(d) => self.graph.dim(d),
            Node::Apply(..) => match (g.name_of(e), self.cut) {
                (Some(name), Some(_)) => self.variable(name.to_owned(), e),
                (None, Some(parts)) if parts.names.contains_key(&e) => self.part(parts.names[&e].clone(), parts.simple(e)),
                _ => self.open(e),
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
        self.graph.assume_all(x, self.g.facts(e));
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

/// Formulas of one graph in another, as they are written, with new sizes, and for each variable what stands for it.
pub(super) fn carried(
    from: &Graph,
    roots: &[Expr],
    to: &mut Graph,
    sizes: &BTreeMap<String, Dim>,
    variable: &mut dyn FnMut(&mut Graph, &str, Expr) -> Expr,
) -> HashMap<Expr, Expr> {
    let mut new: HashMap<Expr, Expr> = HashMap::new();
    for e in from.reachable(roots) {
        let x = match from.node(e) {
            Node::Var(name) => variable(to, name, e),
            Node::Number(n) => to.number(*n),
            Node::Dim(d) => to.dim(&d.rename(sizes)),
            Node::Apply(op, args) => {
                let args: Vec<Expr> = args.iter().map(|a| new[a]).collect();
                to.apply_as_written(op.0, &args).expect("what stands for a variable has its shape")
            }
        };
        new.insert(e, x);
    }
    new
}
