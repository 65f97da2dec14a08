//! Parts that have been simplified, for all that are equal to them up to the names of their variables and sizes.
//!
//! The layers of a network are alike, and so are the parts of its Hessian: what was found of one part holds of every other of the
//! same form, with other names.

use super::{
    Stop,
    copy::carried,
    proof::{Proof, Reason, Step},
};
use crate::{
    dim::Dim,
    expr::{Expr, Facts, Graph, Kind, Node, Shape},
};
use std::collections::{BTreeMap, HashMap};

/// A formula and what is given with it, whatever its variables and sizes are called: nodes as they come up in a copy, variables
/// and sizes by number.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Form {
    nodes: Vec<Node>,
    variables: Vec<(Shape, Facts)>,
    root: Expr,
    given: Vec<(Reason, Expr, Expr)>,
}

/// What the variables and sizes of a form are called.
#[derive(Clone)]
pub(super) struct Names {
    variables: Vec<String>,
    sizes: BTreeMap<String, Dim>,
}

/// The form of a copy, and its names; with `sized`, parts of one form have sizes of the same names.
pub(super) fn form(g: &Graph, root: Expr, given: &[(Reason, Expr, Expr)], sized: bool) -> (Form, Names) {
    let mut names = Names { variables: vec![], sizes: BTreeMap::new() };
    let mut form = Form { nodes: vec![], variables: vec![], root, given: given.to_vec() };
    for e in g.iter() {
        let node = match g.node(e) {
            Node::Var(name) => {
                let Shape { rows, cols } = g.shape(e);
                form.variables.push((Shape::new(names.number(rows, sized), names.number(cols, sized)), g.facts(e)));
                names.variables.push(name.clone());
                Node::Var(String::new())
            }
            Node::Dim(d) => Node::Dim(names.number(d, sized)),
            other => other.clone(),
        };
        form.nodes.push(node);
    }
    (form, names)
}

impl Names {
    /// A size with numbers for names, in the order in which they come up.
    fn number(&mut self, d: &Dim, sized: bool) -> Dim {
        for name in d.names() {
            let new = if sized { name.to_owned() } else { self.sizes.len().to_string() };
            self.sizes.entry(name.to_owned()).or_insert_with(|| Dim::symbol(&new));
        }
        d.rename(&self.sizes)
    }

    /// What names become where a form is called otherwise.
    fn to(&self, other: &Names) -> Renaming {
        let theirs: BTreeMap<&Dim, &String> = other.sizes.iter().map(|(name, number)| (number, name)).collect();
        Renaming {
            variables: self.variables.iter().cloned().zip(other.variables.iter().cloned()).collect(),
            sizes: self.sizes.iter().map(|(name, number)| (name.clone(), Dim::symbol(theirs[number]))).collect(),
        }
    }
}

/// Old names, and new.
struct Renaming {
    variables: BTreeMap<String, String>,
    sizes: BTreeMap<String, Dim>,
}

/// What was found of the first part of a form.
pub(super) struct Found {
    /// What the part calls its variables and sizes.
    pub(super) names: Names,
    /// The proof, in these names.
    pub(super) proof: Proof,
    /// Why the search ended.
    pub(super) stop: Stop,
    /// Nodes of its e-graph.
    pub(super) nodes: usize,
}

/// Forms, and what was found of them.
pub(super) type Memory = HashMap<Form, Found>;

impl Found {
    /// The proof for a part of the same form, in the names of that part.
    pub(super) fn proof(&self, names: &Names) -> Proof {
        let (to, old) = (self.names.to(names), &self.proof);
        let mut roots = vec![old.start, old.end];
        roots.extend(old.steps.iter().flat_map(|s| [s.before, s.after]));
        roots.extend(old.given.iter().flat_map(|x| [x.1, x.2]));
        let mut graph = Graph::default();
        let new = carried(&old.graph, &roots, &mut graph, &to.sizes, &mut |g, name, e| {
            let Shape { rows, cols } = old.graph.shape(e);
            let x = g.declare(&to.variables[name], Shape::new(rows.rename(&to.sizes), cols.rename(&to.sizes)), Kind::Const);
            g.assume_all(x, old.graph.facts(e));
            x
        });
        let step = |s: &Step| Step { before: new[&s.before], after: new[&s.after], ..s.clone() };
        Proof {
            start: new[&old.start],
            end: new[&old.end],
            steps: old.steps.iter().map(step).collect(),
            given: old.given.iter().map(|(r, x, y)| (r.clone(), new[x], new[y])).collect(),
            graph,
        }
    }
}
