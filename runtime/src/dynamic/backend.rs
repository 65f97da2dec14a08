//! `Backend`: where the steps of a plan are done; `Cpu` is this processor.

use super::{
    execute::{Input, execute},
    parallel,
};
use crate::{
    Real,
    private::{
        mirror,
        product::{self, Scratch, Workers},
        triangle, values,
        weights::Weights,
    },
};
use hesse_compiler::{
    index::{
        self, DomainError, EntryValues, Failure, Functions, Outcome,
        plan::{Operand, Plan, Product},
    },
    matrix::Matrix,
    number::Number,
    pages,
};
use smallvec::SmallVec;
use std::{borrow::Cow, collections::BTreeMap, ops::Range, sync::Mutex};

/// Makes an array for so many values of what is summed, and gives it to a function.
pub type Coming<'c, A> = &'c mut dyn FnMut(usize, &mut dyn FnMut(&A));

/// Arrays and what is done to them. Every back end passes the same tests: `tests/conformance.rs`.
pub trait Backend {
    /// An array of this back end; it may be entries that were lent to it.
    type Array<'a>;

    /// Runs a plan.
    ///
    /// Errors: data that are missing or of another size; values outside a domain.
    fn run(&self, plan: &Plan, input: Input) -> Result<Outcome<f64>, Failure>
    where
        Self: Sized,
    {
        execute(self, plan, input)
    }

    /// So many zeros.
    fn zeros<'a>(&self, n: usize) -> Self::Array<'a>;
    /// An array of so many entries, whatever they are.
    fn blank<'a>(&self, n: usize) -> Self::Array<'a>;
    /// Takes back an array that is not needed any more.
    fn recycle(&self, array: Self::Array<'_>);
    /// An array of these entries.
    fn upload<'a>(&self, entries: Cow<'a, [f64]>) -> Self::Array<'a>;
    /// The entries of an array.
    fn download(&self, array: &Self::Array<'_>) -> Vec<f64>;
    /// The entries of an array that is not needed any more.
    fn finish(&self, array: Self::Array<'_>) -> Vec<f64> {
        let entries = self.download(&array);
        self.recycle(array);
        entries
    }
    /// Takes back what [`Backend::finish`] gave.
    fn reclaim(&self, _: Vec<f64>) {}
    /// `target += coefficient · Σ Π factors`, or `=` where the product is the first of its target; the factors are the arrays of the
    /// product's factors in order. If there is a third factor, two are a half product, and it is a weight for what is summed.
    fn product<'a>(&self, product: &Product, factors: &[&Self::Array<'a>], target: &mut Self::Array<'a>);
    /// As `product`, of three factors, where the third is to come: `weights` makes it for so many values of what is summed, and gives it
    /// to a function, or fails, when the target may be anything.
    fn product_of_coming<'a>(
        &self,
        product: &Product,
        factors: [&Self::Array<'a>; 2],
        weights: Coming<Self::Array<'a>>,
        target: &mut Self::Array<'a>,
    ) {
        let moved = product.factors.last().into_iter().flat_map(|w| w.strides.iter().zip(&product.extents));
        let all = moved.filter(|(stride, _)| **stride != 0).map(|(_, n)| n).product();
        weights(all, &mut |third| self.product(product, &[factors[0], factors[1], third], target));
    }
    /// An entrywise function of some entries, written to the same entries of the target.
    ///
    /// Errors: an entry at which it has no value.
    fn map<'a>(
        &self,
        name: &'static str,
        values: &EntryValues,
        parameters: &[Number],
        argument: &Self::Array<'a>,
        entries: Range<usize>,
        target: &mut Self::Array<'a>,
    ) -> Result<(), DomainError>;
    /// The function of matrices of that name, of those shapes, `times` times: each argument holds the matrices of all times one after the other, or
    /// one matrix that all share.
    ///
    /// Errors: a matrix outside its domain.
    fn call<'a>(
        &self,
        name: &'static str,
        values: &Functions,
        arguments: &[(&Self::Array<'a>, [usize; 2])],
        sizes: &[usize],
        times: usize,
    ) -> Result<Self::Array<'a>, DomainError>;
}

/// This processor, with so many threads.
#[derive(Debug)]
pub struct Cpu<R> {
    threads: usize,
    /// Arrays that were used before, by their length: memory that the system has given already.
    free: Mutex<BTreeMap<usize, Vec<Vec<R>>>>,
    /// What products copy their factors to.
    scratch: Mutex<Vec<Scratch<R>>>,
}

impl<R: Real> Cpu<R> {
    /// At least one thread.
    pub fn new(threads: usize) -> Cpu<R> {
        Cpu { threads: threads.max(1), free: Mutex::default(), scratch: Mutex::default() }
    }

    /// Takes back memory.
    fn keep(&self, array: Vec<R>) {
        if let Ok(mut free) = self.free.lock() {
            free.entry(array.len()).or_default().push(array);
        }
    }

    /// An array of that length that was used before.
    fn used(&self, n: usize) -> Option<Vec<R>> {
        self.free.lock().ok()?.get_mut(&n)?.pop()
    }

    /// How many threads it uses at most.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// A product by so many threads.
    pub(super) fn multiply(&self, p: &Product, factors: &[&Cow<[R]>], target: &mut [R], threads: usize) {
        let weights = match (p.factors.get(2), factors.get(2)) {
            (Some(o), Some(a)) => Weights::Known(&a[o.offset..], step(o)),
            _ => Weights::None,
        };
        self.weighted(p, factors, weights, target, threads);
    }

    /// A product of two factors, with weights or not.
    fn weighted(&self, p: &Product, factors: &[&Cow<[R]>], weights: Weights<R>, target: &mut [R], threads: usize) {
        let (one, still) = ([R::of(1.0)], vec![0; p.extents.len()]);
        let factor = |k: usize| match (p.factors.get(k), factors.get(k)) {
            (Some(o), Some(a)) => (&a[o.offset..], o.strides.as_slice()),
            _ => (&one[..], still.as_slice()),
        };
        let alpha = R::of(p.coefficient.to_f64());
        let c = (&mut target[p.target.offset..], p.target.strides.as_slice());
        let (a, b) = (factor(0), factor(1));
        let mut scratch = self.scratch.lock().ok().and_then(|mut free| free.pop()).unwrap_or_default();
        let mut workers = Workers { threads, scratch: &mut scratch };
        let plain = matches!(weights, Weights::None);
        let halved = match p.symmetric {
            Some(pair) => triangle::triangle(alpha, (&p.extents, pair), p.first, (&mut *c.0, c.1), a, b, &mut workers),
            None => mirror::mirror((alpha, weights), (&p.extents, &p.exchange), p.first, (&mut *c.0, c.1), a, b, &mut workers),
        };
        assert!(halved || plain, "the planner gives weights to half products alone, of sizes that are always halved");
        if !halved {
            product::product(alpha, &p.extents, p.first, c, a, b, &mut workers);
        }
        if let Ok(mut free) = self.scratch.lock() {
            free.push(scratch);
        }
    }
}

/// How far the weights of one summed value are from those of the next.
fn step(weights: &Operand) -> usize {
    weights.strides.iter().copied().filter(|s| *s > 0).min().unwrap_or(0)
}

impl<R: Real> Backend for Cpu<R> {
    type Array<'a> = Cow<'a, [R]>;

    fn run(&self, plan: &Plan, input: Input) -> Result<Outcome<f64>, Failure> {
        if self.threads > 1 { parallel::execute(self, plan, input) } else { execute(self, plan, input) }
    }

    fn zeros<'a>(&self, n: usize) -> Cow<'a, [R]> {
        Cow::Owned(match self.used(n) {
            Some(mut array) => {
                array.fill(R::of(0.0));
                array
            }
            None => pages::filled(R::of(0.0), n),
        })
    }

    fn blank<'a>(&self, n: usize) -> Cow<'a, [R]> {
        Cow::Owned(self.used(n).unwrap_or_else(|| pages::filled(R::of(0.0), n)))
    }

    fn recycle(&self, array: Cow<[R]>) {
        if let Cow::Owned(array) = array {
            self.keep(array);
        }
    }

    fn upload<'a>(&self, entries: Cow<'a, [f64]>) -> Cow<'a, [R]> {
        if let Cow::Borrowed(entries) = entries
            && let Some(lent) = R::lent(entries)
        {
            return Cow::Borrowed(lent);
        }
        Cow::Owned(match self.used(entries.len()) {
            Some(mut array) => {
                array.iter_mut().zip(&*entries).for_each(|(a, &x)| *a = R::of(x));
                array
            }
            None => entries.iter().map(|&x| R::of(x)).collect(),
        })
    }

    fn download(&self, array: &Cow<[R]>) -> Vec<f64> {
        array.iter().map(|x| x.f64()).collect()
    }

    fn finish(&self, array: Cow<[R]>) -> Vec<f64> {
        R::into_f64(array.into_owned())
    }

    fn reclaim(&self, entries: Vec<f64>) {
        R::out_of_f64(entries).into_iter().for_each(|array| self.keep(array));
    }

    fn product<'a>(&self, p: &Product, factors: &[&Cow<'a, [R]>], target: &mut Cow<'a, [R]>) {
        self.multiply(p, factors, target.to_mut(), self.threads);
    }

    fn product_of_coming<'a>(
        &self,
        p: &Product,
        factors: [&Cow<'a, [R]>; 2],
        weights: Coming<Cow<'a, [R]>>,
        target: &mut Cow<'a, [R]>,
    ) {
        let third = p.factors.last().expect("a product with weights has three factors");
        let step = step(third);
        let mut write = |[from, to]: [usize; 2], out: &mut [R]| {
            weights(to, &mut |all| {
                let from = all[third.offset + from * step..].iter().step_by(step.max(1));
                out.iter_mut().zip(from).for_each(|(w, &x)| *w = x);
            });
        };
        self.weighted(p, &factors, Weights::Coming(&mut write), target.to_mut(), self.threads);
    }

    fn map<'a>(
        &self,
        name: &'static str,
        function: &EntryValues,
        parameters: &[Number],
        argument: &Self::Array<'a>,
        entries: Range<usize>,
        target: &mut Self::Array<'a>,
    ) -> Result<(), DomainError> {
        let (argument, out) = (&argument[entries.clone()], &mut target.to_mut()[entries]);
        if let (Some(x), Some(y)) = (R::as_f64(argument), R::as_f64_mut(out)) {
            let numbers: SmallVec<[f64; 2]> = parameters.iter().map(|p| p.to_f64()).collect();
            if !values::map(name, &numbers, x, y) {
                index::map_to(name, function, parameters, x, y)?;
            }
            return Ok(());
        }
        // functions are evaluated in double precision, whatever the arrays hold
        let double: Vec<f64> = argument.iter().map(|x| x.f64()).collect();
        let values = index::map(name, function, parameters, &double)?;
        out.iter_mut().zip(values).for_each(|(y, x)| *y = R::of(x));
        Ok(())
    }

    fn call<'a>(
        &self,
        name: &'static str,
        functions: &Functions,
        arguments: &[(&Self::Array<'a>, [usize; 2])],
        sizes: &[usize],
        times: usize,
    ) -> Result<Self::Array<'a>, DomainError> {
        let size = |k: usize| arguments.get(k).map_or(0, |(_, [rows, cols])| rows * cols);
        // the rows of all times are rows of one matrix
        if let [(a, [rows, cols])] = arguments
            && a.len() == times * size(0)
            && let Some(x) = R::as_f64(a)
            && let Some(width) = values::width(name, *cols)
        {
            let mut array = self.blank(times * rows * width);
            if R::as_f64_mut(array.to_mut()).is_some_and(|y| values::rows(name, x, *cols, y)) {
                return Ok(array);
            }
            self.recycle(array);
        }
        let mut out: Option<Self::Array<'a>> = None;
        for k in 0..times {
            let matrices: Vec<Matrix<f64>> = arguments
                .iter()
                .map(|(a, [rows, cols])| {
                    let n = rows * cols;
                    let part = if a.len() > n { &a[k * n..(k + 1) * n] } else { &a[..] };
                    Matrix { rows: *rows, cols: *cols, data: part.iter().map(|x| x.f64()).collect() }
                })
                .collect();
            let value = (functions.real)(&matrices.iter().collect::<Vec<_>>(), sizes)?.data;
            let n = value.len();
            let part = &mut out.get_or_insert_with(|| self.blank(times * n)).to_mut()[k * n..(k + 1) * n];
            part.iter_mut().zip(value).for_each(|(y, x)| *y = R::of(x));
        }
        Ok(out.unwrap_or_else(|| self.blank(0)))
    }
}
