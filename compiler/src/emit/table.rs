//! Launch tables: kernels of a function at all sizes, with all that is needed to run them, as constants of Rust.
//!
//! The types are those of `hesse::device::module`. Each size formula stands once; everything else names it by its place.

use super::{
    EmitError, Function, Typical,
    c::{Dialect, Gemm, Host, Module, Precision, Task, formula, prelude},
    rust::literal,
    sizes::{Extent, Reading, factors, readings},
};
use crate::{dim::Dim, index::Step};
use std::fmt::Write;

/// The tables of functions, each a constant of the name of its function; `krate` is the path of the crate, as `::hesse`.
///
/// Errors: that of the first function that cannot be written, with its name.
pub fn tables(functions: &[Function], typical: &Typical, krate: &str) -> Result<String, (String, EmitError)> {
    let both = |d: Dialect| format!("[{:?}, {:?}]", prelude(d, Precision::Single), prelude(d, Precision::Double));
    let (cuda, opencl) = (both(Dialect::Cuda), both(Dialect::OpenCl));
    let mut out = format!(
        "use {krate}::device::module::*;\n\nstatic PRELUDES: Preludes = Preludes {{ cuda: {cuda}, opencl: {opencl} }};\n"
    );
    for f in functions {
        out.push_str(&table(f, typical, krate).map_err(|e| (f.name.clone(), e))?);
    }
    Ok(out)
}

fn table(f: &Function, typical: &Typical, krate: &str) -> Result<String, EmitError> {
    let module = Module::symbolic(&f.program, typical);
    let readings = readings(&f.arguments, &module.sizes.iter().cloned().collect())?;
    let names = readings.iter().filter_map(|r| match r {
        Reading::Equal(name, _) | Reading::Solved { name, .. } => Some(name.clone()),
        Reading::Checked(_) => None,
    });
    let mut w = Writer { f, module: &module, names: names.collect(), formulas: vec![], krate };
    let fields = w.fields(&readings);
    Ok(format!("pub static {}: Module = Module {{\n{fields}}};\n", f.name))
}

struct Writer<'f> {
    f: &'f Function,
    module: &'f Module,
    /// Names of sizes, in the order in which they are read.
    names: Vec<String>,
    formulas: Vec<Dim>,
    krate: &'f str,
}

/// `&[a, b]`.
fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("&[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

fn places(items: &[usize]) -> String {
    list(items.iter().map(ToString::to_string))
}

impl Writer<'_> {
    fn fields(&mut self, readings: &[Reading]) -> String {
        let m = self.module;
        let mut out = String::new();
        let mut field = |name: &str, value: String| writeln!(out, "    {name}: {value},").expect("a string takes all text");
        field("readings", list(readings.iter().map(|r| self.reading(r))));
        let conditions = m.conditions.iter().map(|(what, [low, value, high])| {
            let named = if value.as_constant().is_some() { String::new() } else { format!("{value} = ") };
            let range = [low, value, high].map(|d| self.formula(d)).join(", ");
            format!("Condition {{ what: {what:?}, value: {named:?}, range: [{range}] }}")
        });
        field("conditions", list(conditions.collect::<Vec<_>>()));
        let arrays: Vec<usize> = m.arrays.iter().map(|a| self.place(&a.0)).collect();
        field("arrays", places(&arrays));
        let argument = |name: &str| self.f.arguments.iter().position(|a| a.name == name).expect("all arrays are arguments");
        field("inputs", list(m.inputs.iter().map(|(a, name, _)| format!("({a}, {})", argument(name)))));
        field("numbers", list(m.numbers.iter().map(|(a, n)| format!("({a}, {})", literal(*n)))));
        let outputs: Vec<String> = m.outputs.iter().map(|(a, s)| format!("({a}, {:?})", self.shape(s))).collect();
        field("outputs", list(outputs));
        let kernels: Vec<String> = (0..m.kernels.kernels.len()).map(|k| self.kernel(k)).collect();
        field("kernels", list(kernels));
        let tasks = m.kernels.tasks.iter().map(|t| match t {
            Task::Zero(a) => format!("Task::Zero({a})"),
            Task::Launch { kernel, arrays, products } if products.is_empty() => {
                format!("Task::Launch({kernel}, {})", places(arrays))
            }
            Task::Launch { kernel, arrays, products } => {
                let products: Vec<String> = products.iter().map(|g| self.product(g)).collect();
                format!("Task::Products({kernel}, {}, {})", places(arrays), list(products))
            }
            Task::Host(h) => format!("Task::Host({h})"),
        });
        field("tasks", list(tasks));
        let hosts: Vec<String> = m.hosts.iter().map(|h| self.host(h)).collect();
        field("hosts", list(hosts));
        let formulas: Vec<String> = std::mem::take(&mut self.formulas).iter().map(|d| self.formula(d)).collect();
        field("formulas", list(formulas));
        field("text", format!("{:?}", m.kernels.text()));
        field("preludes", "&PRELUDES".to_owned());
        out
    }

    /// A size by the place of its formula.
    fn place(&mut self, d: &Dim) -> usize {
        let known = self.formulas.iter().position(|f| f == d);
        known.unwrap_or_else(|| {
            self.formulas.push(d.clone());
            self.formulas.len() - 1
        })
    }

    fn shape(&mut self, s: &[Dim; 2]) -> [usize; 2] {
        [self.place(&s[0]), self.place(&s[1])]
    }

    /// The place of the name of a size.
    fn name(&self, name: &str) -> usize {
        self.names.iter().position(|n| n == name).expect("all sizes are read")
    }

    /// A size as a formula, with its text for messages.
    fn formula(&self, d: &Dim) -> String {
        let (terms, over) = factors(d);
        let terms = terms.iter().map(|(c, names)| {
            let names: Vec<usize> = names.iter().map(|n| self.name(n)).collect();
            format!("({c}, {})", places(&names))
        });
        format!("Formula {{ text: {:?}, terms: {}, over: {over} }}", formula(d), list(terms))
    }

    fn extent(e: &Extent) -> String {
        format!("Extent {{ place: {:?}, argument: {}, by_rows: {} }}", e.place, e.argument, e.by_rows)
    }

    fn reading(&self, r: &Reading) -> String {
        match r {
            Reading::Equal(name, extents) => format!("Reading::Equal({name:?}, {})", list(extents.iter().map(Self::extent))),
            Reading::Solved { name, extent, slope, offset } => format!(
                "Reading::Solved({name:?}, {}, [{}, {}])",
                Self::extent(extent),
                self.formula(slope),
                self.formula(offset)
            ),
            Reading::Checked(e) => {
                format!("Reading::Checked({:?}, {}, {})", e.size.to_string(), Self::extent(e), self.formula(&e.size))
            }
        }
    }

    fn kernel(&mut self, place: usize) -> String {
        let k = &self.module.kernels.kernels[place];
        let pairs = |w: &mut Self, all: &[(Dim, usize)]| {
            list(all.iter().map(|(d, n)| format!("({}, {n})", w.place(d))).collect::<Vec<_>>())
        };
        let (grid, at_most) = (pairs(self, &k.grid), pairs(self, &k.at_most));
        let sizes: Vec<usize> = self.module.sizes_of(place).into_iter().map(|n| self.name(n)).collect();
        format!(
            "Kernel {{ name: {:?}, threads: {}, grid: {grid}, sizes: {}, at_most: {at_most}, written: {}, flagged: {} }}",
            k.name,
            k.threads,
            places(&sizes),
            k.written,
            k.flagged
        )
    }

    /// A matrix product, with sizes by their places.
    fn product(&mut self, g: &Gemm) -> String {
        let Gemm { arrays, shape, batch, left, right, target, offsets, alpha, swapped, add, tile } = g;
        let [shape, left, right, target, offsets] =
            [shape, left, right, target, offsets].map(|sizes| format!("{:?}", sizes.each_ref().map(|d| self.place(d))));
        let batch = self.place(batch);
        format!(
            "Product {{ arrays: {arrays:?}, shape: {shape}, batch: {batch}, left: {left}, right: {right}, target: {target}, \
             offsets: {offsets}, alpha: {alpha:?}, swapped: {swapped}, add: {add}, tile: {tile} }}"
        )
    }

    /// A step without a kernel: the function of the runtime that the processor's code calls.
    fn host(&mut self, h: &Host) -> String {
        let Host { name, arguments, sizes, parameters, target, .. } = h;
        let (name, target) = (name.expect("steps at all sizes compute"), target.expect("steps at all sizes compute"));
        let read: Vec<String> = arguments.iter().map(|(a, s)| format!("({a}, {:?})", self.shape(s))).collect();
        let is_map = self.f.program.statements.iter().any(|s| matches!(&s.step, Step::Map { name: n, .. } if *n == name));
        let function = format!("{}::private::{name}", self.krate);
        let run = if is_map {
            let further: String = parameters.iter().map(|p| format!(", {}", literal(*p))).collect();
            format!("memory.map({name:?}, given[0].0, |x| {function}(x{further}))")
        } else {
            let given: String = (0..arguments.len()).map(|k| format!(", given[{k}].0, given[{k}].1")).collect();
            let further: String = (0..sizes.len()).map(|k| format!(", sizes[{k}]")).collect();
            format!("memory.call({function}{given}{further})")
        };
        let places_of_sizes: Vec<usize> = sizes.iter().map(|d| self.place(d)).collect();
        let used = if sizes.is_empty() { "_" } else { "sizes" };
        format!(
            "Host {{ arguments: {}, sizes: {}, target: {target}, run: |memory, given, {used}| {run} }}",
            list(read),
            places(&places_of_sizes)
        )
    }
}
