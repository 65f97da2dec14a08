//! Methods that run on a device, of kernels that stand in the program.

use crate::{
    compile::{Array, Compiled},
    expand::{argument, field, query_function},
    parse::Layer,
    samples::held,
};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;

/// One method for each function. `given` are the arguments of data, with a comma in front; `shaped` makes a struct of the parts.
pub(crate) fn methods(
    layer: &Layer,
    compiled: &Compiled,
    hesse: &TokenStream,
    given: &TokenStream,
    parts: &[Ident],
    shaped: &TokenStream,
) -> TokenStream {
    let (number, held) = (Ident::new(&layer.scalar.to_string(), Span::call_site()), held(compiled));
    let data: Vec<&Array> = compiled.arrays.iter().filter(|a| !a.is_parameter).collect();
    // data may be called so
    let taken = |name: &Ident| data.iter().any(|a| argument(a) == *name);
    let context = ["context", "device", "hesse_context"].map(|n| format_ident!("{n}")).into_iter().find(|n| !taken(n));
    let context = context.unwrap_or_else(|| format_ident!("hesse_device_context"));
    let matrix = |of: TokenStream| quote!(#hesse::Entries::<#number>::to_matrix(#of));
    let arrays = compiled.arrays.iter().map(|a| {
        if a.is_parameter {
            let f = field(layer, &a.name);
            matrix(quote!(&self.#f))
        } else {
            let x = argument(a);
            matrix(quote!(#x))
        }
    });
    let hold = quote!(let [#(#held),*] = [#(#arrays),*];);
    let about = |what: &str| format!("{what} on a device.\n\nErrors: those of `{what}`; what the device says.");
    let result = |t: TokenStream| quote!(::core::result::Result<#t, #hesse::Error>);
    let names = compiled.parameters.iter();
    let order: Vec<&Ident> = names.clone().map(|p| field(layer, p)).collect();
    // what a method does before it gives back: the results have these names
    let launched = |function: &Ident, further: &[Ident], results: &TokenStream| {
        quote! {
            #hold
            #(let #further = #hesse::Entries::<#number>::to_matrix(&direction.#order);)*
            let #results = #hesse::device::launch(
                #context,
                &tables::#function,
                [#(&#held,)* #(&#further),*],
                |[#(#held,)* #(#further),*]| functions::#function(#(#held,)* #(#further),*),
            )?;
        }
    };
    let mut out = TokenStream::new();
    let mut method = |name: &Ident, direction: bool, value: TokenStream, body: TokenStream| {
        let (doc, name, value) = (about(&name.to_string()), format_ident!("{name}_on"), result(value));
        let direction = direction.then(|| quote!(, direction: &Self));
        out.extend(quote! {
            #[doc = #doc]
            pub fn #name(&self, #context: &#hesse::device::Context #direction #given) -> #value {
                #body
            }
        });
    };
    let own = quote!(::core::result::Result::Ok(#shaped));
    let one = quote!([value]);
    let number_of = |function: &Ident| {
        let launched = launched(function, &[], &one);
        quote!(#launched ::core::result::Result::Ok(value[(0, 0)]))
    };
    let loss = format_ident!("loss");
    method(&loss, false, quote!(#number), number_of(&loss));
    let gradient = format_ident!("gradient");
    let many = quote!([#(#parts),*]);
    let found = launched(&gradient, &[], &many);
    method(&gradient, false, quote!(Self), quote!(#found #own));
    let hvp = format_ident!("hvp");
    let found = launched(&hvp, parts, &many);
    method(&hvp, true, quote!(Self), quote!(#found #own));
    let place = |p: &String| compiled.arrays.iter().position(|a| a.name == *p).map(|k| &held[k]);
    let sizes: Vec<TokenStream> = names.clone().filter_map(|p| place(p).map(|h| quote!((#p, #h.len())))).collect();
    let count = parts.len() * (parts.len() + 1) / 2;
    for name in ["hessian", "gauss_newton", "functional"].map(|n| format_ident!("{n}")) {
        let found = launched(&name, &[], &quote!(blocks));
        let body = quote! {
            #found
            let blocks: [_; #count] = blocks;
            ::core::result::Result::Ok(#hesse::BlockHessian::new(&[#(#sizes),*], ::std::vec::Vec::from(blocks)))
        };
        method(&name, false, quote!(#hesse::BlockHessian<#number>), body);
    }
    for ((name, _), (_, is_number)) in layer.methods.iter().zip(&compiled.results) {
        let function = format_ident!("{}", query_function(name));
        if *is_number {
            method(name, false, quote!(#number), number_of(&function));
        } else {
            let found = launched(&function, &[], &one);
            let body = quote!(#found ::core::result::Result::Ok(value));
            method(name, false, quote!(#hesse::nalgebra::DMatrix<#number>), body);
        }
    }
    out
}
