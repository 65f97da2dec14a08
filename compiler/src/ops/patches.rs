//! All windows of the images in the rows of A as columns, `patches(A, p, q, k, l, h)`: every row of A is an image, row after
//! row; entry (c t u, i j) is the one at (h i + t, h j + u) of image c, where p×q windows of k×l entries are h apart. So a
//! convolution is the product `W patches(X)`. With windows of one row it is `windows` on sequences. Source: Chellapilla, Puri &
//! Simard (2006), where it is called unrolling.

use super::build::Build;
use crate::expr::{Forms, Meaning, Op};

/// `patches(A, p, q, k, l, h)`.
pub static PATCHES: Op = Op {
    name: "patches",
    signature: "c×(h*(p - 1) + k)*(h*(q - 1) + l), p, q, k, l, h -> c*k*l×p*q",
    meaning: Meaning::Contraction("c|(Hit)(Hju), i, j, t, u, H -> ctu|ij"),
    vec_form: &["I(c) ⊗ (I(k) ⊗ K(l, p) ⊗ I(q)) (windows(p, k, h) ⊗ windows(q, l, h))"],
    facts: "positive A -> positive Y; nonnegative A -> nonnegative Y",
    bound: "normF: sqrt(k l) normF(A); normrow: normrow(A); norminf: norminf(A); normmax: normmax(A); normcol: normF(A)",
    forms: Forms::call("patches", r"\operatorname{patches}"),
    shrink: |g, args| {
        let a = args[0];
        let d = |x: usize| g.as_dim(args[x]).cloned();
        let (p, q, k, l, h) = (d(1)?, d(2)?, d(3)?, d(4)?, d(5)?);
        if k.is_one() && l.is_one() && h.is_one() {
            return Some(a);
        }
        let shape = crate::expr::Shape::new(&g.shape(a).rows * &(&k * &l), &p * &q);
        if g.is_zero(a) {
            return Some(g.zeros(&shape));
        }
        if g.is_ones(a) {
            return Some(g.ones(&shape));
        }
        let (c, x) = g.as_scaled(a)?;
        let mut moved = args.to_vec();
        moved[0] = x;
        let y = g.apply(&PATCHES, &moved);
        Some(g.scale(c, y))
    },
    ..Op::BLANK
};
