//! Defaults of services, endpoint slices and network policies.

use serde_json::{Value, json};

use super::{items, put};

/// A service's spec.
pub fn service(spec: &mut Value) {
    put(spec, "sessionAffinity", "None");
    put(spec, "type", "ClusterIP");
    if spec["sessionAffinity"] == "ClientIP" {
        put(
            spec,
            "sessionAffinityConfig",
            json!({"clientIP": {"timeoutSeconds": 10_800}}),
        );
    }
    for port in items(spec, "ports") {
        put(port, "protocol", "TCP");
        let number = port["port"].clone();
        put(port, "targetPort", number);
    }
    let kind = spec["type"].as_str().unwrap_or_default().to_owned();
    if kind == "ExternalName" {
        return;
    }
    put(spec, "internalTrafficPolicy", "Cluster");
    put(spec, "ipFamilies", json!(["IPv4"]));
    put(spec, "ipFamilyPolicy", "SingleStack");
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        put(spec, "externalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        put(spec, "allocateLoadBalancerNodePorts", true);
    }
}

/// A network policy's spec.
pub fn network_policy(spec: &mut Value) {
    let mut types = vec!["Ingress"];
    if spec["egress"].is_array() {
        types.push("Egress");
    }
    put(spec, "policyTypes", json!(types));
    for field in ["ingress", "egress"] {
        for rule in items(spec, field) {
            items(rule, "ports").for_each(|port| put(port, "protocol", "TCP"));
        }
    }
}

/// An endpoint slice.
pub fn slice(slice: &mut Value) {
    for port in items(slice, "ports") {
        put(port, "name", "");
        put(port, "protocol", "TCP");
    }
}
