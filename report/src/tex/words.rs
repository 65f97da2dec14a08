//! Text in LaTeX: words, expressions of the language, and what is typed.

use hesse_compiler::print;

/// Text in which nothing is a command; signs of mathematics become commands that LaTeX knows without further packages.
pub(super) fn plain(s: &str) -> String {
    let all: Vec<char> = s.chars().collect();
    let at = |k: Option<usize>| k.and_then(|k| all.get(k)).copied().unwrap_or(' ');
    let one = |(k, &c): (usize, &char)| match (at(k.checked_sub(1)), c, at(Some(k + 1))) {
        // an apostrophe that ends a word is a transpose
        (_, '\'', after) if !after.is_alphabetic() => "\\ensuremath{'}".to_owned(),
        (' ' | '(', '-', '0'..='9') => "\\ensuremath{-}".to_owned(),
        _ => sign(c),
    };
    all.iter().enumerate().map(one).collect()
}

/// As it would be typed; a line may end behind the signs that part words.
pub(super) fn code(s: &str) -> String {
    let breaking = |c: char| if "/,=(".contains(c) { format!("{c}\\allowbreak{{}}") } else { typed(c) };
    format!("\\texttt{{{}}}", s.chars().map(breaking).collect::<String>())
}

/// Lines as they are written, broken where they are too long.
pub(super) fn written(text: &str) -> String {
    let mut out = String::from("{\\parskip=0pt\\ttfamily\\small\\obeylines\n");
    for line in text.trim_end().lines() {
        let mut spaced = true;
        out.push_str("\\mbox{}");
        for c in line.chars() {
            // of several spaces all are kept
            out.push_str(&if c == ' ' && spaced { "~".to_owned() } else { typed(c) });
            spaced = c == ' ';
        }
        out.push('\n');
    }
    out + "\\vspace{4pt}}"
}

/// A sign in the font of typewriters, where quotes are upright.
fn typed(c: char) -> String {
    match c {
        '\'' => "\\char13{}".to_owned(),
        '`' => "\\char18{}".to_owned(),
        '"' => "\\char34{}".to_owned(),
        c => sign(c),
    }
}

fn sign(c: char) -> String {
    match c {
        '_' | '#' | '%' | '&' | '$' | '{' | '}' => format!("\\{c}"),
        '^' => "\\textasciicircum{}".to_owned(),
        '~' => "\\textasciitilde{}".to_owned(),
        '\\' => "\\textbackslash{}".to_owned(),
        '<' => "\\ensuremath{<}".to_owned(),
        '>' => "\\ensuremath{>}".to_owned(),
        '|' => "\\ensuremath{|}".to_owned(),
        '"' => "''".to_owned(),
        '⊗' => "\\ensuremath{\\otimes}".to_owned(),
        '∘' => "\\ensuremath{\\circ}".to_owned(),
        '⊘' => "\\ensuremath{\\oslash}".to_owned(),
        '×' => "\\ensuremath{\\times}".to_owned(),
        '∂' => "\\ensuremath{\\partial}".to_owned(),
        '‖' => "\\ensuremath{\\|}".to_owned(),
        '∞' => "\\ensuremath{\\infty}".to_owned(),
        '…' => "\\ldots{}".to_owned(),
        '±' => "\\ensuremath{\\pm}".to_owned(),
        '·' => "\\ensuremath{\\cdot}".to_owned(),
        '−' => "\\ensuremath{-}".to_owned(),
        '≤' => "\\ensuremath{\\le}".to_owned(),
        '⁰'..='⁹' | '²' | '³' | '¹' => format!("\\ensuremath{{^{{{}}}}}", superscript(c)),
        'Ð' | 'ð' | 'Þ' | 'þ' | '÷' => other(c),
        c if c.is_ascii() || ('À'..='ÿ').contains(&c) => c.to_string(),
        c => other(c),
    }
}

fn superscript(c: char) -> char {
    "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().zip('0'..='9').find(|x| x.0 == c).map_or(c, |x| x.1)
}

/// A Greek letter by its command; another letter by its number, since no font of plain LaTeX has all.
fn other(c: char) -> String {
    let command = print::symbol_of(&c.to_string()).1;
    if command.starts_with('\\') && command.is_ascii() {
        format!("\\ensuremath{{{command}}}")
    } else {
        format!("U+{:04X}", u32::from(c))
    }
}
