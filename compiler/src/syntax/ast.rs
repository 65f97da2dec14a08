//! The syntax tree: what was written, with its places; chains are flat, so that long ones are not deep.

use crate::{diagnostic::Diagnostic, number::Number, span::Span};
use std::rc::Rc;

/// An expression with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `0.5`.
    Number(Number),
    /// `X`.
    Name(String),
    /// `A + B - C`: terms with whether each is subtracted.
    Sum(Vec<(bool, Expr)>),
    /// `A ⊗ B ⊗ C`.
    Kron(Vec<Expr>),
    /// `A B / s ∘ C`, from the left; the sign of the first is `Times::Matrix`.
    Product(Vec<(Times, Expr)>),
    /// `A'`, `A^-1`, `A[1:2, :]`: one or more postfixes.
    Postfix(Box<Expr>, Vec<(Postfix, Span)>),
    /// `f(A, B)`, with the place of the name.
    Call(String, Span, Vec<Expr>),
}

/// The sign between two factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Nothing, `*` or `·`: the matrix product, or a multiple.
    Matrix,
    /// `/`.
    Divide,
    /// `∘` or `.*`.
    Entrywise,
    /// `./`.
    DivideEntrywise,
}

/// What stands behind an operand.
#[derive(Clone, Debug, PartialEq)]
pub enum Postfix {
    /// `'`.
    Transpose,
    /// `^k`.
    Power(Expr),
    /// `.^p`.
    EntryPower(Expr),
    /// `[a:b, c]`.
    Index(Vec<Item>),
}

/// One axis of a slice.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `i`.
    At(Expr),
    /// `a:b`, either end open.
    Range(Option<Expr>, Option<Expr>, Span),
}

/// A name that is declared or assigned, `W` or `W[p + 1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The name.
    pub name: String,
    /// Its indices.
    pub index: Vec<Expr>,
    /// Where it stands.
    pub span: Span,
}

/// How two sides are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `==`.
    Equal,
    /// `<=`.
    AtMost,
    /// `<`.
    Below,
    /// `>=`.
    AtLeast,
    /// `>`.
    Above,
}

impl std::fmt::Display for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Relation::Equal => "==",
            Relation::AtMost => "<=",
            Relation::Below => "<",
            Relation::AtLeast => ">=",
            Relation::Above => ">",
        })
    }
}

/// `lhs`, or `lhs <= rhs`.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The left side.
    pub left: Expr,
    /// The relation and the right side, if there is one.
    pub right: Option<(Relation, Expr)>,
    /// Where it stands.
    pub span: Span,
}

/// Which data a name is declared as, in words of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataKind {
    /// `input`.
    Input,
    /// `target`.
    Target,
    /// `const`.
    Const,
    /// `param`.
    Param,
}

/// A statement with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it says.
    pub kind: StatementKind,
    /// Where it stands.
    pub span: Span,
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `dim a, b = 2*a`.
    Dims(Vec<(Target, Option<Expr>)>),
    /// `param W, V: m × n`: names and axes of each group.
    Data(DataKind, Vec<(Vec<Target>, Vec<Expr>)>),
    /// `Y = A X`.
    Assign(Target, Rc<Expr>),
    /// `loss f`.
    Loss(Rc<Expr>),
    /// `layer f(X, W) = X W`, or with a block.
    Layer(Rc<Layer>),
    /// `use "file"`.
    Use(String),
    /// `for p in a..b { … }`.
    For(Loop),
    /// `assume symmetric(A), x > 0`.
    Assume(Vec<Comparison>),
    /// `claim "id": lhs == rhs`.
    Claim(String, Comparison),
    /// A claim that cannot be read, and why: the others are decided all the same.
    UnreadClaim(String, Vec<Diagnostic>),
    /// The statements of an included file.
    Included(Vec<Statement>),
    /// A statement that could not be read, with the names it would have declared.
    Failed(Vec<String>),
}

/// A repetition.
#[derive(Clone, Debug, PartialEq)]
pub struct Loop {
    /// The name that counts.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// First value.
    pub from: Expr,
    /// Last value.
    pub to: Expr,
    /// What is repeated.
    pub body: Vec<Statement>,
}

/// A reusable layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// Names of its arguments.
    pub arguments: Vec<(String, Span)>,
    /// Definitions before the value.
    pub body: Vec<Statement>,
    /// The value; none if the layer could not be read.
    pub value: Option<Expr>,
}
