//! The embedded tables.
use std::sync::OnceLock;

use crate::{KindInfo, Schemas, format};

static KUBERNETES: &str = include_str!("../data/kubernetes.txt");
static COMPONENTS: &str = include_str!("../data/components.txt");

/// The built-in kinds of Kubernetes; each type is read on first use.
///
/// # Panics
/// If the embedded table is damaged, which a test rules out.
pub fn kubernetes() -> &'static Schemas {
    static TABLE: OnceLock<Schemas> = OnceLock::new();
    TABLE.get_or_init(|| index(KUBERNETES))
}

/// The custom kinds of well-known components; each type is read on first use.
///
/// One release of each: Gateway API (standard channel), cert-manager, External Secrets, KEDA,
/// CloudNativePG, Cilium policies, Argo CD and Rollouts, Prometheus Operator, Sealed Secrets, Istio
/// and Velero. Their kinds do not depend on the version of Kubernetes.
///
/// # Panics
/// If the embedded table is damaged, which a test rules out.
pub fn components() -> &'static Schemas {
    static TABLE: OnceLock<Schemas> = OnceLock::new();
    TABLE.get_or_init(|| index(COMPONENTS))
}

/// The embedded kind of this name, built-in or of a component, and the table that holds its type.
pub fn find_kind(api_version: &str, kind: &str) -> Option<(&'static Schemas, &'static KindInfo)> {
    [kubernetes, components].into_iter().find_map(|table| {
        let schemas = table();
        Some((schemas, schemas.kind_of(api_version, kind)?))
    })
}

fn index(table: &'static str) -> Schemas {
    format::index(table).expect("the embedded table is well formed")
}
