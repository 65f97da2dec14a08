//! Where numbers are computed: `--device cpu`, `opencl`, `cuda`, or `auto`, which takes the first that there is and says which.

use crate::{Manner, eval::threads, say};
use hesse::dynamic::{Cpu, Dynamic};
use hesse_compiler::{
    diagnostic::{Code, Diagnostic},
    index::Executor,
};

/// Where to compute, and with which numbers.
#[derive(clap::Args, Debug)]
pub(crate) struct Device {
    /// Where to compute; auto takes a GPU if there is one, else the processor
    #[arg(long, value_name = "DEVICE", default_value = "cpu", value_parser = ["cpu", "opencl", "cuda", "auto"])]
    device: String,
    /// Numbers to compute with
    #[arg(long, value_name = "TYPE", default_value = "f64", value_parser = ["f32", "f64"])]
    dtype: String,
    /// Most threads of the processor to use; all if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// What evaluates plans, and its name.
type Found = (Box<dyn Executor>, String);

impl Device {
    /// How many threads the processor may use.
    pub(crate) fn threads(&self) -> usize {
        threads(self.threads)
    }

    /// What evaluates plans there, with its name.
    ///
    /// Errors: the rendered diagnostic: a feature that is off, no driver, no device.
    pub(crate) fn executor(&self, manner: Manner) -> Result<Found, String> {
        let single = self.dtype == "f32";
        let found = match self.device.as_str() {
            "cuda" => cuda(single),
            "opencl" => opencl(single),
            "auto" => {
                let (found, why) = match cuda(single) {
                    Ok(found) => (Ok(found), vec![]),
                    Err(first) => match opencl(single) {
                        Ok(found) => (Ok(found), vec![]),
                        Err(second) => (self.cpu(single), vec![first, second]),
                    },
                };
                if let Ok((_, name)) = &found
                    && !manner.quiet
                {
                    let why: String = why.iter().map(|w| format!("; {}", w.lines().next().unwrap_or_default())).collect();
                    say(&format!("note: computed on {name}{why}"));
                }
                found
            }
            _ => self.cpu(single),
        };
        found.map_err(|text| {
            let d = Diagnostic::new(Code::Device, text).help("`--device cpu` needs none, `--device auto` takes what there is");
            d.render(&[], manner.color)
        })
    }

    fn cpu(&self, single: bool) -> Result<Found, String> {
        let threads = self.threads();
        let executor: Box<dyn Executor> =
            if single { Box::new(Dynamic(Cpu::<f32>::new(threads))) } else { Box::new(Dynamic(Cpu::<f64>::new(threads))) };
        Ok((executor, "cpu".to_owned()))
    }
}

/// The device of a driver.
#[cfg(any(feature = "opencl", feature = "cuda"))]
macro_rules! device {
    ($single:expr, $kind:literal, $api:expr) => {{
        use hesse::device::Device;
        let api = $api.map_err(|e| e.to_string())?;
        Ok(if $single {
            let device = Device::<f32, _>::new(api);
            let name = format!("{}: {}", $kind, device.name());
            (Box::new(Dynamic(device)), name)
        } else {
            let device = Device::<f64, _>::new(api);
            let name = format!("{}: {}", $kind, device.name());
            (Box::new(Dynamic(device)), name)
        })
    }};
}

#[cfg(feature = "opencl")]
fn opencl(single: bool) -> Result<Found, String> {
    device!(single, "opencl", hesse::device::OpenCl::new())
}

#[cfg(feature = "cuda")]
fn cuda(single: bool) -> Result<Found, String> {
    device!(single, "cuda", hesse::device::Cuda::new())
}

#[cfg(not(feature = "opencl"))]
fn opencl(_: bool) -> Result<Found, String> {
    Err("this hesse was built without OpenCL: build it with `--features opencl`".to_owned())
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: bool) -> Result<Found, String> {
    Err("this hesse was built without CUDA: build it with `--features cuda`".to_owned())
}
