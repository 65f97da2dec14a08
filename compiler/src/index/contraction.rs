//! `Contraction`: one form for every multilinear operation.
//! `i|k, k|j -> i|j` reads row|column; letters on one side are fused; a letter on both sides of the output is a
//! Kronecker delta; a letter missing from the output is summed; a bare letter is a size; an integer before the output scales it.
//! Letters in brackets stand at one index, their sum: `c|(it) -> ct|i` reads the entries c, i + t (all windows of a row);
//! a capital multiplies the letter after it: `(Sit)` is S i + t.

use crate::{matrix::Matrix, number::Number, scalar::Scalar};
use std::collections::BTreeMap;

/// One index: a letter, or a sum of letters, each with the size that multiplies it.
pub type Element = Vec<(Option<char>, char)>;

/// A contraction, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contraction {
    /// Letters whose extents are given as sizes.
    pub dims: Vec<char>,
    /// Rows and columns of each matrix argument, as fused letters.
    pub inputs: Vec<[String; 2]>,
    /// Rows and columns of the result.
    pub output: [String; 2],
    /// A factor.
    pub scale: i64,
}

impl Contraction {
    /// Reads the notation of the rows; it panics on a malformed text, which the tests of the rows would show.
    pub fn parse(text: &str) -> Self {
        let pair = |s: &str| s.trim().split_once('|').map(|(r, c)| [r.trim().to_owned(), c.trim().to_owned()]);
        let (ins, out) = text.split_once("->").expect("a contraction has `->`");
        let (scale, out) = match out.trim().split_once(' ') {
            Some((n, rest)) => (n.parse().expect("an integer before the output"), rest),
            None => (1, out),
        };
        Contraction {
            dims: ins.split(',').filter(|s| !s.contains('|')).filter_map(|s| s.trim().chars().next()).collect(),
            inputs: ins.split(',').filter_map(pair).collect(),
            output: pair(out).expect("a contraction ends in row|column"),
            scale,
        }
    }

    /// The elements of a group: letters, and sums of letters.
    pub fn elements(group: &str) -> Vec<Element> {
        let mut out: Vec<Element> = vec![];
        let (mut inside, mut factor) = (false, None);
        for c in group.chars() {
            match c {
                '(' => {
                    inside = true;
                    out.push(vec![]);
                }
                ')' => inside = false,
                c if c.is_uppercase() => factor = Some(c),
                c => {
                    if !inside {
                        out.push(vec![]);
                    }
                    out.last_mut().expect("an element has begun").push((factor.take(), c));
                }
            }
        }
        out
    }

    /// `J` of `vec_r(out) = J vec_r(slot)`, as a contraction of the other operands: output letters | slot letters.
    pub fn jacobian(&self, slot: usize) -> Self {
        let mut inputs = self.inputs.clone();
        let cols = inputs.remove(slot).concat();
        let letters = cols.chars().filter(|c| c.is_lowercase() && !self.dims.contains(c));
        let dims = self.dims.iter().copied().chain(letters).collect();
        Contraction { dims, inputs, output: [self.output.concat(), cols], scale: self.scale }
    }

    /// The value, by a loop over all letters.
    pub fn eval<T: Scalar>(&self, args: &[&Matrix<T>], dims: &[usize]) -> Matrix<T> {
        let mut size: BTreeMap<char, usize> = self.dims.iter().copied().zip(dims.iter().copied()).collect();
        for (arg, [r, c]) in args.iter().zip(&self.inputs) {
            for (group, extent) in [(r, arg.rows), (c, arg.cols)] {
                // a fused group gets its sizes from elsewhere (other arguments, size letters); a single letter gives its own
                if group.chars().count() == 1 {
                    size.extend(group.chars().map(|l| (l, extent)));
                }
            }
        }
        let letters: Vec<(char, usize)> = size.iter().filter(|l| l.0.is_lowercase()).map(|(l, n)| (*l, *n)).collect();
        let factor = |f: Option<char>| f.map_or(1, |f| size[&f]);
        let span = |e: &Element| 1 + e.iter().map(|&(f, l)| factor(f) * (size[&l] - 1)).sum::<usize>();
        let place = |group: &str| -> Vec<(usize, usize)> {
            let (mut stride, mut out) = (1, vec![]);
            for e in Contraction::elements(group).iter().rev() {
                for &(f, l) in e {
                    let at = letters.iter().position(|x| x.0 == l).expect("every letter has a size");
                    out.push((at, stride * factor(f)));
                }
                stride *= span(e);
            }
            out
        };
        let offset = |group: &[(usize, usize)], at: &[usize]| group.iter().map(|&(l, s)| at[l] * s).sum::<usize>();
        let extent = |group: &str| Contraction::elements(group).iter().map(span).product::<usize>();
        let (rows, cols) = (extent(&self.output[0]), extent(&self.output[1]));
        let (out_r, out_c) = (place(&self.output[0]), place(&self.output[1]));
        let ins: Vec<_> = self.inputs.iter().map(|[r, c]| (place(r), place(c))).collect();
        let mut out = Matrix::zeros(rows, cols);
        let total: usize = letters.iter().map(|l| l.1).product();
        let mut at = vec![0; letters.len()];
        let scale = T::number(Number::int(self.scale));
        for _ in 0..total {
            let term = args.iter().zip(&ins).fold(scale, |acc, (m, (r, c))| acc * m.at(offset(r, &at), offset(c, &at)));
            let p = offset(&out_r, &at) * cols + offset(&out_c, &at);
            out.data[p] = out.data[p] + term;
            for k in (0..at.len()).rev() {
                at[k] += 1;
                if at[k] < letters[k].1 {
                    break;
                }
                at[k] = 0;
            }
        }
        out
    }
}
