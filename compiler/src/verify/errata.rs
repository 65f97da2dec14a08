//! `ERRATA.md`: every printed statement that does not hold, why, and what does.

use super::{Finding, Verdict};
use std::collections::BTreeMap;

/// A finding with the comment that stands above its claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The finding.
    pub finding: Finding,
    /// The comment's lines without their marks; lines `expected: …` and `unproved: …` are left out.
    pub comment: String,
    /// What the comment says to be expected, after `expected:`.
    pub expected: Option<String>,
    /// The law that a proof would need, after `unproved:`.
    pub unproved: Option<String>,
}

/// The findings of one file with the comments in its text. A claim without a comment has that of the claim before.
pub fn entries(text: &str, findings: &[Finding]) -> Vec<Entry> {
    let lines: Vec<&str> = text.lines().collect();
    let mut last = String::new();
    findings
        .iter()
        .map(|f| {
            let above = lines.iter().take(f.line.saturating_sub(1)).rev().take_while(|l| l.trim_start().starts_with('#'));
            let mut comment: Vec<&str> = above.map(|l| l.trim_start().trim_start_matches('#').trim()).collect();
            comment.reverse();
            let after = |mark: &str| comment.iter().find_map(|l| l.strip_prefix(mark)).map(|e| e.trim().to_owned());
            let (expected, unproved) = (after("expected:"), after("unproved:"));
            comment.retain(|l| !l.starts_with("expected:") && !l.starts_with("unproved:"));
            if !comment.is_empty() {
                last = comment.join(" ");
            }
            Entry { finding: f.clone(), comment: last.clone(), expected, unproved }
        })
        .collect()
}

/// The page: one section a file, one entry a printed statement that does not hold.
///
/// A claim is printed if its name ends in ` printed`; what holds instead is the claim whose name has ` corrected` there.
pub fn errata(files: &[(String, Vec<Entry>)]) -> String {
    let mut out = String::from(
        "# Errata\n\n\
         Statements of the sources that do not hold as printed. The claims are in `tests/thesis`; this page is written by\n\
         `hesse verify --errata tests/thesis`, and a test keeps it current. vec_r stacks rows; a Jacobian is\n\
         ∂vec_r(F)/∂vec_r(X)'.\n",
    );
    let mut total = 0;
    let mut sections = String::new();
    for (name, entries) in files {
        let corrected: BTreeMap<&str, &Entry> =
            entries.iter().filter_map(|e| Some((e.finding.id.strip_suffix(" corrected")?, e))).collect();
        let wrong: Vec<(&str, &Entry)> = entries
            .iter()
            .filter(|e| matches!(e.finding.verdict, Verdict::Refuted | Verdict::IllShaped))
            .filter_map(|e| Some((e.finding.id.strip_suffix(" printed")?, e)))
            .collect();
        if wrong.is_empty() {
            continue;
        }
        total += wrong.len();
        sections.push_str(&format!("\n## {name}\n"));
        for (stem, e) in wrong {
            sections.push_str(&section(stem, e, corrected.get(stem).copied()));
        }
    }
    out.push_str(&format!("\n{total} statements.\n"));
    out + &sections
}

fn section(stem: &str, e: &Entry, corrected: Option<&Entry>) -> String {
    let mut out = format!("\n### {stem}\n\n");
    if !e.comment.is_empty() {
        out.push_str(&format!("{}\n\n", e.comment));
    }
    let why = match e.finding.verdict {
        Verdict::IllShaped => "The sizes do not fit",
        _ => "False",
    };
    out.push_str(&format!("- Printed: `{}`\n- {why}: {}\n", code(&e.finding.text), plain(&e.finding.detail)));
    match (corrected, &e.finding.derived) {
        (Some(c), _) => {
            out.push_str(&format!(
                "- Holds: `{}` ({})\n",
                code(&c.finding.text),
                plain(&c.finding.verdict.to_string().to_lowercase())
            ));
        }
        (None, Some(d)) => out.push_str(&format!("- Derived: `{}`\n", code(d))),
        (None, None) => {}
    }
    out
}

/// A formula inside a code span.
fn code(text: &str) -> String {
    text.replace('`', "'")
}

/// Text in which nothing is markup.
fn plain(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;").replace('*', "\\*").replace('_', "\\_")
}
