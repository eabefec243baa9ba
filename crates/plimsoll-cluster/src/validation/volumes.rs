//! Volumes, mounts and ports of a pod. Follows `pkg/apis/core/validation`, Kubernetes 1.37.

use serde_json::Value;

use super::names;
use super::rules::{list, require};
use crate::error::Cause;

/// Checks the volumes of a pod spec.
pub fn volumes(spec: &Value, path: &str, causes: &mut Vec<Cause>) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, volume) in list(spec, "volumes").enumerate() {
        let at = format!("{path}.volumes[{index}]");
        require(volume, "name", &at, "", causes);
        let name = volume["name"].as_str().unwrap_or_default();
        let field = format!("{at}.name");
        if name.is_empty() {
            continue;
        }
        if !names::is_label(name) {
            causes.push(Cause::invalid(field, &volume["name"], names::LABEL));
        } else if seen.contains(&name) {
            causes.push(Cause::duplicate(field, &volume["name"]));
        }
        seen.push(name);
    }
}

/// Checks what a container mounts of these volumes.
pub fn mounts(container: &Value, at: &str, volumes: &[&str], causes: &mut Vec<Cause>) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, mount) in list(container, "volumeMounts").enumerate() {
        let at = format!("{at}.volumeMounts[{index}]");
        let name = mount["name"].as_str();
        if name.is_some_and(|name| !volumes.contains(&name)) {
            causes.push(Cause::not_found(format!("{at}.name"), &mount["name"]));
        }
        require(mount, "mountPath", &at, "", causes);
        let path = mount["mountPath"].as_str().unwrap_or_default();
        if seen.contains(&path) {
            let field = format!("{at}.mountPath");
            causes.push(Cause::invalid(field, &mount["mountPath"], "must be unique"));
        }
        seen.push(path);
        sub_path(mount, &at, causes);
    }
}

fn sub_path(mount: &Value, at: &str, causes: &mut Vec<Cause>) {
    let path = mount["subPath"].as_str().unwrap_or_default();
    let mut wrong = |detail: &str| {
        let field = format!("{at}.subPath");
        causes.push(Cause::invalid(field, &mount["subPath"], detail));
    };
    if path.starts_with('/') {
        wrong("must be a relative path");
    }
    if path.split('/').any(|part| part == "..") {
        wrong("must not contain '..'");
    }
}

/// Checks the ports of a container.
pub fn ports(container: &Value, at: &str, causes: &mut Vec<Cause>) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, port) in list(container, "ports").enumerate() {
        let at = format!("{at}.ports[{index}]");
        let number = port["containerPort"].as_i64().unwrap_or(0);
        if !(1..=65535).contains(&number) {
            causes.push(Cause::invalid(
                format!("{at}.containerPort"),
                &port["containerPort"],
                "must be between 1 and 65535, inclusive",
            ));
        }
        let name = port["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        let broken = names::broken_port_name(name);
        let field = format!("{at}.name");
        if broken.is_empty() && seen.contains(&name) {
            causes.push(Cause::duplicate(field.clone(), &port["name"]));
        }
        let broken = broken.into_iter();
        causes.extend(broken.map(|detail| Cause::invalid(field.clone(), &port["name"], detail)));
        seen.push(name);
    }
}
