//! A bound of the norm of a symmetric matrix of bounds that is a sum of products again.

use super::{
    linear::close,
    monomial::{Posynomial, Powers, add, times},
};
use crate::number::Number;

/// The lower triangle of a matrix of bounds, row by row.
pub(super) struct Triangle {
    pub(super) rows: Vec<Vec<Posynomial>>,
}

impl Triangle {
    fn at(&self, i: usize, j: usize) -> &Posynomial {
        &self.rows[i.max(j)][i.min(j)]
    }

    /// Parts `v v'` are taken out, of which the norm is `Σ v_i²`; of the rest the largest sum of a row counts, term by term.
    pub(super) fn norm(mut self) -> Posynomial {
        let mut out = Posynomial::new();
        while let Some(part) = self.of_rank_one() {
            for &(i, ref m, c) in &part {
                add(&mut out, m.clone(), c);
                for &(j, ..) in part.iter().filter(|x| x.0 <= i) {
                    if let Some((m, c)) = self.between(&part, i, j) {
                        let cell = &mut self.rows[i][j];
                        add(cell, m.clone(), -c);
                        cell.retain(|_, c| !c.is_zero());
                    }
                }
            }
        }
        let mut largest = Posynomial::new();
        for i in 0..self.rows.len() {
            let mut sum = Posynomial::new();
            for j in 0..self.rows.len() {
                self.at(i, j).iter().for_each(|(m, &c)| add(&mut sum, m.clone(), c));
            }
            for (m, c) in sum {
                let most = largest.entry(m).or_insert(Number::ZERO);
                if c.to_f64() > most.to_f64() {
                    *most = c;
                }
            }
        }
        for (m, c) in largest {
            add(&mut out, m, c);
        }
        out
    }

    /// Diagonal terms of which the products are squares of terms between them, as many as there are; at least two.
    fn of_rank_one(&self) -> Option<Vec<(usize, Powers, Number)>> {
        for first in 0..self.rows.len() {
            for (m, &c) in self.at(first, first) {
                let mut part = vec![(first, m.clone(), c)];
                for i in first + 1..self.rows.len() {
                    let fits = self.at(i, i).iter().find(|(m, c)| {
                        let with = (i, (*m).clone(), **c);
                        part.iter().all(|x| root(self.at(i, x.0), x, &with).is_some())
                    });
                    if let Some((m, &c)) = fits {
                        part.push((i, m.clone(), c));
                    }
                }
                if part.len() > 1 {
                    return Some(part);
                }
            }
        }
        None
    }

    /// The term between two members of such a part.
    fn between(&self, part: &[(usize, Powers, Number)], i: usize, j: usize) -> Option<(Powers, Number)> {
        let of = |k: usize| part.iter().find(|x| x.0 == k);
        if i == j {
            return of(i).map(|x| (x.1.clone(), x.2));
        }
        root(self.at(i, j), of(i)?, of(j)?)
    }
}

/// The term of a cell of which the square is the product of two diagonal terms.
fn root(cell: &Posynomial, a: &(usize, Powers, Number), b: &(usize, Powers, Number)) -> Option<(Powers, Number)> {
    let (square, constant) = (times(&a.1, &b.1), a.2 * b.2);
    let half = Number::ratio(1, 2);
    let m: Powers = square.into_iter().map(|(x, p)| (x, p * half)).collect();
    let c = *cell.get(&m)?;
    close(c * c, constant).then_some((m, c))
}
