//! Proofs of `small <= large`: the calculus bounds the small side, and its bound is at most the large side term by term, since
//! norms bound each other, sizes are at least 1, and what is assumed holds; or the same of the squares.
//!
//! Constants are compared to a relative 1e-13, which their rounding stays below.

mod compare;
mod exact;
mod expand;

use super::{
    assume,
    calculus::{Calculus, Symbols},
    formula::Formula,
    print,
};
use crate::{
    expr::{Expr, Graph, Node},
    number::Number,
    print::Format,
    syntax::Model,
};
use compare::Larger;
use exact::exact;
use expand::{Monomial, Posynomial, Side};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

/// Constants are equal if they differ by less.
const ROUNDING: f64 = 1e-13;

/// The steps of a proof that one scalar is at most another under what the model assumes; `None` if none is found.
pub fn prove(model: &mut Model, small: Expr, large: Expr) -> Option<Vec<String>> {
    let mut c = Calculus::new(Symbols::Data);
    c.book.keep_more();
    c.wide = true;
    let inner: HashMap<Expr, Expr> = model.held.iter().filter_map(|(n, &e)| Some((model.graph.variable(n)?.expr, e))).collect();
    c.held = definitions(model, &inner);
    assume(&mut c, model);
    let large_is = exact(&mut c, &mut model.graph, large)?;
    // what is named is known before the small side is, so that its norms are taken for no larger than their bounds
    for e in c.named.clone() {
        c.norms(&mut model.graph, e);
    }
    c.name_derivatives(&mut model.graph, &inner);
    let small_is = c.scalar(&mut model.graph, small);
    if c.book.gap(small_is).is_some() {
        return None;
    }
    let two = Number::int(2);
    let squares = (c.book.power(small_is, two), c.book.power(large_is, two));
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
    for (squared, (small_is, large_is)) in [(false, (small_is, large_is)), (true, squares)] {
        p.total = 0;
        let goals = p.alternatives(large_is, Side::Large);
        for side in p.alternatives(small_is, Side::Small) {
            for goal in &goals {
                p.steps = 0;
                if let Some(matched) = p.at_most(&side, goal) {
                    return Some(p.told(small, squared, &side, goal, &matched));
                }
            }
        }
    }
    None
}

/// What names stand for: those held fixed, and those assumed equal to something that does not depend on them.
fn definitions(model: &Model, held: &HashMap<Expr, Expr>) -> HashMap<Expr, Expr> {
    let (g, mut out) = (&model.graph, held.clone());
    for (a, b) in model.equations() {
        for (x, e) in [(a, b), (b, a)] {
            if matches!(g.node(x), Node::Var(_)) && !out.contains_key(&x) && !depends(g, e, x, &out) {
                out.insert(x, e);
                break;
            }
        }
    }
    out
}

/// Whether a name is in an expression, or in what the names in it stand for.
fn depends(g: &Graph, e: Expr, x: Expr, known: &HashMap<Expr, Expr>) -> bool {
    g.reachable(&[e]).into_iter().any(|u| u == x || known.get(&u).is_some_and(|&d| depends(g, d, x, known)))
}

struct Prover<'a> {
    c: &'a mut Calculus,
    g: &'a mut Graph,
    targets: BTreeSet<Formula>,
    expanded: HashMap<(Formula, Number, Side), Vec<Posynomial>>,
    larger: HashMap<Formula, Rc<Larger>>,
    /// Steps of the search in hand, and of all.
    steps: usize,
    total: usize,
    /// Whether a chain was given up for its length.
    cut: bool,
}

impl Prover<'_> {
    /// The proof in lines.
    fn told(
        &mut self,
        small: Expr,
        squared: bool,
        side: &Posynomial,
        goal: &Posynomial,
        matched: &[(usize, f64)],
    ) -> Vec<String> {
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
        let left = if squared { format!("({left})^2") } else { left };
        let sum = if terms.is_empty() { "0".to_owned() } else { terms.join(" + ") };
        let mut out = vec![format!("{left} <= {sum}, by the calculus of norms")];
        for (t, &(j, share)) in terms.iter().zip(matched) {
            out.push(format!("{t} <= {:.6} times {}", share, goals[j]));
        }
        out
    }
}
