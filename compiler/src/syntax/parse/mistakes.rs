//! What is said of a text that the grammar does not take, and the names it would have declared.

use super::{Builder, grammar::Rule};
use crate::{
    diagnostic::{Code, Diagnostic, quote},
    span::Span,
    syntax::{names, scan},
};

impl Builder<'_> {
    pub(super) fn explain(&self, e: &pest::error::Error<Rule>, text: &str, span: Span) -> Diagnostic {
        use pest::error::{ErrorVariant, InputLocation};
        let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = e.location;
        let at = at.min(text.len());
        let mut expected: Vec<&str> = vec![];
        if let ErrorVariant::ParsingError { positives, .. } = &e.variant {
            for r in positives {
                let word = spoken(*r);
                if !word.is_empty() && !expected.contains(&word) {
                    expected.push(word);
                }
            }
        }
        if expected.len() > 1 {
            expected.retain(|w| *w != "the end of the statement" && *w != "an operator");
        }
        let rest = &text[at..];
        let next = rest.chars().next();
        let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let found = match next {
            None => "the end of the statement".to_owned(),
            Some(_) if !word.is_empty() => format!("`{}`", quote(&word)),
            Some(c) => format!("`{}`", c.escape_default().to_string().replace("\\'", "'").replace("\\\"", "\"")),
        };
        let found = match next {
            Some(c) if word.is_empty() && !c.is_control() => format!("`{c}`"),
            _ => found,
        };
        let len = if word.is_empty() { next.map_or(0, char::len_utf8) } else { word.len() };
        let place = Span { file: self.file, start: span.start + at, end: span.start + at + len };
        let first = text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
        if at == 0 && first.is_empty() && next.is_none() {
            return Diagnostic::new(Code::Syntax, "there is nothing here to read").label(place, "an expression is needed");
        }
        let unfinished = next.is_none() && matches!(expected.as_slice(), [] | ["an operator"] | ["the end of the statement"]);
        let bare = !text.contains('=') && !scan::WORDS.contains(&first);
        let message = match expected.as_slice() {
            _ if unfinished => "this is not a whole statement".to_owned(),
            [] | ["the end of the statement"] | ["an operator"] => format!("{found} does not belong here"),
            some => format!("expected {}, found {found}", some.join(" or ")),
        };
        let d = Diagnostic::new(Code::Syntax, message).label(place, "here");
        let near = keyword_near(first);
        match next {
            Some('*') if rest.starts_with("**") || text[..at].ends_with('*') => d.help("a power is `A^k`, entry by entry `A.^p`"),
            Some('@') => d.help("the product is `A B` or `A * B`"),
            Some('×') => d.help("`×` is for shapes: the product is `A B`, the Kronecker product `A ⊗ B` or `kron(A, B)`"),
            Some('=') => d.help("`NAME = …` defines a node; `==` compares in a claim"),
            Some('|' | '‖') => d.help("norms are written `norm2(A)`, `normF(A)`, `norm1(A)`, `norminf(A)`, `normmax(A)`"),
            Some('{' | '}') => d.help("blocks `{ … }` follow `for` and `layer`; brackets of formulas are `( )`"),
            _ if near.is_some() => d.help(format!("did you mean `{}`?", near.unwrap_or_default())),
            _ if bare && self.statements => d.help("a statement is `NAME = …`, or begins with a word such as `param` or `loss`"),
            None => d.help("a statement ends with its line, unless a bracket is open"),
            _ if expected.contains(&"`=`") => {
                d.help("a statement is `NAME = …`, or begins with a word such as `param` or `loss`")
            }
            _ => d,
        }
    }
}

/// What a rule is called in a message; empty for what need not be mentioned.
fn spoken(r: Rule) -> &'static str {
    match r {
        Rule::EOI => "the end of the statement",
        Rule::sign | Rule::kron_sign | Rule::product_sign | Rule::times_sign | Rule::transpose | Rule::raise => "an operator",
        Rule::entry_power | Rule::index | Rule::small_power => "an operator",
        Rule::compare => "a comparison",
        Rule::expr | Rule::kron | Rule::product | Rule::operand | Rule::call | Rule::number | Rule::bracket => "an expression",
        Rule::signed | Rule::callee | Rule::formula | Rule::args => "an expression",
        Rule::name | Rule::target | Rule::dim | Rule::group => "a name",
        Rule::shape | Rule::extent | Rule::factor | Rule::factors => "a size",
        Rule::times => "`×`",
        Rule::string => "a text in quotes",
        Rule::item => "an index or a range",
        Rule::exponent => "an exponent",
        Rule::relation => "an expression",
        Rule::in_word => "`in`",
        Rule::assign => "`=`",
        _ => "",
    }
}

/// The word that a statement was probably meant to begin with.
fn keyword_near(first: &str) -> Option<&'static str> {
    let near = scan::WORDS.into_iter().find(|w| names::distance(w, first) == 1);
    near.filter(|_| !scan::WORDS.contains(&first))
}

/// The names that a statement which cannot be read would have declared, as far as one can tell.
pub(super) fn declared_names(text: &str) -> Vec<String> {
    let first = text.split(|c: char| c.is_whitespace()).next().unwrap_or("");
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let names = |s: &str| -> Vec<String> {
        s.split(',').filter_map(|n| n.trim().split(|c| !word(c)).next()).filter(|n| !n.is_empty()).map(str::to_owned).collect()
    };
    let after = text[first.len()..].trim_start();
    match keyword_near(first).filter(|_| after.starts_with(word)).unwrap_or(first) {
        "loss" => vec!["loss".to_owned()],
        "dim" => after.split(',').flat_map(|d| names(d.split('=').next().unwrap_or(""))).collect(),
        "input" | "target" | "const" | "param" => names(after.split(':').next().unwrap_or("")),
        "layer" => names(after.split('(').next().unwrap_or("")),
        _ => match text.split_once('=') {
            Some((left, right)) if !right.starts_with('=') => names(left),
            _ => vec![],
        },
    }
}
