//! Modules on a device: kernels that were written when the program was compiled, run at the sizes at hand.

use super::{
    Api, Context, Device, DeviceError, Dialect, Gemm,
    memory::Board,
    module::{Module, Product, Sizes, Task, entries},
    single,
    work::{Touch, Work},
};
use crate::{Error, Real, private};
use nalgebra::DMatrix;

/// The results of a module on a device, of the arguments of its function; `host` is what the processor computes of them, which has
/// the words for a value outside a domain.
///
/// Errors: sizes that disagree; such values; what the device says.
pub fn launch<R: Real, T, const N: usize, const K: usize>(
    context: &Context,
    module: &'static Module,
    arguments: [&DMatrix<R>; N],
    host: impl FnOnce([&DMatrix<R>; N]) -> Result<T, Error>,
) -> Result<[DMatrix<R>; K], Error> {
    let sizes = module.sizes(&arguments.map(|a| [a.nrows(), a.ncols()]))?;
    let given = module.inputs.iter().map(|(_, argument)| entries(arguments[*argument])).collect();
    match context.machine().launch(module, &sizes, given) {
        Ok(Some(values)) => {
            let values = values.into_iter().zip(module.outputs).map(|(v, (_, s))| matrix(v, *s, &sizes));
            Ok(values.collect::<Vec<_>>().try_into().expect("the table of a function has its results"))
        }
        Ok(None) | Err(Stop::Domain) => {
            let words = || Error::Device(format!("{} meets a value outside the domain of an operation", context.name()));
            Err(host(arguments).err().unwrap_or_else(words))
        }
        Err(Stop::Device(e)) => Err(Error::Device(e.to_string())),
    }
}

fn matrix<R: Real>(entries: Vec<f64>, shape: [usize; 2], sizes: &Sizes) -> DMatrix<R> {
    let [rows, cols] = shape.map(|place| sizes.values[place]);
    match R::lent(&entries) {
        Some(own) => private::matrix(own, rows, cols),
        None => private::matrix(&entries.iter().map(|&x| R::of(x)).collect::<Vec<R>>(), rows, cols),
    }
}

/// Why there are no results.
pub(super) enum Stop {
    Device(DeviceError),
    /// A step without a kernel met a value outside of its domain.
    Domain,
}

impl From<DeviceError> for Stop {
    fn from(e: DeviceError) -> Stop {
        Stop::Device(e)
    }
}

/// A task at the sizes at hand.
enum Doing {
    Zero(usize),
    Kernel(usize, &'static [usize]),
    /// A matrix product that is large: by a library, or by tiles.
    Product(&'static Product, Gemm),
    Host(usize),
}

/// What is done at these sizes.
fn doings(module: &'static Module, sizes: &Sizes) -> Vec<Doing> {
    let of = |task: &'static Task| match task {
        Task::Zero(a) => vec![Doing::Zero(*a)],
        Task::Launch(kernel, arrays) => vec![Doing::Kernel(*kernel, arrays)],
        Task::Products(kernel, arrays, products) => {
            let large: Vec<Gemm> = products.iter().map(|p| p.at(sizes)).collect();
            match large.iter().all(Gemm::is_large) {
                true => products.iter().zip(large).map(|(p, g)| Doing::Product(p, g)).collect(),
                false => vec![Doing::Kernel(*kernel, arrays)],
            }
        }
        Task::Host(k) => vec![Doing::Host(*k)],
    };
    module.tasks.iter().flat_map(of).collect()
}

/// What that touches.
fn work(module: &Module, sizes: &Sizes, doings: &[Doing]) -> Work {
    let touch = |doing: &Doing| match doing {
        Doing::Zero(a) => Touch::zero(*a),
        Doing::Kernel(kernel, arrays) => Touch::kernel(arrays, module.kernels[*kernel].written),
        Doing::Product(p, _) => Touch::kernel(&p.arrays, 1),
        Doing::Host(k) => Touch::host(module.hosts[*k].arguments.iter().map(|a| a.0), Some(module.hosts[*k].target)),
    };
    Work {
        lengths: module.arrays.iter().map(|&place| sizes.values[place]).collect(),
        given: module.inputs.iter().map(|i| i.0).chain(module.numbers.iter().map(|n| n.0)).collect(),
        results: module.outputs.iter().map(|o| o.0).collect(),
        tasks: doings.iter().map(touch).collect(),
    }
}

impl<R: Real, A: Api<R>> Device<R, A> {
    /// The results, row by row; none if a kernel met a value outside a domain. Data come in the order of the inputs.
    pub(super) fn run_module(
        &self,
        module: &'static Module,
        sizes: &Sizes,
        given: Vec<Vec<f64>>,
    ) -> Result<Option<Vec<Vec<f64>>>, Stop> {
        module.check(sizes)?;
        let preludes = match A::DIALECT {
            Dialect::Cuda => module.preludes.cuda,
            Dialect::OpenCl => module.preludes.opencl,
        };
        let source = format!("{}\n{}", preludes[usize::from(!single::<R>())], module.text);
        let names: Vec<&str> = module.kernels.iter().map(|k| k.name).collect();
        let compiled = self.compile(source, &names)?;
        let doings = doings(module, sizes);
        let mut board = self.board(&work(module, sizes, &doings))?;
        for ((array, _), data) in module.inputs.iter().zip(given) {
            board.upload(*array).iter_mut().zip(data).for_each(|(u, x)| *u = R::of(x));
        }
        for (array, number) in module.numbers {
            board.upload(*array)[0] = R::of(*number);
        }
        let length = |array: usize| sizes.values[module.arrays[array]];
        let start = |place: usize, board: &Board<A::Memory, R>, arrays: &[usize]| {
            let kernel = &module.kernels[place];
            let grid = [kernel.groups(sizes), kernel.threads];
            self.start(&compiled[place], board, arrays, kernel.flagged, &kernel.arguments(sizes), grid)
        };
        let outside = self.go(&mut board, |task, board| match &doings[task] {
            Doing::Zero(a) => Ok(self.clear(board, *a, length(*a))?),
            Doing::Kernel(place, arrays) => Ok(start(*place, board, arrays)?),
            Doing::Product(p, g) => match self.multiply(board, g)? {
                true => Ok(()),
                false => Ok(start(p.tile, board, &p.arrays)?),
            },
            Doing::Host(place) => self.step(module, *place, sizes, board),
        })?;
        if outside {
            return Ok(None);
        }
        Ok(Some(module.outputs.iter().map(|(a, _)| board.result(*a, length(*a)).collect()).collect()))
    }

    /// A step that has no kernel.
    fn step(&self, module: &Module, place: usize, sizes: &Sizes, board: &mut Board<A::Memory, R>) -> Result<(), Stop> {
        let host = &module.hosts[place];
        let length = |array: usize| sizes.values[module.arrays[array]];
        let given = host.arguments.iter().map(|(a, _)| self.down(board, *a, length(*a))).collect::<Result<_, _>>()?;
        let value = host.value(given, sizes).map_err(|_| Stop::Domain)?;
        Ok(self.up(board, host.target, &value)?)
    }
}
