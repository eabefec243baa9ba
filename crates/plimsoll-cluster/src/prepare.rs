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

    /// Writes the status with which a custom resource definition is served at once.
    fn establish(&self, definition: &mut Value) {
        let now = self.now_text();
        let condition = |kind: &str, reason: &str, message: &str| json!({"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message});
        let versions = definition["spec"]["versions"]
            .as_array()
            .into_iter()
            .flatten();
        let stored: Vec<&Value> = versions
            .filter(|one| one["storage"] == true)
            .map(|one| &one["name"])
            .collect();
        let status = json!({
            "conditions": [
                condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
            ],
            "acceptedNames": definition["spec"]["names"],
            "storedVersions": stored,
        });
        definition["status"] = status;
    }
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
