//! `lower`: a formula becomes a program over index letters; `⊗`, `I`, `K`, `diag`, `vec_r` and slices cost nothing.
//!
//! Assumes: rows that stand for formulas, and derivatives, have been expanded. Guarantees: no identity, commutation or
//! block-diagonal matrix is ever stored; a matrix is kept as a sum of terms, each a product of tensors over letters, where
//! a letter on both sides is a delta and a letter with an offset is a box of zeros around a smaller part.

mod align;
mod canonical;
mod view;

pub use canonical::{IndexForm, index_form};

use crate::{
    dim::Dim,
    expr::{Argument, Expr, Graph, Meaning, Node, Op},
    index::{Access, Contraction, Letter, Program, Source, Step, TensorId},
    number::Number,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use view::{Factor, Slot, Term, View};

/// Most terms and factors that are kept before a part is stored.
const TERMS: usize = 4;
const FACTORS: usize = 6;

/// Lowers the roots into one program with one dense result for each, sharing all common parts.
pub fn lower(g: &Graph, roots: &[Expr]) -> Program {
    lower_watching(g, roots, &HashSet::new())
}

/// The same; the program tells when one of the watched nodes is evaluated at a kink.
pub fn lower_watching(g: &Graph, roots: &[Expr], watched: &HashSet<Expr>) -> Program {
    let mut l = Lower { g, program: Program::default(), extents: vec![], inputs: BTreeMap::new(), atoms: None };
    // functions with kinks that were differentiated: their arguments are looked at, even where only a derivative is left
    let mut kinks = vec![];
    for &e in watched {
        if let Node::Apply(op, args) = g.node(e)
            && let Some(kink) = op.0.kink
        {
            kinks.push((e, op.0.name, args[0], kink));
        }
    }
    kinks.sort_unstable_by_key(|k| k.0);
    let all: Vec<Expr> = roots.iter().copied().chain(kinks.iter().map(|k| k.2)).collect();
    let order = g.reachable(&all);
    let mut uses: HashMap<Expr, usize> = HashMap::new();
    for &e in &order {
        for &a in g.args(e) {
            *uses.entry(a).or_default() += 1;
        }
    }
    for &r in &all {
        *uses.entry(r).or_default() += 1;
    }
    let mut views: HashMap<Expr, View> = HashMap::new();
    for &e in &order {
        if matches!(g.node(e), Node::Dim(_)) {
            continue;
        }
        let mut view = l.node(e, &views);
        let shared = uses.get(&e).copied().unwrap_or(0) > 1 && !view.is_cheap();
        if shared || view.terms.len() > TERMS || view.terms.iter().any(|t| t.factors.len() > FACTORS) {
            view = l.store(view, e);
        }
        views.insert(e, view);
        for &a in g.args(e) {
            // a view that nobody will read again is dropped
            if let Some(n) = uses.get_mut(&a) {
                *n -= 1;
                if *n == 0 {
                    views.remove(&a);
                }
            }
        }
    }
    for (_, name, a, kink) in kinks {
        let argument = l.dense(&views[&a].clone(), a);
        l.program.push(Step::Watch { name, argument, kink }, name);
    }
    for r in roots {
        let out = l.dense(&views[r].clone(), *r);
        l.program.outputs.push(out);
    }
    l.program
}

struct Lower<'g> {
    g: &'g Graph,
    program: Program,
    extents: Vec<Dim>,
    inputs: BTreeMap<String, TensorId>,
    /// Set where formulas are compared, not computed: nothing is stored, values of functions are atoms.
    atoms: Option<canonical::Atoms>,
}

impl Lower<'_> {
    /// A new letter of that extent.
    fn letter(&mut self, extent: Dim) -> Letter {
        self.extents.push(extent);
        Letter(u32::try_from(self.extents.len() - 1).expect("fewer than 2^32 letters"))
    }

    fn extent(&self, l: Letter) -> &Dim {
        &self.extents[l.0 as usize]
    }

    /// What messages and plans call a node.
    fn note(&self, e: Expr) -> String {
        match (self.g.name_of(e), self.g.node(e)) {
            (Some(name), _) => name.to_owned(),
            (None, Node::Apply(op, _)) => op.0.name.to_owned(),
            (None, Node::Var(v)) => v.clone(),
            _ => String::new(),
        }
    }

    fn node(&mut self, e: Expr, views: &HashMap<Expr, View>) -> View {
        let g = self.g;
        match g.node(e) {
            Node::Dim(_) => unreachable!("sizes have no view"),
            Node::Number(n) => View::scalar(*n),
            Node::Var(name) => {
                let shape = g.shape(e);
                let program = &mut self.program;
                let tensor = *self
                    .inputs
                    .entry(name.clone())
                    .or_insert_with(|| program.tensor(vec![shape.rows.clone(), shape.cols.clone()], Source::Input(name.clone())));
                self.view_of(tensor, &shape.rows, &shape.cols)
            }
            Node::Apply(op, args) => {
                let mut dims = vec![];
                let mut parts = vec![];
                let mut numbers = vec![];
                let signature = op.0.parsed();
                for (k, &a) in args.iter().enumerate() {
                    match g.node(a) {
                        Node::Dim(d) => dims.push(d.clone()),
                        Node::Number(n) if signature.arguments.get(k) == Some(&Argument::Number) => numbers.push(*n),
                        _ => parts.push((a, views[&a].clone())),
                    }
                }
                self.operation(e, op.0, parts, dims, numbers)
            }
        }
    }

    fn operation(
        &mut self,
        e: Expr,
        op: &'static Op,
        mut parts: Vec<(Expr, View)>,
        dims: Vec<Dim>,
        numbers: Vec<Number>,
    ) -> View {
        match &op.meaning {
            Meaning::Sum => self.sum(e, parts),
            Meaning::Contraction(text) => {
                let c = Contraction::parse(text);
                let product: usize = parts.iter().map(|p| p.1.terms.len()).product();
                if product > 2 * TERMS && self.atoms.is_none() {
                    for (a, view) in &mut parts {
                        if view.terms.len() > 1 && !view.is_cheap() {
                            *view = self.store(view.clone(), *a);
                        }
                    }
                }
                self.contraction(&c, parts, &dims)
            }
            Meaning::Slice => {
                let (a, view) = parts.remove(0);
                self.slice(a, view, &dims)
            }
            Meaning::Entrywise { .. } | Meaning::Rowwise(_) | Meaning::Function(_) if self.atoms.is_some() => {
                self.atom(e, op, parts, &dims, &numbers)
            }
            Meaning::Entrywise { value, .. } => {
                let (a, view) = parts.remove(0);
                let argument = self.dense(&view, a);
                let shape = self.g.shape(e).clone();
                let target = self.program.tensor(vec![shape.rows.clone(), shape.cols.clone()], Source::Computed);
                let step = Step::Map { name: op.name, values: value, parameters: numbers, argument, target };
                let note = self.note(e);
                self.program.push(step, &note);
                // the entry is known by the factors of the argument's own sizes
                self.view_like(target, &view, &shape.rows, &shape.cols)
            }
            Meaning::Rowwise(values) | Meaning::Function(values) => {
                let arguments = parts.iter().map(|(a, v)| self.dense(v, *a)).collect();
                let shape = self.g.shape(e).clone();
                let target = self.program.tensor(vec![shape.rows.clone(), shape.cols.clone()], Source::Computed);
                let note = self.note(e);
                self.program.push(Step::Call { name: op.name, values, arguments, sizes: dims, target }, &note);
                self.view_of(target, &shape.rows, &shape.cols)
            }
            Meaning::Formula(_) | Meaning::Derivative => {
                unreachable!("`{}` is expanded before it is lowered", op.name)
            }
        }
    }

    /// A stored m×n matrix as a view.
    fn view_of(&mut self, tensor: TensorId, rows: &Dim, cols: &Dim) -> View {
        let r = if rows.is_one() { vec![] } else { vec![rows.clone()] };
        let c = if cols.is_one() { vec![] } else { vec![cols.clone()] };
        self.stored(tensor, r, c)
    }

    /// A stored matrix, with its rows and columns split as those of another view of the same shape.
    fn view_like(&mut self, tensor: TensorId, like: &View, rows: &Dim, cols: &Dim) -> View {
        let product = |ds: &[Dim]| ds.iter().fold(Dim::constant(1), |a, b| &a * b);
        let (r, c) = (like.row_sizes(), like.col_sizes());
        if product(&r) == *rows && product(&c) == *cols { self.stored(tensor, r, c) } else { self.view_of(tensor, rows, cols) }
    }

    fn stored(&mut self, tensor: TensorId, rows: Vec<Dim>, cols: Vec<Dim>) -> View {
        let sizes: Vec<Dim> = rows.iter().chain(&cols).cloned().collect();
        let letters: Vec<Letter> = sizes.iter().map(|d| self.letter(d.clone())).collect();
        let strides = row_major(&sizes);
        let factor = Factor { tensor, strides: letters.iter().copied().zip(strides).collect(), offset: Dim::default() };
        let free = letters.into_iter().map(Slot::full).collect();
        View::new(rows, cols, vec![Term { coefficient: Number::ONE, free, factors: vec![factor] }])
    }

    /// The dense matrix of a view: rows × columns, row-major.
    fn dense(&mut self, view: &View, e: Expr) -> TensorId {
        let shape = self.g.shape(e).clone();
        let sizes: Vec<Dim> = view.sizes.iter().map(|p| p.0.clone()).collect();
        let strides = row_major(&sizes);
        if let [t] = view.terms.as_slice()
            && let [f] = t.factors.as_slice()
            && t.coefficient.is_one()
            && f.offset == Dim::default()
            && f.strides.len() == t.free.len()
            && self.program.tensors[f.tensor.0].shape == [shape.rows.clone(), shape.cols.clone()]
            && t.free.iter().zip(&strides).zip(&sizes).all(|((slot, s), n)| {
                let full = |l: Letter| self.extent(l) == n && f.strides.contains(&(l, s.clone()));
                slot.offset == Dim::default() && slot.letter().is_some_and(full)
            })
        {
            return f.tensor;
        }
        if self.atoms.is_some() {
            return self.dense_atom(view, vec![shape.rows, shape.cols]);
        }
        let target = self.program.tensor(vec![shape.rows, shape.cols], Source::Computed);
        for t in &view.terms {
            let access = Term::target(target, t.free.iter().zip(&strides));
            self.emit(t, access, e);
        }
        target
    }

    /// Adds a term to a target; where formulas are only compared there is nothing to add.
    fn emit(&mut self, t: &Term, target: Access, e: Expr) {
        let factors: Vec<Access> =
            t.factors.iter().map(|f| Access { tensor: f.tensor, strides: f.strides.clone(), offset: f.offset.clone() }).collect();
        let read = factors.iter().chain([&target]).flat_map(|a| a.strides.iter().map(|s| s.0));
        let letters: std::collections::BTreeSet<Letter> = read.collect();
        let extents = letters.into_iter().map(|l| (l, self.extent(l).clone())).collect();
        let note = self.note(e);
        self.program.push(Step::Contract { coefficient: t.coefficient, factors, target, extents }, &note);
    }

    /// The same view with every product stored: terms of one structure become one tensor over the letters that differ.
    fn store(&mut self, view: View, e: Expr) -> View {
        let mut groups: Vec<(view::Pattern, Vec<Term>)> = vec![];
        for t in view.terms {
            let pattern = t.pattern(&self.extents, &view.sizes);
            match groups.iter_mut().find(|g| g.0 == pattern) {
                Some(g) => g.1.push(t),
                None => groups.push((pattern, vec![t])),
            }
        }
        let mut terms = vec![];
        for (pattern, group) in groups {
            if let [t] = group.as_slice()
                && t.is_cheap()
            {
                terms.push(t.clone());
                continue;
            }
            if group.iter().all(|t| t.factors.is_empty() && t.is_cheap()) {
                let mut t = group[0].clone();
                t.coefficient = group[1..].iter().fold(t.coefficient, |c, t| c + t.coefficient);
                terms.push(t);
                continue;
            }
            let classes = pattern.stored();
            let shape: Vec<Dim> = classes.iter().map(|&c| pattern.extents[c].clone()).collect();
            let strides = row_major(&shape);
            let tensor = self.program.tensor(shape, Source::Computed);
            for t in &group {
                let indices = t.classes();
                let target = Term::target(tensor, classes.iter().map(|&c| &indices[c]).zip(&strides));
                self.emit(t, target, e);
            }
            let letters: Vec<Letter> = pattern.extents.iter().map(|d| self.letter(d.clone())).collect();
            let index = |(parts, offset): &(Vec<(usize, Dim)>, Dim)| Slot {
                letters: parts.iter().map(|(c, s)| (letters[*c], s.clone())).collect(),
                offset: offset.clone(),
            };
            let free = pattern.slots.iter().map(index).collect();
            let factor =
                Factor { tensor, strides: classes.iter().map(|&c| letters[c]).zip(strides).collect(), offset: Dim::default() };
            terms.push(Term { coefficient: Number::ONE, free, factors: vec![factor] });
        }
        View { sizes: view.sizes, terms }
    }

    /// The view of the stored dense matrix: one position a side, whatever the structure was.
    fn flatten(&mut self, view: &View, e: Expr) -> View {
        let t = self.dense(view, e);
        let shape = self.g.shape(e).clone();
        self.view_of(t, &shape.rows, &shape.cols)
    }

    fn sum(&mut self, e: Expr, mut parts: Vec<(Expr, View)>) -> View {
        let aligned = loop {
            match self.align_sum(&parts) {
                Ok(views) => break views,
                Err(k) => {
                    let (a, view) = parts[k].clone();
                    parts[k].1 = self.flatten(&view, a);
                }
            }
        };
        let sizes = aligned[0].sizes.clone();
        let terms: Vec<Term> = aligned.into_iter().flat_map(|v| v.terms).collect();
        let view = View { sizes, terms };
        // two terms of the same structure are added at once, so that products do not multiply them out
        let mut patterns: Vec<view::Pattern> = vec![];
        let mut twice = false;
        for t in &view.terms {
            let p = t.pattern(&self.extents, &view.sizes);
            twice |= patterns.contains(&p);
            patterns.push(p);
        }
        if twice && self.atoms.is_none() { self.store(view, e) } else { view }
    }
}

/// Strides of a row-major tensor.
fn row_major(shape: &[Dim]) -> Vec<Dim> {
    let mut stride = Dim::constant(1);
    let mut out: Vec<Dim> = shape
        .iter()
        .rev()
        .map(|d| {
            let s = stride.clone();
            stride = &stride * d;
            s
        })
        .collect();
    out.reverse();
    out
}
