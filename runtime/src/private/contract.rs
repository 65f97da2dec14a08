//! Sums of products over letters that are no matrix products: loops.

use super::wide::{Work, wide};
use crate::Real;
use pulp::Simd;
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
    #[inline]
    pub(super) fn strides(self) -> [usize; 3] {
        [self.c, self.a, self.b]
    }
}

/// A few letters.
pub(super) type Letters = SmallVec<[Letter; 6]>;

/// Where target and factors stand for every value of the letters, the last letter fastest; once if there are none.
pub(super) fn everywhere(letters: &[Letter], mut visit: impl FnMut([usize; 3])) {
    let mut walk = Walk::new(letters);
    loop {
        visit(walk.at);
        if !walk.on() {
            return;
        }
    }
}

/// The values of letters, one after the other.
struct Walk<'a> {
    letters: &'a [Letter],
    count: SmallVec<[usize; 8]>,
    /// Where target and factors stand.
    at: [usize; 3],
}

impl Walk<'_> {
    fn new(letters: &[Letter]) -> Walk<'_> {
        Walk { letters, count: smallvec![0; letters.len()], at: [0; 3] }
    }

    /// Goes on to the next values; says whether there are any.
    #[inline(always)]
    fn on(&mut self) -> bool {
        for (l, count) in self.letters.iter().zip(&mut self.count).rev() {
            *count += 1;
            if *count < l.n {
                self.at.iter_mut().zip(l.strides()).for_each(|(p, s)| *p += s);
                return true;
            }
            *count = 0;
            self.at.iter_mut().zip(l.strides()).for_each(|(p, s)| *p -= (l.n - 1) * s);
        }
        false
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

/// Writes zeros wherever the letters reach the target.
pub(super) fn clear<R: Real>(letters: impl Iterator<Item = Letter>, c: &mut [R]) {
    let mut reached: Letters = letters.filter(|l| l.c != 0).map(|l| Letter { a: 0, b: 0, ..l }).collect();
    reached.sort_by_key(|l| std::cmp::Reverse(l.c));
    let zero = R::of(0.0);
    if reached.is_empty() {
        c[0] = zero;
    } else {
        sum_of_products(zero, &reached, true, c, &[zero], &[zero]);
    }
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
    fn run<S: Simd>(self, simd: S) {
        let Planes { alpha, store, letters: (outer, next, inner), all: (target, left, right) } = self;
        let n = inner.n;
        // every way of moving has loops of its own, written out, so that all of it is inlined
        macro_rules! planes {
            (|$at:ident| $plane:expr) => {{
                let mut walk = Walk::new(outer);
                loop {
                    let $at = walk.at;
                    $plane;
                    if !walk.on() {
                        break;
                    }
                }
            }};
        }
        macro_rules! rows {
            (|$c:ident, $a:ident, $b:ident| $row:expr) => {
                planes!(|at| for k in 0..next.n {
                    let ($c, $a, $b) =
                        (&mut target[at[0] + k * next.c..], &left[at[1] + k * next.a..], &right[at[2] + k * next.b..]);
                    $row;
                })
            };
        }
        // rows of one factor with a row of the other that stays: four at once, so that the other is read less often
        macro_rules! dots {
            ($rows:ident, $at:tt, $step:expr, $other:ident, $there:tt) => {
                planes!(|at| {
                    let other = &$other[at[$there]..][..n];
                    let row = |k: usize| &$rows[at[$at] + k * $step..][..n];
                    let mut k = 0;
                    while k + 4 <= next.n {
                        let sums = R::dots(simd, [row(k), row(k + 1), row(k + 2), row(k + 3)], other);
                        for (r, s) in sums.into_iter().enumerate() {
                            target[at[0] + (k + r) * next.c] += alpha * s;
                        }
                        k += 4;
                    }
                    for k in k..next.n {
                        target[at[0] + k * next.c] += alpha * R::dot(simd, row(k), other);
                    }
                })
            };
        }
        // multiples of rows of one factor are added to one row: four at once, so that it is read and written less often
        macro_rules! sums {
            ($rows:ident, $at:tt, $step:expr, $numbers:ident, $there:tt, $next:expr) => {
                planes!(|at| {
                    let c = &mut target[at[0]..][..n];
                    let row = |k: usize| (&$rows[at[$at] + k * $step..][..n], alpha * $numbers[at[$there] + k * $next]);
                    let mut k = 0;
                    while k + 4 <= next.n {
                        add_four(c, [row(k), row(k + 1), row(k + 2), row(k + 3)]);
                        k += 4;
                    }
                    for k in k..next.n {
                        let (row, number) = row(k);
                        add(c, row, number);
                    }
                })
            };
        }
        match (inner.strides(), store) {
            ([0, 1, 1], _) if next.b == 0 => dots!(left, 1, next.a, right, 2),
            ([0, 1, 1], _) if next.a == 0 => dots!(right, 2, next.b, left, 1),
            ([1, 1, 0], false) if next.c == 0 => sums!(left, 1, next.a, right, 2, next.b),
            ([1, 0, 1], false) if next.c == 0 => sums!(right, 2, next.b, left, 1, next.a),
            ([0, 1, 1], _) => rows!(|c, a, b| c[0] += alpha * R::dot(simd, &a[..n], &b[..n])),
            ([0, 1, 0], _) => rows!(|c, a, b| c[0] += alpha * b[0] * R::sum(simd, &a[..n])),
            ([0, x, y], _) => rows!(|c, a, b| c[0] += alpha * (0..n).fold(R::of(0.0), |s, i| s + a[i * x] * b[i * y])),
            ([1, 1, 0], true) => rows!(|c, a, b| put(&mut c[..n], &a[..n], alpha * b[0])),
            ([1, 1, 0], false) => rows!(|c, a, b| add(&mut c[..n], &a[..n], alpha * b[0])),
            ([1, 0, 1], true) => rows!(|c, a, b| put(&mut c[..n], &b[..n], alpha * a[0])),
            ([1, 0, 1], false) => rows!(|c, a, b| add(&mut c[..n], &b[..n], alpha * a[0])),
            ([1, 1, 1], true) => {
                rows!(|c, a, b| c[..n].iter_mut().zip(a[..n].iter().zip(&b[..n])).for_each(|(c, (&x, &y))| *c = alpha * x * y));
            }
            ([1, 1, 1], false) => {
                rows!(|c, a, b| c[..n].iter_mut().zip(a[..n].iter().zip(&b[..n])).for_each(|(c, (&x, &y))| *c += alpha * x * y));
            }
            ([1, 0, 0], true) => rows!(|c, a, b| c[..n].fill(alpha * a[0] * b[0])),
            ([1, 0, 0], false) => rows!(|c, a, b| {
                let s = alpha * a[0] * b[0];
                c[..n].iter_mut().for_each(|c| *c += s);
            }),
            ([z, x, y], true) => rows!(|c, a, b| (0..n).for_each(|i| c[i * z] = alpha * a[i * x] * b[i * y])),
            ([z, x, y], false) => rows!(|c, a, b| (0..n).for_each(|i| c[i * z] += alpha * a[i * x] * b[i * y])),
        }
    }
}

#[inline(always)]
fn put<R: Real>(c: &mut [R], a: &[R], s: R) {
    c.iter_mut().zip(a).for_each(|(c, &x)| *c = s * x);
}

#[inline(always)]
fn add<R: Real>(c: &mut [R], a: &[R], s: R) {
    c.iter_mut().zip(a).for_each(|(c, &x)| *c += s * x);
}

#[inline(always)]
fn add_four<R: Real>(c: &mut [R], [(a, s), (b, t), (d, u), (e, v)]: [(&[R], R); 4]) {
    let n = c.len();
    let (a, b, d, e) = (&a[..n], &b[..n], &d[..n], &e[..n]);
    for i in 0..n {
        c[i] = c[i] + s * a[i] + t * b[i] + u * d[i] + v * e[i];
    }
}
