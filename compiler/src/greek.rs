//! Greek letters and their names.

/// Greek letters with their names, without those that look Latin.
#[rustfmt::skip]
const GREEK: &[(&str, char)] = &[
    ("alpha", 'α'), ("beta", 'β'), ("gamma", 'γ'), ("delta", 'δ'), ("epsilon", 'ε'), ("zeta", 'ζ'), ("eta", 'η'),
    ("theta", 'θ'), ("iota", 'ι'), ("kappa", 'κ'), ("lambda", 'λ'), ("mu", 'μ'), ("nu", 'ν'), ("xi", 'ξ'), ("pi", 'π'),
    ("rho", 'ρ'), ("sigma", 'σ'), ("tau", 'τ'), ("upsilon", 'υ'), ("phi", 'φ'), ("chi", 'χ'), ("psi", 'ψ'), ("omega", 'ω'),
    ("Gamma", 'Γ'), ("Delta", 'Δ'), ("Theta", 'Θ'), ("Lambda", 'Λ'), ("Xi", 'Ξ'), ("Pi", 'Π'), ("Sigma", 'Σ'), ("Phi", 'Φ'),
    ("Psi", 'Ψ'), ("Omega", 'Ω'),
];

/// Those that look Latin, and the other sigma.
#[rustfmt::skip]
const LATIN: &[(&str, char)] = &[
    ("omicron", 'ο'), ("sigma", 'ς'), ("Alpha", 'Α'), ("Beta", 'Β'), ("Epsilon", 'Ε'), ("Zeta", 'Ζ'), ("Eta", 'Η'), ("Iota", 'Ι'),
    ("Kappa", 'Κ'), ("Mu", 'Μ'), ("Nu", 'Ν'), ("Omicron", 'Ο'), ("Rho", 'Ρ'), ("Tau", 'Τ'), ("Upsilon", 'Υ'), ("Chi", 'Χ'),
];

/// The letter of a name, spelled out or as itself: name and letter; none that looks Latin.
pub(crate) fn greek(name: &str) -> Option<(&'static str, char)> {
    GREEK.iter().copied().find(|(n, c)| *n == name || name.chars().eq([*c]))
}

/// The name of any Greek letter.
pub(crate) fn spelled(letter: char) -> Option<&'static str> {
    GREEK.iter().chain(LATIN).find(|(_, c)| *c == letter).map(|(name, _)| *name)
}
