//! Sums of products over letters that are no matrix products: loops.

use crate::Real;

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

/// Where target and factors stand for every value of the letters, the last letter fastest; once if there are none.
pub(super) fn everywhere(letters: &[Letter], mut visit: impl FnMut([usize; 3])) {
    let (mut count, mut at) = (vec![0; letters.len()], [0; 3]);
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
    everywhere(outer, |[pc, pa, pb]| plane(alpha, store, next, inner, (&mut c[pc..], &a[pa..], &b[pb..])));
}

/// The two innermost loops: one loop for each way in which the last letter moves.
fn plane<R: Real>(alpha: R, store: bool, next: Letter, inner: Letter, all: (&mut [R], &[R], &[R])) {
    let n = inner.n;
    match (inner.strides(), store) {
        ([0, 1, 1], _) => rows(next, all, |c, a, b| c[0] += alpha * dot(&a[..n], &b[..n])),
        ([0, 1, 0], _) => rows(next, all, |c, a, b| c[0] += alpha * b[0] * a[..n].iter().fold(R::of(0.0), |s, &x| s + x)),
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
        ([z, x, y], true) => rows(next, all, |c, a, b| (0..n).for_each(|i| c[i * z] = alpha * a[i * x] * b[i * y])),
        ([z, x, y], false) => rows(next, all, |c, a, b| (0..n).for_each(|i| c[i * z] += alpha * a[i * x] * b[i * y])),
    }
}

/// The innermost loop for every value of the letter before the last.
#[inline(always)]
fn rows<R>(next: Letter, (c, a, b): (&mut [R], &[R], &[R]), inner: impl Fn(&mut [R], &[R], &[R])) {
    for k in 0..next.n {
        inner(&mut c[k * next.c..], &a[k * next.a..], &b[k * next.b..]);
    }
}

/// A sum of products in four parts, so that it is not one chain of additions.
fn dot<R: Real>(a: &[R], b: &[R]) -> R {
    let mut part = [R::of(0.0); 4];
    let (x, y) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest = x.remainder().iter().zip(y.remainder()).fold(R::of(0.0), |s, (&x, &y)| s + x * y);
    for (x, y) in x.zip(y) {
        for (p, (&x, &y)) in part.iter_mut().zip(x.iter().zip(y)) {
            *p += x * y;
        }
    }
    (part[0] + part[1]) + (part[2] + part[3]) + rest
}
