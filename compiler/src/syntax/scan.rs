//! Cuts a file into statements and blocks; a statement ends with its line or `;` unless a bracket is open.

use crate::{
    diagnostic::{Code, Diagnostic},
    span::Span,
};

/// Deepest nesting of brackets.
const NESTING: usize = 200;
/// Deepest nesting of blocks.
const BLOCKS: usize = 16;
/// Mistakes after which a file is not read on.
const MISTAKES: usize = 50;

/// A piece of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// One statement; `broken` if its brackets have already been complained of.
    Text { span: Span, broken: bool },
    /// `header { … }`.
    Block { header: Span, broken: bool, body: Vec<Piece> },
}

/// Words that only statements begin with.
pub(super) const WORDS: [&str; 11] =
    ["dim", "input", "target", "const", "param", "loss", "layer", "use", "for", "assume", "claim"];

/// The pieces of a file, and what is wrong with its brackets.
pub(super) fn scan(text: &str, file: usize) -> (Vec<Piece>, Vec<Diagnostic>) {
    let mut s =
        Scanner { text, file, at: 0, start: 0, broken: false, open: vec![], blocks: vec![], pieces: vec![], errors: vec![] };
    s.run();
    (s.pieces, s.errors)
}

/// What is wrong with the brackets of a single expression.
pub(super) fn brackets(text: &str, file: usize) -> Option<Diagnostic> {
    let mut open: Vec<(u8, usize)> = vec![];
    let bytes = text.as_bytes();
    let (mut at, mut deep) = (0, None);
    while at < bytes.len() {
        match bytes[at] {
            b'#' => {
                at = comment_end(bytes, at);
                continue;
            }
            b'(' | b'[' => {
                open.push((bytes[at], at));
                if open.len() > NESTING {
                    deep.get_or_insert(at);
                }
            }
            b')' | b']' => match open.pop() {
                Some((o, _)) if closes(o, bytes[at]) => {}
                Some((o, was)) => return Some(mismatch(file, o, was, bytes[at], at)),
                None => return Some(unopened(file, bytes[at], at)),
            },
            _ => {}
        }
        at += 1;
    }
    match (deep, open.last()) {
        (Some(at), _) => Some(too_deep(file, at)),
        (None, Some(&(o, at))) => Some(unclosed(file, o, at)),
        _ => None,
    }
}

fn closes(open: u8, close: u8) -> bool {
    matches!((open, close), (b'(', b')') | (b'[', b']') | (b'{', b'}'))
}

fn comment_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|b| matches!(b, b'\n' | b'\r')).map_or(bytes.len(), |n| at + n)
}

fn byte(file: usize, at: usize) -> Span {
    Span { file, start: at, end: at + 1 }
}

fn too_deep(file: usize, at: usize) -> Diagnostic {
    Diagnostic::new(Code::Nesting, format!("brackets are nested deeper than {NESTING}"))
        .label(byte(file, at), "one too many")
        .help("name a part of the formula on a line of its own")
}
fn unclosed(file: usize, open: u8, at: usize) -> Diagnostic {
    let (open, close) = (open as char, if open == b'(' { ')' } else { ']' });
    Diagnostic::new(Code::Bracket, format!("`{open}` is not closed")).label(byte(file, at), format!("no `{close}` follows"))
}
fn unopened(file: usize, close: u8, at: usize) -> Diagnostic {
    let close = close as char;
    Diagnostic::new(Code::Bracket, format!("`{close}` closes nothing")).label(byte(file, at), "no bracket is open here")
}
fn mismatch(file: usize, open: u8, was: usize, close: u8, at: usize) -> Diagnostic {
    let (open, close) = (open as char, close as char);
    Diagnostic::new(Code::Bracket, format!("`{open}` is closed by `{close}`"))
        .label(byte(file, at), format!("`{close}` here"))
        .label(byte(file, was), format!("`{open}` was opened here"))
}

struct Scanner<'a> {
    text: &'a str,
    file: usize,
    at: usize,
    start: usize,
    broken: bool,
    /// Open brackets with their places.
    open: Vec<(u8, usize)>,
    /// Open blocks: header, whether it is broken, and the pieces before the block.
    blocks: Vec<(Span, bool, Vec<Piece>)>,
    pieces: Vec<Piece>,
    errors: Vec<Diagnostic>,
}

impl Scanner<'_> {
    fn run(&mut self) {
        let bytes = self.text.as_bytes();
        loop {
            while self.at < bytes.len() && self.errors.len() < MISTAKES {
                let (c, at) = (bytes[self.at], self.at);
                self.at += 1;
                match c {
                    b'#' => self.at = comment_end(bytes, at),
                    b'"' => self.string(),
                    b'(' | b'[' => {
                        self.open.push((c, at));
                        if self.open.len() == NESTING + 1 && !self.broken {
                            self.complain(too_deep(self.file, at));
                        }
                    }
                    b')' | b']' => self.close(c, at),
                    b'{' => self.open_block(at),
                    b'}' => self.close_block(at),
                    b'\n' | b'\r' if self.open.is_empty_or_block() || self.next_is_statement() => {
                        self.close_all();
                        self.finish(at);
                    }
                    b';' if self.open.is_empty_or_block() => self.finish(at),
                    _ => {}
                }
            }
            if self.errors.len() >= MISTAKES {
                break;
            }
            // a bracket that stays open swallows the rest: complain, and go on behind its line
            let first = self.open.iter().rposition(|(o, _)| *o == b'{').map_or(0, |i| i + 1);
            let Some(&(_, at)) = self.open.get(first) else { break };
            let (innermost, was) = self.open[self.open.len() - 1];
            if !self.broken {
                self.complain(unclosed(self.file, innermost, was));
            }
            self.open.truncate(first);
            self.at = bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n);
            self.finish(self.at);
        }
        self.finish(self.at.min(bytes.len()));
        while let Some((o, at)) = self.open.pop() {
            if o != b'{' {
                continue; // complained of, or one mistake too many
            }
            if self.errors.len() < MISTAKES {
                let e = Diagnostic::new(Code::Bracket, "`{` is not closed").label(byte(self.file, at), "no `}` follows");
                self.errors.push(e);
            }
            self.end_block();
        }
    }

    fn complain(&mut self, e: Diagnostic) {
        self.broken = true;
        self.errors.push(e);
    }

    /// Skips a string that ends on its line.
    fn string(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let end = rest.iter().position(|b| matches!(b, b'"' | b'\n'));
        if let Some(n) = end.filter(|&n| rest[n] == b'"') {
            self.at += n + 1;
        }
    }

    fn close(&mut self, c: u8, at: usize) {
        match self.open.last() {
            Some(&(o, _)) if closes(o, c) => {
                self.open.pop();
            }
            Some(&(o, was)) if o != b'{' => {
                if !self.broken {
                    self.complain(mismatch(self.file, o, was, c, at));
                }
                // leave as many brackets as it takes to meet the one that is closed here
                let inner = self.open.iter().rev().take_while(|(o, _)| *o != b'{');
                let depth = inner.clone().position(|(o, _)| closes(*o, c)).map_or(1, |n| n + 1);
                self.open.truncate(self.open.len() - depth);
            }
            _ if self.broken => {}
            _ => self.complain(unopened(self.file, c, at)),
        }
    }

    /// Round and square brackets that are still open where a statement surely ends.
    fn close_all(&mut self) {
        while let Some(&(o, was)) = self.open.last()
            && o != b'{'
        {
            if !self.broken {
                self.complain(unclosed(self.file, o, was));
            }
            self.open.pop();
        }
    }

    fn open_block(&mut self, at: usize) {
        self.close_all();
        let mut header = self.trimmed(at);
        let mut broken = self.broken;
        if header.start == header.end {
            // the bracket may stand on the next line
            if let Some(Piece::Text { span, broken: b }) = self.pieces.last()
                && WORDS[6..9].iter().any(|w| self.text[span.start..].starts_with(w))
            {
                (header, broken) = (*span, *b);
                self.pieces.pop();
            } else {
                header = byte(self.file, at);
            }
        }
        if self.blocks.len() == BLOCKS {
            let e = Diagnostic::new(Code::Nesting, format!("blocks are nested deeper than {BLOCKS}"));
            self.errors.push(e.label(byte(self.file, at), "one too many"));
        }
        self.blocks.push((header, broken, std::mem::take(&mut self.pieces)));
        self.open.push((b'{', at));
        (self.start, self.broken) = (at + 1, false);
    }

    fn close_block(&mut self, at: usize) {
        self.close_all();
        self.finish(at);
        match self.open.pop() {
            Some(_) => self.end_block(),
            None => {
                let e = Diagnostic::new(Code::Bracket, "`}` closes nothing");
                self.errors.push(e.label(byte(self.file, at), "no block is open here"));
            }
        }
    }

    fn end_block(&mut self) {
        let (header, broken, before) = self.blocks.pop().expect("a block is open for every open `{`");
        let body = std::mem::replace(&mut self.pieces, before);
        // deeper blocks have been complained of; their statements are dropped so that later passes are not deep
        if self.blocks.len() < BLOCKS {
            self.pieces.push(Piece::Block { header, broken, body });
        }
    }

    fn trimmed(&self, end: usize) -> Span {
        let text = self.text.get(self.start..end).unwrap_or("");
        let blank = |c: char| c.is_whitespace() || c == '\u{FEFF}';
        let mut text = text.trim_start_matches(blank);
        let mut start = end - text.len();
        // comments before a statement are not part of it
        while text.starts_with('#') {
            let n = text.find(['\n', '\r']).unwrap_or(text.len());
            let rest = text[n..].trim_start_matches(blank);
            start += text.len() - rest.len();
            text = rest;
        }
        // a comment behind it neither
        let text = match text.rfind('#') {
            Some(n) if !text[n..].contains(['\n', '\r', '"', ')', ']']) && text[..n].matches('"').count() % 2 == 0 => &text[..n],
            _ => text,
        };
        Span { file: self.file, start, end: start + text.trim_end_matches(blank).len() }
    }

    fn finish(&mut self, end: usize) {
        let span = self.trimmed(end);
        if span.start < span.end {
            self.pieces.push(Piece::Text { span, broken: self.broken });
        }
        (self.start, self.broken) = (end + 1, false);
        if self.start > self.text.len() {
            self.start = self.text.len();
        }
    }

    /// Whether the next line can only be a new statement, whatever is open: it begins with a word of the language, or,
    /// without indentation, with `NAME =`.
    fn next_is_statement(&self) -> bool {
        let line = self.text[self.at..].lines().next().unwrap_or("");
        let word = |w: &&str| line.trim_start().strip_prefix(*w).is_some_and(|r| r.starts_with([' ', '\t']));
        if WORDS.iter().any(word) {
            return true;
        }
        let name = line.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        let equals = name.trim_start().strip_prefix('=').is_some_and(|r| !r.starts_with('='));
        name.len() < line.len() && equals
    }
}

/// Whether a statement may end here.
trait Innermost {
    fn is_empty_or_block(&self) -> bool;
}
impl Innermost for Vec<(u8, usize)> {
    fn is_empty_or_block(&self) -> bool {
        self.last().is_none_or(|(o, _)| *o == b'{')
    }
}
