//! A struct: a block of keys.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataStruct, DeriveInput, Field, Ident, LitStr};

use crate::attributes::{Container, Key, doc};

/// Makes shape and reader.
pub fn derive(input: &DeriveInput, data: &DataStruct) -> syn::Result<TokenStream> {
    let container = Container::read(&input.attrs)?;
    let (mut shapes, mut reads, mut idents) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = quote! { None };
    for field in &data.fields {
        let Some(ident) = &field.ident else {
            return Err(syn::Error::new_spanned(field, "a block has named fields"));
        };
        let key = Key::read(&field.attrs)?;
        let word = key_of(ident);
        let kind = &field.ty;
        if key.is_key() {
            let shape = field_shape(field, &key, &container, &word)?;
            shapes.push(quote! { fields.push(#shape); });
        } else if key.flatten {
            shapes.push(flattened(field, &container)?);
        } else if key.rest {
            let shape = field_shape(field, &key, &container, "NAME")?;
            rest = quote! { Some(#shape) };
        }
        let read = reading(field, &key, &word);
        reads.push(quote! { let #ident: Option<#kind> = #read; });
        idents.push(ident);
    }
    let name = &input.ident;
    let text = name.to_string();
    let about = doc(&input.attrs);
    let short = short(&container);
    Ok(quote! {
        impl #name {
            /// Its shape.
            pub fn block() -> &'static crate::shape::Block {
                static BLOCK: ::std::sync::LazyLock<crate::shape::Block> =
                    ::std::sync::LazyLock::new(|| {
                        let mut fields = Vec::new();
                        #(#shapes)*
                        crate::shape::Block {
                            name: #text,
                            doc: #about,
                            fields,
                            short: #short,
                            rest: #rest,
                        }
                    });
                &BLOCK
            }
        }

        impl crate::read::Word for #name {
            fn shape() -> crate::shape::Shape {
                crate::shape::Shape::Block(Self::block)
            }

            fn read(
                __node: &::plimsoll_source::Node,
                cx: &mut crate::read::Reader<'_>,
            ) -> Option<Self> {
                #(#reads)*
                Some(Self { #(#idents: #idents?),* })
            }

            fn absent(cx: &mut crate::read::Reader<'_>) -> Option<Self> {
                let empty = cx.nothing();
                Self::read(&empty, cx)
            }
        }
    })
}

/// `secret_name` as `secretName`, `as_` as `as`.
fn key_of(ident: &Ident) -> String {
    let mut key = String::new();
    let mut upper = false;
    let ident = ident.to_string();
    for c in ident.trim_start_matches("r#").trim_end_matches('_').chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                key.extend(c.to_uppercase());
                upper = false;
            }
            c => key.push(c),
        }
    }
    key
}

fn field_shape(
    field: &Field,
    key: &Key,
    container: &Container,
    word: &str,
) -> syn::Result<TokenStream> {
    let kind = &field.ty;
    let doc = &key.doc;
    let default = option(key.default.as_ref());
    let shown = option(key.shown.as_ref());
    let mut shape = quote! { <#kind as crate::read::Word>::shape() };
    if key.set {
        shape = quote! { #shape.as_set() };
    }
    if let Some(keys) = &key.keys {
        shape = quote! { #shape.keyed(crate::shape::Keys::#keys) };
    }
    let only = only(key.only.as_ref(), container, word)?;
    let over = key.over.as_ref().map(LitStr::value).unwrap_or_default();
    let over = over.split_whitespace();
    let required = if key.default.is_none() && key.shown.is_none() && !key.rest {
        quote! { <#kind as crate::read::Word>::REQUIRED }
    } else {
        quote! { false }
    };
    Ok(quote! {
        crate::shape::Field {
            key: #word,
            doc: #doc,
            default: #default,
            shown: #shown,
            required: #required,
            shape: || #shape,
            only: #only,
            over: &[#(#over),*],
        }
    })
}

/// The keys of another block, which stand among these.
fn flattened(field: &Field, container: &Container) -> syn::Result<TokenStream> {
    let kind = &field.ty;
    let only = only(None, container, "")?;
    Ok(quote! {
        fields.extend(#kind::block().fields.iter().map(|field| crate::shape::Field {
            only: field.only.or(#only),
            ..*field
        }));
    })
}

/// How a field gets its value.
fn reading(field: &Field, key: &Key, word: &str) -> TokenStream {
    let kind = &field.ty;
    if key.name {
        return quote! { cx.entry_name() };
    }
    if key.origin {
        return quote! { Some(cx.origin_of(__node)) };
    }
    if key.handle {
        return quote! { Some(cx.handle()) };
    }
    if key.flatten {
        return quote! { <#kind as crate::read::Word>::read(__node, cx) };
    }
    if key.target {
        return quote! { cx.entry_target() };
    }
    if let Some(of) = &key.target_of {
        return quote! { cx.target_at(__node, #of) };
    }
    if key.skip {
        return quote! { Some(<#kind as crate::read::Given>::given(cx)) };
    }
    if key.rest {
        return quote! { cx.rest(__node, Self::block()) };
    }
    quote! { cx.field(__node, Self::block(), #word) }
}

fn option<T: quote::ToTokens>(value: Option<&T>) -> TokenStream {
    if let Some(value) = value {
        quote! { Some(#value) }
    } else {
        quote! { None }
    }
}

/// `run: statefulset external` or `use: !none`, of the field or else of its block.
fn only(own: Option<&LitStr>, container: &Container, word: &str) -> syn::Result<TokenStream> {
    let Some(text) = own.or(container.idle.as_ref()) else {
        return Ok(quote! { None });
    };
    let value = text.value();
    let Some((chooser, values)) = value.split_once(": ") else {
        return Err(syn::Error::new_spanned(
            text,
            "write `chooser: value value`",
        ));
    };
    if chooser == word {
        return Ok(quote! { None });
    }
    let (values, except) = match values.strip_prefix('!') {
        Some(values) => (values, true),
        None => (values, false),
    };
    let values = values.split_whitespace();
    Ok(quote! {
        Some(crate::shape::Only {
            chooser: #chooser,
            values: &[#(#values),*],
            except: #except,
        })
    })
}

fn short(container: &Container) -> TokenStream {
    match (&container.short, &container.short_with) {
        (Some(key), _) => quote! { crate::shape::Short::Key(#key) },
        (None, Some(with)) => quote! { crate::shape::Short::With(#with) },
        (None, None) => quote! { crate::shape::Short::None },
    }
}
