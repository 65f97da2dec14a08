//! Values of the rows in double precision, for programs compiled at run time: by the functions that generated code calls, where these
//! are faster than the compiler's own. Whatever is not finite is left to those, which say what is wrong.

use super::{
    maps,
    rowwise::{self, Rows, by_rows},
    wide::finite,
};
use crate::Error;

/// The values of an entrywise function with those parameters, if they are known here and all finite. Says whether they are.
pub(crate) fn map(name: &str, parameters: &[f64], x: &[f64], y: &mut [f64]) -> bool {
    match (name, parameters) {
        ("abs", []) => maps::each(x, y, maps::abs),
        ("exp", []) => maps::each(x, y, maps::exp),
        ("relu", []) => maps::each(x, y, maps::relu),
        ("sigmoid", []) => maps::each(x, y, maps::sigmoid),
        ("silu", []) => maps::each(x, y, maps::silu),
        ("step", []) => maps::each(x, y, maps::step),
        ("power", [2.0]) => maps::each(x, y, |x| x * x),
        ("power", [3.0]) => maps::each(x, y, |x| x * x * x),
        ("power", [-1.0]) => maps::each(x, y, |x| 1.0 / x),
        ("power", [-2.0]) => maps::each(x, y, |x| 1.0 / (x * x)),
        ("power", [0.5]) => maps::each(x, y, f64::sqrt),
        ("power", [-0.5]) => maps::each(x, y, |x| 1.0 / x.sqrt()),
        _ => false,
    }
}

/// As [`by_rows`].
type ByRows = fn(&[f64], usize, &mut [f64]) -> Result<(), Error>;

/// A function of rows, and whether its result is one column.
fn function(name: &str) -> Option<(ByRows, bool)> {
    fn of<F: Rows<f64>>() -> (ByRows, bool) {
        (by_rows::<F, f64>, F::COLUMN)
    }
    Some(match name {
        "softmax" => of::<rowwise::Softmax>(),
        "logsumexp" => of::<rowwise::LogSumExp>(),
        "layernorm" => of::<rowwise::LayerNorm>(),
        "rowstd" => of::<rowwise::RowStd>(),
        "rmsnorm" => of::<rowwise::RmsNorm>(),
        "rowrms" => of::<rowwise::RowRms>(),
        _ => return None,
    })
}

/// How many columns the result of a function of rows has, if it is known here.
pub(crate) fn width(name: &str, cols: usize) -> Option<usize> {
    function(name).map(|(_, column)| if column { 1 } else { cols })
}

/// As [`map`], of a function of every row of a matrix of so many columns.
pub(crate) fn rows(name: &str, a: &[f64], cols: usize, out: &mut [f64]) -> bool {
    function(name).is_some_and(|(f, _)| f(a, cols, out).is_ok() && finite(out))
}
