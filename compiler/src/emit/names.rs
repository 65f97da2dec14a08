//! Names in Rust: identifiers of ASCII letters, none of which is a word of the language or taken.

use crate::greek::spelled;
use std::collections::BTreeSet;

/// Words that no name of a function may be: those of the language, and what generated code imports.
const TAKEN: &[&str] = &[
    "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else", "enum", "extern",
    "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override",
    "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof", "union",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "abstract", "Self", "R", "Ok", "Err", "Some", "None",
    "sum", "blocks", "parts", "_",
];

/// A name as a Rust identifier of ASCII letters: `γ` is `gamma`, `W[1]` is `W_1`.
pub fn identifier(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => out.push(c),
            '₀'..='₉' => out.extend(char::from_digit(c as u32 - '₀' as u32, 10)),
            '[' | ' ' | ',' | '.' => out.push('_'),
            ']' => {}
            _ => match spelled(c) {
                Some(word) => out.push_str(word),
                None => out.push_str(&format!("u{:x}", c as u32)),
            },
        }
    }
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}

/// Names that are taken in a function.
#[derive(Default)]
pub(super) struct Names(pub(super) BTreeSet<String>);

impl Names {
    /// The name, or the name with what makes it new.
    pub(super) fn fresh(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut k = 1;
        while TAKEN.contains(&name.as_str()) || self.0.contains(&name) {
            name = format!("{wanted}_{k}");
            k += 1;
        }
        self.0.insert(name.clone());
        name
    }
}
