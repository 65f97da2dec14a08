//! The index form of a formula: a sum of products of tensors over letters, in one canonical writing.
//!
//! Two formulas with the same index form are equal for all sizes, and for all data at which both are defined: `⊗`, `I`, `K`,
//! `diag`, `vec_r`, transposes, slices and distributivity have dissolved into letters. Values of functions are atoms, named
//! by the index form of their arguments, and what is known of functions is used on the way: powers of equal entries add,
//! rows of a softmax sum to one, an inverse next to its argument is a delta, and so on.

mod atoms;
mod clear;
mod entry;
mod fact;
mod inverse;
mod label;
mod norm;
mod power;
mod rows;
mod rule;
mod size;

pub(super) use atoms::Atoms;

use super::{
    Lower,
    view::{Term, View},
};
use crate::{
    dim::Dim,
    expr::{Expr, Fact, Graph, Meaning, Node},
    index::{Program, TensorId},
    number::Number,
    ops::{exp::EXP, inv::INV, layernorm::LAYERNORM, normf::NORMF, power::POWER, rowstd::ROWSTD},
};
use atoms::About;
use label::DimId;
use size::Sizes;
use std::collections::{BTreeMap, HashMap};

/// A canonical sum of products; equal forms are equal formulas.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct IndexForm {
    /// Sizes of the positions: rows, then columns.
    shape: Vec<Dim>,
    /// Each product with its coefficient.
    terms: BTreeMap<Key, Number>,
}

impl IndexForm {
    /// Number of products.
    pub fn len(&self) -> usize {
        self.terms.len()
    }
    /// Whether it is zero.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

/// A tensor with the stride of each numbered letter, and an offset.
type Place = (TensorId, Vec<(usize, DimId)>, DimId);

/// The letters of a free slot with their strides, and an offset.
type Index = (Vec<(usize, DimId)>, DimId);

/// One product: powers of sizes, extents of its letters, free slots, factors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    sizes: Sizes,
    extents: Vec<DimId>,
    free: Vec<Index>,
    factors: Vec<Place>,
}

/// Most products that are multiplied out.
const MOST_TERMS: usize = 4000;

/// The index forms of formulas of one graph, comparable with each other; `None` where one grows beyond what is multiplied
/// out. Rows that stand for formulas, and derivatives, must have been expanded.
pub fn index_form(g: &Graph, roots: &[Expr]) -> Vec<Option<IndexForm>> {
    let order = g.reachable(roots);
    let is_variable = |a: Expr| matches!(g.node(a), Node::Var(_)) && !g.facts(a).has(Fact::Symmetric);
    let centered = order.iter().filter_map(|&e| match (g.args_of(e, &LAYERNORM), g.args_of(e, &ROWSTD)) {
        (Some(&[a]), _) | (_, Some(&[a])) if is_variable(a) => Some(a),
        _ => None,
    });
    let below = order.iter().filter_map(|&e| {
        let &[x, p] = g.args_of(e, &POWER)? else { return None };
        let negative = g.as_number(p).is_some_and(Number::is_negative);
        g.args_of(x, &NORMF).filter(|_| negative).map(|a| a[0])
    });
    let atoms = Atoms {
        centered: centered.collect(),
        by_exponentials: order.iter().any(|&e| g.args_of(e, &EXP).is_some()),
        nonzero: below.collect(),
        inverted: order.iter().filter_map(|&e| Some(g.args_of(e, &INV)?[0])).collect(),
        ..Atoms::default()
    };
    let mut l = Lower { g, program: Program::default(), extents: vec![], inputs: BTreeMap::new(), atoms: Some(atoms) };
    let mut views: HashMap<Expr, Option<View>> = HashMap::new();
    for e in order {
        if matches!(g.node(e), Node::Dim(_)) {
            continue;
        }
        let arguments = || g.args(e).iter().copied().filter(|&a| !matches!(g.node(a), Node::Dim(_)));
        let known: HashMap<Expr, View> = arguments().filter_map(|a| Some((a, views[&a].clone()?))).collect();
        let complete = arguments().all(|a| known.contains_key(&a));
        let product = arguments().filter_map(|a| known.get(&a)).try_fold(1, |n: usize, v| n.checked_mul(v.terms.len()));
        let sum = matches!(g.node(e), Node::Apply(op, _) if matches!(op.0.meaning, Meaning::Sum));
        let small = sum || product.is_some_and(|n| n <= MOST_TERMS);
        let view = (complete && small).then(|| l.comparable(e, &known));
        views.insert(e, view.filter(|v| v.terms.len() <= MOST_TERMS));
    }
    // positions of all roots are split alike, so that forms can be compared
    let parts: Option<Vec<(Expr, View)>> = roots.iter().map(|r| Some((*r, views[r].clone()?))).collect();
    if let Some(parts) = parts
        && let Ok(aligned) = l.align_sum(&parts)
    {
        let forms: Vec<Option<IndexForm>> = aligned.iter().map(|v| Some(l.form(v))).collect();
        if forms.windows(2).any(|w| w[0] != w[1])
            && let Some(cleared) = l.cleared(roots[0], &aligned)
        {
            return cleared.iter().map(|v| Some(l.form(v))).collect();
        }
        return forms;
    }
    roots.iter().map(|r| views[r].clone().map(|v| l.form(&v))).collect()
}

impl Lower<'_> {
    /// The view of a node, in terms to which no fact applies.
    fn comparable(&mut self, e: Expr, known: &HashMap<Expr, View>) -> View {
        let view = self.node(e, known);
        let Node::Var(name) = self.g.node(e) else { return self.collected(view) };
        let tensor = self.inputs[name];
        let about = About::from_facts("", self.g.facts(e));
        self.book_mut().about.insert(tensor, about);
        if self.book().centered.contains(&e) { self.by_means(&view) } else { view }
    }

    /// Equal products added up, so that sums do not grow.
    fn collected(&mut self, view: View) -> View {
        let mut by_key: BTreeMap<Key, (Term, Number)> = BTreeMap::new();
        for t in view.terms {
            for (key, c, t) in self.keys(&t) {
                let entry = by_key.entry(key).or_insert((t, Number::ZERO));
                entry.1 = entry.1 + c;
            }
        }
        let terms = by_key.into_values().filter(|(_, c)| !c.is_zero()).map(|(t, c)| Term { coefficient: c, ..t }).collect();
        View { sizes: view.sizes, terms }
    }

    fn form(&mut self, view: &View) -> IndexForm {
        let mut terms: BTreeMap<Key, Number> = BTreeMap::new();
        for t in &view.terms {
            for (key, c, _) in self.keys(t) {
                let sum = terms.get(&key).map_or(c, |&d| d + c);
                terms.insert(key, sum);
            }
        }
        terms.retain(|_, c| !c.is_zero());
        IndexForm { shape: view.sizes.iter().map(|p| p.0.clone()).collect(), terms }
    }
}
