//! `Device`: a driver with the kernels that it has compiled, and the memory in which they work.

use super::{Api, DeviceError, Gemm, arena::Arena, levels::levels, work::Work};
use crate::Real;
use std::{
    collections::BTreeMap,
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
    pub(super) api: A,
    /// Compiled kernels by their source.
    compiled: Mutex<BTreeMap<String, Arc<Vec<A::Kernel>>>>,
    free: Pool<A::Memory>,
    /// Whether steps that do not depend on each other may run at the same time.
    apart: bool,
    numbers: PhantomData<R>,
}

/// What is said of an array that a step touches.
pub(super) const PLACED: &str = "all arrays of a step have a place";

/// Memory of what is done. Parts come before the whole, so that they go first.
pub(super) struct Board<M, R> {
    /// The arrays.
    pub(super) parts: Vec<Option<M>>,
    pub(super) given: M,
    pub(super) results: M,
    whole: Option<(usize, M)>,
    /// What goes up and what came down, on this side.
    pub(super) up: Vec<R>,
    pub(super) down: Vec<R>,
    arena: Arena,
    /// Places of tasks that may run at the same time, level by level.
    levels: Vec<Vec<usize>>,
    pool: Pool<M>,
}

impl<M, R> Drop for Board<M, R> {
    fn drop(&mut self) {
        self.parts.clear();
        locked(&self.pool).extend(self.whole.take());
    }
}

impl<M, R: Real> Board<M, R> {
    /// The array of that place, to be filled before it is uploaded.
    pub(super) fn upload(&mut self, array: usize) -> &mut [R] {
        &mut self.up[self.arena.places[array].expect(PLACED)..]
    }

    /// The entries of a result, when they are there.
    pub(super) fn result(&self, array: usize, entries: usize) -> impl Iterator<Item = f64> + '_ {
        let (at, given) = (self.arena.places[array].expect(PLACED), self.arena.given);
        // a result may be what was given
        let from = if at < given { &self.up[at..] } else { &self.down[at - self.arena.flag..] };
        from[..entries].iter().map(|x| x.f64())
    }
}

/// What a mutex guards; a panic elsewhere changes nothing about it.
pub(super) fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
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

    /// The kernels of a source, compiled now or before.
    pub(super) fn compile(&self, source: String, names: &[&str]) -> Result<Arc<Vec<A::Kernel>>, DeviceError> {
        if let Some(known) = locked(&self.compiled).get(&source) {
            return Ok(known.clone());
        }
        let made = Arc::new(if names.is_empty() { vec![] } else { self.api.compile(&source, names)? });
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

    /// Memory for what is done.
    pub(super) fn board(&self, work: &Work) -> Result<Board<A::Memory, R>, DeviceError> {
        let arena = Arena::new(work);
        let levels = match self.apart {
            true => levels(work, &arena),
            false => (0..work.tasks.len()).map(|k| vec![k]).collect(),
        };
        let whole = self.memory(arena.total)?;
        let part = |at: usize, n: usize| self.api.part(&whole.1, at, n);
        let parts = (arena.places.iter().zip(&work.lengths))
            .map(|(at, n)| at.map(|at| part(at, (*n).max(1))).transpose())
            .collect::<Result<Vec<_>, _>>()?;
        let (given, results) = (part(0, arena.given.max(1))?, part(arena.flag, arena.results - arena.flag)?);
        let (up, down) = (vec![R::of(0.0); arena.given], vec![R::of(0.0); arena.results - arena.flag]);
        Ok(Board { parts, given, results, whole: Some(whole), up, down, arena, levels, pool: self.free.clone() })
    }

    /// Uploads what is given, does all tasks by `task`, and downloads the results; tells whether a value was outside a domain.
    pub(super) fn go<E: From<DeviceError>>(
        &self,
        board: &mut Board<A::Memory, R>,
        mut task: impl FnMut(usize, &mut Board<A::Memory, R>) -> Result<(), E>,
    ) -> Result<bool, E> {
        self.api.write(&mut board.given, &board.up)?;
        self.api.zero(&mut board.results, 1)?;
        let levels = std::mem::take(&mut board.levels);
        let done = levels.iter().try_for_each(|level| {
            let several = level.len() > 1;
            if several {
                self.api.apart()?;
            }
            let done = level.iter().try_for_each(|&k| task(k, board));
            if several {
                self.api.in_order()?;
            }
            done
        });
        board.levels = levels;
        done?;
        self.api.read(&board.results, &mut board.down)?;
        Ok(board.down[0] != R::of(0.0))
    }

    /// Sets so many entries of an array to zero.
    pub(super) fn clear(&self, board: &mut Board<A::Memory, R>, array: usize, entries: usize) -> Result<(), DeviceError> {
        self.api.zero(board.parts[array].as_mut().expect(PLACED), entries)
    }

    /// Does a product by the vendor's library; tells whether there is one.
    pub(super) fn multiply(&self, board: &Board<A::Memory, R>, g: &Gemm) -> Result<bool, DeviceError> {
        self.api.gemm(&g.by_columns(), g.arrays.map(|a| board.parts[a].as_ref().expect(PLACED)))
    }

    /// Starts a kernel on arrays; a flagged one takes the flag behind them.
    pub(super) fn start(
        &self,
        kernel: &A::Kernel,
        board: &Board<A::Memory, R>,
        arrays: &[usize],
        flagged: bool,
        sizes: &[i32],
        grid: [usize; 2],
    ) -> Result<(), DeviceError> {
        if grid[0] == 0 {
            return Ok(());
        }
        let flag = flagged.then_some(&board.results);
        let list: Vec<&A::Memory> = arrays.iter().map(|&a| board.parts[a].as_ref().expect(PLACED)).chain(flag).collect();
        self.api.launch(kernel, &list, sizes, grid)
    }

    /// So many entries of an array, from the device.
    pub(super) fn down(&self, board: &Board<A::Memory, R>, array: usize, entries: usize) -> Result<Vec<f64>, DeviceError> {
        let mut numbers = vec![R::of(0.0); entries];
        self.api.read(board.parts[array].as_ref().expect(PLACED), &mut numbers)?;
        Ok(R::into_f64(numbers))
    }

    /// Entries of an array, to the device.
    pub(super) fn up(&self, board: &mut Board<A::Memory, R>, array: usize, entries: &[f64]) -> Result<(), DeviceError> {
        let numbers: Vec<R> = entries.iter().map(|&x| R::of(x)).collect();
        self.api.write(board.parts[array].as_mut().expect(PLACED), &numbers)
    }
}
