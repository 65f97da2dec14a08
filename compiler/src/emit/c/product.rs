//! Kernels of products: a thread an entry, a group an entry, or tiles in the memory that a group shares.

mod tiles;

pub(super) use tiles::gemm;

use super::{
    library::THREADS,
    reach::{Run, decode, extent},
    size::{self, Size},
    text::{Draft, letter, place, times},
};
use crate::{
    index::plan::{ArrayId, Operand, Product},
    number::Number,
};
use std::fmt::Write;
use tiles::{THREADS as TILE_THREADS, Tiles};

/// Most products of one kernel.
pub(super) const TERMS: usize = 8;
/// Most that is summed by one thread, where there are few entries.
const ALONE: usize = 512;
/// Entries of a target that are few: a group can be spent on each.
const FEW: usize = 4096;
/// Rows, and multiplications, below which it does not pay to compute one side of what is symmetric.
const ROWS: usize = 24;
const SMALL: usize = 1 << 13;

/// Letters of a product, renamed: those of the target by decreasing stride, then those that are summed; extents of one left out.
#[derive(Clone)]
pub(super) struct Term {
    coefficient: Number,
    /// Sizes that it is multiplied by.
    counts: Vec<Size>,
    /// The array of the target, and its entry at which all letters are zero.
    into: (ArrayId, Size),
    /// Letters of the target: extent and stride.
    target: Vec<(Size, Size)>,
    /// Extents of the letters that are summed.
    summed: Vec<Size>,
    /// Array, offset and strides of the factors, the latter in the new letters.
    factors: Vec<(ArrayId, Size, Vec<Size>)>,
    /// Letters that may change places.
    pair: Option<[usize; 2]>,
    /// Pairs of a letter of the first factor and one of the second that may change places, all at once, where that is worth it.
    exchange: Vec<[usize; 2]>,
}

/// A factor, or the target: array, offset, and the stride of every letter.
pub(super) type Moved = (ArrayId, Size, Vec<Size>);

impl Term {
    pub(super) fn new(p: &Product) -> Term {
        let known = |list: &[usize]| list.iter().map(|&n| Size::Known(n)).collect::<Vec<_>>();
        let operand = |o: &Operand| (o.array, Size::Known(o.offset), known(&o.strides));
        let factors = p.factors.iter().map(operand).collect();
        let (mut t, new) = Term::of(p.coefficient, &known(&p.extents), factors, operand(&p.target));
        let pair = p.symmetric.and_then(|[i, j]| Some([new(i)?, new(j)?]));
        t.pair = pair.map(|[i, j]| [i.min(j), i.max(j)]);
        let pairs = p.exchange.iter().filter(|e| p.extents[e[0]] > 1);
        t.exchange = pairs.map(|&[i, j]| Some([new(i)?, new(j)?])).collect::<Option<_>>().unwrap_or_default();
        if !t.exchanges() {
            t.exchange.clear();
        }
        // the columns that move least in the target stand last
        t.exchange.sort_by_key(|e| e[1]);
        t
    }

    /// A term over letters of those extents, and what its letters that move the target are called now.
    fn of(
        coefficient: Number,
        extents: &[Size],
        factors: Vec<Moved>,
        (array, offset, strides): Moved,
    ) -> (Term, impl Fn(usize) -> Option<usize> + use<>) {
        let live = |l: &usize| !extents[*l].is(1);
        let mut moved: Vec<usize> = (0..extents.len()).filter(live).filter(|&l| !strides[l].is(0)).collect();
        moved.sort_by_key(|&l| (std::cmp::Reverse(strides[l].typical()), l));
        let mut summed: Vec<usize> = (0..extents.len()).filter(live).filter(|&l| strides[l].is(0)).collect();
        let largest = |l: usize| factors.first().map_or(0, |f: &Moved| f.2[l].typical());
        summed.sort_by_key(|&l| (std::cmp::Reverse(largest(l)), l));
        let order: Vec<usize> = moved.iter().chain(&summed).copied().collect();
        let renamed = |f: &Moved| (f.0, f.1.clone(), order.iter().map(|&l| f.2[l].clone()).collect());
        let t = Term {
            coefficient,
            counts: vec![],
            into: (array, offset),
            target: moved.iter().map(|&l| (extents[l].clone(), strides[l].clone())).collect(),
            summed: summed.iter().map(|&l| extents[l].clone()).collect(),
            factors: factors.iter().map(renamed).collect(),
            pair: None,
            exchange: vec![],
        };
        (t, move |l| moved.iter().position(|&m| m == l))
    }

    /// A term whose sizes are arguments, multiplied by those counts.
    pub(super) fn symbolic(coefficient: Number, counts: Vec<Size>, extents: &[Size], factors: Vec<Moved>, target: Moved) -> Term {
        Term { counts, ..Term::of(coefficient, extents, factors, target).0 }
    }

    /// The arrays of the factors.
    pub(super) fn read(&self) -> impl Iterator<Item = ArrayId> {
        self.factors.iter().map(|f| f.0)
    }

    /// The array of the target.
    pub(super) fn written(&self) -> ArrayId {
        self.into.0
    }

    /// Whether its letters reach so many entries of the target, each once.
    pub(super) fn reaches(&self, entries: &Size) -> bool {
        let mut behind = Size::Known(1);
        let in_order = self.target.iter().rev().all(|(n, s)| {
            let fits = *s == behind;
            behind = behind.times(n);
            fits
        });
        in_order && self.into.1.is(0) && behind == *entries
    }

    /// A value times what stands in front.
    fn scaled(&self, x: &str) -> String {
        let counted: String = self.counts.iter().map(|n| format!("(real){n} * ")).collect();
        times(self.coefficient, &format!("{counted}{x}"))
    }

    /// Whether the pairs are rows of one factor and columns of the other, and enough for one side to be worth it.
    fn exchanges(&self) -> bool {
        let [(_, _, a), (_, _, b)] = self.factors.as_slice() else { return false };
        let sides =
            |&[i, j]: &[usize; 2]| !a[i].is(0) && b[i].is(0) && a[j].is(0) && !b[j].is(0) && self.target[i].0 == self.target[j].0;
        let m: usize = self.exchange.iter().map(|e| self.target[e[0]].0.typical()).product();
        self.exchange.iter().all(sides) && m >= ROWS && m * m * self.inner() >= SMALL
    }

    /// The letters of one side of the pairs, with their extents.
    fn side(&self, k: usize) -> Vec<(usize, usize)> {
        self.exchange.iter().map(|e| (e[k], self.target[e[k]].0.typical())).collect()
    }

    fn letters(&self) -> usize {
        self.target.len() + self.summed.len()
    }

    /// Terms of a sum, typically.
    fn inner(&self) -> usize {
        size::product(&self.summed).typical()
    }

    /// `A[4*a + b]`, of the factor of that place; `names` are those of the arrays.
    fn factor(&self, k: usize, name: &str) -> String {
        let (_, offset, strides) = &self.factors[k];
        let moves: Vec<(String, Size)> = strides.iter().enumerate().map(|(l, s)| (letter(l), s.clone())).collect();
        format!("{name}[{}]", place(offset, &moves))
    }

    /// The factors as a product: `A[…] * B[…]`.
    fn factors(&self, names: &[String]) -> String {
        let parts: Vec<String> = names.iter().enumerate().map(|(k, n)| self.factor(k, n)).collect();
        if parts.is_empty() { "(real)1".to_owned() } else { parts.join(" * ") }
    }

    /// `2 A[ab] B[bc]`, and the extents of what is summed.
    fn says(&self, names: &[String]) -> String {
        let mut parts: Vec<String> = vec![];
        if self.coefficient.as_int() != Some(1) || (names.is_empty() && self.counts.is_empty()) {
            parts.push(self.coefficient.to_string());
        }
        parts.extend(self.counts.iter().map(|n| n.plain()));
        for (n, (_, _, strides)) in names.iter().zip(&self.factors) {
            let mut at: Vec<usize> = (0..strides.len()).filter(|&l| !strides[l].is(0)).collect();
            at.sort_by_key(|&l| std::cmp::Reverse(strides[l].typical()));
            parts.push(format!("{n}[{}]", at.into_iter().map(letter).collect::<String>()));
        }
        parts.join(" ")
    }

    fn result(&self, swapped: bool) -> String {
        let pairs = || self.pair.iter().chain(&self.exchange).filter(|_| swapped);
        let other = |l: usize| pairs().find_map(|&[i, j]| if l == i { Some(j) } else { (l == j).then_some(i) }).unwrap_or(l);
        let moves: Vec<(String, Size)> = self.target.iter().enumerate().map(|(l, m)| (letter(other(l)), m.1.clone())).collect();
        format!("C[{}]", place(&self.into.1, &moves))
    }
}

/// Whether every assignment of the letters that move the target is another entry of it.
fn one_to_one(t: &Term) -> bool {
    let mut reach = Size::Known(0);
    t.target.iter().rev().all(|(n, s)| {
        let apart = s.exceeds(&reach);
        reach = reach.plus(&n.span(s));
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
    let (entries, waves) = (extent(&outputs(&t)).typical(), |threads: usize| threads.div_ceil(device).max(1));
    if !one_to_one(&t) {
        entries.saturating_mul(t.inner())
    } else if let Some(tiles) = Tiles::of(&t) {
        // what a thread reads serves several entries
        waves(tiles.groups() * TILE_THREADS).saturating_mul(t.inner() * tiles::EACH)
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
            Some([i, j]) if l == i => Some(Run::Pair([i, j], t.target[i].0.typical())),
            Some([_, j]) if l == j => None,
            _ if Some(&l) == first => Some(Run::Twins(t.side(0), t.side(1))),
            _ if t.exchange.iter().flatten().any(|x| *x == l) => None,
            _ => Some(Run::Letter(l, t.target[l].0.clone())),
        })
        .collect()
}

fn inner(t: &Term) -> Vec<Run> {
    t.summed.iter().enumerate().map(|(k, n)| Run::Letter(t.target.len() + k, n.clone())).collect()
}

/// Whether others may be added in the same kernel.
fn joins(t: &Term) -> bool {
    t.pair.is_none() && t.exchange.is_empty() && one_to_one(t) && Tiles::of(t).is_none() && !reduces(t)
}

/// Whether a term is added in the kernel of one before: to the same entries, none of which it reads.
pub(super) fn together(first: &Term, t: &Term) -> bool {
    let same = first.into == t.into && first.target == t.target;
    same && t.read().all(|a| a != t.written()) && joins(first) && joins(t)
}

/// Few entries and long sums.
fn reduces(t: &Term) -> bool {
    t.pair.is_none() && t.inner() >= ALONE && extent(&outputs(t)).typical() <= FEW
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

/// The kernel of terms that are added to the same entries, or are those entries if they are `set`.
pub(super) fn draft(terms: &[Term], set: bool, note: &str) -> Draft {
    let (names, first) = (names(terms), &terms[0]);
    let one = |n: Size| vec![(n, 1)];
    let (family, stem, text, threads, grid) = if !one_to_one(first) {
        ("serial", "serial", serial(first, &names[0]), 1, one(Size::Known(1)))
    } else if let Some(tiles) = Tiles::of(first) {
        return tiled(&tiles, first, set, note);
    } else if reduces(first) {
        ("reduce", "sum", reduce(first, &names[0], set), THREADS, one(extent(&outputs(first))))
    } else {
        let stem = if first.factors.len() == 2 && !first.summed.is_empty() { "product" } else { "entries" };
        ("entries", stem, entries(terms, &names, set), THREADS, vec![(extent(&outputs(first)), THREADS)])
    };
    Draft { says: says(terms, &names, set, note), ..written_once(stem, family, &names.concat(), &text, threads, grid) }
}

/// The kernel with tiles of a term that is a matrix product, whatever its sizes.
pub(super) fn tile(t: &Term, set: bool, note: &str) -> Option<Draft> {
    let tiles = Tiles::roles(t).filter(|_| one_to_one(t))?;
    Some(tiled(&tiles, t, set, note))
}

fn tiled(tiles: &Tiles, t: &Term, set: bool, note: &str) -> Draft {
    let terms = std::slice::from_ref(t);
    let names = names(terms);
    let text = tiles.text(t, &names[0], set);
    let says = says(terms, &names, set, note);
    Draft { says, ..written_once("product", "tile", &names[0], &text, TILE_THREADS, tiles.grid()) }
}

/// A kernel of factors of those names and one result.
fn written_once(
    stem: &str,
    family: &'static str,
    names: &[String],
    text: &str,
    threads: usize,
    grid: Vec<(Size, usize)>,
) -> Draft {
    let list: String = names.iter().map(|n| format!("GLOBAL const real* RESTRICT {n}, ")).collect();
    Draft {
        stem: stem.to_owned(),
        family,
        says: vec![],
        body: format!("({list}GLOBAL real* RESTRICT C{}) {{\n{text}", size::parameters(text)),
        threads,
        grid,
        written: 1,
        flagged: false,
        at_most: vec![],
    }
}

/// `C[ac] = 2 A[ab] B[bc]   (a=3 b=4 c=2)   hessian(loss)`.
fn says(terms: &[Term], names: &[Vec<String>], set: bool, note: &str) -> Vec<String> {
    let at: String = (0..terms[0].target.len()).map(letter).collect();
    let mut out = vec![];
    for (k, (t, n)) in terms.iter().zip(names).enumerate() {
        let sizes: Vec<String> = (0..t.letters())
            .map(|l| (l, if l < t.target.len() { &t.target[l].0 } else { &t.summed[l - t.target.len()] }))
            .filter(|(l, _)| k == 0 || *l >= t.target.len())
            .map(|(l, n)| format!("{}={}", letter(l), n.plain()))
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
fn entries(terms: &[Term], names: &[Vec<String>], set: bool) -> String {
    let (first, runs) = (&terms[0], outputs(&terms[0]));
    let n = extent(&runs);
    let mut out = format!("  const int thread = GROUP * {THREADS} + THREAD;\n  if (thread >= {n}) return;\n");
    out.push_str(&decode(&runs, "thread", "  "));
    let mut parts = vec![];
    for (k, (t, names)) in terms.iter().zip(names).enumerate() {
        if t.summed.is_empty() {
            parts.push(t.scaled(&t.factors(names)));
            continue;
        }
        let sum = if terms.len() == 1 { "sum".to_owned() } else { format!("sum{k}") };
        let _ = writeln!(out, "  real {sum} = 0;");
        out.push_str(&loops(t, names, &sum, "  "));
        parts.push(t.scaled(&sum));
    }
    let _ = writeln!(out, "  const real value = {};", parts.join(" + "));
    written(first, set, "value", "  ", &mut out);
    out.push_str("}\n");
    out
}

/// Writes or adds a value, at both places of a pair.
fn written(t: &Term, set: bool, value: &str, indent: &str, out: &mut String) {
    let sign = if set { "=" } else { "+=" };
    let _ = writeln!(out, "{indent}{} {sign} {value};", t.result(false));
    let apart = match t.pair {
        Some([i, j]) => format!("{} != {}", letter(i), letter(j)),
        None if !t.exchange.is_empty() => "twin != other".to_owned(),
        None => return,
    };
    let _ = writeln!(out, "{indent}if ({apart}) {} {sign} {value};", t.result(true));
}

/// One thread for all, where letters of the target reach an entry twice.
fn serial(t: &Term, names: &[String]) -> String {
    let mut out = String::new();
    let extents = t.target.iter().map(|m| &m.0).chain(&t.summed);
    for (l, n) in extents.enumerate() {
        let _ = writeln!(out, "  for (int {0} = 0; {0} < {n}; {0}++)", letter(l));
    }
    let _ = writeln!(out, "    {} += {};\n}}", t.result(false), t.scaled(&t.factors(names)));
    out
}

/// One group an entry: its threads share the sum.
fn reduce(t: &Term, names: &[String], set: bool) -> String {
    let runs = inner(t);
    let mut out = format!("  SHARED real scratch[{THREADS}];\n");
    out.push_str(&decode(&outputs(t), "GROUP", "  "));
    let _ = writeln!(out, "  real sum = 0;\n  for (int inner = THREAD; inner < {}; inner += {THREADS}) {{", extent(&runs));
    out.push_str(&decode(&runs, "inner", "    "));
    let _ = writeln!(out, "    sum += {};\n  }}", t.factors(names));
    let _ = writeln!(out, "  sum = lanes_sum(sum, {THREADS}, scratch);\n  if (THREAD != 0) return;");
    let _ = writeln!(out, "  const real value = {};", t.scaled("sum"));
    written(t, set, "value", "  ", &mut out);
    out.push_str("}\n");
    out
}
