//! An enum of which one key is written, with its options.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataEnum, DeriveInput, Fields};

use crate::attributes::{doc, word};
use crate::words::kebab;

/// Makes shape and reader.
pub fn derive(input: &DeriveInput, data: &DataEnum) -> syn::Result<TokenStream> {
    let name = &input.ident;
    let text = name.to_string();
    let about = doc(&input.attrs);
    let (mut fields, mut arms) = (Vec::new(), Vec::new());
    for variant in &data.variants {
        let Fields::Unnamed(inner) = &variant.fields else {
            return Err(syn::Error::new_spanned(
                variant,
                "a variant holds its options",
            ));
        };
        let Some(first) = inner.unnamed.first() else {
            return Err(syn::Error::new_spanned(
                variant,
                "a variant holds its options",
            ));
        };
        let (ident, kind) = (&variant.ident, &first.ty);
        let key = word(&variant.attrs)?.unwrap_or_else(|| kebab(&ident.to_string()));
        let doc = doc(&variant.attrs);
        fields.push(quote! {
            crate::shape::Field {
                key: #key,
                doc: #doc,
                default: None,
                shown: None,
                required: false,
                shape: || <#kind as crate::read::Word>::shape(),
                only: None,
                over: &[],
            }
        });
        arms.push(quote! {
            #key => cx.within(#key, &entry.at, |cx| {
                <#kind as crate::read::Word>::read(&entry.value, cx).map(Self::#ident)
            })
        });
    }
    Ok(quote! {
        impl #name {
            /// Its shape.
            pub fn block() -> &'static crate::shape::Block {
                static BLOCK: ::std::sync::LazyLock<crate::shape::Block> =
                    ::std::sync::LazyLock::new(|| crate::shape::Block {
                        name: #text,
                        doc: #about,
                        fields: vec![#(#fields),*],
                        short: crate::shape::Short::None,
                        rest: None,
                    });
                &BLOCK
            }
        }

        impl crate::read::Word for #name {
            const REQUIRED: bool = true;

            fn shape() -> crate::shape::Shape {
                crate::shape::Shape::OneKey(Self::block)
            }

            fn read(
                node: &::plimsoll_source::Node,
                cx: &mut crate::read::Reader<'_>,
            ) -> Option<Self> {
                let entry = node.entries().first()?;
                match entry.key.as_str() {
                    #(#arms,)*
                    _ => None,
                }
            }
        }
    })
}
