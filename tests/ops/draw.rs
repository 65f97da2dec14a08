//! A call of a row with random data, made from its signature alone.

use hesse_compiler::{
    differentiate::{NotDifferentiable, local_curvature, local_jacobian},
    dim::Dim,
    expr::{Argument, Evaluation, Expr, Fact, Graph, Kind, Meaning, Node, Numeric, Op, Shape},
    matrix::Matrix,
    number::Number,
    ops,
    scalar::{Dual, Dual2, Scalar},
    syntax,
};
use hesse_tests::draw;
use std::collections::BTreeMap;

/// Sizes by name; none equal to another, so that a transposed or exchanged matrix does not fit.
pub(crate) const SIZES: [[(&str, usize); 15]; 2] = [
    [
        ("m", 4),
        ("n", 3),
        ("k", 2),
        ("p", 5),
        ("q", 6),
        ("r", 7),
        ("s", 8),
        ("a", 2),
        ("b", 3),
        ("c", 1),
        ("d", 2),
        ("i", 2),
        ("l", 3),
        ("o", 4),
        ("h", 2),
    ],
    [
        ("m", 2),
        ("n", 4),
        ("k", 3),
        ("p", 5),
        ("q", 1),
        ("r", 7),
        ("s", 8),
        ("a", 1),
        ("b", 2),
        ("c", 3),
        ("d", 4),
        ("i", 4),
        ("l", 2),
        ("o", 3),
        ("h", 1),
    ],
];

/// The number a row's `#` is called with, and whether entries are positive then.
const NUMBERS: [(i128, i128, bool); 3] = [(3, 1, false), (1, 2, true), (-2, 1, true)];

/// A row applied to names, and data for them.
pub(crate) struct Call {
    pub(crate) op: &'static Op,
    pub(crate) g: Graph,
    /// `op(A, B, …)`.
    pub(crate) y: Expr,
    /// The arguments as given.
    pub(crate) args: Vec<Expr>,
    /// The matrix arguments that are data: slot, name, value.
    pub(crate) data: Vec<(usize, String, Matrix<f64>)>,
    pub(crate) sizes: BTreeMap<String, usize>,
    /// For messages.
    pub(crate) case: String,
}

/// What is given of each slot, as the row's rules read: `symmetric A, positive B`.
pub(crate) fn given(text: &str) -> Vec<(Fact, usize)> {
    let one = |s: &str| {
        let (fact, name) = s.trim().split_once(' ').expect("a fact reads `symmetric A`");
        (Fact::parse(fact).expect("a known fact"), usize::from(name.trim().as_bytes()[0] - b'A'))
    };
    text.split(',').filter(|s| !s.trim().is_empty()).map(one).collect()
}

fn needs_square(f: Fact) -> bool {
    [Fact::Symmetric, Fact::Invertible, Fact::PosDef, Fact::Orthogonal, Fact::Diagonal].contains(&f)
}

impl Call {
    /// All calls of a row: two sets of sizes, and several numbers where it takes one.
    pub(crate) fn all(op: &'static Op) -> Vec<Call> {
        let numbers = if op.signature.contains('#') { 0..NUMBERS.len() } else { 0..1 };
        let pairs = numbers.flat_map(|k| (0..SIZES.len()).map(move |s| (k, s)));
        pairs.map(|(k, s)| Call::new(op, &given(op.domain), s, k, 7)).collect()
    }

    /// One call: what is given of the data, which sizes, which number, which seed.
    pub(crate) fn new(op: &'static Op, given: &[(Fact, usize)], sizes: usize, number: usize, seed: u64) -> Call {
        let table: BTreeMap<String, usize> = SIZES[sizes].iter().map(|(n, s)| ((*n).to_owned(), *s)).collect();
        let signature = op.parsed();
        // square arguments have one name for rows and columns
        let mut same: BTreeMap<String, String> = BTreeMap::new();
        let find = |same: &BTreeMap<String, String>, s: &str| {
            let mut s = s.to_owned();
            while let Some(t) = same.get(&s) {
                s = t.clone();
            }
            s
        };
        for (k, argument) in matrices(&signature.arguments).into_iter().enumerate() {
            let square = given.iter().any(|g| g.1 == k && needs_square(g.0));
            if let (true, Argument::Matrix(r, c)) = (square, argument) {
                let (r, c) = (find(&same, r), find(&same, c));
                if r != c && r != "1" && c != "1" {
                    same.insert(c, r);
                }
            }
        }
        let mut g = Graph::default();
        let (p, q, positive) = NUMBERS[number];
        let positive = positive && op.signature.contains('#');
        let (mut args, mut data, mut slot) = (vec![], vec![], 0);
        for argument in &signature.arguments {
            let size = |s: &String| {
                let formula = Dim::parse(s);
                let names: BTreeMap<String, Dim> =
                    formula.names().map(|n| (n.to_owned(), Dim::symbol(&find(&same, n)))).collect();
                formula.rename(&names)
            };
            args.push(match argument {
                Argument::Size(n) => {
                    let d = size(n);
                    g.dim(&d)
                }
                Argument::Number => {
                    slot += 1;
                    g.number(Number::ratio(p, q))
                }
                Argument::Matrix(r, c) => {
                    let shape = Shape::new(size(r), size(c));
                    let at = |d: &Dim| d.eval(&|s| table.get(s).copied()).expect("a size");
                    let (rows, cols) = (at(&shape.rows), at(&shape.cols));
                    let name = format!("argument {slot}");
                    let e = g.declare(&name, shape, Kind::Const);
                    let mut facts: Vec<Fact> = given.iter().filter(|g| g.1 == slot).map(|g| g.0).collect();
                    for &f in &facts {
                        g.assume(e, f);
                    }
                    if positive {
                        facts.push(Fact::Positive);
                    }
                    data.push((slot, name.clone(), draw(&format!("{} {slot}", op.name), seed, rows, cols, &facts)));
                    slot += 1;
                    e
                }
            });
        }
        let y = g.apply(op, &args);
        let case = format!("`{}`, sizes {sizes}, number {p}/{q}", op.name);
        Call { op, g, y, args, data, sizes: table, case }
    }

    /// Whether the call is still itself, not what it simplifies to.
    pub(crate) fn is_itself(&self) -> bool {
        matches!(self.g.node(self.y), Node::Apply(op, args) if op.0.name == self.op.name && *args == self.args)
    }

    /// A value, with data over any scalar.
    pub(crate) fn eval<T: Numeric>(
        &mut self,
        e: Expr,
        data: &dyn Fn(&str) -> Option<Matrix<T>>,
    ) -> Result<Matrix<T>, Evaluation> {
        let e = syntax::expand(&mut self.g, e);
        let sizes = &self.sizes;
        self.g.eval(e, data, &|s| sizes.get(s).copied())
    }

    /// A value at the data, with one more matrix by name.
    pub(crate) fn real(&mut self, e: Expr, more: Option<(&str, &Matrix<f64>)>) -> Matrix<f64> {
        let data = self.data.clone();
        let find = |s: &str| match more {
            Some((name, m)) if name == s => Some(m.clone()),
            _ => data.iter().find(|d| d.1 == s).map(|d| d.2.clone()),
        };
        let case = self.case.clone();
        self.eval(e, &find).unwrap_or_else(|e| panic!("{case}: {e:?}"))
    }

    /// The derivative of `e` as slot `at` moves along `direction`, by dual numbers.
    pub(crate) fn along(&mut self, e: Expr, at: usize, direction: &Matrix<f64>) -> Matrix<f64> {
        let data = self.data.clone();
        let lift = |s: &str| {
            let (slot, _, m) = data.iter().find(|d| d.1 == s)?;
            Some(if *slot == at {
                m.zip_into(direction, |re, eps| Dual { re, eps })
            } else {
                m.map_into(|re| Dual { re, eps: 0.0 })
            })
        };
        let case = self.case.clone();
        self.eval::<Dual<f64>>(e, &lift).unwrap_or_else(|e| panic!("{case}: {e:?}")).map_into(|x| x.eps)
    }

    /// The mixed second derivative as slot `a` moves along `u` and slot `b` along `v`, by dual numbers over dual numbers.
    pub(crate) fn along_two(&mut self, a: usize, u: &Matrix<f64>, b: usize, v: &Matrix<f64>) -> Matrix<f64> {
        let data = self.data.clone();
        let lift = |s: &str| {
            let (slot, _, m) = data.iter().find(|d| d.1 == s)?;
            let entry = |k: usize| Dual {
                re: Dual { re: m.data[k], eps: if *slot == a { u.data[k] } else { 0.0 } },
                eps: Dual { re: if *slot == b { v.data[k] } else { 0.0 }, eps: 0.0 },
            };
            Some(Matrix { rows: m.rows, cols: m.cols, data: (0..m.data.len()).map(entry).collect() })
        };
        let (y, case) = (self.y, self.case.clone());
        self.eval::<Dual2>(y, &lift).unwrap_or_else(|e| panic!("{case}: {e:?}")).map_into(|x| x.eps.eps)
    }

    /// `J` of a slot, as an expression.
    pub(crate) fn jacobian(&mut self, slot: usize) -> Result<Expr, NotDifferentiable> {
        local_jacobian(&mut self.g, self.y, slot)
    }

    /// `S` of two slots for the cotangent called `D`, as an expression.
    pub(crate) fn curvature(&mut self, a: usize, b: usize) -> Result<Option<Expr>, NotDifferentiable> {
        let shape = self.g.shape(self.y).clone();
        let d = self.g.declare("cotangent", shape, Kind::Const);
        local_curvature(&mut self.g, self.y, a, b, d)
    }

    /// A random direction of a slot.
    pub(crate) fn direction(&self, slot: usize, seed: u64) -> Matrix<f64> {
        let (_, _, m) = self.data.iter().find(|d| d.0 == slot).expect("a slot with data");
        draw(&format!("direction {slot}"), seed, m.rows, m.cols, &[])
    }
}

fn matrices(arguments: &[Argument]) -> Vec<&Argument> {
    arguments.iter().filter(|a| !matches!(a, Argument::Size(_))).collect()
}

/// Rows that have a value or formula of their own, derivatives that were asked for excepted.
pub(crate) fn rows() -> impl Iterator<Item = &'static Op> {
    ops::ALL.iter().copied().filter(|op| !matches!(op.meaning, Meaning::Derivative))
}

/// Maps that change the scalar.
pub(crate) trait MapInto<T> {
    fn map_into<U: Scalar>(&self, f: impl Fn(T) -> U) -> Matrix<U>;
    fn zip_into<U: Scalar>(&self, o: &Matrix<T>, f: impl Fn(T, T) -> U) -> Matrix<U>;
}
impl<T: Scalar> MapInto<T> for Matrix<T> {
    fn map_into<U: Scalar>(&self, f: impl Fn(T) -> U) -> Matrix<U> {
        Matrix { rows: self.rows, cols: self.cols, data: self.data.iter().map(|&x| f(x)).collect() }
    }
    fn zip_into<U: Scalar>(&self, o: &Matrix<T>, f: impl Fn(T, T) -> U) -> Matrix<U> {
        assert_eq!((self.rows, self.cols), (o.rows, o.cols), "a direction of the shape of the argument");
        Matrix { rows: self.rows, cols: self.cols, data: self.data.iter().zip(&o.data).map(|(&x, &y)| f(x, y)).collect() }
    }
}

/// Whether two matrices agree to 1e-9, relative to the largest entry where that is above one; else where they do not.
pub(crate) fn near(a: &Matrix<f64>, b: &Matrix<f64>, case: &str) -> Result<(), String> {
    if (a.rows, a.cols) != (b.rows, b.cols) {
        return Err(format!("{case}: it is {}×{} and should be {}×{}", a.rows, a.cols, b.rows, b.cols));
    }
    let scale = b.data.iter().fold(1.0f64, |m, x| m.max(x.abs()));
    match a.data.iter().zip(&b.data).enumerate().find(|(_, (x, y))| (*x - *y).abs() > 1e-9 * scale || x.is_nan() != y.is_nan()) {
        Some((i, (x, y))) => Err(format!("{case}: entry {i} is {x} and should be {y}")),
        None => Ok(()),
    }
}

/// What went wrong, all of it.
#[derive(Default)]
pub(crate) struct Mistakes(Vec<String>);

impl Mistakes {
    pub(crate) fn note(&mut self, result: Result<(), String>) {
        self.0.extend(result.err());
    }
    pub(crate) fn claim(&mut self, holds: bool, case: &str) {
        if !holds {
            self.0.push(case.to_owned());
        }
    }
    /// Fails the test if there was any.
    pub(crate) fn none(self) {
        assert!(self.0.is_empty(), "{} mistakes:\n{}", self.0.len(), self.0[..self.0.len().min(40)].join("\n"));
    }
}
