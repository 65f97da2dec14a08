//! A device whose driver has a library for matrix products, as CUDA has one: OpenCL, with products on this side by the rules of BLAS.

use hesse::{
    Real,
    device::{Api, ByColumns, DeviceError, Dialect, OpenCl, Stored},
};
use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// OpenCL, with such a library.
pub struct Library {
    api: OpenCl,
    products: Arc<AtomicUsize>,
}

impl Library {
    /// The first OpenCL device, and the number of products that the library will have done.
    ///
    /// # Panics
    /// There is none.
    pub fn new() -> (Library, Arc<AtomicUsize>) {
        let products = Arc::new(AtomicUsize::new(0));
        (Library { api: OpenCl::new().expect("an OpenCL device"), products: products.clone() }, products)
    }
}

/// Places of the entries of a matrix of so many rows and columns, column by column; what BLAS refuses is refused.
fn places(s: &Stored, which: usize, rows: usize, cols: usize) -> Vec<usize> {
    let column = if s.transposed { cols } else { rows };
    assert!(s.leading >= column, "BLAS takes no leading dimension of {} for columns of {column}", s.leading);
    let at = |i: usize, j: usize| if s.transposed { j + i * s.leading } else { i + j * s.leading };
    (0..cols).flat_map(|j| (0..rows).map(move |i| s.offset + which * s.apart + at(i, j))).collect()
}

impl<R: Real> Api<R> for Library
where
    OpenCl: Api<R>,
{
    type Memory = RefCell<<OpenCl as Api<R>>::Memory>;
    type Kernel = <OpenCl as Api<R>>::Kernel;
    const DIALECT: Dialect = Dialect::OpenCl;

    fn name(&self) -> String {
        Api::<R>::name(&self.api)
    }

    fn compile(&self, source: &str, names: &[&str]) -> Result<Vec<Self::Kernel>, DeviceError> {
        Api::<R>::compile(&self.api, source, names)
    }

    fn allocate(&self, n: usize) -> Result<Self::Memory, DeviceError> {
        Ok(RefCell::new(self.api.allocate(n)?))
    }

    fn part(&self, memory: &Self::Memory, offset: usize, n: usize) -> Result<Self::Memory, DeviceError> {
        Ok(RefCell::new(self.api.part(&memory.borrow(), offset, n)?))
    }

    fn write(&self, memory: &mut Self::Memory, numbers: &[R]) -> Result<(), DeviceError> {
        self.api.write(memory.get_mut(), numbers)
    }

    fn read(&self, memory: &Self::Memory, numbers: &mut [R]) -> Result<(), DeviceError> {
        self.api.read(&memory.borrow(), numbers)
    }

    fn zero(&self, memory: &mut Self::Memory, n: usize) -> Result<(), DeviceError> {
        Api::<R>::zero(&self.api, memory.get_mut(), n)
    }

    fn launch(
        &self,
        kernel: &Self::Kernel,
        arrays: &[&Self::Memory],
        sizes: &[i32],
        grid: [usize; 2],
    ) -> Result<(), DeviceError> {
        let held: Vec<_> = arrays.iter().map(|a| a.borrow()).collect();
        let arrays: Vec<_> = held.iter().map(|a| &**a).collect();
        Api::<R>::launch(&self.api, kernel, &arrays, sizes, grid)
    }

    fn gemm(&self, g: &ByColumns, arrays: [&Self::Memory; 3]) -> Result<bool, DeviceError> {
        assert!(!g.c.transposed && [g.rows, g.cols, g.inner, g.batch].iter().all(|n| *n > 0), "{g:?}");
        self.products.fetch_add(1, Ordering::Relaxed);
        // all entries that a factor or the result reaches, and their values
        let read = |s: &Stored, rows: usize, cols: usize| {
            let of_each: Vec<Vec<usize>> = (0..g.batch).map(|b| places(s, b, rows, cols)).collect();
            let mut values = vec![R::of(0.0); of_each.iter().flatten().max().map_or(0, |n| n + 1)];
            self.api.read(&arrays[s.array].borrow(), &mut values)?;
            Ok((of_each, values))
        };
        let (a, b) = (read(&g.a, g.rows, g.inner)?, read(&g.b, g.inner, g.cols)?);
        let (at, mut c) = read(&g.c, g.rows, g.cols)?;
        for (c_at, (a_at, b_at)) in at.iter().zip(a.0.iter().zip(&b.0)) {
            for (entry, &place) in c_at.iter().enumerate() {
                let (i, j) = (entry % g.rows, entry / g.rows);
                let products = (0..g.inner).map(|k| a.1[a_at[i + k * g.rows]].f64() * b.1[b_at[k + j * g.inner]].f64());
                // with a beta of zero BLAS does not read what stands there
                let before = if g.beta == 0.0 { 0.0 } else { g.beta * c[place].f64() };
                c[place] = R::of(g.alpha * products.sum::<f64>() + before);
            }
        }
        self.api.write(&mut arrays[g.c.array].borrow_mut(), &c)?;
        Ok(true)
    }
}
