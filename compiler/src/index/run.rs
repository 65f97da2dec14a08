//! The interpreter of programs, over any scalar: contractions are worked off pair by pair in a greedy order, each pair
//! as one batched matrix product.

use super::{Access, DomainError, Letter, Numeric, Program, Source, Step, TensorId, map};
use crate::{matrix::Matrix, number::Number, scalar::Scalar};
use std::collections::{BTreeMap, BTreeSet};

/// Why a program could not be run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// No data of that name.
    MissingData(String),
    /// No value for a size, or one that is not a positive whole number.
    MissingSize(String),
    /// Data of another shape than declared.
    Shape {
        /// Name of the data.
        name: String,
        /// Rows and columns needed.
        needed: (usize, usize),
        /// Rows and columns given.
        found: (usize, usize),
    },
    /// A size outside its range: a slice beyond its matrix.
    Range(String),
    /// Outside the domain of an operation.
    Domain(DomainError),
    /// More entries than memory is allowed for.
    TooLarge {
        /// What would be too large.
        what: String,
        /// Bytes needed.
        bytes: u128,
        /// Bytes allowed.
        limit: u128,
    },
    /// A device that cannot compute it, in words.
    Device(String),
    /// An operation without values over this scalar.
    NoValues(&'static str),
}

/// What a run yields.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// The results.
    pub values: Vec<Matrix<T>>,
    /// What the reader should know: kinks that were met.
    pub notes: Vec<String>,
    /// Where the first value that is infinite or not a number arose.
    pub not_finite: Option<String>,
}

impl<T> Default for Outcome<T> {
    fn default() -> Self {
        Outcome { values: vec![], notes: vec![], not_finite: None }
    }
}

/// One run of a program: data, sizes, limits.
pub struct Run<'a, T> {
    /// The data by name.
    pub data: &'a dyn Fn(&str) -> Option<Matrix<T>>,
    /// The sizes by name.
    pub size: &'a dyn Fn(&str) -> Option<usize>,
    /// Most bytes that may be held at once.
    pub memory: u128,
}

/// A factor with concrete strides.
struct Factor<T> {
    data: std::rc::Rc<Vec<T>>,
    strides: BTreeMap<Letter, usize>,
    offset: usize,
}

impl<T: Numeric> Run<'_, T> {
    fn dim(&self, d: &crate::dim::Dim) -> Result<usize, Failure> {
        d.eval(self.size).ok_or_else(|| Failure::MissingSize(d.to_string()))
    }

    /// The results of a program.
    ///
    /// Errors: see [`Failure`].
    pub fn run(&self, program: &Program) -> Result<Outcome<T>, Failure> {
        let mut last_use = vec![0usize; program.tensors.len()];
        let mut used = vec![false; program.tensors.len()];
        for (k, s) in program.statements.iter().enumerate() {
            for t in s.step.reads().into_iter().chain(s.step.target()) {
                last_use[t.0] = k;
                used[t.0] = true;
            }
        }
        for t in &program.outputs {
            last_use[t.0] = usize::MAX;
            used[t.0] = true;
        }
        let mut arrays: Vec<Option<std::rc::Rc<Vec<T>>>> = vec![None; program.tensors.len()];
        let mut held = 0u128;
        let bytes = |n: usize| n as u128 * size_of::<T>() as u128;
        for (t, tensor) in program.tensors.iter().enumerate() {
            match &tensor.source {
                Source::Input(name) if used[t] => {
                    let m = (self.data)(name).ok_or_else(|| Failure::MissingData(name.clone()))?;
                    let needed = (self.dim(&tensor.shape[0])?, self.dim(&tensor.shape[1])?);
                    let found = (m.rows, m.cols);
                    if needed != found {
                        return Err(Failure::Shape { name: name.clone(), needed, found });
                    }
                    held += bytes(m.data.len());
                    arrays[t] = Some(std::rc::Rc::new(m.data));
                }
                Source::Number(n) => arrays[t] = Some(std::rc::Rc::new(vec![T::number(*n)])),
                _ => {}
            }
        }
        // conditions on sizes first, so that nothing is read out of range
        for s in &program.statements {
            if let Step::Within { what, low, value, high } = &s.step {
                let (l, v, h) = (self.dim(low)?, self.dim(value)?, self.dim(high)?);
                if v < l || v > h {
                    let value = if value.as_constant().is_some() { format!("{v}") } else { format!("{value} = {v}") };
                    return Err(Failure::Range(format!("{what}: {value} is not between {l} and {h}")));
                }
            }
        }
        let mut notes = BTreeSet::new();
        let mut not_finite = None;
        let mut expiring: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (t, &k) in last_use.iter().enumerate().filter(|(t, _)| used[*t]) {
            expiring.entry(k).or_default().push(t);
        }
        for (k, s) in program.statements.iter().enumerate() {
            if let Some(t) = s.step.target().filter(|t| arrays[t.0].is_none()) {
                let n = self.entries(program, t)?;
                held += bytes(n);
                if held > self.memory {
                    return Err(Failure::TooLarge { what: s.note.clone(), bytes: held, limit: self.memory });
                }
                arrays[t.0] = Some(std::rc::Rc::new(vec![T::zero(); n]));
            }
            // a tensor that nothing was added to is zero
            for t in s.step.reads() {
                if arrays[t.0].is_none() {
                    arrays[t.0] = Some(std::rc::Rc::new(vec![T::zero(); self.entries(program, t)?]));
                }
            }
            if let Step::Watch { name, argument, kink } = &s.step {
                notes.extend(self.kink(program, name, *argument, *kink, &arrays)?);
            }
            self.step(program, &s.step, &mut arrays)?;
            if not_finite.is_none()
                && let Some(t) = s.step.target()
                && arrays[t.0].as_ref().is_some_and(|a| a.iter().any(|x| !x.real().is_finite()))
            {
                not_finite = Some(format!("`{}`", s.note));
            }
            for &t in expiring.get(&k).into_iter().flatten() {
                if let Some(a) = arrays[t].take() {
                    held -= bytes(a.len()).min(held);
                }
            }
        }
        let mut out = vec![];
        for &t in &program.outputs {
            let shape = &program.tensors[t.0].shape;
            let (rows, cols) = (self.dim(&shape[0])?, self.dim(&shape[1])?);
            let data = match &arrays[t.0] {
                Some(a) => a.as_ref().clone(),
                None => vec![T::zero(); self.entries(program, t)?],
            };
            out.push(Matrix { rows, cols, data });
        }
        Ok(Outcome { values: out, notes: notes.into_iter().collect(), not_finite })
    }

    /// A note, if an argument is at a kink.
    fn kink(
        &self,
        program: &Program,
        name: &str,
        argument: TensorId,
        kink: super::Kink,
        arrays: &[Option<std::rc::Rc<Vec<T>>>],
    ) -> Result<Option<String>, Failure> {
        let shape = &program.tensors[argument.0].shape;
        let (rows, cols) = (self.dim(&shape[0])?, self.dim(&shape[1])?);
        let Some(data) = &arrays[argument.0] else { return Ok(None) };
        let m = Matrix { rows, cols, data: data.iter().map(|x| x.real()).collect() };
        Ok(kink(&m).map(|words| format!("`{name}` meets {words}")))
    }

    fn entries(&self, program: &Program, t: TensorId) -> Result<usize, Failure> {
        let mut n = 1u128;
        for d in &program.tensors[t.0].shape {
            n = n.saturating_mul(self.dim(d)? as u128);
        }
        let bytes = n.saturating_mul(size_of::<T>() as u128);
        if bytes > self.memory {
            let shape: Vec<String> = program.tensors[t.0].shape.iter().map(ToString::to_string).collect();
            return Err(Failure::TooLarge {
                what: format!("a result of {} entries", shape.join(" × ")),
                bytes,
                limit: self.memory,
            });
        }
        usize::try_from(n).map_err(|_| Failure::TooLarge { what: "a result".into(), bytes, limit: self.memory })
    }

    fn step(&self, program: &Program, step: &Step, arrays: &mut [Option<std::rc::Rc<Vec<T>>>]) -> Result<(), Failure> {
        fn get<T>(arrays: &[Option<std::rc::Rc<Vec<T>>>], t: TensorId) -> std::rc::Rc<Vec<T>> {
            arrays[t.0].clone().expect("statements compute before they read, and a read tensor is alive")
        }
        match step {
            Step::Watch { .. } | Step::Within { .. } => {}
            Step::Map { name, values, parameters, argument, target, .. } => {
                let data = map(name, values, parameters, &get(arrays, *argument)).map_err(Failure::Domain)?;
                arrays[target.0] = Some(std::rc::Rc::new(data));
            }
            Step::Call { name, values, arguments, sizes, target, .. } => {
                let f = T::function(values).ok_or(Failure::NoValues(name))?;
                let mut mats = vec![];
                for &a in arguments {
                    let shape = &program.tensors[a.0].shape;
                    let (rows, cols) = (self.dim(&shape[0])?, self.dim(&shape[1])?);
                    mats.push(Matrix { rows, cols, data: get(arrays, a).as_ref().clone() });
                }
                let sizes = sizes.iter().map(|d| self.dim(d)).collect::<Result<Vec<_>, _>>()?;
                let out = f(&mats.iter().collect::<Vec<_>>(), &sizes).map_err(Failure::Domain)?;
                arrays[target.0] = Some(std::rc::Rc::new(out.data));
            }
            Step::Contract { coefficient, factors, target, extents } => {
                let mut extent = BTreeMap::new();
                for (l, d) in extents {
                    extent.insert(*l, self.dim(d)?);
                }
                if extent.values().any(|&n| n == 0) {
                    return Ok(());
                }
                let access = |a: &Access| -> Result<(BTreeMap<Letter, usize>, usize), Failure> {
                    let mut strides = BTreeMap::new();
                    for (l, d) in &a.strides {
                        *strides.entry(*l).or_insert(0) += self.dim(d)?;
                    }
                    Ok((strides, self.dim(&a.offset)?))
                };
                let mut loaded = vec![];
                for f in factors {
                    let (strides, offset) = access(f)?;
                    loaded.push(Factor { data: get(arrays, f.tensor), strides, offset });
                }
                let (strides, offset) = access(target)?;
                let out = arrays[target.tensor.0].as_mut().expect("the target was made before");
                let out = std::rc::Rc::get_mut(out).expect("no factor is the target of its own statement");
                contract(*coefficient, loaded, &strides, offset, &extent, out);
            }
        }
        Ok(())
    }
}

/// Adds `coefficient · Σ Π factors` to the target.
fn contract<T: Scalar>(
    coefficient: Number,
    mut factors: Vec<Factor<T>>,
    target: &BTreeMap<Letter, usize>,
    offset: usize,
    extent: &BTreeMap<Letter, usize>,
    out: &mut [T],
) {
    let mut scale = T::number(coefficient);
    // letters that nothing mentions count their extent
    let mentioned: BTreeSet<Letter> =
        factors.iter().flat_map(|f| f.strides.keys().copied()).chain(target.keys().copied()).collect();
    for (_, &n) in extent.iter().filter(|(l, _)| !mentioned.contains(l)) {
        scale = scale * T::int(n as i64);
    }
    while factors.len() > 1 {
        let (a, b) = cheapest_pair(&factors, target, extent);
        let (fb, fa) = (factors.remove(b), factors.remove(a));
        let keep: BTreeSet<Letter> =
            factors.iter().flat_map(|f| f.strides.keys().copied()).chain(target.keys().copied()).collect();
        factors.push(product(&fa, &fb, &keep, extent));
    }
    let Some(f) = factors.pop() else {
        let letters: Vec<(usize, usize)> = target.iter().map(|(l, &s)| (extent[l], s)).collect();
        walk(&letters, &mut |p| out[offset + p] = out[offset + p] + scale);
        return;
    };
    // the last factor is summed over what the target has not, and added
    let mut letters: Vec<Letter> = target.keys().chain(f.strides.keys()).copied().collect::<BTreeSet<_>>().into_iter().collect();
    let stride = |m: &BTreeMap<Letter, usize>, l: Letter| m.get(&l).copied().unwrap_or(0);
    letters.sort_by_key(|&l| std::cmp::Reverse((stride(target, l), stride(&f.strides, l))));
    let triples: Vec<(usize, usize, usize)> =
        letters.iter().map(|&l| (extent[&l], stride(target, l), stride(&f.strides, l))).collect();
    walk2(&triples, &mut |p, q| {
        let at = offset + p;
        out[at] = out[at] + scale * f.data[f.offset + q];
    });
}

/// The pair whose product costs the fewest multiplications; the first of equals.
fn cheapest_pair<T>(factors: &[Factor<T>], target: &BTreeMap<Letter, usize>, extent: &BTreeMap<Letter, usize>) -> (usize, usize) {
    let mut best = ((f64::INFINITY, f64::INFINITY), (0, 1));
    for a in 0..factors.len() {
        for b in a + 1..factors.len() {
            let union: BTreeSet<Letter> = factors[a].strides.keys().chain(factors[b].strides.keys()).copied().collect();
            let flops: f64 = union.iter().map(|l| extent[l] as f64).product();
            let others: BTreeSet<Letter> = (0..factors.len())
                .filter(|&k| k != a && k != b)
                .flat_map(|k| factors[k].strides.keys().copied())
                .chain(target.keys().copied())
                .collect();
            let size: f64 = union.intersection(&others).map(|l| extent[l] as f64).product();
            if (flops, size) < best.0 {
                best = ((flops, size), (a, b));
            }
        }
    }
    best.1
}

/// The product of two factors, summed over the letters that are not kept: one batched matrix product.
fn product<T: Scalar>(a: &Factor<T>, b: &Factor<T>, keep: &BTreeSet<Letter>, extent: &BTreeMap<Letter, usize>) -> Factor<T> {
    let (mut batch, mut rows, mut cols, mut inner) = (vec![], vec![], vec![], vec![]);
    let (mut only_a, mut only_b) = (vec![], vec![]);
    for &l in a.strides.keys().chain(b.strides.keys()).collect::<BTreeSet<_>>() {
        match (a.strides.contains_key(&l), b.strides.contains_key(&l), keep.contains(&l)) {
            (true, true, true) => batch.push(l),
            (true, true, false) => inner.push(l),
            (true, false, true) => rows.push(l),
            (false, true, true) => cols.push(l),
            (true, false, false) => only_a.push(l),
            (false, true, false) => only_b.push(l),
            (false, false, _) => unreachable!("the letter is in one of them"),
        }
    }
    let count = |ls: &[Letter]| ls.iter().map(|l| extent[l]).product::<usize>();
    let (nb, m, n, k) = (count(&batch), count(&rows), count(&cols), count(&inner));
    // packed as [batch, rows, inner] and [batch, inner, cols]; letters of one side alone are summed while packing
    let pack = |f: &Factor<T>, order: [&[Letter]; 3], summed: &[Letter]| -> Vec<T> {
        let outer: Vec<(usize, usize)> = order.iter().flat_map(|ls| ls.iter()).map(|l| (extent[l], f.strides[l])).collect();
        let summed: Vec<(usize, usize)> = summed.iter().map(|l| (extent[l], f.strides[l])).collect();
        let mut out = Vec::with_capacity(outer.iter().map(|x| x.0).product());
        walk(&outer, &mut |p| {
            if summed.is_empty() {
                out.push(f.data[f.offset + p]);
            } else {
                let mut s = T::zero();
                walk(&summed, &mut |q| s = s + f.data[f.offset + p + q]);
                out.push(s);
            }
        });
        out
    };
    let pa = pack(a, [&batch, &rows, &inner], &only_a);
    let pb = pack(b, [&batch, &inner, &cols], &only_b);
    let mut data = vec![T::zero(); nb * m * n];
    for i in 0..nb {
        T::gemm(m, k, n, &pa[i * m * k..(i + 1) * m * k], &pb[i * k * n..(i + 1) * k * n], &mut data[i * m * n..(i + 1) * m * n]);
    }
    let mut strides = BTreeMap::new();
    let mut stride = 1;
    for &l in batch.iter().chain(&rows).chain(&cols).rev() {
        strides.insert(l, stride);
        stride *= extent[&l];
    }
    Factor { data: std::rc::Rc::new(data), strides, offset: 0 }
}

/// All offsets of a loop nest, the last letter fastest.
fn walk(letters: &[(usize, usize)], f: &mut impl FnMut(usize)) {
    let triples: Vec<(usize, usize, usize)> = letters.iter().map(|&(n, s)| (n, s, 0)).collect();
    walk2(&triples, &mut |p, _| f(p));
}

/// All pairs of offsets of a loop nest over (extent, stride, stride), the last letter fastest.
fn walk2(letters: &[(usize, usize, usize)], f: &mut impl FnMut(usize, usize)) {
    let Some((&(n, s, t), outer)) = letters.split_last() else {
        return f(0, 0);
    };
    if outer.iter().any(|x| x.0 == 0) {
        return;
    }
    let mut at = vec![0; outer.len()];
    let (mut p, mut q) = (0, 0);
    loop {
        for i in 0..n {
            f(p + i * s, q + i * t);
        }
        let mut k = outer.len();
        loop {
            if k == 0 {
                return;
            }
            k -= 1;
            at[k] += 1;
            p += outer[k].1;
            q += outer[k].2;
            if at[k] < outer[k].0 {
                break;
            }
            p -= outer[k].0 * outer[k].1;
            q -= outer[k].0 * outer[k].2;
            at[k] = 0;
        }
    }
}
