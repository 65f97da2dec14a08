//! `Diagnostic`: one message to the user, with its places in the source; drawn with carets.

use crate::span::Span;
use std::fmt;

/// A file that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, as shown to the user.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Line of a byte, counted from 1.
    pub fn line(&self, byte: usize) -> usize {
        let upto = &self.text.as_bytes()[..byte.min(self.text.len())];
        1 + upto.iter().filter(|&&b| b == b'\n').count()
    }

    /// Column of a byte in characters, counted from 1.
    pub fn column(&self, byte: usize) -> usize {
        let at = byte.min(self.text.len());
        let start = self.text.as_bytes()[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        1 + self.text.get(start..at).map_or(0, |s| s.trim_start_matches('\u{FEFF}').chars().count())
    }

    /// The text of a span; empty if it is not one of this file.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $title:literal;)*) => {
        /// What kind of mistake it is; numbers are never used again for another.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $title] $name,)* }

        impl Code {
            /// All codes in order.
            pub const ALL: &[Code] = &[$(Code::$name),*];
            /// `E001` and so on.
            pub fn number(self) -> &'static str {
                match self { $(Code::$name => $code),* }
            }
            /// The mistake in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title),* }
            }
        }
    };
}

codes! {
    Syntax = "E001", "the text is not a statement or expression of the language";
    Bracket = "E002", "a bracket is not closed, not opened, or closed by another kind";
    Nesting = "E003", "brackets are nested too deeply";
    Number = "E004", "a number that cannot be represented";
    Reserved = "E005", "a name that cannot be declared here";
    Duplicate = "E006", "a name is declared twice";
    Product = "E007", "sizes differ in a product";
    Sum = "E008", "shapes differ in a sum";
    Entrywise = "E009", "shapes differ in an entrywise operation";
    Argument = "E010", "an argument of a function has the wrong shape or kind";
    Arity = "E011", "a function has the wrong number of arguments";
    Unknown = "E012", "a name that is not known";
    NotAValue = "E013", "a function or layer is used as if it were a matrix";
    NotAFunction = "E014", "something is called that is not a function";
    NotASize = "E015", "a size is needed";
    BadSize = "E016", "a size that cannot be";
    Power = "E017", "a power that is not defined";
    Division = "E018", "a quotient that is not defined";
    Slice = "E019", "a slice that does not fit";
    Square = "E020", "a square matrix is needed";
    Scalar = "E021", "a scalar is needed";
    Variable = "E022", "a derivative with respect to something that is not a name";
    Unsupported = "E023", "something that is not supported yet";
    Recursion = "E024", "a layer or file that needs itself";
    TooLarge = "E025", "a model that is too large";
    Include = "E026", "a file that cannot be included";
    Place = "E027", "a statement that cannot stand here";
    Assumption = "E028", "an assumption that is not understood";
    Loss = "E029", "a loss that is not one scalar";
    Loop = "E030", "a loop whose bounds are not numbers";
    Ambiguous = "E031", "a formula that can be read in two ways";
    Parameters = "E032", "a derivative that has no parameters to refer to";
    Many = "E033", "too many mistakes to show";
    Claim = "E034", "a claim that is not a comparison";
    Missing = "E040", "an array that is needed and not given";
    Size = "E041", "a size that is not known";
    Shape = "E042", "an array of the wrong shape";
    Range = "E043", "a slice beyond its matrix";
    Domain = "E044", "a value outside the domain of an operation";
    Memory = "E045", "a result too large for memory";
    Infinite = "E046", "a result that is not finite";
    Values = "E047", "an operation without values over these numbers";
    Derivative = "E048", "a derivative for which there is no formula";
    Data = "E049", "data that cannot be used";
    Batch = "E050", "arrays with and without a batch axis";
    File = "E051", "a file that cannot be read or written";
    Device = "E052", "a device that cannot compute";
    Style = "E053", "a style of bounds that does not go with their symbols";
}

/// One message to the user.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// What kind of mistake it is.
    pub code: Code,
    /// What was needed and what was found.
    pub message: String,
    /// Places, each with a remark; the first is the main one.
    pub labels: Vec<(Span, String)>,
    /// What would fit.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A message without a place.
    pub fn new(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, message: message.into(), labels: vec![], help: vec![] }
    }
    /// With one more place.
    #[must_use]
    pub fn label(mut self, span: Span, remark: impl Into<String>) -> Diagnostic {
        self.labels.push((span, remark.into()));
        self
    }
    /// With one more help line.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help.push(text.into());
        self
    }

    /// The message with its lines of the source, carets under the places, and the help.
    pub fn render(&self, sources: &[Source], color: bool) -> String {
        let paint = Paint(color);
        let mut out =
            format!("{}: {}\n", paint.red(&format!("error[{}]", self.code.number())), paint.bold(&visible(&self.message)));
        let excerpts = excerpts(&self.labels, sources);
        let width = excerpts.iter().map(|e| e.line.to_string().len()).max().unwrap_or(1);
        let bar = |n: &str| paint.blue(&format!("{n:>width$} |"));
        let main = self.labels.first().and_then(|(span, _)| {
            let source = sources.get(span.file)?;
            Some((source.line(span.start), source.column(span.start)))
        });
        let mut shown: Option<(usize, usize)> = None;
        for e in &excerpts {
            if shown.is_none_or(|(file, _)| file != e.file) {
                let arrow = if shown.is_none() { "-->" } else { ":::" };
                // the first line names the main place, which need not be the first line shown
                let (line, column) = match (shown, main) {
                    (None, Some(place)) => place,
                    _ => (e.line, e.column),
                };
                let place = format!("{}:{line}:{column}", visible(&sources[e.file].name));
                out += &format!("{}{} {place}\n", " ".repeat(width + 1), paint.blue(arrow));
            } else if shown.is_some_and(|(_, line)| e.line > line + 1) {
                out += &format!("{}\n", paint.blue(&format!("{}...", " ".repeat(width.saturating_sub(1)))));
            }
            shown = Some((e.file, e.line));
            out += format!("{} {}", bar(&e.line.to_string()), e.text).trim_end();
            out.push('\n');
            for (start, len, remark) in &e.carets {
                let carets = paint.red(&"^".repeat((*len).max(1)));
                let line = format!("{} {}{carets} {}", bar(""), " ".repeat(*start), visible(remark));
                out += line.trim_end();
                out.push('\n');
            }
        }
        for h in &self.help {
            out += &format!("{}{} {}\n", " ".repeat(width + 1), paint.blue("= help:"), visible(h));
        }
        out
    }
}

/// `error[E012]: no name …`: the first line only.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code.number(), self.message)
    }
}

/// Terminal colors, or none.
struct Paint(bool);

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
    fn red(&self, text: &str) -> String {
        self.with("1;31", text)
    }
    fn blue(&self, text: &str) -> String {
        self.with("1;34", text)
    }
    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }
}

/// One line of source with the carets under it.
struct Excerpt {
    file: usize,
    line: usize,
    column: usize,
    text: String,
    carets: Vec<(usize, usize, String)>,
}

/// Widest piece of a line that is shown.
const WIDTH: usize = 110;

/// The lines to show: one a line of source, in the order of the labels, in several pieces where places are far apart.
fn excerpts(labels: &[(Span, String)], sources: &[Source]) -> Vec<Excerpt> {
    // file, line, and the labels that begin on it
    type Line<'a> = (usize, usize, Vec<&'a (Span, String)>);
    let mut lines: Vec<Line> = vec![];
    for label in labels.iter().filter(|l| l.0.file < sources.len()) {
        let line = sources[label.0.file].line(label.0.start);
        match lines.iter_mut().find(|(f, l, _)| (*f, *l) == (label.0.file, line)) {
            Some((.., group)) => group.push(label),
            None => lines.push((label.0.file, line, vec![label])),
        }
    }
    let main_file = lines.first().map_or(0, |l| l.0);
    let mut rest = lines;
    rest.sort_by_key(|(f, l, _)| (*f != main_file, *f, *l));
    let mut out = vec![];
    for (file, line, mut group) in rest {
        group.sort_by_key(|l| (l.0.start, l.0.end));
        let text = &sources[file].text;
        let mut pending: Vec<Vec<&(Span, String)>> = vec![];
        for label in group {
            // a place joins the piece before it when both fit in one window
            let fits = pending.last().and_then(|p| p.first()).is_some_and(|first| {
                let between = text.get(first.0.start..label.0.start).unwrap_or("");
                between.len() < 4 * WIDTH && columns(between) < WIDTH / 2
            });
            match pending.last_mut() {
                Some(piece) if fits => piece.push(label),
                _ => pending.push(vec![label]),
            }
        }
        out.extend(pending.into_iter().map(|piece| excerpt(&sources[file], file, line, &piece)));
    }
    out
}

/// One piece of a line: a window that starts shortly before the first place.
fn excerpt(source: &Source, file: usize, line: usize, labels: &[&(Span, String)]) -> Excerpt {
    let text = source.text.as_str();
    let at = labels[0].0.start.min(text.len());
    let column = source.column(at);
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let end = text[at..].find('\n').map_or(text.len(), |i| at + i);
    let whole = text[start..end].trim_end_matches('\r');
    // characters with the column each starts at, from the window on
    let before = text[start..at].chars().rev().map(char_width).scan(0, |sum, w| {
        *sum += w;
        Some(*sum)
    });
    let long = whole.len() > WIDTH && columns(whole) > WIDTH;
    let back = if long { before.take_while(|w| *w <= WIDTH / 3).count() } else { usize::MAX };
    let from = match back {
        usize::MAX => start,
        n => text[start..at].char_indices().rev().take(n).last().map_or(at, |(i, _)| start + i),
    };
    let mut shown = String::new();
    if from > start {
        shown.push('…');
    }
    let mut places = vec![];
    let mut col = columns(&shown);
    let mut cut = false;
    for (i, c) in text[from..start + whole.len()].char_indices() {
        if long && col >= WIDTH {
            cut = true;
            break;
        }
        places.push((from + i, col));
        push_visible(&mut shown, c);
        col += char_width(c);
    }
    places.push((usize::MAX, col));
    if cut {
        shown.push('…');
    }
    let column_of = |byte: usize| places.iter().find(|(b, _)| *b >= byte).map_or(col, |p| p.1);
    let carets = labels
        .iter()
        .map(|(span, remark)| {
            let (s, e) = (column_of(span.start), column_of(span.end.max(span.start)));
            (s, e.saturating_sub(s), remark.clone())
        })
        .collect();
    Excerpt { file, line, column, text: shown, carets }
}

/// Columns a character takes on a terminal, as it is shown here.
fn char_width(c: char) -> usize {
    match c {
        '\t' => 4,
        '\u{300}'..='\u{36F}' | '\u{200B}'..='\u{200F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' => 0,
        '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}' => 2,
        '\u{FE30}'..='\u{FE6F}' | '\u{FF00}'..='\u{FF60}' | '\u{FFE0}'..='\u{FFE6}' | '\u{1F300}'..='\u{1F9FF}' => 2,
        _ => 1,
    }
}

fn columns(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// A character of the source as it is shown: tabs as blanks, no control characters.
fn push_visible(out: &mut String, c: char) {
    match c {
        '\t' => out.push_str("    "),
        c if char_width(c) == 0 && !('\u{300}'..='\u{36F}').contains(&c) => {}
        c if c.is_control() || ('\u{202A}'..='\u{202E}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c) => {
            out.push('\u{FFFD}');
        }
        c => out.push(c),
    }
}

/// A text without control characters.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push_visible(&mut out, c));
    out
}

/// A text from the source, short enough for a message.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for c in word.chars() {
            out.push(c);
            if out.chars().nth(60).is_some() {
                return format!("{out}…");
            }
        }
    }
    out
}
