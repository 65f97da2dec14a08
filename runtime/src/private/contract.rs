//! Sums of products over letters that are no matrix products: loops.

use crate::Real;

/// How far one letter goes, and how it moves in the target and the two factors.
#[derive(Clone, Copy)]
struct Axis {
    extent: usize,
    moves: [usize; 3],
}

/// Adds `alpha · Σ a b` to c; a letter that moves nothing in c is summed. Entries come with the stride of every letter; the letter
/// that moves least stands last.
pub(super) fn sum_of_products<R: Real>(
    alpha: R,
    extents: &[usize],
    (c, rc): (&mut [R], &[usize]),
    (a, ra): (&[R], &[usize]),
    (b, rb): (&[R], &[usize]),
) {
    if extents.contains(&0) {
        return;
    }
    let mut axes: Vec<Axis> = (0..extents.len()).map(|k| Axis { extent: extents[k], moves: [rc[k], ra[k], rb[k]] }).collect();
    let inner = axes.pop().unwrap_or(Axis { extent: 1, moves: [0; 3] });
    let (mut count, mut at) = (vec![0; axes.len()], [0; 3]);
    loop {
        row(alpha, inner, (&mut c[at[0]..], &a[at[1]..], &b[at[2]..]));
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

/// The innermost loop.
fn row<R: Real>(alpha: R, Axis { extent: n, moves }: Axis, (c, a, b): (&mut [R], &[R], &[R])) {
    match moves {
        [0, 1, 1] => c[0] += alpha * a[..n].iter().zip(&b[..n]).fold(R::of(0.0), |s, (&x, &y)| s + x * y),
        [0, x, y] => c[0] += alpha * (0..n).fold(R::of(0.0), |s, i| s + a[i * x] * b[i * y]),
        [1, 1, 0] => add(alpha * b[0], &mut c[..n], &a[..n]),
        [1, 0, 1] => add(alpha * a[0], &mut c[..n], &b[..n]),
        [1, 1, 1] => c[..n].iter_mut().zip(&a[..n]).zip(&b[..n]).for_each(|((z, &x), &y)| *z += alpha * x * y),
        [z, x, y] => (0..n).for_each(|i| c[i * z] += alpha * a[i * x] * b[i * y]),
    }
}

/// `c += alpha a`.
fn add<R: Real>(alpha: R, c: &mut [R], a: &[R]) {
    c.iter_mut().zip(a).for_each(|(y, &x)| *y += alpha * x);
}
