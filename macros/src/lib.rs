//! The derive macro of hesse: a struct of parameters and the text of a model become methods that compute exact derivatives.

mod compile;
mod device;
mod expand;
mod fallback;
mod parse;
mod samples;

use std::{env, time::Instant};

/// Derives the loss of a model, its gradient, its Hessian and the parts and products of it, as methods of the struct of its
/// parameters.
///
/// On the struct, in `#[hesse(…)]`:
/// - `model = "…"` is the model, or `file = "…"` the file that it stands in, seen from the folder of `Cargo.toml`;
/// - `method(name = "query", …)` makes a method that computes a query, as in `method(output = "F", slope = "jacobian(F, X)")`;
/// - `sizes(L = 49, dV = 16)` are typical sizes, for which the order of products is chosen;
/// - `device` makes kernels of all functions, whatever the sizes: constants of the program, which is run on a device without the
///   compiler; the crate `hesse` needs its feature `opencl` or `cuda`;
/// - `crate = "…"` is the path of the crate `hesse`, where it is re-exported.
///
/// Of each function `f` but those of queries there is the mean `f_mean` over samples, which are tuples of the data in their order,
/// or the arrays themselves if there is one in a sample. `hessian_operator` is the Hessian by its products with vectors.
///
/// With `device` there is for each function `f`, those of queries too, `f_on(&context, …)`, with a `hesse::device::Context` before
/// the other arguments: the same results, or the same errors, computed on that device.
///
/// With `HESSE_TIMES` in the environment of a build, each derivation says on standard error how long it took.
///
/// On a field: `name = "W[1]"` is the parameter that it holds, if that is called otherwise; `skip` marks what is no parameter.
#[proc_macro_derive(Hessian, attributes(hesse))]
pub fn derive_hessian(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    let begin = Instant::now();
    let expanded = parse::parse(&input).and_then(|layer| expand::expand(&layer));
    if env::var_os("HESSE_TIMES").is_some() {
        eprintln!("hesse: {} in {:.2} s", input.ident, begin.elapsed().as_secs_f64());
    }
    expanded.unwrap_or_else(|e| fallback::fallback(&input, &e)).into()
}
