//! The embedded tables.
use std::io::Read;
use std::sync::OnceLock;

use flate2::read::GzDecoder;

use crate::{KindInfo, Schemas, decode};

static KUBERNETES: &[u8] = include_bytes!("../data/kubernetes.txt.gz");
static COMPONENTS: &[u8] = include_bytes!("../data/components.txt.gz");

/// The built-in kinds of Kubernetes, decoded on first use.
///
/// # Panics
/// If the embedded table is damaged, which a test rules out.
pub fn kubernetes() -> &'static Schemas {
    static TABLE: OnceLock<Schemas> = OnceLock::new();
    TABLE.get_or_init(|| unpack(KUBERNETES))
}

/// The custom kinds of well-known components, decoded on first use.
///
/// One release of each: Gateway API (standard channel), cert-manager, External Secrets, KEDA,
/// CloudNativePG, Cilium policies, Argo CD and Rollouts, Prometheus Operator, Sealed Secrets, Istio
/// and Velero. Their kinds do not depend on the version of Kubernetes.
///
/// # Panics
/// If the embedded table is damaged, which a test rules out.
pub fn components() -> &'static Schemas {
    static TABLE: OnceLock<Schemas> = OnceLock::new();
    TABLE.get_or_init(|| unpack(COMPONENTS))
}

/// The embedded kind of this name, built-in or of a component, and the table that holds its type.
pub fn find_kind(api_version: &str, kind: &str) -> Option<(&'static Schemas, &'static KindInfo)> {
    [kubernetes, components].into_iter().find_map(|table| {
        let schemas = table();
        Some((schemas, schemas.kind_of(api_version, kind)?))
    })
}

/// Decodes an embedded table; its text stays in memory, as the types borrow from it.
fn unpack(table: &[u8]) -> Schemas {
    let mut text = String::new();
    GzDecoder::new(table)
        .read_to_string(&mut text)
        .expect("the embedded table is gzip of text");
    decode(text.leak()).expect("the embedded table is well formed")
}
