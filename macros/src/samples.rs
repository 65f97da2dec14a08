//! Methods that hold arrays: means over samples, and the Hessian as an operator.

use crate::{
    compile::{Array, Compiled},
    expand::{argument, field},
    parse::Layer,
};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;

/// A name of what is held of each array.
pub(crate) fn held(compiled: &Compiled) -> Vec<Ident> {
    (0..compiled.arrays.len()).map(|k| format_ident!("held_{k}")).collect()
}

/// The mean of each function over samples; nothing if the model has no data. `shaped` makes a struct of the parts.
pub(crate) fn means(
    layer: &Layer,
    compiled: &Compiled,
    hesse: &TokenStream,
    parts: &[Ident],
    shaped: &TokenStream,
) -> TokenStream {
    let number = Ident::new(&layer.scalar.to_string(), Span::call_site());
    let data: Vec<&Array> = compiled.arrays.iter().filter(|a| !a.is_parameter).collect();
    let Some(samples) = slice(data.len(), &quote!(#hesse::Entries<#number>)) else { return TokenStream::new() };
    let names: Vec<Ident> = (0..data.len()).map(|k| format_ident!("sample_{k}")).collect();
    let pattern = if let [one] = names.as_slice() { quote!(#one) } else { quote!((#(#names),*)) };
    let matrix = |of: TokenStream| quote!(#hesse::Entries::<#number>::to_matrix(#of));
    let (mut hold, mut given, mut next) = (TokenStream::new(), vec![], names.iter());
    for (a, held) in compiled.arrays.iter().zip(held(compiled)) {
        if a.is_parameter {
            let f = field(layer, &a.name);
            let m = matrix(quote!(&self.#f));
            hold.extend(quote!(let #held = #m;));
            given.push(quote!(&#held));
        } else {
            let m = matrix(next.next().map(|n| quote!(#n)).unwrap_or_default());
            given.push(quote!(&#m));
        }
    }
    let result = |t: TokenStream| quote!(::core::result::Result<#t, #hesse::Error>);
    let doc = |what: &str| {
        let shapes: Vec<String> = data.iter().map(|a| format!("`{}: {}`", a.name, a.shape)).collect();
        let sample = if data.len() == 1 { shapes.join("") } else { format!("a tuple of {}", shapes.join(", ")) };
        format!(
            "The mean of {what} over samples, each {sample}; on all threads by the feature `parallel`, with the same bits.\n\n\
             Errors: no samples; those of the first sample that has one."
        )
    };
    let whole = |name: &str, what: &str, t: TokenStream| {
        let (mean, name, doc, t) = (format_ident!("{name}_mean"), format_ident!("{name}"), doc(what), result(t));
        quote! {
            #[doc = #doc]
            pub fn #mean(&self, samples: #samples) -> #t {
                #hold
                #hesse::batch::mean::<#number, _, _>(samples, |#pattern| functions::#name(#(#given),*))
            }
        }
    };
    let blocks = quote!(#hesse::BlockHessian<#number>);
    let whole = [
        whole("loss", "the loss", quote!(#number)),
        whole("hessian", "the Hessian", blocks.clone()),
        whole("gauss_newton", "the Gauss-Newton part of the Hessian", blocks.clone()),
        whole("functional", "the functional part of the Hessian", blocks),
    ];
    let (gradient, product) = (doc("the gradient"), doc("the product of the Hessian with a direction"));
    let (own, order) = (result(quote!(Self)), compiled.parameters.iter().map(|p| field(layer, p)));
    quote! {
        #(#whole)*

        #[doc = #gradient]
        pub fn gradient_mean(&self, samples: #samples) -> #own {
            #hold
            let [#(#parts),*] = #hesse::batch::mean::<#number, _, _>(samples, |#pattern| functions::gradient(#(#given),*))?;
            ::core::result::Result::Ok(#shaped)
        }

        #[doc = #product]
        pub fn hvp_mean(&self, direction: &Self, samples: #samples) -> #own {
            #hold
            #(let #parts = #hesse::Entries::<#number>::to_matrix(&direction.#order);)*
            let [#(#parts),*] = #hesse::batch::mean::<#number, _, _>(samples, |#pattern| {
                functions::hvp(#(#given,)* #(&#parts),*)
            })?;
            ::core::result::Result::Ok(#shaped)
        }
    }
}

/// The type of samples of so many arrays each; none if there are none.
pub(crate) fn slice(arrays: usize, entries: &TokenStream) -> Option<TokenStream> {
    let each = vec![quote!(impl #entries + ::core::marker::Sync); arrays];
    match each.as_slice() {
        [] => None,
        [one] => Some(quote!(&[#one])),
        _ => Some(quote!(&[(#(#each),*)])),
    }
}

/// The Hessian as an operator; `given` are the arguments of data, with a comma in front, and `doc` what is said of it.
pub(crate) fn operator(
    layer: &Layer,
    compiled: &Compiled,
    hesse: &TokenStream,
    given: &TokenStream,
    parts: &[Ident],
    doc: &str,
) -> TokenStream {
    let (number, held) = (Ident::new(&layer.scalar.to_string(), Span::call_site()), held(compiled));
    let arrays = compiled.arrays.iter().map(|a| {
        if a.is_parameter {
            let f = field(layer, &a.name);
            quote!(&self.#f)
        } else {
            let x = argument(a);
            quote!(#x)
        }
    });
    let place = |p: &String| compiled.arrays.iter().position(|a| a.name == *p).map(|k| &held[k]);
    let shapes = compiled.parameters.iter().filter_map(place).map(|h| quote!([#h.nrows(), #h.ncols()]));
    quote! {
        #[doc = #doc]
        pub fn hessian_operator(&self #given) -> ::core::result::Result<#hesse::operators::HessianProduct<#number>, #hesse::Error> {
            let [#(#held),*] = [#(#hesse::Entries::<#number>::to_matrix(#arrays)),*];
            #hesse::operators::hessian_product([#(#shapes),*], move |[#(#parts),*]| functions::hvp(#(&#held,)* #(&#parts),*))
        }
    }
}
