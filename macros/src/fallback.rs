//! What is expanded after a mistake: methods that fit the uses of the right ones, so that one mistake gives one error.

use crate::samples;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use std::path::Path;
use syn::{DeriveInput, Error, Ident, LitStr};

/// The error, and methods that compute nothing.
pub(crate) fn fallback(input: &DeriveInput, error: &Error) -> TokenStream {
    let (name, message) = (&input.ident, error.to_compile_error());
    let (before, after, conditions) = input.generics.split_for_impl();
    let Attributes { text, hesse, queries, device } = attributes(input);
    let number = Ident::new(number(input), Span::call_site());
    let count = arrays(&text);
    let data = vec![quote!(_: &impl #hesse::Entries<#number>); count];
    let method = |name: &Ident, arguments: &[TokenStream], value: &TokenStream| {
        quote! {
            #[doc(hidden)]
            pub fn #name(&self #(, #arguments)*) -> ::core::result::Result<#value, #hesse::Error> {
                ::core::unreachable!()
            }
        }
    };
    let (scalar, own, matrix) = (quote!(#number), quote!(Self), quote!(#hesse::nalgebra::DMatrix<#number>));
    let blocks = quote!(#hesse::BlockHessian<#number>);
    let samples = samples::slice(count, &quote!(#hesse::Entries<#number>)).map(|s| quote!(_: #s));
    let mut methods = vec![];
    for (name, value) in [
        ("loss", &scalar),
        ("gradient", &own),
        ("hessian", &blocks),
        ("gauss_newton", &blocks),
        ("functional", &blocks),
        ("hvp", &own),
    ] {
        let direction = (name == "hvp").then(|| quote!(_: &Self));
        let arguments = |data: &[TokenStream]| direction.iter().chain(data).cloned().collect::<Vec<_>>();
        methods.push(method(&format_ident!("{name}"), &arguments(&data), value));
        if device {
            let context = std::iter::once(quote!(_: &impl ::core::marker::Sized));
            methods.push(method(&format_ident!("{name}_on"), &context.chain(arguments(&data)).collect::<Vec<_>>(), value));
        }
        if let Some(s) = &samples {
            methods.push(method(&format_ident!("{name}_mean"), &arguments(std::slice::from_ref(s)), value));
        }
    }
    methods.push(method(&format_ident!("hessian_operator"), &data, &quote!(#hesse::operators::HessianProduct<#number>)));
    for (name, query) in &queries {
        let value = if is_number(query) { &scalar } else { &matrix };
        methods.push(method(name, &data, value));
        if device {
            let context = std::iter::once(quote!(_: &impl ::core::marker::Sized));
            methods.push(method(&format_ident!("{name}_on"), &context.chain(data.clone()).collect::<Vec<_>>(), value));
        }
    }
    quote! {
        #message

        #[automatically_derived]
        #[allow(unused, clippy::all)]
        const _: () = {
            impl #before #name #after #conditions {
                pub const FORMULAS: &'static str = "";
                pub const FORMULAS_LATEX: &'static str = "";
                #(#methods)*
            }
        };
    }
}

/// Whether a query is a number, by the look of it.
fn is_number(query: &str) -> bool {
    let name = query.trim().split('(').next().unwrap_or("");
    matches!(name, "loss" | "norm2" | "normF" | "norm1" | "sum" | "tr" | "det" | "logdet" | "dot" | "mse" | "max")
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

/// What can be read of the attributes: the text of the model, the path of the crate, the queries of methods.
struct Attributes {
    text: String,
    hesse: TokenStream,
    queries: Vec<(Ident, String)>,
    device: bool,
}

fn attributes(input: &DeriveInput) -> Attributes {
    let mut out = Attributes { text: String::new(), hesse: quote!(::hesse), queries: vec![], device: false };
    for a in input.attrs.iter().filter(|a| a.path().is_ident("hesse")) {
        // what cannot be read has been told
        a.parse_nested_meta(|m| {
            if m.path.is_ident("method") {
                return m.parse_nested_meta(|m| {
                    let name = m.path.require_ident()?.clone();
                    out.queries.push((name, m.value()?.parse::<LitStr>()?.value()));
                    Ok(())
                });
            }
            if m.path.is_ident("sizes") {
                return m.parse_nested_meta(|m| m.value()?.parse::<syn::LitInt>().map(|_| ()));
            }
            if m.path.is_ident("device") {
                out.device = true;
                return Ok(());
            }
            let value: LitStr = m.value()?.parse()?;
            if m.path.is_ident("model") {
                out.text = value.value();
            } else if m.path.is_ident("file") {
                let home = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
                out.text = std::fs::read_to_string(Path::new(&home).join(value.value())).unwrap_or_default();
            } else if m.path.is_ident("crate") {
                out.hesse = value.parse::<syn::Path>()?.into_token_stream();
            }
            Ok(())
        })
        .ok();
    }
    out
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
