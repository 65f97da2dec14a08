//! CUDA: the driver, its run-time compiler NVRTC, and cuBLAS for large matrix products, where it is installed.

use super::{Api, ByColumns, DeviceError, Dialect, Stored, single};
use crate::Real;
use cudarc::{
    cublas::{self, CudaBlas},
    driver::{
        CudaContext, CudaStream, result,
        sys::{CUdevice_attribute, CUdeviceptr, CUfunction, CUmodule},
    },
    nvrtc::{self, CompileError, CompileOptions, compile_ptx_with_opts},
};
use std::{
    cell::Cell,
    ffi::{CString, c_void},
    rc::Rc,
    sync::Arc,
};

/// The first CUDA device.
pub struct Cuda {
    name: String,
    /// `compute_90`.
    architecture: &'static str,
    stream: Arc<CudaStream>,
    /// Streams beside it, for what may run at the same time.
    beside: Vec<Arc<CudaStream>>,
    /// What was started since then, if it may.
    apart: Cell<Option<usize>>,
    blas: Option<CudaBlas>,
}

/// Memory of the device, or a part of it.
pub struct Memory {
    pointer: CUdeviceptr,
    /// What frees it, if it is the whole.
    owner: Option<Arc<CudaContext>>,
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(context) = &self.owner
            && context.bind_to_thread().is_ok()
        {
            // SAFETY: the whole is freed once, here. What a driver says of memory that it gave itself is of no use any more.
            unsafe { result::free_sync(self.pointer) }.ok();
        }
    }
}

/// A function with the module that holds it.
pub struct Function {
    function: CUfunction,
    _module: Rc<Module>,
}

struct Module {
    module: CUmodule,
    context: Arc<CudaContext>,
}

impl Drop for Module {
    fn drop(&mut self) {
        if self.context.bind_to_thread().is_ok() {
            // SAFETY: all functions of the module are gone
            unsafe { result::module::unload(self.module) }.ok();
        }
    }
}

/// The architectures that code is made for, newest first: the newest that the device has.
const ARCHITECTURES: &[(i32, &str)] =
    &[(100, "compute_100"), (90, "compute_90"), (89, "compute_89"), (86, "compute_86"), (80, "compute_80"), (0, "compute_75")];

/// Streams that kernels are divided among.
const STREAMS: usize = 4;

impl Cuda {
    /// The first device.
    ///
    /// Errors: no driver, no device, no NVRTC.
    pub fn new() -> Result<Cuda, DeviceError> {
        // SAFETY: looks whether libraries can be loaded; without this look the calls below would panic
        let (driver, compiler, blas) =
            unsafe { (cudarc::driver::sys::is_culib_present(), nvrtc::sys::is_culib_present(), cublas::sys::is_culib_present()) };
        if !driver {
            return Err(DeviceError::NoDriver { api: "CUDA", reason: "libcuda was not found".to_owned() });
        }
        if !compiler {
            return Err(DeviceError::NoCompiler);
        }
        let none = |e: result::DriverError| DeviceError::NoDevice { api: "CUDA", reason: e.to_string() };
        let context = CudaContext::new(0).map_err(none)?;
        let name = context.name().map_err(none)?;
        let attribute = |a| context.attribute(a).map_err(none);
        let major = attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
        let minor = attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
        let found = ARCHITECTURES.iter().find(|a| a.0 <= 10 * major + minor);
        let architecture = found.map_or("compute_75", |a| a.1);
        let stream = context.default_stream();
        // without the library, our own tiles do
        let blas = if blas { CudaBlas::new(stream.clone()).ok() } else { None };
        let beside = (1..STREAMS).map(|_| context.new_stream().map_err(none)).collect::<Result<_, _>>()?;
        Ok(Cuda { name, architecture, stream, beside, apart: Cell::new(None), blas })
    }

    fn call(&self, what: &'static str, r: Result<(), result::DriverError>) -> Result<(), DeviceError> {
        r.map_err(|e| self.failed(what, &e))
    }

    fn failed(&self, what: &'static str, e: &dyn std::fmt::Display) -> DeviceError {
        DeviceError::Call { device: self.name.clone(), what, reason: e.to_string() }
    }

    /// The stream of the next command: one after the other where they may run at the same time.
    fn next(&self) -> &CudaStream {
        let Some(n) = self.apart.get() else { return &self.stream };
        self.apart.set(Some(n + 1));
        match n % STREAMS {
            0 => &self.stream,
            k => &self.beside[k - 1],
        }
    }

    fn bound(&self) -> Result<(), DeviceError> {
        self.call("take up work", self.stream.context().bind_to_thread())
    }
}

impl<R: Real> Api<R> for Cuda {
    type Memory = Memory;
    type Kernel = Function;
    const DIALECT: Dialect = Dialect::Cuda;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn compile(&self, source: &str, names: &[&str]) -> Result<Vec<Function>, DeviceError> {
        self.bound()?;
        let options = CompileOptions { arch: Some(self.architecture), ..CompileOptions::default() };
        let ptx = compile_ptx_with_opts(source, options).map_err(|e| {
            let log = match &e {
                CompileError::CompileError { log, .. } => log.to_string_lossy().into_owned(),
                other => other.to_string(),
            };
            DeviceError::Compile { device: self.name.clone(), log }
        })?;
        let text = |s: String| CString::new(s).map_err(|e| self.failed("read a text", &e));
        let image = text(ptx.to_src())?;
        let context = self.stream.context().clone();
        // SAFETY: the text ends with a zero and outlives the call
        let module = unsafe { result::module::load_data(image.as_ptr().cast()) }.map_err(|e| self.failed("load kernels", &e))?;
        let module = Rc::new(Module { module, context });
        names
            .iter()
            .map(|n| {
                // SAFETY: the module is kept beside the function
                let function = unsafe { result::module::get_function(module.module, text((*n).to_owned())?) };
                let function = function.map_err(|e| self.failed("find a kernel", &e))?;
                Ok(Function { function, _module: module.clone() })
            })
            .collect()
    }

    fn allocate(&self, n: usize) -> Result<Memory, DeviceError> {
        self.bound()?;
        let bytes = n * size_of::<R>();
        let refused = |_| {
            let available = result::mem_get_info().map_or(0, |m| m.0 as u128);
            DeviceError::Memory { device: self.name.clone(), needed: bytes as u128, available }
        };
        // SAFETY: nothing reads what was not written
        let pointer = unsafe { result::malloc_sync(bytes.max(1)) }.map_err(refused)?;
        Ok(Memory { pointer, owner: Some(self.stream.context().clone()) })
    }

    fn part(&self, memory: &Memory, offset: usize, _: usize) -> Result<Memory, DeviceError> {
        Ok(Memory { pointer: memory.pointer + (offset * size_of::<R>()) as u64, owner: None })
    }

    fn write(&self, memory: &mut Memory, numbers: &[R]) -> Result<(), DeviceError> {
        self.bound()?;
        // SAFETY: the memory has room for the numbers; the stream waits until they are copied
        let copied = unsafe { result::memcpy_htod_async(memory.pointer, numbers, self.stream.cu_stream()) };
        self.call("take data", copied)?;
        self.call("take data", self.stream.synchronize())
    }

    fn read(&self, memory: &Memory, numbers: &mut [R]) -> Result<(), DeviceError> {
        self.bound()?;
        // SAFETY: the memory has those numbers; the stream waits until they are copied
        let copied = unsafe { result::memcpy_dtoh_async(numbers, memory.pointer, self.stream.cu_stream()) };
        self.call("give data back", copied)?;
        self.call("finish its work", self.stream.synchronize())
    }

    fn zero(&self, memory: &mut Memory, n: usize) -> Result<(), DeviceError> {
        self.bound()?;
        // SAFETY: the memory has those numbers
        let set = unsafe { result::memset_d8_async(memory.pointer, 0, n * size_of::<R>(), self.next().cu_stream()) };
        self.call("clear memory", set)
    }

    fn launch(
        &self,
        kernel: &Function,
        arrays: &[&Memory],
        sizes: &[i32],
        [groups, threads]: [usize; 2],
    ) -> Result<(), DeviceError> {
        self.bound()?;
        let pointers: Vec<CUdeviceptr> = arrays.iter().map(|a| a.pointer).collect();
        let mut arguments: Vec<*mut c_void> = pointers.iter().map(|p| std::ptr::from_ref(p).cast_mut().cast()).collect();
        arguments.extend(sizes.iter().map(|n| std::ptr::from_ref(n).cast_mut().cast::<c_void>()));
        let (grid, block) = ((groups as u32, 1, 1), (threads as u32, 1, 1));
        // SAFETY: the arguments are pointers to the arrays for which the kernel was written, and its sizes
        let started = unsafe { result::launch_kernel(kernel.function, grid, block, 0, self.next().cu_stream(), &mut arguments) };
        self.call("start a kernel", started)
    }

    fn apart(&self) -> Result<(), DeviceError> {
        self.apart.set(Some(0));
        self.beside.iter().try_for_each(|s| self.call("divide its work", s.join(&self.stream)))
    }

    fn in_order(&self) -> Result<(), DeviceError> {
        self.apart.set(None);
        self.beside.iter().try_for_each(|s| self.call("wait for its work", self.stream.join(s)))
    }

    fn gemm(&self, g: &ByColumns, arrays: [&Memory; 3]) -> Result<bool, DeviceError> {
        let Some(blas) = &self.blas else { return Ok(false) };
        self.bound()?;
        use cublas::sys::{cublasComputeType_t, cublasGemmAlgo_t, cublasOperation_t, cudaDataType_t};
        let operation = |s: &Stored| if s.transposed { cublasOperation_t::CUBLAS_OP_T } else { cublasOperation_t::CUBLAS_OP_N };
        let at = |s: &Stored| arrays[s.array].pointer + (s.offset * size_of::<R>()) as u64;
        let (kind, computed) = match single::<R>() {
            true => (cudaDataType_t::CUDA_R_32F, cublasComputeType_t::CUBLAS_COMPUTE_32F),
            false => (cudaDataType_t::CUDA_R_64F, cublasComputeType_t::CUBLAS_COMPUTE_64F),
        };
        let (alpha, beta) = (R::of(g.alpha), R::of(g.beta));
        // SAFETY: strides and sizes are those of the arrays
        let done = unsafe {
            cublas::result::gemm_strided_batched_ex(
                *blas.handle(),
                operation(&g.a),
                operation(&g.b),
                g.rows as i32,
                g.cols as i32,
                g.inner as i32,
                std::ptr::from_ref(&alpha).cast(),
                at(&g.a) as *const c_void,
                kind,
                g.a.leading as i32,
                g.a.apart as i64,
                at(&g.b) as *const c_void,
                kind,
                g.b.leading as i32,
                g.b.apart as i64,
                std::ptr::from_ref(&beta).cast(),
                at(&g.c) as *mut c_void,
                kind,
                g.c.leading as i32,
                g.c.apart as i64,
                g.batch as i32,
                computed,
                cublasGemmAlgo_t::CUBLAS_GEMM_DEFAULT,
            )
        };
        done.map_err(|e| self.failed("multiply matrices", &e))?;
        Ok(true)
    }
}
