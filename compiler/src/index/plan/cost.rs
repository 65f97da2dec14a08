//! What a step costs, and how it is shown.

use super::{Action, ArrayId, Operand, Plan, Planned, Product, order};
use std::fmt;

impl Product {
    /// Floating-point operations: a multiplication and an addition for every assignment of the letters and pair of factors.
    pub fn flops(&self) -> u128 {
        let mut all: u128 = self.extents.iter().map(|&n| n as u128).product();
        // entries on the diagonal of what changes places, and on one side of it
        let rows = self.symmetric.into_iter().chain(self.exchange.iter().copied()).map(|[a, _]| self.extents[a] as u128);
        let n = rows.product::<u128>();
        if n > 1 {
            all = all / (2 * n) * (n + 1);
        }
        all * self.factors.len().clamp(1, 2) as u128
    }

    /// What it costs in time, in multiplications of a matrix product.
    fn cost(&self) -> f64 {
        let moved = |o: &Operand| o.strides.iter().enumerate().filter(|s| *s.1 != 0).fold(0, |set, s| set | 1 << s.0);
        let extents: Vec<f64> = self.extents.iter().map(|&n| n as f64).collect();
        let read: Vec<f64> = self.factors.iter().map(|f| order::moved(order::volume(moved(f), &extents))).collect();
        extents.iter().product::<f64>()
            + order::READ * read.iter().sum::<f64>()
            + order::WRITE * order::moved(order::volume(moved(&self.target), &extents))
    }

    /// What kind of product it is.
    pub fn kind(&self) -> &'static str {
        let [a, b] = self.factors.as_slice() else { return if self.factors.is_empty() { "fill" } else { "sum" } };
        let has = |x: bool, y: bool, z: bool| {
            (0..self.extents.len()).any(|l| (a.strides[l] != 0, b.strides[l] != 0, self.target.strides[l] != 0) == (x, y, z))
        };
        let (rows, cols, inner, batch) =
            (has(true, false, true), has(false, true, true), has(true, true, false), has(true, true, true));
        match (rows, cols, inner, batch) {
            (true, true, true, false) if self.symmetric.is_some() || !self.exchange.is_empty() => "half gemm",
            (true, true, true, false) => "gemm",
            (true, true, true, true) => "batched gemm",
            (true, true, false, _) => "outer",
            (_, _, true, _) => "gemv",
            _ => "entries",
        }
    }
}

/// Multiplications of a matrix product that an entry of a function costs as much as.
const FUNCTION: f64 = 32.0;

impl Plan {
    /// For every step what it costs in time, with the dearest chain of steps that wait for it, in multiplications of a matrix product; for
    /// each step those that wait are given.
    pub fn chains(&self, after: &[Vec<usize>]) -> Vec<f64> {
        let mut out = vec![0.0; self.steps.len()];
        let mut begun = vec![false; self.arrays.len()];
        for (k, step) in self.steps.iter().enumerate() {
            let (target, length) = (step.action.target(), |a: ArrayId| self.arrays[a] as f64);
            let begins = target.filter(|&t| !std::mem::replace(&mut begun[t], true));
            out[k] = match &step.action {
                // what is not written as a whole is filled with zeros before
                Action::Product(p) => {
                    p.cost() + begins.filter(|_| !p.first).map_or(0.0, |t| order::WRITE * order::moved(length(t)))
                }
                Action::Map { target, .. } | Action::Call { target, .. } => FUNCTION * length(*target),
                Action::Watch { argument, .. } => length(argument.0),
            };
        }
        for k in (0..out.len()).rev() {
            out[k] += after[k].iter().map(|&next| out[next]).fold(0.0, f64::max);
        }
        out
    }

    /// What all products cost in time, in multiplications of a matrix product.
    pub(super) fn cost(&self) -> f64 {
        let of = |s: &Planned| if let Action::Product(p) = &s.action { p.cost() } else { 0.0 };
        self.steps.iter().map(of).sum()
    }

    /// Floating-point operations of all products.
    pub fn flops(&self) -> u128 {
        let of = |s: &Planned| if let Action::Product(p) = &s.action { p.flops() } else { 0 };
        self.steps.iter().map(of).sum()
    }
}

impl Plan {
    /// The largest array: what it is, and its entries.
    pub fn largest(&self) -> Option<(&str, usize)> {
        let all = self.words.iter().zip(&self.arrays).map(|(w, n)| (w.as_str(), *n));
        all.max_by_key(|a| a.1)
    }

    /// Bytes that the steps read and write, in arrays of 8-byte numbers; arrays that are scaled in passing are not made.
    pub fn bytes(&self) -> u128 {
        let size = |a: ArrayId| if self.scaled.contains_key(&a) { 0 } else { self.arrays[a] as u128 * 8 };
        let made = |k: &usize| self.steps[*k].action.target().is_none_or(|t| !self.scaled.contains_key(&t));
        (0..self.steps.len()).filter(made).flat_map(|k| self.touched(k)).map(size).sum()
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |l: usize| char::from(b'a' + (l % 26) as u8);
        let show = |o: &Operand| {
            let mut at: Vec<usize> = (0..self.extents.len()).filter(|&l| o.strides[l] != 0).collect();
            at.sort_by_key(|&l| (std::cmp::Reverse(o.strides[l]), l));
            format!("t{}[{}]", o.array, at.into_iter().map(letter).collect::<String>())
        };
        let factors: Vec<String> = self.factors.iter().map(show).collect();
        let extents: Vec<String> = self.extents.iter().enumerate().map(|(l, n)| format!("{}={n}", letter(l))).collect();
        write!(f, "{} += {} {}  ({})", show(&self.target), self.coefficient, factors.join(" "), extents.join(" "))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for s in &self.steps {
            match &s.action {
                Action::Product(p) => {
                    let kind = if self.scaled.contains_key(&p.target.array) { "in passing" } else { p.kind() };
                    writeln!(f, "{:>14}  {kind:<12} {p}   {}", p.flops(), s.note)?;
                }
                Action::Map { name, argument, target, .. } => {
                    writeln!(f, "{:>14}  {:<12} t{target} = {name}(t{argument})", self.arrays[*target], "map")?
                }
                Action::Call { name, arguments, target, .. } => {
                    let a: Vec<String> = arguments.iter().map(|a| format!("t{}", a.0)).collect();
                    writeln!(f, "{:>14}  {:<12} t{target} = {name}({})", self.arrays[*target], "call", a.join(", "))?;
                }
                Action::Watch { name, argument, .. } => writeln!(f, "{:>14}  {:<12} {name}(t{})", "", "watch", argument.0)?,
            }
        }
        Ok(())
    }
}
