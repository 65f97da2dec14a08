//! `Op`, the row of an operation: all that an operation must say of itself; and matching a signature.

use super::{Expr, Graph, reading::Reading};
use crate::{
    dim::Dim,
    index::{EntryValues, Functions, Kink},
};
use std::{cmp::Ordering, collections::BTreeMap, fmt, hash};

/// Rows × columns, both symbolic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// Number of rows.
    pub rows: Dim,
    /// Number of columns.
    pub cols: Dim,
}

impl Shape {
    /// `rows × cols`.
    pub fn new(rows: Dim, cols: Dim) -> Shape {
        Shape { rows, cols }
    }
    /// `1 × 1`.
    pub fn scalar() -> Shape {
        Shape::new(Dim::constant(1), Dim::constant(1))
    }
    /// Whether it is `1 × 1`.
    pub fn is_scalar(&self) -> bool {
        self.rows.is_one() && self.cols.is_one()
    }
    /// Number of entries.
    pub fn len(&self) -> Dim {
        &self.rows * &self.cols
    }
    /// `cols × rows`.
    pub fn transposed(&self) -> Shape {
        Shape::new(self.cols.clone(), self.rows.clone())
    }
}
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}", self.rows, self.cols)
    }
}

/// What a node is: a matrix of some shape (a scalar is `1×1`), or a size used as an argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A matrix.
    Matrix(Shape),
    /// A size, as in `I(n)`.
    Dim(Dim),
}

/// Why arguments do not fit a signature.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ShapeError {
    /// Wrong number of arguments.
    Arity {
        /// Name of the operation.
        op: &'static str,
        /// Number of arguments of the signature.
        expected: usize,
        /// Number of arguments given.
        found: usize,
    },
    /// A matrix where a size is needed, or the other way round; `argument` counts from 0.
    Kind {
        /// Name of the operation.
        op: &'static str,
        /// Which argument.
        argument: usize,
        /// What is needed: "a matrix", "a size", "a number".
        expected: &'static str,
    },
    /// Two sizes that must be equal and are not.
    Size {
        /// Name of the operation.
        op: &'static str,
        /// Argument that fixed the size first, and whether by its rows (else columns).
        first: (usize, bool, Dim),
        /// Argument that disagrees; equal to `first.0` when a square matrix is needed.
        second: (usize, bool, Dim),
    },
}

/// What an operation computes.
pub enum Meaning {
    /// `A + B + …`, entry by entry; any number of arguments.
    Sum,
    /// One contraction of the arguments, `i|k, k|j -> i|j`: multilinear, so its Jacobian is again a contraction.
    Contraction(&'static str),
    /// A box of entries, `A[a:b, c:d]`: linear.
    Slice,
    /// Entry by entry; `first` and `second` are its derivatives as formulas in `A`, `Y` and the parameters.
    Entrywise {
        /// The function.
        value: EntryValues,
        /// f′.
        first: &'static str,
        /// f″.
        second: &'static str,
    },
    /// Row by row: row i of the result depends on row i of `A` alone.
    Rowwise(Functions),
    /// Anything else.
    Function(Functions),
    /// Short for a formula in other operations; everything is derived from it.
    Formula(&'static str),
    /// A derivative that has been asked for; differentiation replaces it by what it is.
    Derivative,
}

/// How one target spells an operation. Precedence: 1 sum, 2 ⊗, 3 products, 4 sign, 9 postfix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// Between its arguments.
    Infix(&'static str, u8),
    /// Behind its argument; a superscript in mathematics.
    Postfix(&'static str),
    /// `name(A, B)`.
    Call(&'static str),
    /// Around its argument: `‖A‖`.
    Fence(&'static str, &'static str),
    /// Free text with `$A`, `$B` … for the arguments; the first is a postfix operand, the others stand alone.
    Template(&'static str),
}

/// The spellings of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Forms {
    /// In the language itself.
    pub text: Form,
    /// In LaTeX.
    pub latex: Form,
    /// In MathML (the signs; the printer makes the elements).
    pub mathml: Form,
}

impl Forms {
    /// One name, called, in every target.
    pub const fn call(name: &'static str, latex: &'static str) -> Forms {
        Forms { text: Form::Call(name), latex: Form::Call(latex), mathml: Form::Call(name) }
    }
}

/// A constant of the thesis, for bounds in its style. Source: the thesis as audited in `tests/thesis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// What is bounded: `norm2`, the spectral norm of the result; `slope 0`, `bend 0 0`, those of a Jacobian and a curvature.
    pub of: &'static str,
    /// The bound, in the notation of [`Op::bound`].
    pub bound: &'static str,
    /// Where it is published.
    pub source: &'static str,
    /// The statement of `ERRATA.md` that says how it is false as printed; then the bound is the corrected one.
    pub errata: Option<&'static str>,
}

/// The row of an operation. Matrix and number arguments are called `A, B, C` in formulas, the result `Y`,
/// a cotangent of the result `D`; sizes are called as in the signature.
pub struct Op {
    /// Name in the language, and of its file.
    pub name: &'static str,
    /// Sizes of arguments and result: `m×k, k×n -> m×n`; a bare name is a size, `#` a number.
    pub signature: &'static str,
    /// Value.
    pub meaning: Meaning,
    /// For each matrix argument the `J` of `vec_r(dY) = J vec_r(dA)`; `0` if it is zero; empty text if there is none.
    pub vec_form: &'static [&'static str],
    /// For pairs of argument slots a ≤ b, `S` with `dA' S dB` the second differential of `⟨D, Y⟩`; absent pairs are zero;
    /// of a function that gives none at all, `J` is differentiated.
    pub curvature: &'static [(usize, usize, &'static str)],
    /// The axes of the result where it is an array of more than two, `c×p×q`, or the arguments whose axes it keeps, `A B`:
    /// the first of them that is an array. Arrays are matrices here, first axis × all others, so that their vec_r is the
    /// row-major order; only the language and the data know their axes.
    pub axes: &'static str,
    /// What is known of the result: `symmetric A -> symmetric Y; positive Y`.
    pub facts: &'static str,
    /// What the arguments must satisfy, as facts: `positive A`, `invertible A`.
    pub domain: &'static str,
    /// Upper bounds of norms of `Y`, parted by `;`, each behind the norm it is of: `normF: normF(A); norm2: 1`. `all` is every norm,
    /// `abs` every norm but the spectral; without a name it is the spectral norm. Source: `bound/rule.rs` says what they may name.
    pub bound: &'static str,
    /// For each matrix argument upper bounds of ‖J‖₂, parted by `;`; where there are none, they follow from `vec_form`.
    pub slope: &'static [&'static str],
    /// For pairs of argument slots a ≤ b upper bounds of ‖S‖₂ for a cotangent `D`; where there are none, they follow from `curvature`.
    pub bend: &'static [(usize, usize, &'static str)],
    /// For ordered pairs of argument slots (a, b) upper bounds of the norm of the stack of second derivatives, `|Y| |A_a| × |A_b|`: the
    /// largest ‖dJ_a‖_F over directions of length 1 in slot b.
    pub stack: &'static [(usize, usize, &'static str)],
    /// What the thesis publishes of its norms, where it is more than the rest of the row says.
    pub published: &'static [Published],
    /// For a loss: the argument that is the output of the network, where the Gauss-Newton part ends.
    pub output: Option<usize>,
    /// Spellings.
    pub forms: Forms,
    /// Whether the first argument is where there is no derivative, and which piece is taken there, in words that follow
    /// "`relu` meets …"; `None` where the operation is smooth.
    pub kink: Option<Kink>,
    /// Simplification by construction: a simpler equal expression, tried on entry to the graph.
    pub shrink: fn(&mut Graph, &[Expr]) -> Option<Expr>,
}

/// No simplification.
pub fn keep(_: &mut Graph, _: &[Expr]) -> Option<Expr> {
    None
}

impl Op {
    /// A row in which everything optional is empty: rows name what differs.
    pub const BLANK: Op = Op {
        name: "",
        signature: "",
        meaning: Meaning::Sum,
        vec_form: &[],
        curvature: &[],
        axes: "",
        facts: "",
        domain: "",
        bound: "",
        slope: &[],
        bend: &[],
        stack: &[],
        published: &[],
        output: None,
        forms: Forms::call("", ""),
        kink: None,
        shrink: keep,
    };

    /// The signature, read.
    pub fn parsed(&self) -> Signature {
        Signature::parse(self.signature)
    }

    /// Matches the arguments; on success gives the type of the result and what each size name stands for.
    pub fn check(&'static self, types: &[(Type, bool)]) -> Result<(Shape, BTreeMap<String, Dim>), ShapeError> {
        if matches!(self.meaning, Meaning::Sum) {
            return self.check_sum(types);
        }
        let signature = self.parsed();
        let fits = match signature.open {
            true => signature.arguments.len() <= types.len(),
            false => signature.arguments.len() == types.len(),
        };
        if !fits {
            return Err(ShapeError::Arity { op: self.name, expected: signature.arguments.len(), found: types.len() });
        }
        let mut sizes = BTreeMap::<String, (Dim, usize, bool)>::new();
        // sizes such as `m*n` are compared when all names are known
        let mut composite = vec![];
        for (i, (argument, (ty, is_number))) in signature.arguments.iter().zip(types).enumerate() {
            let kind = |expected| ShapeError::Kind { op: self.name, argument: i, expected };
            let found: Vec<(&str, bool, &Dim)> = match (argument, ty) {
                (Argument::Matrix(r, c), Type::Matrix(s)) => {
                    vec![(r.as_str(), true, &s.rows), (c.as_str(), false, &s.cols)]
                }
                (Argument::Size(n), Type::Dim(d)) => vec![(n.as_str(), true, d)],
                (Argument::Number, Type::Matrix(_)) if *is_number => vec![],
                (Argument::Matrix(..), _) => return Err(kind("a matrix")),
                (Argument::Size(_), _) => return Err(kind("a size")),
                (Argument::Number, _) => return Err(kind("a number")),
            };
            for (name, by_rows, dim) in found {
                if name.contains(['*', '+', '-']) {
                    composite.push((Dim::parse(name), i, by_rows, dim));
                    continue;
                }
                let known = match name.parse::<i64>() {
                    Ok(n) => (Dim::constant(n), i, by_rows),
                    Err(_) => sizes.entry(name.to_owned()).or_insert((dim.clone(), i, by_rows)).clone(),
                };
                if known.0 != *dim {
                    return Err(ShapeError::Size {
                        op: self.name,
                        first: (known.1, known.2, known.0),
                        second: (i, by_rows, dim.clone()),
                    });
                }
            }
        }
        let last = sizes.values().map(|s| s.1).max().unwrap_or(0);
        let sizes: BTreeMap<String, Dim> = sizes.into_iter().map(|(n, (d, ..))| (n, d)).collect();
        for (formula, i, by_rows, dim) in composite {
            let needed = formula.rename(&sizes);
            if needed != *dim {
                return Err(ShapeError::Size { op: self.name, first: (last, true, needed), second: (i, by_rows, dim.clone()) });
            }
        }
        let shape = Shape::new(signature.result.0.rename(&sizes), signature.result.1.rename(&sizes));
        Ok((shape, sizes))
    }

    fn check_sum(&self, types: &[(Type, bool)]) -> Result<(Shape, BTreeMap<String, Dim>), ShapeError> {
        let mut first: Option<&Shape> = None;
        for (i, (ty, _)) in types.iter().enumerate() {
            let Type::Matrix(s) = ty else {
                return Err(ShapeError::Kind { op: self.name, argument: i, expected: "a matrix" });
            };
            let f = *first.get_or_insert(s);
            for (by_rows, a, b) in [(true, &f.rows, &s.rows), (false, &f.cols, &s.cols)] {
                if a != b {
                    return Err(ShapeError::Size {
                        op: self.name,
                        first: (0, by_rows, a.clone()),
                        second: (i, by_rows, b.clone()),
                    });
                }
            }
        }
        let Some(s) = first else {
            return Err(ShapeError::Arity { op: self.name, expected: 1, found: 0 });
        };
        let sizes = BTreeMap::from([("m".to_owned(), s.rows.clone()), ("n".to_owned(), s.cols.clone())]);
        Ok((s.clone(), sizes))
    }
}

/// One argument of a signature.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A matrix with named (or constant) sizes.
    Matrix(String, String),
    /// A size.
    Size(String),
    /// A number known at compile time.
    Number,
}

/// A signature, read: `m×k, k×n -> m×n`.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The arguments in order.
    pub arguments: Vec<Argument>,
    /// Rows and columns of the result, in the names of the arguments.
    pub result: (Dim, Dim),
    /// Whether any further arguments may follow: `p×q, ... -> p×q`.
    pub open: bool,
}

impl Signature {
    /// Reads a signature of a row; it panics on a malformed one, which the tests of the rows would show.
    pub fn parse(text: &str) -> Signature {
        let (left, right) = text.split_once("->").expect("a signature has `->`");
        let argument = |s: &str| match (s.split_once('×'), s) {
            (Some((r, c)), _) => Argument::Matrix(r.trim().to_owned(), c.trim().to_owned()),
            (None, "#") => Argument::Number,
            (None, n) => Argument::Size(n.to_owned()),
        };
        let (r, c) = right.split_once('×').expect("the result of a signature is a matrix");
        Signature {
            arguments: left.split(',').map(str::trim).filter(|s| !s.is_empty() && *s != "...").map(argument).collect(),
            open: left.contains("..."),
            result: (Dim::parse(r), Dim::parse(c)),
        }
    }
}

/// A reference to a row, compared and hashed by name.
#[derive(Clone, Copy)]
pub struct OpRef(pub &'static Op);

impl OpRef {
    /// Whether it is the sum.
    pub fn is_sum(self) -> bool {
        matches!(self.0.meaning, Meaning::Sum)
    }

    /// Whether its two arguments may change places: they stand under the same letters.
    pub fn commutes(self) -> bool {
        !self.is_sum() && Reading::of(self.0).commutes
    }
}

impl PartialEq for OpRef {
    fn eq(&self, o: &Self) -> bool {
        std::ptr::eq(self.0, o.0) || self.0.name == o.0.name
    }
}
impl Eq for OpRef {}
impl PartialOrd for OpRef {
    fn partial_cmp(&self, o: &Self) -> Option<Ordering> {
        Some(self.cmp(o))
    }
}
impl Ord for OpRef {
    fn cmp(&self, o: &Self) -> Ordering {
        self.0.name.cmp(o.0.name)
    }
}
impl hash::Hash for OpRef {
    fn hash<H: hash::Hasher>(&self, h: &mut H) {
        self.0.name.hash(h)
    }
}
impl fmt::Debug for OpRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}
