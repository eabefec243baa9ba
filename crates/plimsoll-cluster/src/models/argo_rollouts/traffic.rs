//! Traffic routing: weights of `HTTPRoutes` (Gateway API plugin 0.15.0) and of Istio's `VirtualServices`.

use super::{WRITER, Work};
use crate::controllers::read;
use serde_json::{Value, json};

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
        weigh(&mut changed, services, weight);
        if changed != *router {
            WRITER.put(work.state, &work.rollout, changed);
        }
    }
    work.status["canary"]["weights"] = json!({
        "canary": {"weight": weight, "serviceName": services.0, "podTemplateHash": work.hash},
        "stable": {"weight": 100 - weight.min(100), "serviceName": services.1, "podTemplateHash": work.stable()},
    });
}

/// Kind, namespace and name of each object that holds weights.
fn routers(work: &Work<'_>, routing: &Value) -> Vec<(&'static str, String, String)> {
    const HTTP: &str = "gateway.networking.k8s.io/HTTPRoute";
    const GRPC: &str = "gateway.networking.k8s.io/GRPCRoute";
    const VIRTUAL: &str = "networking.istio.io/VirtualService";
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

/// Sets the weights in every rule that leads to both Services.
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
        let name = |backend: &Value| {
            let name = backend["name"]
                .as_str()
                .or_else(|| backend["destination"]["host"].as_str());
            name.unwrap_or_default()
                .split('.')
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        if !backends.iter().any(|backend| name(backend) == canary)
            || !backends.iter().any(|backend| name(backend) == stable)
        {
            continue;
        }
        for backend in backends {
            let named = name(backend);
            if named == canary {
                backend["weight"] = json!(weight);
            } else if named == stable {
                backend["weight"] = json!(100 - weight.min(100));
            }
        }
    }
}
