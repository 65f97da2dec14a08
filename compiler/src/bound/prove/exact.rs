//! The large side read exactly: numbers, sizes, norms and scalars that are not negative, their sums, products, powers and maxima.

use crate::{
    bound::{
        blocks::grid,
        calculus::Calculus,
        closed,
        formula::{Formula, Symbol},
        norm::Norm,
        norm_of,
    },
    dim::Dim,
    expr::{Expr, Fact, Graph, Node},
    number::Number,
    ops::{
        add::ADD, build::Build, colsum::COLSUM, hadamard::HADAMARD, max::MAX, mul::MUL, power::POWER, rowsum::ROWSUM,
        scale::SCALE, size::SIZE, transpose::TRANSPOSE,
    },
};

/// The formula that a scalar is, all parts of which are not negative; the norms in it become symbols.
pub(super) fn exact(c: &mut Calculus, g: &mut Graph, e: Expr) -> Option<Formula> {
    if let Some(n) = g.as_number(e) {
        return (!n.is_negative()).then(|| c.book.number(n));
    }
    if let Some((norm, x)) = norm_of(g, e) {
        if let Some(f) = of_scalars(c, g, norm, x) {
            return Some(f);
        }
        if let Some(value) = c.held.get(&x).copied().or(Some(x)).and_then(|x| closed::value(g, x))
            && let Some(n) =
                closed::norm(&value, if g.shape(x).cols.is_one() && norm == Norm::Two { Norm::Frobenius } else { norm })
        {
            return Some(c.book.number(Number::Float(n.low)));
        }
        c.named.insert(x);
        return Some(c.symbol(g, x, norm));
    }
    if g.args_of(e, &SIZE).is_some() {
        return Some(c.scalar(g, e));
    }
    if let Some(&[s, x]) = g.args_of(e, &SCALE) {
        let (s, x) = (exact(c, g, s)?, exact(c, g, x)?);
        return Some(c.book.times(&[s, x]));
    }
    if let Some(d) = size(g, e) {
        return Some(c.book.size(&d));
    }
    if let Some(terms) = g.args_of(e, &ADD).map(<[Expr]>::to_vec) {
        let terms: Option<Vec<Formula>> = terms.into_iter().map(|t| exact(c, g, t)).collect();
        return terms.map(|t| c.book.sum(&t));
    }
    if let Some(&[x, p]) = g.args_of(e, &POWER) {
        let p = g.as_number(p)?;
        let even = p.as_int().is_some_and(|k| k % 2 == 0) && matches!(g.node(x), Node::Var(_));
        let base = if even { Some(c.symbol(g, x, Norm::Max)) } else { exact(c, g, x) };
        if let Some(base) = base {
            let of_sizes = c.book.symbols(base).iter().all(|s| !matches!(s, Symbol::Norm(..)));
            if !p.is_negative() || of_sizes {
                return Some(c.book.power(base, p));
            }
        }
        if p.is_negative() && g.is_scalar(x) && g.facts(x).has(Fact::NonNegative) {
            // the reciprocal of something that is not negative
            let one = g.power(x, Number::int(-1));
            c.named.insert(one);
            let symbol = c.symbol(g, one, Norm::Max);
            return Some(c.book.power(symbol, -p));
        }
    }
    if let Some(&[x]) = g.args_of(e, &MAX) {
        if let Some((norm, x)) = longest(g, x) {
            c.named.insert(x);
            return Some(c.symbol(g, x, norm));
        }
        let all: Option<Vec<Formula>> = entries(g, x)?.into_iter().map(|t| exact(c, g, t)).collect();
        return all.map(|a| c.book.max(&a));
    }
    let known = g.facts(e).has(Fact::NonNegative);
    known.then(|| {
        c.named.insert(e);
        c.symbol(g, e, Norm::Max)
    })
}

/// A sum or product of sizes and whole numbers as one size.
fn size(g: &Graph, e: Expr) -> Option<Dim> {
    if let Some(&[d]) = g.args_of(e, &SIZE) {
        return g.as_dim(d).cloned();
    }
    if let Some(n) = g.as_number(e) {
        return n.as_int().filter(|&n| n > 0).map(Dim::constant);
    }
    if let Some(&[a, b]) = g.args_of(e, &SCALE) {
        return Some(&size(g, a)? * &size(g, b)?);
    }
    let terms: Option<Vec<Dim>> = g.args_of(e, &ADD)?.iter().map(|&t| size(g, t)).collect();
    terms?.into_iter().reduce(|a, b| &a + &b)
}

/// The entries of matrices of scalars set side by side and one below the other.
fn entries(g: &Graph, e: Expr) -> Option<Vec<Expr>> {
    let all = grid(g, e).concat();
    all.iter().all(|&x| g.is_scalar(x)).then_some(all)
}

/// A norm of a matrix that is made of several scalars, none of which is negative.
fn of_scalars(c: &mut Calculus, g: &mut Graph, norm: Norm, x: Expr) -> Option<Formula> {
    let cells = entries(g, x).filter(|all| all.len() > 1)?;
    let width = grid(g, x)[0].len();
    let all: Option<Vec<Formula>> = cells.into_iter().map(|t| exact(c, g, t)).collect();
    let all = all?;
    match norm {
        Norm::Max => Some(c.book.max(&all)),
        Norm::Two => {
            let rows: Vec<Vec<Formula>> = all.chunks(width).map(<[Formula]>::to_vec).collect();
            Some(c.book.blocks(&rows))
        }
        Norm::Frobenius => {
            let squares: Vec<Formula> = all.iter().map(|&x| c.book.power(x, Number::int(2))).collect();
            let sum = c.book.sum(&squares);
            Some(c.book.sqrt(sum))
        }
        _ => None,
    }
}

/// The matrix of which e has the lengths of the rows, or of the columns.
fn longest(g: &mut Graph, e: Expr) -> Option<(Norm, Expr)> {
    let (sums, half) = g.entry_power(e);
    if half != Number::ratio(1, 2) {
        return None;
    }
    let (squares, norm) = if let Some(&[x]) = g.args_of(sums, &ROWSUM) {
        (x, Norm::Row)
    } else if let Some(&[x]) = g.args_of(sums, &COLSUM) {
        (x, Norm::Column)
    } else if let Some(&[x, ones]) = g.args_of(sums, &MUL).filter(|x| g.is_ones(x[1]) && g.shape(x[1]).cols.is_one()) {
        debug_assert!(g.is_ones(ones));
        (x, Norm::Row)
    } else {
        return None;
    };
    let (x, two) = g.entry_power(squares);
    if two == Number::int(2) {
        return Some((norm, x));
    }
    match g.args_of(squares, &HADAMARD) {
        Some(&[a, b]) if a == b => Some((norm, a)),
        _ => g.args_of(squares, &TRANSPOSE).and(None),
    }
}
