//! The kinds that are served: a table of the built-in ones, to which custom resource definitions add.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_schema::{Schemas, TypeId, components, kubernetes};
use serde_json::Value;

use crate::apply::TypeRef;
use crate::key::Gk;

/// Built-in kinds: group (`-` for core), version, kind, plural, scope, short names, subresources, categories.
const BUILT_IN: &str = "
- v1 Binding bindings namespaced - - -
- v1 ConfigMap configmaps namespaced cm - -
- v1 Endpoints endpoints namespaced ep - -
- v1 Event events namespaced ev - -
- v1 LimitRange limitranges namespaced limits - -
- v1 Namespace namespaces cluster ns status,finalize -
- v1 Node nodes cluster no status -
- v1 PersistentVolume persistentvolumes cluster pv status -
- v1 PersistentVolumeClaim persistentvolumeclaims namespaced pvc status -
- v1 Pod pods namespaced po status,binding,eviction,log,ephemeralcontainers,resize all
- v1 PodTemplate podtemplates namespaced - - -
- v1 ReplicationController replicationcontrollers namespaced rc status,scale all
- v1 ResourceQuota resourcequotas namespaced quota status -
- v1 Secret secrets namespaced - - -
- v1 Service services namespaced svc status all
- v1 ServiceAccount serviceaccounts namespaced sa token -
admissionregistration.k8s.io v1 MutatingWebhookConfiguration mutatingwebhookconfigurations cluster - - api-extensions
admissionregistration.k8s.io v1 ValidatingAdmissionPolicy validatingadmissionpolicies cluster - status api-extensions
admissionregistration.k8s.io v1 ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings cluster - - api-extensions
admissionregistration.k8s.io v1 ValidatingWebhookConfiguration validatingwebhookconfigurations cluster - - api-extensions
apiextensions.k8s.io v1 CustomResourceDefinition customresourcedefinitions cluster crd,crds status api-extensions
apiregistration.k8s.io v1 APIService apiservices cluster - status api-extensions
apps v1 ControllerRevision controllerrevisions namespaced - - -
apps v1 DaemonSet daemonsets namespaced ds status all
apps v1 Deployment deployments namespaced deploy status,scale all
apps v1 ReplicaSet replicasets namespaced rs status,scale all
apps v1 StatefulSet statefulsets namespaced sts status,scale all
authorization.k8s.io v1 SelfSubjectAccessReview selfsubjectaccessreviews cluster - - -
autoscaling v2 HorizontalPodAutoscaler horizontalpodautoscalers namespaced hpa status all
batch v1 CronJob cronjobs namespaced cj status all
batch v1 Job jobs namespaced - status all
certificates.k8s.io v1 CertificateSigningRequest certificatesigningrequests cluster csr status,approval -
coordination.k8s.io v1 Lease leases namespaced - - -
discovery.k8s.io v1 EndpointSlice endpointslices namespaced - - -
flowcontrol.apiserver.k8s.io v1 FlowSchema flowschemas cluster - status -
flowcontrol.apiserver.k8s.io v1 PriorityLevelConfiguration prioritylevelconfigurations cluster - status -
metrics.k8s.io v1beta1 NodeMetrics nodes cluster - - -
metrics.k8s.io v1beta1 PodMetrics pods namespaced - - -
networking.k8s.io v1 IngressClass ingressclasses cluster - - -
networking.k8s.io v1 Ingress ingresses namespaced ing status -
networking.k8s.io v1 NetworkPolicy networkpolicies namespaced netpol - -
node.k8s.io v1 RuntimeClass runtimeclasses cluster - - -
policy v1 PodDisruptionBudget poddisruptionbudgets namespaced pdb status -
rbac.authorization.k8s.io v1 ClusterRole clusterroles cluster - - -
rbac.authorization.k8s.io v1 ClusterRoleBinding clusterrolebindings cluster - - -
rbac.authorization.k8s.io v1 Role roles namespaced - - -
rbac.authorization.k8s.io v1 RoleBinding rolebindings namespaced - - -
scheduling.k8s.io v1 PriorityClass priorityclasses cluster pc - -
storage.k8s.io v1 CSIDriver csidrivers cluster - - -
storage.k8s.io v1 CSINode csinodes cluster - - -
storage.k8s.io v1 CSIStorageCapacity csistoragecapacities namespaced - - -
storage.k8s.io v1 StorageClass storageclasses cluster sc - -
storage.k8s.io v1 VolumeAttachment volumeattachments cluster - status -
storage.k8s.io v1 VolumeAttributesClass volumeattributesclasses cluster vac - -
";

/// Built-in kinds whose `metadata.generation` counts changes of the spec.
const COUNTS_GENERATIONS: &[&str] = &[
    "Pod",
    "ReplicationController",
    "admissionregistration.k8s.io/MutatingWebhookConfiguration",
    "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
    "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
    "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
    "apiextensions.k8s.io/CustomResourceDefinition",
    "apps/DaemonSet",
    "apps/Deployment",
    "apps/ReplicaSet",
    "apps/StatefulSet",
    "batch/CronJob",
    "batch/Job",
    "discovery.k8s.io/EndpointSlice",
    "flowcontrol.apiserver.k8s.io/FlowSchema",
    "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration",
    "networking.k8s.io/Ingress",
    "networking.k8s.io/IngressClass",
    "networking.k8s.io/NetworkPolicy",
    "policy/PodDisruptionBudget",
    "scheduling.k8s.io/PriorityClass",
];

/// One served kind.
#[derive(Clone, Debug)]
pub struct Kind {
    /// API group, empty for the core group.
    pub group: String,
    /// Version in which objects are stored and answered.
    pub version: String,
    /// `apiVersion` of stored objects, such as `apps/v1`.
    pub storage_version: String,
    /// All served versions.
    pub versions: Vec<String>,
    /// The kind, such as `Deployment`.
    pub kind: String,
    /// Group and kind as one key, such as `apps/Deployment`.
    pub key: Arc<str>,
    /// Resource name in paths.
    pub plural: String,
    /// Singular name.
    pub singular: String,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Short names for command lines.
    pub short_names: Vec<String>,
    /// Subresources, such as `status`.
    pub subresources: Vec<String>,
    /// Categories, such as `all`.
    pub categories: Vec<String>,
    /// Whether `metadata.generation` counts changes of the spec.
    pub counts_generations: bool,
    /// Set for kinds of a custom resource definition: its name.
    pub custom: Option<String>,
    types: Types,
}

/// Where the type of a kind is described.
#[derive(Clone, Debug)]
enum Types {
    None,
    BuiltIn(TypeId),
    Custom(Arc<(Schemas, TypeId, Value)>),
}

impl Kind {
    /// Whether the kind has that subresource.
    pub fn has(&self, subresource: &str) -> bool {
        self.subresources.iter().any(|one| one == subresource)
    }

    /// Whether replacing a missing object makes it.
    pub fn is_made_by_update(&self) -> bool {
        self.group == "rbac.authorization.k8s.io"
            || matches!(
                &*self.key,
                "Endpoints" | "LimitRange" | "Service" | "coordination.k8s.io/Lease"
            )
    }

    /// Whether an object can be replaced without saying which version was seen.
    pub fn is_updated_blindly(&self) -> bool {
        self.custom.is_none()
            && !matches!(
                &*self.key,
                "apiextensions.k8s.io/CustomResourceDefinition"
                    | "coordination.k8s.io/Lease"
                    | "policy/PodDisruptionBudget"
            )
    }

    /// The type of its objects.
    pub fn ty(&self) -> TypeRef<'_> {
        match self.schema() {
            Some((schemas, id)) => TypeRef::new(schemas, id),
            None => TypeRef::untyped(),
        }
    }

    /// The type of its objects and the set that holds it, unless nothing is known of them.
    pub fn schema(&self) -> Option<(&Schemas, TypeId)> {
        match &self.types {
            Types::None => None,
            Types::BuiltIn(id) => Some((kubernetes(), *id)),
            Types::Custom(types) => Some((&types.0, types.1)),
        }
    }

    /// The type that a component's own definition gives to objects of this version, where the definition
    /// here takes everything: that of a model.
    pub fn component_schema(&self, api_version: &str) -> Option<(&'static Schemas, TypeId)> {
        let schema = self.open_api()?;
        let takes_all = schema["x-kubernetes-preserve-unknown-fields"] == true
            && schema.get("properties").is_none();
        let known = components().kind_of(api_version, &self.kind);
        known
            .filter(|_| takes_all)
            .map(|kind| (components(), kind.ty))
    }

    /// The `openAPIV3Schema` of a custom kind.
    pub fn open_api(&self) -> Option<&Value> {
        match &self.types {
            Types::Custom(types) => Some(&types.2),
            Types::None | Types::BuiltIn(_) => None,
        }
    }

    fn built_in(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [
            group,
            version,
            kind,
            plural,
            scope,
            short,
            subresources,
            categories,
        ] = words.as_slice()
        else {
            return None;
        };
        let group = if *group == "-" { "" } else { group };
        let key = Gk {
            group: group.to_owned(),
            kind: (*kind).to_owned(),
        }
        .to_string();
        Some(Self {
            group: group.to_owned(),
            version: (*version).to_owned(),
            storage_version: api_version(group, version),
            versions: vec![(*version).to_owned()],
            kind: (*kind).to_owned(),
            counts_generations: COUNTS_GENERATIONS.contains(&key.as_str()),
            key: key.into(),
            plural: (*plural).to_owned(),
            singular: kind.to_lowercase(),
            namespaced: *scope == "namespaced",
            short_names: listed(short),
            subresources: listed(subresources),
            categories: listed(categories),
            custom: None,
            types: kubernetes()
                .kind(group, version, kind)
                .map_or(Types::None, Types::BuiltIn),
        })
    }

    /// The kind that a custom resource definition describes, in its storage version.
    pub fn custom(definition: &Value) -> Option<Self> {
        let spec = &definition["spec"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let texts = |value: &Value| {
            value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(text)
                .collect::<Vec<_>>()
        };
        let versions = spec["versions"].as_array()?;
        let storage = versions
            .iter()
            .find(|one| one["storage"] == Value::Bool(true))?;
        let served = versions
            .iter()
            .filter(|one| one["served"] == Value::Bool(true));
        let group = text(&spec["group"])?;
        let kind = text(&spec["names"]["kind"])?;
        let mut subresources = Vec::new();
        for name in ["status", "scale"] {
            if storage["subresources"].get(name).is_some() {
                subresources.push(name.to_owned());
            }
        }
        Some(Self {
            key: Gk {
                group: group.clone(),
                kind: kind.clone(),
            }
            .to_string()
            .into(),
            storage_version: api_version(&group, storage["name"].as_str()?),
            version: text(&storage["name"])?,
            versions: served.filter_map(|one| text(&one["name"])).collect(),
            plural: text(&spec["names"]["plural"])?,
            singular: text(&spec["names"]["singular"]).unwrap_or_else(|| kind.to_lowercase()),
            namespaced: spec["scope"] == "Namespaced",
            short_names: texts(&spec["names"]["shortNames"]),
            categories: texts(&spec["names"]["categories"]),
            subresources,
            counts_generations: true,
            custom: text(&definition["metadata"]["name"]),
            types: custom_types(storage),
            group,
            kind,
        })
    }
}

fn custom_types(version: &Value) -> Types {
    let schema = &version["schema"]["openAPIV3Schema"];
    if !schema.is_object() {
        return Types::None;
    }
    let mut schemas = Schemas::new();
    let id = plimsoll_schema::custom(&mut schemas, schema);
    Types::Custom(Arc::new((schemas, id, schema.clone())))
}

/// `apps/v1`, or `v1` in the core group.
pub fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    }
}

fn listed(text: &str) -> Vec<String> {
    if text == "-" {
        Vec::new()
    } else {
        text.split(',').map(str::to_owned).collect()
    }
}

/// All kinds that are served now.
#[derive(Clone, Debug)]
pub struct Kinds {
    by_key: BTreeMap<Arc<str>, Arc<Kind>>,
    by_plural: BTreeMap<String, BTreeMap<String, Arc<Kind>>>,
}

impl Default for Kinds {
    fn default() -> Self {
        let mut kinds = Self {
            by_key: BTreeMap::new(),
            by_plural: BTreeMap::new(),
        };
        BUILT_IN
            .lines()
            .filter_map(Kind::built_in)
            .for_each(|kind| kinds.add(kind));
        kinds
    }
}

impl Kinds {
    /// Adds a kind, or replaces the one of the same group and name.
    pub fn add(&mut self, kind: Kind) {
        let kind = Arc::new(kind);
        self.by_plural
            .entry(kind.group.clone())
            .or_default()
            .insert(kind.plural.clone(), kind.clone());
        self.by_key.insert(kind.key.clone(), kind);
    }

    /// Takes a kind away.
    pub fn remove(&mut self, key: &str) {
        if let Some(kind) = self.by_key.remove(key)
            && let Some(group) = self.by_plural.get_mut(&kind.group)
        {
            group.remove(&kind.plural);
            if group.is_empty() {
                self.by_plural.remove(&kind.group);
            }
        }
    }

    /// By group and kind, such as `apps/Deployment`.
    pub fn get(&self, key: &str) -> Option<&Arc<Kind>> {
        self.by_key.get(key)
    }

    /// By the parts of a path.
    pub fn by_plural(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Kind>> {
        let kind = self.by_plural.get(group)?.get(plural)?;
        kind.versions
            .iter()
            .any(|one| one == version)
            .then_some(kind)
    }

    /// All kinds, ordered by group and plural.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.by_plural.values().flat_map(BTreeMap::values)
    }

    /// The served groups in order, the core group first.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.by_plural.keys().map(String::as_str)
    }

    /// The kinds of one group, ordered by plural.
    pub fn in_group(&self, group: &str) -> impl Iterator<Item = &Arc<Kind>> {
        self.by_plural
            .get(group)
            .into_iter()
            .flat_map(BTreeMap::values)
    }
}
