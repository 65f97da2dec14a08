//! Contractions, sums and slices of views: positions are split until both sides agree, then letters are identified.

use super::{
    Lower,
    view::{COL, ROW, Slot, Tag, Term, View},
};
use crate::{
    dim::Dim,
    expr::Expr,
    index::{Contraction, Element, Letter, Step},
    number::Number,
};
use std::collections::BTreeMap;

/// Where the letters of a contraction are.
struct Letters<'a> {
    /// Sizes that are given.
    given: BTreeMap<char, &'a Dim>,
    /// View and tag of every occurrence.
    occurrences: BTreeMap<char, Vec<(usize, Tag)>>,
    /// View and tag of every sum of letters.
    windows: Vec<((usize, Tag), Element)>,
    /// Sizes of the positions that each letter is.
    sizes: BTreeMap<char, Vec<Dim>>,
}

/// What identifying two letters comes to.
enum Unified {
    Same,
    /// No index satisfies both: the term is zero.
    Never,
    /// The sizes do not tell.
    Unknown,
}

/// Whether a size formula is at least zero whatever the sizes are (each at least one).
fn nonnegative(d: &Dim) -> bool {
    let shifted: BTreeMap<String, Dim> = d.names().map(|n| (n.to_owned(), &Dim::symbol(n) + &Dim::constant(1))).collect();
    d.rename(&shifted).has_only_positive_terms()
}

/// The letters of a sum with their strides, and the size of the index: `1 + Σ stride (extent - 1)`.
fn sum_of(e: &Element, given: &BTreeMap<char, &Dim>) -> (Vec<(Dim, char)>, Dim) {
    let one = Dim::constant(1);
    let parts: Vec<(Dim, char)> = e.iter().map(|&(f, l)| (f.map_or(one.clone(), |f| given[&f].clone()), l)).collect();
    let size = parts.iter().fold(one.clone(), |n, (s, l)| &n + &(s * &(given[l] - &one)));
    (parts, size)
}

impl Lower<'_> {
    /// Splits position `at` of a view (and every position tied to it by a delta) into sizes `n1`, `n2`; false if a box or a
    /// window is in the way.
    fn split(&mut self, view: &mut View, at: usize, n1: &Dim, n2: &Dim) -> bool {
        let mut tied = vec![at];
        loop {
            let before = tied.len();
            for t in &view.terms {
                let letters: Vec<Letter> = tied.iter().flat_map(|&k| &t.free[k].letters).map(|x| x.0).collect();
                for (k, s) in t.free.iter().enumerate() {
                    if letters.iter().any(|l| s.has(*l)) && !tied.contains(&k) {
                        tied.push(k);
                    }
                }
            }
            if tied.len() == before {
                break;
            }
        }
        tied.sort_unstable();
        let size = view.sizes[at].0.clone();
        if tied.iter().any(|&k| view.sizes[k].0 != size) {
            return false;
        }
        for t in &view.terms {
            for &k in &tied {
                let whole = t.free[k].letter().is_some_and(|l| *self.extent(l) == size);
                if t.free[k].offset != Dim::default() || !whole {
                    return false;
                }
            }
        }
        for t in &mut view.terms {
            let mut done: BTreeMap<Letter, (Letter, Letter)> = BTreeMap::new();
            let mut free = vec![];
            for (k, s) in std::mem::take(&mut t.free).into_iter().enumerate() {
                if let (true, Some(l)) = (tied.contains(&k), s.letter()) {
                    let (a, b) = *done.entry(l).or_insert_with(|| (self.letter(n1.clone()), self.letter(n2.clone())));
                    free.push(Slot::full(a));
                    free.push(Slot::full(b));
                } else {
                    free.push(s);
                }
            }
            t.free = free;
            for (l, (a, b)) in done {
                t.split(l, a, b, n2);
            }
        }
        let mut sizes = vec![];
        for (k, (d, tag)) in std::mem::take(&mut view.sizes).into_iter().enumerate() {
            if tied.contains(&k) {
                sizes.push((n1.clone(), tag));
                sizes.push((n2.clone(), tag));
            } else {
                sizes.push((d, tag));
            }
        }
        view.sizes = sizes;
        true
    }

    /// Splits a position with that tag, the first that is coarser than `sizes` says; Ok(true) if there was one.
    fn refine(&mut self, view: &mut View, tag: Tag, sizes: &[Dim]) -> Result<bool, ()> {
        for (k, want) in sizes.iter().enumerate() {
            let positions = view.positions(tag);
            let Some(&at) = positions.get(k) else { return Ok(false) };
            let have = view.sizes[at].0.clone();
            if have == *want {
                continue;
            }
            // `p / (2 p)` is no size; `m / 2` is one only where halves are in play already
            match have.divide(want).filter(|d| d.is_integral() || !have.is_integral()) {
                // positions have moved, of this side too where a delta ties them
                Some(rest) if self.split(view, at, want, &rest) => return Ok(true),
                _ => match want.divide(&have) {
                    // the other side is the coarser one here: it will be split
                    Some(_) => return Ok(false),
                    None => return Err(()),
                },
            }
        }
        Ok(false)
    }

    /// Makes two tagged groups agree in their sizes; the error names the view (0 or 1) to be flattened.
    fn agree(&mut self, views: &mut [View], a: (usize, Tag), b: (usize, Tag)) -> Result<bool, usize> {
        let sizes = |v: &View, tag: Tag| -> Vec<Dim> { v.positions(tag).iter().map(|&k| v.sizes[k].0.clone()).collect() };
        let mut changed = false;
        for _ in 0..64 {
            let (sa, sb) = (sizes(&views[a.0], a.1), sizes(&views[b.0], b.1));
            if sa == sb {
                return Ok(changed);
            }
            let mut va = views[a.0].clone();
            let one = self.refine(&mut va, a.1, &sb).map_err(|()| finer(&sa, &sb, a.0, b.0))?;
            views[a.0] = va;
            let sa = sizes(&views[a.0], a.1);
            let mut vb = views[b.0].clone();
            let two = self.refine(&mut vb, b.1, &sa).map_err(|()| finer(&sa, &sb, a.0, b.0))?;
            views[b.0] = vb;
            if !one && !two {
                return Err(finer(&sa, &sb, a.0, b.0));
            }
            changed = true;
        }
        Err(b.0)
    }

    /// All views of a sum with the same positions; the error names the part to be flattened.
    pub(super) fn align_sum(&mut self, parts: &[(Expr, View)]) -> Result<Vec<View>, usize> {
        let mut views: Vec<View> = parts.iter().map(|p| p.1.clone()).collect();
        loop {
            let mut changed = false;
            for k in 1..views.len() {
                for tag in [ROW, COL] {
                    changed |= self.agree(&mut views, (0, tag), (k, tag))?;
                }
            }
            if !changed {
                return Ok(views);
            }
        }
    }

    /// The contraction of views.
    pub(super) fn contraction(&mut self, c: &Contraction, mut parts: Vec<(Expr, View)>, dims: &[Dim]) -> View {
        for _ in 0..=4 * parts.len() {
            match self.try_contraction(c, &parts, dims) {
                Ok(view) => return view,
                Err(k) => {
                    let (a, view) = parts[k].clone();
                    parts[k].1 = self.flatten(&view, a);
                }
            }
        }
        unreachable!("flattened views have one full position a side, which always agree")
    }

    fn try_contraction(&mut self, c: &Contraction, parts: &[(Expr, View)], dims: &[Dim]) -> Result<View, usize> {
        let given: BTreeMap<char, &Dim> = c.dims.iter().copied().zip(dims).collect();
        let elements = Contraction::elements;
        let span = |e: &Element| sum_of(e, &given).1;
        let mut views: Vec<View> = parts.iter().map(|p| p.1.clone()).collect();
        // every occurrence of a letter gets a tag of its own; the letters of a sum are known by their sizes
        let mut occurrences: BTreeMap<char, Vec<(usize, Tag)>> = BTreeMap::new();
        let mut windows: Vec<((usize, Tag), Element)> = vec![];
        let mut next: Tag = 2;
        for (k, [rows, cols]) in c.inputs.iter().enumerate() {
            for (side, group) in [(ROW, rows), (COL, cols)] {
                let letters = elements(group);
                if letters.len() > 1 {
                    // a fused group: its parts have given sizes
                    let sizes: Vec<Dim> = letters.iter().map(span).filter(|d| !d.is_one()).collect();
                    self.refine(&mut views[k], side, &sizes).map_err(|()| k)?;
                }
                let mut positions = views[k].positions(side).into_iter();
                for (at, l) in letters.iter().enumerate() {
                    let tag = next;
                    next += 1;
                    match l.as_slice() {
                        [(None, l)] => occurrences.entry(*l).or_default().push((k, tag)),
                        _ => windows.push(((k, tag), l.clone())),
                    }
                    let wanted = (letters.len() > 1).then(|| span(l));
                    let mut product = Dim::constant(1);
                    loop {
                        let last = at + 1 == letters.len();
                        if !last && wanted.as_ref() == Some(&product) {
                            break;
                        }
                        let Some(p) = positions.next() else { break };
                        product = &product * &views[k].sizes[p].0;
                        views[k].sizes[p].1 = tag;
                    }
                    if wanted.is_some_and(|w| w != product) {
                        return Err(k);
                    }
                }
            }
        }
        loop {
            let mut changed = false;
            for places in occurrences.values() {
                for pair in places.windows(2) {
                    changed |= self.agree(&mut views, pair[0], pair[1])?;
                }
            }
            if !changed {
                break;
            }
        }
        // sizes of each letter, and of the result
        let mut sizes: BTreeMap<char, Vec<Dim>> = BTreeMap::new();
        for (l, d) in given.iter().filter(|x| x.0.is_lowercase()) {
            sizes.insert(*l, if d.is_one() { vec![] } else { vec![(*d).clone()] });
        }
        for (l, places) in &occurrences {
            let (k, tag) = places[0];
            sizes.insert(*l, views[k].positions(tag).iter().map(|&p| views[k].sizes[p].0.clone()).collect());
        }
        let side = |s: &str| -> Vec<Dim> {
            let of = |e: Element| match e.as_slice() {
                [(None, l)] => sizes[l].clone(),
                _ => Some(span(&e)).filter(|d| !d.is_one()).into_iter().collect(),
            };
            elements(s).into_iter().flat_map(of).collect()
        };
        let (rows, cols) = (side(&c.output[0]), side(&c.output[1]));
        let mut terms = vec![];
        let letters = Letters { given, occurrences, windows, sizes };
        if c.scale != 0 {
            let mut choice = vec![0; views.len()];
            'all: loop {
                if views.iter().all(|v| !v.terms.is_empty()) {
                    let combined = self.combine(c, &views, &choice, &letters)?;
                    terms.extend(combined);
                }
                let mut k = choice.len();
                loop {
                    if k == 0 {
                        break 'all;
                    }
                    k -= 1;
                    choice[k] += 1;
                    if choice[k] < views[k].terms.len() {
                        break;
                    }
                    choice[k] = 0;
                }
            }
        }
        Ok(View::new(rows, cols, terms))
    }

    /// One term of each view, multiplied; `None` if it is zero, an error if a view must be flattened first.
    fn combine(
        &mut self,
        c: &Contraction,
        views: &[View],
        choice: &[usize],
        letters: &Letters<'_>,
    ) -> Result<Option<Term>, usize> {
        let Letters { given, occurrences, windows, sizes } = letters;
        // the free slots of the combined term are those of all factors, one after the other
        let mut term = Term { coefficient: Number::int(c.scale), free: vec![], factors: vec![] };
        let mut start = vec![];
        for (v, &k) in views.iter().zip(choice) {
            let mut t = v.terms[k].clone();
            t.rename(&mut |l| {
                let d = self.extent(l).clone();
                self.letter(d)
            });
            start.push(term.free.len());
            term.coefficient = term.coefficient * t.coefficient;
            term.free.extend(t.free);
            term.factors.extend(t.factors);
        }
        // where each letter's slots are; letters given by sizes alone get new ones
        let mut slots: BTreeMap<char, Vec<usize>> = BTreeMap::new();
        let at = |(k, tag): (usize, Tag)| -> Vec<usize> { views[k].positions(tag).into_iter().map(|p| start[k] + p).collect() };
        for (l, places) in occurrences {
            let first = at(places[0]);
            for &place in &places[1..] {
                for ((p, q), n) in first.iter().zip(at(place)).zip(&sizes[l]) {
                    match self.unify(&mut term, *p, q, n) {
                        Unified::Same => {}
                        Unified::Never => return Ok(None),
                        Unified::Unknown => return Err(place.0),
                    }
                }
            }
            slots.insert(*l, first);
        }
        for (l, ds) in sizes {
            slots.entry(*l).or_insert_with(|| {
                ds.iter()
                    .map(|d| {
                        let letter = self.letter(d.clone());
                        term.free.push(Slot::full(letter));
                        term.free.len() - 1
                    })
                    .collect()
            });
        }
        // the index at a window is the sum of its letters
        let window = |term: &Term, e: &Element| -> Slot {
            let place = |l: &char| slots[l].first().and_then(|&p| term.free[p].letter());
            let parts = sum_of(e, given).0.into_iter().filter_map(|(s, l)| Some((place(&l)?, s))).collect();
            Slot { letters: parts, offset: Dim::default() }
        };
        for &(place, ref e) in windows.iter() {
            let [p] = at(place)[..] else { continue };
            let index = window(&term, e);
            let last = term.free.len();
            term.free.push(index);
            match self.unify(&mut term, p, last, &sum_of(e, given).1) {
                Unified::Same => {}
                Unified::Never => return Ok(None),
                Unified::Unknown => return Err(place.0),
            }
        }
        // a letter that the result has not is summed: a box of it must be counted by its own extent only
        let mut free: Vec<Slot> = vec![];
        for e in c.output.iter().flat_map(|s| Contraction::elements(s)) {
            match e.as_slice() {
                [(None, l)] => free.extend(slots[l].iter().map(|&p| term.free[p].clone())),
                _ if sum_of(&e, given).1.is_one() => {}
                _ => free.push(window(&term, &e)),
            }
        }
        let hidden: Vec<Letter> = term
            .free
            .iter()
            .flat_map(|s| s.letters.iter().map(|x| x.0))
            .filter(|l| !free.iter().any(|s| s.has(*l)) && !term.factors.iter().any(|f| f.strides.iter().any(|(x, _)| x == l)))
            .collect();
        // letters that nothing mentions any more count their extent: a scalar tensor of ones carries them
        for l in hidden.into_iter().collect::<std::collections::BTreeSet<_>>() {
            let one = self.one();
            term.factors.push(super::view::Factor { tensor: one, strides: vec![(l, Dim::default())], offset: Dim::default() });
        }
        term.free = free;
        Ok(Some(term))
    }

    /// The tensor that holds the number one.
    pub(super) fn one(&mut self) -> crate::index::TensorId {
        match self.inputs.get(" one") {
            Some(&t) => t,
            None => {
                let one = Dim::constant(1);
                let t = self.program.tensor(vec![one.clone(), one], crate::index::Source::Number(Number::ONE));
                self.inputs.insert(" one".to_owned(), t);
                t
            }
        }
    }

    /// Identifies the indices at two slots of a term along positions of size n.
    fn unify(&mut self, term: &mut Term, p: usize, q: usize, n: &Dim) -> Unified {
        let (a, b) = (term.free[p].clone(), term.free[q].clone());
        if a == b {
            return Unified::Same;
        }
        let (Some(la), Some(lb)) = (a.letter(), b.letter()) else {
            // a window within a whole position: the letter of the position is the sum
            for (whole, other) in [(&a, &b), (&b, &a)] {
                if let Some(l) = whole.letter()
                    && (&whole.offset, self.extent(l)) == (&Dim::default(), n)
                    && !other.has(l)
                {
                    term.substitute(l, other);
                    return Unified::Same;
                }
            }
            return Unified::Unknown;
        };
        if la == lb {
            return Unified::Never;
        }
        let (ea, eb) = (self.extent(la).clone(), self.extent(lb).clone());
        let zero = Dim::default();
        let inside = |o: &Dim, e: &Dim, o2: &Dim, e2: &Dim| {
            // [o, o + e) within [o2, o2 + e2)
            (*o2 == zero && e2 == n) || (nonnegative(&(o - o2)) && nonnegative(&(&(o2 + e2) - &(o + e))))
        };
        if a.offset == b.offset && ea == eb || inside(&a.offset, &ea, &b.offset, &eb) {
            term.substitute(lb, &Slot::shifted(la, &a.offset - &b.offset));
            return Unified::Same;
        }
        if inside(&b.offset, &eb, &a.offset, &ea) {
            term.substitute(la, &Slot::shifted(lb, &b.offset - &a.offset));
            return Unified::Same;
        }
        let apart = |o: &Dim, e: &Dim, o2: &Dim| nonnegative(&(o2 - &(o + e)));
        if apart(&a.offset, &ea, &b.offset) || apart(&b.offset, &eb, &a.offset) {
            return Unified::Never;
        }
        Unified::Unknown
    }

    /// `A[a:b, c:d]`.
    pub(super) fn slice(&mut self, a: Expr, view: View, dims: &[Dim]) -> View {
        let shape = self.g.shape(a).clone();
        let one = Dim::constant(1);
        let mut view = view;
        for (tag, first, last, n) in [(ROW, &dims[0], &dims[1], &shape.rows), (COL, &dims[2], &dims[3], &shape.cols)] {
            if *first == one && last == n {
                continue;
            }
            let what = if tag == ROW { "rows" } else { "columns" };
            let note = format!("{what} {first} to {last} of {n}");
            for (low, value, high) in [(&one, first, last), (first, last, n)] {
                if !(nonnegative(&(value - low)) && nonnegative(&(high - value))) {
                    let step = Step::Within { what: note.clone(), low: low.clone(), value: value.clone(), high: high.clone() };
                    self.program.push(step, &note);
                }
            }
            let length = &(last - first) + &one;
            let skip = first - &one;
            if view.positions(tag).len() != 1 {
                view = match view.positions(tag).len() {
                    0 => view,
                    _ => self.flatten_sides(&view, a),
                };
            }
            view = match self.cut(&view, tag, &skip, &length, n) {
                Some(v) => v,
                None => {
                    let dense = self.flatten_sides(&view, a);
                    self.cut(&dense, tag, &skip, &length, n).expect("a full position can be cut anywhere")
                }
            };
        }
        view
    }

    /// The dense form of a view that may already be cut on the other side.
    fn flatten_sides(&mut self, view: &View, a: Expr) -> View {
        let product = |ds: Vec<Dim>| ds.iter().fold(Dim::constant(1), |x, d| &x * d);
        let (rows, cols) = (product(view.row_sizes()), product(view.col_sizes()));
        let sizes: Vec<Dim> = view.sizes.iter().map(|p| p.0.clone()).collect();
        let strides = super::row_major(&sizes);
        if self.atoms.is_some() {
            let tensor = self.dense_atom(view, vec![rows.clone(), cols.clone()]);
            return self.view_of(tensor, &rows, &cols);
        }
        let tensor = self.program.tensor(vec![rows.clone(), cols.clone()], crate::index::Source::Computed);
        for t in &view.terms {
            let target = Term::target(tensor, t.free.iter().zip(&strides));
            self.emit(t, target, a);
        }
        self.view_of(tensor, &rows, &cols)
    }

    fn cut(&mut self, view: &View, tag: Tag, skip: &Dim, length: &Dim, n: &Dim) -> Option<View> {
        let Some(&at) = view.positions(tag).first() else {
            return Some(view.clone()); // one row or column: the range is checked when the program runs
        };
        let mut terms = vec![];
        for t in &view.terms {
            let mut t = t.clone();
            let y = self.letter(length.clone());
            t.free.push(Slot::shifted(y, skip.clone()));
            let last = t.free.len() - 1;
            match self.unify(&mut t, at, last, n) {
                Unified::Same => {}
                Unified::Never => continue,
                Unified::Unknown => return None,
            }
            t.free.pop();
            t.free[at].offset = &t.free[at].offset - skip;
            terms.push(t);
        }
        let mut sizes = view.sizes.clone();
        sizes[at].0 = length.clone();
        if length.is_one() {
            sizes.remove(at);
            for t in &mut terms {
                let gone = t.free.remove(at);
                let used = |l: Letter| t.is_free(l) || t.factors.iter().any(|f| f.strides.iter().any(|x| x.0 == l));
                if gone.letters.iter().any(|x| !used(x.0) && !self.extent(x.0).is_one()) {
                    return None;
                }
            }
        }
        Some(View { sizes, terms })
    }
}

/// Which of two views has the finer split: that one is flattened.
fn finer(a: &[Dim], b: &[Dim], ka: usize, kb: usize) -> usize {
    if a.len() > b.len() { ka } else { kb }
}
