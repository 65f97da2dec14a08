//! Devices: kernels of plans, or of functions that stand in the program, run between one upload and one download.
//!
//! Nothing of a driver is needed to build: it is loaded when a device is first asked for, and where there is none an error says so.

mod arena;
mod context;
#[cfg(feature = "cuda")]
mod cuda;
#[cfg(feature = "dynamic")]
mod evaluate;
mod gemm;
mod launch;
mod levels;
mod memory;
#[doc(hidden)]
pub mod module;
#[cfg(feature = "opencl")]
mod opencl;
#[cfg(feature = "dynamic")]
mod run;
mod work;

pub use context::Context;
#[cfg(feature = "cuda")]
pub use cuda::Cuda;
pub use gemm::{ByColumns, Stored};
#[doc(hidden)]
pub use launch::launch;
pub use memory::Device;
#[cfg(feature = "opencl")]
pub use opencl::OpenCl;
#[cfg(feature = "dynamic")]
pub use run::Ready;

use crate::Real;
use gemm::Gemm;

/// Why a device cannot compute.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The library of the driver cannot be loaded.
    #[error("{api} has no driver here: {reason}")]
    NoDriver {
        /// CUDA or OpenCL.
        api: &'static str,
        /// What was looked for.
        reason: String,
    },
    /// The driver knows no device.
    #[error("{api} finds no device: {reason}")]
    NoDevice {
        /// CUDA or OpenCL.
        api: &'static str,
        /// What the driver says.
        reason: String,
    },
    /// The library that compiles CUDA C cannot be loaded.
    #[error("CUDA's compiler NVRTC is not installed: no libnvrtc was found; it is part of the CUDA toolkit")]
    NoCompiler,
    /// Numbers that the device has not.
    #[error("{device} has no numbers of double precision; ask for f32")]
    NoDouble {
        /// Name of the device.
        device: String,
    },
    /// Not enough memory.
    #[error("not enough memory on {device}: {needed} bytes are needed at once, it gives {available}")]
    Memory {
        /// Name of the device.
        device: String,
        /// Bytes needed.
        needed: u128,
        /// Bytes that it gives at most.
        available: u128,
    },
    /// An array with more entries than kernels count.
    #[error("{what} has {entries} entries; kernels count up to 2^31")]
    TooMany {
        /// The array.
        what: String,
        /// Its entries.
        entries: usize,
    },
    /// A kernel that does not go up to a size.
    #[error("the kernel {kernel} goes up to {most}, but {}", if *size == value.to_string() { format!("the size is {size}") } else { format!("{size} = {value}") })]
    Beyond {
        /// Name of the kernel.
        kernel: &'static str,
        /// The size, as in the model.
        size: &'static str,
        /// Its value.
        value: usize,
        /// Up to where it goes.
        most: usize,
    },
    /// A kernel that the device's compiler refuses.
    #[error("a kernel does not compile on {device}:\n{log}")]
    Compile {
        /// Name of the device.
        device: String,
        /// What the compiler says.
        log: String,
    },
    /// A call of the driver that failed.
    #[error("{device} fails to {what}: {reason}")]
    Call {
        /// Name of the device.
        device: String,
        /// What was asked for.
        what: &'static str,
        /// What the driver says.
        reason: String,
    },
}

/// The language of a device's compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// CUDA C.
    Cuda,
    /// OpenCL C 1.2.
    OpenCl,
}

/// What a driver must do: memory, kernels, copies. Lengths and places count numbers.
pub trait Api<R: Real> {
    /// Memory, or a part of it.
    type Memory;
    /// A compiled kernel.
    type Kernel;
    /// The language of its compiler.
    const DIALECT: Dialect;

    /// Name of the device.
    fn name(&self) -> String;
    /// Compiles a source and gives its kernels, by their names.
    ///
    /// Errors: what the compiler says.
    fn compile(&self, source: &str, names: &[&str]) -> Result<Vec<Self::Kernel>, DeviceError>;
    /// So much memory.
    ///
    /// Errors: there is not enough.
    fn allocate(&self, n: usize) -> Result<Self::Memory, DeviceError>;
    /// A part of memory; it must not outlive the whole.
    ///
    /// Errors: the driver's.
    fn part(&self, memory: &Self::Memory, offset: usize, n: usize) -> Result<Self::Memory, DeviceError>;
    /// Copies numbers to the device.
    ///
    /// Errors: the driver's.
    fn write(&self, memory: &mut Self::Memory, numbers: &[R]) -> Result<(), DeviceError>;
    /// Copies numbers from the device, when all that was started is done.
    ///
    /// Errors: the driver's, those of kernels too.
    fn read(&self, memory: &Self::Memory, numbers: &mut [R]) -> Result<(), DeviceError>;
    /// Sets so many numbers to zero.
    ///
    /// Errors: the driver's.
    fn zero(&self, memory: &mut Self::Memory, n: usize) -> Result<(), DeviceError>;
    /// Starts so many groups of so many threads of a kernel, with the sizes that it takes behind its arrays.
    ///
    /// Errors: the driver's.
    fn launch(&self, kernel: &Self::Kernel, arrays: &[&Self::Memory], sizes: &[i32], grid: [usize; 2])
    -> Result<(), DeviceError>;
    /// What is started from now on may run at the same time, in any order, behind all that was started before.
    ///
    /// Errors: the driver's.
    fn apart(&self) -> Result<(), DeviceError> {
        Ok(())
    }
    /// What is started from now on runs behind all that was started before, one after the other.
    ///
    /// Errors: the driver's.
    fn in_order(&self) -> Result<(), DeviceError> {
        Ok(())
    }
    /// Does matrix products by the vendor's library: left, right, target. Tells whether there is one.
    ///
    /// Errors: the library's.
    fn gemm(&self, _: &ByColumns, _: [&Self::Memory; 3]) -> Result<bool, DeviceError> {
        Ok(false)
    }
}

/// Most entries of an array: kernels count them in 32 bits, and a little beyond.
const MOST: usize = i32::MAX as usize - 1024;

/// Whether a type of numbers is of single precision.
fn single<R: Real>() -> bool {
    size_of::<R>() == 4
}
