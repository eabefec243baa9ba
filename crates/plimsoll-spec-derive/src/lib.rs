//! The derive that makes reader, canonical shape and documentation of the application file's types.
//!
//! `#[derive(Spec)]` stands on three kinds of types: a struct is a block of keys, an enum of plain
//! words is a leaf, and an enum with `#[spec(one_key)]` is a map with one of several keys.

mod attributes;
mod block;
mod one_key;
mod words;

use proc_macro::TokenStream;
use syn::{Data, DeriveInput, parse_macro_input};

/// Derives shape and reader from the type, its doc comments and its `#[spec(…)]`.
#[proc_macro_derive(Spec, attributes(spec))]
pub fn spec(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let made = match &input.data {
        Data::Struct(data) => block::derive(&input, data),
        Data::Enum(data) => match attributes::Container::read(&input.attrs) {
            Ok(container) if container.one_key => one_key::derive(&input, data),
            Ok(_) => words::derive(&input, data),
            Err(error) => Err(error),
        },
        Data::Union(_) => Err(syn::Error::new_spanned(&input, "a union is no block")),
    };
    made.unwrap_or_else(syn::Error::into_compile_error).into()
}
