//! Reads a file, the standard layers, and all that it includes, each once.

use crate::{
    diagnostic::{Code, Diagnostic, Source, quote},
    syntax::{
        ast::{Statement, StatementKind},
        parse,
        resolve::MISTAKES,
    },
};

/// Deepest chain of inclusions.
const INCLUSIONS: usize = 32;
/// Most files.
const FILES: usize = 500;
/// The standard layers.
const STANDARD: &str = include_str!("../../std.hesse");
/// Their name.
const STANDARD_NAME: &str = "std.hesse";

/// The statements of all files.
pub(super) struct Loaded {
    /// The files.
    pub(super) sources: Vec<Source>,
    /// The statements of the standard layers.
    pub(super) standard: Vec<Statement>,
    /// The statements of the file, included ones in their places.
    pub(super) statements: Vec<Statement>,
    /// What could not be read.
    pub(super) errors: Vec<Diagnostic>,
}

/// Reads a file and what it includes.
pub(super) fn load(source: Source, read: &dyn Fn(&str, &str) -> Result<Source, String>) -> Loaded {
    let standard = Source { name: STANDARD_NAME.to_owned(), text: STANDARD.to_owned() };
    let mut l = Loader { sources: vec![source, standard], active: vec![0], errors: vec![], read };
    let standard = l.file(1);
    let statements = l.file(0);
    Loaded { sources: l.sources, standard, statements, errors: l.errors }
}

struct Loader<'a> {
    sources: Vec<Source>,
    /// Files that are being read, outermost first.
    active: Vec<usize>,
    errors: Vec<Diagnostic>,
    read: &'a dyn Fn(&str, &str) -> Result<Source, String>,
}

impl Loader<'_> {
    fn file(&mut self, at: usize) -> Vec<Statement> {
        let (mut statements, errors) = parse::file(&self.sources[at].text, at);
        self.errors.extend(errors);
        for s in &mut statements {
            self.inclusions(s, true, at);
        }
        statements
    }

    fn complain(&mut self, d: Diagnostic) {
        if self.errors.len() < MISTAKES {
            self.errors.push(d);
        }
    }

    fn inclusions(&mut self, s: &mut Statement, outermost: bool, file: usize) {
        match &mut s.kind {
            StatementKind::Use(path) if outermost => {
                let path = path.clone();
                let included = self.include(&path, s, file);
                s.kind = StatementKind::Included(included);
            }
            StatementKind::Use(_) => {
                let d = Diagnostic::new(Code::Place, "`use` stands outside of blocks").label(s.span, "inside a block");
                self.complain(d);
                s.kind = StatementKind::Failed(vec![]);
            }
            StatementKind::For(l) => l.body.iter_mut().for_each(|s| self.inclusions(s, false, file)),
            _ => {}
        }
    }

    fn include(&mut self, path: &str, s: &Statement, file: usize) -> Vec<Statement> {
        if path == STANDARD_NAME {
            return vec![]; // always there
        }
        let q = quote(path);
        let source = match (self.read)(path, &self.sources[file].name) {
            Ok(source) => source,
            Err(why) => {
                let d = Diagnostic::new(Code::Include, format!("`{q}` cannot be included"));
                self.complain(d.label(s.span, why));
                return vec![];
            }
        };
        if let Some(known) = self.sources.iter().position(|x| x.name == source.name) {
            if self.active.contains(&known) {
                let chain: Vec<String> = self.active.iter().map(|&i| quote(&self.sources[i].name)).collect();
                let d = Diagnostic::new(Code::Recursion, format!("`{q}` includes itself"))
                    .label(s.span, "it is being read already")
                    .help(format!("the chain is {} → {}", chain.join(" → "), quote(&source.name)));
                self.complain(d);
            }
            return vec![]; // each file once
        }
        if self.active.len() > INCLUSIONS || self.sources.len() > FILES {
            let d = Diagnostic::new(Code::TooLarge, "too many files are included").label(s.span, "here the limit is reached");
            self.complain(d);
            return vec![];
        }
        let at = self.sources.len();
        self.sources.push(source);
        self.active.push(at);
        let statements = self.file(at);
        self.active.pop();
        statements
    }
}
