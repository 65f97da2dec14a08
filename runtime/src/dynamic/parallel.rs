//! Plans run by several threads: steps that do not wait for each other are done at once.
//!
//! Everything that is added to one array is added in the order of the plan, so that the results do not depend on the threads.

use super::{
    backend::{Backend, Cpu},
    execute::{Arrays, Input},
};
use crate::Real;
use hesse_compiler::index::{
    Failure, Outcome,
    plan::{Action, Plan, Product},
};
use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::BTreeSet,
    hint, mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// A product with more than this part of all operations is done by all threads together.
const LARGE: u128 = 4;
/// Steps that may be done before one that still waits: what they make has to be held.
const AHEAD: usize = 96;
/// Parts of the dearest chain of steps that tell chains apart; steps with about as dear ones are done in order, while what they read is near.
const PARTS: f64 = 8.0;
/// How often a thread looks for work before it sleeps.
const LOOKS: usize = 200;
/// How long it waits in between, in idle turns.
const PAUSE: usize = 64;

/// Which steps wait for which.
struct Order {
    /// For each step those that wait for it.
    after: Vec<Vec<usize>>,
    /// For each step how many it waits for.
    waits: Vec<usize>,
    /// How many steps read or write each array; of those that are kept, one more.
    uses: Vec<usize>,
    /// For each step what it costs, with the dearest chain of those that wait for it, in parts of the dearest of all.
    chains: Vec<u64>,
}

impl Order {
    fn of(plan: &Plan) -> Order {
        let n = plan.arrays.len();
        let (mut writer, mut readers): (Vec<Option<usize>>, Vec<Vec<usize>>) = (vec![None; n], vec![vec![]; n]);
        let mut uses = vec![0; n];
        let mut before: Vec<BTreeSet<usize>> = vec![];
        for (k, step) in plan.steps.iter().enumerate() {
            let mut own = BTreeSet::new();
            let target = step.action.target();
            for a in plan.touched(k) {
                uses[a] += 1;
                own.extend(writer[a]);
                if Some(a) == target {
                    own.extend(mem::take(&mut readers[a]));
                    writer[a] = Some(k);
                } else {
                    readers[a].push(k);
                }
            }
            before.push(own);
        }
        plan.outputs.iter().for_each(|o| uses[o.0] += 1);
        let mut after = vec![vec![]; before.len()];
        before.iter().enumerate().for_each(|(k, b)| b.iter().for_each(|&j| after[j].push(k)));
        let chains = plan.chains(&after);
        let part = chains.iter().copied().fold(1.0, f64::max) / PARTS;
        let chains = chains.into_iter().map(|c| (c / part) as u64).collect();
        Order { chains, after, waits: before.iter().map(BTreeSet::len).collect(), uses }
    }
}

/// What is left to do.
struct Queue {
    order: Order,
    /// Steps that wait for nothing.
    ready: BTreeSet<usize>,
    /// Steps that are not done yet.
    open: BTreeSet<usize>,
    notes: BTreeSet<String>,
    /// The first step that failed: those before it are still done, since one of them may fail too.
    failed: Option<(usize, Failure)>,
}

impl Queue {
    /// Whether there is nothing more to do.
    fn over(&self) -> bool {
        self.open.first().is_none_or(|&first| self.failed.as_ref().is_some_and(|f| first >= f.0))
    }

    /// Of the steps that may be done now the first with the dearest chain behind it, so that no thread is left with one in the end.
    fn next(&mut self) -> Option<usize> {
        let first = *self.open.first()?;
        let last = self.failed.as_ref().map_or(first + AHEAD, |f| f.0.min(first + AHEAD));
        let next = *self.ready.range(..=last).max_by_key(|&&k| (self.order.chains[k], Reverse(k)))?;
        self.ready.remove(&next);
        Some(next)
    }
}

/// Runs a plan by all threads of the processor.
///
/// Errors: data that are missing or of another size; values outside a domain.
pub(super) fn execute<R: Real>(cpu: &Cpu<R>, plan: &Plan, input: Input) -> Result<Outcome<f64>, Failure> {
    let arrays = Arrays::given(cpu, plan, input)?;
    let order = Order::of(plan);
    let ready = (0..plan.steps.len()).filter(|&k| order.waits[k] == 0).collect();
    let open = (0..plan.steps.len()).collect();
    let queue = Mutex::new(Queue { order, ready, open, notes: BTreeSet::new(), failed: None });
    let run = Run { cpu, plan, arrays: &arrays, queue: &queue, woken: Condvar::new(), flops: plan.flops() };
    thread::scope(|scope| {
        for _ in 1..cpu.threads().min(plan.steps.len()) {
            scope.spawn(|| run.work());
        }
        run.work();
    });
    let Queue { notes, failed, .. } = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failed {
        Some((_, failure)) => Err(failure),
        None => Ok(arrays.outcome(cpu, plan, notes, cpu.threads())),
    }
}

/// What the threads share.
struct Run<'a, 'd, R: Real> {
    cpu: &'a Cpu<R>,
    plan: &'a Plan,
    arrays: &'a Arrays<Cow<'d, [R]>>,
    queue: &'a Mutex<Queue>,
    woken: Condvar,
    flops: u128,
}

/// Sends the other threads home if this one panics, so that they do not wait for it.
struct Guard<'a, 'd, R: Real>(&'a Run<'a, 'd, R>);

impl<R: Real> Drop for Guard<'_, '_, R> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.queue().open.clear();
            self.0.woken.notify_all();
        }
    }
}

impl<'d, R: Real> Run<'_, 'd, R> {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does steps until there is nothing more to do.
    fn work(&self) {
        let _guard = Guard(self);
        while let Some(k) = self.wait() {
            let done = self.step(&self.plan.steps[k].action);
            self.finish(k, done);
        }
    }

    /// The next step; nothing if all is done.
    fn wait(&self) -> Option<usize> {
        for _ in 0..LOOKS {
            let mut queue = self.queue();
            if queue.over() {
                return None;
            }
            if let Some(k) = queue.next() {
                return Some(k);
            }
            drop(queue);
            (0..PAUSE).for_each(|_| hint::spin_loop());
        }
        let mut queue = self.queue();
        loop {
            if queue.over() {
                return None;
            }
            if let Some(k) = queue.next() {
                return Some(k);
            }
            queue = self.woken.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn step(&self, action: &Action) -> Result<Option<String>, Failure> {
        let multiply = |p: &Product, factors: &[&Cow<'d, [R]>], target: &mut Cow<'d, [R]>| {
            let threads = if p.flops() * LARGE > self.flops { self.cpu.threads() } else { 1 };
            self.cpu.multiply(p, factors, target.to_mut(), threads);
        };
        self.arrays.step(self.cpu, self.plan, action, multiply)
    }

    /// Tells the queue that a step is done, and gives back what nothing reads any more.
    fn finish(&self, k: usize, done: Result<Option<String>, Failure>) {
        let mut free = vec![];
        let mut queue = self.queue();
        let q = &mut *queue;
        q.open.remove(&k);
        match done {
            Ok(note) => q.notes.extend(note),
            Err(failure) => {
                if q.failed.as_ref().is_none_or(|f| k < f.0) {
                    q.failed = Some((k, failure));
                }
            }
        }
        for &next in &q.order.after[k] {
            q.order.waits[next] -= 1;
            if q.order.waits[next] == 0 {
                q.ready.insert(next);
            }
        }
        for a in self.plan.touched(k) {
            q.order.uses[a] -= 1;
            if q.order.uses[a] == 0 {
                free.push(a);
            }
        }
        drop(queue);
        self.woken.notify_all();
        free.into_iter().filter_map(|a| self.arrays.take(a)).for_each(|a| self.cpu.recycle(a));
    }
}
