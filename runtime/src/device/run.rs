//! Plans on a device, whatever its driver.

use super::{
    Api, DeviceError, Dialect, Gemm,
    memory::{Board, Device, locked},
    single,
    work::{Touch, Work},
};
use crate::{
    Real,
    dynamic::{Backend, Cpu, Engine, Input, execute},
};
use hesse_compiler::{
    dim::Dim,
    emit::c::{self, Kernels, Precision, Task},
    index::{
        Failure, Outcome,
        plan::{Action, Plan},
    },
    matrix::Matrix,
};
use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

/// A plan with its kernels and the memory for them.
pub struct Ready<A: Api<R>, R: Real> {
    plan: Plan,
    kernels: Kernels,
    /// Tasks that are matrix products.
    products: Vec<Option<Gemm>>,
    compiled: Arc<Vec<A::Kernel>>,
    board: Mutex<Board<A::Memory, R>>,
}

impl From<DeviceError> for Failure {
    fn from(e: DeviceError) -> Failure {
        Failure::Device(e.to_string())
    }
}

/// What the tasks of a plan touch.
fn work(plan: &Plan, kernels: &Kernels) -> Work {
    let touch = |task: &Task| match task {
        Task::Zero(a) => Touch::zero(*a),
        Task::Launch { kernel, arrays, .. } => Touch::kernel(arrays, kernels.kernels[*kernel].written),
        Task::Host(step) => {
            let action = &plan.steps[*step].action;
            Touch::host(action.reads(), action.target())
        }
    };
    Work {
        lengths: kernels.lengths(plan),
        given: plan.inputs.iter().map(|i| i.0).chain(plan.numbers.iter().map(|n| n.0)).collect(),
        results: plan.outputs.iter().map(|o| o.0).collect(),
        tasks: kernels.tasks.iter().map(touch).collect(),
    }
}

/// A matrix product of known sizes.
fn product(g: &c::Gemm) -> Option<Gemm> {
    let size = |d: &Dim| d.as_constant().and_then(|n| usize::try_from(n).ok());
    let all = |[a, b, c]: &[Dim; 3]| Some([size(a)?, size(b)?, size(c)?]);
    let [x, y, target] = g.arrays;
    Some(Gemm {
        arrays: if g.swapped { [y, x, target] } else { [x, y, target] },
        shape: all(&g.shape)?,
        batch: size(&g.batch)?,
        left: all(&g.left)?,
        right: all(&g.right)?,
        target: all(&g.target)?,
        offsets: all(&g.offsets)?,
        alpha: g.alpha,
        add: g.add,
    })
}

/// The matrix product that each task is.
fn products(kernels: &Kernels) -> Vec<Option<Gemm>> {
    let of = |task: &Task| match task {
        Task::Launch { products, .. } => {
            if let [one] = products.as_slice() {
                product(one)
            } else {
                None
            }
        }
        _ => None,
    };
    kernels.tasks.iter().map(of).collect()
}

impl<R: Real, A: Api<R>> Device<R, A> {
    fn run_plan(&self, ready: &Ready<A, R>, input: Input) -> Result<Outcome<f64>, Failure> {
        let (plan, board) = (&ready.plan, &mut *locked(&ready.board));
        for (id, name, shape) in &plan.inputs {
            let entries = input(name, *shape)?;
            board.upload(*id).iter_mut().zip(entries.iter()).for_each(|(u, x)| *u = R::of(*x));
        }
        for (id, number) in &plan.numbers {
            board.upload(*id)[0] = R::of(number.to_f64());
        }
        let mut notes = BTreeSet::new();
        let outside = self.go(board, |task, board| {
            notes.extend(self.task(ready, task, board)?);
            Ok::<(), Failure>(())
        })?;
        if outside {
            // the processor says which
            return execute(&Cpu::<f64>::new(1), plan, input);
        }
        let mut not_finite = None;
        let mut values = vec![];
        for (id, [rows, cols]) in &plan.outputs {
            let data: Vec<f64> = board.result(*id, rows * cols).collect();
            if data.iter().any(|x| !x.is_finite()) {
                not_finite = Some("a result".to_owned());
            }
            values.push(Matrix { rows: *rows, cols: *cols, data });
        }
        Ok(Outcome { values, notes: notes.into_iter().collect(), not_finite })
    }

    /// Starts a task; gives a note, where it has one.
    fn task(&self, ready: &Ready<A, R>, task: usize, board: &mut Board<A::Memory, R>) -> Result<Option<String>, Failure> {
        let plan = &ready.plan;
        match &ready.kernels.tasks[task] {
            Task::Zero(a) => self.clear(board, *a, plan.arrays[*a])?,
            Task::Launch { kernel, arrays, .. } => {
                if let Some(g) = &ready.products[task]
                    && self.multiply(board, g)?
                {
                    return Ok(None);
                }
                let text = &ready.kernels.kernels[*kernel];
                self.start(&ready.compiled[*kernel], board, arrays, text.flagged, &[], [text.groups, text.threads])?;
            }
            Task::Host(step) => return self.on_host(plan, *step, board),
        }
        Ok(None)
    }

    /// A step that has no kernel; gives a note, where it has one.
    fn on_host(&self, plan: &Plan, step: usize, board: &mut Board<A::Memory, R>) -> Result<Option<String>, Failure> {
        let down = |a: usize| self.down(board, a, plan.arrays[a]);
        let host = Cpu::<f64>::new(1);
        let (value, target) = match &plan.steps[step].action {
            Action::Map { name, values, parameters, argument, target } => {
                let argument: Cow<[f64]> = Cow::Owned(down(*argument)?);
                let n = argument.len();
                let mut value = host.blank(n);
                (host.map(name, values, parameters, &argument, 0..n, &mut value).map(|()| value), *target)
            }
            Action::Call { name, values, arguments, sizes, target, times } => {
                let data = arguments.iter().map(|a| Ok(Cow::Owned(down(a.0)?))).collect::<Result<Vec<_>, Failure>>()?;
                let list: Vec<(&Cow<[f64]>, [usize; 2])> = data.iter().zip(arguments).map(|(d, a)| (d, a.1)).collect();
                (host.call(name, values, &list, sizes, *times), *target)
            }
            Action::Watch { name, argument: (a, [rows, cols]), kink } => {
                let data = down(*a)?;
                let words = kink(&Matrix { rows: *rows, cols: *cols, data });
                return Ok(words.map(|w| format!("`{name}` meets {w}")));
            }
            Action::Product(_) => return Ok(None),
        };
        self.up(board, target, &value.map_err(Failure::Domain)?)?;
        Ok(None)
    }
}

impl<R: Real, A: Api<R>> Engine for Device<R, A> {
    type Ready = Ready<A, R>;

    fn ready(&self, plan: Plan) -> Result<Ready<A, R>, Failure> {
        let kernels = Kernels::new(&plan).map_err(|(what, entries)| DeviceError::TooMany { what, entries })?;
        let dialect = match A::DIALECT {
            Dialect::Cuda => c::Dialect::Cuda,
            Dialect::OpenCl => c::Dialect::OpenCl,
        };
        let precision = if single::<R>() { Precision::Single } else { Precision::Double };
        let names: Vec<&str> = kernels.kernels.iter().map(|k| k.name.as_str()).collect();
        let compiled = self.compile(kernels.source(dialect, precision), &names)?;
        let board = Mutex::new(self.board(&work(&plan, &kernels))?);
        let products = products(&kernels);
        Ok(Ready { plan, kernels, products, compiled, board })
    }

    fn run_ready(&self, ready: &Ready<A, R>, input: Input) -> Result<Outcome<f64>, Failure> {
        self.run_plan(ready, input)
    }

    fn plan<'a>(&self, ready: &'a Ready<A, R>) -> &'a Plan {
        &ready.plan
    }
}
