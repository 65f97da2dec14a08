//! OpenCL, through the loader of the system.

use super::{Api, DeviceError, Dialect, single};
use crate::Real;
use opencl3::{
    command_queue::{CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, CommandQueue},
    context::Context,
    device::{CL_DEVICE_TYPE_ALL, CL_DEVICE_TYPE_CPU, CL_DEVICE_TYPE_GPU, Device, get_all_devices},
    error_codes::ClError,
    kernel::{ExecuteKernel, Kernel},
    memory::{Buffer, CL_MEM_READ_WRITE},
    program::Program,
    types::CL_BLOCKING,
};
use std::cell::Cell;

/// An OpenCL device.
pub struct OpenCl {
    name: String,
    largest: u128,
    double: bool,
    context: Context,
    queue: CommandQueue,
    /// Whether commands wait for those before them.
    ordered: Cell<bool>,
}

impl OpenCl {
    /// The first device, those of graphics before processors.
    ///
    /// Errors: no driver, no device.
    pub fn new() -> Result<OpenCl, DeviceError> {
        let none = |e: ClError| {
            let reason = e.to_string();
            // the loader is missing, or knows no platform
            match e.0 {
                -2000..=-1900 => {
                    DeviceError::NoDriver { api: "OpenCL", reason: format!("its loader libOpenCL.so is missing ({reason})") }
                }
                -1001 => DeviceError::NoDriver { api: "OpenCL", reason: format!("no platform is installed ({reason})") },
                _ => DeviceError::NoDevice { api: "OpenCL", reason },
            }
        };
        let kinds = [CL_DEVICE_TYPE_GPU, CL_DEVICE_TYPE_CPU, CL_DEVICE_TYPE_ALL];
        let mut found = Ok(vec![]);
        for kind in kinds {
            found = get_all_devices(kind);
            if found.as_ref().is_ok_and(|f| !f.is_empty()) {
                break;
            }
        }
        let id = *found
            .map_err(none)?
            .first()
            .ok_or(DeviceError::NoDevice { api: "OpenCL", reason: "its list is empty".to_owned() })?;
        let device = Device::new(id);
        let name = device.name().map_err(none)?.trim().to_owned();
        let failed = |what| move |e: ClError| DeviceError::Call { device: String::new(), what, reason: e.to_string() };
        let largest = u128::from(device.max_mem_alloc_size().map_err(none)?);
        let double = device.double_fp_config().is_ok_and(|c| c != 0);
        let context = Context::from_device(&device).map_err(failed("open a context"))?;
        // SAFETY: the context and the device are those just opened
        let queue = |properties| unsafe { CommandQueue::create(&context, id, properties) };
        // not every device has a queue without an order
        let queue = queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE).or_else(|_| queue(0)).map_err(failed("open a queue"))?;
        Ok(OpenCl { name, largest, double, context, queue, ordered: Cell::new(true) })
    }

    /// Behind a command: the next one waits for it, unless they may run at the same time.
    fn started(&self) -> Result<(), DeviceError> {
        if self.ordered.get() { self.barrier() } else { Ok(()) }
    }

    /// What comes waits for all that was started.
    fn barrier(&self) -> Result<(), DeviceError> {
        // SAFETY: it touches no memory
        unsafe { self.queue.enqueue_barrier_with_wait_list(&[]) }.map_err(self.failed("wait for its work"))?;
        Ok(())
    }

    fn failed(&self, what: &'static str) -> impl Fn(ClError) -> DeviceError {
        let device = self.name.clone();
        move |e| DeviceError::Call { device: device.clone(), what, reason: e.to_string() }
    }
}

impl<R: Real> Api<R> for OpenCl {
    type Memory = Buffer<R>;
    type Kernel = Kernel;
    const DIALECT: Dialect = Dialect::OpenCl;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn compile(&self, source: &str, names: &[&str]) -> Result<Vec<Kernel>, DeviceError> {
        let single = single::<R>();
        if !single && !self.double {
            return Err(DeviceError::NoDouble { device: self.name.clone() });
        }
        let options = if single { "-cl-std=CL1.2 -cl-single-precision-constant" } else { "-cl-std=CL1.2" };
        let program = Program::create_and_build_from_source(&self.context, source, options)
            .map_err(|log| DeviceError::Compile { device: self.name.clone(), log })?;
        names.iter().map(|n| Kernel::create(&program, n).map_err(self.failed("find a kernel"))).collect()
    }

    fn allocate(&self, n: usize) -> Result<Buffer<R>, DeviceError> {
        let needed = n as u128 * size_of::<R>() as u128;
        let refused = || DeviceError::Memory { device: self.name.clone(), needed, available: self.largest };
        if needed > self.largest {
            return Err(refused());
        }
        // SAFETY: no memory of this side is given
        unsafe { Buffer::create(&self.context, CL_MEM_READ_WRITE, n, std::ptr::null_mut()) }.map_err(|_| refused())
    }

    fn part(&self, memory: &Buffer<R>, offset: usize, n: usize) -> Result<Buffer<R>, DeviceError> {
        // SAFETY: the driver checks that it lies inside
        unsafe { memory.create_sub_buffer(CL_MEM_READ_WRITE, offset, n) }.map_err(self.failed("divide its memory"))
    }

    fn write(&self, memory: &mut Buffer<R>, numbers: &[R]) -> Result<(), DeviceError> {
        if numbers.is_empty() {
            return Ok(());
        }
        // SAFETY: the call returns when the numbers have been copied
        unsafe { self.queue.enqueue_write_buffer(memory, CL_BLOCKING, 0, numbers, &[]) }.map_err(self.failed("take data"))?;
        Ok(())
    }

    fn read(&self, memory: &Buffer<R>, numbers: &mut [R]) -> Result<(), DeviceError> {
        if numbers.is_empty() {
            return Ok(());
        }
        // SAFETY: the call returns when the numbers have been copied
        unsafe { self.queue.enqueue_read_buffer(memory, CL_BLOCKING, 0, numbers, &[]) }.map_err(self.failed("give data back"))?;
        Ok(())
    }

    fn zero(&self, memory: &mut Buffer<R>, n: usize) -> Result<(), DeviceError> {
        let bytes = n * size_of::<R>();
        if bytes > 0 {
            // SAFETY: the driver checks the range
            unsafe { self.queue.enqueue_fill_buffer(memory, &[R::of(0.0)], 0, bytes, &[]) }
                .map_err(self.failed("clear memory"))?;
        }
        self.started()
    }

    fn launch(
        &self,
        kernel: &Kernel,
        arrays: &[&Buffer<R>],
        sizes: &[i32],
        [groups, threads]: [usize; 2],
    ) -> Result<(), DeviceError> {
        let mut call = ExecuteKernel::new(kernel);
        // SAFETY: the arguments are the arrays for which the kernel was written, and of those lengths
        unsafe {
            for a in arrays {
                call.set_arg(*a);
            }
            for n in sizes {
                call.set_arg(n);
            }
            call.set_global_work_size(groups * threads).set_local_work_size(threads).enqueue_nd_range(&self.queue)
        }
        .map_err(self.failed("start a kernel"))?;
        self.started()
    }

    fn apart(&self) -> Result<(), DeviceError> {
        self.ordered.set(false);
        Ok(())
    }

    fn in_order(&self) -> Result<(), DeviceError> {
        self.ordered.set(true);
        self.barrier()
    }
}
