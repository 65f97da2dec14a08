//! Sizes and roots of numbers as factors: `n^p`, `(n + 2)^p`, `2^(1/2)`, by name and power.

use crate::{
    dim::Dim,
    index::{Source, TensorId},
    lower::{
        Lower,
        view::{Factor, Term},
    },
    number::Number,
};
use std::collections::BTreeMap;

use super::atoms::About;

/// Powers by name: a size, a polynomial of sizes in its own writing, or a prime number.
pub(super) type Sizes = BTreeMap<String, Number>;

/// Most terms to which a power of a polynomial is multiplied out.
const MOST_MULTIPLIED: f64 = 256.0;

/// Multiplies by a power.
pub(super) fn multiply(sizes: &mut Sizes, name: &str, p: Number) {
    let sum = sizes.get(name).map_or(p, |&q| q + p);
    if sum.is_zero() {
        sizes.remove(name);
    } else {
        sizes.insert(name.to_owned(), sum);
    }
}

/// Whether one number is less than another; the order of `Number` itself is one of writings.
pub(super) fn below(a: Number, b: Number) -> bool {
    (a + -b).is_negative()
}

/// A whole part and a part in [0, 1).
pub(super) fn floor(p: Number) -> Option<(i64, Number)> {
    let Number::Ratio(n, d) = p else { return None };
    let whole = n.div_euclid(d);
    Some((whole, p + Number::int(-whole)))
}

impl Lower<'_> {
    /// Whether a tensor is the number one.
    pub(super) fn is_one(&self, t: TensorId) -> bool {
        self.program.tensors[t.0].source == Source::Number(Number::ONE)
    }

    /// The scalar factor that is a power of a size.
    pub(super) fn size_factor(&mut self, name: &str, p: Number) -> Factor {
        let key = (name.to_owned(), p);
        let tensor = match self.book().sizes.get(&key) {
            Some(&t) => t,
            None => {
                let t = self.program.tensor(vec![], Source::Computed);
                let book = self.book_mut();
                book.sizes.insert(key.clone(), t);
                book.about.insert(t, About { size: Some(key), positive: true, ..About::default() });
                t
            }
        };
        Factor { tensor, strides: vec![], offset: Dim::default() }
    }

    /// Multiplies powers by `d^p`: content and a polynomial without content; the number is what is left over.
    ///
    /// `None` if a number has no exact power.
    pub(super) fn multiply_dim(&mut self, sizes: &mut Sizes, d: &Dim, p: Number) -> Option<Number> {
        let monomials = d.monomials();
        let lead = monomials.iter().max_by_key(|(_, m)| (m.iter().map(|x| x.1).sum::<u32>(), m.clone()))?;
        let mut common: Vec<(String, u32)> = lead.1.clone();
        for (_, m) in &monomials {
            for (name, k) in &mut common {
                *k = (*k).min(m.iter().find(|x| x.0 == *name).map_or(0, |x| x.1));
            }
        }
        let content = common.iter().fold(Dim::constant(1), |out, (name, k)| (0..*k).fold(out, |o, _| &o * &Dim::symbol(name)));
        for (name, k) in common.iter().filter(|x| x.1 > 0) {
            multiply(sizes, name, p * Number::int((*k).into()));
        }
        let c = self.number_power(lead.0, p, sizes)?;
        let rest = d.divide(&content)?;
        if monomials.len() > 1 {
            let Number::Ratio(n, den) = lead.0 else { return None };
            let rest = (&Dim::constant(den) * &rest).divide(&Dim::constant(n))?;
            let name = rest.to_string();
            self.book_mut().composites.insert(name.clone(), rest);
            multiply(sizes, &name, p);
        }
        Some(c)
    }

    /// `c^p` as a number and roots of primes; `None` if that is not exact.
    pub(super) fn number_power(&self, c: Number, p: Number, sizes: &mut Sizes) -> Option<Number> {
        if let Some(exact) = c.exact_pow(p) {
            return matches!(exact, Number::Ratio(..)).then_some(exact);
        }
        let Number::Ratio(n, d) = c else { return None };
        if n <= 0 {
            return None;
        }
        for (mut x, sign) in [(n, 1), (d, -1)] {
            let mut prime = 2;
            while x > 1 {
                if prime > 1000 {
                    return None;
                }
                if x % prime == 0 {
                    x /= prime;
                    multiply(sizes, &prime.to_string(), p * Number::int(sign));
                } else {
                    prime += 1;
                }
            }
        }
        Some(Number::ONE)
    }

    /// The powers of sizes in a product, with extents that are only counted, and the other factors.
    pub(super) fn sized(&mut self, t: &Term) -> (Sizes, Vec<Factor>) {
        let mut sizes = Sizes::new();
        let (mut factors, mut counted) = (vec![], vec![]);
        for f in &t.factors {
            if self.is_one(f.tensor) {
                counted.extend(f.strides.iter().map(|s| s.0));
            } else if let Some((name, p)) = self.about(f.tensor).and_then(|a| a.size.clone()) {
                multiply(&mut sizes, &name, p);
            } else {
                factors.push(f.clone());
            }
        }
        counted.sort_unstable();
        counted.dedup();
        counted.retain(|l| !t.is_free(*l) && !factors.iter().any(|f| f.strides.iter().any(|(x, _)| x == l)));
        for l in counted {
            let d = self.extent(l).clone();
            let Some(c) = self.multiply_dim(&mut sizes, &d, Number::ONE) else {
                // a letter over nothing, or over a number that is too large, stays as it is
                let tensor = self.one();
                factors.push(Factor { tensor, strides: vec![(l, Dim::default())], offset: Dim::default() });
                continue;
            };
            if let Number::Ratio(n, den) = c {
                // a number is the power of itself
                for (x, p) in [(n, 1), (den, -1)].into_iter().filter(|x| x.0 != 1) {
                    multiply(&mut sizes, &x.to_string(), Number::int(p));
                }
            }
        }
        (sizes, factors)
    }

    /// A product of sizes as a sum of coefficients with powers: whole powers of numbers and polynomials multiplied out, and
    /// no polynomial below a multiple of its leading term.
    pub(super) fn expanded(&self, sizes: Sizes) -> Vec<(Number, Sizes)> {
        let mut todo = vec![(Number::ONE, sizes)];
        let mut out: Vec<(Number, Sizes)> = vec![];
        while let Some((c, mut sizes)) = todo.pop() {
            let step = sizes.iter().find_map(|(name, p)| {
                if let Some(prime) = Number::parse(name) {
                    let (whole, rest) = floor(*p)?;
                    return (whole != 0).then(|| (name.clone(), rest, vec![(prime.powi(whole), Sizes::new())]));
                }
                let poly = self.book().composites.get(name)?;
                let terms: Vec<(Number, Sizes)> = poly
                    .monomials()
                    .into_iter()
                    .map(|(k, m)| (k, m.into_iter().map(|(n, e)| (n, Number::int(e.into()))).collect()))
                    .collect();
                let few = |p: Number| p.to_f64() * (terms.len() as f64).ln() <= MOST_MULTIPLIED.ln();
                if !below(*p, Number::ONE) && few(*p) {
                    return Some((name.clone(), *p + Number::int(-1), terms));
                }
                // lead b^p = b^(p+1) - rest b^p for negative p
                let lead = terms.iter().max_by_key(|(_, m)| (m.values().filter_map(|e| e.as_int()).sum::<i64>(), m.clone()))?;
                let divides = p.is_negative() && lead.1.iter().all(|(n, e)| sizes.get(n).is_some_and(|q| !below(*q, *e)));
                divides.then(|| {
                    let inverse: Sizes = lead.1.iter().map(|(n, e)| (n.clone(), -*e)).collect();
                    let scaled = |k: Number, m: &Sizes| {
                        let mut all = inverse.clone();
                        m.iter().for_each(|(n, e)| multiply(&mut all, n, *e));
                        (k / lead.0, all)
                    };
                    let mut replaced: Vec<(Number, Sizes)> =
                        terms.iter().filter(|t| t.1 != lead.1).map(|(k, m)| scaled(-*k, m)).collect();
                    replaced.push(scaled(Number::ONE, &Sizes::from([(name.clone(), Number::ONE)])));
                    (name.clone(), *p, replaced)
                })
            });
            match step {
                None => out.push((c, sizes)),
                Some((name, left, terms)) => {
                    sizes.remove(&name);
                    multiply(&mut sizes, &name, left);
                    for (k, m) in terms {
                        let mut all = sizes.clone();
                        m.iter().for_each(|(n, e)| multiply(&mut all, n, *e));
                        todo.push((c * k, all));
                    }
                }
            }
        }
        out
    }
}
