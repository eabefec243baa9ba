//! The requests that `HTTPRoutes` and `GRPCRoutes` declare to answer.

use super::gateway::{GATEWAY, ROUTES, names_listener};
use super::request::host_takes;
use super::{Declared, ObjectRef, read, rule};
use crate::state::State;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Adds every request that `HTTPRoutes` and `GRPCRoutes` declare.
pub(super) fn declared(state: &State, all: &mut BTreeSet<Declared>) {
    for route in ROUTES.iter().flat_map(|kind| state.list(kind)) {
        for (tls, host) in entrances(state, &route) {
            for (path, method, headers) in declared_matches(&route) {
                all.insert(Declared {
                    host: host.clone(),
                    path,
                    tls,
                    method,
                    headers,
                    grpc: route["kind"] == "GRPCRoute",
                    object: ObjectRef::of(&route),
                });
            }
        }
    }
}

/// Pairs of "by HTTPS" and host under which a route can be reached. A parent that is missing counts as HTTPS.
fn entrances(state: &State, route: &Value) -> BTreeSet<(bool, String)> {
    let hosts: Vec<_> = read::items(route, "/spec/hostnames")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut found = BTreeSet::new();
    for parent in read::items(route, "/spec/parentRefs") {
        let namespace = parent["namespace"]
            .as_str()
            .unwrap_or_else(|| read::namespace(route));
        let gateway = state.get(GATEWAY, namespace, read::text(parent, "/name"));
        let listeners = gateway
            .iter()
            .flat_map(|g| read::items(g, "/spec/listeners"));
        let mut listeners: Vec<_> = listeners.filter(|l| names_listener(parent, l)).collect();
        let missing = serde_json::json!({"protocol": "HTTPS"});
        if listeners.is_empty() {
            listeners.push(&missing);
        }
        for listener in listeners {
            let own = read::text(listener, "/hostname");
            let tls = listener["protocol"] != "HTTP";
            if hosts.is_empty() {
                found.insert((tls, own.to_owned()));
            }
            let common = hosts.iter().filter_map(|host| narrower(own, host));
            found.extend(common.map(|host| (tls, host.to_owned())));
        }
    }
    found.retain(|(_, host)| !host.is_empty());
    found
}

/// The narrower of a listener's and a route's host, if they overlap.
pub(crate) fn narrower<'a>(listener: &'a str, route: &'a str) -> Option<&'a str> {
    let sample = |host: &str| host.replacen('*', "any", 1);
    if host_takes(listener, &sample(route)) {
        Some(route)
    } else if host_takes(route, &sample(listener)) {
        Some(listener)
    } else {
        None
    }
}

fn declared_matches(route: &Value) -> Vec<(String, Option<String>, BTreeMap<String, String>)> {
    let mut all = Vec::new();
    for rule in read::items(route, "/spec/rules") {
        let matches = read::items(rule, "/matches");
        if matches.is_empty() {
            all.push(("/".to_owned(), None, BTreeMap::new()));
        }
        for found in matches {
            let headers = read::items(found, "/headers").iter();
            let headers = headers
                .map(|h| {
                    (
                        read::text(h, "/name").to_ascii_lowercase(),
                        read::text(h, "/value").to_owned(),
                    )
                })
                .collect();
            if route["kind"] == "GRPCRoute" {
                let path = rule::grpc_path(
                    read::text(found, "/method/service"),
                    read::text(found, "/method/method"),
                );
                all.push((path, None, headers));
            } else {
                let path = found
                    .pointer("/path/value")
                    .and_then(Value::as_str)
                    .unwrap_or("/");
                let path = if found["path"]["type"] == "RegularExpression" {
                    rule::literal_head(path)
                } else {
                    path.to_owned()
                };
                all.push((path, found["method"].as_str().map(str::to_owned), headers));
            }
        }
    }
    all
}
