//! `Program`: a list of statements over tensors with symbolic sizes. `⊗`, `I`, `K`, `diag` and `vec_r` have become letters.

use super::{EntryValues, Functions};
use crate::{dim::Dim, number::Number};
use std::fmt;

/// A tensor of a program, by its place in `Program::tensors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TensorId(pub usize);

/// An index letter of one statement; its extent is a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Letter(pub u32);

/// Storage: row-major with these extents.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Extents of the axes.
    pub shape: Vec<Dim>,
    /// Where its entries come from.
    pub source: Source,
}

/// Where the entries of a tensor come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Given data of that name.
    Input(String),
    /// A constant.
    Number(Number),
    /// Statements.
    Computed,
}

/// Which entry of a tensor a letter assignment means: `offset + Σ stride · letter`. One letter may move along several axes
/// (a diagonal), an axis may be moved by several letters (a fused index), an offset selects a box.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// The tensor.
    pub tensor: TensorId,
    /// Stride of each letter, in entries.
    pub strides: Vec<(Letter, Dim)>,
    /// Entry at which all letters are zero.
    pub offset: Dim,
}

/// Says in words whether an argument is at a kink.
pub type Kink = fn(&crate::matrix::Matrix<f64>) -> Option<String>;

/// What one statement does.
#[derive(Clone)]
pub enum Step {
    /// `target += coefficient · Σ Π factors`: letters that the target has not are summed.
    Contract {
        /// A factor in front.
        coefficient: Number,
        /// The factors.
        factors: Vec<Access>,
        /// Where the result is added.
        target: Access,
        /// Extents of all letters.
        extents: Vec<(Letter, Dim)>,
    },
    /// An entrywise function of a tensor of the same shape.
    Map {
        /// Name of the function.
        name: &'static str,
        /// Its values.
        values: &'static EntryValues,
        /// Its parameters.
        parameters: Vec<Number>,
        /// The argument.
        argument: TensorId,
        /// Tensor written.
        target: TensorId,
    },
    /// A function of matrices.
    Call {
        /// Name of the function.
        name: &'static str,
        /// Its values.
        values: &'static Functions,
        /// Matrix arguments (dense, two axes each).
        arguments: Vec<TensorId>,
        /// Size arguments.
        sizes: Vec<Dim>,
        /// Tensor written.
        target: TensorId,
    },
    /// Tells whether the argument of a function that was differentiated is at a kink.
    Watch {
        /// Name of the function.
        name: &'static str,
        /// Its argument.
        argument: TensorId,
        /// Says so in words.
        kink: Kink,
    },
    /// A condition on sizes that must hold before anything is read: `low ≤ value ≤ high`.
    Within {
        /// What is checked, for the message.
        what: String,
        /// Lower end.
        low: Dim,
        /// The size.
        value: Dim,
        /// Upper end.
        high: Dim,
    },
}

/// One statement.
#[derive(Clone)]
pub struct Statement {
    /// What it does.
    pub step: Step,
    /// The formula it belongs to, for messages and plans.
    pub note: String,
}

/// Statements in order, and which tensors are the results; a computed tensor is zero until something is added to it.
#[derive(Clone, Default)]
pub struct Program {
    /// All tensors.
    pub tensors: Vec<Tensor>,
    /// All statements, in an order that computes before it reads.
    pub statements: Vec<Statement>,
    /// The results, each with two axes.
    pub outputs: Vec<TensorId>,
}

impl Program {
    /// A new tensor.
    pub fn tensor(&mut self, shape: Vec<Dim>, source: Source) -> TensorId {
        self.tensors.push(Tensor { shape, source });
        TensorId(self.tensors.len() - 1)
    }

    /// Names of the data that are read, in order of their tensors.
    pub fn inputs(&self) -> Vec<&str> {
        let mut used = vec![false; self.tensors.len()];
        let read = self.statements.iter().flat_map(|s| s.step.reads()).chain(self.outputs.iter().copied());
        read.for_each(|t| used[t.0] = true);
        let named = self.tensors.iter().zip(used).filter(|x| x.1);
        named.filter_map(|(t, _)| if let Source::Input(name) = &t.source { Some(name.as_str()) } else { None }).collect()
    }

    /// A new statement.
    pub fn push(&mut self, step: Step, note: &str) {
        self.statements.push(Statement { step, note: note.to_owned() });
    }
}

impl Step {
    /// The tensor it writes.
    pub fn target(&self) -> Option<TensorId> {
        match self {
            Step::Contract { target, .. } => Some(target.tensor),
            Step::Map { target, .. } | Step::Call { target, .. } => Some(*target),
            Step::Watch { .. } | Step::Within { .. } => None,
        }
    }

    /// The tensors it reads.
    pub fn reads(&self) -> Vec<TensorId> {
        match self {
            Step::Contract { factors, .. } => factors.iter().map(|f| f.tensor).collect(),
            Step::Map { argument, .. } | Step::Watch { argument, .. } => vec![*argument],
            Step::Call { arguments, .. } => arguments.clone(),
            Step::Within { .. } => vec![],
        }
    }
}

/// One line a statement: `t7[i0,i1] += 2 t3[i0,i2] t4[i2,i1]`.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let access = |a: &Access| {
            let parts: Vec<String> = a.strides.iter().map(|(l, s)| format!("{s}*i{}", l.0)).collect();
            format!("t{}[{} + {}]", a.tensor.0, a.offset, parts.join(" + "))
        };
        for s in &self.statements {
            match &s.step {
                Step::Contract { coefficient, factors, target, extents } => {
                    let extents: Vec<String> = extents.iter().map(|(l, n)| format!("i{}<{n}", l.0)).collect();
                    let factors: Vec<String> = factors.iter().map(access).collect();
                    writeln!(f, "{} += {coefficient} {}    for {}", access(target), factors.join(" "), extents.join(", "))?;
                }
                Step::Map { name, argument, target, .. } => writeln!(f, "t{} = {name}(t{})", target.0, argument.0)?,
                Step::Call { name, arguments, target, .. } => {
                    let arguments: Vec<String> = arguments.iter().map(|a| format!("t{}", a.0)).collect();
                    writeln!(f, "t{} = {name}({})", target.0, arguments.join(", "))?;
                }
                Step::Watch { name, argument, .. } => writeln!(f, "watch {name}(t{})", argument.0)?,
                Step::Within { what, low, value, high } => writeln!(f, "{what}: {low} <= {value} <= {high}")?,
            }
        }
        let outputs: Vec<String> = self.outputs.iter().map(|t| format!("t{}", t.0)).collect();
        writeln!(f, "return {}", outputs.join(", "))
    }
}
