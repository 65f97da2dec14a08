//! Sums of products over letters that are no matrix products: loops.

use super::wide::{Work, wide};
use crate::Real;
use smallvec::{SmallVec, smallvec};

/// A letter: how far it goes, and how it moves in the target and the two factors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Letter {
    pub(super) n: usize,
    pub(super) c: usize,
    pub(super) a: usize,
    pub(super) b: usize,
}

impl Letter {
    pub(super) fn strides(self) -> [usize; 3] {
        [self.c, self.a, self.b]
    }
}

/// A few letters.
pub(super) type Letters = SmallVec<[Letter; 6]>;

/// Where target and factors stand for every value of the letters, the last letter fastest; once if there are none.
#[inline(always)]
pub(super) fn everywhere(letters: &[Letter], mut visit: impl FnMut([usize; 3])) {
    let (mut count, mut at): (SmallVec<[usize; 8]>, _) = (smallvec![0; letters.len()], [0; 3]);
    loop {
        visit(at);
        let mut k = letters.len();
        loop {
            if k == 0 {
                return;
            }
            k -= 1;
            let l = letters[k];
            count[k] += 1;
            if count[k] < l.n {
                at.iter_mut().zip(l.strides()).for_each(|(p, s)| *p += s);
                break;
            }
            count[k] = 0;
            at.iter_mut().zip(l.strides()).for_each(|(p, s)| *p -= (l.n - 1) * s);
        }
    }
}

/// Adds `alpha · Σ a b` to c, or writes it there; a letter that moves nothing in c is summed (and then it can only be added). No
/// letter is without values; the one that moves least stands last.
pub(super) fn sum_of_products<R: Real>(alpha: R, letters: &[Letter], store: bool, c: &mut [R], a: &[R], b: &[R]) {
    let one = Letter { n: 1, c: 0, a: 0, b: 0 };
    let (outer, next, inner) = match letters {
        [] => (&[][..], one, one),
        [inner] => (&[][..], one, *inner),
        [outer @ .., next, inner] => (outer, *next, *inner),
    };
    wide(Planes { alpha, store, letters: (outer, next, inner), all: (c, a, b) });
}

/// What is written and read: target and factors.
type All<'a, R> = (&'a mut [R], &'a [R], &'a [R]);

/// The two innermost loops for every value of the letters around them.
struct Planes<'a, R> {
    alpha: R,
    store: bool,
    letters: (&'a [Letter], Letter, Letter),
    all: All<'a, R>,
}

impl<R: Real> Work for Planes<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let ((outer, next, inner), (c, a, b)) = (self.letters, self.all);
        everywhere(outer, |[pc, pa, pb]| plane(self.alpha, self.store, next, inner, (&mut c[pc..], &a[pa..], &b[pb..])));
    }
}

/// The two innermost loops: one loop for each way in which the last letter moves.
#[inline(always)]
fn plane<R: Real>(alpha: R, store: bool, next: Letter, inner: Letter, all: All<R>) {
    let n = inner.n;
    match (inner.strides(), store) {
        ([0, 1, 1], _) => rows(next, all, |c, a, b| c[0] += alpha * dot(&a[..n], &b[..n])),
        ([0, 1, 0], _) => rows(next, all, |c, a, b| c[0] += alpha * b[0] * sum(&a[..n])),
        ([0, x, y], _) => {
            rows(next, all, |c, a, b| c[0] += alpha * (0..n).fold(R::of(0.0), |s, i| s + a[i * x] * b[i * y]));
        }
        ([1, 1, 0], true) => rows(next, all, |c, a, b| {
            let s = alpha * b[0];
            c[..n].iter_mut().zip(&a[..n]).for_each(|(c, &x)| *c = s * x);
        }),
        ([1, 1, 0], false) => rows(next, all, |c, a, b| {
            let s = alpha * b[0];
            c[..n].iter_mut().zip(&a[..n]).for_each(|(c, &x)| *c += s * x);
        }),
        ([1, 0, 1], true) => rows(next, all, |c, a, b| {
            let s = alpha * a[0];
            c[..n].iter_mut().zip(&b[..n]).for_each(|(c, &x)| *c = s * x);
        }),
        ([1, 0, 1], false) => rows(next, all, |c, a, b| {
            let s = alpha * a[0];
            c[..n].iter_mut().zip(&b[..n]).for_each(|(c, &x)| *c += s * x);
        }),
        ([1, 1, 1], true) => rows(next, all, |c, a, b| {
            c[..n].iter_mut().zip(a[..n].iter().zip(&b[..n])).for_each(|(c, (&x, &y))| *c = alpha * x * y);
        }),
        ([1, 1, 1], false) => rows(next, all, |c, a, b| {
            c[..n].iter_mut().zip(a[..n].iter().zip(&b[..n])).for_each(|(c, (&x, &y))| *c += alpha * x * y);
        }),
        ([1, 0, 0], true) => rows(next, all, |c, a, b| c[..n].fill(alpha * a[0] * b[0])),
        ([1, 0, 0], false) => rows(next, all, |c, a, b| {
            let s = alpha * a[0] * b[0];
            c[..n].iter_mut().for_each(|c| *c += s);
        }),
        ([z, x, y], true) => rows(next, all, |c, a, b| (0..n).for_each(|i| c[i * z] = alpha * a[i * x] * b[i * y])),
        ([z, x, y], false) => rows(next, all, |c, a, b| (0..n).for_each(|i| c[i * z] += alpha * a[i * x] * b[i * y])),
    }
}

/// The innermost loop for every value of the letter before the last.
#[inline(always)]
fn rows<R>(next: Letter, (c, a, b): All<R>, inner: impl Fn(&mut [R], &[R], &[R])) {
    for k in 0..next.n {
        inner(&mut c[k * next.c..], &a[k * next.a..], &b[k * next.b..]);
    }
}

/// Entries that are added up side by side: what four registers of eight hold, and what one does.
const MANY: usize = 32;
const LANES: usize = 8;

/// Sums of so many chains, in the end one.
#[inline(always)]
fn joined<R: Real>(chains: [R; LANES]) -> R {
    let [a, b, c, d, e, g, h, i] = chains;
    ((a + b) + (c + d)) + ((e + g) + (h + i))
}

/// Many chains as a few.
#[inline(always)]
fn folded<R: Real>(chains: [R; MANY]) -> [R; LANES] {
    let mut few = [R::of(0.0); LANES];
    for part in chains.chunks_exact(LANES) {
        few.iter_mut().zip(part).for_each(|(p, &x)| *p += x);
    }
    few
}

/// Adds up in many chains, side by side.
#[inline(always)]
fn sum<R: Real>(a: &[R]) -> R {
    let mut many = [R::of(0.0); MANY];
    let whole = a.chunks_exact(MANY);
    let rest = whole.remainder().chunks_exact(LANES);
    let last = rest.remainder().iter().fold(R::of(0.0), |s, &x| s + x);
    for a in whole {
        many.iter_mut().zip(a).for_each(|(p, &x)| *p += x);
    }
    let mut few = folded(many);
    for a in rest {
        few.iter_mut().zip(a).for_each(|(p, &x)| *p += x);
    }
    joined(few) + last
}

/// As [`sum`], of products.
#[inline(always)]
fn dot<R: Real>(a: &[R], b: &[R]) -> R {
    let mut many = [R::of(0.0); MANY];
    let (whole, others) = (a.chunks_exact(MANY), b.chunks_exact(MANY));
    let (rest, other) = (whole.remainder().chunks_exact(LANES), others.remainder().chunks_exact(LANES));
    let last = rest.remainder().iter().zip(other.remainder()).fold(R::of(0.0), |s, (&x, &y)| s + x * y);
    for (a, b) in whole.zip(others) {
        many.iter_mut().zip(a.iter().zip(b)).for_each(|(p, (&x, &y))| *p += x * y);
    }
    let mut few = folded(many);
    for (a, b) in rest.zip(other) {
        few.iter_mut().zip(a.iter().zip(b)).for_each(|(p, (&x, &y))| *p += x * y);
    }
    joined(few) + last
}
