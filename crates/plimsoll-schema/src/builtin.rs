//! The embedded table of built-in kinds.
use std::io::Read;
use std::sync::OnceLock;

use flate2::read::GzDecoder;

use crate::{Schemas, decode};

static KUBERNETES: &[u8] = include_bytes!("../data/kubernetes.txt.gz");

/// The built-in kinds of Kubernetes, decoded on first use.
///
/// # Panics
/// If the embedded table is damaged, which a test rules out.
pub fn kubernetes() -> &'static Schemas {
    static TABLE: OnceLock<Schemas> = OnceLock::new();
    TABLE.get_or_init(|| unpack(KUBERNETES))
}

/// Decodes an embedded table; its text stays in memory, as the types borrow from it.
fn unpack(table: &[u8]) -> Schemas {
    let mut text = String::new();
    GzDecoder::new(table)
        .read_to_string(&mut text)
        .expect("the embedded table is gzip of text");
    decode(text.leak()).expect("the embedded table is well formed")
}
