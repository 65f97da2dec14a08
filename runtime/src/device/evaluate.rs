//! Queries of structs that derive `Hessian`, compiled for the sizes of the data when the program runs.

use super::Context;
use crate::{BlockHessian, Entries, Error, Layer, Real};
use hesse_compiler::{
    data::{self, Array, Data},
    diagnostic::Diagnostic,
    matrix::Matrix,
    pipeline::{self, Settings},
    syntax::{self, Model, Source},
};
use nalgebra::DMatrix;

impl Context {
    /// The values of queries in the names of the model, one matrix each; data by the names of the model.
    ///
    /// Errors: data that are missing or of another size, a query that is not understood, what the device says.
    pub fn evaluate<R: Real, L: Layer<R>>(
        &self,
        layer: &L,
        given: &[(&str, &dyn Entries<R>)],
        queries: &[&str],
    ) -> Result<Vec<DMatrix<R>>, Error> {
        let source = Source { name: "model".to_owned(), text: L::MODEL.to_owned() };
        let absent = |path: &str, _: &str| Err(format!("{path} is not at hand when the program runs"));
        let mut model = syntax::model(source, &absent).map_err(|(_, errors)| refused(&errors))?;
        let mut all = Data::default();
        let fields = layer.arrays();
        let data = given.iter().map(|(name, entries)| (*name, entries.to_matrix()));
        for (name, m) in fields.into_iter().chain(data) {
            all.arrays.insert(name.to_owned(), array(&model, name, &m));
        }
        let bound = data::bind(&model, &all).map_err(|e| refused(&e))?;
        let asked: Vec<_> =
            queries.iter().map(|q| syntax::query(&mut model, q).map_err(|e| refused(&e))).collect::<Result<_, _>>()?;
        let settings = Settings { memory: u128::MAX, per_sample: false };
        let answers = pipeline::evaluate_on(self.machine().executor(), &mut model, &asked, &bound, &settings)
            .map_err(|d| refused(std::slice::from_ref(&d)))?;
        let value = |m: &Matrix<f64>| DMatrix::from_fn(m.rows, m.cols, |i, j| R::of(m.at(i, j)));
        Ok(answers.iter().map(|a| value(&a.values[0])).collect())
    }

    /// The Hessian of the loss in all parameters, by blocks.
    ///
    /// Errors: those of [`Context::evaluate`].
    pub fn hessian<R: Real, L: Layer<R>>(&self, layer: &L, given: &[(&str, &dyn Entries<R>)]) -> Result<BlockHessian<R>, Error> {
        let parts: Vec<(&str, usize)> = layer.arrays().iter().map(|(name, m)| (*name, m.len())).collect();
        let pairs = |k: usize| parts[k..].iter().map(move |p| p.0);
        let queries: Vec<String> = (0..parts.len())
            .flat_map(|k| pairs(k).map(move |col| (k, col)))
            .map(|(k, col)| format!("hessian(loss, {}, {col})", parts[k].0))
            .collect();
        let upper = self.evaluate(layer, given, &queries.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok(BlockHessian::new(&parts, upper))
    }
}

/// The diagnostics as one error.
fn refused(errors: &[Diagnostic]) -> Error {
    Error::Device(errors.iter().map(|d| d.message.clone()).collect::<Vec<_>>().join("; "))
}

/// A matrix with the axes that the model gives to that name.
fn array(model: &Model, name: &str, m: &DMatrix<impl Real>) -> Array {
    let axes = model.graph.variable(name).map_or(2, |v| model.graph.axes(v.expr).len());
    let shape = match axes {
        0 => vec![],
        1 => vec![m.len()],
        _ => vec![m.nrows(), m.ncols()],
    };
    Array { shape, data: m.transpose().iter().map(|x| x.f64()).collect() }
}
