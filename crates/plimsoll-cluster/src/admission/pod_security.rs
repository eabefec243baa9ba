//! Pod Security: the baseline and restricted levels, enforced on pods, warned of on workloads.
//!
//! After k8s.io/pod-security-admission v0.37.

use serde_json::Value;

use crate::error::ApiError;
use crate::kinds::Kind;
use crate::object;
use crate::state::State;

/// Capabilities that the baseline lets a container add.
const DEFAULT_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
/// Volume types that the restricted level allows.
const ALLOWED_VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];
/// Sysctls that the baseline allows.
const SAFE_SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

#[derive(Clone, Copy, Eq, PartialEq)]
enum Level {
    Baseline,
    Restricted,
}

/// Refuses a pod that breaks the level of its namespace.
pub fn enforce(state: &State, kind: &Kind, pod: &Value) -> Result<(), ApiError> {
    if kind.key.as_ref() != "Pod" {
        return Ok(());
    }
    match broken(state, object::namespace(pod), "enforce", &pod["spec"]) {
        Some(broken) => Err(ApiError::forbidden(
            "",
            "pods",
            object::name(pod),
            &format!("violates PodSecurity {broken}"),
        )),
        None => Ok(()),
    }
}

/// Warns of a pod or a pod template that breaks the level of its namespace.
pub fn warn(
    state: &State,
    kind: &Kind,
    old: Option<&Value>,
    object: &Value,
    warnings: &mut Vec<String>,
) {
    let path = match kind.key.as_ref() {
        "Pod" => "/spec",
        "apps/Deployment" | "apps/ReplicaSet" | "apps/StatefulSet" | "apps/DaemonSet"
        | "batch/Job" => "/spec/template/spec",
        "batch/CronJob" => "/spec/jobTemplate/spec/template/spec",
        "PodTemplate" => "/template/spec",
        _ => return,
    };
    let Some(spec) = object.pointer(path) else {
        return;
    };
    if old.is_some_and(|old| old.pointer(path) == Some(spec)) {
        return;
    }
    if let Some(broken) = broken(state, object::namespace(object), "warn", spec) {
        warnings.push(format!("would violate PodSecurity {broken}"));
    }
}

/// What a pod spec breaks: `"restricted:latest": …`.
fn broken(state: &State, namespace: &str, mode: &str, spec: &Value) -> Option<String> {
    let namespace = state.store.get("Namespace", "", namespace)?;
    let label = object::label(namespace, &format!("pod-security.kubernetes.io/{mode}"))?;
    let level = match label {
        "baseline" => Level::Baseline,
        "restricted" => Level::Restricted,
        _ => return None,
    };
    let version = object::label(
        namespace,
        &format!("pod-security.kubernetes.io/{mode}-version"),
    )
    .unwrap_or("latest");
    let breaks = check(level, spec);
    (!breaks.is_empty()).then(|| format!("\"{label}:{version}\": {}", breaks.join(", ")))
}

/// All broken rules, those of the baseline first.
fn check(level: Level, spec: &Value) -> Vec<String> {
    let restricted = level == Level::Restricted;
    let mut breaks = Vec::new();
    let mut add = |reason: &str, detail: Option<String>| {
        if let Some(detail) = detail {
            breaks.push(format!("{reason} ({detail})"));
        }
    };
    if !restricted {
        add(
            "non-default capabilities",
            added_capabilities(spec, DEFAULT_CAPABILITIES),
        );
    }
    add("host namespaces", host_namespaces(spec));
    if !restricted {
        add("hostPath volumes", host_paths(spec));
    }
    add("hostPort", host_ports(spec));
    add("privileged", privileged(spec));
    add("procMount", proc_mount(spec));
    if !restricted {
        add("seccompProfile", unconfined(spec));
    }
    add("forbidden sysctls", sysctls(spec));
    if restricted {
        add("allowPrivilegeEscalation != false", escalation(spec));
        add("unrestricted capabilities", capabilities(spec));
        add("restricted volume types", volume_types(spec));
        add("runAsNonRoot != true", non_root(spec));
        add("runAsUser=0", user_zero(spec));
        add("seccompProfile", seccomp(spec));
    }
    breaks
}

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    let fields = ["initContainers", "containers", "ephemeralContainers"];
    fields
        .into_iter()
        .flat_map(|field| spec[field].as_array().into_iter().flatten())
}

/// The names of the containers that a test catches.
fn caught(spec: &Value, bad: impl Fn(&Value) -> bool) -> Vec<&str> {
    containers(spec)
        .filter(|one| bad(one))
        .filter_map(|one| one["name"].as_str())
        .collect()
}

/// `container "a"` or `containers "a", "b"`, when there are any.
fn named(names: &[&str]) -> Option<String> {
    let quoted = quoted(names);
    match names {
        [] => None,
        [_] => Some(format!("container {quoted}")),
        _ => Some(format!("containers {quoted}")),
    }
}

fn quoted<T: AsRef<str>>(names: &[T]) -> String {
    names
        .iter()
        .map(|name| format!("\"{}\"", name.as_ref()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn must(spec: &Value, bad: impl Fn(&Value) -> bool, what: &str) -> Option<String> {
    named(&caught(spec, bad)).map(|who| format!("{who} {what}"))
}

fn host_namespaces(spec: &Value) -> Option<String> {
    let fields = ["hostNetwork", "hostPID", "hostIPC"];
    let set: Vec<String> = fields
        .iter()
        .filter(|field| spec[**field] == true)
        .map(|field| format!("{field}=true"))
        .collect();
    (!set.is_empty()).then(|| set.join(", "))
}

fn host_paths(spec: &Value) -> Option<String> {
    let volumes = spec["volumes"].as_array().into_iter().flatten();
    let names: Vec<&str> = volumes
        .filter(|one| !one["hostPath"].is_null())
        .filter_map(|one| one["name"].as_str())
        .collect();
    let word = if names.len() == 1 {
        "volume"
    } else {
        "volumes"
    };
    (!names.is_empty()).then(|| format!("{word} {}", quoted(&names)))
}

fn host_ports(spec: &Value) -> Option<String> {
    let ports = |container: &Value| -> Vec<i64> {
        let ports = container["ports"].as_array().into_iter().flatten();
        ports
            .filter_map(|port| port["hostPort"].as_i64())
            .filter(|port| *port != 0)
            .collect()
    };
    let who = named(&caught(spec, |one| !ports(one).is_empty()))?;
    let mut all: Vec<i64> = containers(spec).flat_map(ports).collect();
    all.sort_unstable();
    all.dedup();
    let word = if all.len() == 1 {
        "hostPort"
    } else {
        "hostPorts"
    };
    let uses = if who.starts_with("containers") {
        "use"
    } else {
        "uses"
    };
    Some(format!(
        "{who} {uses} {word} {}",
        all.iter()
            .map(i64::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    ))
}

fn privileged(spec: &Value) -> Option<String> {
    must(
        spec,
        |one| one["securityContext"]["privileged"] == true,
        "must not set securityContext.privileged=true",
    )
}

fn proc_mount(spec: &Value) -> Option<String> {
    let bad = |one: &Value| {
        one["securityContext"]["procMount"]
            .as_str()
            .is_some_and(|mount| mount != "Default")
    };
    must(
        spec,
        bad,
        "must not set securityContext.procMount to \"Unmasked\"",
    )
}

fn sysctls(spec: &Value) -> Option<String> {
    let all = spec["securityContext"]["sysctls"]
        .as_array()
        .into_iter()
        .flatten();
    let bad: Vec<&str> = all
        .filter_map(|one| one["name"].as_str())
        .filter(|name| !SAFE_SYSCTLS.contains(name))
        .collect();
    (!bad.is_empty()).then(|| bad.join(", "))
}

fn unconfined(spec: &Value) -> Option<String> {
    let bad = |holder: &Value| holder["securityContext"]["seccompProfile"]["type"] == "Unconfined";
    let what = "must not set securityContext.seccompProfile.type to \"Unconfined\"";
    let pod = bad(spec).then(|| format!("pod {what}"));
    joined(pod, must(spec, bad, what))
}

fn joined(one: Option<String>, other: Option<String>) -> Option<String> {
    let both: Vec<String> = one.into_iter().chain(other).collect();
    (!both.is_empty()).then(|| both.join(", "))
}

fn added(container: &Value) -> Vec<&str> {
    let added = container["securityContext"]["capabilities"]["add"]
        .as_array()
        .into_iter()
        .flatten();
    added.filter_map(Value::as_str).collect()
}

fn added_capabilities(spec: &Value, allowed: &[&str]) -> Option<String> {
    let bad = |container: &Value| added(container).iter().any(|one| !allowed.contains(one));
    let who = named(&caught(spec, bad))?;
    let mut all: Vec<&str> = containers(spec)
        .flat_map(added)
        .filter(|one| !allowed.contains(one))
        .collect();
    all.sort_unstable();
    all.dedup();
    Some(format!(
        "{who} must not include {} in securityContext.capabilities.add",
        quoted(&all)
    ))
}

fn capabilities(spec: &Value) -> Option<String> {
    let drops_all = |container: &Value| {
        let dropped = container["securityContext"]["capabilities"]["drop"].as_array();
        dropped.is_some_and(|all| all.iter().any(|one| one == "ALL"))
    };
    let undropped = must(
        spec,
        |one| !drops_all(one),
        "must set securityContext.capabilities.drop=[\"ALL\"]",
    );
    // Upstream puts these two into one sentence each, joined by a semicolon.
    let both: Vec<String> = undropped
        .into_iter()
        .chain(added_capabilities(spec, &["NET_BIND_SERVICE"]))
        .collect();
    (!both.is_empty()).then(|| both.join("; "))
}

fn escalation(spec: &Value) -> Option<String> {
    let bad = |one: &Value| one["securityContext"]["allowPrivilegeEscalation"] != false;
    must(
        spec,
        bad,
        "must set securityContext.allowPrivilegeEscalation=false",
    )
}

fn volume_types(spec: &Value) -> Option<String> {
    let mut names = Vec::new();
    let mut types = Vec::new();
    for volume in spec["volumes"].as_array().into_iter().flatten() {
        let kinds = volume
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key.as_str())
            .filter(|key| *key != "name");
        for kind in kinds.filter(|kind| !ALLOWED_VOLUMES.contains(kind)) {
            names.push(volume["name"].as_str().unwrap_or_default());
            types.push(kind);
        }
    }
    types.sort_unstable();
    types.dedup();
    let (word, verb) = if names.len() == 1 {
        ("volume", "uses")
    } else {
        ("volumes", "use")
    };
    let kinds = if types.len() == 1 { "type" } else { "types" };
    (!names.is_empty()).then(|| {
        format!(
            "{word} {} {verb} restricted volume {kinds} {}",
            quoted(&names),
            quoted(&types)
        )
    })
}

fn non_root(spec: &Value) -> Option<String> {
    let pod = spec["securityContext"]["runAsNonRoot"].as_bool();
    let own = |one: &Value| one["securityContext"]["runAsNonRoot"].as_bool();
    let explicit = must(
        spec,
        |one| own(one) == Some(false),
        "must not set securityContext.runAsNonRoot=false",
    );
    let pod_false = (pod == Some(false))
        .then(|| "pod must not set securityContext.runAsNonRoot=false".to_owned());
    if pod_false.is_some() || explicit.is_some() {
        return joined(pod_false, explicit);
    }
    if pod == Some(true) {
        return None;
    }
    let unset = named(&caught(spec, |one| own(one).is_none()))?;
    Some(format!(
        "pod or {unset} must set securityContext.runAsNonRoot=true"
    ))
}

fn user_zero(spec: &Value) -> Option<String> {
    let zero = |holder: &Value| holder["securityContext"]["runAsUser"] == 0;
    joined(
        zero(spec).then(|| "pod must not set runAsUser=0".to_owned()),
        must(spec, zero, "must not set runAsUser=0"),
    )
}

fn seccomp(spec: &Value) -> Option<String> {
    let kind = |holder: &Value| {
        holder["securityContext"]["seccompProfile"]["type"]
            .as_str()
            .map(str::to_owned)
    };
    let good =
        |kind: &Option<String>| matches!(kind.as_deref(), Some("RuntimeDefault" | "Localhost"));
    let pod = kind(spec);
    let bad_pod = pod.is_some() && !good(&pod);
    let bad = |one: &Value| kind(one).is_some_and(|kind| !good(&Some(kind)));
    let what = "must not set securityContext.seccompProfile.type to \"Unconfined\"";
    let explicit = joined(
        bad_pod.then(|| format!("pod {what}")),
        must(spec, bad, what),
    );
    if explicit.is_some() || good(&pod) {
        return explicit;
    }
    let unset = named(&caught(spec, |one| kind(one).is_none()))?;
    Some(format!(
        "pod or {unset} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bare_pod_breaks_the_restricted_level_as_upstream_words_it() {
        let spec = json!({"containers": [{"name": "nginx"}]});
        assert_eq!(
            check(Level::Restricted, &spec).join(", "),
            "allowPrivilegeEscalation != false (container \"nginx\" must set securityContext.allowPrivilegeEscalation=false), \
             unrestricted capabilities (container \"nginx\" must set securityContext.capabilities.drop=[\"ALL\"]), \
             runAsNonRoot != true (pod or container \"nginx\" must set securityContext.runAsNonRoot=true), \
             seccompProfile (pod or container \"nginx\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")"
        );
        assert!(check(Level::Baseline, &spec).is_empty());
    }

    #[test]
    fn the_baseline_forbids_the_host() {
        let spec = json!({
            "hostNetwork": true,
            "volumes": [{"name": "h", "hostPath": {"path": "/"}}],
            "containers": [
                {"name": "a", "ports": [{"hostPort": 80}], "securityContext": {"privileged": true}},
                {"name": "b", "securityContext": {"privileged": true, "capabilities": {"add": ["NET_ADMIN"]}}},
            ],
        });
        assert_eq!(
            check(Level::Baseline, &spec),
            [
                "non-default capabilities (container \"b\" must not include \"NET_ADMIN\" in securityContext.capabilities.add)",
                "host namespaces (hostNetwork=true)",
                "hostPath volumes (volume \"h\")",
                "hostPort (container \"a\" uses hostPort 80)",
                "privileged (containers \"a\", \"b\" must not set securityContext.privileged=true)",
            ]
        );
    }

    #[test]
    fn a_hardened_pod_passes_the_restricted_level() {
        let spec = json!({
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "a", "securityContext": {
                "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
            }}],
        });
        assert_eq!(check(Level::Restricted, &spec), Vec::<String>::new());
    }
}
