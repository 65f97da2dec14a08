//! Numbers that are known at given sizes: `1 / sqrt(n)` is no array but a factor in front.

use super::{
    Action, ArrayId,
    draft::{Concrete, Draft},
    term::Term,
};
use crate::number::Number;
use std::collections::BTreeMap;

/// Puts known numbers in front of what reads them.
pub(super) fn fold(draft: &mut Draft) {
    let mut known: BTreeMap<ArrayId, Number> = BTreeMap::new();
    for s in &mut draft.statements {
        match s {
            Concrete::Terms(terms) => {
                for t in terms.iter_mut().filter(|t| t.factors.iter().any(|f| known.contains_key(&f.array))) {
                    *t = with_numbers(t, &known);
                }
                let array = terms[0].target.array;
                if draft.shapes[array].iter().product::<usize>() == 1
                    && let Some(number) = value(terms)
                {
                    known.insert(array, number);
                }
            }
            Concrete::Other { action: Action::Map { name, values, parameters, argument, target }, .. } => {
                let Some(number) = known.get(argument) else { continue };
                let exact = if *name == "power" { number.exact_pow(parameters[0]) } else { None };
                let float = || {
                    let mut out = [0.0];
                    (values.real)(&[number.to_f64()], parameters, &mut out);
                    out[0].is_finite().then_some(Number::Float(out[0]))
                };
                if let Some(number) = exact.or_else(float) {
                    known.insert(*target, number);
                }
            }
            Concrete::Other { .. } => {}
        }
    }
}

/// The term with known numbers in front.
fn with_numbers(t: &Term, known: &BTreeMap<ArrayId, Number>) -> Term {
    let coefficient = t.factors.iter().filter_map(|f| known.get(&f.array)).fold(t.coefficient, |c, n| c * *n);
    let rest = t.factors.iter().filter(|f| !known.contains_key(&f.array)).cloned().collect();
    Term::new(coefficient, t.extents.clone(), rest, t.target.clone(), t.note)
}

/// The value of a sum with one entry, if nothing is left in it but numbers.
fn value(terms: &[Term]) -> Option<Number> {
    let mut sum = Number::ZERO;
    for t in terms {
        if !t.factors.is_empty() {
            return None;
        }
        let count = t.extents.iter().try_fold(1i64, |n, &d| n.checked_mul(i64::try_from(d).ok()?))?;
        sum = sum + t.coefficient * Number::int(count);
    }
    Some(sum)
}
