//! Proofs for people and as data: numbered steps with law, place, before, after and the facts that were used.

use super::{
    Proof, Report, Stop,
    proof::{Reason, Step},
};
use crate::{
    expr::{Graph, Node},
    laws::{self, Law},
    print::{self, Format},
};
use std::collections::BTreeSet;

/// The law of a step.
fn law(step: &Step) -> Option<&'static Law> {
    match step.reason {
        Reason::Law(name, _) => laws::all().find(|l| l.name == name),
        _ => None,
    }
}

/// What a step rests on, in one line.
pub(super) fn statement(step: &Step) -> String {
    match (&step.reason, law(step)) {
        (Reason::Law(_, forward), Some(l)) => {
            let (a, b) = if *forward { (l.lhs, l.rhs) } else { (l.rhs, l.lhs) };
            format!("{a} = {b}")
        }
        (Reason::Linear, _) => "the operation is linear in each factor".to_owned(),
        (Reason::NormalForm, _) => "scalars, sizes, zeros, ones and equal terms are collected".to_owned(),
        (Reason::Definition, _) => "a name of the file".to_owned(),
        (Reason::Assumption, _) => "assumed in the file".to_owned(),
        (Reason::IndexForm, _) => "both are the same sum of products over index letters".to_owned(),
        (Reason::Law(..), None) => String::new(),
    }
}

/// What the law of a step asks for: shapes and facts.
pub(super) fn facts(step: &Step) -> &'static str {
    law(step).map_or("", |l| l.given)
}

/// The place of a step, with arguments counted from 1.
pub(super) fn place(step: &Step) -> String {
    match step.place.as_slice() {
        [] => "the whole".to_owned(),
        p => p.iter().map(|k| (k + 1).to_string()).collect::<Vec<_>>().join("."),
    }
}

/// Why a search ended, in words.
pub(super) fn stop(s: Stop) -> &'static str {
    match s {
        Stop::Saturated => "no law says anything new",
        Stop::Joined => "both sides have met",
        Stop::Nodes => "the limit of nodes was reached",
        Stop::Iterations => "the limit of iterations was reached",
    }
}

/// A number of steps.
fn counted(n: usize) -> String {
    if n == 1 { "1 step".to_owned() } else { format!("{n} steps") }
}

/// The proof of a report under a title, in a format; MathML gets the text.
pub fn explain(g: &Graph, title: &str, report: &Report, format: Format) -> String {
    match format {
        Format::Json => json(g, title, report),
        Format::Latex => latex(g, title, report),
        _ => text(g, title, report),
    }
}

/// The variables of the proof that stand for parts, with what these are.
pub(super) fn wheres(g: &Graph, report: &Report, format: Format) -> Vec<(String, String)> {
    let Some(proof) = &report.proof else { return vec![] };
    let mut roots = vec![proof.start, proof.end];
    roots.extend(proof.steps.iter().flat_map(|s| [s.before, s.after]));
    let names: BTreeSet<&String> = proof
        .graph
        .reachable(&roots)
        .into_iter()
        .filter_map(|e| if let Node::Var(name) = proof.graph.node(e) { Some(name) } else { None })
        .collect();
    let mut out = vec![];
    for (name, e) in &report.parts {
        if names.contains(name) && matches!(g.node(*e), Node::Apply(..)) && g.name_of(*e).is_none() {
            out.push((name.clone(), print::inline(g, *e, format)));
        }
    }
    out
}

/// The steps of a proof in text, one by one, with all brackets; first what it starts from, last where it ends.
pub fn steps(p: &Proof) -> Vec<String> {
    let show = |e| print::inline(&p.graph, e, Format::Hesse);
    let mut out = vec![show(p.start)];
    for (k, s) in p.steps.iter().enumerate() {
        let given = if facts(s).is_empty() { String::new() } else { format!(", given {}", facts(s)) };
        out.push(format!("{}. {}: {}{given}", k + 1, s.reason, statement(s)));
        out.push(format!("   at {}: {}", place(s), show(s.before)));
        out.push(format!("   gives {}", show(s.after)));
    }
    out.push(format!("= {}", show(p.end)));
    out
}

fn text(g: &Graph, title: &str, report: &Report) -> String {
    let Some(p) = &report.proof else { return String::new() };
    let mut out = format!("# {title}: {}; {} nodes, {}\n", counted(p.steps.len()), report.nodes, stop(report.stop));
    for (name, what) in wheres(g, report, Format::Text) {
        out.push_str(&format!("#    where {name} = {what}\n"));
    }
    for line in steps(p) {
        out.push_str(&format!("#    {line}\n"));
    }
    out
}

fn latex(g: &Graph, title: &str, report: &Report) -> String {
    let Some(p) = &report.proof else { return String::new() };
    let show = |e| format!("${}$", print::inline(&p.graph, e, Format::Latex));
    let plain =
        |s: &str| s.chars().map(|c| if "_#%&$^{}~\\".contains(c) { format!("\\{c}") } else { c.to_string() }).collect::<String>();
    let mut out = format!("\\paragraph{{{}}}\n", plain(title));
    for (name, what) in wheres(g, report, Format::Latex) {
        out.push_str(&format!("Here ${}$ is ${what}$.\n", plain(&name)));
    }
    out.push_str(&format!("{}\n", show(p.start)));
    if !p.steps.is_empty() {
        out.push_str("\\begin{enumerate}\n");
        for s in &p.steps {
            let given = if facts(s).is_empty() { String::new() } else { format!(" (given \\verb|{}|)", facts(s)) };
            out.push_str(&format!(
                "\\item \\emph{{{}}}, \\verb|{}|{given}; at {}: {} becomes {}.\n",
                plain(&s.reason.to_string()),
                statement(s),
                plain(&place(s)),
                show(s.before),
                show(s.after)
            ));
        }
        out.push_str("\\end{enumerate}\n");
    }
    out.push_str(&format!("Result: {}\n", show(p.end)));
    out
}

fn json(g: &Graph, title: &str, report: &Report) -> String {
    let Some(p) = &report.proof else { return "null".to_owned() };
    let string = print::json_string;
    let show = |e| string(&print::inline(&p.graph, e, Format::Hesse));
    let step = |s: &Step| {
        let place: Vec<String> = s.place.iter().map(|k| (k + 1).to_string()).collect();
        format!(
            "{{\"law\": {}, \"statement\": {}, \"place\": [{}], \"before\": {}, \"after\": {}, \"facts\": {}}}",
            string(&s.reason.to_string()),
            string(&statement(s)),
            place.join(", "),
            show(s.before),
            show(s.after),
            string(facts(s))
        )
    };
    let steps: Vec<String> = p.steps.iter().map(step).collect();
    let parts: Vec<String> =
        wheres(g, report, Format::Text).iter().map(|(n, w)| format!("{}: {}", string(n), string(w))).collect();
    format!(
        "{{\"of\": {}, \"parts\": {{{}}}, \"start\": {}, \"steps\": [{}], \"end\": {}, \"nodes\": {}, \"stop\": {}}}",
        string(title),
        parts.join(", "),
        show(p.start),
        steps.join(", "),
        show(p.end),
        report.nodes,
        string(stop(report.stop))
    )
}
