//! Discovery: which groups, versions and resources are served, in the aggregated and the older form.

use serde_json::{Value, json};

use super::call::Call;
use super::path::Target;
use super::reply::Reply;
use crate::error::ApiError;
use crate::kinds::{Kind, api_version};
use crate::state::State;

/// Media type of the aggregated form.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const VERBS: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

/// Answers what is no resource.
pub fn answer(state: &State, target: &Target, call: &Call) -> Result<Reply, ApiError> {
    match target {
        Target::Version => Ok(Reply::ok(version(state))),
        Target::Health => Ok(Reply::Text("ok".to_owned())),
        Target::Core if call.wants("APIGroupDiscoveryList") => Ok(aggregated(state, str::is_empty)),
        Target::Groups if call.wants("APIGroupDiscoveryList") => {
            Ok(aggregated(state, |group| !group.is_empty()))
        }
        Target::Core => Ok(Reply::ok(json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "10.0.0.1:6443"}],
        }))),
        Target::Groups => {
            let groups: Vec<Value> = state
                .kinds()
                .groups()
                .filter(|group| !group.is_empty())
                .map(|group| api_group(state, group))
                .collect();
            Ok(Reply::ok(
                json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}),
            ))
        }
        Target::Group(group) if state.kinds().in_group(group).next().is_some() => {
            let mut answer = api_group(state, group);
            answer["kind"] = json!("APIGroup");
            answer["apiVersion"] = json!("v1");
            Ok(Reply::ok(answer))
        }
        Target::Resources { group, version } => resources(state, group, version),
        _ => Err(ApiError::unknown_path()),
    }
}

fn version(state: &State) -> Value {
    let minor = state.minor();
    json!({
        "major": "1", "minor": minor.to_string(), "gitVersion": format!("v1.{minor}.0"),
        "gitCommit": "", "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "", "compiler": "", "platform": "embedded",
    })
}

/// The versions of a group, the one most preferred first.
fn versions(state: &State, group: &str) -> Vec<String> {
    let mut versions: Vec<String> = Vec::new();
    for kind in state.kinds().in_group(group) {
        for version in &kind.versions {
            if !versions.contains(version) {
                versions.push(version.clone());
            }
        }
    }
    versions.sort_by_key(|version| std::cmp::Reverse(rank(version)));
    versions
}

/// Stable before beta before alpha, higher numbers first.
fn rank(version: &str) -> (u8, u32, u32) {
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    let rest = version.strip_prefix('v').unwrap_or(version);
    if let Some((major, minor)) = rest.split_once("beta") {
        (1, number(major), number(minor))
    } else if let Some((major, minor)) = rest.split_once("alpha") {
        (0, number(major), number(minor))
    } else {
        (2, number(rest), 0)
    }
}

fn api_group(state: &State, group: &str) -> Value {
    let entry =
        |version: &String| json!({"groupVersion": api_version(group, version), "version": version});
    let versions: Vec<Value> = versions(state, group).iter().map(entry).collect();
    json!({"name": group, "versions": versions, "preferredVersion": versions.first()})
}

fn served<'a>(
    state: &'a State,
    group: &'a str,
    version: &'a str,
) -> impl Iterator<Item = &'a Kind> {
    let kinds = state.kinds().in_group(group).map(AsRef::as_ref);
    kinds.filter(move |kind: &&Kind| kind.versions.iter().any(|one| one == version))
}

fn resources(state: &State, group: &str, version: &str) -> Result<Reply, ApiError> {
    let mut resources = Vec::new();
    for kind in served(state, group, version) {
        resources.push(json!({
            "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind,
            "verbs": VERBS, "shortNames": kind.short_names, "categories": kind.categories,
        }));
        for subresource in &kind.subresources {
            let (part_group, part_version, part) = exchanged(kind, version, subresource);
            resources.push(json!({
                "name": format!("{}/{subresource}", kind.plural), "singularName": "", "namespaced": kind.namespaced,
                "group": part_group, "version": part_version, "kind": part, "verbs": verbs(subresource),
            }));
        }
    }
    if resources.is_empty() {
        return Err(ApiError::unknown_path());
    }
    Ok(Reply::ok(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version(group, version),
        "resources": resources,
    })))
}

fn aggregated(state: &State, wanted: impl Fn(&str) -> bool) -> Reply {
    let groups = state.kinds().groups().filter(|group| wanted(group));
    let items: Vec<Value> = groups
        .map(|group| {
            let versions = versions(state, group);
            let versions: Vec<Value> = versions
                .iter()
                .map(|version| discovered(state, group, version))
                .collect();
            json!({"metadata": {"name": group, "creationTimestamp": null}, "versions": versions})
        })
        .collect();
    let list = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    Reply::Typed(AGGREGATED, list)
}

fn discovered(state: &State, group: &str, version: &str) -> Value {
    let resources: Vec<Value> = served(state, group, version)
        .map(|kind| {
            let parts = kind.subresources.iter().map(|subresource| {
                let (group, version, part) = exchanged(kind, version, subresource);
                json!({
                    "subresource": subresource, "verbs": verbs(subresource),
                    "responseKind": {"group": group, "version": version, "kind": part},
                })
            });
            json!({
                "resource": kind.plural, "singularResource": kind.singular, "verbs": VERBS,
                "responseKind": {"group": group, "version": version, "kind": kind.kind},
                "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
                "shortNames": kind.short_names, "categories": kind.categories,
                "subresources": parts.collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({"version": version, "resources": resources, "freshness": "Current"})
}

/// The group, version and kind that a subresource exchanges.
fn exchanged<'a>(
    kind: &'a Kind,
    version: &'a str,
    subresource: &str,
) -> (&'a str, &'a str, &'a str) {
    match subresource {
        "scale" => ("autoscaling", "v1", "Scale"),
        "eviction" => ("policy", "v1", "Eviction"),
        "token" => ("authentication.k8s.io", "v1", "TokenRequest"),
        "binding" => ("", "v1", "Binding"),
        _ => (&kind.group, version, &kind.kind),
    }
}

fn verbs(subresource: &str) -> &'static [&'static str] {
    match subresource {
        "eviction" | "token" | "binding" => &["create"],
        "log" => &["get"],
        "finalize" => &["update"],
        _ => &["get", "patch", "update"],
    }
}
