//! `Dim`: a symbolic size, a polynomial in named sizes, in normal form: equal sizes are equal values.

use crate::number::Number;
use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fmt,
    hash::{Hash, Hasher},
    sync::{Arc, LazyLock},
};

/// A product of named sizes with their powers, sorted by name.
type Monomial = BTreeMap<String, u32>;

/// A polynomial with rational coefficients in named sizes: `L*dV`, `n - k + 1`, `dV/2`.
#[derive(Clone, Debug)]
pub struct Dim {
    /// Shared, since sizes are copied and compared everywhere.
    terms: Arc<BTreeMap<Monomial, Number>>,
}

impl PartialEq for Dim {
    fn eq(&self, o: &Dim) -> bool {
        Arc::ptr_eq(&self.terms, &o.terms) || self.terms == o.terms
    }
}
impl Eq for Dim {}
impl PartialOrd for Dim {
    fn partial_cmp(&self, o: &Dim) -> Option<Ordering> {
        Some(self.cmp(o))
    }
}
impl Ord for Dim {
    fn cmp(&self, o: &Dim) -> Ordering {
        if Arc::ptr_eq(&self.terms, &o.terms) { Ordering::Equal } else { self.terms.cmp(&o.terms) }
    }
}
impl Hash for Dim {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.terms.hash(h);
    }
}
impl Default for Dim {
    fn default() -> Dim {
        Dim::constant(0)
    }
}

/// Zero and one, which are met most.
static SMALL: LazyLock<[Dim; 2]> = LazyLock::new(|| [0, 1].map(|n| Dim::from_terms([(Monomial::new(), Number::int(n))])));

impl Dim {
    /// A number.
    pub fn constant(n: i64) -> Dim {
        match n {
            0 => SMALL[0].clone(),
            1 => SMALL[1].clone(),
            _ => Dim::from_terms([(Monomial::new(), Number::int(n))]),
        }
    }

    /// A named size.
    pub fn symbol(name: &str) -> Dim {
        Dim::from_terms([(Monomial::from([(name.to_owned(), 1)]), Number::ONE)])
    }

    fn from_terms(terms: impl IntoIterator<Item = (Monomial, Number)>) -> Dim {
        let mut out = BTreeMap::<Monomial, Number>::new();
        for (m, c) in terms {
            let sum = out.get(&m).map_or(c, |&old| old + c);
            if sum.is_zero() {
                out.remove(&m);
            } else {
                out.insert(m, sum);
            }
        }
        Dim { terms: Arc::new(out) }
    }

    /// The number it is, if no name occurs in it and it is whole.
    pub fn as_constant(&self) -> Option<i64> {
        match self.terms.iter().next() {
            None => Some(0),
            Some((m, c)) if self.terms.len() == 1 && m.is_empty() => c.as_int(),
            _ => None,
        }
    }

    /// The single name it is, if it is one.
    pub fn as_symbol(&self) -> Option<&str> {
        let (m, c) = self.terms.iter().next()?;
        let (name, power) = m.iter().next()?;
        (self.terms.len() == 1 && c.is_one() && m.len() == 1 && *power == 1).then_some(name)
    }

    /// Whether it is the number one.
    pub fn is_one(&self) -> bool {
        if Arc::ptr_eq(&self.terms, &SMALL[1].terms) {
            return true;
        }
        self.as_constant() == Some(1)
    }

    /// Coefficient and powers, if it is a single product.
    pub fn as_monomial(&self) -> Option<(Number, Vec<(&str, u32)>)> {
        let (m, c) = self.terms.iter().next()?;
        (self.terms.len() == 1).then(|| (*c, m.iter().map(|(s, &p)| (s.as_str(), p)).collect()))
    }

    /// Whether all coefficients are exact.
    pub fn is_exact(&self) -> bool {
        self.terms.values().all(|c| matches!(c, Number::Ratio(..)))
    }

    /// The largest power of one name, or number of names in a product.
    pub fn degree(&self) -> u32 {
        self.terms.keys().map(|m| m.values().sum()).max().unwrap_or(0)
    }

    /// Whether all coefficients are whole numbers.
    pub fn is_integral(&self) -> bool {
        self.terms.values().all(|c| c.as_int().is_some())
    }

    /// Whether it can be written without a sum.
    pub fn is_product(&self) -> bool {
        self.terms.len() <= 1
    }

    /// The names that occur in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.terms.keys().flat_map(|m| m.keys().map(String::as_str))
    }

    /// `self / by`, when the quotient is a polynomial.
    pub fn divide(&self, by: &Dim) -> Option<Dim> {
        if self == by {
            return Some(Dim::constant(1));
        }
        if let Some((d, dc)) = by.terms.iter().next().filter(|_| by.terms.len() == 1) {
            let mut out = vec![];
            for (m, c) in self.terms.iter() {
                let mut quotient = m.clone();
                for (s, p) in d {
                    let left = quotient.get(s)?.checked_sub(*p)?;
                    if left == 0 {
                        quotient.remove(s);
                    } else {
                        quotient.insert(s.clone(), left);
                    }
                }
                out.push((quotient, *c / *dc));
            }
            return Some(Dim::from_terms(out));
        }
        // long division by a polynomial: cancel the leading term until nothing is left
        let (lead, lead_c) = by.leading()?;
        let lead = Dim::from_terms([(lead.clone(), lead_c)]);
        let (mut rest, mut quotient) = (self.clone(), Dim::default());
        for _ in 0..256 {
            let Some((m, c)) = rest.leading() else {
                return Some(quotient);
            };
            let step = Dim::from_terms([(m.clone(), c)]).divide(&lead)?;
            rest = &rest - &(&step * by);
            quotient = &quotient + &step;
        }
        None
    }

    /// The leading term in the order by degree, then by the powers of the names in turn.
    fn leading(&self) -> Option<(&Monomial, Number)> {
        let names: std::collections::BTreeSet<&str> = self.names().collect();
        let rank = |m: &Monomial| -> (u32, Vec<u32>) {
            (m.values().sum(), names.iter().map(|n| m.get(*n).copied().unwrap_or(0)).collect())
        };
        self.terms.iter().max_by_key(|(m, _)| rank(m)).map(|(m, c)| (m, *c))
    }

    /// The same polynomial with names replaced; unnamed ones stay.
    pub fn rename(&self, names: &BTreeMap<String, Dim>) -> Dim {
        let mut out = Dim::default();
        for (m, c) in self.terms.iter() {
            let mut term = Dim::from_terms([(Monomial::new(), *c)]);
            for (s, p) in m {
                let factor = names.get(s).cloned().unwrap_or_else(|| Dim::symbol(s));
                for _ in 0..*p {
                    term = &term * &factor;
                }
            }
            out = &out + &term;
        }
        out
    }

    /// The size for given names; `None` if a name is missing, or the result is not a whole number from 0 to 2^53.
    pub fn eval(&self, size: &dyn Fn(&str) -> Option<usize>) -> Option<usize> {
        let mut sum = Number::ZERO;
        for (m, c) in self.terms.iter() {
            let mut term = *c;
            for (s, p) in m {
                term = term * Number::int(i64::try_from(size(s)?).ok()?).powi(i64::from(*p));
            }
            sum = sum + term;
        }
        let whole = sum.as_int()?;
        usize::try_from(whole).ok().filter(|&n| n < 1 << 53)
    }
}

impl std::ops::Add for &Dim {
    type Output = Dim;
    fn add(self, o: &Dim) -> Dim {
        if self.terms.is_empty() {
            return o.clone();
        }
        if o.terms.is_empty() {
            return self.clone();
        }
        Dim::from_terms(self.terms.iter().chain(o.terms.iter()).map(|(m, c)| (m.clone(), *c)))
    }
}
impl std::ops::Sub for &Dim {
    type Output = Dim;
    fn sub(self, o: &Dim) -> Dim {
        self + &(&Dim::constant(-1) * o)
    }
}
impl std::ops::Mul for &Dim {
    type Output = Dim;
    fn mul(self, o: &Dim) -> Dim {
        if self.is_one() {
            return o.clone();
        }
        if o.is_one() {
            return self.clone();
        }
        Dim::from_terms(self.terms.iter().flat_map(|(m, c)| {
            o.terms.iter().map(move |(k, d)| {
                let mut product = m.clone();
                for (s, p) in k {
                    *product.entry(s.clone()).or_default() += p;
                }
                (product, *c * *d)
            })
        }))
    }
}

/// `2*L*dV`, `n - k + 1`: reads back as the same size.
impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.terms.is_empty() {
            return f.write_str("0");
        }
        // names before the bare number, positive terms first
        let mut terms: Vec<_> = self.terms.iter().filter(|(m, _)| !m.is_empty()).collect();
        terms.sort_by_key(|(_, c)| c.is_negative());
        terms.extend(self.terms.iter().filter(|(m, _)| m.is_empty()));
        // no sign in front where it can be helped: `3 - m`
        if terms[0].1.is_negative() {
            terms.sort_by_key(|(_, c)| c.is_negative());
        }
        for (i, (m, c)) in terms.iter().enumerate() {
            let (num, den) = match **c {
                Number::Ratio(n, d) => (n.unsigned_abs(), d),
                Number::Float(_) => (0, 1),
            };
            match (i, c.is_negative()) {
                (0, true) => f.write_str("-")?,
                (0, false) => {}
                (_, true) => f.write_str(" - ")?,
                (_, false) => f.write_str(" + ")?,
            }
            let mut parts = vec![];
            if num != 1 || m.is_empty() {
                parts.push(num.to_string());
            }
            for (s, p) in m.iter() {
                parts.extend(std::iter::repeat_n(s.clone(), *p as usize));
            }
            write!(f, "{}", parts.join("*"))?;
            if den != 1 {
                write!(f, "/{den}")?;
            }
        }
        Ok(())
    }
}

impl Dim {
    /// Reads the size formulas of signatures: sums and products of names and numbers, `b - a + 1`, `c*(p + k - 1)`.
    pub fn parse(text: &str) -> Dim {
        /// Cuts a text at signs that stand outside of brackets; each part with the sign before it.
        fn parts<'a>(text: &'a str, signs: &[char]) -> Vec<(char, &'a str)> {
            let (mut depth, mut start, mut sign, mut out) = (0, 0, signs[0], vec![]);
            for (at, c) in text.char_indices() {
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    c if depth == 0 && signs.contains(&c) => {
                        out.push((sign, text[start..at].trim()));
                        (sign, start) = (c, at + 1);
                    }
                    _ => {}
                }
            }
            out.push((sign, text[start..].trim()));
            out
        }
        let factor = |s: &str| match s.strip_prefix('(').and_then(|s| s.strip_suffix(')')) {
            Some(inner) => Dim::parse(inner),
            None => s.parse().map_or_else(|_| Dim::symbol(s), Dim::constant),
        };
        let mut sum = Dim::default();
        for (sign, product) in parts(text, &['+', '-']) {
            let one = Dim::constant(if sign == '-' { -1 } else { 1 });
            sum = &sum + &parts(product, &['*']).into_iter().fold(one, |a, (_, b)| &a * &factor(b));
        }
        sum
    }
}

impl Dim {
    /// Whether no coefficient is negative.
    pub fn has_only_positive_terms(&self) -> bool {
        self.terms.values().all(|c| !c.is_negative())
    }

    /// Its terms: coefficient, and names with powers.
    pub fn monomials(&self) -> Vec<(Number, Vec<(String, u32)>)> {
        self.terms.iter().map(|(m, c)| (*c, m.iter().map(|(s, p)| (s.clone(), *p)).collect())).collect()
    }
}
