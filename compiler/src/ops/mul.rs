//! Matrix product, `A B`. Hence `vec_r(A X B) = (A ⊗ B') vec_r(X)`.

use super::{build::Build, kron::KRON, mat_r::MAT_R, ones::ONES, size::SIZE, vec_r::VEC_R};
use crate::expr::{Expr, Form, Forms, Graph, Meaning, Op};

/// `A B`.
pub static MUL: Op = Op {
    name: "mul",
    signature: "m×k, k×n -> m×n",
    meaning: Meaning::Contraction("i|k, k|j -> i|j"),
    vec_form: &["I(m) ⊗ B'", "A ⊗ I(n)"],
    curvature: &[(0, 1, "(D ⊗ I(k)) K(n, k)")],
    facts: "invertible A, invertible B -> invertible Y; orthogonal A, orthogonal B -> orthogonal Y; \
            positive A, positive B -> positive Y; diagonal A, diagonal B -> diagonal Y; \
            nonnegative A, nonnegative B -> nonnegative Y; rowstochastic A, rowstochastic B -> rowstochastic Y",
    bound: "norm2: norm2(A) norm2(B); normF: norm2(A) normF(B); normF: normF(A) norm2(B); normrow: normrow(A) norm2(B); \
            normrow: norminf(A) normrow(B); normcol: norm2(A) normcol(B); normcol: normcol(A) norm1(B); norminf: norminf(A) norminf(B); \
            norm1: norm1(A) norm1(B); normmax: normrow(A) normcol(B); normmax: norminf(A) normmax(B); normmax: normmax(A) norm1(B)",
    // dA ↦ dA dB is I ⊗ dB', and dB ↦ dA dB is dA ⊗ I: equalities
    stack: &[(0, 1, "sqrt(m)"), (1, 0, "sqrt(n)")],
    forms: Forms { text: Form::Infix(" ", 3), latex: Form::Infix(r"\,", 3), mathml: Form::Infix("\u{2062}", 3) },
    shrink,
    ..Op::BLANK
};

fn shrink(g: &mut Graph, args: &[Expr]) -> Option<Expr> {
    let (a, b) = (args[0], args[1]);
    if g.is_scalar(a) {
        return Some(g.scale(a, b));
    }
    if g.is_scalar(b) {
        return Some(g.scale(b, a));
    }
    if g.is_zero(a) || g.is_zero(b) {
        let shape = crate::expr::Shape::new(g.shape(a).rows.clone(), g.shape(b).cols.clone());
        return Some(g.zeros(&shape));
    }
    if g.is_eye(a) {
        return Some(b);
    }
    if g.is_eye(b) {
        return Some(a);
    }
    // scalar factors go outside
    if let Some((s, x)) = g.as_scaled(a) {
        let product = g.mul(x, b);
        return Some(g.scale(s, product));
    }
    if let Some((s, x)) = g.as_scaled(b) {
        let product = g.mul(a, x);
        return Some(g.scale(s, product));
    }
    if let Some(simpler) = pair(g, a, b) {
        return Some(simpler);
    }
    // the same across products that are already there: A (B C) and (A B) C
    if g.args_of(b, &MUL).is_some()
        && let Some(ab) = join_left(g, a, b, REACH)
    {
        return Some(ab);
    }
    if g.args_of(a, &MUL).is_some()
        && let Some(ab) = join_right(g, a, b, REACH)
    {
        return Some(ab);
    }
    None
}

/// How far into a product its outermost factor is looked for.
const REACH: usize = 16;

/// `A (B C …)` where A and the first factor of the product become something simpler.
fn join_left(g: &mut Graph, a: Expr, b: Expr, reach: usize) -> Option<Expr> {
    if let Some(simpler) = pair(g, a, b) {
        return Some(simpler);
    }
    let &[b1, b2] = g.args_of(b, &MUL)?.first_chunk::<2>()?;
    let first = join_left(g, a, b1, reach.checked_sub(1)?)?;
    Some(g.mul(first, b2))
}

/// `(… B C) A` where the last factor of the product and A become something simpler.
fn join_right(g: &mut Graph, a: Expr, b: Expr, reach: usize) -> Option<Expr> {
    if let Some(simpler) = pair(g, a, b) {
        return Some(simpler);
    }
    let &[a1, a2] = g.args_of(a, &MUL)?.first_chunk::<2>()?;
    let last = join_right(g, a2, b, reach.checked_sub(1)?)?;
    Some(g.mul(a1, last))
}

/// What two neighbouring factors become, when that is simpler.
fn pair(g: &mut Graph, a: Expr, b: Expr) -> Option<Expr> {
    if g.is_eye(a) {
        return Some(b);
    }
    if g.is_eye(b) {
        return Some(a);
    }
    // an inverse next to what it inverts
    if g.cancels(a, b) {
        let n = g.shape(a).rows.clone();
        return Some(g.eye(&n));
    }
    if let Some(&[a1, a2]) = g.args_of(a, &KRON) {
        // (A ⊗ B) (C ⊗ D) = A C ⊗ B D
        if let Some(&[b1, b2]) = g.args_of(b, &KRON)
            && g.shape(a1).cols == g.shape(b1).rows
            && g.shape(a2).cols == g.shape(b2).rows
        {
            let (left, right) = (g.mul(a1, b1), g.mul(a2, b2));
            return Some(g.kron(left, right));
        }
        // (A ⊗ B') vec_r(X) = vec_r(A X B)
        if let Some(x) = g.args_of(b, &VEC_R).map(|x| x[0])
            && g.shape(a1).cols == g.shape(x).rows
            && g.shape(a2).cols == g.shape(x).cols
        {
            let right = g.transpose(a2);
            let ax = g.mul(a1, x);
            let axb = g.mul(ax, right);
            return Some(g.vec_r(axb));
        }
    }
    if g.shape(b).cols.is_one() {
        // a column is its own vec_r: (A ⊗ v) x = vec_r(A x v'), (u ⊗ B) x = vec_r(u x' B'), diag(v) x = v ∘ x
        if let Some(&[a1, a2]) = g.args_of(a, &KRON) {
            if g.shape(a2).cols.is_one() {
                let right = g.transpose(a2);
                let ax = g.mul(a1, b);
                let outer = g.mul(ax, right);
                return Some(g.vec_r(outer));
            }
            if g.shape(a1).cols.is_one() {
                let (x, right) = (g.transpose(b), g.transpose(a2));
                let ux = g.mul(a1, x);
                let outer = g.mul(ux, right);
                return Some(g.vec_r(outer));
            }
        }
        if let Some(v) = g.diagonal_of(a)
            && g.args_of(b, &VEC_R).is_none()
        {
            return Some(g.hadamard(v, b));
        }
    }
    // vec_r(A)' vec_r(B) = <A, B>
    if let Some(y) = g.row_of_vec(a)
        && let Some(x) = g.args_of(b, &VEC_R).map(|x| x[0])
        && g.shape(x) == g.shape(y)
    {
        return Some(g.dot(y, x));
    }
    if let Some(x) = g.args_of(b, &VEC_R).map(|x| x[0]) {
        // diag(vec_r(A)) vec_r(X) = vec_r(A ∘ X)
        if let Some(d) = g.diagonal_of(a)
            && let Some(y) = g.args_of(d, &VEC_R).map(|x| x[0])
            && g.shape(x) == g.shape(y)
        {
            let yx = g.hadamard(y, x);
            return Some(g.vec_r(yx));
        }
        // K(n, m) vec_r(X) = vec_r(X') for X m×n
        if g.commutes(a).is_some_and(|(n, m)| *g.shape(x) == crate::expr::Shape::new(m, n)) {
            let xt = g.transpose(x);
            return Some(g.vec_r(xt));
        }
        // a sum of matrices, each of which simplifies
        if let Some(terms) = g.terms(a) {
            let products: Option<Vec<Expr>> = terms
                .into_iter()
                .map(|t| {
                    let (s, t) = g.as_scaled(t).map_or((None, t), |(s, t)| (Some(s), t));
                    let p = pair(g, t, b).or_else(|| chain(g, t, b))?;
                    Some(s.map_or(p, |s| g.scale(s, p)))
                })
                .collect();
            return products.map(|p| g.sum(&p));
        }
        return chain(g, a, b);
    }
    // K(p, m) (A ⊗ B) K(n, q) = B ⊗ A
    let between = match (g.args_of(a, &MUL), g.args_of(b, &MUL)) {
        (Some(&[k, xy]), _) => Some((k, xy, b)),
        (_, Some(&[xy, k])) => Some((a, xy, k)),
        _ => None,
    };
    if let Some((left, xy, right)) = between
        && let (Some((p, m)), Some((n, q))) = (g.commutes(left), g.commutes(right))
        && let Some(&[x, y]) = g.args_of(xy, &KRON)
        && (&g.shape(x).rows, &g.shape(y).rows) == (&m, &p)
        && (&g.shape(x).cols, &g.shape(y).cols) == (&n, &q)
    {
        return Some(g.kron(y, x));
    }
    // ones(m, k) ones(k, n) = k ones(m, n)
    if let (Some(&[m, k]), Some(&[_, n])) = (g.args_of(a, &ONES), g.args_of(b, &ONES)) {
        let count = g.apply(&SIZE, &[k]);
        let ones = g.apply(&ONES, &[m, n]);
        return Some(g.scale(count, ones));
    }
    // K(m, n) K(n, m) = I
    if let (Some((m, n)), Some((p, q))) = (g.commutes(a), g.commutes(b))
        && m == q
        && n == p
    {
        return Some(g.eye(&(&m * &n)));
    }
    // diag(u) diag(v) = diag(u ∘ v)
    if let (Some(u), Some(v)) = (g.diagonal_of(a), g.diagonal_of(b)) {
        let uv = g.hadamard(u, v);
        return Some(g.diag(uv));
    }
    // A vec_r(X) is read as a matrix only by mat_r
    if g.args_of(b, &MAT_R).is_some() {
        return None;
    }
    None
}

/// `(A B) vec_r(X)`: the product is worked off from the right, so that it stays a matrix formula.
fn chain(g: &mut Graph, a: Expr, b: Expr) -> Option<Expr> {
    let &[a1, a2] = g.args_of(a, &MUL)? else { return None };
    let inner = pair(g, a2, b)?;
    let inner_is_vec = g.args_of(inner, &VEC_R).is_some() || g.as_scaled(inner).is_some() || g.terms(inner).is_some();
    inner_is_vec.then(|| g.mul(a1, inner))
}
