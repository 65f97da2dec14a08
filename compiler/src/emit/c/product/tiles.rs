//! Tiles of a matrix product: a group brings a tile of each factor into the memory that it shares, each thread sums several entries.

use super::{
    super::{
        Gemm,
        reach::{Run, decode, extent, fold, stride},
        size::Size,
    },
    Term, inner, one_to_one, outputs, written,
};
use crate::dim::Dim;
use std::fmt::Write;

/// A tile of the result, its depth, and the entries of a thread along each side.
const SIDE: usize = 64;
const DEPTH: usize = 16;
pub(super) const EACH: usize = 4;
/// Threads of a group.
pub(super) const THREADS: usize = SIDE * SIDE / EACH / EACH;

/// Rows, inner size and columns from which tiles pay, and a library.
const LEAST: [usize; 3] = [32, 16, 32];

/// A matrix product in fused letters: rows, columns, inner, batch.
#[derive(Clone)]
pub(super) struct Tiles {
    rows: Vec<Run>,
    cols: Vec<Run>,
    inner: Vec<Run>,
    batch: Vec<Run>,
    /// Which factor has the rows.
    left: usize,
    /// Whether rows and columns may change places: tiles above the diagonal are enough.
    twins: bool,
}

impl Tiles {
    /// The letters by the roles that they play, if each has one of the four.
    pub(super) fn roles(t: &Term) -> Option<Tiles> {
        let [(_, _, a), (_, _, b)] = t.factors.as_slice() else { return None };
        let (mut rows, mut cols, mut batch) = (vec![], vec![], vec![]);
        let mut twins = false;
        for r in outputs(t) {
            let l = match &r {
                Run::Letter(l, _) => *l,
                // both letters of a pair move the first factor
                Run::Pair([i, j], _) if !a[*i].is(0) && !a[*j].is(0) && b[*i].is(0) && b[*j].is(0) => *i,
                Run::Pair(..) => return None,
                Run::Twins(first, second) => {
                    let letters =
                        |side: &[(usize, usize)]| side.iter().map(|&(l, n)| Run::Letter(l, Size::Known(n))).collect::<Vec<_>>();
                    (rows, cols, twins) = ([rows, letters(first)].concat(), [cols, letters(second)].concat(), true);
                    continue;
                }
            };
            match (!a[l].is(0), !b[l].is(0)) {
                (true, false) => rows.push(r),
                (false, true) => cols.push(r),
                (true, true) => batch.push(r),
                (false, false) => return None,
            }
        }
        let all_inside = (t.target.len()..t.letters()).all(|l| !a[l].is(0) && !b[l].is(0));
        // neighboring threads write neighboring entries: the fastest letter of the target is one of the columns
        let fastest = t.target.len().checked_sub(1)?;
        let swap = !a[fastest].is(0) && b[fastest].is(0);
        let (rows, cols) = if swap { (cols, rows) } else { (rows, cols) };
        // one triangle is one only of all rows and columns
        if twins && (rows.len() != t.exchange.len() || cols.len() != t.exchange.len()) {
            return None;
        }
        all_inside.then_some(Tiles { rows, cols, inner: inner(t), batch, left: usize::from(swap), twins })
    }

    /// Those of a product that is large enough.
    pub(super) fn of(t: &Term) -> Option<Tiles> {
        let tiles = Tiles::roles(t)?;
        let sides = [&tiles.rows, &tiles.inner, &tiles.cols].map(|r| extent(r).typical());
        sides.iter().zip(LEAST).all(|(n, least)| *n >= least).then_some(tiles)
    }

    /// Tiles that lie below and beside each other, typically.
    fn across(&self) -> [usize; 2] {
        [&self.rows, &self.cols].map(|r| extent(r).typical().div_ceil(SIDE))
    }

    /// The tiles of one matrix, as groups are counted.
    fn tiles(&self) -> Vec<(Size, usize)> {
        let [down, _] = self.across();
        match self.twins {
            true => vec![(Size::Known(down * (down + 1) / 2), 1)],
            false => [&self.rows, &self.cols].map(|r| (extent(r), SIDE)).to_vec(),
        }
    }

    pub(super) fn grid(&self) -> Vec<(Size, usize)> {
        let batch = (!self.batch.is_empty()).then(|| (extent(&self.batch), 1));
        self.tiles().into_iter().chain(batch).collect()
    }

    pub(super) fn groups(&self) -> usize {
        self.grid().iter().map(|(n, each)| n.typical().div_ceil(*each)).product()
    }

    pub(super) fn text(&self, t: &Term, names: &[String], set: bool) -> String {
        let [down, across] = [&self.rows, &self.cols].map(|r| extent(r).parts(SIDE));
        // all tiles of one matrix
        let tiles = match self.tiles().as_slice() {
            [(all, 1)] => all.to_string(),
            parts if parts.iter().all(|p| matches!(p.0, Size::Known(_))) => (self.across()[0] * self.across()[1]).to_string(),
            _ => format!("({down} * {across})"),
        };
        let [m, n, k] = [&self.rows, &self.cols, &self.inner].map(|r| extent(r));
        let half = SIDE / EACH;
        let mut out = format!("  SHARED real left[{DEPTH}][{}], right[{DEPTH}][{}];\n", SIDE + 1, SIDE + 1);
        let _ = writeln!(out, "  const int x = THREAD % {half}, y = THREAD / {half};");
        if self.twins {
            let own = if self.batch.is_empty() { "GROUP".to_owned() } else { format!("GROUP % {tiles}") };
            out.push_str(&fold(&own, ["down", "across"], self.across()[0], "  "));
            let _ = writeln!(out, "  const int col0 = across * {SIDE}, row0 = down * {SIDE};");
        } else {
            let _ = writeln!(out, "  const int col0 = GROUP % {across} * {SIDE}, row0 = GROUP / {across} % {down} * {SIDE};");
        }
        if !self.batch.is_empty() {
            let _ = writeln!(out, "  const int batch = GROUP / {tiles};");
            out.push_str(&decode(&self.batch, "batch", "  "));
        }
        let _ = writeln!(out, "  real sum[{EACH}][{EACH}];");
        let _ = writeln!(out, "  for (int u = 0; u < {EACH}; u++)\n    for (int v = 0; v < {EACH}; v++) sum[u][v] = 0;");
        let _ = writeln!(out, "  for (int inner0 = 0; inner0 < {k}; inner0 += {DEPTH}) {{");
        let right = 1 - self.left;
        self.load(t, self.left, &self.rows, ("row", &m, "left"), &names[self.left], &mut out);
        self.load(t, right, &self.cols, ("col", &n, "right"), &names[right], &mut out);
        let _ = writeln!(out, "    BARRIER();\n    for (int q = 0; q < {DEPTH}; q++)\n      for (int u = 0; u < {EACH}; u++)");
        let _ = writeln!(
            out,
            "        for (int v = 0; v < {EACH}; v++) sum[u][v] += left[q][y + {half} * u] * right[q][x + {half} * v];"
        );
        let _ =
            writeln!(out, "    BARRIER();\n  }}\n  for (int u = 0; u < {EACH}; u++)\n    for (int v = 0; v < {EACH}; v++) {{");
        let _ = writeln!(out, "      const int row = row0 + y + {half} * u, col = col0 + x + {half} * v;");
        let _ = writeln!(out, "      if (row >= {m} || col >= {n}) continue;");
        out.push_str(&decode(&self.rows, "row", "      "));
        out.push_str(&decode(&self.cols, "col", "      "));
        let _ = writeln!(out, "      const real value = {};", t.scaled("sum[u][v]"));
        if self.twins {
            let sign = if set { "=" } else { "+=" };
            let _ = writeln!(out, "      {} {sign} value;", t.result(false));
            let _ = writeln!(out, "      if (row0 != col0) {} {sign} value;", t.result(true));
        } else {
            written(t, set, "value", "      ", &mut out);
        }
        out.push_str("    }\n}\n");
        out
    }

    /// Brings a tile of a factor into shared memory; neighboring threads read along its smaller stride.
    fn load(
        &self,
        t: &Term,
        factor: usize,
        side: &[Run],
        (index, extent_of_side, tile): (&str, &Size, &str),
        name: &str,
        out: &mut String,
    ) {
        let strides = &t.factors[factor].2;
        let stride = |r: &Run| match r {
            Run::Letter(l, _) => strides[*l].typical(),
            Run::Pair([_, j], _) => strides[*j].typical(),
            // rows and columns stand apart here
            Run::Twins(..) => 0,
        };
        let fastest = |runs: &[Run]| runs.iter().map(stride).filter(|s| *s > 0).min();
        let along = fastest(side) <= fastest(&self.inner);
        let (q, p) = if along {
            (format!("at / {SIDE}"), format!("at % {SIDE}"))
        } else {
            (format!("at % {DEPTH}"), format!("at / {DEPTH}"))
        };
        let k = extent(&self.inner);
        let threads = THREADS;
        let _ = writeln!(out, "    for (int at = THREAD; at < {}; at += {threads}) {{", SIDE * DEPTH);
        let _ = writeln!(out, "      const int {index} = {index}0 + {p}, inner = inner0 + {q};");
        let _ = writeln!(out, "      real value = 0;\n      if ({index} < {extent_of_side} && inner < {k}) {{");
        out.push_str(&decode(side, index, "        "));
        out.push_str(&decode(&self.inner, "inner", "        "));
        let _ = writeln!(out, "        value = {};\n      }}", t.factor(factor, name));
        let _ = writeln!(out, "      {tile}[{q}][{p}] = value;\n    }}");
    }
}

/// A term as one call of a library, where fused letters have one stride, and of the strides of each matrix one is one and the other
/// reaches beyond a row or column; `tile` is the kernel that does the same. Sizes that are known are large enough for it to pay.
pub(in crate::emit::c) fn gemm(t: &Term, add: bool, tile: usize) -> Option<Gemm> {
    // the library does whole matrices, and a coefficient that is a number
    if t.pair.is_some() || !t.counts.is_empty() || !one_to_one(t) {
        return None;
    }
    let tiles = Tiles::roles(&Term { exchange: vec![], ..t.clone() })?;
    tiles.by_batches().iter().find_map(|tiles| tiles.call(t, add, tile))
}

impl Tiles {
    /// The same product, and the same as several: the slowest letter of its columns, or of its rows, counts them.
    fn by_batches(self) -> Vec<Tiles> {
        let mut out = vec![self.clone()];
        if self.batch.is_empty() {
            let without_first = |runs: &[Run]| (runs.len() > 1).then(|| (runs[1..].to_vec(), vec![runs[0].clone()]));
            out.extend(without_first(&self.cols).map(|(cols, batch)| Tiles { cols, batch, ..self.clone() }));
            out.extend(without_first(&self.rows).map(|(rows, batch)| Tiles { rows, batch, ..self.clone() }));
        }
        out
    }

    fn call(&self, t: &Term, add: bool, tile: usize) -> Option<Gemm> {
        let sides = [&self.rows, &self.inner, &self.cols].map(|r| extent(r));
        let pays = sides.iter().zip(LEAST).all(|(n, least)| !matches!(n, Size::Known(n) if *n < least));
        if !pays {
            return None;
        }
        let [m, k, n] = &sides;
        let right = 1 - self.left;
        // of rows, columns and matrices, and the extents of rows and columns
        let strides = |runs: [&[Run]; 3], extents: [&Size; 2], of: &dyn Fn(usize) -> Size| -> Option<[Dim; 3]> {
            let [down, across, apart] = runs.map(|r| stride(r, of));
            let (down, across) = (down?, across?);
            let beyond = |stride: &Size, n: &Size| stride.plus(&Size::Known(1)).exceeds(n);
            let dense = (down.is(1) && beyond(&across, extents[0])) || (across.is(1) && beyond(&down, extents[1]));
            dense.then_some([down.dim(), across.dim(), apart?.dim()])
        };
        let factor = |f: usize| move |l: usize| t.factors[f].2[l].clone();
        let offset = |f: usize| t.factors[f].1.dim();
        Some(Gemm {
            arrays: [t.factors[0].0, t.factors[1].0, t.into.0],
            shape: [m, k, n].map(Size::dim),
            batch: extent(&self.batch).dim(),
            left: strides([&self.rows, &self.inner, &self.batch], [m, k], &factor(self.left))?,
            right: strides([&self.inner, &self.cols, &self.batch], [k, n], &factor(right))?,
            target: strides([&self.rows, &self.cols, &self.batch], [m, n], &|l| t.target[l].1.clone())?,
            offsets: [offset(self.left), offset(right), t.into.1.dim()],
            swapped: self.left == 1,
            alpha: t.coefficient.to_f64(),
            add,
            tile,
        })
    }
}
