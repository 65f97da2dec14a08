//! The index form of a formula: a sum of products of tensors over letters, in one canonical writing.
//!
//! Two formulas with the same index form are equal for all sizes and data: `⊗`, `I`, `K`, `diag`, `vec_r`, transposes,
//! slices and distributivity have dissolved into letters. Values of functions are atoms, named by the index form of their
//! arguments. A few facts of functions are used on the way: rows of a softmax sum to one, rows of a layernorm sum to zero
//! and their squares to n, an inverse next to its argument is a delta.

use super::{
    Lower,
    view::{Factor, Slot, Term, View},
};
use crate::{
    dim::Dim,
    expr::{Expr, Graph, Meaning, Node, Op},
    index::{Letter, Program, Source, TensorId},
    number::Number,
    ops::{inv::INV, power::POWER},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
type Place = (TensorId, Vec<(usize, Dim)>, Dim);
/// What surrounds a letter in one factor: tensor, own stride, offset, strides of all its letters by color.
type Around = (TensorId, Dim, Dim, Vec<(usize, Dim)>);

/// One product: powers of sizes, extents of its letters, free slots, factors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    sizes: BTreeMap<String, Number>,
    extents: Vec<Dim>,
    free: Vec<(Vec<(usize, Dim)>, Dim)>,
    factors: Vec<Place>,
}

/// What an atom is the value of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    op: &'static str,
    numbers: Vec<Number>,
    dims: Vec<Dim>,
    arguments: Vec<IndexForm>,
}

/// Most products that are multiplied out, and most orders of equal letters that are tried.
const MOST_TERMS: usize = 4000;
const MOST_ORDERS: usize = 5040;

/// The atoms met so far.
#[derive(Default)]
pub(super) struct Atoms {
    by_origin: BTreeMap<Origin, TensorId>,
    /// Operation and (for an inverse) the tensor it inverts.
    kind: HashMap<TensorId, (&'static str, Option<TensorId>)>,
}

/// The index forms of formulas of one graph, comparable with each other; `None` where one grows beyond what is multiplied
/// out. Rows that stand for formulas, and derivatives, must have been expanded.
pub fn index_form(g: &Graph, roots: &[Expr]) -> Vec<Option<IndexForm>> {
    let mut l = Lower { g, program: Program::default(), extents: vec![], inputs: BTreeMap::new(), atoms: Some(Atoms::default()) };
    let mut views: HashMap<Expr, Option<View>> = HashMap::new();
    for e in g.reachable(roots) {
        if matches!(g.node(e), Node::Dim(_)) {
            continue;
        }
        let arguments: Vec<Expr> = g.args(e).iter().copied().filter(|&a| !matches!(g.node(a), Node::Dim(_))).collect();
        let mut known = HashMap::new();
        for a in arguments {
            if let Some(v) = &views[&a] {
                known.insert(a, v.clone());
            }
        }
        let complete = g.args(e).iter().all(|a| matches!(g.node(*a), Node::Dim(_)) || known.contains_key(a));
        let product: usize = known.values().map(|v: &View| v.terms.len()).product();
        let sum = matches!(g.node(e), Node::Apply(op, _) if matches!(op.0.meaning, Meaning::Sum));
        let view = (complete && (sum || product <= MOST_TERMS)).then(|| l.node(e, &known)).map(|v| l.collected(v));
        views.insert(e, view.filter(|v| v.terms.len() <= MOST_TERMS));
    }
    let mut out = vec![];
    // positions of all roots are split alike, so that forms can be compared
    let parts: Option<Vec<(Expr, View)>> = roots.iter().map(|r| Some((*r, views[r].clone()?))).collect();
    if let Some(parts) = parts
        && let Ok(aligned) = l.align_sum(&parts)
    {
        return aligned.into_iter().map(|v| Some(l.form(&v))).collect();
    }
    for r in roots {
        out.push(views[r].clone().map(|v| l.form(&v)));
    }
    out
}

impl Lower<'_> {
    /// Equal products added up, so that sums do not grow.
    fn collected(&mut self, view: View) -> View {
        if view.terms.len() < 2 {
            return view;
        }
        let mut by_key: BTreeMap<Key, (Term, Number)> = BTreeMap::new();
        for t in view.terms {
            for (key, c, t) in self.keys(&t) {
                let entry = by_key.entry(key).or_insert((t, Number::ZERO));
                entry.1 = entry.1 + c;
            }
        }
        let terms = by_key
            .into_values()
            .filter(|(_, c)| !c.is_zero())
            .map(|(mut t, c)| {
                t.coefficient = c;
                t
            })
            .collect();
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

    /// The value of a function as an atom.
    pub(super) fn atom(&mut self, e: Expr, op: &'static Op, parts: Vec<(Expr, View)>, dims: &[Dim], numbers: &[Number]) -> View {
        let shape = self.g.shape(e).clone();
        if op.name == POWER.name
            && let Some(view) = self.entry_power(&parts[0], numbers[0])
        {
            return view;
        }
        let entrywise = matches!(op.meaning, Meaning::Entrywise { .. });
        let mut flipped = false;
        let mut arguments: Vec<IndexForm> = parts.iter().map(|p| self.form(&p.1)).collect();
        if entrywise {
            // f(X') = f(X)': the smaller writing names the atom
            let turned = self.turned(&parts[0].1);
            let other = self.form(&turned);
            if other < arguments[0] {
                arguments[0] = other;
                flipped = true;
            }
        }
        let inverted = (op.name == INV.name).then(|| plain(&arguments[0])).flatten();
        let origin = Origin { op: op.name, numbers: numbers.to_vec(), dims: dims.to_vec(), arguments };
        let s = if flipped { shape.transposed() } else { shape.clone() };
        let tensor = self.intern(origin, vec![s.rows.clone(), s.cols.clone()], op.name, inverted);
        if !entrywise {
            return self.view_of(tensor, &shape.rows, &shape.cols);
        }
        let like = if flipped { self.turned(&parts[0].1) } else { parts[0].1.clone() };
        let view = self.view_like(tensor, &like, &s.rows, &s.cols);
        if flipped { self.turned(&view) } else { view }
    }

    /// `x.^p` where it is a product: whole positive powers are repeated factors, powers of sizes are powers of sizes.
    fn entry_power(&mut self, (a, view): &(Expr, View), p: Number) -> Option<View> {
        let whole = usize::try_from(p.as_int()?).ok().filter(|k| (1..=4).contains(k))?;
        if view.terms.len().pow(whole as u32) > 64 {
            return None;
        }
        let c = crate::index::Contraction::parse("i|j, i|j -> i|j");
        let mut out = view.clone();
        for _ in 1..whole {
            out = self.contraction(&c, vec![(*a, out), (*a, view.clone())], &[]);
        }
        Some(out)
    }

    fn turned(&mut self, view: &View) -> View {
        let (rows, cols) = (view.positions(super::view::ROW), view.positions(super::view::COL));
        let order: Vec<usize> = cols.iter().chain(&rows).copied().collect();
        let sizes = cols
            .iter()
            .map(|&k| (view.sizes[k].0.clone(), super::view::ROW))
            .chain(rows.iter().map(|&k| (view.sizes[k].0.clone(), super::view::COL)))
            .collect();
        let turn = |t: &Term| Term { free: order.iter().map(|&k| t.free[k].clone()).collect(), ..t.clone() };
        View { sizes, terms: view.terms.iter().map(turn).collect() }
    }

    fn intern(&mut self, origin: Origin, shape: Vec<Dim>, op: &'static str, inverted: Option<TensorId>) -> TensorId {
        if let Some(&t) = self.atoms.as_ref().and_then(|a| a.by_origin.get(&origin)) {
            return t;
        }
        let t = self.program.tensor(shape, Source::Computed);
        if let Some(a) = &mut self.atoms {
            a.by_origin.insert(origin, t);
            a.kind.insert(t, (op, inverted));
        }
        t
    }

    /// A view whose structure does not fit its neighbours: a tensor named by its form.
    pub(super) fn dense_atom(&mut self, view: &View, shape: Vec<Dim>) -> TensorId {
        let form = self.form(view);
        let origin = Origin { op: "", numbers: vec![], dims: shape.clone(), arguments: vec![form] };
        self.intern(origin, shape, "", None)
    }

    /// The canonical writings of a term: one, or several where a size polynomial is multiplied out.
    fn keys(&mut self, t: &Term) -> Vec<(Key, Number, Term)> {
        let Some(t) = self.reduced(t.clone()) else { return vec![] };
        // scalars that are powers of sizes, and letters that only count
        let mut sizes: BTreeMap<String, Number> = BTreeMap::new();
        let mut polynomial = Dim::constant(1);
        let mut factors = vec![];
        let mut counted: BTreeSet<Letter> = BTreeSet::new();
        for f in &t.factors {
            if self.is_one(f.tensor) {
                counted.extend(f.strides.iter().map(|s| s.0));
            } else if let Some((name, p)) = self.size_power(f.tensor) {
                let sum = sizes.get(&name).map_or(p, |&q| q + p);
                sizes.insert(name, sum);
            } else {
                factors.push(f.clone());
            }
        }
        let used = |l: Letter| t.is_free(l) || factors.iter().any(|f: &Factor| f.strides.iter().any(|(x, _)| *x == l));
        for &l in counted.iter().filter(|&&l| !used(l)) {
            polynomial = &polynomial * self.extent(l);
        }
        let key = self.labelled(&t.free, &factors);
        let mut out = vec![];
        for (c, powers) in polynomial.monomials() {
            let mut sizes = sizes.clone();
            for (name, p) in &powers {
                let p = Number::int((*p).into());
                let sum = sizes.get(name).map_or(p, |&q| q + p);
                sizes.insert(name.clone(), sum);
            }
            sizes.retain(|_, p| !p.is_zero());
            // a representative term: the counted letters stay in its `one` factors, so it is rebuilt from the pieces
            let mut term = Term { coefficient: Number::ONE, free: t.free.clone(), factors: factors.clone() };
            for (name, p) in &sizes {
                let tensor = self.size_atom(name, *p);
                term.factors.push(Factor { tensor, strides: vec![], offset: Dim::default() });
            }
            out.push((Key { sizes, ..key.clone() }, t.coefficient * c, term));
        }
        out
    }

    fn is_one(&self, t: TensorId) -> bool {
        self.program.tensors[t.0].source == Source::Number(Number::ONE)
    }

    /// The size and the power that a scalar atom is.
    fn size_power(&self, t: TensorId) -> Option<(String, Number)> {
        let atoms = self.atoms.as_ref()?;
        if !matches!(atoms.kind.get(&t), Some((op, _)) if *op == POWER.name) {
            return None;
        }
        let origin = atoms.by_origin.iter().find(|(_, x)| **x == t)?.0;
        let form = &origin.arguments[0];
        let (key, c) = form.terms.iter().next().filter(|_| form.terms.len() == 1)?;
        let (name, p) = key.sizes.iter().next().filter(|_| key.sizes.len() == 1)?;
        (c.is_one() && key.factors.is_empty() && key.free.is_empty()).then(|| (name.clone(), *p * origin.numbers[0]))
    }

    /// The scalar atom of a power of a size.
    fn size_atom(&mut self, name: &str, p: Number) -> TensorId {
        let key = Key { sizes: BTreeMap::from([(name.to_owned(), Number::ONE)]), extents: vec![], free: vec![], factors: vec![] };
        let form = IndexForm { shape: vec![], terms: BTreeMap::from([(key, Number::ONE)]) };
        let origin = Origin { op: POWER.name, numbers: vec![p], dims: vec![], arguments: vec![form] };
        let one = Dim::constant(1);
        self.intern(origin, vec![one.clone(), one], POWER.name, None)
    }

    /// Facts of functions, used until none applies; `None` if the term is zero.
    fn reduced(&mut self, mut t: Term) -> Option<Term> {
        loop {
            let count = |t: &Term, l: Letter| {
                t.factors.iter().filter(|f| f.strides.iter().any(|(x, _)| *x == l)).count()
                    + t.free.iter().filter(|s| s.has(l)).count()
            };
            let mut next: Option<Term> = None;
            'search: for k in 0..t.factors.len() {
                let f = &t.factors[k];
                let kind = self.atoms.as_ref().and_then(|a| a.kind.get(&f.tensor)).copied();
                let Some((op, inverted)) = kind else { continue };
                let cols = self.program.tensors[f.tensor.0].shape[1].clone();
                let one = Dim::constant(1);
                let full = f.offset == Dim::default();
                let column = f.strides.iter().find(|(l, s)| *s == one && full && *self.extent(*l) == cols).map(|s| s.0);
                if let Some(l) = column {
                    let alone = count(&t, l) == 1 && f.strides.iter().filter(|s| s.0 == l).count() == 1;
                    if alone && op == "softmax" {
                        let mut u = t.clone();
                        let gone = u.factors.remove(k);
                        self.keep_counting(&mut u, &gone, l);
                        next = Some(u);
                        break 'search;
                    }
                    if alone && op == "layernorm" {
                        return None;
                    }
                    if op == "layernorm" && count(&t, l) == 2 {
                        let twin = (k + 1..t.factors.len()).find(|&q| t.factors[q] == *f);
                        if let Some(q) = twin {
                            let mut u = t.clone();
                            u.factors.remove(q);
                            let gone = u.factors.remove(k);
                            self.keep_counting(&mut u, &gone, l);
                            let one = self.one();
                            u.factors.push(Factor { tensor: one, strides: vec![(l, Dim::default())], offset: Dim::default() });
                            next = Some(u);
                            break 'search;
                        }
                    }
                }
                if let Some(a) = inverted
                    && let Some(u) = self.cancelled(&t, k, a)
                {
                    next = Some(u);
                    break 'search;
                }
            }
            match next {
                Some(u) => t = u,
                None => return Some(t),
            }
        }
    }

    /// Letters of a factor that was dropped are still summed.
    fn keep_counting(&mut self, t: &mut Term, gone: &Factor, except: Letter) {
        let one = self.one();
        let lost: BTreeSet<Letter> = gone.strides.iter().map(|s| s.0).filter(|&l| l != except).collect();
        for l in lost {
            t.factors.push(Factor { tensor: one, strides: vec![(l, Dim::default())], offset: Dim::default() });
        }
    }

    /// `A^-1[i,k] A[k,j]` summed over k is a delta of i and j.
    fn cancelled(&mut self, t: &Term, k: usize, a: TensorId) -> Option<Term> {
        let one = Dim::constant(1);
        let axes = |f: &Factor| -> Option<(Letter, Letter)> {
            let [x, y] = f.strides.as_slice() else { return None };
            let (row, col) = if y.1 == one { (x, y) } else { (y, x) };
            (f.offset == Dim::default() && col.1 == one && row.0 != col.0).then_some((row.0, col.0))
        };
        let n = self.program.tensors[a.0].shape[0].clone();
        let (i, j) = axes(&t.factors[k])?;
        for q in 0..t.factors.len() {
            if q == k || t.factors[q].tensor != a {
                continue;
            }
            let Some((r, c)) = axes(&t.factors[q]) else { continue };
            let full = |l: Letter| *self.extent(l) == n;
            if ![i, j, r, c].into_iter().all(full) {
                continue;
            }
            for (shared, keep, drop) in [(j == r, i, c), (i == c, j, r)] {
                let inner = if j == r { j } else { i };
                let mentions = t.factors.iter().filter(|f| f.strides.iter().any(|(x, _)| *x == inner)).count();
                if shared && mentions == 2 && !t.is_free(inner) {
                    let mut u = t.clone();
                    let (hi, lo) = (k.max(q), k.min(q));
                    u.factors.remove(hi);
                    u.factors.remove(lo);
                    let one = self.one();
                    u.factors.push(Factor { tensor: one, strides: vec![(keep, Dim::default())], offset: Dim::default() });
                    if keep != drop {
                        u.substitute(drop, &Slot::full(keep));
                    }
                    return Some(u);
                }
            }
        }
        None
    }

    /// Free slots and factors with letters numbered in one canonical way.
    fn labelled(&self, free: &[Slot], factors: &[Factor]) -> Key {
        let mut letters: Vec<Letter> = vec![];
        for l in free
            .iter()
            .flat_map(|s| s.letters.iter().map(|x| x.0))
            .chain(factors.iter().flat_map(|f| f.strides.iter().map(|s| s.0)))
        {
            if !letters.contains(&l) {
                letters.push(l);
            }
        }
        let at = |l: Letter| letters.iter().position(|x| *x == l).expect("all letters were listed");
        // colors: what distinguishes a letter, refined by its neighbours until nothing changes
        let mut color: Vec<usize> = {
            let first: Vec<(Vec<(usize, Dim)>, Dim)> = letters
                .iter()
                .map(|l| {
                    let stride = |s: &Slot| s.letters.iter().find(|x| x.0 == *l).map(|x| x.1.clone());
                    let places = free.iter().enumerate().filter_map(|(k, s)| Some((k, stride(s)?))).collect();
                    (places, self.extent(*l).clone())
                })
                .collect();
            ranks(&first)
        };
        for _ in 0..letters.len() {
            let refined: Vec<(usize, Vec<Around>)> = letters
                .iter()
                .enumerate()
                .map(|(k, l)| {
                    let mut around: Vec<_> = factors
                        .iter()
                        .filter_map(|f| {
                            let own = &f.strides.iter().find(|s| s.0 == *l)?.1;
                            let mut others: Vec<(usize, Dim)> =
                                f.strides.iter().map(|(x, s)| (color[at(*x)], s.clone())).collect();
                            others.sort();
                            Some((f.tensor, own.clone(), f.offset.clone(), others))
                        })
                        .collect();
                    around.sort();
                    (color[k], around)
                })
                .collect();
            let new = ranks(&refined);
            if new == color {
                break;
            }
            color = new;
        }
        // letters still alike are tried in every order, up to a limit
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (k, c) in color.iter().enumerate() {
            groups.entry(*c).or_default().push(k);
        }
        let orders: usize = groups.values().map(|g| (1..=g.len()).product::<usize>()).product();
        let key = |order: &[usize]| -> Key {
            let mut number = vec![0; letters.len()];
            for (n, &k) in order.iter().enumerate() {
                number[k] = n;
            }
            let numbered = |strides: &[(Letter, Dim)]| {
                let mut strides: Vec<(usize, Dim)> = strides.iter().map(|(l, s)| (number[at(*l)], s.clone())).collect();
                strides.sort();
                strides
            };
            let mut list: Vec<_> = factors.iter().map(|f| (f.tensor, numbered(&f.strides), f.offset.clone())).collect();
            list.sort();
            Key {
                sizes: BTreeMap::new(),
                extents: order.iter().map(|&k| self.extent(letters[k]).clone()).collect(),
                free: free.iter().map(|s| (numbered(&s.letters), s.offset.clone())).collect(),
                factors: list,
            }
        };
        let base: Vec<usize> = groups.values().flatten().copied().collect();
        if orders == 1 || orders > MOST_ORDERS {
            return key(&base);
        }
        let mut best = key(&base);
        permutations(&groups.into_values().collect::<Vec<_>>(), &mut vec![], &mut |order| {
            let k = key(order);
            if k < best {
                best = k;
            }
        });
        best
    }
}

/// The tensor that a form is, entry for entry.
fn plain(form: &IndexForm) -> Option<TensorId> {
    let (key, c) = form.terms.iter().next().filter(|_| form.terms.len() == 1)?;
    let [(tensor, strides, offset)] = key.factors.as_slice() else { return None };
    let [(r, rs), (cc, cs)] = strides.as_slice() else { return None };
    let [(p0, o0), (p1, o1)] = key.free.as_slice() else { return None };
    let ([(f0, s0), ..], [(f1, s1), ..]) = (p0.as_slice(), p1.as_slice()) else { return None };
    if p0.len() + p1.len() > 2 || !s0.is_one() || !s1.is_one() {
        return None;
    }
    let zero = Dim::default();
    let direct = (f0 == r && f1 == cc && *rs == form.shape[1] && cs.is_one())
        || (f0 == cc && f1 == r && *cs == form.shape[1] && rs.is_one());
    (c.is_one() && key.sizes.is_empty() && *offset == zero && *o0 == zero && *o1 == zero && direct).then_some(*tensor)
}

/// Positions in the sorted list of distinct values.
fn ranks<T: Ord + Clone>(values: &[T]) -> Vec<usize> {
    let sorted: BTreeSet<&T> = values.iter().collect();
    let order: Vec<&T> = sorted.into_iter().collect();
    values.iter().map(|v| order.binary_search(&v).expect("every value is in the list")).collect()
}

/// All concatenations of permutations of the groups.
fn permutations(groups: &[Vec<usize>], prefix: &mut Vec<usize>, f: &mut dyn FnMut(&[usize])) {
    let Some((first, rest)) = groups.split_first() else { return f(prefix) };
    fn inner(left: &mut Vec<usize>, rest: &[Vec<usize>], prefix: &mut Vec<usize>, f: &mut dyn FnMut(&[usize])) {
        if left.is_empty() {
            return permutations(rest, prefix, f);
        }
        for k in 0..left.len() {
            let x = left.remove(k);
            prefix.push(x);
            inner(left, rest, prefix, f);
            prefix.pop();
            left.insert(k, x);
        }
    }
    inner(&mut first.clone(), rest, prefix, f);
}
