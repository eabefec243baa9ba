//! What a prepared cluster has before an application comes: namespaces, DNS, classes, definitions,
//! stores of secrets and an issuer.

use super::components::{Facts, KNOWN, Serves};
use super::crds;
use crate::error::ApiError;
use crate::kinds::Kind;
use crate::network::{NAMESPACE_LABEL, data_plane};
use crate::state::State;
use serde_json::{Value, json};

const MANAGER: &str = "platform";

/// Key of the label by which a namespace tells that a component runs in it.
pub(crate) fn component_label(component: &str) -> String {
    format!("cluster.embedded/runs-{component}")
}

/// One component that a cluster was prepared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// A name of [`names`], such as `envoy` or `cert-manager`.
    pub name: String,
    /// Where it runs; its documentation's namespace when absent.
    pub namespace: Option<String>,
    /// `GatewayClass` or `IngressClass`; the component's usual one when absent.
    pub class: Option<String>,
    /// Whether a gateway component serves Ingress objects instead of Gateway API.
    pub ingress: bool,
    /// Kind (`ClusterSecretStore`, `SecretStore`), namespace and name of stores that exist.
    pub stores: Vec<(String, String, String)>,
    /// Names of `ClusterIssuers` that exist, besides the self-signed one.
    pub issuers: Vec<String>,
}

impl Component {
    /// A component with all its defaults.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// Why a cluster cannot be prepared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlatformError {
    /// No component of that name is known.
    #[error("no component `{0}` is known")]
    Unknown(String),
    /// The API server refused an object of the component.
    #[error("the cluster refused an object of `{component}`")]
    Refused {
        /// The component.
        component: String,
        /// What it said.
        source: Box<ApiError>,
    },
}

/// Names of all components, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|facts| facts.name)
}

/// The component that brings a custom kind such as `cert-manager.io/Certificate`.
pub fn bringing(kind: &str) -> Option<&'static str> {
    let (group, kind) = kind.split_once('/')?;
    crds::rows()
        .find(|row| row.group == group && row.kind == kind)
        .map(|row| row.component)
}

/// Installs what every cluster has, and then each component; what exists already stays.
pub fn install(state: &mut State, components: &[Component]) -> Result<(), PlatformError> {
    put_all(state, "kubernetes", basics())?;
    for component in components {
        let facts = facts_of(&component.name)?;
        put_all(state, facts.name, objects(component, facts))?;
    }
    Ok(())
}

fn facts_of(name: &str) -> Result<&'static Facts, PlatformError> {
    KNOWN
        .iter()
        .find(|facts| facts.name == name)
        .ok_or_else(|| PlatformError::Unknown(name.to_owned()))
}

fn put_all(state: &mut State, component: &str, objects: Vec<Value>) -> Result<(), PlatformError> {
    for object in objects {
        let definition = (object["kind"] == "CustomResourceDefinition")
            .then(|| Kind::custom(&object))
            .flatten();
        let labels = object["metadata"]["labels"].clone();
        let name = object["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let is_namespace = object["kind"] == "Namespace";
        match state.create(MANAGER, object) {
            Ok(_) => {}
            Err(error) if error.reason == "AlreadyExists" && is_namespace => {
                label_namespace(state, &name, &labels);
            }
            Err(error) if error.reason == "AlreadyExists" => {}
            Err(source) => {
                return Err(PlatformError::Refused {
                    component: component.to_owned(),
                    source: Box::new(source),
                });
            }
        }
        if let Some(kind) = definition.filter(|kind| state.kinds().get(&kind.key).is_none()) {
            state.kinds.add(kind);
        }
    }
    Ok(())
}

/// Adds labels to a namespace that is there already.
fn label_namespace(state: &mut State, name: &str, labels: &Value) {
    let Some(known) = state.get("Namespace", "", name) else {
        return;
    };
    let mut changed = Value::clone(&known);
    for (key, value) in labels.as_object().into_iter().flatten() {
        changed["metadata"]["labels"][key] = value.clone();
    }
    let written = state.update(MANAGER, changed);
    debug_assert!(written.is_ok(), "labels of ours are valid: {written:?}");
}

/// Objects of a component: namespace, definitions, class, stores, issuers.
fn objects(component: &Component, facts: &Facts) -> Vec<Value> {
    let home = component.namespace.as_deref().unwrap_or(facts.namespace);
    let mut all = vec![home_of(home, facts.name)];
    let serves_gateways = facts.gateway.is_some() && !component.ingress;
    let brings = |owner: &str| owner == facts.name || (serves_gateways && owner == "gateway-api");
    all.extend(
        crds::rows()
            .filter(|row| brings(row.component))
            .map(|row| row.definition()),
    );
    if let Some(known) = facts.gateway.filter(|_| serves_gateways) {
        let name = component.class.as_deref().unwrap_or(known.name);
        all.push(class_object(
            "gateway.networking.k8s.io/v1",
            "GatewayClass",
            name,
            home,
            &json!({"controllerName": known.controller}),
        ));
    }
    if let Some(known) = facts.ingress.filter(|_| !serves_gateways) {
        let name = component.class.as_deref().unwrap_or(known.name);
        all.push(class_object(
            "networking.k8s.io/v1",
            "IngressClass",
            name,
            home,
            &json!({"controller": known.controller}),
        ));
    }
    all.extend(facts.serves.iter().flat_map(|serves| served(serves, home)));
    for (kind, namespace_name, name) in &component.stores {
        if !namespace_name.is_empty() {
            all.push(namespace(namespace_name));
        }
        all.push(store(kind, namespace_name, name));
    }
    if facts.name == "cert-manager" {
        let issuers = component.issuers.iter().map(String::as_str);
        all.extend(std::iter::once("self-signed").chain(issuers).map(issuer));
    }
    all
}

fn class_object(api_version: &str, kind: &str, name: &str, home: &str, spec: &Value) -> Value {
    let controller = spec["controllerName"]
        .as_str()
        .or_else(|| spec["controller"].as_str())
        .unwrap_or_default();
    let mut object =
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec});
    if data_plane(controller)
        .and_then(crate::network::DataPlane::usual_namespace)
        .is_some_and(|usual| usual != home)
    {
        object["metadata"]["labels"] = json!({NAMESPACE_LABEL: home});
    }
    object
}

fn store(kind: &str, namespace: &str, name: &str) -> Value {
    let mut object = json!({
        "apiVersion": "external-secrets.io/v1", "kind": kind, "metadata": {"name": name},
        "spec": {"provider": {"fake": {"data": []}}},
    });
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = json!(namespace);
    }
    object
}

/// A Service of a component and the Deployment behind it.
fn served(serves: &Serves, home: &str) -> [Value; 2] {
    let labels = json!({"app.kubernetes.io/name": serves.pods});
    let metadata = json!({"namespace": home, "name": serves.service, "labels": labels});
    let outside = serves.ports.iter();
    let outside =
        outside.map(|(name, port, _)| json!({"name": name, "port": port, "targetPort": name}));
    let inside = serves.ports.iter();
    let inside = inside.map(|(name, _, port)| json!({"name": name, "containerPort": port}));
    [
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata,
            "spec": {"selector": labels, "ports": outside.collect::<Vec<_>>()},
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [{
                    "name": serves.pods, "image": serves.image, "ports": inside.collect::<Vec<_>>(),
                }]}},
            },
        }),
    ]
}

/// A self-signed issuer under the name of the real one: the embedded cluster has no way to the Internet.
fn issuer(name: &str) -> Value {
    json!({"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": name}, "spec": {"selfSigned": {}}})
}

/// The namespace of a component; several may share one.
fn home_of(name: &str, component: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {component_label(component): "true"}}})
}

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

/// What every cluster has: system namespaces, the API server's Service, DNS, storage classes.
fn basics() -> Vec<Value> {
    let mut all: Vec<_> = ["default", "kube-system", "kube-public", "kube-node-lease"]
        .into_iter()
        .map(namespace)
        .collect();
    all.extend(api_server());
    all.extend(dns());
    all.extend(storage_classes());
    all
}

fn api_server() -> [Value; 2] {
    [
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"namespace": "default", "name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
            "spec": {"type": "ClusterIP", "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]},
        }),
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"namespace": "default", "name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
            "endpoints": [{"addresses": ["192.168.0.2"], "conditions": {"ready": true}}],
            "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
        }),
    ]
}

/// `CoreDNS` 1.13 as kubeadm installs it, reduced to what others can see.
fn dns() -> [Value; 2] {
    let labels = json!({"k8s-app": "kube-dns"});
    let ports = json!([
        {"name": "dns", "containerPort": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
        {"name": "metrics", "containerPort": 9153, "protocol": "TCP"},
    ]);
    [
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"namespace": "kube-system", "name": "kube-dns", "labels": {"k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS"}},
            "spec": {
                "selector": labels,
                "ports": [
                    {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
                    {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
                    {"name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153},
                ],
            },
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"namespace": "kube-system", "name": "coredns", "labels": labels},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{
                        "name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.13.1", "ports": ports,
                        "resources": {"requests": {"cpu": "100m", "memory": "70Mi"}, "limits": {"memory": "170Mi"}},
                    }]},
                },
            },
        }),
    ]
}

/// `standard` is the default; the others carry the names that clouds give to solid-state and shared storage.
fn storage_classes() -> Vec<Value> {
    let classes = [
        ("standard", "embedded.csi"),
        ("ssd", "embedded.csi"),
        ("gp3", "ebs.csi.aws.com"),
        ("gp2", "ebs.csi.aws.com"),
        ("premium-rwo", "pd.csi.storage.gke.io"),
        ("standard-rwo", "pd.csi.storage.gke.io"),
        ("managed-csi", "disk.csi.azure.com"),
        ("managed-csi-premium", "disk.csi.azure.com"),
        ("shared", "file.embedded.csi"),
        ("efs-sc", "efs.csi.aws.com"),
        ("azurefile-csi", "file.csi.azure.com"),
        ("azurefile-csi-premium", "file.csi.azure.com"),
        ("local-path", "rancher.io/local-path"),
    ];
    classes
        .iter()
        .map(|(name, provisioner)| {
            json!({
                "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
                "metadata": {
                    "name": name,
                    "annotations": {"storageclass.kubernetes.io/is-default-class": (*name == "standard").to_string()},
                },
                "provisioner": provisioner,
                "reclaimPolicy": "Delete",
                "volumeBindingMode": "WaitForFirstConsumer",
                "allowVolumeExpansion": true,
            })
        })
        .collect()
}
