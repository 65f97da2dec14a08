//! `Module`: kernels with all that is needed to run them without a plan; sizes are numbers, or formulas of what is given.

use super::{Kernels, Task, size};
use crate::{
    dim::Dim,
    index::plan::{Action, ArrayId, Plan},
    number::Number,
};

/// A step that has no kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// Name of the function; none if it only looks whether its argument is at a kink.
    pub name: Option<&'static str>,
    /// Its arguments with their shapes.
    pub arguments: Vec<(ArrayId, [Dim; 2])>,
    /// Size arguments.
    pub sizes: Vec<Dim>,
    /// Parameters.
    pub parameters: Vec<Number>,
    /// The array written.
    pub target: Option<ArrayId>,
    /// How many times, for consecutive matrices.
    pub times: usize,
}

/// Kernels and what they are run on.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Names of the sizes that must be given to run it.
    pub sizes: Vec<String>,
    /// Entries of every array, and what it is in words.
    pub arrays: Vec<(Dim, String)>,
    /// Arrays that are given, with their names and shapes.
    pub inputs: Vec<(ArrayId, String, [Dim; 2])>,
    /// Arrays of one entry that are constants.
    pub numbers: Vec<(ArrayId, Number)>,
    /// The results with their shapes.
    pub outputs: Vec<(ArrayId, [Dim; 2])>,
    /// What must hold of the sizes, in words, and as low ≤ value ≤ high.
    pub conditions: Vec<(String, [Dim; 3])>,
    /// Steps without a kernel, which the tasks name by their places.
    pub hosts: Vec<Host>,
    /// The kernels, and what is done in order.
    pub kernels: Kernels,
}

fn known(n: usize) -> Dim {
    Dim::constant(i64::try_from(n).unwrap_or(i64::MAX))
}

impl Module {
    /// The kernels of a plan at its sizes.
    ///
    /// Errors: those of [`Kernels::new`].
    pub fn known(plan: &Plan) -> Result<Module, (String, usize)> {
        let mut kernels = Kernels::new(plan)?;
        let shape = |s: &[usize; 2]| s.map(known);
        let words = plan.words.iter().cloned().chain(kernels.work.iter().map(|_| WORK.to_owned()));
        let mut hosts = vec![];
        let arrays = kernels.lengths(plan).into_iter().map(known).zip(words).collect();
        for t in &mut kernels.tasks {
            let Task::Host(step) = t else { continue };
            hosts.push(match &plan.steps[*step].action {
                Action::Map { name, argument, target, parameters, .. } => Host {
                    name: Some(name),
                    arguments: vec![(*argument, [known(1), known(plan.arrays[*argument])])],
                    sizes: vec![],
                    parameters: parameters.clone(),
                    target: Some(*target),
                    times: 1,
                },
                Action::Call { name, arguments, sizes, target, times, .. } => Host {
                    name: Some(name),
                    arguments: arguments.iter().map(|(a, s)| (*a, shape(s))).collect(),
                    sizes: sizes.iter().copied().map(known).collect(),
                    parameters: vec![],
                    target: Some(*target),
                    times: *times,
                },
                other => Host {
                    name: None,
                    arguments: other.reads().into_iter().map(|a| (a, [known(1), known(plan.arrays[a])])).collect(),
                    sizes: vec![],
                    parameters: vec![],
                    target: None,
                    times: 1,
                },
            });
            *step = hosts.len() - 1;
        }
        Ok(Module {
            sizes: vec![],
            arrays,
            inputs: plan.inputs.iter().map(|(a, name, s)| (*a, name.clone(), shape(s))).collect(),
            numbers: plan.numbers.clone(),
            outputs: plan.outputs.iter().map(|(a, s)| (*a, shape(s))).collect(),
            conditions: vec![],
            hosts,
            kernels,
        })
    }

    /// The names of the sizes that a kernel takes, in the order of its arguments.
    pub fn sizes_of(&self, kernel: usize) -> Vec<&str> {
        let named = |argument: &String| self.sizes.iter().find(|n| size::argument(n) == *argument);
        self.kernels.kernels[kernel].sizes.iter().filter_map(named).map(String::as_str).collect()
    }
}

/// What arrays are in which kernels work.
pub(super) const WORK: &str = "what a kernel works in";

/// A size with whole numbers, `+`, `-`, `*`, and brackets over one whole number, which divides what is in them: `(n*n + n)/2`.
pub fn formula(d: &Dim) -> String {
    size::formula(d, &|name| name.to_owned())
}
