//! Certificates that cert-manager makes for an annotated Ingress (1.21, "Annotated Ingress resource"):
//! before their Secrets are there nobody is served over TLS, so that the Ingress is not ready for us.

use std::collections::{BTreeMap, BTreeSet};

use kube::api::DynamicObject;
use serde_json::Value;

use crate::observe::{Observed, Scope};
use crate::ready::Readiness;
use crate::references::{items, text};
use crate::release::{ObjectKey, Release};

/// What asks cert-manager for certificates.
const ANNOTATIONS: [&str; 3] = [
    "cert-manager.io/issuer",
    "cert-manager.io/cluster-issuer",
    "kubernetes.io/tls-acme",
];

/// The Secrets that cert-manager makes for an object.
pub(crate) fn awaited(key: &ObjectKey, body: &Value) -> Vec<ObjectKey> {
    let annotations = &body["metadata"]["annotations"];
    let asks = ANNOTATIONS
        .iter()
        .any(|annotation| !annotations[annotation].is_null());
    if (key.group(), key.kind.as_str()) != ("networking.k8s.io", "Ingress") || !asks {
        return Vec::new();
    }
    let namespace = key.namespace.as_deref().unwrap_or_default();
    let names = items(body, "/spec/tls")
        .iter()
        .map(|tls| text(tls, "/secretName"));
    names
        .filter(|name| !name.is_empty())
        .map(|name| ObjectKey::secret(namespace, name))
        .collect()
}

/// Where the Secrets are that a release waits for.
pub(crate) fn scopes(release: &Release) -> BTreeSet<Scope> {
    let objects = release.objects.iter();
    let secrets = objects.flat_map(|object| awaited(&object.key, &object.body));
    secrets.map(|secret| Scope::of(&secret)).collect()
}

/// Objects by the Secrets that they wait for.
pub(crate) fn waiting(release: &Release) -> BTreeMap<ObjectKey, Vec<usize>> {
    let mut waiting: BTreeMap<ObjectKey, Vec<usize>> = BTreeMap::new();
    for (node, object) in release.objects.iter().enumerate() {
        for secret in awaited(&object.key, &object.body) {
            waiting.entry(secret).or_default().push(node);
        }
    }
    waiting
}

/// What is missing of the certificates of a live object that is ready by itself.
pub(crate) fn with_certificates(
    key: &ObjectKey,
    live: &DynamicObject,
    observed: &Observed,
    now: Readiness,
) -> Readiness {
    if now != Readiness::Ready || key.kind != "Ingress" {
        return now;
    }
    let mut body = live.data.clone();
    body["metadata"] = serde_json::json!({ "annotations": live.metadata.annotations });
    let missing = awaited(key, &body)
        .into_iter()
        .find(|secret| observed.get(secret).is_none());
    missing.map_or(now, |secret| {
        Readiness::Waiting(format!(
            "cert-manager has not issued its certificate yet: {secret} is missing"
        ))
    })
}
