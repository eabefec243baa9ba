//! Defaults of pods and their containers.

use serde_json::{Map, Value, json};

use super::{items, present, put};

/// A pod template.
pub fn template(template: &mut Value) {
    if !template["spec"].is_null() {
        spec(&mut template["spec"]);
    }
}

/// A pod spec.
pub fn spec(spec: &mut Value) {
    put(spec, "restartPolicy", "Always");
    put(spec, "terminationGracePeriodSeconds", 30);
    put(spec, "dnsPolicy", "ClusterFirst");
    put(spec, "securityContext", json!({}));
    put(spec, "schedulerName", "default-scheduler");
    let account = spec["serviceAccountName"]
        .as_str()
        .or(spec["serviceAccount"].as_str())
        .unwrap_or_default()
        .to_owned();
    if !account.is_empty() {
        put(spec, "serviceAccountName", account.clone());
        put(spec, "serviceAccount", account);
    }
    let host_network = spec["hostNetwork"] == true;
    for field in ["initContainers", "containers"] {
        for one in items(spec, field) {
            container(one, host_network);
        }
    }
    items(spec, "volumes").for_each(volume);
    items(spec, "topologySpreadConstraints")
        .for_each(|one| put(one, "nodeAffinityPolicy", "Honor"));
    for one in items(spec, "topologySpreadConstraints") {
        put(one, "nodeTaintsPolicy", "Ignore");
    }
}

fn container(container: &mut Value, host_network: bool) {
    put(container, "terminationMessagePath", "/dev/termination-log");
    put(container, "terminationMessagePolicy", "File");
    let policy = pull_policy(container["image"].as_str().unwrap_or_default());
    put(container, "imagePullPolicy", policy);
    put(container, "resources", json!({}));
    for port in items(container, "ports") {
        put(port, "protocol", "TCP");
        if host_network {
            let number = port["containerPort"].clone();
            put(port, "hostPort", number);
        }
    }
    for field in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(one) = present(container, field) {
            probe(one);
        }
    }
    for hook in ["postStart", "preStop"] {
        if let Some(get) =
            present(&mut container["lifecycle"], hook).and_then(|hook| present(hook, "httpGet"))
        {
            http_get(get);
        }
    }
    if container["lifecycle"].is_null()
        && let Some(fields) = container.as_object_mut()
    {
        fields.shift_remove("lifecycle");
    }
    for variable in items(container, "env") {
        let source = variable
            .get_mut("valueFrom")
            .and_then(|from| from.get_mut("fieldRef"));
        if let Some(field) = source {
            put(field, "apiVersion", "v1");
        }
    }
    requests_from_limits(container);
}

/// What is limited and not requested is requested up to the limit.
fn requests_from_limits(container: &mut Value) {
    let limits = container["resources"]["limits"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    if limits.is_empty() {
        return;
    }
    put(&mut container["resources"], "requests", json!({}));
    for (name, limit) in limits {
        put(&mut container["resources"]["requests"], &name, limit);
    }
}

/// A moving tag is pulled each time.
fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or(image);
    let pinned = name.contains('@');
    let tag = name
        .split('@')
        .next()
        .and_then(|name| name.split_once(':'))
        .map(|(_, tag)| tag);
    match tag {
        None if !pinned => "Always",
        Some("latest") => "Always",
        _ => "IfNotPresent",
    }
}

fn probe(probe: &mut Value) {
    put(probe, "timeoutSeconds", 1);
    put(probe, "periodSeconds", 10);
    put(probe, "successThreshold", 1);
    put(probe, "failureThreshold", 3);
    if let Some(get) = present(probe, "httpGet") {
        http_get(get);
    }
    if let Some(call) = present(probe, "grpc") {
        put(call, "service", "");
    }
}

fn http_get(get: &mut Value) {
    put(get, "path", "/");
    put(get, "scheme", "HTTP");
}

fn volume(volume: &mut Value) {
    let sources = volume.as_object().map_or(0, Map::len);
    if sources == 1 {
        put(volume, "emptyDir", json!({}));
    }
    for field in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = present(volume, field) {
            put(source, "defaultMode", 420);
        }
    }
    if let Some(path) = present(volume, "hostPath") {
        put(path, "type", "");
    }
    for field in ["downwardAPI", "projected"] {
        let Some(source) = present(volume, field) else {
            continue;
        };
        items(source, "items").for_each(field_reference);
        for part in items(source, "sources") {
            if let Some(token) = present(part, "serviceAccountToken") {
                put(token, "expirationSeconds", 3600);
            }
            if let Some(api) = present(part, "downwardAPI") {
                items(api, "items").for_each(field_reference);
            }
        }
    }
    if let Some(claim) =
        present(volume, "ephemeral").and_then(|one| present(one, "volumeClaimTemplate"))
    {
        super::workload::claim(&mut claim["spec"]);
    }
}

fn field_reference(item: &mut Value) {
    if let Some(field) = present(item, "fieldRef") {
        put(field, "apiVersion", "v1");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moving_tag_is_pulled_each_time() {
        assert_eq!(pull_policy("web"), "Always");
        assert_eq!(pull_policy("registry:5000/web"), "Always");
        assert_eq!(pull_policy("web:latest"), "Always");
        assert_eq!(pull_policy("web:1.2"), "IfNotPresent");
        assert_eq!(pull_policy("web@sha256:0"), "IfNotPresent");
    }

    #[test]
    fn limits_become_requests() {
        let mut pod = json!({"containers": [{"name": "a", "resources": {"limits": {"cpu": "1"}}}]});
        spec(&mut pod);
        assert_eq!(pod["containers"][0]["resources"]["requests"]["cpu"], "1");
        assert!(pod["containers"][0].get("lifecycle").is_none());
    }
}
