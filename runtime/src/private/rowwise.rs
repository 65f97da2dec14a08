//! Functions of every row of a matrix that is given by its entries and its shape, by the names of their rows.

use super::wide::{Work, wide};
use crate::{Error, Real};
use pulp::Simd;
use std::marker::PhantomData;

/// A function of rows.
pub(crate) trait Rows<R> {
    /// Whether its result is one column, not as many as there are.
    const COLUMN: bool;

    /// Of row number i into a row of the result.
    ///
    /// Errors: a row at which it has no value.
    fn row(i: usize, row: &[R], y: &mut [R]) -> Result<(), Error>;
}

/// A function of the rows of a matrix: entries, number of columns, where the result goes.
///
/// Errors: a row at which it has no value.
pub(crate) fn by_rows<F: Rows<R>, R: Real>(a: &[R], n: usize, out: &mut [R]) -> Result<(), Error> {
    wide(Every { a, n, out, function: PhantomData::<F> })
}

/// In new memory.
fn new<F: Rows<R>, R: Real>(a: &[R], [m, n]: [usize; 2]) -> Result<Vec<R>, Error> {
    let mut out = vec![R::of(0.0); if F::COLUMN { m } else { m * n }];
    by_rows::<F, R>(a, n, &mut out).map(|()| out)
}

struct Every<'a, R, F> {
    a: &'a [R],
    n: usize,
    out: &'a mut [R],
    function: PhantomData<F>,
}

impl<R: Real, F: Rows<R>> Work for Every<'_, R, F> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Result<(), Error> {
        let width = if F::COLUMN { 1 } else { self.n };
        let rows = self.a.chunks_exact(self.n.max(1)).zip(self.out.chunks_exact_mut(width.max(1)));
        for (i, (row, y)) in rows.enumerate() {
            F::row(i, row, y)?;
        }
        Ok(())
    }
}

/// Entries that are added up side by side.
const LANES: usize = 8;

/// The sum of a function of the entries, in so many parts that they can be added side by side.
#[inline(always)]
fn sum_of<R: Real>(row: &[R], f: impl Fn(R) -> R) -> R {
    let mut parts = [R::of(0.0); LANES];
    let chunks = row.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(R::of(0.0), |s, &x| s + f(x));
    for chunk in chunks {
        parts.iter_mut().zip(chunk).for_each(|(p, &x)| *p += f(x));
    }
    let [a, b, c, d, e, g, h, i] = parts;
    ((a + b) + (c + d)) + ((e + g) + (h + i)) + rest
}

#[inline(always)]
fn sum<R: Real>(row: &[R]) -> R {
    sum_of(row, |x| x)
}

#[inline(always)]
fn largest<R: Real>(row: &[R]) -> R {
    let larger = |m: R, x: R| if x > m { x } else { m };
    let mut parts = [R::of(f64::NEG_INFINITY); LANES];
    let chunks = row.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(R::of(f64::NEG_INFINITY), |m, &x| larger(m, x));
    for chunk in chunks {
        parts.iter_mut().zip(chunk).for_each(|(p, &x)| *p = larger(*p, x));
    }
    let m = parts.into_iter().fold(rest, larger);
    if m.is_finite() { m } else { R::of(0.0) }
}

/// The root of the mean of the squares of the entries less a number.
#[inline(always)]
fn deviation<R: Real>(row: &[R], mean: R) -> R {
    (sum_of(row, |x| (x - mean) * (x - mean)) / R::of(row.len() as f64)).sqrt()
}

/// The mean of the entries; none if all are equal.
#[inline(always)]
fn mean<R: Real>(row: &[R]) -> Option<R> {
    row.iter().any(|x| *x != row[0]).then(|| sum(row) / R::of(row.len() as f64))
}

/// The place of the first of the largest entries of a row.
#[inline(always)]
fn first_largest<R: Real>(row: &[R]) -> usize {
    (0..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

/// A function of rows, of that name in generated code.
macro_rules! rows {
    ($(#[doc = $words:literal])* $name:ident, $row:ident, $column:literal, |$i:pat_param, $x:ident, $y:ident| $body:block) => {
        $(#[doc = $words])*
        pub fn $name<R: Real>(a: &[R], shape: [usize; 2]) -> Result<Vec<R>, Error> {
            new::<$row, R>(a, shape)
        }

        /// The function of that name.
        pub(crate) struct $row;

        impl<R: Real> Rows<R> for $row {
            const COLUMN: bool = $column;

            #[inline(always)]
            fn row($i: usize, $x: &[R], $y: &mut [R]) -> Result<(), Error> $body
        }
    };
}

rows! {
    /// Exponentials that sum to one.
    softmax, Softmax, false, |_, row, y| {
        let shift = largest(row);
        y.iter_mut().zip(row).for_each(|(y, &x)| *y = (x - shift).exponential());
        let share = R::of(1.0) / sum(y);
        y.iter_mut().for_each(|y| *y *= share);
        Ok(())
    }
}

rows! {
    /// Logarithm of the sum of exponentials.
    logsumexp, LogSumExp, true, |_, row, y| {
        let shift = largest(row);
        y[0] = shift + sum_of(row, |x| (x - shift).exponential()).ln();
        Ok(())
    }
}

rows! {
    /// Entries less their mean, over their deviation.
    layernorm, LayerNorm, false, |i, row, y| {
        let Some(mean) = mean(row) else {
            let reason = format!("row {} has variance zero: all its entries are equal", i + 1);
            return Err(Error::Domain { operation: "layernorm", reason });
        };
        let std = deviation(row, mean);
        y.iter_mut().zip(row).for_each(|(y, &x)| *y = (x - mean) / std);
        Ok(())
    }
}

rows! {
    /// Deviation: the root of the mean square of the entries less their mean.
    rowstd, RowStd, true, |_, row, y| {
        y[0] = mean(row).map_or(R::of(0.0), |mean| deviation(row, mean));
        Ok(())
    }
}

rows! {
    /// Entries over their root mean square.
    rmsnorm, RmsNorm, false, |i, row, y| {
        if row.iter().all(|&x| x == R::of(0.0)) {
            return Err(Error::Domain { operation: "rmsnorm", reason: format!("row {} is zero", i + 1) });
        }
        let r = deviation(row, R::of(0.0));
        y.iter_mut().zip(row).for_each(|(y, &x)| *y = x / r);
        Ok(())
    }
}

rows! {
    /// Root mean square.
    rowrms, RowRms, true, |_, row, y| {
        y[0] = deviation(row, R::of(0.0));
        Ok(())
    }
}

rows! {
    /// The largest entry of every row.
    rowmax, RowMax, true, |_, row, y| {
        y[0] = row[first_largest(row)];
        Ok(())
    }
}

rows! {
    /// 1 at the first of the largest entries of every row, else 0.
    rowargmax, RowArgMax, false, |_, row, y| {
        y[first_largest(row)] = R::of(1.0);
        Ok(())
    }
}
