//! `Graph`: hash-consed, so that equal expressions have equal ids; typed on entry, so that no ill-shaped node exists.

use super::{DomainError, Fact, Facts, Meaning, Numeric, Op, OpRef, Shape, ShapeError, Type, reading::Reading};
use crate::{
    dim::Dim,
    index::{self, Contraction},
    matrix::Matrix,
    number::Number,
};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, HashMap};

/// A node of a graph; arguments always have smaller ids than what is made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Expr(u32);

impl Expr {
    /// Its place in the arena: arguments come before what is made of them.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What stands at a place of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// Declared data or a parameter.
    Var(String),
    /// A number; its type is `1×1`.
    Number(Number),
    /// A size used as an argument.
    Dim(Dim),
    /// An operation on earlier nodes.
    Apply(OpRef, Vec<Expr>),
}

/// What a declared name is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Data that differs from sample to sample.
    Input,
    /// Data that differs from sample to sample and is compared with.
    Target,
    /// Data that stays.
    Const,
    /// What derivatives are taken with respect to.
    Param,
}

/// A declared name.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its shape.
    pub shape: Shape,
    /// What it is for.
    pub kind: Kind,
    /// The node.
    pub expr: Expr,
}

/// The arena of all expressions of one compilation.
#[derive(Default)]
pub struct Graph {
    nodes: Vec<(Node, Type, Facts)>,
    ids: FxHashMap<Node, Expr>,
    vars: BTreeMap<String, Variable>,
    order: Vec<String>,
    names: BTreeMap<Expr, String>,
    /// The axes of nodes that are arrays of more than two.
    axes: BTreeMap<Expr, Vec<Dim>>,
    /// What applications have come to, so that simplification of a shared argument is done once; forgotten with new facts.
    applied: FxHashMap<(OpRef, Vec<Expr>), Expr>,
    /// Whether expressions stay as they are written.
    literal: bool,
}

impl Graph {
    /// An empty graph in which nothing is simplified: expressions stay as they are written.
    pub fn literal() -> Graph {
        Graph { literal: true, ..Graph::default() }
    }
    /// Calls a node by a name of the file, for printing; the first name stays.
    pub fn name(&mut self, e: Expr, name: &str) {
        if !matches!(self.node(e), Node::Var(_) | Node::Number(_)) {
            self.names.entry(e).or_insert_with(|| name.to_owned());
        }
    }
    /// The name of a node in the file.
    pub fn name_of(&self, e: Expr) -> Option<&str> {
        self.names.get(&e).map(String::as_str)
    }
    /// All nodes with a name.
    pub fn names(&self) -> impl Iterator<Item = (Expr, &str)> {
        self.names.iter().map(|(e, n)| (*e, n.as_str()))
    }
    /// Declares a name; the caller has checked that it is new.
    pub fn declare(&mut self, name: &str, shape: Shape, kind: Kind) -> Expr {
        let expr = self.intern(Node::Var(name.to_owned()), Type::Matrix(shape.clone()), Facts::default());
        if self.vars.insert(name.to_owned(), Variable { shape, kind, expr }).is_none() {
            self.order.push(name.to_owned());
        }
        expr
    }
    /// Declares an array of three axes or more: the matrix of its first axis × all others.
    pub fn declare_array(&mut self, name: &str, axes: &[Dim], kind: Kind) -> Expr {
        let rest = axes[1..].iter().fold(Dim::constant(1), |a, b| &a * b);
        let e = self.declare(name, Shape::new(axes[0].clone(), rest), kind);
        self.axes.insert(e, axes.to_vec());
        e
    }
    /// Declares a name for data like a node: of its shape, and of its axes if it is an array.
    pub fn declare_like(&mut self, name: &str, like: Expr, kind: Kind) -> Expr {
        match self.axes.get(&like).cloned() {
            Some(axes) => self.declare_array(name, &axes, kind),
            None => self.declare(name, self.shape(like).clone(), kind),
        }
    }
    /// The axes of a node: those of an array, or rows and columns.
    pub fn axes(&self, e: Expr) -> Vec<Dim> {
        self.axes.get(&e).cloned().unwrap_or_else(|| vec![self.shape(e).rows.clone(), self.shape(e).cols.clone()])
    }
    /// The axes of a node in the signs of a declaration, `C×m×n`.
    pub fn axes_text(&self, e: Expr) -> String {
        self.axes(e).iter().map(|d| if d.is_product() { d.to_string() } else { format!("({d})") }).collect::<Vec<_>>().join("×")
    }
    /// A declared name.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.vars.get(name)
    }
    /// All declared names in the order of their declaration.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.order.iter().map(|n| (n.as_str(), &self.vars[n]))
    }
    /// States a fact of a node; only nodes made later see it in their own facts.
    pub fn assume(&mut self, e: Expr, fact: Fact) {
        let facts = &mut self.nodes[e.index()].2;
        if !facts.has(fact) {
            *facts = facts.with(fact);
            self.applied.clear();
        }
    }
    /// States all that is known of something else.
    pub fn assume_all(&mut self, e: Expr, facts: Facts) {
        for (fact, _) in Fact::ALL {
            if facts.has(fact) {
                self.assume(e, fact);
            }
        }
    }
    /// What is known of a node.
    pub fn facts(&self, e: Expr) -> Facts {
        self.nodes[e.index()].2
    }
    /// A number as a `1×1` node.
    pub fn number(&mut self, n: Number) -> Expr {
        let facts = match n.to_f64() {
            x if x > 0.0 => Facts::default().with(Fact::Positive).with(Fact::Invertible),
            0.0 => Facts::default().with(Fact::NonNegative),
            _ => Facts::default().with(Fact::Invertible),
        };
        self.intern(Node::Number(n), Type::Matrix(Shape::scalar()), facts.with(Fact::Symmetric))
    }
    /// A size as an argument.
    pub fn dim(&mut self, d: &Dim) -> Expr {
        self.intern(Node::Dim(d.clone()), Type::Dim(d.clone()), Facts::default())
    }
    /// Applies an operation, simplified by construction; the only way in for an operation.
    pub fn try_apply(&mut self, op: &'static Op, args: &[Expr]) -> Result<Expr, ShapeError> {
        let key = (OpRef(op), args.to_vec());
        if let Some(&e) = self.applied.get(&key) {
            return Ok(e);
        }
        let shape = self.shape_of(op, args)?;
        if !self.literal
            && let Some(simpler) = (op.shrink)(self, args)
        {
            debug_assert_eq!(*self.shape(simpler), shape, "`{}` shrinks to another shape", op.name);
            self.applied.insert(key, simpler);
            return Ok(simpler);
        }
        let e = self.intern_op(op, args.to_vec(), shape);
        self.applied.insert(key, e);
        Ok(e)
    }
    /// The shape of a result.
    fn shape_of(&self, op: &'static Op, args: &[Expr]) -> Result<Shape, ShapeError> {
        let types = || args.iter().map(|&a| (self.ty(a), matches!(self.node(a), Node::Number(_))));
        let quick = match op.meaning {
            Meaning::Sum => None,
            _ => Reading::of(op).shape(types()),
        };
        match quick {
            Some(shape) => Ok(shape),
            None => op.check(&types().map(|(ty, is_number)| (ty.clone(), is_number)).collect::<Vec<_>>()).map(|(shape, _)| shape),
        }
    }
    /// Applies an operation to arguments that fit.
    pub fn apply(&mut self, op: &'static Op, args: &[Expr]) -> Expr {
        self.try_apply(op, args).unwrap_or_else(|e| panic!("a pass built an ill-shaped node of `{}`: {e:?}", op.name))
    }
    /// Applies an operation to arguments that fit, without simplifying anything.
    ///
    /// Errors: the arguments do not fit.
    pub fn apply_as_written(&mut self, op: &'static Op, args: &[Expr]) -> Result<Expr, ShapeError> {
        if let Some(&e) = self.ids.get(&Node::Apply(OpRef(op), args.to_vec())) {
            return Ok(e);
        }
        let shape = self.shape_of(op, args)?;
        Ok(self.intern_op(op, args.to_vec(), shape))
    }
    /// Applies an operation without simplifying: for rows that have already brought their arguments into normal form.
    pub fn intern_op(&mut self, op: &'static Op, args: Vec<Expr>, shape: Shape) -> Expr {
        let mut facts = match op.facts {
            "" => Facts::default(),
            _ => Reading::of(op).facts(&|slot| args.get(slot).map_or(Facts::default(), |&a| self.facts(a))),
        };
        if matches!(op.meaning, Meaning::Sum) {
            for fact in [Fact::Symmetric, Fact::Positive, Fact::NonNegative, Fact::PosDef] {
                if args.iter().all(|&a| self.facts(a).has(fact)) {
                    facts = facts.with(fact);
                }
            }
        }
        if shape.is_scalar() {
            facts = facts.with(Fact::Symmetric);
        }
        let axes = self.axes_of(op, &args, &shape);
        let e = self.intern(Node::Apply(OpRef(op), args), Type::Matrix(shape), facts);
        if let Some(axes) = axes {
            self.axes.insert(e, axes);
        }
        e
    }

    /// The axes of a result: what the row says; entry by entry, those of an argument.
    fn axes_of(&self, op: &'static Op, args: &[Expr], shape: &Shape) -> Option<Vec<Dim>> {
        if self.axes.is_empty() && !op.axes.contains('×') {
            return None;
        }
        let of = |a: &Expr| self.axes.get(a).filter(|_| self.shape(*a) == shape).cloned();
        if matches!(op.meaning, Meaning::Sum | Meaning::Entrywise { .. }) {
            return args.iter().find_map(of);
        }
        if op.axes.contains('×') {
            let (_, sizes) = op.check(&args.iter().map(|&a| (self.ty(a).clone(), false)).collect::<Vec<_>>()).ok()?;
            return op.axes.split('×').map(|n| sizes.get(n).cloned()).collect();
        }
        op.axes.bytes().filter(u8::is_ascii_uppercase).find_map(|c| args.get(usize::from(c - b'A')).and_then(of))
    }
    /// The node.
    pub fn node(&self, e: Expr) -> &Node {
        &self.nodes[e.index()].0
    }
    /// Its type.
    pub fn ty(&self, e: Expr) -> &Type {
        &self.nodes[e.index()].1
    }
    /// The shape of a matrix node.
    pub fn shape(&self, e: Expr) -> &Shape {
        match self.ty(e) {
            Type::Matrix(s) => s,
            Type::Dim(_) => unreachable!("a size has no shape; signatures keep sizes and matrices apart"),
        }
    }
    /// Whether the node is a `1×1` matrix.
    pub fn is_scalar(&self, e: Expr) -> bool {
        matches!(self.ty(e), Type::Matrix(s) if s.is_scalar())
    }
    /// The arguments, if the node applies that operation.
    pub fn args_of(&self, e: Expr, op: &Op) -> Option<&[Expr]> {
        match self.node(e) {
            Node::Apply(o, args) if o.0.name == op.name => Some(args),
            _ => None,
        }
    }
    /// The number a node is.
    pub fn as_number(&self, e: Expr) -> Option<Number> {
        match self.node(e) {
            Node::Number(n) => Some(*n),
            _ => None,
        }
    }
    /// The size an argument is.
    pub fn as_dim(&self, e: Expr) -> Option<&Dim> {
        match self.node(e) {
            Node::Dim(d) => Some(d),
            _ => None,
        }
    }
    /// The arguments of a node, whatever it is.
    pub fn args(&self, e: Expr) -> &[Expr] {
        match self.node(e) {
            Node::Apply(_, args) => args,
            _ => &[],
        }
    }
    /// All nodes that the roots are made of, themselves included, in an order that puts arguments first.
    pub fn reachable(&self, roots: &[Expr]) -> Vec<Expr> {
        let mut seen = vec![false; self.nodes.len()];
        let mut stack = roots.to_vec();
        while let Some(e) = stack.pop() {
            if !std::mem::replace(&mut seen[e.index()], true) {
                stack.extend(self.args(e));
            }
        }
        (0..self.nodes.len()).filter(|&i| seen[i]).map(|i| Expr(i as u32)).collect()
    }
    /// All nodes, arguments first.
    pub fn iter(&self) -> impl Iterator<Item = Expr> {
        (0..self.nodes.len()).map(|i| Expr(i as u32))
    }
    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }
    /// Whether there is no node yet.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn intern(&mut self, node: Node, ty: Type, facts: Facts) -> Expr {
        if let Some(&e) = self.ids.get(&node) {
            return e;
        }
        let e = Expr(u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes fit in memory"));
        self.nodes.push((node.clone(), ty, facts));
        self.ids.insert(node, e);
        e
    }

    /// The reference value of `e`: dense, slow, without any structure. Formula rows must have been expanded.
    ///
    /// Errors: `Evaluation::Missing` for a name or size without a value, or an operation without values over `T`.
    pub fn eval<T: Numeric>(
        &self,
        e: Expr,
        var: &dyn Fn(&str) -> Option<Matrix<T>>,
        size: &dyn Fn(&str) -> Option<usize>,
    ) -> Result<Matrix<T>, Evaluation> {
        let mut values = HashMap::<Expr, Matrix<T>>::new();
        for at in self.reachable(&[e]) {
            let value = match self.node(at) {
                Node::Dim(_) => continue,
                Node::Number(n) => Matrix::scalar(T::number(*n)),
                Node::Var(v) => var(v).ok_or_else(|| Evaluation::Missing(v.clone()))?,
                Node::Apply(op, args) => {
                    let (mut mats, mut dims, mut numbers) = (vec![], vec![], vec![]);
                    for (k, &a) in args.iter().enumerate() {
                        match self.node(a) {
                            Node::Dim(d) => dims.push(d.eval(size).ok_or_else(|| Evaluation::Missing(d.to_string()))?),
                            node => {
                                // the first argument may be a number too, but is no parameter
                                if let (1.., Node::Number(n)) = (k, node) {
                                    numbers.push(*n);
                                }
                                mats.push(&values[&a]);
                            }
                        }
                    }
                    evaluate(op.0, &mats, &dims, &numbers)?
                }
            };
            values.insert(at, value);
        }
        Ok(values.remove(&e).expect("the root is reachable from itself"))
    }
}

/// Why a reference value could not be computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Evaluation {
    /// A name, a size or an evaluator that is missing.
    Missing(String),
    /// Outside the domain of an operation.
    Domain(DomainError),
}

/// The dense value of one operation.
fn evaluate<T: Numeric>(
    op: &'static Op,
    mats: &[&Matrix<T>],
    dims: &[usize],
    numbers: &[Number],
) -> Result<Matrix<T>, Evaluation> {
    Ok(match &op.meaning {
        Meaning::Sum => mats[1..].iter().fold(mats[0].clone(), |acc, m| acc.zip(m, |a, b| a + b)),
        Meaning::Contraction(text) => Contraction::parse(text).eval(mats, dims),
        Meaning::Slice => {
            let (a, b, c, d) = (dims[0], dims[1], dims[2], dims[3]);
            if a < 1 || b > mats[0].rows || c < 1 || d > mats[0].cols || a > b || c > d {
                let message = format!("rows {a} to {b} and columns {c} to {d} are not within {}×{}", mats[0].rows, mats[0].cols);
                return Err(Evaluation::Domain(DomainError { op: op.name, message }));
            }
            Matrix::from_fn(b + 1 - a, d + 1 - c, |i, j| mats[0].at(a - 1 + i, c - 1 + j))
        }
        Meaning::Entrywise { value, .. } => {
            let data = index::map(op.name, value, numbers, &mats[0].data).map_err(Evaluation::Domain)?;
            Matrix { rows: mats[0].rows, cols: mats[0].cols, data }
        }
        Meaning::Rowwise(f) | Meaning::Function(f) => {
            let f = T::function(f).ok_or_else(|| Evaluation::Missing(op.name.to_owned()))?;
            f(mats, dims).map_err(Evaluation::Domain)?
        }
        Meaning::Formula(_) | Meaning::Derivative => {
            unreachable!("`{}` stands for a formula and is expanded before it is evaluated", op.name)
        }
    })
}
