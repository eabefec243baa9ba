//! Rules of single kinds: what must be there, what fits together, what may not change.

use serde_json::{Value, json};

use super::{definitions, leases, names, volumes};
use crate::api::selector::selects;
use crate::error::Cause;
use crate::kinds::Kind;

const IMMUTABLE: &str = "field is immutable";

/// Checks an object for itself.
pub fn check(kind: &Kind, object: &Value) -> Vec<Cause> {
    let spec = &object["spec"];
    let mut causes = Vec::new();
    match kind.key.as_ref() {
        "Pod" => pod(spec, "spec", &mut causes),
        "apps/Deployment" | "apps/ReplicaSet" | "apps/DaemonSet" | "apps/StatefulSet" => {
            workload(spec, &mut causes);
        }
        "batch/Job" => job(&spec["template"], "spec.template", &mut causes),
        "batch/CronJob" => cron_job(spec, &mut causes),
        "Service" => service(spec, &mut causes),
        "autoscaling/HorizontalPodAutoscaler" => autoscaler(spec, &mut causes),
        "ConfigMap" | "Secret" => data(object, &mut causes),
        "networking.k8s.io/Ingress" => ingress(spec, &mut causes),
        "policy/PodDisruptionBudget"
            if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() =>
        {
            let detail = "minAvailable and maxUnavailable cannot be both set";
            causes.push(Cause::invalid("spec", spec, detail));
        }
        "coordination.k8s.io/Lease" => leases::check(spec, &mut causes),
        "apiextensions.k8s.io/CustomResourceDefinition" => definitions::check(object, &mut causes),
        "PersistentVolumeClaim" => {
            require(
                spec,
                "accessModes",
                "spec",
                "at least 1 access mode is required",
                &mut causes,
            );
            require(
                &spec["resources"]["requests"],
                "storage",
                "spec.resources",
                "",
                &mut causes,
            );
        }
        _ => {}
    }
    causes
}

/// Checks a change.
pub fn check_change(kind: &Kind, old: &Value, new: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut immutable = |pointer: &str| {
        let (before, after) = (
            old.pointer(pointer).unwrap_or(&Value::Null),
            new.pointer(pointer).unwrap_or(&Value::Null),
        );
        if before != after && !before.is_null() {
            let field = pointer.trim_start_matches('/').replace('/', ".");
            causes.push(Cause::invalid(field, after, IMMUTABLE));
        }
    };
    match kind.key.as_ref() {
        "apps/Deployment" | "apps/ReplicaSet" | "apps/DaemonSet" => immutable("/spec/selector"),
        "batch/Job" => {
            for pointer in ["/spec/selector", "/spec/completionMode", "/spec/template"] {
                immutable(pointer);
            }
            if new["spec"]["completionMode"] != "Indexed" {
                immutable("/spec/completions");
            }
        }
        "rbac.authorization.k8s.io/RoleBinding"
        | "rbac.authorization.k8s.io/ClusterRoleBinding"
            if old["roleRef"] != new["roleRef"] =>
        {
            causes.push(Cause::invalid("roleRef", &new["roleRef"], IMMUTABLE));
        }
        "storage.k8s.io/StorageClass" => {
            for field in [
                "provisioner",
                "parameters",
                "reclaimPolicy",
                "volumeBindingMode",
            ] {
                if old[field] != new[field] {
                    let detail =
                        "updates to provisioner are forbidden.".replace("provisioner", field);
                    causes.push(Cause::forbidden(field, &detail));
                }
            }
        }
        "Service" => service_change(old, new, &mut causes),
        "apps/StatefulSet" => stateful_set_change(old, new, &mut causes),
        "ConfigMap" | "Secret" => data_change(old, new, &mut causes),
        "Pod" => pod_change(old, new, &mut causes),
        "PersistentVolumeClaim" => claim_change(old, new, &mut causes),
        _ => {}
    }
    causes
}

/// A field that must be there and hold something.
pub(super) fn require(
    object: &Value,
    field: &str,
    path: &str,
    detail: &str,
    causes: &mut Vec<Cause>,
) {
    let empty = match &object[field] {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    if empty {
        causes.push(Cause::required(format!("{path}.{field}"), detail));
    }
}

fn workload(spec: &Value, causes: &mut Vec<Cause>) {
    if spec["replicas"]
        .as_i64()
        .is_some_and(|replicas| replicas < 0)
    {
        causes.push(Cause::invalid(
            "spec.replicas",
            &spec["replicas"],
            "must be greater than or equal to 0",
        ));
    }
    let template = &spec["template"];
    if spec["selector"].is_null() {
        causes.push(Cause::required("spec.selector", ""));
    } else if !selects(&spec["selector"], &template["metadata"]["labels"]) {
        let labels = &template["metadata"]["labels"];
        causes.push(Cause::invalid(
            "spec.template.metadata.labels",
            labels,
            "`selector` does not match template `labels`",
        ));
    }
    causes.extend(names::check_labels(
        "spec.template.metadata.labels",
        &template["metadata"]["labels"],
    ));
    // A StatefulSet's claims are volumes of its pods by the name of their template.
    let claims =
        list(spec, "volumeClaimTemplates").filter_map(|one| one["metadata"]["name"].as_str());
    pod_with(
        &template["spec"],
        "spec.template.spec",
        claims.collect(),
        causes,
    );
    if template["spec"]["restartPolicy"]
        .as_str()
        .is_some_and(|policy| policy != "Always")
    {
        let policy = &template["spec"]["restartPolicy"];
        causes.push(Cause::not_supported(
            "spec.template.spec.restartPolicy",
            policy,
            &["Always"],
        ));
    }
    let update = &spec["strategy"]["rollingUpdate"];
    let zero = |value: &Value| matches!(value.as_i64(), Some(0)) || value == "0%" || value == "0";
    if update.is_object() && zero(&update["maxUnavailable"]) && zero(&update["maxSurge"]) {
        let field = "spec.strategy.rollingUpdate.maxUnavailable";
        causes.push(Cause::invalid(
            field,
            &update["maxUnavailable"],
            "may not be 0 when `maxSurge` is 0",
        ));
    }
    if spec["strategy"]["type"] == "Recreate" && update.is_object() {
        let detail = "may not be specified when strategy `type` is 'Recreate'";
        causes.push(Cause::forbidden("spec.strategy.rollingUpdate", detail));
    }
}

fn job(template: &Value, path: &str, causes: &mut Vec<Cause>) {
    causes.extend(names::check_labels(
        &format!("{path}.labels"),
        &template["metadata"]["labels"],
    ));
    pod(&template["spec"], &format!("{path}.spec"), causes);
    let policy = &template["spec"]["restartPolicy"];
    if policy == "Always" {
        let detail = "Required value: valid values: \"OnFailure\", \"Never\""
            .trim_start_matches("Required value: ");
        causes.push(Cause::required(
            format!("{path}.spec.restartPolicy"),
            detail,
        ));
    }
}

fn cron_job(spec: &Value, causes: &mut Vec<Cause>) {
    let schedule = spec["schedule"].as_str().unwrap_or_default();
    if schedule.is_empty() {
        causes.push(Cause::required("spec.schedule", ""));
    } else if !schedule.starts_with('@') && schedule.split_whitespace().count() != 5 {
        let found = schedule.split_whitespace().count();
        let detail = format!(
            "expected exactly 5 fields, found {found}: {:?}",
            schedule.split_whitespace().collect::<Vec<_>>()
        );
        causes.push(Cause::invalid("spec.schedule", &spec["schedule"], &detail));
    }
    job(
        &spec["jobTemplate"]["spec"]["template"],
        "spec.jobTemplate.spec.template",
        causes,
    );
}

/// Checks a pod spec.
fn pod(spec: &Value, path: &str, causes: &mut Vec<Cause>) {
    pod_with(spec, path, Vec::new(), causes);
}

/// Checks a pod spec whose owner adds volumes of these names.
fn pod_with(spec: &Value, path: &str, added: Vec<&str>, causes: &mut Vec<Cause>) {
    volumes::volumes(spec, path, causes);
    require(spec, "containers", path, "", causes);
    let own = list(spec, "volumes").filter_map(|one| one["name"].as_str());
    let volumes: Vec<&str> = own.chain(added).collect();
    let mut seen: Vec<&str> = Vec::new();
    for field in ["containers", "initContainers"] {
        for (index, container) in list(spec, field).enumerate() {
            let at = format!("{path}.{field}[{index}]");
            container_rules(container, &at, &volumes, causes);
            let name = container["name"].as_str().unwrap_or_default();
            if seen.contains(&name) {
                causes.push(Cause::duplicate(format!("{at}.name"), &container["name"]));
            }
            seen.push(name);
        }
    }
}

fn container_rules(container: &Value, at: &str, volumes: &[&str], causes: &mut Vec<Cause>) {
    require(container, "name", at, "", causes);
    require(container, "image", at, "", causes);
    let name = container["name"].as_str().unwrap_or_default();
    if !name.is_empty() && !names::is_label(name) {
        causes.push(Cause::invalid(
            format!("{at}.name"),
            &container["name"],
            names::LABEL,
        ));
    }
    volumes::ports(container, at, causes);
    volumes::mounts(container, at, volumes, causes);
    resources(&container["resources"], &format!("{at}.resources"), causes);
}

fn resources(resources: &Value, at: &str, causes: &mut Vec<Cause>) {
    for (name, request) in resources["requests"].as_object().into_iter().flatten() {
        let limit = &resources["limits"][name];
        if let (Some(asked), Some(most)) = (
            crate::quantity::milli(request),
            crate::quantity::milli(limit),
        ) && asked > most
        {
            let shown = request
                .as_str()
                .map_or_else(|| request.to_string(), str::to_owned);
            let most = limit
                .as_str()
                .map_or_else(|| limit.to_string(), str::to_owned);
            let detail = format!("must be less than or equal to {name} limit of {most}");
            causes.push(Cause::invalid(
                format!("{at}.requests"),
                &json!(shown),
                &detail,
            ));
        }
    }
}

fn service(spec: &Value, causes: &mut Vec<Cause>) {
    let ports: Vec<&Value> = list(spec, "ports").collect();
    let headless = spec["clusterIP"] == "None";
    if ports.is_empty() && !headless && spec["type"] != "ExternalName" {
        causes.push(Cause::required("spec.ports", ""));
    }
    for (index, port) in ports.iter().enumerate() {
        let at = format!("spec.ports[{index}]");
        if ports.len() > 1 {
            require(port, "name", &at, "", causes);
        }
        let name = port["name"].as_str().unwrap_or_default();
        if !name.is_empty() && !names::is_label(name) {
            let field = format!("{at}.name");
            causes.push(Cause::invalid(field, &port["name"], names::LABEL));
        } else if !name.is_empty() && ports[..index].iter().any(|other| other["name"] == name) {
            causes.push(Cause::duplicate(format!("{at}.name"), &port["name"]));
        }
        if !(1..=65535).contains(&port["port"].as_i64().unwrap_or(0)) {
            causes.push(Cause::invalid(
                format!("{at}.port"),
                &port["port"],
                "must be between 1 and 65535, inclusive",
            ));
        }
        let same = |other: &&&Value| {
            other["port"] == port["port"] && other["protocol"] == port["protocol"]
        };
        if ports[..index].iter().any(|other| same(&other)) {
            let value = json!({"protocol": port["protocol"], "port": port["port"]});
            causes.push(Cause::duplicate(at, &value));
        }
    }
}

fn service_change(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let (before, after) = (&old["spec"]["clusterIP"], &new["spec"]["clusterIP"]);
    let external = |object: &Value| object["spec"]["type"] == "ExternalName";
    if before.is_string() && before != after && !external(old) && !external(new) {
        causes.push(Cause::invalid(
            "spec.clusterIPs[0]",
            &json!([after]),
            "may not change once set",
        ));
    }
}

fn stateful_set_change(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    const MAY_CHANGE: &[&str] = &[
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
        "serviceName",
    ];
    let frozen = |object: &Value| {
        let fields = object["spec"].as_object().cloned().unwrap_or_default();
        fields
            .into_iter()
            .filter(|(key, _)| !MAY_CHANGE.contains(&key.as_str()))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let service = &new["spec"]["serviceName"];
    if old["spec"]["serviceName"] != *service {
        causes.push(Cause::invalid("spec.serviceName", service, IMMUTABLE));
    }
    if frozen(old) != frozen(new) {
        let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        causes.push(Cause::forbidden("spec", detail));
    }
}

fn data(object: &Value, causes: &mut Vec<Cause>) {
    let size: usize = ["data", "binaryData"]
        .iter()
        .flat_map(|field| object[*field].as_object().into_iter().flatten())
        .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
        .sum();
    if size > 1024 * 1024 {
        let field = if object["kind"] == "Secret" {
            "data"
        } else {
            "[]"
        };
        causes.push(Cause::too_long(field, 1024 * 1024));
    }
    for key in object["data"]
        .as_object()
        .into_iter()
        .flat_map(|data| data.keys())
    {
        if !key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
            || key.is_empty()
        {
            let detail = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
            causes.push(Cause::invalid(format!("data[{key}]"), &json!(key), detail));
        }
    }
}

fn data_change(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    if old["immutable"] == true {
        if new["immutable"] != true {
            causes.push(Cause::forbidden(
                "immutable",
                "field is immutable when `immutable` is set",
            ));
        }
        for field in ["data", "binaryData"] {
            if old[field] != new[field] {
                causes.push(Cause::forbidden(
                    field,
                    "field is immutable when `immutable` is set",
                ));
            }
        }
    }
    if old["kind"] == "Secret" && old["type"] != new["type"] {
        causes.push(Cause::invalid("type", &new["type"], IMMUTABLE));
    }
}

fn pod_change(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let frozen = |object: &Value| {
        let mut spec = object["spec"].clone();
        for field in ["containers", "initContainers"] {
            for container in spec[field].as_array_mut().into_iter().flatten() {
                container["image"] = Value::Null;
            }
        }
        for field in [
            "activeDeadlineSeconds",
            "terminationGracePeriodSeconds",
            "tolerations",
            "schedulingGates",
            "initContainers",
        ] {
            if spec[field].is_null() || field != "initContainers" {
                spec[field] = Value::Null;
            }
        }
        spec
    };
    if frozen(old) != frozen(new) {
        let detail = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
        causes.push(Cause::forbidden("spec", detail));
    }
}

fn claim_change(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let frozen = |object: &Value| {
        let mut spec = object["spec"].clone();
        let bound = old["status"]["phase"] == "Bound";
        let free = ["volumeName", "resources", "volumeAttributesClassName"];
        for field in &free[..if bound { 3 } else { 1 }] {
            spec[field] = Value::Null;
        }
        spec
    };
    if frozen(old) != frozen(new) {
        let detail = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        causes.push(Cause::forbidden("spec", detail));
    }
    let size = |object: &Value| {
        crate::quantity::milli(&object["spec"]["resources"]["requests"]["storage"])
    };
    if size(new) < size(old) {
        let detail = "field can not be less than status.capacity";
        causes.push(Cause::forbidden("spec.resources.requests.storage", detail));
    }
}

fn autoscaler(spec: &Value, causes: &mut Vec<Cause>) {
    let (min, max) = (
        spec["minReplicas"].as_i64().unwrap_or(1),
        spec["maxReplicas"].as_i64().unwrap_or(0),
    );
    if max < 1 {
        causes.push(Cause::invalid(
            "spec.maxReplicas",
            &json!(max),
            "must be greater than 0",
        ));
    }
    if max < min {
        let detail = "must be greater than or equal to `minReplicas`";
        causes.push(Cause::invalid("spec.maxReplicas", &json!(max), detail));
    }
    let from_outside =
        |metric: &Value| matches!(metric["type"].as_str(), Some("Object" | "External"));
    if min < 0 {
        let detail = "must be greater than or equal to 0";
        causes.push(Cause::invalid("spec.minReplicas", &json!(min), detail));
    } else if min == 0 && !list(spec, "metrics").any(from_outside) {
        // Older versions allow no 0 at all (`HPAScaleToZero`).
        let detail = "must specify at least one Object or External metric to support scaling to zero replicas";
        causes.push(Cause::forbidden("spec.metrics", detail));
    }
}

fn ingress(spec: &Value, causes: &mut Vec<Cause>) {
    if spec["defaultBackend"].is_null() && list(spec, "rules").next().is_none() {
        let detail = "either `defaultBackend` or `rules` must be specified";
        causes.push(Cause::invalid("spec", spec, detail));
    }
    for (at, rule) in list(spec, "rules").enumerate() {
        for (index, path) in list(&rule["http"], "paths").enumerate() {
            let field = format!("spec.rules[{at}].http.paths[{index}].pathType");
            match path["pathType"].as_str() {
                None => causes.push(Cause::required(field, "pathType must be specified")),
                Some("Exact" | "Prefix" | "ImplementationSpecific") => {}
                Some(_) => {
                    let allowed = &["Exact", "ImplementationSpecific", "Prefix"];
                    causes.push(Cause::not_supported(field, &path["pathType"], allowed));
                }
            }
        }
    }
}

/// The items of a field.
pub(super) fn list<'v>(
    object: &'v Value,
    field: &str,
) -> impl Iterator<Item = &'v Value> + use<'v> {
    object[field].as_array().into_iter().flatten()
}
