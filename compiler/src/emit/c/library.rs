//! Functions that are written in the dialect: those whose name has a text, and what they call.

use super::{
    size::{self, Size},
    text::{Draft, constant},
};
use crate::number::Number;

const TEXT: [&str; 2] = [include_str!("functions.c"), include_str!("matrices.c")];
/// Threads of a group of entries, and of rows.
pub(super) const THREADS: usize = 128;

/// The functions with the comments above them: parted by blank lines.
fn all() -> impl Iterator<Item = &'static str> {
    TEXT.into_iter().flat_map(|t| t.trim_end().split("\n\n"))
}

/// A row that is read, and one that is written, as parameters.
const FROM: &str = "GLOBAL const real* x";
const TO: &str = "GLOBAL real* y";

/// The name of a function of rows that reads or writes shared memory: its pointers are of another kind.
pub(super) fn row_function(name: &str, from_shared: bool, to_shared: bool) -> String {
    format!("row_{name}{}", suffix(from_shared, to_shared))
}

fn suffix(from_shared: bool, to_shared: bool) -> &'static str {
    match (from_shared, to_shared) {
        (false, false) => "",
        (true, false) => "_from_shared",
        (false, true) => "_to_shared",
        (true, true) => "_in_shared",
    }
}

/// All functions, each followed by those that differ in the memory of their rows.
fn variants() -> Vec<String> {
    let reading: Vec<&str> = all().filter(|f| f.contains(FROM)).map(name).collect();
    let mut out = vec![];
    for f in all() {
        out.push(f.to_owned());
        for (from, to) in [(true, false), (false, true), (true, true)] {
            if !f.contains(FROM) || (to && !f.contains(TO)) {
                continue;
            }
            let mut text = f.to_owned();
            if from {
                text = text.replace(FROM, "SHARED_POINTER const real* x");
                // what is called reads the same row
                for inner in reading.iter().filter(|n| **n != name(f)) {
                    text = text.replace(&format!("{inner}("), &format!("{inner}{}(", suffix(true, false)));
                }
            }
            if to {
                text = text.replace(TO, "SHARED_POINTER real* y");
            }
            out.push(text.replace(&format!(" {}(", name(f)), &format!(" {}{}(", name(f), suffix(from, to))));
        }
    }
    out
}

/// The name of a function: the word before the first bracket of its first line that is no comment.
fn name(function: &str) -> &str {
    let head = function.lines().find(|l| !l.starts_with("//")).unwrap_or_default();
    head.split('(').next().unwrap_or_default().split_whitespace().next_back().unwrap_or_default()
}

pub(super) fn has(wanted: &str) -> bool {
    all().any(|f| name(f) == wanted)
}

fn calls(text: &str, wanted: &str) -> bool {
    text.match_indices(wanted).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        text[at + wanted.len()..].starts_with('(') && before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
    })
}

/// The text of all functions that a text calls, and of what those call.
pub(super) fn functions(text: &str) -> String {
    let all = variants();
    let list: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut needed: Vec<bool> = list.iter().map(|f| calls(text, name(f))).collect();
    loop {
        let more: Vec<usize> = (0..list.len())
            .filter(|&k| !needed[k] && list.iter().zip(&needed).any(|(f, n)| *n && calls(f, name(list[k]))))
            .collect();
        if more.is_empty() {
            break;
        }
        more.into_iter().for_each(|k| needed[k] = true);
    }
    let used: Vec<String> = list.iter().zip(needed).filter(|x| x.1).map(|x| format!("{}\n", x.0)).collect();
    used.join("\n")
}

/// Whether an entrywise function has a text.
pub(super) fn has_map(name: &str) -> bool {
    has(&format!("map_{name}"))
}

/// An entrywise function of so many entries.
pub(super) fn map(name: &str, parameters: &[Number], n: Size) -> Option<Draft> {
    let function = format!("map_{name}");
    if !has(&function) {
        return None;
    }
    let further: String = parameters.iter().map(|p| format!(", {}", constant(*p))).collect();
    let told: String = parameters.iter().map(|p| format!(", {p}")).collect();
    let text = format!(
        "  const int i = GROUP * {THREADS} + THREAD;\n  if (i >= {n}) return;\n  \
         const real x = A[i], y = {function}(x{further});\n  if (undefined(x, y)) *flag = 1;\n  C[i] = y;\n}}\n"
    );
    Some(Draft {
        stem: name.to_owned(),
        family: "map",
        says: vec![format!("C = {name}(A{told}), entry by entry: {}", n.plain())],
        body: kernel("const real* A", &text),
        threads: THREADS,
        grid: vec![(n, THREADS)],
        written: 1,
        flagged: true,
        at_most: vec![],
    })
}

/// The parameters of a kernel that makes C of what is given, and its text.
fn kernel(given: &str, text: &str) -> String {
    format!("(GLOBAL {given}, GLOBAL real* C, GLOBAL real* flag{}) {{\n{text}", size::parameters(text))
}

/// The function of a row by which a function of matrices goes, and whether it takes a whole matrix as one row.
fn by_rows(name: &'static str) -> Option<(&'static str, bool)> {
    let (name, whole) = match name {
        "max" => ("rowmax", true),
        "argmax" => ("rowargmax", true),
        "normF" => ("normf", true),
        "unit" => (name, true),
        _ => (name, false),
    };
    has(&row_function(name, false, false)).then_some((name, whole))
}

/// A function of rows, all of whose entries lie one after the other.
pub(super) struct RowCall {
    /// The function of one row.
    pub(super) name: &'static str,
    /// How many rows, the entries of each, and how many it gives.
    pub(super) all: usize,
    pub(super) n: usize,
    pub(super) width: usize,
}

impl RowCall {
    /// A call that goes by rows; `None` if it has no text. Some functions take a whole matrix as one row.
    pub(super) fn of(name: &'static str, [rows, n]: [usize; 2], times: usize, argument: usize, target: usize) -> Option<RowCall> {
        let (name, whole) = by_rows(name)?;
        let (all, n) = if whole { (times, rows * n) } else { (rows * times, n) };
        let fits = n > 0 && all > 0 && argument == all * n && target.is_multiple_of(all);
        fits.then(|| RowCall { name, all, n, width: target / all })
    }
}

/// A function of every row.
pub(super) fn rows(RowCall { name, all, n, width }: RowCall) -> Draft {
    rows_of(name, Size::Known(all), &Size::Known(n), &Size::Known(width))
}

/// A function of every row of a matrix of that shape, whose result has the other; `None` if it does not go by rows.
pub(super) fn rows_symbolic(name: &'static str, shape: &[Size; 2], target: &[Size; 2]) -> Option<Draft> {
    let (name, whole) = by_rows(name)?;
    Some(match whole {
        true => rows_of(name, Size::Known(1), &size::product(shape), &size::product(target)),
        false => rows_of(name, shape[0].clone(), &shape[1], &target[1]),
    })
}

fn rows_of(name: &str, all: Size, n: &Size, width: &Size) -> Draft {
    let function = row_function(name, false, false);
    // at least four entries a thread, unless there are few rows
    let lanes = (n.typical() / 4).max(1).next_power_of_two().min(THREADS);
    let at_once = THREADS / lanes;
    let text = format!(
        "  SHARED real scratch[{THREADS}];\n  \
         const int lane = THREAD % {lanes}, row = GROUP * {at_once} + THREAD / {lanes}, live = row < {all};\n  \
         const int outside = {function}(A + (live ? row : 0) * {n}, C + (live ? row : 0) * {width}, {n}, live, lane, {lanes}, \
         scratch);\n  if (outside) *flag = 1;\n}}\n"
    );
    Draft {
        stem: name.to_owned(),
        family: "rows",
        says: vec![format!(
            "C = {name}(A), row by row: A is {0}×{1}, C is {0}×{2}; {lanes} threads a row",
            all.plain(),
            n.plain(),
            width.plain()
        )],
        body: kernel("const real* A", &text),
        threads: THREADS,
        grid: vec![(all, at_once)],
        written: 1,
        flagged: true,
        at_most: vec![],
    }
}
