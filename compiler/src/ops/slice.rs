//! A box of entries, `A[a:b, c:d]`, counted from 1, both ends included. Its Jacobian is `I(m)[a:b, :] ⊗ I(n)[c:d, :]`.

use super::build::Build;
use crate::{
    dim::Dim,
    expr::{Form, Forms, Meaning, Op},
};

/// `A[a:b, c:d]`.
pub static SLICE: Op = Op {
    name: "slice",
    signature: "m×n, a, b, c, d -> b - a + 1×d - c + 1",
    meaning: Meaning::Slice,
    vec_form: &["I(m)[a:b, :] ⊗ I(n)[c:d, :]"],
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "all: norm(A)",
    forms: Forms {
        text: Form::Template("$A[$B:$C, $D:$E]"),
        latex: Form::Template("$A_{[$B:$C,\\,$D:$E]}"),
        mathml: Form::Template("$A[$B:$C, $D:$E]"),
    },
    shrink: |g, args| {
        let a = args[0];
        let d: Vec<Dim> = args[1..].iter().map(|&x| g.as_dim(x).cloned()).collect::<Option<_>>()?;
        let s = g.shape(a).clone();
        let one = Dim::constant(1);
        if d[0] == one && d[1] == s.rows && d[2] == one && d[3] == s.cols {
            return Some(a);
        }
        let shape = crate::expr::Shape::new(&(&d[1] - &d[0]) + &one, &(&d[3] - &d[2]) + &one);
        if g.is_zero(a) {
            return Some(g.zeros(&shape));
        }
        if g.is_ones(a) {
            return Some(g.ones(&shape));
        }
        None
    },
    ..Op::BLANK
};
