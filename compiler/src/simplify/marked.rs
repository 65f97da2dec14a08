//! A derivation step by step, each with the whole formula and the part of it that changes.

use super::{Proof, Report, Step, explain, proof::replace};
use crate::{
    expr::{Expr, Graph, Kind, Type},
    print::{self, Format},
};

/// A formula with all its brackets, parted at what changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// What stands before the part.
    pub left: String,
    /// The part.
    pub part: String,
    /// What stands after it.
    pub right: String,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The law.
    pub law: String,
    /// What it says.
    pub statement: String,
    /// What it asks for: shapes and facts.
    pub given: String,
    /// Where the part stands: the numbers of arguments from the whole, counted from 1.
    pub place: String,
    /// The formula before.
    pub before: Marked,
    /// The formula after.
    pub after: Marked,
}

/// How one part became what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// What the variables stand for that are no names of the file.
    pub parts: Vec<(String, String)>,
    /// Where it starts.
    pub start: String,
    /// The steps.
    pub steps: Vec<Change>,
    /// Where it ends.
    pub end: String,
    /// Nodes of the e-graph.
    pub nodes: usize,
    /// Why the search ended, in words.
    pub stop: &'static str,
    /// Whether a limit ended it.
    pub limited: bool,
}

/// The derivation of a report that has a proof, replayed.
pub fn derivation(g: &Graph, report: &mut Report) -> Option<Derivation> {
    let parts = explain::wheres(g, report, Format::Text);
    let (nodes, stop) = (report.nodes, explain::stop(report.stop));
    let limited = matches!(report.stop, super::Stop::Nodes | super::Stop::Iterations);
    let p = report.proof.as_mut()?;
    // the gate has replayed every proof that is kept
    let whole = p.replay().ok()?;
    let steps = p.steps.clone();
    let change = |(k, s): (usize, &Step)| Change {
        law: s.reason.to_string(),
        statement: explain::statement(s),
        given: explain::facts(s).to_owned(),
        place: explain::place(s),
        before: marked(p, whole[k], s, s.before),
        after: marked(p, whole[k + 1], s, s.after),
    };
    let steps = steps.iter().enumerate().map(change).collect();
    let show = |e| print::inline(&p.graph, e, Format::Hesse);
    Some(Derivation { parts, start: show(p.start), steps, end: show(p.end), nodes, stop, limited })
}

/// A formula parted at the place of a step, where `part` stands.
fn marked(p: &mut Proof, whole: Expr, step: &Step, part: Expr) -> Marked {
    const MARK: &str = "\u{25ae}";
    let shown = print::inline(&p.graph, part, Format::Hesse);
    let alone = Marked { left: String::new(), part: shown.clone(), right: String::new() };
    if step.place.is_empty() || matches!(p.graph.ty(part), Type::Dim(_)) {
        return alone;
    }
    let mark = {
        let shape = p.graph.shape(part).clone();
        // one mark for each shape
        p.graph.declare(&format!("{MARK}{shape}{MARK}"), shape, Kind::Const)
    };
    let around = replace(&mut p.graph, whole, &step.place, mark);
    let text = print::inline(&p.graph, around, Format::Hesse);
    match text.split(MARK).collect::<Vec<_>>().as_slice() {
        [left, _, right] => {
            let bracketed = left.ends_with('(') && right.starts_with(')');
            let tight = bracketed || shown.chars().all(|c| c.is_alphanumeric() || c == '_');
            let part = if tight { shown } else { format!("({shown})") };
            Marked { left: (*left).to_owned(), part, right: (*right).to_owned() }
        }
        _ => alone,
    }
}
