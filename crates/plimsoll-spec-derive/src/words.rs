//! An enum of plain words: a leaf.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataEnum, DeriveInput};

use crate::attributes::{doc, word};

/// Makes the leaf.
pub fn derive(input: &DeriveInput, data: &DataEnum) -> syn::Result<TokenStream> {
    let name = &input.ident;
    let (mut words, mut docs, mut variants) = (Vec::new(), Vec::new(), Vec::new());
    for variant in &data.variants {
        let ident = &variant.ident;
        let written = word(&variant.attrs)?;
        words.push(written.unwrap_or_else(|| kebab(&ident.to_string())));
        docs.push(doc(&variant.attrs));
        variants.push(ident);
    }
    let what = format!("one of {}", words.join(", "));
    let shown: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let written = shown.join(", ");
    Ok(quote! {
        impl #name {
            /// All of them, in the order of the reference.
            pub const ALL: &'static [Self] = &[#(Self::#variants),*];

            /// As it is written.
            pub fn word(self) -> &'static str {
                match self {
                    #(Self::#variants => #words),*
                }
            }
        }

        impl ::std::fmt::Display for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl crate::types::Leaf for #name {
            const WHAT: &'static str = #what;
            const WRITTEN: &'static str = #written;
            const WORDS: &'static [&'static str] = &[#(#words),*];
            const WORD_DOCS: &'static [&'static str] = &[#(#docs),*];

            fn parse(text: &str) -> Result<Self, crate::types::Problem> {
                match text {
                    #(#words => Ok(Self::#variants),)*
                    _ => Err(crate::types::Problem::whole(text, "not one of them")),
                }
            }
        }
    })
}

/// `BlueGreen` as `blue-green`.
pub fn kebab(ident: &str) -> String {
    let mut word = String::new();
    for c in ident.chars() {
        if c.is_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.extend(c.to_lowercase());
    }
    word
}
