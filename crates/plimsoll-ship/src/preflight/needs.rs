//! What the objects of a release name and do not bring.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::pod_spec;
use crate::references::{items, text};
use crate::release::{Desired, ObjectKey, Place, Release};

/// An object that must be there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Need {
    /// Which.
    pub(super) object: ObjectKey,
    /// The condition that must hold.
    pub(super) condition: Option<&'static str>,
    /// The object of the release that names it.
    pub(super) by: ObjectKey,
    /// Where the user wrote that.
    pub(super) place: Option<Place>,
}

impl Need {
    /// The condition as a word.
    pub(super) fn word(&self) -> String {
        self.condition.unwrap_or("there").to_lowercase()
    }

    /// What mends it.
    pub(super) fn remedy(&self) -> String {
        match self.object.kind.as_str() {
            "GatewayClass" => "install the gateway of `platform.gateway`, or name its class".into(),
            "Gateway" => "make it first, or name another one".into(),
            "IngressClass" => "install the ingress controller, or name its class".into(),
            "StorageClass" => "name a class that `kubectl get storageclass` lists".into(),
            "SecretStore" | "ClusterSecretStore" => {
                "make the store, and see `kubectl describe` on it for what it says".into()
            }
            "Issuer" | "ClusterIssuer" => "make the issuer of `platform.certificates` first".into(),
            kind => format!("make the {kind} first"),
        }
    }
}

/// Everything that is named and not brought, each once, in the order of the release.
pub(super) fn needs(release: &Release) -> Vec<Need> {
    let brought: BTreeSet<&ObjectKey> = release.objects.iter().map(|object| &object.key).collect();
    let mut seen = BTreeSet::new();
    let mut needs = Vec::new();
    for object in &release.objects {
        for (key, condition) in named(object) {
            if key.name.is_empty() || brought.contains(&key) || !seen.insert(key.clone()) {
                continue;
            }
            needs.push(Need {
                object: key,
                condition,
                by: object.key.clone(),
                place: object.place.clone(),
            });
        }
    }
    needs
}

type Named = (ObjectKey, Option<&'static str>);

fn named(object: &Desired) -> Vec<Named> {
    let (key, body) = (&object.key, &object.body);
    let class = |api_version, kind, pointer, condition| {
        vec![(
            ObjectKey::new(api_version, kind, None, text(body, pointer)),
            condition,
        )]
    };
    let mut named = match (key.group(), key.kind.as_str()) {
        ("gateway.networking.k8s.io", "Gateway") => class(
            "gateway.networking.k8s.io/v1",
            "GatewayClass",
            "/spec/gatewayClassName",
            Some("Accepted"),
        ),
        ("gateway.networking.k8s.io", _) => parents(object),
        ("networking.k8s.io", "Ingress") => class(
            "networking.k8s.io/v1",
            "IngressClass",
            "/spec/ingressClassName",
            None,
        ),
        ("external-secrets.io", "ExternalSecret") => secret_store(object),
        ("cert-manager.io", "Certificate") => issuer(object),
        _ => Vec::new(),
    };
    named.extend(disks(object).into_iter().map(|class| {
        (
            ObjectKey::new("storage.k8s.io/v1", "StorageClass", None, class),
            None,
        )
    }));
    if let Some(pod) = pod_spec::template(key, body) {
        let name = text(pod, "/spec/priorityClassName");
        named.push((
            ObjectKey::new("scheduling.k8s.io/v1", "PriorityClass", None, name),
            None,
        ));
        let name = text(pod, "/spec/runtimeClassName");
        named.push((
            ObjectKey::new("node.k8s.io/v1", "RuntimeClass", None, name),
            None,
        ));
    }
    if let Some(name) = body.pointer("/metadata/annotations/cert-manager.io~1cluster-issuer") {
        let name = name.as_str().unwrap_or_default();
        let issuer = ObjectKey::new("cert-manager.io/v1", "ClusterIssuer", None, name);
        named.push((issuer, Some("Ready")));
    }
    named
}

/// Gateways that a route hangs on.
fn parents(object: &Desired) -> Vec<Named> {
    let own = object.key.namespace.as_deref();
    let parents = items(&object.body, "/spec/parentRefs").iter();
    parents
        .filter(|parent| matches!(text(parent, "/kind"), "" | "Gateway"))
        .map(|parent| {
            let namespace = parent["namespace"].as_str().or(own);
            let name = text(parent, "/name");
            let gateway =
                ObjectKey::new("gateway.networking.k8s.io/v1", "Gateway", namespace, name);
            (gateway, Some("Accepted"))
        })
        .collect()
}

fn secret_store(object: &Desired) -> Vec<Named> {
    let store = &object.body["spec"]["secretStoreRef"];
    let kind = store["kind"].as_str().unwrap_or("SecretStore");
    let own = object.key.namespace.as_deref();
    let namespace = own.filter(|_| kind == "SecretStore");
    let key = ObjectKey::new(
        &object.key.api_version,
        kind,
        namespace,
        text(store, "/name"),
    );
    vec![(key, Some("Ready"))]
}

fn issuer(object: &Desired) -> Vec<Named> {
    let issuer = &object.body["spec"]["issuerRef"];
    let kind = issuer["kind"].as_str().unwrap_or("Issuer");
    if issuer["group"]
        .as_str()
        .is_some_and(|group| group != "cert-manager.io")
    {
        return Vec::new();
    }
    let own = object.key.namespace.as_deref();
    let namespace = own.filter(|_| kind == "Issuer");
    let key = ObjectKey::new("cert-manager.io/v1", kind, namespace, text(issuer, "/name"));
    vec![(key, Some("Ready"))]
}

/// Descriptions of disks inside an object.
fn claims(object: &Desired) -> Vec<&Value> {
    match (object.key.group(), object.key.kind.as_str()) {
        ("", "PersistentVolumeClaim") => object.body.get("spec").into_iter().collect(),
        ("apps", "StatefulSet") => items(&object.body, "/spec/volumeClaimTemplates")
            .iter()
            .filter_map(|template| template.get("spec"))
            .collect(),
        _ => Vec::new(),
    }
}

/// Classes that disks of an object name.
fn disks(object: &Desired) -> Vec<&str> {
    let mut classes: Vec<&str> = claims(object)
        .into_iter()
        .filter_map(|claim| claim["storageClassName"].as_str())
        .collect();
    if object.key.group() == "postgresql.cnpg.io" {
        classes.push(text(&object.body, "/spec/storage/storageClass"));
        classes.push(text(&object.body, "/spec/walStorage/storageClass"));
    }
    classes
}

/// The first object with a disk that names no class.
pub(super) fn without_class(release: &Release) -> Option<(ObjectKey, Option<Place>)> {
    let has_one = |object: &&Desired| {
        claims(object)
            .iter()
            .any(|claim| claim["storageClassName"].is_null() && claim["volumeName"].is_null())
    };
    let object = release.objects.iter().find(has_one)?;
    Some((object.key.clone(), object.place.clone()))
}

/// The first autoscaler that goes by what pods use.
pub(super) fn reads_metrics(release: &Release) -> Option<(ObjectKey, Option<Place>)> {
    let reads = |object: &&Desired| {
        object.key.kind == "HorizontalPodAutoscaler"
            && items(&object.body, "/spec/metrics")
                .iter()
                .any(|metric| matches!(text(metric, "/type"), "Resource" | "ContainerResource"))
    };
    let object = release.objects.iter().find(reads)?;
    Some((object.key.clone(), object.place.clone()))
}
