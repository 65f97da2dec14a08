//! `Module`: the kernels of one function at all sizes, as the derive macro writes them: constants with all that is needed to run them.
//!
//! An array is called by its place in `arrays`, a size by its place in `formulas`; what is computed of sizes is computed here.

use super::{DeviceError, Gemm};
use crate::{
    Error,
    private::{self, Array, Memory},
};
use nalgebra::DMatrix;

/// Kernels with what they are run on, and in which order.
pub struct Module {
    /// How sizes are read off the arguments; each but those that only check gives the next size.
    pub readings: &'static [Reading],
    /// What must hold of sizes beside that.
    pub conditions: &'static [Condition],
    /// Entries of every array.
    pub arrays: &'static [usize],
    /// Arrays that are given, with the places of their arguments.
    pub inputs: &'static [(usize, usize)],
    /// Arrays of one entry that are constants.
    pub numbers: &'static [(usize, f64)],
    /// The results with their rows and columns.
    pub outputs: &'static [(usize, [usize; 2])],
    /// The kernels.
    pub kernels: &'static [Kernel],
    /// What is done, in order.
    pub tasks: &'static [Task],
    /// Steps without a kernel.
    pub hosts: &'static [Host],
    /// All sizes that are met.
    pub formulas: &'static [Formula],
    /// The text of the kernels, the same for all devices.
    pub text: &'static str,
    /// What stands before it.
    pub preludes: &'static Preludes,
}

/// What stands before the text of kernels: for numbers of single precision, then of double.
pub struct Preludes {
    /// For CUDA.
    pub cuda: [&'static str; 2],
    /// For OpenCL.
    pub opencl: [&'static str; 2],
}

/// Rows or columns of an argument.
pub struct Extent {
    /// `the rows of X`, for messages.
    pub place: &'static str,
    /// Which argument.
    pub argument: usize,
    /// Rows, else columns.
    pub by_rows: bool,
}

/// One step of reading sizes.
pub enum Reading {
    /// The size of that name is all of these.
    Equal(&'static str, &'static [Extent]),
    /// The size solves `extent = slope · size + offset`.
    Solved(&'static str, Extent, [Formula; 2]),
    /// The extent must be this size, which stands in words before.
    Checked(&'static str, Extent, Formula),
}

/// `low ≤ value ≤ high`.
pub struct Condition {
    /// What is checked, for messages.
    pub what: &'static str,
    /// `m = `, or nothing where the value is known.
    pub value: &'static str,
    /// Low, value, high.
    pub range: [Formula; 3],
}

/// Whole numbers times products of sizes, all over one whole number.
pub struct Formula {
    /// The same in words.
    pub text: &'static str,
    /// Each term: a whole number, and the sizes by their places.
    pub terms: &'static [(i64, &'static [usize])],
    /// What all is divided by.
    pub over: i64,
}

/// One kernel.
pub struct Kernel {
    /// Its name.
    pub name: &'static str,
    /// Threads of a group.
    pub threads: usize,
    /// Groups: the product of these, each over the other and rounded up.
    pub grid: &'static [(usize, usize)],
    /// Sizes that it takes behind its arrays, by their names' places.
    pub sizes: &'static [usize],
    /// Sizes up to which it goes.
    pub at_most: &'static [(usize, usize)],
    /// How many of its arrays it writes: the last ones.
    pub written: usize,
    /// Whether it takes the flag that tells of a value outside a domain.
    pub flagged: bool,
}

/// What is done.
pub enum Task {
    /// Sets an array to zero.
    Zero(usize),
    /// Starts a kernel on arrays.
    Launch(usize, &'static [usize]),
    /// The same; at large sizes these products instead, one after the other.
    Products(usize, &'static [usize], &'static [Product]),
    /// Does a step without a kernel.
    Host(usize),
}

/// A matrix product, as [`Gemm`] has it; sizes by the places of their formulas.
pub struct Product {
    /// Two factors and the result.
    pub arrays: [usize; 3],
    /// Rows, inner size, columns.
    pub shape: [usize; 3],
    /// How many.
    pub batch: usize,
    /// Strides of the left factor.
    pub left: [usize; 3],
    /// Of the right factor.
    pub right: [usize; 3],
    /// Of the result.
    pub target: [usize; 3],
    /// Entries at which the three begin.
    pub offsets: [usize; 3],
    /// The coefficient.
    pub alpha: f64,
    /// Whether the left factor is the second of the arrays.
    pub swapped: bool,
    /// Whether the result is added.
    pub add: bool,
    /// The kernel that does it by tiles.
    pub tile: usize,
}

/// A function of arrays with their shapes, and of sizes.
pub type Run = fn(&mut Memory<f64>, &[(Array, [usize; 2])], &[usize]) -> Result<Array, Error>;

/// A step that has no kernel.
pub struct Host {
    /// Its arguments, with rows and columns.
    pub arguments: &'static [(usize, [usize; 2])],
    /// Sizes.
    pub sizes: &'static [usize],
    /// The array written.
    pub target: usize,
    /// The function, as it is called by the processor's code.
    pub run: Run,
}

/// The sizes at hand, and what the formulas are at them.
pub(super) struct Sizes {
    /// Sizes by the places of their names.
    pub(super) names: Vec<usize>,
    /// Values of the formulas.
    pub(super) values: Vec<usize>,
}

impl Formula {
    /// What is divided by `over`; beyond the range of numbers it stays at its end.
    fn numerator(&self, names: &[usize]) -> i64 {
        let term = |(c, sizes): &(i64, &[usize])| sizes.iter().fold(i128::from(*c), |p, &k| p.saturating_mul(names[k] as i128));
        let sum = self.terms.iter().map(term).fold(0i128, i128::saturating_add);
        i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
    }

    fn fraction(&self, names: &[usize]) -> (i64, i64) {
        (self.numerator(names), self.over)
    }
}

impl Module {
    /// The sizes of arguments, read and checked as the processor's code does it.
    ///
    /// Errors: sizes that disagree.
    pub(super) fn sizes(&self, given: &[[usize; 2]]) -> Result<Sizes, Error> {
        let found = |e: &Extent| (e.place, given[e.argument][usize::from(!e.by_rows)]);
        let mut names = vec![];
        for r in self.readings {
            match r {
                Reading::Equal(name, extents) => {
                    let all: Vec<(&str, usize)> = extents.iter().map(found).collect();
                    names.push(private::size(name, &all)?);
                }
                Reading::Solved(name, extent, [slope, offset]) => {
                    let ((slope, over), (offset, under)) = (slope.fraction(&names), offset.fraction(&names));
                    let scaled = [slope.saturating_mul(under), offset.saturating_mul(over)];
                    names.push(private::solve(name, found(extent), scaled, over.saturating_mul(under))?);
                }
                Reading::Checked(name, extent, size) => {
                    let (value, over) = size.fraction(&names);
                    private::check(name, found(extent), value, over)?;
                }
            }
        }
        for c in self.conditions {
            let [low, value, high] = c.range.each_ref().map(|f| f.fraction(&names));
            private::within(c.what, c.value, low, value, high)?;
        }
        let value = |f: &Formula| private::whole(f.text, f.numerator(&names), f.over);
        let values = self.formulas.iter().map(value).collect::<Result<_, _>>()?;
        Ok(Sizes { names, values })
    }

    /// Whether kernels go up to these sizes.
    ///
    /// Errors: an array that is too large, a size that is.
    pub(super) fn check(&self, sizes: &Sizes) -> Result<(), DeviceError> {
        let too_many = |place: usize| {
            let (text, n) = (self.formulas[place].text, sizes.values[place]);
            let what = if text == n.to_string() { "an array".to_owned() } else { format!("an array of {text}") };
            DeviceError::TooMany { what, entries: n }
        };
        if let Some(&a) = self.arrays.iter().find(|&&a| sizes.values[a] > super::MOST) {
            return Err(too_many(a));
        }
        for k in self.kernels {
            if let Some((place, most)) = k.at_most.iter().find(|(place, most)| sizes.values[*place] > *most) {
                let (size, value) = (self.formulas[*place].text, sizes.values[*place]);
                return Err(DeviceError::Beyond { kernel: k.name, size, value, most: *most });
            }
        }
        Ok(())
    }
}

impl Product {
    /// The product at the sizes at hand.
    pub(super) fn at(&self, sizes: &Sizes) -> Gemm {
        let all = |places: [usize; 3]| places.map(|place| sizes.values[place]);
        let [x, y, target] = self.arrays;
        Gemm {
            arrays: if self.swapped { [y, x, target] } else { [x, y, target] },
            shape: all(self.shape),
            batch: sizes.values[self.batch],
            left: all(self.left),
            right: all(self.right),
            target: all(self.target),
            offsets: all(self.offsets),
            alpha: self.alpha,
            add: self.add,
        }
    }
}

impl Kernel {
    /// How many groups are started.
    pub(super) fn groups(&self, sizes: &Sizes) -> usize {
        self.grid.iter().map(|(place, each)| sizes.values[*place].div_ceil(*each)).fold(1, usize::saturating_mul)
    }

    /// The sizes that it takes.
    pub(super) fn arguments(&self, sizes: &Sizes) -> Vec<i32> {
        self.sizes.iter().map(|&k| i32::try_from(sizes.names[k]).unwrap_or(i32::MAX)).collect()
    }
}

impl Host {
    /// What it computes of its arguments, row by row.
    ///
    /// Errors: arguments outside the domain of the function.
    pub(super) fn value(&self, arguments: Vec<Vec<f64>>, sizes: &Sizes) -> Result<Vec<f64>, Error> {
        let mut memory = Memory::default();
        let shape = |s: &[usize; 2]| s.map(|place| sizes.values[place]);
        let given: Vec<(Array, [usize; 2])> =
            arguments.into_iter().zip(self.arguments).map(|(data, (_, s))| (memory.keep(data), shape(s))).collect();
        let further: Vec<usize> = self.sizes.iter().map(|&place| sizes.values[place]).collect();
        let result = (self.run)(&mut memory, &given, &further)?;
        Ok(memory.take(result))
    }
}

/// The entries of a matrix, row by row, in double precision.
pub(super) fn entries<R: crate::Real>(m: &DMatrix<R>) -> Vec<f64> {
    R::into_f64(m.transpose().data.into())
}
