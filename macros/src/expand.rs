//! Makes the methods of a struct from the functions of its model.

use crate::{
    compile::{self, Array, Compiled, Request},
    device,
    parse::{Layer, Text},
    samples,
};
use hesse_compiler::emit::identifier;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use std::path::{Path, PathBuf};
use syn::{Error, Ident, Result};

/// Errors: what is wrong with the model, or where it and the struct do not fit.
pub(crate) fn expand(layer: &Layer) -> Result<TokenStream> {
    let literal = layer.text.literal();
    let home = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let (name, text, folder, path) = match &layer.text {
        Text::Inline(l) => (format!("model of {}", layer.name), l.value(), home, None),
        Text::File(l) => {
            let path = home.join(l.value());
            let text = std::fs::read_to_string(&path).map_err(|e| {
                Error::new(l.span(), format!("`{}` cannot be read from the folder of Cargo.toml: {e}", l.value()))
            })?;
            let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
            (l.value(), text, folder, Some(path))
        }
    };
    let model = text.clone();
    let request = Request {
        name,
        text,
        folder: folder.display().to_string(),
        krate: layer.krate.clone(),
        methods: layer.methods.iter().map(|(name, q)| (query_function(name), q.value())).collect(),
        sizes: layer.sizes.clone(),
        device: layer.device,
    };
    let compiled = compile::compile(request).map_err(|m| {
        let span = m.query.and_then(|k| layer.methods.get(k)).map_or(literal.span(), |q| q.1.span());
        Error::new(span, m.message)
    })?;
    fit(layer, &compiled)?;
    write(layer, &compiled, &model, path.as_deref())
}

/// The function behind a method that computes a query.
pub(crate) fn query_function(method: &Ident) -> String {
    format!("query_{}", identifier(&method.to_string()))
}

/// Fields and parameters are the same.
fn fit(layer: &Layer, compiled: &Compiled) -> Result<()> {
    let known = || compiled.parameters.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", ");
    for (k, p) in layer.parameters.iter().enumerate() {
        if !compiled.parameters.contains(&p.name) {
            let message = format!(
                "`{}` is no parameter of the model, which are {}; rename it with #[hesse(name = \"…\")] or mark it #[hesse(skip)]",
                p.name,
                known()
            );
            return Err(Error::new(p.span, message));
        }
        if layer.parameters[..k].iter().any(|q| q.name == p.name) {
            return Err(Error::new(p.span, format!("two fields are the parameter `{}`", p.name)));
        }
    }
    let missing: Vec<&String> =
        compiled.parameters.iter().filter(|name| layer.parameters.iter().all(|p| p.name != **name)).collect();
    if let [first, ..] = missing.as_slice() {
        let shape = compiled.arrays.iter().find(|a| a.name == **first).map_or("", |a| a.shape.as_str());
        let message = format!("the parameter `{first}`, which is {shape}, has no field");
        return Err(Error::new(layer.name.span(), message));
    }
    Ok(())
}

/// The field of a parameter.
pub(crate) fn field<'l>(layer: &'l Layer, name: &str) -> &'l Ident {
    &layer.parameters.iter().find(|p| p.name == name).expect("fields and parameters are the same").field
}

/// An argument of a method.
pub(crate) fn argument(a: &Array) -> Ident {
    let name = identifier(&a.name);
    syn::parse_str(&name).unwrap_or_else(|_| format_ident!("{name}_"))
}

fn write(layer: &Layer, compiled: &Compiled, model: &str, path: Option<&Path>) -> Result<TokenStream> {
    let parsed = |text: &str| -> Result<TokenStream> {
        text.parse().map_err(|e| Error::new(layer.name.span(), format!("hesse wrote what is not Rust: {e}")))
    };
    let functions = parsed(&compiled.functions)?;
    let tables = compiled.tables.as_deref().map(parsed).transpose()?;
    let hesse = parsed(&layer.krate)?;
    let (struct_name, number) = (&layer.name, Ident::new(&layer.scalar.to_string(), Span::call_site()));
    let data: Vec<&Array> = compiled.arrays.iter().filter(|a| !a.is_parameter).collect();
    let names: Vec<Ident> = data.iter().map(|a| argument(a)).collect();
    let given = quote!(#(, #names: &impl #hesse::Entries<#number>)*);
    let matrices: Vec<TokenStream> = compiled
        .arrays
        .iter()
        .map(|a| match a.is_parameter {
            true => {
                let f = field(layer, &a.name);
                quote!(&#hesse::Entries::<#number>::to_matrix(&self.#f))
            }
            false => {
                let x = argument(a);
                quote!(&#hesse::Entries::<#number>::to_matrix(#x))
            }
        })
        .collect();
    let shapes: Vec<String> = data.iter().map(|a| format!("`{}: {}`", a.name, a.shape)).collect();
    let about = |what: &str| {
        let takes = if shapes.is_empty() { String::new() } else { format!("\n\nTakes {}.", shapes.join(", ")) };
        format!("{what}{takes}\n\nErrors: sizes that disagree; values outside the domain of an operation.")
    };
    // a result for each parameter, in the shape of the struct
    let order: Vec<&Ident> = compiled.parameters.iter().map(|p| field(layer, p)).collect();
    let parts: Vec<Ident> = (0..order.len()).map(|k| format_ident!("part_{k}")).collect();
    let (skipped, parameters) = (&layer.skipped, &compiled.parameters);
    let shaped = quote! {
        Self {
            #(#order: #hesse::Parameter::<#number>::of_matrix(&self.#order, &#parts),)*
            #(#skipped: ::core::clone::Clone::clone(&self.#skipped),)*
        }
    };
    let result = |t: TokenStream| quote!(::core::result::Result<#t, #hesse::Error>);
    let (scalar_result, self_result) = (result(quote!(#number)), result(quote!(Self)));
    let blocks_result = result(quote!(#hesse::BlockHessian<#number>));
    let blocks = [
        ("hessian", "The Hessian of the loss in all parameters, by blocks."),
        ("gauss_newton", "The Gauss-Newton part of the Hessian, `J' A J` with A the Hessian of the loss in the output."),
        ("functional", "The functional part of the Hessian: what the Gauss-Newton part leaves."),
    ]
    .map(|(name, what)| {
        let (name, doc) = (format_ident!("{name}"), about(what));
        quote! {
            #[doc = #doc]
            pub fn #name(&self #given) -> #blocks_result {
                functions::#name(#(#matrices),*)
            }
        }
    });
    let methods = layer.methods.iter().zip(&compiled.results).map(|((name, query), (shape, is_number))| {
        let doc = about(&format!("`{}`, which is {shape}.", query.value()));
        let value = result(if *is_number { quote!(#number) } else { quote!(#hesse::nalgebra::DMatrix<#number>) });
        let function = format_ident!("{}", query_function(name));
        quote! {
            #[doc = #doc]
            pub fn #name(&self #given) -> #value {
                functions::#function(#(#matrices),*)
            }
        }
    });
    let (formulas, latex) = (&compiled.formulas, &compiled.latex);
    let [about_loss, about_gradient, about_hvp] = [
        about("The loss."),
        about("The gradient of the loss, in the shape of the parameters."),
        about("The product of the Hessian with a direction, in the shape of the parameters; no matrix is formed."),
    ];
    let means = samples::means(layer, compiled, &hesse, &parts, &shaped);
    let about_operator = about(
        "The Hessian of the loss as an operator, of which no matrix is formed. Vectors are the parameters in the order of the \
         blocks, each by `vec_r`.",
    );
    let operator = samples::operator(layer, compiled, &hesse, &given, &parts, &about_operator);
    let on_device = tables.as_ref().map(|_| device::methods(layer, compiled, &hesse, &given, &parts, &shaped));
    let tables = tables.map(|t| quote!(mod tables { #t }));
    // a change of the file compiles anew
    let watched = path.map(|p| p.display().to_string()).map(|p| {
        quote!(
            const _: &str = ::core::include_str!(#p);
        )
    });
    Ok(quote! {
        #[automatically_derived]
        #[allow(non_snake_case, non_upper_case_globals, unreachable_pub, clippy::all, clippy::pedantic)]
        const _: () = {
            #watched

            mod functions {
                #functions
            }

            #tables

            impl #struct_name {
                /// The gradient and the Hessian as formulas.
                pub const FORMULAS: &'static str = #formulas;

                /// The gradient and the Hessian as formulas in LaTeX.
                pub const FORMULAS_LATEX: &'static str = #latex;

                #[doc = #about_loss]
                pub fn loss(&self #given) -> #scalar_result {
                    functions::loss(#(#matrices),*)
                }

                #[doc = #about_gradient]
                pub fn gradient(&self #given) -> #self_result {
                    let [#(#parts),*] = functions::gradient(#(#matrices),*)?;
                    ::core::result::Result::Ok(#shaped)
                }

                #(#blocks)*

                #[doc = #about_hvp]
                pub fn hvp(&self, direction: &Self #given) -> #self_result {
                    let [#(#parts),*] = functions::hvp(
                        #(#matrices,)*
                        #(&#hesse::Entries::<#number>::to_matrix(&direction.#order)),*
                    )?;
                    ::core::result::Result::Ok(#shaped)
                }

                #operator

                #means

                #(#methods)*

                #on_device
            }

            impl #hesse::Layer<#number> for #struct_name {
                const MODEL: &'static str = #model;

                fn arrays(&self) -> ::std::vec::Vec<(&'static str, #hesse::nalgebra::DMatrix<#number>)> {
                    ::std::vec![#((#parameters, #hesse::Entries::<#number>::to_matrix(&self.#order))),*]
                }
            }
        };
    })
}
