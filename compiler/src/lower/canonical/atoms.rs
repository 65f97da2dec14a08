//! Atoms: tensors that stand for values of functions, named by the index forms of their arguments, and what is known of them.

use super::{
    IndexForm, label,
    label::permutations,
    rule::Rule,
    size::{below, multiply},
};
use crate::{
    dim::Dim,
    expr::{Expr, Fact, Facts},
    index::{Letter, Source, TensorId},
    lower::{
        Lower, row_major,
        view::{COL, Factor, ROW, Slot, Term, View},
    },
    number::Number,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

/// What an atom is the value of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    pub(super) op: &'static str,
    pub(super) numbers: Vec<Number>,
    pub(super) dims: Vec<Dim>,
    pub(super) arguments: Vec<IndexForm>,
}

impl Origin {
    pub(super) fn new(op: &'static str, arguments: Vec<IndexForm>) -> Origin {
        Origin { op, numbers: vec![], dims: vec![], arguments }
    }
}

/// What is known of a tensor.
#[derive(Clone, Default)]
pub(super) struct About {
    /// The operation it is the value of, or empty.
    pub(super) op: &'static str,
    /// Every entry is above zero wherever the formula is defined.
    pub(super) positive: bool,
    /// Every entry is at least zero.
    pub(super) nonnegative: bool,
    pub(super) symmetric: bool,
    pub(super) orthogonal: bool,
    /// The entries of every row sum to one.
    pub(super) stochastic: bool,
    /// The tensor and the power of its entries that this is.
    pub(super) power: Option<(TensorId, Number)>,
    /// The size and its power that this is.
    pub(super) size: Option<(String, Number)>,
    /// The sum that this stands for.
    pub(super) value: Option<Rc<View>>,
    /// What may take the place of it with its leading term beside it.
    pub(super) rule: Option<Rc<Rule>>,
    /// Of `unit(A)`: A by a number, and the scalar sum of which the root is the norm by that number.
    pub(super) unit: Option<(Rc<View>, TensorId)>,
    /// Of centered rows, their deviations.
    pub(super) deviation: Option<TensorId>,
}

impl About {
    /// What the facts of a node say of its tensor.
    pub(super) fn from_facts(op: &'static str, facts: Facts) -> About {
        About {
            op,
            positive: facts.has(Fact::Positive),
            nonnegative: facts.has(Fact::NonNegative),
            symmetric: facts.has(Fact::Symmetric),
            orthogonal: facts.has(Fact::Orthogonal),
            stochastic: facts.has(Fact::RowStochastic),
            ..About::default()
        }
    }
}

/// The atoms met so far, and how functions are written.
#[derive(Default)]
pub(in crate::lower) struct Atoms {
    pub(super) by_origin: BTreeMap<Origin, TensorId>,
    pub(super) about: HashMap<TensorId, About>,
    pub(super) powers: BTreeMap<(TensorId, Number), TensorId>,
    pub(super) sizes: BTreeMap<(String, Number), TensorId>,
    pub(super) dims: label::Dims,
    /// Polynomials of sizes by their writing.
    pub(super) composites: BTreeMap<String, Dim>,
    /// Variables written as centered rows plus means.
    pub(super) centered: BTreeSet<Expr>,
    /// Whether a sigmoid is written by exponentials.
    pub(super) by_exponentials: bool,
    /// Arguments A of norms below the line, so not zero, of which `unit(A)` is A by its norm.
    pub(super) nonzero: BTreeSet<Expr>,
    /// Arguments of an inverse.
    pub(super) inverted: BTreeSet<Expr>,
}

impl Lower<'_> {
    pub(super) fn book(&self) -> &Atoms {
        self.atoms.as_ref().expect("formulas are compared here")
    }
    pub(super) fn book_mut(&mut self) -> &mut Atoms {
        self.atoms.as_mut().expect("formulas are compared here")
    }
    pub(super) fn about(&self, t: TensorId) -> Option<&About> {
        self.book().about.get(&t)
    }
    pub(super) fn is_op(&self, t: TensorId, op: &str) -> bool {
        self.about(t).is_some_and(|a| a.op == op)
    }

    /// The tensor of an origin, and whether it is new.
    pub(super) fn intern(&mut self, origin: Origin, shape: Vec<Dim>, about: About) -> (TensorId, bool) {
        if let Some(&t) = self.book().by_origin.get(&origin) {
            return (t, false);
        }
        let t = self.program.tensor(shape, Source::Computed);
        let book = self.book_mut();
        book.by_origin.insert(origin, t);
        book.about.insert(t, about);
        (t, true)
    }

    /// A view whose structure does not fit its neighbours: a tensor named by its form.
    pub(in crate::lower) fn dense_atom(&mut self, view: &View, shape: Vec<Dim>) -> TensorId {
        let form = self.form(view);
        let origin = Origin { dims: shape.clone(), ..Origin::new("", vec![form]) };
        self.intern(origin, shape, About::default()).0
    }

    /// The tensor and the power of its entries that a tensor is.
    pub(super) fn base_power(&self, t: TensorId) -> (TensorId, Number) {
        self.about(t).and_then(|a| a.power).unwrap_or((t, Number::ONE))
    }

    /// The entries of a tensor to a power.
    pub(super) fn power_tensor(&mut self, base: TensorId, p: Number) -> TensorId {
        if p.is_one() {
            return base;
        }
        if let Some(&t) = self.book().powers.get(&(base, p)) {
            return t;
        }
        let shape = self.program.tensors[base.0].shape.clone();
        let t = self.program.tensor(shape, Source::Computed);
        let known = self.about(base).cloned().unwrap_or_default();
        let about = About {
            op: "power",
            power: Some((base, p)),
            positive: known.positive,
            nonnegative: known.nonnegative,
            symmetric: known.symmetric,
            ..About::default()
        };
        let book = self.book_mut();
        book.powers.insert((base, p), t);
        book.about.insert(t, about);
        t
    }

    /// Whether the entries of a view are those of its terms: no delta, no box, all letters of the positions distinct.
    pub(super) fn is_full(&self, view: &View) -> bool {
        view.terms.iter().all(|t| {
            t.free.iter().enumerate().all(|(k, s)| {
                let whole = s.letter().filter(|l| s.offset == Dim::default() && *self.extent(*l) == view.sizes[k].0);
                whole.is_some_and(|l| t.free[..k].iter().all(|r| !r.has(l)))
            })
        })
    }

    /// A function of an entry, as an atom over the positions on which the entry depends, in an order of its own; the view
    /// must be full. The result is a factor over the letters given for all positions.
    pub(super) fn entry_atom(
        &mut self,
        op: &'static str,
        numbers: &[Number],
        view: &View,
        about: About,
        letters: &[Letter],
    ) -> Factor {
        let depends =
            |k: usize| view.terms.iter().any(|t| t.factors.iter().any(|f| f.strides.iter().any(|(l, _)| t.free[k].has(*l))));
        let used: Vec<usize> = (0..view.sizes.len()).filter(|&k| depends(k)).collect();
        let mut orders = vec![];
        if used.len() <= 4 {
            permutations(std::slice::from_ref(&used), &mut vec![], &mut |o| orders.push(o.to_vec()));
        } else {
            orders.push(used);
        }
        let reordered = |order: &[usize]| View {
            sizes: order.iter().map(|&k| (view.sizes[k].0.clone(), ROW)).collect(),
            terms: view
                .terms
                .iter()
                .map(|t| Term { free: order.iter().map(|&k| t.free[k].clone()).collect(), ..t.clone() })
                .collect(),
        };
        let mut best: Option<(IndexForm, Vec<usize>)> = None;
        for order in orders {
            let form = self.form(&reordered(&order));
            if best.as_ref().is_none_or(|b| form < b.0) {
                best = Some((form, order));
            }
        }
        let (form, order) = best.expect("there is at least one order");
        // its own order has no rows and columns
        let about = About { stochastic: false, orthogonal: false, ..about };
        let shape: Vec<Dim> = order.iter().map(|&k| view.sizes[k].0.clone()).collect();
        let strides = row_major(&shape);
        let origin = Origin { numbers: numbers.to_vec(), ..Origin::new(op, vec![form]) };
        let (tensor, new) = self.intern(origin, shape, about);
        if new && op == VALUE {
            let body = reordered(&order);
            let rule = self.rule(&body, body.sizes.len());
            let about = self.book_mut().about.get_mut(&tensor).expect("it was just put there");
            about.value = Some(Rc::new(body));
            about.rule = rule.map(Rc::new);
        }
        Factor { tensor, strides: order.iter().map(|&k| letters[k]).zip(strides).collect(), offset: Dim::default() }
    }

    /// New letters for the positions of a view.
    pub(super) fn letters(&mut self, view: &View) -> Vec<Letter> {
        let sizes: Vec<Dim> = view.sizes.iter().map(|p| p.0.clone()).collect();
        sizes.into_iter().map(|d| self.letter(d)).collect()
    }

    /// A view of one product over full positions.
    pub(super) fn product_view(&self, like: &View, letters: Vec<Letter>, coefficient: Number, factors: Vec<Factor>) -> View {
        let free = letters.into_iter().map(Slot::full).collect();
        View { sizes: like.sizes.clone(), terms: vec![Term { coefficient, free, factors }] }
    }

    /// The tensor that a view is, entry for entry.
    pub(super) fn plain(&self, view: &View) -> Option<TensorId> {
        let [t] = view.terms.as_slice() else { return None };
        let [f] = t.factors.as_slice() else { return None };
        let sizes: Vec<Dim> = view.sizes.iter().map(|p| p.0.clone()).collect();
        let letters: Vec<Letter> = t.free.iter().map(sole).collect();
        (t.coefficient.is_one() && self.is_full(view) && self.axes(f, &sizes)? == letters).then_some(f.tensor)
    }

    /// The transpose.
    pub(super) fn turned(&self, view: &View) -> View {
        let (rows, cols) = (view.positions(ROW), view.positions(COL));
        let order: Vec<usize> = cols.iter().chain(&rows).copied().collect();
        let sizes = cols
            .iter()
            .map(|&k| (view.sizes[k].0.clone(), ROW))
            .chain(rows.iter().map(|&k| (view.sizes[k].0.clone(), COL)))
            .collect();
        let turn = |t: &Term| Term { free: order.iter().map(|&k| t.free[k].clone()).collect(), ..t.clone() };
        View { sizes, terms: view.terms.iter().map(turn).collect() }
    }

    /// A view with number and common powers of sizes taken out in front: `view = c · sizes · body`; not of zero.
    pub(super) fn content(&mut self, view: &View) -> (Number, super::size::Sizes, View) {
        let mut parts = vec![];
        for t in &view.terms {
            let (sizes, factors) = self.sized(t);
            parts.push((sizes, Term { factors, ..t.clone() }));
        }
        let mut common = parts[0].0.clone();
        for (sizes, _) in &parts[1..] {
            let names: BTreeSet<String> = common.keys().chain(sizes.keys()).cloned().collect();
            let p = |s: &super::size::Sizes, n: &str| s.get(n).copied().unwrap_or(Number::ZERO);
            let least = |n: &String| {
                let (a, b) = (p(&common, n), p(sizes, n));
                if below(b, a) { b } else { a }
            };
            common = names.iter().map(|n| (n.clone(), least(n))).filter(|x| !x.1.is_zero()).collect();
        }
        let mut terms = vec![];
        for (mut sizes, mut t) in parts {
            common.iter().for_each(|(n, p)| multiply(&mut sizes, n, -*p));
            for (n, p) in sizes {
                let f = self.size_factor(&n, p);
                t.factors.push(f);
            }
            terms.push(t);
        }
        let mut body = View { sizes: view.sizes.clone(), terms };
        let form = self.form(&body);
        let Some((_, &c)) = form.terms.iter().next() else { return (Number::ONE, common, body) };
        for t in &mut body.terms {
            t.coefficient = t.coefficient / c;
        }
        (c, common, body)
    }
}

/// The operation of an atom that is the sum it is named by.
pub(super) const VALUE: &str = " value";

/// The letter of a position that is full.
pub(super) fn sole(s: &Slot) -> Letter {
    s.letter().expect("a full position is one letter")
}
