//! `Context`: a device on which the Hessian of a derived struct is computed.

use super::{
    Api, Device,
    launch::Stop,
    module::{Module, Sizes},
};
use crate::{Error, Real};

/// A device on which structs that derive `Hessian` are evaluated, in numbers of its own type.
///
/// With `#[hesse(device)]` a struct has methods that run on it, of kernels that were written when the program was compiled. With the
/// feature `dynamic` the model of any struct is compiled for the sizes of the data when the program runs.
pub struct Context {
    machine: Box<dyn Machine>,
    name: String,
}

/// A device, whatever its driver and numbers.
pub(super) trait Machine {
    /// The results of a module; none if a kernel met a value outside a domain.
    fn launch(&self, module: &'static Module, sizes: &Sizes, given: Vec<Vec<f64>>) -> Result<Option<Vec<Vec<f64>>>, Stop>;
    /// How many sources have been compiled.
    fn compiled(&self) -> usize;
    /// Runs programs that are compiled when the program runs.
    #[cfg(feature = "dynamic")]
    fn executor(&self) -> &dyn hesse_compiler::index::Executor;
}

/// A device as an executor too, where there are executors.
#[cfg(feature = "dynamic")]
type Held<D> = crate::dynamic::Dynamic<D>;
#[cfg(not(feature = "dynamic"))]
struct Held<D>(D);

impl<R: Real, A: Api<R>> Machine for Held<Device<R, A>> {
    fn launch(&self, module: &'static Module, sizes: &Sizes, given: Vec<Vec<f64>>) -> Result<Option<Vec<Vec<f64>>>, Stop> {
        self.0.run_module(module, sizes, given)
    }

    fn compiled(&self) -> usize {
        self.0.compiled()
    }

    #[cfg(feature = "dynamic")]
    fn executor(&self) -> &dyn hesse_compiler::index::Executor {
        self
    }
}

impl Context {
    /// A device by its driver, in numbers of a type: for drivers that hesse does not know.
    pub fn new<R: Real, A: Api<R> + 'static>(api: A) -> Context {
        let device = Device::<R, A>::new(api);
        let name = device.name();
        #[cfg(feature = "dynamic")]
        let machine = Box::new(crate::dynamic::Dynamic(device));
        #[cfg(not(feature = "dynamic"))]
        let machine = Box::new(Held(device));
        Context { machine, name }
    }

    /// The first OpenCL device, with numbers of a type.
    ///
    /// Errors: no driver, no device.
    #[cfg(feature = "opencl")]
    pub fn opencl<R: Real>() -> Result<Context, Error>
    where
        super::OpenCl: Api<R>,
    {
        Ok(Context::new::<R, _>(super::OpenCl::new().map_err(|e| Error::Device(e.to_string()))?))
    }

    /// The first CUDA device, with numbers of a type.
    ///
    /// Errors: no driver, no compiler, no device.
    #[cfg(feature = "cuda")]
    pub fn cuda<R: Real>() -> Result<Context, Error>
    where
        super::Cuda: Api<R>,
    {
        Ok(Context::new::<R, _>(super::Cuda::new().map_err(|e| Error::Device(e.to_string()))?))
    }

    /// Name of the device.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many sources the driver has compiled: one for each function that was called, whatever the sizes; of a model that is
    /// compiled when the program runs, one for each set of sizes.
    pub fn compiled(&self) -> usize {
        self.machine.compiled()
    }

    pub(super) fn machine(&self) -> &dyn Machine {
        self.machine.as_ref()
    }
}
