//! What an object's content refers to: the edges that nobody has to write.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::graph::Need;
use crate::pod_spec;
use crate::release::{Desired, How, ObjectKey, Part, Release};

const NAME_LABEL: &str = "app.kubernetes.io/name";

/// An edge found in an object's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// Index of the node that is referred to.
    pub to: usize,
    /// What is asked of it.
    pub need: Need,
}

/// The references of every node of a release.
#[derive(Debug)]
pub struct Index {
    references: Vec<Vec<Reference>>,
}

/// An object's name without its version: references seldom say one.
type Name<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Everything that can be referred to, found by name.
struct Names<'a> {
    objects: BTreeMap<Name<'a>, usize>,
    /// What makes a Secret, by namespace and the Secret's name.
    secret_makers: BTreeMap<(&'a str, &'a str), usize>,
    /// The definition of a custom kind, by group and kind.
    definitions: BTreeMap<(&'a str, &'a str), usize>,
    /// What is to be in a namespace before any pod: quotas, limit ranges, policies without selector.
    before_pods: BTreeMap<&'a str, Vec<usize>>,
    /// Policies by namespace and one label that they select.
    policies: BTreeMap<(&'a str, &'a str, &'a str), Vec<usize>>,
    /// Bindings by namespace and ServiceAccount.
    bindings: BTreeMap<(&'a str, &'a str), Vec<usize>>,
}

impl Index {
    /// Reads every object of a release.
    pub fn build(release: &Release) -> Self {
        let names = Names::collect(release);
        let of_objects = release.objects.iter().map(|object| {
            let mut found = Found {
                names: &names,
                references: Vec::new(),
            };
            found.of_object(object);
            found.references
        });
        let of_secrets = release.secrets.iter().map(|wish| {
            let mut found = Found {
                names: &names,
                references: Vec::new(),
            };
            found.exists("", "Namespace", "", &wish.namespace);
            found.references
        });
        let mut references: Vec<Vec<Reference>> = of_objects.chain(of_secrets).collect();
        add_sources(release, &mut references);
        Self { references }
    }

    /// The references of one node.
    pub fn of(&self, node: usize) -> &[Reference] {
        &self.references[node]
    }
}

/// A composed value comes after the Secrets that hold its parts.
fn add_sources(release: &Release, references: &mut [Vec<Reference>]) {
    let first = release.objects.len();
    let mut holders = BTreeMap::new();
    for (at, wish) in release.secrets.iter().enumerate() {
        for key in &wish.keys {
            if let How::Made { value, .. } | How::MadePair { value, .. } | How::Given { value } =
                &key.how
            {
                holders.entry(value).or_insert(first + at);
            }
        }
    }
    for (at, wish) in release.secrets.iter().enumerate() {
        for key in &wish.keys {
            let How::Composed { parts } = &key.how else {
                continue;
            };
            for part in parts {
                let (Part::Value { value, .. } | Part::Hashed { value }) = part else {
                    continue;
                };
                let holder = holders.get(value).filter(|&&holder| holder != first + at);
                references[first + at].extend(holder.map(|&to| Reference {
                    to,
                    need: Need::Exists,
                }));
            }
        }
    }
}

pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(crate) fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

impl<'a> Names<'a> {
    fn collect(release: &'a Release) -> Self {
        let mut names = Self {
            objects: BTreeMap::new(),
            secret_makers: BTreeMap::new(),
            definitions: BTreeMap::new(),
            before_pods: BTreeMap::new(),
            policies: BTreeMap::new(),
            bindings: BTreeMap::new(),
        };
        for (node, object) in release.objects.iter().enumerate() {
            names.add(node, &object.key, &object.body);
        }
        for (at, wish) in release.secrets.iter().enumerate() {
            let name = ("", "Secret", wish.namespace.as_str(), wish.name.as_str());
            names.objects.insert(name, release.objects.len() + at);
        }
        names
    }

    fn add(&mut self, node: usize, key: &'a ObjectKey, body: &'a Value) {
        let namespace = key.namespace.as_deref().unwrap_or_default();
        self.objects
            .insert((key.group(), &key.kind, namespace, &key.name), node);
        match (key.group(), key.kind.as_str()) {
            ("apiextensions.k8s.io", "CustomResourceDefinition") => {
                let defines = (text(body, "/spec/group"), text(body, "/spec/names/kind"));
                self.definitions.insert(defines, node);
            }
            ("external-secrets.io", "ExternalSecret") => {
                let target = text(body, "/spec/target/name");
                let target = if target.is_empty() { &key.name } else { target };
                self.secret_makers.insert((namespace, target), node);
            }
            ("bitnami.com", "SealedSecret") => {
                self.secret_makers.insert((namespace, &key.name), node);
            }
            ("", "ResourceQuota" | "LimitRange") => {
                self.before_pods.entry(namespace).or_default().push(node);
            }
            ("networking.k8s.io", "NetworkPolicy") => {
                self.add_policy(
                    node,
                    namespace,
                    body.pointer("/spec/podSelector/matchLabels"),
                );
            }
            ("cilium.io", "CiliumNetworkPolicy") => {
                self.add_policy(
                    node,
                    namespace,
                    body.pointer("/spec/endpointSelector/matchLabels"),
                );
            }
            ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
                for subject in items(body, "/subjects") {
                    if text(subject, "/kind") == "ServiceAccount" {
                        let inside = text(subject, "/namespace");
                        let inside = if inside.is_empty() { namespace } else { inside };
                        let account = (inside, text(subject, "/name"));
                        self.bindings.entry(account).or_default().push(node);
                    }
                }
            }
            _ => {}
        }
    }

    fn add_policy(&mut self, node: usize, namespace: &'a str, labels: Option<&'a Value>) {
        let chosen = labels.and_then(Value::as_object).and_then(|labels| {
            let pair = |(label, value): (&'a String, &'a Value)| {
                (label.as_str(), value.as_str().unwrap_or_default())
            };
            // The name tells most pods apart; what all pods share would make far too many edges.
            labels
                .get_key_value(NAME_LABEL)
                .or_else(|| labels.iter().max_by_key(|&(label, _)| label))
                .map(pair)
        });
        match chosen {
            Some((label, value)) => {
                self.policies
                    .entry((namespace, label, value))
                    .or_default()
                    .push(node);
            }
            None => self.before_pods.entry(namespace).or_default().push(node),
        }
    }
}

/// The workload that an autoscaler scales, and the fewest pods that it asks for.
pub(crate) fn autoscaled(object: &Desired) -> Option<(ObjectKey, i64)> {
    let (body, key) = (&object.body, &object.key);
    let minimum = match (key.group(), key.kind.as_str()) {
        ("autoscaling", "HorizontalPodAutoscaler") => {
            body["spec"]["minReplicas"].as_i64().unwrap_or(1)
        }
        ("keda.sh", "ScaledObject") => body["spec"]["minReplicaCount"].as_i64().unwrap_or(0),
        _ => return None,
    };
    let target = &body["spec"]["scaleTargetRef"];
    let or = |text: &'static str, found: &str| {
        if found.is_empty() {
            text.to_owned()
        } else {
            found.to_owned()
        }
    };
    let target = ObjectKey {
        api_version: or("apps/v1", text(target, "/apiVersion")),
        kind: or("Deployment", text(target, "/kind")),
        namespace: key.namespace.clone(),
        name: text(target, "/name").to_owned(),
    };
    Some((target, minimum))
}

/// Collects the references of one object.
struct Found<'a> {
    names: &'a Names<'a>,
    references: Vec<Reference>,
}

impl Found<'_> {
    fn push(&mut self, to: Option<&usize>, need: Need) {
        self.references.extend(to.map(|&to| Reference { to, need }));
    }

    fn push_all(&mut self, to: Option<&Vec<usize>>) {
        let need = Need::Exists;
        self.references
            .extend(to.into_iter().flatten().map(|&to| Reference { to, need }));
    }

    fn exists(&mut self, group: &str, kind: &str, namespace: &str, name: &str) {
        self.push(
            self.names.objects.get(&(group, kind, namespace, name)),
            Need::Exists,
        );
    }

    fn ready(&mut self, group: &str, kind: &str, namespace: &str, name: &str) {
        self.push(
            self.names.objects.get(&(group, kind, namespace, name)),
            Need::Ready,
        );
    }

    fn of_object(&mut self, object: &Desired) {
        let (key, body) = (&object.key, &object.body);
        let namespace = key.namespace.as_deref().unwrap_or_default();
        self.exists("", "Namespace", "", namespace);
        let definition = (key.group(), key.kind.as_str());
        self.push(self.names.definitions.get(&definition), Need::Ready);
        if let Some(template) = pod_spec::template(key, body) {
            self.of_pods(namespace, template);
        }
        self.of_kind(key, namespace, body);
    }

    fn of_pods(&mut self, namespace: &str, template: &Value) {
        self.policies(namespace, template.pointer("/metadata/labels"));
        let Some(spec) = template.get("spec") else {
            return;
        };
        let account = text(spec, "/serviceAccountName");
        self.exists("", "ServiceAccount", namespace, account);
        self.push_all(self.names.bindings.get(&(namespace, account)));
        self.exists(
            "scheduling.k8s.io",
            "PriorityClass",
            "",
            text(spec, "/priorityClassName"),
        );
        self.exists(
            "node.k8s.io",
            "RuntimeClass",
            "",
            text(spec, "/runtimeClassName"),
        );
        for used in pod_spec::references(spec) {
            match used.kind {
                "Secret" => self.secret(namespace, used.name),
                kind => self.exists("", kind, namespace, used.name),
            }
        }
    }

    /// What is to be there before pods that carry these labels.
    fn policies(&mut self, namespace: &str, labels: Option<&Value>) {
        self.push_all(self.names.before_pods.get(namespace));
        let labels = labels.and_then(Value::as_object);
        for (label, value) in labels.into_iter().flatten() {
            self.policies_of(namespace, label, value.as_str().unwrap_or_default());
        }
    }

    fn policies_of(&mut self, namespace: &str, label: &str, value: &str) {
        self.push_all(self.names.policies.get(&(namespace, label, value)));
    }

    /// A Secret, or what makes it: that must be ready, or the Secret is not there yet.
    fn secret(&mut self, namespace: &str, name: &str) {
        self.exists("", "Secret", namespace, name);
        self.push(
            self.names.secret_makers.get(&(namespace, name)),
            Need::Ready,
        );
    }

    fn of_kind(&mut self, key: &ObjectKey, namespace: &str, body: &Value) {
        match (key.group(), key.kind.as_str()) {
            ("apps", "StatefulSet") => {
                self.exists("", "Service", namespace, text(body, "/spec/serviceName"));
                for claim in items(body, "/spec/volumeClaimTemplates") {
                    self.storage_class(text(claim, "/spec/storageClassName"));
                }
            }
            ("", "PersistentVolumeClaim") => {
                self.storage_class(text(body, "/spec/storageClassName"));
            }
            ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
                let kind = text(body, "/roleRef/kind");
                let inside = if kind == "Role" { namespace } else { "" };
                self.exists(key.group(), kind, inside, text(body, "/roleRef/name"));
                for subject in items(body, "/subjects") {
                    let inside = text(subject, "/namespace");
                    let inside = if inside.is_empty() { namespace } else { inside };
                    self.exists("", text(subject, "/kind"), inside, text(subject, "/name"));
                }
            }
            ("autoscaling", "HorizontalPodAutoscaler") => {
                self.target(namespace, &body["spec"]["scaleTargetRef"]);
            }
            ("autoscaling.k8s.io", "VerticalPodAutoscaler") => {
                self.target(namespace, &body["spec"]["targetRef"]);
            }
            ("keda.sh", "ScaledObject") => {
                self.target(namespace, &body["spec"]["scaleTargetRef"]);
                for trigger in items(body, "/spec/triggers") {
                    let name = text(trigger, "/authenticationRef/name");
                    self.exists("keda.sh", "TriggerAuthentication", namespace, name);
                }
            }
            ("networking.k8s.io", "Ingress") => {
                let class = text(body, "/spec/ingressClassName");
                self.exists(key.group(), "IngressClass", "", class);
                for rule in items(body, "/spec/rules") {
                    for path in items(rule, "/http/paths") {
                        self.exists(
                            "",
                            "Service",
                            namespace,
                            text(path, "/backend/service/name"),
                        );
                    }
                }
            }
            ("gateway.networking.k8s.io", kind) => self.of_gateway_kind(kind, namespace, body),
            ("external-secrets.io", "ExternalSecret") => {
                let kind = text(body, "/spec/secretStoreRef/kind");
                let kind = if kind.is_empty() { "SecretStore" } else { kind };
                let inside = if kind == "SecretStore" { namespace } else { "" };
                self.ready(
                    key.group(),
                    kind,
                    inside,
                    text(body, "/spec/secretStoreRef/name"),
                );
            }
            ("cert-manager.io", "Certificate") => {
                let kind = text(body, "/spec/issuerRef/kind");
                let kind = if kind.is_empty() { "Issuer" } else { kind };
                let inside = if kind == "Issuer" { namespace } else { "" };
                self.exists(
                    key.group(),
                    kind,
                    inside,
                    text(body, "/spec/issuerRef/name"),
                );
            }
            ("argoproj.io", "Rollout") => self.of_rollout(namespace, body),
            ("postgresql.cnpg.io", "Cluster") => {
                self.policies(namespace, body.pointer("/spec/inheritedMetadata/labels"));
                // The operator labels the pods (CloudNativePG, "Labels and annotations").
                self.policies_of(namespace, "cnpg.io/cluster", &key.name);
                for pointer in [
                    "/spec/bootstrap/initdb/secret/name",
                    "/spec/superuserSecret/name",
                ] {
                    self.exists("", "Secret", namespace, text(body, pointer));
                }
                for role in items(body, "/spec/managed/roles") {
                    let name = text(role, "/passwordSecret/name");
                    self.exists("", "Secret", namespace, name);
                }
                self.storage_class(text(body, "/spec/storage/storageClass"));
            }
            _ => {}
        }
    }

    fn storage_class(&mut self, name: &str) {
        self.exists("storage.k8s.io", "StorageClass", "", name);
    }

    fn target(&mut self, namespace: &str, target: &Value) {
        let (kind, name) = (text(target, "/kind"), text(target, "/name"));
        let kind = if kind.is_empty() { "Deployment" } else { kind };
        let group = match text(target, "/apiVersion").split_once('/') {
            Some((group, _)) => group,
            None => "apps",
        };
        self.exists(group, kind, namespace, name);
    }

    fn of_gateway_kind(&mut self, kind: &str, namespace: &str, body: &Value) {
        const GROUP: &str = "gateway.networking.k8s.io";
        if kind == "Gateway" {
            self.exists(
                GROUP,
                "GatewayClass",
                "",
                text(body, "/spec/gatewayClassName"),
            );
        }
        for parent in items(body, "/spec/parentRefs") {
            let inside = text(parent, "/namespace");
            let inside = if inside.is_empty() { namespace } else { inside };
            self.exists(GROUP, "Gateway", inside, text(parent, "/name"));
        }
        for rule in items(body, "/spec/rules") {
            for backend in items(rule, "/backendRefs") {
                let inside = text(backend, "/namespace");
                let inside = if inside.is_empty() { namespace } else { inside };
                self.exists("", "Service", inside, text(backend, "/name"));
            }
        }
    }

    fn of_rollout(&mut self, namespace: &str, body: &Value) {
        for service in [
            "/spec/strategy/canary/stableService",
            "/spec/strategy/canary/canaryService",
            "/spec/strategy/blueGreen/activeService",
            "/spec/strategy/blueGreen/previewService",
        ] {
            self.exists("", "Service", namespace, text(body, service));
        }
        let background = items(body, "/spec/strategy/canary/analysis/templates").iter();
        let steps = items(body, "/spec/strategy/canary/steps").iter();
        let steps = steps.flat_map(|step| items(step, "/analysis/templates"));
        for template in background.chain(steps) {
            let name = text(template, "/templateName");
            self.exists("argoproj.io", "AnalysisTemplate", namespace, name);
        }
    }
}
