//! Devices: a plan as a whole becomes kernels, which run between one upload and one download.
//!
//! Nothing of a driver is needed to build: it is loaded when a device is first asked for, and where there is none an error says so.

mod arena;
mod context;
#[cfg(feature = "cuda")]
mod cuda;
mod levels;
#[cfg(feature = "opencl")]
mod opencl;
mod run;

pub use context::Context;
#[cfg(feature = "cuda")]
pub use cuda::Cuda;
#[cfg(feature = "opencl")]
pub use opencl::OpenCl;
pub use run::{Device, Ready};

use crate::Real;
use hesse_compiler::{
    emit::c::{Dialect, Gemm, Precision},
    index::Failure,
};

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

impl From<DeviceError> for Failure {
    fn from(e: DeviceError) -> Failure {
        Failure::Device(e.to_string())
    }
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
    fn compile(&self, source: &str, names: &[String]) -> Result<Vec<Self::Kernel>, DeviceError>;
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
    /// Does a matrix product by the vendor's library: left, right, target. Tells whether there is one.
    ///
    /// Errors: the library's.
    fn gemm(&self, _: &Gemm, _: [&Self::Memory; 3]) -> Result<bool, DeviceError> {
        Ok(false)
    }
}

/// The numbers of a type.
pub(crate) fn precision<R: Real>() -> Precision {
    if size_of::<R>() == Precision::Single.bytes() { Precision::Single } else { Precision::Double }
}
