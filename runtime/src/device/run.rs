//! Plans on a device, whatever its driver.

use super::{Api, DeviceError, arena::Arena, levels::levels, precision};
use crate::{
    Real,
    dynamic::{Cpu, Engine, Input, execute},
};
use hesse_compiler::{
    emit::c::{Kernels, Task},
    index::{
        Failure, Outcome,
        plan::{Action, Plan},
    },
    matrix::Matrix,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Memory that was used before, with its length.
type Pool<M> = Arc<Mutex<Vec<(usize, M)>>>;

/// A device with the kernels that were compiled for it.
pub struct Device<R, A: Api<R>>
where
    R: Real,
{
    api: A,
    /// Compiled kernels by their source.
    compiled: Mutex<BTreeMap<String, Arc<Vec<A::Kernel>>>>,
    free: Pool<A::Memory>,
    /// Whether steps that do not depend on each other may run at the same time.
    apart: bool,
    numbers: PhantomData<R>,
}

/// A plan with its kernels and the memory for them.
pub struct Ready<A: Api<R>, R: Real> {
    plan: Plan,
    kernels: Kernels,
    compiled: Arc<Vec<A::Kernel>>,
    arena: Arena,
    /// Places of tasks that may run at the same time, level by level.
    levels: Vec<Vec<usize>>,
    state: Mutex<State<A::Memory, R>>,
    pool: Pool<A::Memory>,
}

impl<A: Api<R>, R: Real> Drop for Ready<A, R> {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.parts.clear();
        locked(&self.pool).extend(state.whole.take());
    }
}

/// Memory of a plan. Parts come before the whole, so that they go first.
struct State<M, R> {
    /// The arrays.
    parts: Vec<Option<M>>,
    given: M,
    results: M,
    whole: Option<(usize, M)>,
    /// What goes up and what came down, on this side.
    up: Vec<R>,
    down: Vec<R>,
}

/// What a mutex guards; a panic elsewhere changes nothing about it.
fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Real, A: Api<R>> Device<R, A> {
    /// The device of a driver.
    pub fn new(api: A) -> Device<R, A> {
        Device { api, compiled: Mutex::default(), free: Pool::default(), apart: true, numbers: PhantomData }
    }

    /// The same device, on which all steps run one after the other: the results are the same bits.
    pub fn in_order(self) -> Device<R, A> {
        Device { apart: false, ..self }
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.api.name()
    }

    /// How many sources have been compiled.
    pub fn compiled(&self) -> usize {
        locked(&self.compiled).len()
    }

    /// The kernels, compiled now or before.
    fn compile(&self, kernels: &Kernels) -> Result<Arc<Vec<A::Kernel>>, DeviceError> {
        let source = kernels.source(A::DIALECT, precision::<R>());
        if let Some(known) = locked(&self.compiled).get(&source) {
            return Ok(known.clone());
        }
        let names: Vec<String> = kernels.kernels.iter().map(|k| k.name.clone()).collect();
        let made = Arc::new(if names.is_empty() { vec![] } else { self.api.compile(&source, &names)? });
        locked(&self.compiled).insert(source, made.clone());
        Ok(made)
    }

    /// Memory for so many numbers: the smallest that was used before and is not far too large, or new.
    fn memory(&self, n: usize) -> Result<(usize, A::Memory), DeviceError> {
        let mut free = locked(&self.free);
        let fits = (0..free.len()).filter(|&k| free[k].0 >= n && free[k].0 / 4 <= n).min_by_key(|&k| free[k].0);
        if let Some(k) = fits {
            return Ok(free.swap_remove(k));
        }
        match self.api.allocate(n) {
            Ok(memory) => Ok((n, memory)),
            // what is kept may be in the way
            Err(_) if !free.is_empty() => {
                free.clear();
                Ok((n, self.api.allocate(n)?))
            }
            Err(e) => Err(e),
        }
    }

    fn start(&self, ready: &Ready<A, R>, input: Input) -> Result<Outcome<f64>, Failure> {
        let (plan, arena) = (&ready.plan, &ready.arena);
        let state = &mut *locked(&ready.state);
        for (id, name, shape) in &plan.inputs {
            let entries = input(name, *shape)?;
            let at = arena.places[*id].expect("data have a place");
            state.up[at..at + entries.len()].iter_mut().zip(entries.iter()).for_each(|(u, x)| *u = R::of(*x));
        }
        for (id, number) in &plan.numbers {
            state.up[arena.places[*id].expect("numbers have a place")] = R::of(number.to_f64());
        }
        self.api.write(&mut state.given, &state.up)?;
        self.api.zero(&mut state.results, 1)?;
        let mut notes = BTreeSet::new();
        for level in &ready.levels {
            let several = level.len() > 1;
            if several {
                self.api.apart()?;
            }
            let done = level.iter().try_for_each(|&task| {
                notes.extend(self.task(ready, task, state)?);
                Ok::<(), Failure>(())
            });
            if several {
                self.api.in_order()?;
            }
            done?;
        }
        self.api.read(&state.results, &mut state.down)?;
        if state.down[0] != R::of(0.0) {
            // a value outside a domain: the processor says which
            return execute(&Cpu::<f64>::new(1), plan, input);
        }
        let mut not_finite = None;
        let mut values = vec![];
        for (id, [rows, cols]) in &plan.outputs {
            let at = arena.places[*id].expect("results have a place");
            // a result may be what was given
            let from = if at < arena.given { &state.up[at..] } else { &state.down[at - arena.flag..] };
            let data: Vec<f64> = from[..rows * cols].iter().map(|x| x.f64()).collect();
            if data.iter().any(|x| !x.is_finite()) {
                not_finite = Some("a result".to_owned());
            }
            values.push(Matrix { rows: *rows, cols: *cols, data });
        }
        Ok(Outcome { values, notes: notes.into_iter().collect(), not_finite })
    }

    /// Starts a task; gives a note, where it has one.
    fn task(&self, ready: &Ready<A, R>, task: usize, state: &mut State<A::Memory, R>) -> Result<Option<String>, Failure> {
        let plan = &ready.plan;
        match &ready.kernels.tasks[task] {
            Task::Zero(a) => {
                let part = state.parts[*a].as_mut().expect(PLACED);
                self.api.zero(part, plan.arrays[*a])?;
            }
            Task::Launch { kernel, arrays, gemm } => {
                let text = &ready.kernels.kernels[*kernel];
                let mut list: Vec<&A::Memory> = arrays.iter().map(|&a| state.parts[a].as_ref().expect(PLACED)).collect();
                if let Some(g) = gemm {
                    let (left, right) = if g.swapped { (1, 0) } else { (0, 1) };
                    if self.api.gemm(g, [list[left], list[right], list[2]])? {
                        return Ok(None);
                    }
                }
                if text.flagged {
                    list.push(&state.results);
                }
                if text.groups > 0 {
                    self.api.launch(&ready.compiled[*kernel], &list, &[], [text.groups, text.threads])?;
                }
            }
            Task::Host(step) => return self.on_host(plan, *step, &mut state.parts),
        }
        Ok(None)
    }

    /// A step that has no kernel; gives a note, where it has one.
    fn on_host(&self, plan: &Plan, step: usize, parts: &mut [Option<A::Memory>]) -> Result<Option<String>, Failure> {
        let down = |parts: &[Option<A::Memory>], a: usize| -> Result<Vec<f64>, Failure> {
            let mut numbers = vec![R::of(0.0); plan.arrays[a]];
            self.api.read(parts[a].as_ref().expect(PLACED), &mut numbers)?;
            Ok(numbers.into_iter().map(R::f64).collect())
        };
        let host = Cpu::<f64>::new(1);
        let (value, target) = match &plan.steps[step].action {
            Action::Map { name, values, parameters, argument, target } => {
                let argument = Cow::Owned(down(parts, *argument)?);
                (crate::dynamic::Backend::map(&host, name, values, parameters, &argument), *target)
            }
            Action::Call { name, values, arguments, sizes, target, times } => {
                let data = arguments.iter().map(|a| Ok(Cow::Owned(down(parts, a.0)?))).collect::<Result<Vec<_>, Failure>>()?;
                let list: Vec<(&Cow<[f64]>, [usize; 2])> = data.iter().zip(arguments).map(|(d, a)| (d, a.1)).collect();
                (crate::dynamic::Backend::call(&host, name, values, &list, sizes, *times), *target)
            }
            Action::Watch { name, argument: (a, [rows, cols]), kink } => {
                let data = down(parts, *a)?;
                let words = kink(&Matrix { rows: *rows, cols: *cols, data });
                return Ok(words.map(|w| format!("`{name}` meets {w}")));
            }
            Action::Product(_) => return Ok(None),
        };
        let numbers: Vec<R> = value.map_err(Failure::Domain)?.iter().map(|&x| R::of(x)).collect();
        self.api.write(parts[target].as_mut().expect(PLACED), &numbers)?;
        Ok(None)
    }
}

const PLACED: &str = "all arrays of a step have a place";

impl<R: Real, A: Api<R>> Engine for Device<R, A> {
    type Ready = Ready<A, R>;

    fn ready(&self, plan: Plan) -> Result<Ready<A, R>, Failure> {
        let kernels = Kernels::new(&plan).map_err(|(what, entries)| DeviceError::TooMany { what, entries })?;
        let compiled = self.compile(&kernels)?;
        let arena = Arena::new(&plan, &kernels);
        let levels = match self.apart {
            true => levels(&plan, &kernels, &arena),
            false => (0..kernels.tasks.len()).map(|k| vec![k]).collect(),
        };
        let whole = self.memory(arena.total)?;
        let part = |at: usize, n: usize| self.api.part(&whole.1, at, n);
        let parts = (arena.places.iter().zip(kernels.lengths(&plan)))
            .map(|(at, n)| at.map(|at| part(at, n.max(1))).transpose())
            .collect::<Result<Vec<_>, _>>()?;
        let (given, results) = (part(0, arena.given.max(1))?, part(arena.flag, arena.results - arena.flag)?);
        let (up, down) = (vec![R::of(0.0); arena.given], vec![R::of(0.0); arena.results - arena.flag]);
        let state = Mutex::new(State { parts, given, results, whole: Some(whole), up, down });
        Ok(Ready { plan, kernels, compiled, arena, levels, state, pool: self.free.clone() })
    }

    fn run_ready(&self, ready: &Ready<A, R>, input: Input) -> Result<Outcome<f64>, Failure> {
        self.start(ready, input)
    }

    fn plan<'a>(&self, ready: &'a Ready<A, R>) -> &'a Plan {
        &ready.plan
    }
}
