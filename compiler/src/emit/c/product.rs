//! Kernels of products: a thread an entry, a group an entry, or tiles in the memory that a group shares.

use super::{
    Gemm,
    library::THREADS,
    reach::{Run, decode, extent, fold, stride},
    text::{Draft, letter, place, times},
};
use crate::{
    index::plan::{Operand, Product},
    number::Number,
};
use std::fmt::Write;

/// Most products of one kernel.
pub(super) const TERMS: usize = 8;
/// Most that is summed by one thread, where there are few entries.
const ALONE: usize = 512;
/// Entries of a target that are few: a group can be spent on each.
const FEW: usize = 4096;
/// Rows, and multiplications, below which it does not pay to compute one side of what is symmetric.
const ROWS: usize = 24;
const SMALL: usize = 1 << 13;
/// A tile of the result, its depth, and the entries of a thread along each side.
const SIDE: usize = 64;
const DEPTH: usize = 16;
const EACH: usize = 4;

/// Letters of a product, renamed: those of the target by decreasing stride, then those that are summed; extents of one left out.
struct Term {
    coefficient: Number,
    /// Letters of the target: extent and stride.
    target: Vec<(usize, usize)>,
    /// Extents of the letters that are summed.
    summed: Vec<usize>,
    /// Offset and strides of the factors, in the new letters.
    factors: Vec<(usize, Vec<usize>)>,
    /// Letters that may change places.
    pair: Option<[usize; 2]>,
    /// Pairs of a letter of the first factor and one of the second that may change places, all at once, where that is worth it.
    exchange: Vec<[usize; 2]>,
}

impl Term {
    fn new(p: &Product) -> Term {
        let live = |l: &usize| p.extents[*l] > 1;
        let mut moved: Vec<usize> = (0..p.extents.len()).filter(live).filter(|&l| p.target.strides[l] != 0).collect();
        moved.sort_by_key(|&l| (std::cmp::Reverse(p.target.strides[l]), l));
        let mut summed: Vec<usize> = (0..p.extents.len()).filter(live).filter(|&l| p.target.strides[l] == 0).collect();
        let largest = |l: usize| p.factors.first().map_or(0, |f: &Operand| f.strides[l]);
        summed.sort_by_key(|&l| (std::cmp::Reverse(largest(l)), l));
        let order: Vec<usize> = moved.iter().chain(&summed).copied().collect();
        let factor = |f: &Operand| (f.offset, order.iter().map(|&l| f.strides[l]).collect());
        let new = |l: usize| moved.iter().position(|&m| m == l);
        let pair = p.symmetric.and_then(|[i, j]| Some([new(i)?, new(j)?]));
        let mut t = Term {
            coefficient: p.coefficient,
            target: moved.iter().map(|&l| (p.extents[l], p.target.strides[l])).collect(),
            summed: summed.iter().map(|&l| p.extents[l]).collect(),
            factors: p.factors.iter().map(factor).collect(),
            pair: pair.map(|[i, j]| [i.min(j), i.max(j)]),
            exchange: vec![],
        };
        let pairs = p.exchange.iter().filter(|e| p.extents[e[0]] > 1);
        t.exchange = pairs.map(|&[i, j]| Some([new(i)?, new(j)?])).collect::<Option<_>>().unwrap_or_default();
        if !t.exchanges() {
            t.exchange.clear();
        }
        // the columns that move least in the target stand last
        t.exchange.sort_by_key(|e| e[1]);
        t
    }

    /// Whether the pairs are rows of one factor and columns of the other, and enough for one side to be worth it.
    fn exchanges(&self) -> bool {
        let [(_, a), (_, b)] = self.factors.as_slice() else { return false };
        let sides =
            |&[i, j]: &[usize; 2]| a[i] != 0 && b[i] == 0 && a[j] == 0 && b[j] != 0 && self.target[i].0 == self.target[j].0;
        let m: usize = self.exchange.iter().map(|e| self.target[e[0]].0).product();
        self.exchange.iter().all(sides) && m >= ROWS && m * m * self.inner() >= SMALL
    }

    /// The letters of one side of the pairs, with their extents.
    fn side(&self, k: usize) -> Vec<(usize, usize)> {
        self.exchange.iter().map(|e| (e[k], self.target[e[k]].0)).collect()
    }

    fn letters(&self) -> usize {
        self.target.len() + self.summed.len()
    }

    fn inner(&self) -> usize {
        self.summed.iter().product()
    }

    /// `A[4*a + b]`, of the factor of that place; `names` are those of the arrays.
    fn factor(&self, k: usize, name: &str) -> String {
        let (offset, strides) = &self.factors[k];
        let moves: Vec<(String, usize)> = strides.iter().enumerate().map(|(l, &s)| (letter(l), s)).collect();
        format!("{name}[{}]", place(*offset, &moves))
    }

    /// The factors as a product: `A[…] * B[…]`.
    fn factors(&self, names: &[String]) -> String {
        let parts: Vec<String> = names.iter().enumerate().map(|(k, n)| self.factor(k, n)).collect();
        if parts.is_empty() { "(real)1".to_owned() } else { parts.join(" * ") }
    }

    /// `2 A[ab] B[bc]`, and the extents of what is summed.
    fn says(&self, names: &[String]) -> String {
        let mut parts: Vec<String> = vec![];
        if self.coefficient.as_int() != Some(1) || names.is_empty() {
            parts.push(self.coefficient.to_string());
        }
        for (n, (_, strides)) in names.iter().zip(&self.factors) {
            let mut at: Vec<usize> = (0..strides.len()).filter(|&l| strides[l] != 0).collect();
            at.sort_by_key(|&l| std::cmp::Reverse(strides[l]));
            parts.push(format!("{n}[{}]", at.into_iter().map(letter).collect::<String>()));
        }
        parts.join(" ")
    }

    fn result(&self, offset: usize, swapped: bool) -> String {
        let pairs = || self.pair.iter().chain(&self.exchange).filter(|_| swapped);
        let other = |l: usize| pairs().find_map(|&[i, j]| if l == i { Some(j) } else { (l == j).then_some(i) }).unwrap_or(l);
        let moves: Vec<(String, usize)> = self.target.iter().enumerate().map(|(l, m)| (letter(other(l)), m.1)).collect();
        format!("C[{}]", place(offset, &moves))
    }
}

/// Whether every assignment of the letters that move the target is another entry of it.
fn one_to_one(t: &Term) -> bool {
    let mut reach = 0;
    t.target.iter().rev().all(|&(n, s)| {
        let apart = s > reach;
        reach += (n - 1) * s;
        apart
    })
}

/// Whether the letters of a product reach every entry of its target at most once.
pub(super) fn one_to_one_target(p: &Product) -> bool {
    one_to_one(&Term::new(p))
}

/// What each thread of a product does that has its own kernel, as often as its threads fill a device of so many; `shared` is what the
/// steps of a reduction cost.
pub(super) fn alone(p: &Product, device: usize, shared: usize) -> usize {
    let t = Term::new(p);
    let (entries, waves) = (extent(&outputs(&t)), |threads: usize| threads.div_ceil(device).max(1));
    if !one_to_one(&t) {
        entries.saturating_mul(t.inner())
    } else if let Some(tiles) = Tiles::of(&t) {
        // what a thread reads serves several entries
        waves(tiles.groups() * SIDE * SIDE / EACH / EACH).saturating_mul(t.inner() * EACH)
    } else if reduces(&t) {
        waves(entries * THREADS) * (t.inner().div_ceil(THREADS) + shared)
    } else {
        waves(entries).saturating_mul(t.inner())
    }
}

/// The letters of the target as one index; of those that may change places, one triangle.
fn outputs(t: &Term) -> Vec<Run> {
    let first = t.exchange.iter().flatten().min();
    (0..t.target.len())
        .filter_map(|l| match t.pair {
            Some([i, j]) if l == i => Some(Run::Pair([i, j], t.target[i].0)),
            Some([_, j]) if l == j => None,
            _ if Some(&l) == first => Some(Run::Twins(t.side(0), t.side(1))),
            _ if t.exchange.iter().flatten().any(|x| *x == l) => None,
            _ => Some(Run::Letter(l, t.target[l].0)),
        })
        .collect()
}

fn inner(t: &Term) -> Vec<Run> {
    t.summed.iter().enumerate().map(|(k, &n)| Run::Letter(t.target.len() + k, n)).collect()
}

/// Whether others may be added in the same kernel.
pub(super) fn joins(p: &Product) -> bool {
    let t = Term::new(p);
    t.pair.is_none() && t.exchange.is_empty() && one_to_one(&t) && Tiles::of(&t).is_none() && !reduces(&t)
}

/// Whether a product goes into the kernel of one before: to the same entries, none of which it reads.
pub(super) fn together(first: &Product, p: &Product) -> bool {
    let (a, b) = (Term::new(first), Term::new(p));
    let same = first.target.array == p.target.array && first.target.offset == p.target.offset && a.target == b.target;
    let reads = p.factors.iter().any(|f| f.array == p.target.array);
    same && !reads && !p.first && joins(p)
}

/// Few entries and long sums.
fn reduces(t: &Term) -> bool {
    t.pair.is_none() && t.inner() >= ALONE && extent(&outputs(t)) <= FEW
}

fn names(terms: &[Term]) -> Vec<Vec<String>> {
    let mut next = 0;
    let mut name = || {
        // C is the result
        let c = char::from(b'A' + (next % 25 + usize::from(next % 25 >= 2)) as u8);
        let n = next / 25;
        next += 1;
        if n == 0 { c.to_string() } else { format!("{c}{n}") }
    };
    terms.iter().map(|t| t.factors.iter().map(|_| name()).collect()).collect()
}

/// The kernel of products that are added to the same entries.
pub(super) fn draft(products: &[&Product], note: &str) -> Draft {
    let terms: Vec<Term> = products.iter().map(|p| Term::new(p)).collect();
    let names = names(&terms);
    let (first, set, offset) = (&terms[0], products[0].first, products[0].target.offset);
    let list: Vec<String> = names.concat().iter().map(|n| format!("GLOBAL const real* RESTRICT {n}, ")).collect();
    let head = format!("({}GLOBAL real* RESTRICT C) {{\n", list.concat());
    let (family, stem, text, threads, groups) = if !one_to_one(first) {
        let (text, groups) = (serial(first, &names[0], offset), 1);
        ("serial", "serial", text, 1, groups)
    } else if let Some(tiles) = Tiles::of(first) {
        let (text, groups) = (tiles.text(first, &names[0], offset, set), tiles.groups());
        ("tile", "product", text, SIDE * SIDE / EACH / EACH, groups)
    } else if reduces(first) {
        let groups = extent(&outputs(first));
        ("reduce", "sum", reduce(first, &names[0], offset, set), THREADS, groups)
    } else {
        let n = extent(&outputs(first));
        let stem = if first.factors.len() == 2 && first.inner() > 1 { "product" } else { "entries" };
        ("entries", stem, entries(&terms, &names, offset, set), THREADS, n.div_ceil(THREADS))
    };
    Draft {
        stem: stem.to_owned(),
        family,
        says: says(&terms, &names, set, note),
        body: head + &text,
        threads,
        groups,
        written: 1,
        flagged: false,
    }
}

/// `C[ac] = 2 A[ab] B[bc]   (a=3 b=4 c=2)   hessian(loss)`.
fn says(terms: &[Term], names: &[Vec<String>], set: bool, note: &str) -> Vec<String> {
    let at: String = (0..terms[0].target.len()).map(letter).collect();
    let mut out = vec![];
    for (k, (t, n)) in terms.iter().zip(names).enumerate() {
        let sizes: Vec<String> = (0..t.letters())
            .map(|l| (l, if l < t.target.len() { t.target[l].0 } else { t.summed[l - t.target.len()] }))
            .filter(|(l, _)| k == 0 || *l >= t.target.len())
            .map(|(l, n)| format!("{}={n}", letter(l)))
            .collect();
        let left = match (k, set) {
            (0, true) => format!("C[{at}] = "),
            (0, false) => format!("C[{at}] += "),
            _ => format!("{:width$}+ ", "", width = at.len() + 4),
        };
        let mut half: Vec<String> = vec![];
        for [i, j] in t.pair.iter().chain(&t.exchange) {
            half.push(format!("{} and {}", letter(*i), letter(*j)));
        }
        let half = if half.is_empty() { String::new() } else { format!(", the same with {} exchanged", half.join(", ")) };
        let sizes = if sizes.is_empty() { String::new() } else { format!("   ({})", sizes.join(" ")) };
        out.push(format!("{left}{}{sizes}{half}", t.says(n)));
    }
    if !note.is_empty() && note.len() < 60 {
        out[0].push_str(&format!("   first for `{note}`"));
    }
    out
}

/// `sum += …` under one loop a letter.
fn loops(t: &Term, names: &[String], sum: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut deep = indent.to_owned();
    for (k, n) in t.summed.iter().enumerate() {
        let l = letter(t.target.len() + k);
        let _ = writeln!(out, "{deep}for (int {l} = 0; {l} < {n}; {l}++)");
        deep.push_str("  ");
    }
    let _ = writeln!(out, "{deep}{sum} += {};", t.factors(names));
    out
}

/// One thread an entry of the target.
fn entries(terms: &[Term], names: &[Vec<String>], offset: usize, set: bool) -> String {
    let (first, runs) = (&terms[0], outputs(&terms[0]));
    let n = extent(&runs);
    let mut out = format!("  const int thread = GROUP * {THREADS} + THREAD;\n  if (thread >= {n}) return;\n");
    out.push_str(&decode(&runs, "thread", "  "));
    let mut parts = vec![];
    for (k, (t, names)) in terms.iter().zip(names).enumerate() {
        if t.summed.is_empty() {
            parts.push(times(t.coefficient, &t.factors(names)));
            continue;
        }
        let sum = if terms.len() == 1 { "sum".to_owned() } else { format!("sum{k}") };
        let _ = writeln!(out, "  real {sum} = 0;");
        out.push_str(&loops(t, names, &sum, "  "));
        parts.push(times(t.coefficient, &sum));
    }
    let _ = writeln!(out, "  const real value = {};", parts.join(" + "));
    written(first, offset, set, "value", "  ", &mut out);
    out.push_str("}\n");
    out
}

/// Writes or adds a value, at both places of a pair.
fn written(t: &Term, offset: usize, set: bool, value: &str, indent: &str, out: &mut String) {
    let sign = if set { "=" } else { "+=" };
    let _ = writeln!(out, "{indent}{} {sign} {value};", t.result(offset, false));
    let apart = match t.pair {
        Some([i, j]) => format!("{} != {}", letter(i), letter(j)),
        None if !t.exchange.is_empty() => "twin != other".to_owned(),
        None => return,
    };
    let _ = writeln!(out, "{indent}if ({apart}) {} {sign} {value};", t.result(offset, true));
}

/// One thread for all, where letters of the target reach an entry twice.
fn serial(t: &Term, names: &[String], offset: usize) -> String {
    let mut out = String::new();
    let extents = t.target.iter().map(|m| m.0).chain(t.summed.iter().copied());
    for (l, n) in extents.enumerate() {
        let _ = writeln!(out, "  for (int {0} = 0; {0} < {n}; {0}++)", letter(l));
    }
    let _ = writeln!(out, "    {} += {};\n}}", t.result(offset, false), times(t.coefficient, &t.factors(names)));
    out
}

/// One group an entry: its threads share the sum.
fn reduce(t: &Term, names: &[String], offset: usize, set: bool) -> String {
    let runs = inner(t);
    let mut out = format!("  SHARED real scratch[{THREADS}];\n");
    out.push_str(&decode(&outputs(t), "GROUP", "  "));
    let _ = writeln!(out, "  real sum = 0;\n  for (int inner = THREAD; inner < {}; inner += {THREADS}) {{", extent(&runs));
    out.push_str(&decode(&runs, "inner", "    "));
    let _ = writeln!(out, "    sum += {};\n  }}", t.factors(names));
    let _ = writeln!(out, "  sum = lanes_sum(sum, {THREADS}, scratch);\n  if (THREAD != 0) return;");
    let _ = writeln!(out, "  const real value = {};", times(t.coefficient, "sum"));
    written(t, offset, set, "value", "  ", &mut out);
    out.push_str("}\n");
    out
}

/// A matrix product in fused letters: rows, columns, inner, batch.
struct Tiles {
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
    fn roles(t: &Term) -> Option<Tiles> {
        let [(_, a), (_, b)] = t.factors.as_slice() else { return None };
        let (mut rows, mut cols, mut batch) = (vec![], vec![], vec![]);
        let mut twins = false;
        for r in outputs(t) {
            let l = match &r {
                Run::Letter(l, _) => *l,
                // both letters of a pair move the first factor
                Run::Pair([i, j], _) if a[*i] != 0 && a[*j] != 0 && b[*i] == 0 && b[*j] == 0 => *i,
                Run::Pair(..) => return None,
                Run::Twins(first, second) => {
                    let letters = |side: &[(usize, usize)]| side.iter().map(|&(l, n)| Run::Letter(l, n)).collect::<Vec<_>>();
                    (rows, cols, twins) = ([rows, letters(first)].concat(), [cols, letters(second)].concat(), true);
                    continue;
                }
            };
            match (a[l] != 0, b[l] != 0) {
                (true, false) => rows.push(r),
                (false, true) => cols.push(r),
                (true, true) => batch.push(r),
                (false, false) => return None,
            }
        }
        let all_inside = (t.target.len()..t.letters()).all(|l| a[l] != 0 && b[l] != 0);
        // neighboring threads write neighboring entries: the fastest letter of the target is one of the columns
        let fastest = t.target.len().checked_sub(1)?;
        let swap = a[fastest] != 0 && b[fastest] == 0;
        let (rows, cols) = if swap { (cols, rows) } else { (rows, cols) };
        // one triangle is one only of all rows and columns
        if twins && (rows.len() != t.exchange.len() || cols.len() != t.exchange.len()) {
            return None;
        }
        all_inside.then_some(Tiles { rows, cols, inner: inner(t), batch, left: usize::from(swap), twins })
    }

    /// Those of a product that is large enough.
    fn of(t: &Term) -> Option<Tiles> {
        let tiles = Tiles::roles(t)?;
        let [m, n, k] = [&tiles.rows, &tiles.cols, &tiles.inner].map(|r| extent(r));
        (m >= 32 && n >= 32 && k >= 16).then_some(tiles)
    }

    fn across(&self) -> [usize; 2] {
        [&self.rows, &self.cols].map(|r| extent(r).div_ceil(SIDE))
    }

    /// Tiles of one matrix.
    fn tiles(&self) -> usize {
        let [down, across] = self.across();
        if self.twins { down * (down + 1) / 2 } else { down * across }
    }

    fn groups(&self) -> usize {
        self.tiles() * extent(&self.batch)
    }

    fn text(&self, t: &Term, names: &[String], offset: usize, set: bool) -> String {
        let [down, across] = self.across();
        let [m, n, k] = [&self.rows, &self.cols, &self.inner].map(|r| extent(r));
        let half = SIDE / EACH;
        let mut out = format!("  SHARED real left[{DEPTH}][{}], right[{DEPTH}][{}];\n", SIDE + 1, SIDE + 1);
        let _ = writeln!(out, "  const int x = THREAD % {half}, y = THREAD / {half};");
        if self.twins {
            let own = if self.batch.is_empty() { "GROUP".to_owned() } else { format!("GROUP % {}", self.tiles()) };
            out.push_str(&fold(&own, ["down", "across"], down, "  "));
            let _ = writeln!(out, "  const int col0 = across * {SIDE}, row0 = down * {SIDE};");
        } else {
            let _ = writeln!(out, "  const int col0 = GROUP % {across} * {SIDE}, row0 = GROUP / {across} % {down} * {SIDE};");
        }
        if !self.batch.is_empty() {
            let _ = writeln!(out, "  const int batch = GROUP / {};", self.tiles());
            out.push_str(&decode(&self.batch, "batch", "  "));
        }
        let _ = writeln!(out, "  real sum[{EACH}][{EACH}];");
        let _ = writeln!(out, "  for (int u = 0; u < {EACH}; u++)\n    for (int v = 0; v < {EACH}; v++) sum[u][v] = 0;");
        let _ = writeln!(out, "  for (int inner0 = 0; inner0 < {k}; inner0 += {DEPTH}) {{");
        let right = 1 - self.left;
        self.load(t, self.left, &self.rows, ("row", m, "left"), &names[self.left], &mut out);
        self.load(t, right, &self.cols, ("col", n, "right"), &names[right], &mut out);
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
        let _ = writeln!(out, "      const real value = {};", times(t.coefficient, "sum[u][v]"));
        if self.twins {
            let sign = if set { "=" } else { "+=" };
            let _ = writeln!(out, "      {} {sign} value;", t.result(offset, false));
            let _ = writeln!(out, "      if (row0 != col0) {} {sign} value;", t.result(offset, true));
        } else {
            written(t, offset, set, "value", "      ", &mut out);
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
        (index, extent_of_side, tile): (&str, usize, &str),
        name: &str,
        out: &mut String,
    ) {
        let strides = &t.factors[factor].1;
        let stride = |r: &Run| match r {
            Run::Letter(l, _) => strides[*l],
            Run::Pair([_, j], _) => strides[*j],
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
        let threads = SIDE * SIDE / EACH / EACH;
        let _ = writeln!(out, "    for (int at = THREAD; at < {}; at += {threads}) {{", SIDE * DEPTH);
        let _ = writeln!(out, "      const int {index} = {index}0 + {p}, inner = inner0 + {q};");
        let _ = writeln!(out, "      real value = 0;\n      if ({index} < {extent_of_side} && inner < {k}) {{");
        out.push_str(&decode(side, index, "        "));
        out.push_str(&decode(&self.inner, "inner", "        "));
        let _ = writeln!(out, "        value = {};\n      }}", t.factor(factor, name));
        let _ = writeln!(out, "      {tile}[{q}][{p}] = value;\n    }}");
    }
}

/// The product as one call of a library, where fused letters have one stride and each matrix a stride of one.
pub(super) fn gemm(p: &Product) -> Option<Gemm> {
    let mut t = Term::new(p);
    // the library does whole matrices
    t.exchange.clear();
    if t.pair.is_some() || !one_to_one(&t) {
        return None;
    }
    let tiles = Tiles::of(&t)?;
    let right = 1 - tiles.left;
    let strides = |runs: &[&Vec<Run>; 3], of: &dyn Fn(usize) -> usize| -> Option<[usize; 3]> {
        let found = [stride(runs[0], of)?, stride(runs[1], of)?, stride(runs[2], of)?];
        (found[0] == 1 || found[1] == 1).then_some(found)
    };
    Some(Gemm {
        shape: [&tiles.rows, &tiles.inner, &tiles.cols].map(|r| extent(r)),
        batch: extent(&tiles.batch),
        left: strides(&[&tiles.rows, &tiles.inner, &tiles.batch], &|l| t.factors[tiles.left].1[l])?,
        right: strides(&[&tiles.inner, &tiles.cols, &tiles.batch], &|l| t.factors[right].1[l])?,
        target: strides(&[&tiles.rows, &tiles.cols, &tiles.batch], &|l| t.target[l].1)?,
        offsets: [t.factors[tiles.left].0, t.factors[right].0, p.target.offset],
        swapped: tiles.left == 1,
        alpha: p.coefficient.to_f64(),
        add: !p.first,
    })
}
