//! Sums of products over letters that are no matrix products: loops.

use crate::Real;

/// How far one letter goes, and how it moves in the target and the two factors.
#[derive(Clone, Copy)]
struct Axis {
    extent: usize,
    moves: [usize; 3],
}

/// Adds `alpha · Σ a b` to c, or writes it there; a letter that moves nothing in c is summed (and then it can only be added).
/// Entries come with the stride of every letter; the letter that moves least stands last.
pub(super) fn sum_of_products<R: Real>(
    alpha: R,
    extents: &[usize],
    store: bool,
    (c, rc): (&mut [R], &[usize]),
    (a, ra): (&[R], &[usize]),
    (b, rb): (&[R], &[usize]),
) {
    if extents.contains(&0) {
        return;
    }
    let mut axes: Vec<Axis> = (0..extents.len()).map(|k| Axis { extent: extents[k], moves: [rc[k], ra[k], rb[k]] }).collect();
    let one = Axis { extent: 1, moves: [0; 3] };
    let inner = axes.pop().unwrap_or(one);
    let next = axes.pop().unwrap_or(one);
    let (mut count, mut at) = (vec![0; axes.len()], [0; 3]);
    loop {
        plane(alpha, store, next, inner, (&mut c[at[0]..], &a[at[1]..], &b[at[2]..]));
        // on to the next, the last letter fastest
        let mut k = axes.len();
        loop {
            if k == 0 {
                return;
            }
            k -= 1;
            let Axis { extent, moves } = axes[k];
            count[k] += 1;
            if count[k] < extent {
                at.iter_mut().zip(moves).for_each(|(p, s)| *p += s);
                break;
            }
            count[k] = 0;
            at.iter_mut().zip(moves).for_each(|(p, s)| *p -= (extent - 1) * s);
        }
    }
}

/// The two innermost loops: one loop for each way in which the last letter moves.
fn plane<R: Real>(alpha: R, store: bool, next: Axis, Axis { extent: n, moves }: Axis, all: (&mut [R], &[R], &[R])) {
    match (moves, store) {
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
fn rows<R>(next: Axis, (c, a, b): (&mut [R], &[R], &[R]), inner: impl Fn(&mut [R], &[R], &[R])) {
    let [z, x, y] = next.moves;
    for k in 0..next.extent {
        inner(&mut c[k * z..], &a[k * x..], &b[k * y..]);
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
