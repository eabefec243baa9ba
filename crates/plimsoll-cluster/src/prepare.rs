//! What the server fills in when an object comes to be: addresses, ports, first status.

use serde_json::{Value, json};

use crate::kinds::Kind;
use crate::object;
use crate::state::State;
use crate::write::metadata_mut;

impl State {
    /// Fills in what the kind's own registry would.
    pub(crate) fn prepare(&mut self, kind: &Kind, object: &mut Value) {
        match kind.key.as_ref() {
            "Namespace" => {
                object["spec"]["finalizers"] = json!(["kubernetes"]);
                object["status"] = json!({"phase": "Active"});
                let name = object::name(object).to_owned();
                let metadata = metadata_mut(object);
                let labels = metadata.entry("labels").or_insert_with(|| json!({}));
                labels["kubernetes.io/metadata.name"] = json!(name);
            }
            "Pod" => {
                let class = quality_of_service(&object["spec"]);
                object["status"] = json!({"phase": "Pending", "qosClass": class});
            }
            "PersistentVolumeClaim" | "PersistentVolume" => {
                object["status"] = json!({"phase": "Pending"});
            }
            "Service" => {
                self.allocate_addresses(object);
                self.allocate_node_ports(object);
                object["status"] = json!({"loadBalancer": {}});
            }
            "apiextensions.k8s.io/CustomResourceDefinition" => self.establish(object),
            "apps/Deployment"
            | "apps/ReplicaSet"
            | "apps/StatefulSet"
            | "apps/DaemonSet"
            | "batch/Job"
            | "batch/CronJob"
            | "autoscaling/HorizontalPodAutoscaler"
            | "policy/PodDisruptionBudget"
            | "networking.k8s.io/Ingress"
            | "ResourceQuota" => object["status"] = first_status(kind),
            _ => {}
        }
    }

    /// Gives a service an address in 10.96.0.0/16, unless it wants none or has its own.
    fn allocate_addresses(&self, service: &mut Value) {
        let spec = &mut service["spec"];
        if spec["type"] == "ExternalName" {
            return;
        }
        if spec["clusterIP"].as_str().unwrap_or_default().is_empty() {
            let taken: Vec<_> = self
                .store
                .list("Service")
                .filter_map(|one| one["spec"]["clusterIP"].as_str())
                .collect();
            let free = (256..65_000_u32).map(|n| format!("10.96.{}.{}", n / 256, n % 256));
            let free = free
                .into_iter()
                .skip(taken.len())
                .find(|ip| !taken.contains(&ip.as_str()));
            spec["clusterIP"] = json!(free.unwrap_or_default());
        }
        spec["clusterIPs"] = json!([spec["clusterIP"]]);
    }

    fn allocate_node_ports(&self, service: &mut Value) {
        if !matches!(
            service["spec"]["type"].as_str(),
            Some("NodePort" | "LoadBalancer")
        ) || service["spec"]["allocateLoadBalancerNodePorts"] == false
        {
            return;
        }
        let ports = |service: &Value| {
            let ports = service["spec"]["ports"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            ports
                .iter()
                .filter_map(|port| port["nodePort"].as_i64())
                .collect::<Vec<_>>()
        };
        let mut taken: Vec<i64> = self
            .store
            .list("Service")
            .flat_map(|one| ports(one))
            .chain(ports(service))
            .collect();
        for port in service["spec"]["ports"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            if port["nodePort"].as_i64().unwrap_or(0) == 0
                && let Some(free) = (30_000..32_768).find(|one| !taken.contains(one))
            {
                port["nodePort"] = json!(free);
                taken.push(free);
            }
        }
    }

    /// Writes the status of a new definition: it is served at once, unless its names are taken.
    fn establish(&self, definition: &mut Value) {
        let now = self.now_text();
        let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "lastTransitionTime": now, "reason": reason, "message": message});
        if let Some((reason, message)) = self.taken_name(&definition["spec"]) {
            definition["status"] = json!({
                "conditions": [
                    condition("NamesAccepted", "False", reason, &message),
                    condition("Established", "False", "NotAccepted", "not all names are accepted"),
                ],
                "acceptedNames": {"plural": "", "kind": ""},
                "storedVersions": stored_versions(definition),
            });
            return;
        }
        definition["status"] = json!({
            "conditions": [
                condition("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
                condition("Established", "True", "InitialNamesAccepted", "the initial names have been accepted"),
            ],
            "acceptedNames": definition["spec"]["names"],
            "storedVersions": stored_versions(definition),
        });
    }

    /// The name that another definition of the group has: reason and message.
    fn taken_name(&self, spec: &Value) -> Option<(&'static str, String)> {
        let text = |field: &str| spec["names"][field].as_str().unwrap_or_default();
        let others = || {
            let all = self
                .kinds
                .in_group(spec["group"].as_str().unwrap_or_default());
            all.filter(|kind| kind.plural != text("plural"))
        };
        let list = |kind: &str| format!("{kind}List");
        if others().any(|other| list(&other.kind) == text("listKind")) {
            let message = format!("\"{}\" is already in use", text("listKind"));
            return Some(("ListKindConflict", message));
        }
        let message = format!("\"{}\" is already in use", text("kind"));
        others()
            .any(|other| other.kind == text("kind"))
            .then_some(("KindConflict", message))
    }
}

/// The names of the versions in which objects of a definition are stored.
fn stored_versions(definition: &Value) -> Vec<&Value> {
    let versions = definition["spec"]["versions"].as_array();
    let versions = versions.into_iter().flatten();
    versions
        .filter(|one| one["storage"] == true)
        .map(|one| &one["name"])
        .collect()
}

/// The status that a fresh object of the kind shows before any controller has seen it.
fn first_status(kind: &Kind) -> Value {
    match kind.key.as_ref() {
        "apps/ReplicaSet" | "apps/StatefulSet" => json!({"replicas": 0}),
        "apps/DaemonSet" => json!({
            "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
        }),
        "policy/PodDisruptionBudget" => json!({
            "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0,
        }),
        "autoscaling/HorizontalPodAutoscaler" => {
            json!({"desiredReplicas": 0, "currentMetrics": null})
        }
        "networking.k8s.io/Ingress" => json!({"loadBalancer": {}}),
        _ => json!({}),
    }
}

/// The quality-of-service class of a pod by its requests and limits.
pub fn quality_of_service(spec: &Value) -> &'static str {
    let containers = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|field| spec[field].as_array().into_iter().flatten());
    let (mut any, mut all) = (false, true);
    for container in containers {
        let resources = &container["resources"];
        for name in ["cpu", "memory"] {
            let (request, limit) = (&resources["requests"][name], &resources["limits"][name]);
            any |= !request.is_null() || !limit.is_null();
            all &= !limit.is_null() && (request.is_null() || request == limit);
        }
    }
    match (any, all) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
