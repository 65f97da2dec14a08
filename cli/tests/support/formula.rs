//! Sizes in a manifest: numbers, and formulas in the sizes that were given.

use serde_json::Value;
use std::collections::BTreeMap;

/// The sizes of a run by their names.
#[derive(Default)]
pub(crate) struct Sizes(pub(crate) BTreeMap<String, usize>);

pub(crate) fn list(v: &Value) -> &[Value] {
    v.as_array().expect("a list")
}

pub(crate) fn count(v: &Value) -> usize {
    usize::try_from(v.as_u64().expect("a count")).expect("a count")
}

impl Sizes {
    /// A number, or the value of a formula, which is one.
    pub(crate) fn value(&self, v: &Value) -> usize {
        match v {
            Value::String(formula) => {
                let (numerator, over) = match formula.strip_prefix('(').and_then(|f| f.split_once(")/")) {
                    Some((numerator, over)) => (numerator, over.parse().expect("a number")),
                    None => (formula.as_str(), 1),
                };
                let sum = self.sum(numerator);
                assert_eq!(sum % over, 0, "{formula}");
                usize::try_from(sum / over).expect("a size")
            }
            number => count(number),
        }
    }

    /// `2*n*k - n + 1`.
    fn sum(&self, text: &str) -> i64 {
        let text = text.replace(" - ", " + -");
        let factor = |f: &str| f.parse().unwrap_or_else(|_| self.0[f] as i64);
        let term = |t: &str| match t.strip_prefix('-') {
            Some(t) => -t.split('*').map(factor).product::<i64>(),
            None => t.split('*').map(factor).product(),
        };
        text.split(" + ").map(term).sum()
    }

    /// Groups that are started: a number, or quotients, each rounded up.
    pub(crate) fn groups(&self, v: &Value) -> usize {
        match v {
            Value::Array(parts) => parts.iter().map(|p| self.value(&p["of"]).div_ceil(count(&p["each"]))).product(),
            number => count(number),
        }
    }
}
