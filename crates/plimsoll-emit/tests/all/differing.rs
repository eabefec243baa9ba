//! Environments that differ in what is there at all: kinds of workloads, loops, lists, metrics. One chart
//! makes of each of them what its manifests are.

use crate::helm::{compare, rendered, template, wanted};
use crate::project::{Objects, Project};
use plimsoll_emit::helm;
use plimsoll_source::Findings;
use plimsoll_testkit::tool;

/// What differs, and the application.
const SYSTEMS: &[(&str, &str)] = &[
    (
        "a service in a namespace of its own in one environment",
        "app: m
services: { cron: { image: \"ghcr.io/x/c:1\" } }
environments: { stage: { services: { cron: { namespace: x } } }, prod: { default: true } }
",
    ),
    (
        "a canary in one environment",
        "app: m
services: { api: { image: \"ghcr.io/x/g:1\", ports: 8080, health: /h } }
platform: { rollouts: argo-rollouts }
environments: { a: {}, b: { default: true, deliver: { strategy: { canary: { steps: [10% for 5m] } } } } }
",
    ),
    (
        "a statefulset in one environment, with a chart for each service",
        "app: m
services: { api: { image: \"ghcr.io/x/g:1\", ports: 8080, health: /h } }
deliver: { chart: { per: service } }
environments: { a: { services: { api: { kind: statefulset } } }, b: { default: true } }
",
    ),
    (
        "what is measured",
        "app: m
services: { api: { image: \"ghcr.io/x/g:1\", ports: 8080, health: /h } }
environments:
  dev: { services: { api: { scale: { replicas: 1..3, memory: 80% } } } }
  prod: { default: true, services: { api: { scale: { replicas: 2..9, cpu: 60% } } } }
",
    ),
    (
        "TLS of a Gateway",
        "app: m
services: { api: { image: \"ghcr.io/x/g:1\", ports: 8080, health: /h } }
routes: { main: { hosts: a.example, paths: { /: api } } }
environments: { dev: { routes: { main: { tls: none } } }, prod: { default: true } }
",
    ),
    (
        "TLS of an Ingress under a path of the contract",
        "app: m
services: { api: { image: \"ghcr.io/x/g:1\", ports: 8080, health: /h } }
routes: { main: { hosts: a.example, paths: { /: api } } }
platform: { gateway: ingress-nginx }
deliver: { chart: { values: { ingress.tls: routes.main.tls, ingress.hosts: routes.main.hosts } } }
environments: { dev: { routes: { main: { tls: none, hosts: d.example } } }, prod: { default: true } }
",
    ),
    (
        "where a secret is kept",
        "app: m
services: { api: { image: \"ghcr.io/x/g:1\", ports: 8080, health: /h, secrets: [K] } }
secrets: { K: {} }
platform: { secrets: static }
deliver: { chart: { values: { api.secrets: services.api.secrets.values } } }
environments: { dev: { namespace: d }, prod: { default: true } }
",
    ),
    (
        "which nodes, under a path of the contract",
        "app: m
services: { api: { image: \"ghcr.io/x/g:1\", ports: 8080, health: /h } }
deliver:
  chart:
    values:
      node: services.api.placement.nodeSelector
      tolerations: services.api.placement.tolerations
      affinity: services.api.placement.affinity
environments: { dev: { services: { api: { placement: { nodes: { a: b } } } } }, prod: { default: true } }
",
    ),
];

#[test]
fn the_forms_of_a_chart_are_each_environment() {
    let mut wrong = Vec::new();
    for (what, text) in SYSTEMS {
        let project = Project::of(text);
        let system = project.system();
        let mut findings = Findings::default();
        let charts = helm::charts(&system, &mut findings);
        for (at, environment) in system.environments.iter().enumerate() {
            let mut found = Objects::new();
            for chart in &charts {
                found.extend(wanted(&chart.world(at)));
            }
            let what = format!("{what}: {}", environment.name());
            wrong.extend(compare(&what, &wanted(environment.world), &found));
        }
        helm::files(&system);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn helm_renders_each_environment_as_its_manifests() {
    let Some(helm) = tool("helm") else { return };
    let mut wrong = Vec::new();
    for (what, text) in SYSTEMS {
        let project = Project::of(text);
        let folder = rendered(&project);
        for environment in &project.system().environments {
            let what = format!("{what}: {}", environment.name());
            match template(&helm, folder.path(), environment) {
                Ok(found) => wrong.extend(compare(&what, &wanted(environment.world), &found)),
                Err(error) => wrong.push(format!("{what}: {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
