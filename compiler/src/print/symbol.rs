//! Names as mathematics writes them: `Wq` is W with a subscript, `gamma` a Greek letter, `x[3]` an entry.

use crate::greek::greek;

/// A name in two parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Symbol {
    /// What stands on the line.
    pub base: String,
    /// What stands below it, if anything.
    pub subscript: String,
}

/// The symbol of a name.
pub(super) fn symbol(name: &str) -> Symbol {
    // Unicode subscripts are written as digits
    let plain: String = name
        .chars()
        .map(|c| match c {
            '₀'..='₉' => char::from(b'0' + (c as u32 - '₀' as u32) as u8),
            c => c,
        })
        .collect();
    let (head, index) = match plain.split_once('[') {
        Some((head, index)) => (head, index.replace("][", ",").trim_end_matches(']').to_owned()),
        None => (plain.as_str(), String::new()),
    };
    let (base, below) = match head.split_once('_') {
        Some((base, below)) if !base.is_empty() => (base.to_owned(), below.replace('_', ",")),
        _ => split(head),
    };
    let subscript = [below, index].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(",");
    Symbol { base, subscript }
}

/// `Wq` into `W` and `q`; `dV` into `d` and `V`; `gamma1` into `gamma` and `1`; words stay whole.
fn split(name: &str) -> (String, String) {
    let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if word.is_empty() {
        return (name.to_owned(), String::new());
    }
    let digits = &name[word.len()..];
    let mut chars = word.chars();
    let first = chars.next().unwrap_or_default();
    let rest = chars.as_str();
    let short = rest.chars().count() <= 2 && !rest.is_empty();
    let differs = match first.is_uppercase() {
        true => rest.chars().all(char::is_lowercase),
        false => rest.chars().all(char::is_uppercase),
    };
    if short && differs && greek(word).is_none() {
        return (first.to_string(), format!("{rest}{digits}"));
    }
    (word.to_owned(), digits.to_owned())
}
