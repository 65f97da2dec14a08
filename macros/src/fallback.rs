//! What is expanded after a mistake: methods that fit the uses of the right ones, so that one mistake gives one error.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{DeriveInput, Error, Ident, LitStr};

/// The error, and methods that compute nothing.
pub(crate) fn fallback(input: &DeriveInput, error: &Error) -> TokenStream {
    let (name, message) = (&input.ident, error.to_compile_error());
    let (before, after, conditions) = input.generics.split_for_impl();
    let (text, hesse) = attributes(input);
    let number = Ident::new(number(input), Span::call_site());
    let data = vec![quote!(_: &impl #hesse::Entries<#number>); arrays(&text)];
    let method = |name: &str, more: TokenStream, value: TokenStream| {
        let name = Ident::new(name, Span::call_site());
        quote! {
            #[doc(hidden)]
            pub fn #name(&self #more #(, #data)*) -> ::core::result::Result<#value, #hesse::Error> {
                ::core::unreachable!()
            }
        }
    };
    let blocks = ["hessian", "gauss_newton", "functional"];
    let blocks = blocks.map(|n| method(n, quote!(), quote!(#hesse::BlockHessian<#number>)));
    let loss = method("loss", quote!(), quote!(#number));
    let gradient = method("gradient", quote!(), quote!(Self));
    let hvp = method("hvp", quote!(, _: &Self), quote!(Self));
    quote! {
        #message

        #[automatically_derived]
        #[allow(unused, clippy::all)]
        const _: () = {
            impl #before #name #after #conditions {
                pub const FORMULAS: &'static str = "";
                pub const FORMULAS_LATEX: &'static str = "";
                #loss
                #gradient
                #(#blocks)*
                #hvp
            }
        };
    }
}

/// The type of the first number among the fields.
fn number(input: &DeriveInput) -> &'static str {
    let fields = match &input.data {
        syn::Data::Struct(s) => s.fields.to_token_stream().to_string(),
        _ => String::new(),
    };
    match (fields.find("f32"), fields.find("f64")) {
        (Some(single), double) if double.is_none_or(|d| single < d) => "f32",
        _ => "f64",
    }
}

/// The text of the model and the path of the crate, as far as they can be read.
fn attributes(input: &DeriveInput) -> (String, TokenStream) {
    let (mut text, mut hesse) = (String::new(), quote!(::hesse));
    for a in input.attrs.iter().filter(|a| a.path().is_ident("hesse")) {
        // what cannot be read has been told
        a.parse_nested_meta(|m| {
            let value: LitStr = m.value()?.parse()?;
            if m.path.is_ident("model") {
                text = value.value();
            } else if m.path.is_ident("crate") {
                hesse = value.parse::<syn::Path>()?.into_token_stream();
            }
            Ok(())
        })
        .ok();
    }
    (text, hesse)
}

/// How many arrays of data a model declares, by the look of its lines.
fn arrays(text: &str) -> usize {
    let statements = text.split(['\n', ';']).map(str::trim_start);
    let declared = statements.filter_map(|s| {
        let names = ["input ", "const ", "target "].iter().find_map(|k| s.strip_prefix(k))?;
        Some(names.split(':').next().unwrap_or(names).split(',').count())
    });
    declared.sum()
}
