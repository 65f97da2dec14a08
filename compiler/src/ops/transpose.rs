//! Transpose, `A'`; it moves to the leaves.

use super::{
    add::ADD, adj::ADJ, build::Build, commutation::COMMUTATION, dot::DOT, hadamard::HADAMARD, inv::INV, kron::KRON, mul::MUL,
    ones::ONES, power::POWER, scale::SCALE, slice::SLICE, zeros::ZEROS,
};
use crate::expr::{Expr, Fact, Form, Forms, Graph, Meaning, Node, Op};

/// `A'`.
pub static TRANSPOSE: Op = Op {
    name: "transpose",
    signature: "m×n -> n×m",
    meaning: Meaning::Contraction("i|j -> j|i"),
    vec_form: &["K(n, m)"],
    facts: "invertible A -> invertible Y; orthogonal A -> orthogonal Y; positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "all: normt(A)",
    forms: Forms { text: Form::Postfix("'"), latex: Form::Postfix(r"^{\top}"), mathml: Form::Postfix("⊤") },
    shrink,
    ..Op::BLANK
};

fn shrink(g: &mut Graph, args: &[Expr]) -> Option<Expr> {
    let a = args[0];
    if g.facts(a).has(Fact::Symmetric) || g.is_scalar(a) {
        return Some(a);
    }
    let Node::Apply(op, inner) = g.node(a).clone() else {
        return None;
    };
    let name = op.0.name;
    let flip = |g: &mut Graph, x: &Expr| g.transpose(*x);
    Some(match inner.as_slice() {
        [x] if name == TRANSPOSE.name => *x,
        [_, _] if name == MUL.name => {
            // one association for all transposes, so that a symmetric product is its own transpose
            let mut factors = vec![];
            let mut stack = vec![a];
            while let Some(e) = stack.pop() {
                match g.args_of(e, &MUL) {
                    Some(xy) => stack.extend(xy.iter().rev()),
                    None => factors.push(e),
                }
            }
            let mut turned = factors.iter().rev().map(|x| flip(g, x)).collect::<Vec<_>>().into_iter();
            let first = turned.next().expect("a product has factors");
            turned.fold(first, |xy, z| g.mul(xy, z))
        }
        [x, y] if name == KRON.name || name == HADAMARD.name => {
            let (x, y) = (flip(g, x), flip(g, y));
            g.apply(op.0, &[x, y])
        }
        [s, x] if name == SCALE.name => {
            let x = flip(g, x);
            g.scale(*s, x)
        }
        terms if name == ADD.name => {
            let flipped: Vec<Expr> = terms.iter().map(|t| flip(g, t)).collect();
            g.sum(&flipped)
        }
        [x] if name == INV.name || name == ADJ.name => {
            let x = flip(g, x);
            g.apply(op.0, &[x])
        }
        [x, p] if name == POWER.name => {
            let x = flip(g, x);
            g.apply(op.0, &[x, *p])
        }
        [m, n] if [COMMUTATION.name, ONES.name, ZEROS.name].contains(&name) => g.apply(op.0, &[*n, *m]),
        [x, a, b, c, d] if name == SLICE.name => {
            let x = flip(g, x);
            g.apply(op.0, &[x, *c, *d, *a, *b])
        }
        _ if name == DOT.name => a,
        _ => return None,
    })
}
