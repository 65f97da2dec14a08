//! What a row says it knows of its result is true of the number.

use crate::draw::{Call, Mistakes, given, rows};
use hesse_compiler::{expr::Fact, matrix::Matrix};

/// Every rule of every row, on data of which its premises are true.
#[test]
fn facts_are_true() {
    let (mut seen, mut bad) = (0, Mistakes::default());
    for op in rows() {
        for rule in op.facts.split(';').map(str::trim).filter(|r| !r.is_empty()) {
            let (premises, conclusions) = rule.split_once("->").unwrap_or(("", rule));
            let mut premises = given(premises);
            premises.extend(given(op.domain).into_iter().filter(|d| !premises.contains(d)).collect::<Vec<_>>());
            for (sizes, seed) in (0..2).flat_map(|s| (0..3).map(move |k| (s, k))) {
                let mut call = Call::new(op, &premises, sizes, usize::from(op.signature.contains('#')), seed);
                let y = call.y;
                let value = call.real(y, None);
                for conclusion in conclusions.split(',') {
                    let name = conclusion.trim().strip_suffix(" Y").expect("a conclusion reads `symmetric Y`");
                    let fact = Fact::parse(name).expect("a known fact");
                    bad.claim(holds(fact, &value), &format!("{}: `{rule}` is wrong of {value:?}", call.case));
                    seen += 1;
                }
            }
        }
    }
    bad.none();
    assert!(seen > 300, "{seen}");
}

/// Whether a fact is true of a number, to rounding.
pub(crate) fn holds(fact: Fact, m: &Matrix<f64>) -> bool {
    let size = m.data.iter().fold(1e-300f64, |s, x| s.max(x.abs()));
    let near = |a: &Matrix<f64>, b: &Matrix<f64>| {
        (a.rows, a.cols) == (b.rows, b.cols) && a.data.iter().zip(&b.data).all(|(x, y)| (x - y).abs() <= 1e-9 * size.max(1.0))
    };
    let leading = |k: usize| Matrix::from_fn(k, k, |i, j| m.at(i, j)).eliminate().1;
    match fact {
        Fact::Symmetric => near(m, &m.transpose()),
        Fact::Invertible => m.rows == m.cols && m.eliminate().0.is_some_and(|i| near(&i.matmul(m), &Matrix::identity(m.rows))),
        Fact::PosDef => holds(Fact::Symmetric, m) && (1..=m.rows).all(|k| leading(k) > 0.0),
        Fact::Orthogonal => m.rows == m.cols && near(&m.transpose().matmul(m), &Matrix::identity(m.rows)),
        Fact::Positive => m.data.iter().all(|&x| x > 0.0),
        Fact::NonNegative => m.data.iter().all(|&x| x >= 0.0),
        Fact::Diagonal => {
            m.rows == m.cols && (0..m.rows).all(|i| (0..m.cols).all(|j| i == j || m.at(i, j).abs() <= 1e-12 * size))
        }
        Fact::RowStochastic => (0..m.rows).all(|i| (m.row(i).iter().sum::<f64>() - 1.0).abs() < 1e-12),
    }
}
