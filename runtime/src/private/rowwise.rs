//! Functions of every row of a matrix that is given by its entries and its shape, by the names of their rows.

use crate::{Error, Real};

/// Row by row into a matrix of `width` columns.
fn by_rows<R: Real>(
    a: &[R],
    [m, n]: [usize; 2],
    width: usize,
    f: impl Fn(usize, &[R], &mut [R]) -> Result<(), Error>,
) -> Result<Vec<R>, Error> {
    let mut out = vec![R::of(0.0); m * width];
    for (i, (row, y)) in a.chunks_exact(n.max(1)).zip(out.chunks_exact_mut(width.max(1))).enumerate() {
        f(i, row, y)?;
    }
    Ok(out)
}

fn sum<R: Real>(row: &[R]) -> R {
    row.iter().fold(R::of(0.0), |s, &x| s + x)
}

fn largest<R: Real>(row: &[R]) -> R {
    let m = row.iter().fold(f64::NEG_INFINITY, |m, x| m.max(x.f64()));
    if m.is_finite() { R::of(m) } else { R::of(0.0) }
}

/// The root of the mean of the squares.
fn rms<R: Real>(row: &[R]) -> R {
    (row.iter().fold(R::of(0.0), |s, &x| s + x * x) / R::of(row.len() as f64)).sqrt()
}

/// The entries less their mean; none if all are equal.
fn centered<R: Real>(row: &[R]) -> Option<Vec<R>> {
    let mean = sum(row) / R::of(row.len() as f64);
    row.iter().any(|x| *x != row[0]).then(|| row.iter().map(|&x| x - mean).collect())
}

/// Exponentials that sum to one.
pub fn softmax<R: Real>(a: &[R], shape: [usize; 2]) -> Result<Vec<R>, Error> {
    by_rows(a, shape, shape[1], |_, row, y| {
        let shift = largest(row);
        y.iter_mut().zip(row).for_each(|(y, &x)| *y = (x - shift).exp());
        let total = sum(y);
        y.iter_mut().for_each(|y| *y /= total);
        Ok(())
    })
}

/// Logarithm of the sum of exponentials.
pub fn logsumexp<R: Real>(a: &[R], shape: [usize; 2]) -> Result<Vec<R>, Error> {
    by_rows(a, shape, 1, |_, row, y| {
        let shift = largest(row);
        y[0] = shift + row.iter().fold(R::of(0.0), |s, &x| s + (x - shift).exp()).ln();
        Ok(())
    })
}

/// Entries less their mean, over their deviation.
pub fn layernorm<R: Real>(a: &[R], shape: [usize; 2]) -> Result<Vec<R>, Error> {
    by_rows(a, shape, shape[1], |i, row, y| {
        let Some(c) = centered(row) else {
            let reason = format!("row {} has variance zero: all its entries are equal", i + 1);
            return Err(Error::Domain { operation: "layernorm", reason });
        };
        let std = rms(&c);
        y.iter_mut().zip(c).for_each(|(y, x)| *y = x / std);
        Ok(())
    })
}

/// Deviation: the root of the mean square of the entries less their mean.
pub fn rowstd<R: Real>(a: &[R], shape: [usize; 2]) -> Result<Vec<R>, Error> {
    by_rows(a, shape, 1, |_, row, y| {
        y[0] = centered(row).map_or(R::of(0.0), |c| rms(&c));
        Ok(())
    })
}

/// Entries over their root mean square.
pub fn rmsnorm<R: Real>(a: &[R], shape: [usize; 2]) -> Result<Vec<R>, Error> {
    by_rows(a, shape, shape[1], |i, row, y| {
        if row.iter().all(|&x| x == R::of(0.0)) {
            return Err(Error::Domain { operation: "rmsnorm", reason: format!("row {} is zero", i + 1) });
        }
        let r = rms(row);
        y.iter_mut().zip(row).for_each(|(y, &x)| *y = x / r);
        Ok(())
    })
}

/// Root mean square.
pub fn rowrms<R: Real>(a: &[R], shape: [usize; 2]) -> Result<Vec<R>, Error> {
    by_rows(a, shape, 1, |_, row, y| {
        y[0] = rms(row);
        Ok(())
    })
}

/// The place of the first of the largest entries of a row.
fn first_largest<R: Real>(row: &[R]) -> usize {
    (0..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

/// The largest entry of every row.
pub fn rowmax<R: Real>(a: &[R], shape: [usize; 2]) -> Result<Vec<R>, Error> {
    by_rows(a, shape, 1, |_, row, y| {
        y[0] = row[first_largest(row)];
        Ok(())
    })
}

/// 1 at the first of the largest entries of every row, else 0.
pub fn rowargmax<R: Real>(a: &[R], shape: [usize; 2]) -> Result<Vec<R>, Error> {
    by_rows(a, shape, shape[1], |_, row, y| {
        y[first_largest(row)] = R::of(1.0);
        Ok(())
    })
}
