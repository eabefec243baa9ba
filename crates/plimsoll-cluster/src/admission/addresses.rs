//! Addresses and ports of Services are given once.

use serde_json::{Value, json};

use crate::error::{ApiError, Cause};
use crate::kinds::Kind;
use crate::object;
use crate::state::State;

/// Refuses a new Service whose address or port another one has.
pub fn check(state: &State, kind: &Kind, service: &Value) -> Result<(), ApiError> {
    if &*kind.key != "Service" {
        return Ok(());
    }
    let spec = &service["spec"];
    let mut causes = Vec::new();
    let address = spec["clusterIP"].as_str().unwrap_or_default();
    let has_address = !matches!(address, "" | "None");
    let ports = node_ports(spec);
    if !has_address && ports.is_empty() {
        return Ok(());
    }
    let others = || state.store.list("Service").map(|one| &one["spec"]);
    if has_address && others().any(|other| other["clusterIP"] == address) {
        let why = format!("failed to allocate IP {address}: provided IP is already allocated");
        causes.push(Cause::invalid("spec.clusterIPs", &json!([address]), &why));
    }
    for (index, port) in ports {
        let taken = |other: &Value| node_ports(other).iter().any(|(_, known)| *known == port);
        if others().any(taken) {
            let field = format!("spec.ports[{index}].nodePort");
            causes.push(Cause::invalid(
                field,
                &json!(port),
                "provided port is already allocated",
            ));
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    let name = object::name(service);
    Err(ApiError::invalid(&kind.group, &kind.kind, name, causes))
}

fn node_ports(spec: &Value) -> Vec<(usize, i64)> {
    let ports = spec["ports"].as_array().into_iter().flatten().enumerate();
    ports
        .filter_map(|(index, port)| {
            Some((index, port["nodePort"].as_i64().filter(|one| *one > 0)?))
        })
        .collect()
}
