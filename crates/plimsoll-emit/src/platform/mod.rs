//! The platform around an application as a Helmfile: only what its blocks call for, pinned, in
//! order, with values for each environment; and the licences of it all.

mod catalogue;
mod licences;
mod needs;
mod select;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_source::{Finding, Findings, Node, Str};
use plimsoll_spec::App;
use plimsoll_spec::app::deliver::By;
use plimsoll_spec::app::platform::GatewayUse;
use plimsoll_world::World;
use serde_json::{Map, Value, json};

use crate::rules::COMPONENT_RANGE;
use crate::{Emitted, Environment, FileSet, System, document, helmfile};
use needs::Needs;
use select::Chosen;

const FOLDER: &str = "platform";

/// `platform/helmfile.yaml` with its values, if anything is ours to install.
pub fn files(system: &System<'_>) -> Emitted {
    let mut findings = Findings::default();
    let on_clusters = |env: &&Environment<'_>| *env.app.deliver.by.peek() != By::Compose;
    let platforms: Vec<Platform<'_, '_>> = system
        .environments
        .iter()
        .filter(on_clusters)
        .map(|env| {
            let mut own = Findings::default();
            let needs = Needs {
                app: env.app,
                tree: env.tree,
                world: env.world,
            };
            let chosen = select::of(needs, &mut own);
            findings.extend_from(&Str::from(env.name()), own);
            Platform { env, chosen }
        })
        .collect();
    let mut files = FileSet::default();
    if platforms.iter().any(|platform| !platform.chosen.is_empty()) {
        add_helmfile(system, &platforms, &mut files);
        let apps: Vec<_> = platforms
            .into_iter()
            .map(|platform| (platform.env.app, platform.chosen))
            .collect();
        files.add(format!("{FOLDER}/LICENCES.md"), licences::report(&apps));
    }
    Emitted { files, findings }
}

/// What can be said about a platform without writing it: licences, and versions of Kubernetes.
pub fn check(app: &App, tree: &Node, world: &World) -> Findings {
    let mut findings = Findings::default();
    let needs = Needs { app, tree, world };
    let chosen = select::of(needs, &mut Findings::default());
    licences::check(app, &chosen, &mut findings);
    let version = &app.cluster.version;
    let minor = version
        .peek()
        .strip_prefix("1.")
        .and_then(|minor| minor.parse::<u8>().ok());
    for one in &chosen {
        let (from, to) = one.component.kubernetes;
        let is_pinned_by_us = one.version == one.component.version;
        let fits =
            |minor: u8| from.is_none_or(|from| from <= minor) && to.is_none_or(|to| minor <= to);
        if is_pinned_by_us && minor.is_some_and(|minor| !fits(minor)) {
            let end = |end: Option<u8>| end.map_or_else(String::new, |end| format!("1.{end}"));
            let range = format!("{}..{}", end(from), end(to));
            let name = one.component.name;
            let what = format!(
                "{name} {} is made for Kubernetes {range}, not {}",
                one.version,
                version.peek()
            );
            let finding = Finding::new(&COMPONENT_RANGE, what);
            let finding = finding.mark_origin(&one.origin, "called for here");
            let finding = finding.mark_origin(version.origin(), "the cluster's version");
            findings.report(finding.help("write a `version` of its chart that fits, in its slot"));
        }
    }
    findings
}

struct Platform<'s, 'a> {
    env: &'s Environment<'a>,
    chosen: Vec<Chosen<'a>>,
}

fn add_helmfile(system: &System<'_>, platforms: &[Platform<'_, '_>], files: &mut FileSet) {
    let mut environments = Map::new();
    for platform in platforms {
        let name = platform.env.name();
        let path = format!("environments/{name}.yaml");
        let enabled: Map<String, Value> = catalogue::COMPONENTS
            .iter()
            .filter(|component| names(platforms).contains(component.name))
            .map(|component| {
                let is_wanted = platform
                    .chosen
                    .iter()
                    .any(|one| one.component.name == component.name);
                (component.name.to_owned(), json!({ "enabled": is_wanted }))
            })
            .collect();
        let comment = format!("What `{name}` has of the platform.");
        let file = document::commented(&comment, &Value::Object(enabled));
        files.add(format!("{FOLDER}/{path}"), file);
        environments.insert(
            name.to_owned(),
            helmfile::environment(platform.env, &json!(path)),
        );
    }
    let mut releases = Vec::new();
    let mut repositories = BTreeSet::new();
    for component in catalogue::COMPONENTS {
        let having: Vec<(&Platform<'_, '_>, &Chosen<'_>)> = platforms
            .iter()
            .filter_map(|platform| {
                let mut chosen = platform.chosen.iter();
                Some((
                    platform,
                    chosen.find(|one| one.component.name == component.name)?,
                ))
            })
            .collect();
        if having.is_empty() {
            continue;
        }
        repositories.insert(component.repository);
        let values = add_values(system, component.name, &having, files);
        releases.push(release(platforms, &having, values));
    }
    let repositories: Vec<Value> = repositories
        .into_iter()
        .map(|known| {
            let mut line = json!({ "name": known.name, "url": known.url });
            if known.oci {
                line["oci"] = json!(true);
            }
            line
        })
        .collect();
    let state = json!({
        "repositories": repositories,
        "helmDefaults": { "wait": true, "timeout": 600, "createNamespace": true },
        "releases": releases,
    });
    let header = format!(
        "The platform of {}: helmfile -e {} sync\n\
         Versions are pinned; LICENCES.md says under which terms each may be used.",
        system.chosen().world.application,
        platforms
            .first()
            .map_or("ENV", |platform| platform.env.name()),
    );
    let documents = [json!({ "environments": environments }), state];
    files.add(
        format!("{FOLDER}/helmfile.yaml"),
        document::stream(&header, &documents),
    );
}

fn names(platforms: &[Platform<'_, '_>]) -> BTreeSet<&'static str> {
    let chosen = platforms.iter().flat_map(|platform| &platform.chosen);
    chosen.map(|one| one.component.name).collect()
}

/// The values of a component: one file, or one for each environment where they differ.
fn add_values(
    system: &System<'_>,
    name: &str,
    having: &[(&Platform<'_, '_>, &Chosen<'_>)],
    files: &mut FileSet,
) -> Option<String> {
    let all: BTreeMap<&str, Value> = having
        .iter()
        .map(|(platform, chosen)| {
            (
                platform.env.name(),
                values::of(system, platform.env, chosen),
            )
        })
        .collect();
    let first = all.values().next()?;
    if all.values().all(|values| values == first) {
        if first.as_object().is_none_or(Map::is_empty) {
            return None;
        }
        let path = format!("values/{name}.yaml");
        files.add(format!("{FOLDER}/{path}"), document::write(first));
        return Some(path);
    }
    for (environment, values) in &all {
        let path = format!("{FOLDER}/values/{name}/{environment}.yaml");
        files.add(path, document::write(values));
    }
    Some(format!("values/{name}/{{{{ .Environment.Name }}}}.yaml"))
}

fn release(
    platforms: &[Platform<'_, '_>],
    having: &[(&Platform<'_, '_>, &Chosen<'_>)],
    values: Option<String>,
) -> Value {
    let (platform, chosen) = having[0];
    let component = chosen.component;
    let mut release = json!({
        "name": component.name,
        "namespace": chosen.namespace,
        "chart": format!("{}/{}", component.repository.name, component.name),
        "version": chosen.version,
        "labels": { "slot": chosen.slot },
    });
    if having.len() < platforms.len() {
        release["condition"] = json!(format!("{}.enabled", component.name));
    }
    let needs: Vec<String> = component
        .needs
        .iter()
        .filter_map(|need| {
            let mut all = platforms.iter().flat_map(|platform| &platform.chosen);
            let found = all.find(|one| one.component.name == *need)?;
            Some(format!("{}/{need}", found.namespace))
        })
        .collect();
    if !needs.is_empty() {
        release["needs"] = json!(needs);
    }
    if let Some(values) = values {
        release["values"] = json!([values]);
    }
    if let Some(definitions) = definitions(platform.env.app, component.name) {
        release["hooks"] = json!([definitions]);
    }
    release
}

/// Definitions of the Gateway API, in the version that the implementation is made for: before it.
fn definitions(app: &App, component: &str) -> Option<Value> {
    let version = match (app.platform.gateway.use_.peek(), component) {
        (GatewayUse::Envoy, "gateway-helm") | (GatewayUse::Cilium, "cilium") => "v1.6.1",
        (GatewayUse::Istio, "base")
        | (GatewayUse::Traefik, "traefik")
        | (GatewayUse::NginxFabric, "nginx-gateway-fabric") => "v1.5.1",
        _ => return None,
    };
    let home = "https://github.com/kubernetes-sigs/gateway-api/releases/download";
    Some(helmfile::apply_before(&format!(
        "{home}/{version}/standard-install.yaml"
    )))
}
