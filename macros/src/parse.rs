//! Reads the struct and its attributes; the text of the model is not looked at.

use proc_macro2::Span;
use std::collections::BTreeMap;
use syn::{
    Data, DeriveInput, Error, Field, Fields, GenericArgument, Ident, LitInt, LitStr, PathArguments, Result, Type,
    meta::ParseNestedMeta, spanned::Spanned,
};

/// Where the model stands.
pub(crate) enum Text {
    Inline(LitStr),
    File(LitStr),
}

impl Text {
    pub(crate) fn literal(&self) -> &LitStr {
        match self {
            Text::Inline(l) | Text::File(l) => l,
        }
    }
}

/// A field that is a parameter of the model.
pub(crate) struct Parameter {
    pub(crate) field: Ident,
    /// Its name in the model.
    pub(crate) name: String,
    /// Where that was said.
    pub(crate) span: Span,
}

/// A struct that derives its Hessian.
pub(crate) struct Layer {
    pub(crate) name: Ident,
    pub(crate) text: Text,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) skipped: Vec<Ident>,
    /// `f32` or `f64`.
    pub(crate) scalar: Ident,
    /// The path of the crate, as it is written.
    pub(crate) krate: String,
    pub(crate) methods: Vec<(Ident, LitStr)>,
    pub(crate) sizes: BTreeMap<String, usize>,
    /// Whether it has methods that run on a device.
    pub(crate) device: bool,
}

/// Errors: what is wrong with the struct, at the place where it is.
pub(crate) fn parse(input: &DeriveInput) -> Result<Layer> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(input.ident.span(), "a Hessian is derived for a struct whose fields are the parameters"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new(input.ident.span(), "the fields need the names of the parameters of the model"));
    };
    if let Some(p) = input.generics.params.first() {
        return Err(Error::new(p.span(), "the struct can have no generic parameters: the fields say `f32` or `f64`"));
    }
    let (mut text, mut krate, mut methods, mut sizes) = (None, "::hesse".to_owned(), vec![], BTreeMap::new());
    let mut device = false;
    for a in input.attrs.iter().filter(|a| a.path().is_ident("hesse")) {
        a.parse_nested_meta(|m| {
            if m.path.is_ident("model") || m.path.is_ident("file") {
                if text.is_some() {
                    return Err(m.error("the model is given twice"));
                }
                let literal: LitStr = m.value()?.parse()?;
                text = Some(if m.path.is_ident("model") { Text::Inline(literal) } else { Text::File(literal) });
                Ok(())
            } else if m.path.is_ident("crate") {
                krate = crate_path(&m.value()?.parse()?)?;
                Ok(())
            } else if m.path.is_ident("method") {
                m.parse_nested_meta(|m| {
                    let name = m.path.require_ident()?.clone();
                    methods.push((name, m.value()?.parse()?));
                    Ok(())
                })
            } else if m.path.is_ident("sizes") {
                m.parse_nested_meta(|m| {
                    let n: LitInt = m.value()?.parse()?;
                    sizes.insert(m.path.require_ident()?.to_string(), n.base10_parse()?);
                    Ok(())
                })
            } else if m.path.is_ident("device") {
                device = true;
                match cfg!(feature = "device") {
                    true => Ok(()),
                    false => Err(m.error("`device` needs the feature `opencl` or `cuda` of the crate `hesse`")),
                }
            } else {
                Err(m.error("here stand `model`, `file`, `method`, `sizes`, `device` and `crate`"))
            }
        })?;
    }
    let text = text.ok_or_else(|| {
        Error::new(input.ident.span(), "the model is missing: add #[hesse(model = \"…\")] or #[hesse(file = \"….hesse\")]")
    })?;
    let (mut parameters, mut skipped, mut scalar) = (vec![], vec![], None::<Ident>);
    for f in &fields.named {
        let field = f.ident.clone().ok_or_else(|| Error::new(f.span(), "a field without a name"))?;
        let Some((name, span)) = parameter(f, &field)? else {
            skipped.push(field);
            continue;
        };
        let found = number(&f.ty).ok_or_else(|| {
            let message = "a parameter is a DMatrix, DVector, SMatrix or SVector of f32 or f64, or a number; \
                           what else the struct holds is marked #[hesse(skip)]";
            Error::new(f.ty.span(), message)
        })?;
        let first = scalar.get_or_insert_with(|| found.clone());
        if *first != found {
            return Err(Error::new(found.span(), format!("the parameters before are of type {first}; all must be of one type")));
        }
        parameters.push(Parameter { field, name, span });
    }
    let scalar = scalar.ok_or_else(|| Error::new(input.ident.span(), "the struct has no parameters"))?;
    Ok(Layer { name: input.ident.clone(), text, parameters, skipped, scalar, krate, methods, sizes, device })
}

/// The path of the crate from anywhere: what is not of this crate begins with `::`.
fn crate_path(literal: &LitStr) -> Result<String> {
    let path: syn::Path = literal.parse()?;
    let first = path.segments.first().map(|s| s.ident.to_string()).unwrap_or_default();
    match first.as_str() {
        "self" | "super" => Err(Error::new(literal.span(), "the path of the crate begins with `crate` or the name of a crate")),
        "crate" => Ok(literal.value()),
        _ => Ok(format!("::{}", literal.value().trim_start_matches("::"))),
    }
}

/// The parameter that a field is, or none if it is skipped.
fn parameter(f: &Field, field: &Ident) -> Result<Option<(String, Span)>> {
    let (mut name, mut span, mut skip) = (syn::ext::IdentExt::unraw(field).to_string(), field.span(), false);
    for a in f.attrs.iter().filter(|a| a.path().is_ident("hesse")) {
        a.parse_nested_meta(|m: ParseNestedMeta| {
            if m.path.is_ident("name") {
                let literal: LitStr = m.value()?.parse()?;
                (name, span) = (literal.value(), literal.span());
                Ok(())
            } else if m.path.is_ident("skip") {
                skip = true;
                Ok(())
            } else {
                Err(m.error("here stand `name = \"…\"` and `skip`"))
            }
        })?;
    }
    Ok((!skip).then_some((name, span)))
}

/// The number type of a field: itself, or the first argument of a matrix type.
fn number(ty: &Type) -> Option<Ident> {
    let Type::Path(p) = ty else { return None };
    let last = p.path.segments.last()?;
    if last.ident == "f32" || last.ident == "f64" {
        return Some(last.ident.clone());
    }
    let name = last.ident.to_string();
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(t) if name.contains("Matrix") || name.contains("Vector") => number(t),
        _ => None,
    }
}
