//! What an object is for, as far as its kind says.

use plimsoll_source::Node;
use plimsoll_world::{ObjectKey, Role, Unit};

/// What an object is for a release.
pub(crate) fn of(key: &ObjectKey, body: &Node) -> Role {
    match (key.group(), key.kind.as_str()) {
        ("apps", "StatefulSet") if has_disks(body) => Role::Store,
        ("postgresql.cnpg.io", "Cluster") => Role::Store,
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet") | ("argoproj.io", "Rollout") => {
            Role::Workload
        }
        ("networking.k8s.io", "Ingress") => Role::Route,
        ("gateway.networking.k8s.io", kind) if kind.ends_with("Route") => Role::Route,
        ("external-secrets.io", "ExternalSecret") | ("bitnami.com", "SealedSecret") => {
            Role::SecretSource
        }
        _ => Role::Plain,
    }
}

/// The block that it belongs to.
pub(crate) fn unit(key: &ObjectKey, body: &Node) -> Unit {
    let name = key.name.clone();
    match of(key, body) {
        Role::Store => Unit::Store(name),
        Role::Workload => Unit::Service(name),
        Role::Route => Unit::Route(name),
        _ if key.group() == "batch" => Unit::Job(name),
        _ if key.kind == "Namespace" && key.group().is_empty() => Unit::Namespace(name),
        _ => Unit::Shared,
    }
}

/// Whether removing it would lose data: it holds some, or it says that it is to be kept.
pub(crate) fn holds_data(key: &ObjectKey, body: &Node) -> bool {
    let annotation = |name: &str| {
        let value = body.at(&["metadata", "annotations", name]);
        value.and_then(Node::text).map(plimsoll_source::Str::as_str)
    };
    let is_claim = key.group().is_empty() && key.kind == "PersistentVolumeClaim";
    is_claim
        || of(key, body) == Role::Store
        || annotation("helm.sh/resource-policy") == Some("keep")
        || annotation("kustomize.toolkit.fluxcd.io/prune") == Some("disabled")
        || annotation("argocd.argoproj.io/sync-options")
            .is_some_and(|options| options.contains("Prune=false"))
}

fn has_disks(body: &Node) -> bool {
    let claims = body.at(&["spec", "volumeClaimTemplates"]);
    claims.is_some_and(|claims| !claims.items().is_empty())
}
