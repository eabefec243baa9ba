//! Helmfiles: of the platform, and of our own charts.

use plimsoll_emit::{FileSet, System, platform, releases};
use plimsoll_source::Findings;
use serde_json::{Value, json};

use crate::project::{Project, document, documents};

/// The state of a Helmfile: environments, and the rest.
fn state(files: &FileSet, path: &str) -> (Value, Value) {
    let bytes = files.get(path).expect("a helmfile");
    let mut documents = documents(bytes);
    assert_eq!(
        documents.len(),
        2,
        "environments stand in a part of their own"
    );
    let rest = documents.remove(1);
    (documents.remove(0), rest)
}

fn release<'a>(state: &'a Value, name: &str) -> &'a Value {
    let releases = state["releases"].as_array().expect("releases");
    let found = releases.iter().find(|release| release["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is among {releases:#?}"))
}

/// Holds T1: everything that the document lists, pinned, each in a namespace of its own, for
/// three environments.
#[test]
fn the_platform_of_tartware_is_bootstrapped_by_one_helmfile() {
    let project = Project::example("tartware");
    let files = platform::files(&project.system()).files;
    let (environments, state) = state(&files, "platform/helmfile.yaml");
    let names: Vec<&String> = environments["environments"]
        .as_object()
        .expect("a map")
        .keys()
        .collect();
    assert_eq!(names, ["dev", "staging", "prod"]);
    for (name, namespace) in [
        ("cert-manager", "cert-manager"),
        ("openbao", "vault"),
        ("base", "istio-system"),
        ("istiod", "istio-system"),
        ("cni", "istio-system"),
        ("ztunnel", "istio-system"),
        ("opentelemetry-collector", "telemetry"),
        ("kube-prometheus-stack", "monitoring"),
        ("loki", "logging"),
        ("tempo", "tracing"),
        ("external-secrets", "external-secrets"),
        ("keda", "keda"),
        ("velero", "velero"),
        ("cluster-autoscaler", "kube-system"),
        ("argo-cd", "argo"),
        ("argo-rollouts", "argo-rollouts"),
    ] {
        let release = release(&state, name);
        assert_eq!(release["namespace"], namespace, "{name}");
        let version = release["version"].as_str().expect("a version");
        let digits = version.trim_start_matches('v').split('.').count();
        assert_eq!(digits, 3, "{name} is pinned: {version}");
    }
    // Nothing is there that no block calls for.
    let releases = state["releases"].as_array().expect("releases");
    let unwanted = ["vault", "traefik", "kyverno", "jaeger", "sealed-secrets"];
    assert!(
        !releases
            .iter()
            .any(|release| unwanted.iter().any(|name| release["name"] == *name))
    );
    // In order: definitions and certificates before those that use them.
    assert_eq!(
        release(&state, "istiod")["needs"],
        json!(["istio-system/base"])
    );
    assert_eq!(
        release(&state, "ztunnel")["needs"],
        json!(["istio-system/cni"])
    );
    let hook = &release(&state, "base")["hooks"][0];
    assert_eq!(hook["events"], json!(["presync"]));
    // Every repository is declared.
    let known: Vec<&str> = state["repositories"]
        .as_array()
        .expect("repositories")
        .iter()
        .filter_map(|repository| repository["name"].as_str())
        .collect();
    for release in releases {
        let chart = release["chart"].as_str().expect("a chart");
        let (repository, _) = chart.split_once('/').expect("REPOSITORY/CHART");
        assert!(known.contains(&repository), "{chart}");
        for values in release["values"].as_array().into_iter().flatten() {
            let path = values.as_str().expect("a path");
            for environment in ["dev", "staging", "prod"] {
                let path = path.replace("{{ .Environment.Name }}", environment);
                assert!(files.get(&format!("platform/{path}")).is_some(), "{path}");
            }
        }
    }
}

/// Holds T1, T2: development is small, production has copies; the application's words arrive.
#[test]
fn values_follow_the_file_and_the_environment() {
    let project = Project::example("tartware");
    let files = platform::files(&project.system()).files;
    let values =
        |name: &str, env: &str| document(&files, &format!("platform/values/{name}/{env}.yaml"));
    assert_eq!(values("cert-manager", "dev")["replicaCount"], 1);
    assert_eq!(values("cert-manager", "prod")["replicaCount"], 2);
    let argo = values("argo-cd", "prod");
    assert!(
        argo["configs"]["cm"]["oidc.config"]
            .as_str()
            .expect("sso")
            .contains("login.tartware.io")
    );
    let policy = argo["configs"]["rbac"]["policy.csv"]
        .as_str()
        .expect("roles");
    assert!(
        policy.contains("p, role:premium-ops, applications, sync, tartware/*, allow"),
        "{policy}"
    );
    let collector = values("opentelemetry-collector", "prod");
    let sampler = &collector["config"]["processors"]["probabilistic_sampler"];
    assert_eq!(sampler["sampling_percentage"].as_f64(), Some(10.0));
    assert_eq!(
        collector["config"]["exporters"]["otlp/traces"]["endpoint"],
        "tempo.tracing.svc:4317"
    );
}

/// Values that a slot has for its chart lie over ours.
#[test]
fn values_of_a_slot_lie_over_ours() {
    let text = "\
app: shop
services:
  web: { image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready }
platform:
  install: true
  certificates: { use: cert-manager, version: v1.20.3, values: { crds: { keep: false }, logLevel: 4 } }
";
    let project = Project::of(text);
    let files = platform::files(&project.system()).files;
    let (_, state) = state(&files, "platform/helmfile.yaml");
    assert_eq!(release(&state, "cert-manager")["version"], "v1.20.3");
    let values = document(&files, "platform/values/cert-manager.yaml");
    assert_eq!(values["crds"], json!({ "enabled": true, "keep": false }));
    assert_eq!(values["logLevel"], 4);
}

/// What is there already is not installed.
#[test]
fn nothing_is_installed_that_is_not_ours() {
    let project = Project::example("traversion");
    let files = platform::files(&project.system()).files;
    assert!(files.is_empty());
}

fn checked(system: &System<'_>) -> Findings {
    let env = system.chosen();
    platform::check(env.app, env.tree, env.world)
}

/// The names of the releases of a Helmfile.
fn installed(rest: &str) -> Vec<String> {
    let text = format!(
        "\
app: shop
services:
  w: {{ image: ghcr.example/shop/w:1.4.2, scale: 1 }}
{rest}"
    );
    let project = Project::of(&text);
    let files = platform::files(&project.system()).files;
    if files.is_empty() {
        return Vec::new();
    }
    let (_, state) = state(&files, "platform/helmfile.yaml");
    let releases = state["releases"].as_array().expect("releases").iter();
    let names = releases.map(|release| release["name"].as_str().expect("a name").to_owned());
    names.collect()
}

/// Holds T1: a component that nobody named is installed where something asks for it, and only there.
#[test]
fn only_what_the_blocks_call_for_is_installed() {
    let quiet = "observe: { dashboards: false, alerts: { down: none, restarts: none, cpu: none, memory: none, certificate: none } }\n";
    let none: [&str; 0] = [];
    assert_eq!(
        installed(&format!("{quiet}platform: {{ install: true }}\n")),
        none
    );
    // Alerts are rules, and a dashboard is shown by somebody.
    let watched = ["kube-prometheus-stack", "grafana"];
    assert_eq!(installed("platform: { install: true }\n"), watched);
    // What is named is wanted.
    let named =
        format!("{quiet}platform: {{ install: true, metrics: prometheus, autoscaler: keda }}\n");
    assert_eq!(installed(&named), ["kube-prometheus-stack", "keda"]);
    let all = "  api: { image: ghcr.example/shop/a:1, ports: 8080, health: /h, scale: { replicas: 2..9, queries: [{ query: up, target: 5 }] } }
routes:
  main: { hosts: shop.example.org, paths: { /: api } }
platform: { install: true }
";
    let called = [
        "metrics-server",
        "kube-prometheus-stack",
        "cert-manager",
        "gateway-helm",
        "grafana",
        "keda",
    ];
    assert_eq!(installed(all), called);
}

/// Holds T13: licences are listed, and one that is not open is an error where only open ones are
/// wanted.
#[test]
fn a_licence_that_is_not_open_is_named() {
    let file = |policy: &str| {
        format!(
            "\
app: shop
services:
  web: {{ image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready, uses: [cache] }}
stores:
  cache: {{ engine: redis, version: \"7.4\", backup: none }}
platform:
  install: true
  vault: vault
  dashboards: grafana
  certificates: cert-manager
{policy}"
        )
    };
    let project = Project::of(&file("policy: { licences: open }\n"));
    let system = project.system();
    let shown = project.text_of(&checked(&system));
    let has = |shown: &str, text: &str| shown.lines().any(|line| line.contains(text));
    assert!(
        has(
            &shown,
            "error[PL0631]: vault is under BUSL-1.1, which is not open"
        ),
        "{shown}"
    );
    assert!(
        has(
            &shown,
            "error[PL0631]: store cache is under RSALv2 or SSPLv1"
        ),
        "{shown}"
    );
    assert!(
        has(&shown, "info[PL0632]: grafana is under AGPL-3.0"),
        "{shown}"
    );
    let report = platform::files(&system).files;
    let report = String::from_utf8(
        report
            .get("platform/LICENCES.md")
            .expect("a report")
            .to_vec(),
    );
    let report = report.expect("text");
    assert!(
        has(&report, "| vault | 0.34.1 | BUSL-1.1 | **not open** |"),
        "{report}"
    );
    assert!(
        has(&report, "| cert-manager | v1.21.1 | Apache-2.0 | open |"),
        "{report}"
    );
    let project = Project::of(&file(""));
    let shown = project.text_of(&checked(&project.system()));
    assert!(
        has(&shown, "info[PL0631]: vault is under BUSL-1.1"),
        "{shown}"
    );
}

/// Every release of an environment, with its namespace and values.
#[test]
fn our_charts_are_releases_with_namespaces_made_before() {
    let project = Project::example("sorcha");
    let files = releases::files(&project.system()).files;
    let (environments, state) = state(&files, "helm/helmfile.yaml");
    let staging = &environments["environments"]["staging"]["values"][0];
    assert_eq!(staging["namespace"], "sorcha-staging");
    let release = release(&state, "sorcha");
    assert_eq!(release["chart"], "../deployment/kubernetes/helm/sorcha");
    assert_eq!(
        release["values"][0],
        "../deployment/kubernetes/helm/sorcha/values-{{ .Values.short }}.yaml"
    );
    let namespaces = document(&files, "helm/namespaces/staging.yaml");
    assert_eq!(namespaces["metadata"]["name"], "sorcha-staging");
    assert_eq!(
        namespaces["metadata"]["labels"]["pod-security.kubernetes.io/enforce"],
        "restricted"
    );
}
