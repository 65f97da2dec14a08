//! What a formula costs: to read, or to compute.

use crate::{
    expr::{Expr, Form, Graph, Node},
    ops::{add::ADD, build::Build, scale::SCALE},
};
use std::collections::{BTreeMap, HashMap};

/// Signs on paper: two for a name, a number or an operation between its arguments, one for a transpose, two for a pair of
/// brackets, three for a call. A part that occurs twice is read twice.
pub(super) fn readable(g: &Graph, known: &mut HashMap<Expr, u64>, e: Expr) -> u64 {
    let mut stack = vec![e];
    while let Some(&x) = stack.last() {
        if known.contains_key(&x) {
            stack.pop();
            continue;
        }
        let waiting = stack.len();
        stack.extend(g.args(x).iter().copied().filter(|a| !known.contains_key(a)));
        if stack.len() > waiting {
            continue;
        }
        stack.pop();
        let cost = match g.node(x) {
            Node::Dim(d) => d.names().count().max(1) as u64,
            Node::Var(_) | Node::Number(_) => 2,
            Node::Apply(op, args) => {
                let all: u64 = args.iter().map(|a| known[a]).fold(0, u64::saturating_add);
                let own = match op.0.forms.text {
                    // a matrix of ones reads as a one
                    _ if g.is_ones(x) => {
                        known.insert(x, 2);
                        continue;
                    }
                    // the factor itself is read; a sign is no factor
                    Form::Infix(..) if g.args_of(x, &SCALE).is_some() => 1,
                    Form::Infix(..) => 2 * (args.len() as u64).saturating_sub(1),
                    Form::Postfix(_) => 1,
                    Form::Template("$A") => 0,
                    // the exponent of a name has no sign of its own
                    Form::Template("$A.^$B") if matches!(g.node(args[0]), Node::Var(_)) => 1,
                    Form::Fence(..) => 2,
                    Form::Template(_) => 4,
                    Form::Call(_) => 3,
                };
                all.saturating_add(own + brackets(g, x))
            }
        };
        known.insert(x, cost);
    }
    known[&e]
}

/// Brackets around arguments that hold together more loosely than their place, and factors that stand inside instead of in
/// front.
fn brackets(g: &Graph, e: Expr) -> u64 {
    let alone = |x: Expr| match g.node(x) {
        Node::Apply(op, _) => match op.0.forms.text {
            Form::Infix(_, l) => l,
            Form::Postfix(_) => 9,
            _ => 10,
        },
        _ => 10,
    };
    // a multiple holds together as what it is a multiple of
    let level = |x: Expr| match g.args_of(x, &SCALE) {
        Some(&[_, a]) => alone(a).min(alone(x)),
        _ => alone(x),
    };
    let Node::Apply(op, args) = g.node(e) else { return 0 };
    let own = match op.0.forms.text {
        // `s A ⊗ B` needs none
        Form::Infix(..) if g.args_of(e, &SCALE).is_some() => 2,
        Form::Infix(_, l) => l,
        Form::Postfix(_) => 9,
        Form::Template(t) if t.starts_with("$A.") => 9,
        _ => 0,
    };
    let in_front = g.args_of(e, &ADD).is_some() || g.args_of(e, &SCALE).is_some();
    let inside = |a: Expr| !in_front && g.args_of(a, &SCALE).is_some();
    args.iter().map(|&a| if level(a) < own { 2 } else { 0 } + if inside(a) { 2 } else { 0 }).sum()
}

/// Numbers of elementary operations and of entries written, for given sizes; a part that occurs twice is computed once.
pub(super) fn arithmetic(g: &Graph, sizes: &BTreeMap<String, usize>, e: Expr) -> u64 {
    let size = |n: &str| Some(sizes.get(n).copied().unwrap_or(TYPICAL));
    let Node::Apply(op, args) = g.node(e) else { return 0 };
    let entries = |x: Expr| -> u64 {
        match g.as_dim(x) {
            Some(_) => 0,
            None => g.shape(x).len().eval(&size).unwrap_or(usize::MAX) as u64,
        }
    };
    use crate::expr::Meaning;
    let result = entries(e);
    match &op.0.meaning {
        Meaning::Sum => result.saturating_mul(args.len() as u64),
        // a structured matrix costs nothing until it meets another
        Meaning::Contraction(_) if args.iter().all(|&a| g.as_dim(a).is_some()) => 0,
        Meaning::Contraction(_) if args.len() == 1 => result,
        Meaning::Contraction(_) => {
            // the entries of the arguments and the result, each letter counted once: the square root of the product of pairs
            let product = args.iter().map(|&a| entries(a).max(1) as f64).product::<f64>() * result.max(1) as f64;
            (2.0 * product.sqrt()) as u64
        }
        Meaning::Slice => result,
        Meaning::Entrywise { .. } | Meaning::Rowwise(_) => result.saturating_mul(10),
        _ => result.saturating_mul((result as f64).sqrt() as u64 + 1),
    }
}

/// A size of which nothing is known.
const TYPICAL: usize = 32;
