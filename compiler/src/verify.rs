//! Claims decided: each with a verdict and how it is known.
//!
//! Assumes a model whose claims have been resolved. Guarantees: no claim is left out, and the same model and settings
//! give the same findings. `PROVED` is said only with a proof, `REFUTED` only with data that anyone can check.

mod bound;
mod equal;
mod errata;
mod explain;
mod point;
mod problem;
mod prove;
mod sizes;

pub use errata::{Entry, entries, errata};

use crate::{
    diagnostic::{Code, Diagnostic},
    expr::Expr,
    simplify,
    syntax::{Claim, Compared, Model, ast::Relation},
};
use problem::Problem;
use std::fmt;

/// What is known of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// An equation or inequality with a proof.
    Proved,
    /// An equation that is true at all points that were tried.
    Holds,
    /// An inequality that no data have broken.
    NotRefuted,
    /// False at data that are given.
    Refuted,
    /// A side, or the comparison of both, has sizes that do not fit.
    IllShaped,
    /// It cannot be decided: a name is not known, or a value cannot be computed.
    Error,
}

impl Verdict {
    /// Whether nothing speaks against the claim.
    pub fn is_good(self) -> bool {
        matches!(self, Verdict::Proved | Verdict::Holds | Verdict::NotRefuted)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Proved => "PROVED",
            Verdict::Holds => "HOLDS",
            Verdict::NotRefuted => "NOT REFUTED",
            Verdict::Refuted => "REFUTED",
            Verdict::IllShaped => "ILL-SHAPED",
            Verdict::Error => "ERROR",
        })
    }
}

/// How hard to try.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Where random numbers begin.
    pub seed: u64,
    /// Points at which an equation is compared.
    pub points: usize,
    /// Random data at which an inequality is tried, at most.
    pub draws: usize,
    /// Steps uphill from the tightest of them, at most.
    pub steps: usize,
    /// Most bytes that the evaluation of a claim may hold.
    pub memory: u128,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { seed: 1, points: 4, draws: 240, steps: 480, memory: 1 << 29 }
    }
}

/// A claim and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The claim's name; its text where it has none.
    pub id: String,
    /// Name of its file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// The claim as written, in one line.
    pub text: String,
    /// What is known.
    pub verdict: Verdict,
    /// How it is known, in one line.
    pub detail: String,
    /// The steps of the proof, where there is one.
    pub proof: Vec<String>,
    /// The diagnostics of a claim that cannot be read, drawn with carets; else empty.
    pub diagnostics: String,
    /// What a derivative on one of the sides really is, where the claim is false.
    pub derived: Option<String>,
}

/// What was found of one claim, before it is put in its place.
struct Found {
    verdict: Verdict,
    detail: String,
    proof: Vec<String>,
}

impl Found {
    fn new(verdict: Verdict, detail: impl Into<String>) -> Found {
        Found { verdict, detail: detail.into(), proof: vec![] }
    }
}

/// Decides all claims of a model, in order.
pub fn verify(model: &mut Model, settings: &Settings) -> Vec<Finding> {
    let claims = model.claims.clone();
    claims.iter().map(|c| finding(model, c, settings)).collect()
}

fn finding(model: &mut Model, claim: &Claim, settings: &Settings) -> Finding {
    let (found, diagnostics) = match &claim.sides {
        Ok(sides) => (decide(model, sides, settings), String::new()),
        Err(errors) => {
            let drawn: Vec<String> = errors.iter().map(|e| e.render(&model.sources, false)).collect();
            (unreadable(model, errors), drawn.join("\n"))
        }
    };
    let derived = match found.verdict {
        Verdict::Refuted | Verdict::IllShaped => explain::derived(model, claim),
        _ => None,
    };
    let source = model.sources.get(claim.span.file);
    Finding {
        id: if claim.id.is_empty() { claim.text.clone() } else { claim.id.clone() },
        file: source.map_or(String::new(), |s| s.name.clone()),
        line: source.map_or(0, |s| s.line(claim.span.start)),
        text: claim.text.clone(),
        verdict: found.verdict,
        detail: found.detail,
        proof: found.proof,
        diagnostics,
        derived,
    }
}

/// A claim that names nothing of its own: sizes that do not fit, or something that is not known.
fn unreadable(model: &Model, errors: &[Diagnostic]) -> Found {
    let of_shapes = |d: &Diagnostic| match d.code {
        Code::Product | Code::Sum | Code::Entrywise | Code::Argument | Code::Square | Code::Scalar => true,
        // one label a side: the sides were read, and their shapes differ
        Code::Claim => d.labels.len() == 2,
        _ => false,
    };
    let verdict = if !errors.is_empty() && errors.iter().all(of_shapes) { Verdict::IllShaped } else { Verdict::Error };
    let all: Vec<String> = errors.iter().map(|d| explain::diagnostic(model, d)).collect();
    Found::new(verdict, if all.is_empty() { "it needs a definition that is wrong".to_owned() } else { all.join("; ") })
}

fn decide(model: &mut Model, sides: &Compared, settings: &Settings) -> Found {
    let problem = match Problem::new(model, sides) {
        Ok(p) => p,
        Err(why) => return Found::new(Verdict::Error, why),
    };
    if sides.relation != Relation::Equal {
        let found = bound::decide(&problem, settings);
        if found.verdict != Verdict::NotRefuted || problem.strict {
            return found;
        }
        // what no data break may have a proof
        let (small, large) = ordered(sides);
        return match crate::bound::prove(model, small, large) {
            Some(proof) => Found { proof, ..Found::new(Verdict::Proved, "by the calculus of norms") },
            None => found,
        };
    }
    // numbers first: they are cheaper, and a proof that they contradict is none
    let found = if problem.left == problem.right { None } else { Some(equal::decide(&problem, settings)) };
    match found {
        Some(found) if found.verdict == Verdict::Refuted => found,
        other => match prove::prove(&model.graph, &problem) {
            Some(proof) => Found { proof: simplify::steps(&proof), ..Found::new(Verdict::Proved, prove::summary(&proof)) },
            None => other.unwrap_or_else(|| equal::decide(&problem, settings)),
        },
    }
}

/// The sides of a comparison as `small <= large`.
fn ordered(c: &Compared) -> (Expr, Expr) {
    match c.relation {
        Relation::Equal | Relation::AtMost | Relation::Below => (c.lhs, c.rhs),
        Relation::AtLeast | Relation::Above => (c.rhs, c.lhs),
    }
}
