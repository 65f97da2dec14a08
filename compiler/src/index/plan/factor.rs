//! The distributive law, backwards: a factor that several terms of a sum share stands once, in front of the sum of the rest.

use super::{
    ArrayId,
    draft::{Concrete, Draft},
    term::{Factor, LETTERS, Strides, Term},
};
use crate::number::Number;
use smallvec::smallvec;

/// A sum whose common factors stand in front, and the sums behind them, each before what reads it.
pub(super) struct Settled {
    pub(super) sums: Vec<Sum>,
    pub(super) terms: Vec<Term>,
}

/// A new array, its axes, and its terms.
pub(super) struct Sum {
    pub(super) array: ArrayId,
    pub(super) shape: Vec<usize>,
    pub(super) terms: Vec<Term>,
}

impl Settled {
    /// What all of it costs.
    pub(super) fn cost(&self) -> f64 {
        let all = self.sums.iter().flat_map(|s| &s.terms).chain(&self.terms);
        all.map(Term::cost).sum()
    }
}

/// Takes common factors out of a sum, the one that saves most first; `next` counts arrays.
pub(super) fn settle(mut terms: Vec<Term>, next: &mut ArrayId) -> Settled {
    let mut sums = vec![];
    while let Some(mut found) = best(&terms) {
        let array = *next;
        *next += 1;
        found.rests.iter_mut().for_each(|r| r.target.array = array);
        found.whole.factors.last_mut().expect("the sum is a factor").array = array;
        for &k in found.terms.iter().rev() {
            terms.remove(k);
        }
        let shape = found.axes.iter().map(|&l| found.whole.extents[l]).collect();
        terms.push(found.whole);
        // the sum in front of which the factor stands may have a common factor itself
        let inner = settle(found.rests, next);
        sums.extend(inner.sums);
        sums.push(Sum { array, shape, terms: inner.terms });
    }
    Settled { sums, terms }
}

/// Takes common factors out of all sums; says whether something changed.
pub(super) fn factor(draft: &mut Draft) -> bool {
    let mut changed = false;
    for at in (0..draft.statements.len()).rev() {
        let Concrete::Terms(terms) = &draft.statements[at] else { continue };
        // nothing has changed since it was looked at last
        let array = terms[0].target.array;
        if draft.factored.get(&array) == Some(&draft.ages[array]) {
            continue;
        }
        let settled = settle(terms.clone(), &mut draft.shapes.len());
        if !settled.sums.is_empty() {
            draft.touch(at);
            draft.replace(at, settled);
            changed = true;
        }
        draft.factored.insert(array, draft.ages[array]);
    }
    changed
}

/// Some terms of one array, as common factors times the sum of their rests.
struct Common {
    /// Which terms.
    terms: Vec<usize>,
    /// The one term that takes their place; the last factor is the sum, its array not yet made.
    whole: Term,
    /// The terms of the sum, over the letters of `whole` in front and their own behind.
    rests: Vec<Term>,
    /// The axes of the sum: letters of `whole`.
    axes: Vec<usize>,
    gain: f64,
}

/// The common factor that saves most.
fn best(terms: &[Term]) -> Option<Common> {
    if terms.len() < 2 {
        return None;
    }
    let mut best: Option<Common> = None;
    let mut tried: Vec<&Factor> = vec![];
    let targets: Vec<Letters> = terms.iter().map(|t| Letters::of(&t.target, t)).collect();
    for (i, t) in terms.iter().enumerate() {
        for (k, f) in t.factors.iter().enumerate() {
            // what an earlier term has was tried with it
            let shared = || terms[i + 1..].iter().any(|t| t.factors.iter().any(|g| g.array == f.array && g.offset == f.offset));
            if t.factors.len() < 2 || !shared() || tried.contains(&f) {
                continue;
            }
            tried.push(f);
            best = common(terms, &targets, i, k, best.as_ref().map_or(0.0, |b| b.gain)).or(best);
        }
    }
    best
}

/// Takes factor `k` of term `i` out of all terms that have it; `None` if there is no other or it saves no more than that.
fn common(terms: &[Term], targets: &[Letters], i: usize, k: usize, least: f64) -> Option<Common> {
    let (first, target) = (&terms[i], &targets[i]);
    // the letters of the whole: those of the target, then those of the factor alone
    let inner: Vec<usize> =
        (0..first.extents.len()).filter(|&l| first.factors[k].strides[l] != 0 && first.target.strides[l] == 0).collect();
    let mut group = vec![];
    for (j, t) in terms.iter().enumerate() {
        let own = || target.0.iter().chain(&inner).copied().collect();
        if let Some(letters) = if j == i { Some(own()) } else { matched(first, k, target, &inner, t, &targets[j]) } {
            group.push((j, letters));
        }
    }
    let before: f64 = group.iter().map(|g| terms[g.0].cost()).sum();
    if group.len() < 2 || before <= least {
        return None;
    }
    let order: Vec<usize> = target.0.iter().chain(&inner).copied().collect();
    let width = order.len();
    let outer = |f: &Factor| f.over(&order);
    let extents: Vec<usize> = order.iter().map(|&l| first.extents[l]).collect();
    let mut front = vec![outer(&first.factors[k])];
    // every term over the letters of the whole in front, and its own behind
    let mut rests = vec![];
    for (j, letters) in &group {
        let t = &terms[*j];
        let own: Vec<usize> = (0..t.extents.len()).filter(|l| !letters.contains(l)).collect();
        let all: Vec<usize> = letters.iter().chain(&own).copied().collect();
        if all.len() > LETTERS {
            return None;
        }
        let place = |f: &Factor| f.over(&all);
        let factors: Vec<Factor> = t.factors.iter().map(place).collect();
        let extents = all.iter().map(|&l| t.extents[l]).collect();
        rests.push(Term::new(t.coefficient, extents, factors, place(&t.target), t.note));
    }
    let same = |f: &Factor, common: &Factor| {
        f.array == common.array
            && f.offset == common.offset
            && f.strides[..width] == common.strides[..]
            && f.strides[width..].iter().all(|s| *s == 0)
    };
    let remove = |rests: &mut Vec<Term>, common: &Factor| {
        for r in rests {
            let at = r.factors.iter().position(|f| same(f, common)).expect("all terms of the group have the factor");
            r.factors.remove(at);
        }
    };
    remove(&mut rests, &front[0]);
    // more factors that all have, now that their letters are one
    loop {
        let candidates = rests[0].factors.iter().filter(|f| f.strides[width..].iter().all(|s| *s == 0));
        let more = candidates.map(|f| Factor { strides: Strides::from_slice(&f.strides[..width]), ..*f }).find(|c| {
            // something must be left of the first, or the sum is a number
            rests.iter().all(|r| r.factors.iter().any(|f| same(f, c)))
        });
        let Some(more) = more else { break };
        remove(&mut rests, &more);
        front.push(more);
    }
    // the axes of the sum: what any rest moves along
    let axes: Vec<usize> = (0..width).filter(|&l| rests.iter().any(|r| r.factors.iter().any(|f| f.strides[l] != 0))).collect();
    let mut strides: Strides = smallvec![0; width];
    let mut n = 1usize;
    for &l in axes.iter().rev() {
        strides[l] = n;
        n = n.checked_mul(extents[l])?;
    }
    for r in &mut rests {
        let mut own = strides.clone();
        own.resize(r.extents.len(), 0);
        r.target = Factor { array: usize::MAX, offset: 0, strides: own };
        // letters of the whole that neither the rest nor the sum has do not belong to it
        let keep: Vec<usize> = (0..r.extents.len())
            .filter(|&l| l >= width || r.target.strides[l] != 0 || r.factors.iter().any(|f| f.strides[l] != 0))
            .collect();
        let squeeze = |f: &Factor| f.over(&keep);
        let (extents, factors) = (keep.iter().map(|&l| r.extents[l]).collect(), r.factors.iter().map(squeeze).collect());
        *r = Term::new(r.coefficient, extents, factors, squeeze(&r.target), r.note);
    }
    front.push(Factor { array: usize::MAX, offset: 0, strides });
    let whole = Term::new(Number::ONE, extents, front, outer(&first.target), first.note);
    let after: f64 = rests.iter().map(Term::cost).sum::<f64>() + whole.cost();
    let gain = before - after;
    let terms = group.into_iter().map(|g| g.0).collect();
    (gain > least).then_some(Common { terms, whole, rests, axes, gain })
}

/// The letters of a target, the slowest first.
struct Letters(Vec<usize>);

impl Letters {
    fn of(target: &Factor, t: &Term) -> Letters {
        let mut out: Vec<usize> = (0..t.extents.len()).filter(|&l| target.strides[l] != 0).collect();
        out.sort_by_key(|&l| std::cmp::Reverse(target.strides[l]));
        Letters(out)
    }
}

/// The letters of another term for those of the target and of the common factor; `None` if it has no such factor.
fn matched(first: &Term, k: usize, target: &Letters, inner: &[usize], t: &Term, theirs: &Letters) -> Option<Vec<usize>> {
    let alike = |a: &usize, b: &usize| first.target.strides[*a] == t.target.strides[*b] && first.extents[*a] == t.extents[*b];
    if theirs.0.len() != target.0.len()
        || first.target.offset != t.target.offset
        || !target.0.iter().zip(&theirs.0).all(|(a, b)| alike(a, b))
    {
        return None;
    }
    let f = &first.factors[k];
    t.factors.iter().find_map(|g| {
        if g.array != f.array || g.offset != f.offset || t.factors.len() < 2 {
            return None;
        }
        if !target.0.iter().zip(&theirs.0).all(|(&a, &b)| f.strides[a] == g.strides[b]) {
            return None;
        }
        let mut own: Vec<usize> = (0..t.extents.len()).filter(|&l| g.strides[l] != 0 && t.target.strides[l] == 0).collect();
        let mut out = theirs.0.clone();
        for &l in inner {
            let at = own.iter().position(|&m| g.strides[m] == f.strides[l] && t.extents[m] == first.extents[l])?;
            out.push(own.remove(at));
        }
        own.is_empty().then_some(out)
    })
}
