//! Traffic routing: weights of `HTTPRoutes` (Gateway API plugin 0.15.0) and of Istio's `VirtualServices`.

use super::{HASH, WRITER, Work};
use crate::controllers::read;
use serde_json::{Value, json};

const VIRTUAL: &str = "networking.istio.io/VirtualService";
const PLUGIN: &str = "argoproj-labs/gatewayAPI";

/// Whether weights are held by a router and not by numbers of pods.
pub(super) fn is_routed(rollout: &Value) -> bool {
    rollout["spec"]["strategy"]["canary"]["trafficRouting"]
        .as_object()
        .is_some_and(|routing| !routing.is_empty())
}

/// Gives the canary `weight` of a hundred.
pub(super) fn set_weight(work: &mut Work<'_>, weight: u64) {
    if !is_routed(&work.rollout) {
        return;
    }
    let canary = work.rollout["spec"]["strategy"]["canary"].clone();
    let services = (
        read::text(&canary, "/canaryService"),
        read::text(&canary, "/stableService"),
    );
    for (kind, namespace, name) in routers(work, &canary["trafficRouting"]) {
        let Some(router) = work.state.get(kind, &namespace, &name) else {
            continue;
        };
        let mut changed = Value::clone(&router);
        // Istio tells versions apart by subset, where a DestinationRule has them.
        let rule = &canary["trafficRouting"]["istio"]["destinationRule"];
        let names = if kind == VIRTUAL && rule.is_object() {
            (
                read::text(rule, "/canarySubsetName"),
                read::text(rule, "/stableSubsetName"),
            )
        } else {
            services
        };
        weigh(&mut changed, names, weight);
        if changed != *router {
            WRITER.put(work.state, &work.rollout, changed);
        }
    }
    work.status["canary"]["weights"] = json!({
        "canary": {"weight": weight, "serviceName": services.0, "podTemplateHash": work.hash},
        "stable": {"weight": 100 - weight.min(100), "serviceName": services.1, "podTemplateHash": work.stable()},
    });
}

/// Gives the subsets of Istio's `DestinationRule` the versions that they lead to.
pub(super) fn set_versions(work: &mut Work<'_>, canary: &str, stable: &str) {
    let rule =
        work.rollout["spec"]["strategy"]["canary"]["trafficRouting"]["istio"]["destinationRule"]
            .clone();
    let name = read::text(&rule, "/name");
    let kind = "networking.istio.io/DestinationRule";
    let Some(known) = work.state.get(kind, work.namespace(), name) else {
        return;
    };
    let mut changed = Value::clone(&known);
    for subset in changed["spec"]["subsets"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        for (field, version) in [("canarySubsetName", canary), ("stableSubsetName", stable)] {
            if subset["name"] == rule[field] {
                subset["labels"][HASH] = json!(version);
            }
        }
    }
    if changed != *known {
        WRITER.put(work.state, &work.rollout, changed);
    }
}

/// Kind, namespace and name of each object that holds weights.
fn routers(work: &Work<'_>, routing: &Value) -> Vec<(&'static str, String, String)> {
    const HTTP: &str = "gateway.networking.k8s.io/HTTPRoute";
    const GRPC: &str = "gateway.networking.k8s.io/GRPCRoute";
    let own = work.namespace().to_owned();
    let mut all = Vec::new();
    let plugin = &routing["plugins"][PLUGIN];
    let namespace = plugin["namespace"]
        .as_str()
        .map_or_else(|| own.clone(), str::to_owned);
    for (kind, one, many) in [
        (HTTP, "httpRoute", "httpRoutes"),
        (GRPC, "grpcRoute", "grpcRoutes"),
    ] {
        let listed = plugin[many]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|route| route["name"].as_str());
        let names = plugin[one].as_str().into_iter().chain(listed);
        all.extend(names.map(|name| (kind, namespace.clone(), name.to_owned())));
    }
    let virtuals = routing["istio"].get("virtualService").into_iter();
    let virtuals = virtuals.chain(read::items(routing, "/istio/virtualServices"));
    all.extend(virtuals.map(|one| (VIRTUAL, own.clone(), read::text(one, "/name").to_owned())));
    all
}

/// Sets the weights in every rule that leads to both Services, or subsets.
fn weigh(router: &mut Value, (canary, stable): (&str, &str), weight: u64) {
    let http = ["rules", "http"]
        .into_iter()
        .find(|field| router["spec"][*field].is_array());
    let Some(rules) = http.and_then(|field| router["spec"][field].as_array_mut()) else {
        return;
    };
    for rule in rules {
        let field = if rule["backendRefs"].is_array() {
            "backendRefs"
        } else {
            "route"
        };
        let Some(backends) = rule[field].as_array_mut() else {
            continue;
        };
        let is = |backend: &Value, version: &str| {
            let host = backend["name"]
                .as_str()
                .or_else(|| backend["destination"]["host"].as_str());
            let service = host.and_then(|host| host.split('.').next());
            service == Some(version) || backend["destination"]["subset"] == version
        };
        if !backends.iter().any(|backend| is(backend, canary))
            || !backends.iter().any(|backend| is(backend, stable))
        {
            continue;
        }
        for backend in backends {
            if is(backend, canary) {
                backend["weight"] = json!(weight);
            } else if is(backend, stable) {
                backend["weight"] = json!(100 - weight.min(100));
            }
        }
    }
}
