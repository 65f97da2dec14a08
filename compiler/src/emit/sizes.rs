//! Sizes in Rust: how each is read off the shapes of the arguments, and what stands for a polynomial in them.

use super::{Argument, EmitError, layout::Layout};
use crate::{dim::Dim, number::Number};
use std::collections::{BTreeMap, BTreeSet};

/// A number of rows or columns that an argument has.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    /// `the rows of X`, for messages.
    pub(super) place: String,
    /// Which argument.
    pub(super) argument: usize,
    /// Rows, else columns.
    pub(super) by_rows: bool,
    /// What it is in the model.
    pub(super) size: Dim,
}

/// One step of reading sizes.
pub(super) enum Reading {
    /// The size is all of these.
    Equal(String, Vec<Extent>),
    /// The size solves `extent = slope · size + offset`.
    Solved { name: String, extent: Extent, slope: Dim, offset: Dim },
    /// The extent must be this size, of which all names are known.
    Checked(Extent),
}

/// How the sizes are read: plain names, then what follows, then what remains to be checked.
///
/// Errors: a size that no argument tells.
pub(super) fn readings(arguments: &[Argument], needed: &BTreeSet<String>) -> Result<Vec<Reading>, EmitError> {
    let mut rest: Vec<Extent> = vec![];
    for (k, a) in arguments.iter().enumerate() {
        for (by_rows, size) in [(true, &a.shape[0]), (false, &a.shape[1])] {
            let place = format!("the {} of {}", if by_rows { "rows" } else { "columns" }, a.name);
            rest.push(Extent { place, argument: k, by_rows, size: size.clone() });
        }
    }
    let (mut out, mut known, mut plain) = (vec![], BTreeSet::new(), vec![]);
    rest.retain(|e| match e.size.as_symbol() {
        Some(name) => {
            match plain.iter_mut().find(|(n, _): &&mut (String, Vec<Extent>)| n == name) {
                Some((_, all)) => all.push(e.clone()),
                None => plain.push((name.to_owned(), vec![e.clone()])),
            }
            false
        }
        None => true,
    });
    for (name, extents) in plain {
        known.insert(name.clone());
        out.push(Reading::Equal(name, extents));
    }
    while let Some((at, name, slope, offset)) = rest.iter().enumerate().find_map(|(k, e)| {
        let mut unknown: Vec<&str> = e.size.names().filter(|n| !known.contains(*n)).collect();
        unknown.dedup();
        let [name] = unknown.as_slice() else { return None };
        let (slope, offset) = linear(&e.size, name)?;
        Some((k, (*name).to_owned(), slope, offset))
    }) {
        known.insert(name.clone());
        out.push(Reading::Solved { name, extent: rest.remove(at), slope, offset });
    }
    if let Some(name) = needed.iter().find(|n| !known.contains(*n)) {
        return Err(EmitError::UnknownSize(name.clone()));
    }
    for e in rest {
        if let Some(name) = e.size.names().find(|n| !known.contains(*n)) {
            return Err(EmitError::UnknownSize(name.to_owned()));
        }
        out.push(Reading::Checked(e));
    }
    Ok(out)
}

/// Slope and offset of a size in one of its names, if it comes in no higher power than the first.
fn linear(d: &Dim, name: &str) -> Option<(Dim, Dim)> {
    let at = |n: i64| d.rename(&BTreeMap::from([(name.to_owned(), Dim::constant(n))]));
    let (offset, one) = (at(0), at(1));
    let slope = &one - &offset;
    (&(&slope * &Dim::symbol(name)) + &offset == *d).then_some((slope, offset))
}

/// What stands for sizes in the text of one function.
pub(super) struct Sizes {
    /// Rust names of the names of sizes.
    pub(super) names: BTreeMap<String, String>,
    /// Sizes that are computed once, with their Rust names, in the order of their first use.
    computed: Vec<(Dim, String)>,
    /// Names of sizes that the text has used.
    pub(super) used: BTreeSet<String>,
}

impl Sizes {
    pub(super) fn new(names: BTreeMap<String, String>) -> Sizes {
        Sizes { names, computed: vec![], used: BTreeSet::new() }
    }

    /// A size as an expression of type `usize`; what is more than a product of two becomes a name.
    pub(super) fn text(&mut self, d: &Dim, fresh: &mut dyn FnMut(&str) -> String) -> String {
        if let Some((_, name)) = self.computed.iter().find(|c| c.0 == *d) {
            return name.clone();
        }
        if let Some(n) = d.as_constant() {
            return n.to_string();
        }
        self.used.extend(d.names().map(str::to_owned));
        let factors = d.as_monomial().filter(|(c, _)| c.as_int().is_some_and(|n| n > 0)).map(|(c, powers)| {
            let mut out: Vec<String> = if c.is_one() { vec![] } else { vec![c.as_int().expect("it is whole").to_string()] };
            for (name, power) in powers {
                out.extend(std::iter::repeat_n(self.names[name].clone(), power as usize));
            }
            out
        });
        match factors {
            Some(f) if f.len() <= 2 => f.join(" * "),
            None if d.has_only_positive_terms() && d.is_exact() && d.degree() == 1 && self.signed(d).1 == 1 => d
                .monomials()
                .iter()
                .rev()
                .map(|(c, powers)| match powers.first() {
                    Some((n, _)) if c.is_one() => self.names[n].clone(),
                    Some((n, _)) => format!("{} * {}", c.as_int().unwrap_or(0), self.names[n]),
                    None => c.as_int().unwrap_or(0).to_string(),
                })
                .collect::<Vec<_>>()
                .join(" + "),
            Some(f) if f[0].parse::<u64>().is_err() => self.computed(d, fresh(&f.join("_"))),
            _ => self.computed(d, fresh("size")),
        }
    }

    fn computed(&mut self, d: &Dim, name: String) -> String {
        self.computed.push((d.clone(), name.clone()));
        name
    }

    /// A size as an expression of type `i64`, times the denominator that is given with it.
    pub(super) fn signed(&mut self, d: &Dim) -> (String, i64) {
        self.used.extend(d.names().map(str::to_owned));
        fraction(d, " * ", &|name| format!("{} as i64", self.names[name]))
    }

    /// Writes the sizes that are computed once.
    pub(super) fn write(&mut self, out: &mut Layout) {
        for (d, name) in std::mem::take(&mut self.computed) {
            let product = d.as_monomial().filter(|(c, _)| c.as_int().is_some_and(|n| n > 0));
            match product {
                Some((c, powers)) => {
                    let mut factors: Vec<String> =
                        if c.is_one() { vec![] } else { vec![c.as_int().expect("it is whole").to_string()] };
                    for (n, power) in powers {
                        factors.extend(std::iter::repeat_n(self.names[n].clone(), power as usize));
                    }
                    out.chain(&format!("let {name} ="), "*", &factors);
                }
                None => {
                    let (value, denominator) = self.signed(&d);
                    out.call(
                        &format!("let {name} = whole"),
                        &[format!("{:?}", d.to_string()), value, denominator.to_string()],
                        "?;",
                    );
                }
            }
        }
    }
}

/// A size as whole numbers times products of names, all over the denominator that is given with them: names before the bare number,
/// positive terms first.
pub(super) fn factors(d: &Dim) -> (Vec<(i64, Vec<String>)>, i64) {
    let mut terms = d.monomials();
    let denominator = terms.iter().fold(1i64, |all, (c, _)| match c {
        Number::Ratio(_, den) => all / gcd(all, *den) * den,
        Number::Float(_) => all,
    });
    terms.sort_by_key(|(c, powers)| (c.is_negative(), powers.is_empty()));
    let whole = |c: Number| (c * Number::int(denominator)).as_int().unwrap_or(0);
    let names = |powers: Vec<(String, u32)>| powers.into_iter().flat_map(|(n, p)| std::iter::repeat_n(n, p as usize)).collect();
    (terms.into_iter().map(|(c, powers)| (whole(c), names(powers))).collect(), denominator)
}

/// A size as sums of products of whole numbers and names, times the denominator that is given with it.
pub(super) fn fraction(d: &Dim, sign: &str, named: &dyn Fn(&str) -> String) -> (String, i64) {
    let (terms, denominator) = factors(d);
    let mut text = String::new();
    for (whole, names) in terms {
        let between = match (text.is_empty(), whole < 0) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        };
        let mut parts = vec![];
        if whole.unsigned_abs() != 1 || names.is_empty() {
            parts.push(whole.unsigned_abs().to_string());
        }
        parts.extend(names.iter().map(|name| named(name)));
        text.push_str(between);
        text.push_str(&parts.join(sign));
    }
    (if text.is_empty() { "0".to_owned() } else { text }, denominator)
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}
