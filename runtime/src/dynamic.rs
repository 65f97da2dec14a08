//! Programs compiled at run time, run at full speed: a plan at the sizes of the data, products as matrix products, samples at once.
//!
//! ```
//! use hesse::dynamic::Cpu;
//! let cpu = Cpu::<f64>::new(2);
//! assert_eq!(cpu.threads(), 2);
//! ```

mod backend;
mod execute;
mod finite;
mod parallel;

pub use backend::{Backend, Coming, Cpu};
pub use execute::{Dynamic, Engine, Input, execute};
