//! Charts: what they make is what the environment is.

use crate::project::{EXAMPLES, Objects, Project, objects, objects_of, write};
use plimsoll_emit::helm;
use plimsoll_source::Findings;
use plimsoll_testkit::tool;
use plimsoll_world::World;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a chart makes, without what only Helm reads:
/// - copies of what hooks need before anything else is there (hooks whose name ends with `-hook`),
/// - the names of these copies where a hook mounts or reads them: what they are copies of,
/// - annotations of Helm (`helm.sh/…`), and the map of annotations where they were all,
/// - containers that wait for a store of the same release (`wait-for-…`).
///
/// Nothing else may differ from the manifests.
fn without_dialect(objects: Objects) -> Objects {
    let is_copy = |object: &Value| {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        object["metadata"]["annotations"]["helm.sh/hook"].is_string() && name.ends_with("-hook")
    };
    let plain = |(id, mut object): (String, Value)| {
        let is_hook = object["metadata"]["annotations"]["helm.sh/hook"].is_string();
        let metadata = &mut object["metadata"];
        if let Some(annotations) = metadata["annotations"].as_object_mut() {
            annotations.retain(|key, _| !key.starts_with("helm.sh/"));
        }
        if metadata["annotations"]
            .as_object()
            .is_none_or(serde_json::Map::is_empty)
        {
            metadata
                .as_object_mut()
                .expect("metadata")
                .remove("annotations");
        }
        if object["kind"] == "Job" {
            let pod = object["spec"]["template"]["spec"]
                .as_object_mut()
                .expect("a pod");
            if is_hook {
                pod.values_mut().for_each(without_suffix);
            }
            let waits = |one: &Value| {
                one["name"]
                    .as_str()
                    .is_some_and(|name| name.starts_with("wait-for-"))
            };
            if let Some(Value::Array(before)) = pod.get_mut("initContainers") {
                before.retain(|one| !waits(one));
            }
            if pod
                .get("initContainers")
                .is_some_and(|before| *before == serde_json::json!([]))
            {
                pod.remove("initContainers");
            }
        }
        (id, object)
    };
    let kept = objects.into_iter().filter(|(_, object)| !is_copy(object));
    kept.map(plain).collect()
}

/// Names of copies as those of what they are copies of.
fn without_suffix(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str().and_then(|text| text.strip_suffix("-hook")) {
                    Some(name) if ["name", "secretName"].contains(&key.as_str()) => {
                        *value = Value::from(name);
                    }
                    _ => without_suffix(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_suffix),
        _ => {}
    }
}

/// The objects of an environment that a chart may hold, without the same annotations.
fn wanted(world: &World) -> Objects {
    let mut objects = objects_of(world);
    objects.retain(|_, object| object["kind"] != "Namespace");
    without_dialect(objects)
}

/// The first difference of two trees, for people.
pub fn difference(path: &str, a: &Value, b: &Value) -> Option<String> {
    match (a, b) {
        (Value::Object(one), Value::Object(two)) => one
            .iter()
            .map(|(key, value)| (key, Some(value), two.get(key)))
            .chain(
                two.iter()
                    .filter(|(key, _)| !one.contains_key(*key))
                    .map(|(key, value)| (key, None, Some(value))),
            )
            .find_map(|(key, a, b)| match (a, b) {
                (Some(a), Some(b)) => difference(&format!("{path}.{key}"), a, b),
                _ => Some(format!("{path}.{key}: {a:?} and {b:?}")),
            }),
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => one
            .iter()
            .zip(two)
            .enumerate()
            .find_map(|(at, (a, b))| difference(&format!("{path}[{at}]"), a, b)),
        _ => {
            let number = |value: &Value| value.as_f64();
            let equal = a == b || (a.is_number() && number(a) == number(b));
            (!equal).then(|| format!("{path}: {a} and {b}"))
        }
    }
}

fn compare(what: &str, wanted: &Objects, found: &Objects) -> Vec<String> {
    let mut wrong = Vec::new();
    for (id, object) in wanted {
        match found.get(id) {
            None => wrong.push(format!("{what}: {id} is missing")),
            Some(other) => {
                let difference = difference("", object, other);
                wrong.extend(difference.map(|text| format!("{what}: {id}{text}")));
            }
        }
    }
    let extra = found.keys().filter(|id| !wanted.contains_key(*id));
    wrong.extend(extra.map(|id| format!("{what}: {id} should not be there")));
    wrong
}

#[test]
fn the_forms_of_a_chart_with_an_environments_values_are_that_environment() {
    let mut wrong = Vec::new();
    for example in EXAMPLES {
        let project = Project::example(example);
        let system = project.system();
        let mut findings = Findings::default();
        let charts = helm::charts(&system, &mut findings);
        assert!(!findings.any_error(), "{example}: {findings:#?}");
        for (at, environment) in system.environments.iter().enumerate() {
            let mut found = Objects::new();
            for chart in &charts {
                for (id, object) in wanted(&chart.world(at)) {
                    found.insert(id, object);
                }
            }
            let what = format!("{example} {}", environment.name());
            wrong.extend(compare(&what, &wanted(environment.world), &found));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every folder with a chart in it.
fn charts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.join("Chart.yaml").exists() {
            found.push(path);
        } else if path.is_dir() {
            found.extend(charts(&path));
        }
    }
    found.sort();
    found
}

/// Holds S2, T4, P4, W1.
#[test]
fn helm_renders_every_environment_of_every_example_as_its_manifests() {
    let mut wrong = Vec::new();
    for helm_name in ["helm", "helm3"] {
        let Some(helm_binary) = tool(helm_name) else {
            continue;
        };
        for example in EXAMPLES {
            let project = Project::example(example);
            let system = project.system();
            let folder = tempfile::tempdir().expect("a folder");
            write(&helm::files(&system).files, folder.path());
            for environment in &system.environments {
                let what = format!("{helm_name} {example} {}", environment.name());
                let mut found = Objects::new();
                for chart in charts(folder.path()) {
                    let short = environment.app.environment.short.peek();
                    let output = Command::new(&helm_binary)
                        .args([
                            "template",
                            "release",
                            "--skip-tests",
                            "--kube-version",
                            "1.36.0",
                        ])
                        .args(["-n", &environment.world.namespace])
                        .arg("-f")
                        .arg(chart.join(format!("values-{short}.yaml")))
                        .arg(&chart)
                        .output()
                        .expect("helm runs");
                    if !output.status.success() {
                        wrong.push(format!(
                            "{what}: {}",
                            String::from_utf8_lossy(&output.stderr)
                        ));
                        continue;
                    }
                    found.extend(without_dialect(objects(&output.stdout)));
                }
                wrong.extend(compare(&what, &wanted(environment.world), &found));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn helm_lints_every_chart_strictly_with_the_values_of_every_environment() {
    for program in ["helm", "helm3"] {
        let Some(program) = tool(program) else {
            continue;
        };
        for example in EXAMPLES {
            let folder = rendered(&Project::example(example));
            for chart in charts(folder.path()) {
                for values in values_files(&chart) {
                    let output = Command::new(&program)
                        .args(["lint", "--strict", "-f"])
                        .arg(&values)
                        .arg(&chart)
                        .output()
                        .expect("helm runs");
                    let text = String::from_utf8_lossy(&output.stdout);
                    assert!(
                        output.status.success(),
                        "{example} {}: {text}",
                        values.display()
                    );
                }
            }
        }
    }
}

/// Holds T4, P4.
#[test]
fn a_chart_of_a_service_has_the_files_that_its_document_lists() {
    for (example, folder, service) in [
        ("tartware", "platform/charts/api-gateway", "api-gateway"),
        (
            "identity-platform",
            "services/identity-service/helm",
            "identity-service",
        ),
    ] {
        let project = Project::example(example);
        let files = helm::files(&project.system()).files;
        let paths: Vec<&str> = files.iter().map(|(path, _)| path).collect();
        let prefix = format!("{folder}/");
        let own: Vec<&str> = paths
            .iter()
            .filter_map(|path| path.strip_prefix(&prefix))
            .collect();
        assert!(!own.is_empty(), "{service}: {paths:#?}");
        for file in [
            "Chart.yaml",
            "README.md",
            "values.schema.json",
            "values.yaml.example",
            ".gitignore",
            "templates/deployment.yaml",
            "templates/service.yaml",
            "templates/hpa.yaml",
            "values-dev.yaml",
            "values-staging.yaml",
            "values-prod.yaml",
        ] {
            assert!(own.contains(&file), "{service} has {file}: {own:#?}");
        }
        assert!(!own.contains(&"values.yaml"), "it is git-ignored");
    }
}

fn rendered(project: &Project) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(&helm::files(&project.system()).files, folder.path());
    folder
}

fn values_files(chart: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(chart)
        .expect("a chart")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            name.starts_with("values-") && name.ends_with(".yaml")
        })
        .collect();
    files.sort();
    files
}

/// What a chart makes with the values of a document.
fn with_values(example: &str, values: &str, program: &str) -> Option<Objects> {
    let program = tool(program)?;
    let folder = rendered(&Project::example(example));
    let chart = charts(folder.path()).remove(0);
    let file = folder.path().join("own.yaml");
    std::fs::write(&file, values).expect("writes");
    let output = Command::new(program)
        .args([
            "template",
            "release",
            "-n",
            "own",
            "--kube-version",
            "1.30.0",
            "-f",
        ])
        .arg(&file)
        .arg(&chart)
        .output()
        .expect("helm runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{example}: {text}");
    Some(objects(&output.stdout))
}

fn find<'a>(objects: &'a Objects, kind: &str, name: &str) -> Option<&'a Value> {
    objects
        .values()
        .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
}

/// A variable of the first container: its value, or the key of the Secret that holds it.
fn variable(workload: &Value, name: &str) -> Option<String> {
    let env = workload["spec"]["template"]["spec"]["containers"][0]["env"].as_array()?;
    let mut found = env.iter().filter(|entry| entry["name"] == name);
    let entry = found.next()?;
    assert!(found.next().is_none(), "{name} stands twice");
    let secret = &entry["valueFrom"]["secretKeyRef"];
    Some(match entry["value"].as_str() {
        Some(text) => text.to_owned(),
        None => format!("{}/{}", secret["name"].as_str()?, secret["key"].as_str()?),
    })
}

const STARTER: &str = r#"
api:
  image: "registry/app-api:tag"
  env: {}
  secrets: {}
  secretName: ""
web:
  image: "registry/app-web:tag"
  env: {}
  secrets: {}
  secretName: ""
worker:
  enabled: false
  image: "registry/app-api:tag"
  env: {}
  secrets: {}
  secretName: ""
ingress:
  enabled: true
  className: nginx
  hosts:
    - host: app.example.com
  tls:
    - secretName: app-tls
      hosts:
        - app.example.com
  apiHosts: []
  apiTls: []
ingressPaths:
  api: /api
  web: /
  apiHost: /
externalSecrets:
  enabled: true
  secretStoreRef:
    name: platform-secrets
    kind: ClusterSecretStore
  api:
    data: {}
  web:
    data: {}
  worker:
    data: {}
autoscaling:
  enabled: true
  targetCPUUtilizationPercentage: 80
  api:
    minReplicas: 2
    maxReplicas: 10
  web:
    minReplicas: 2
    maxReplicas: 10
"#;

/// Holds W2, W4.
#[test]
fn the_values_of_the_hosting_guide_install_unchanged() {
    for program in ["helm", "helm3"] {
        let Some(found) = with_values("starter", STARTER, program) else {
            continue;
        };
        let api = find(&found, "Deployment", "api").expect("the API");
        let container = &api["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["image"], "registry/app-api:tag");
        assert!(find(&found, "Deployment", "worker").is_none());
        let ingress = find(&found, "Ingress", "main").expect("the route");
        assert_eq!(ingress["spec"]["ingressClassName"], "nginx");
        assert_eq!(ingress["spec"]["rules"][0]["host"], "app.example.com");
        assert_eq!(ingress["spec"]["tls"][0]["secretName"], "app-tls");
        let paths = ingress["spec"]["rules"][0]["http"]["paths"]
            .as_array()
            .expect("paths");
        for path in paths {
            assert_eq!(
                path["backend"]["service"]["name"], "web",
                "the web front gets /api too"
            );
        }
        assert!(
            find(&found, "Ingress", "api").is_none(),
            "no API hosts, no API ingress"
        );
        for name in ["api", "web"] {
            let hpa = find(&found, "HorizontalPodAutoscaler", name).expect("an autoscaler");
            assert_eq!(hpa["spec"]["minReplicas"], 2);
            assert_eq!(hpa["spec"]["maxReplicas"], 10);
        }
    }
}

/// Holds W2, W3: secrets of a provider, of values, and under a name of one's own.
#[test]
fn secrets_of_the_hosting_guide_come_from_the_provider_or_from_values() {
    for program in ["helm", "helm3"] {
        let external = "externalSecrets:\n  api:\n    data:\n      DATABASE_URL: \"prod/database_url\"\n      REDIS_URL: \"prod/redis_url\"\n  web:\n    data:\n      API_BASE_URL: \"prod/api_base_url\"\n";
        let Some(found) = with_values("starter", external, program) else {
            continue;
        };
        let secret = find(&found, "ExternalSecret", "web-secrets").expect("the front's secret");
        assert_eq!(
            secret["spec"]["data"][0]["remoteRef"]["key"],
            "prod/api_base_url"
        );
        let web = find(&found, "Deployment", "web").expect("the front");
        assert_eq!(
            variable(web, "API_BASE_URL").as_deref(),
            Some("web-secrets/API_BASE_URL")
        );

        let fixed = "externalSecrets: { enabled: false }\napi:\n  secretName: own-name\n  secrets: { DATABASE_URL: \"postgres://x\" }\n";
        let found = with_values("starter", fixed, program).expect("the tool is there");
        assert!(
            !found
                .values()
                .any(|object| object["kind"] == "ExternalSecret")
        );
        let secret = find(&found, "Secret", "own-name").expect("the static secret");
        assert_eq!(secret["stringData"]["DATABASE_URL"], "postgres://x");
        let api = find(&found, "Deployment", "api").expect("the API");
        assert_eq!(
            variable(api, "DATABASE_URL").as_deref(),
            Some("own-name/DATABASE_URL")
        );
    }
}

/// Holds W5: the worker takes over, unless the values say otherwise; empty text and `true` say so.
#[test]
fn the_billing_rule_holds_in_the_chart() {
    const KEY: &str = "ENABLE_BILLING_RETRY_WORKER";
    let cases = [
        ("false", "", None),
        ("true", "", Some("false")),
        ("true", "\"\"", Some("")),
        ("true", "true", Some("true")),
        ("true", "\"true\"", Some("true")),
        ("false", "\"true\"", Some("true")),
    ];
    for (worker, own, expected) in cases {
        let env = match own {
            "" => String::new(),
            own => format!("api: {{ env: {{ {KEY}: {own} }} }}\n"),
        };
        let values = format!("{env}worker: {{ enabled: {worker} }}\n");
        let Some(found) = with_values("starter", &values, "helm") else {
            return;
        };
        let api = find(&found, "Deployment", "api").expect("the API");
        assert_eq!(variable(api, KEY).as_deref(), expected, "{values}");
        let worker_runs = find(&found, "Deployment", "worker");
        assert_eq!(worker_runs.is_some(), worker == "true");
        if let Some(runs) = worker_runs {
            assert_eq!(variable(runs, KEY).as_deref(), Some("true"));
            assert_eq!(
                variable(runs, "BILLING_RETRY_DEPLOYMENT_MODE").as_deref(),
                Some("dedicated")
            );
        }
    }
}

/// Holds W4.
#[test]
fn api_hosts_of_the_hosting_guide_lead_straight_to_the_api() {
    let values = "ingress:\n  apiHosts: [{ host: api.example.com }]\n  apiTls: [{ secretName: own-tls, hosts: [api.example.com] }]\n";
    let Some(found) = with_values("starter", values, "helm") else {
        return;
    };
    let ingress = find(&found, "Ingress", "api").expect("the API's own route");
    let rule = &ingress["spec"]["rules"][0];
    assert_eq!(rule["host"], "api.example.com");
    assert_eq!(rule["http"]["paths"][0]["path"], "/");
    assert_eq!(
        rule["http"]["paths"][0]["backend"]["service"]["name"],
        "api"
    );
    assert_eq!(ingress["spec"]["tls"][0]["secretName"], "own-tls");
}

/// Holds S2.
#[test]
fn the_production_values_of_sorcha_install_unchanged() {
    let values = r#"
replicaCount:
  apiGateway: 3
  blueprintService: 2
  walletService: 2
  registerService: 2
resources:
  limits:
    cpu: "500m"
    memory: "512Mi"
  requests:
    cpu: "100m"
    memory: "128Mi"
autoscaling:
  enabled: true
  minReplicas: 2
  maxReplicas: 10
  targetCPUUtilization: 70
"#;
    for program in ["helm", "helm3"] {
        let Some(found) = with_values("sorcha", values, program) else {
            continue;
        };
        for name in [
            "api-gateway",
            "blueprint-service",
            "wallet-service",
            "register-service",
        ] {
            let workload = find(&found, "Deployment", name).expect("a service");
            assert!(
                workload["spec"].get("replicas").is_none(),
                "the autoscaler decides"
            );
            let resources = &workload["spec"]["template"]["spec"]["containers"][0]["resources"];
            assert_eq!(resources["limits"]["memory"], "512Mi");
            let hpa = find(&found, "HorizontalPodAutoscaler", name).expect("an autoscaler");
            assert_eq!(hpa["spec"]["maxReplicas"], 10);
        }
        let fixed = values.replace("enabled: true", "enabled: false");
        let found = with_values("sorcha", &fixed, program).expect("the tool is there");
        let gateway = find(&found, "Deployment", "api-gateway").expect("the gateway");
        assert_eq!(gateway["spec"]["replicas"], 3);
        assert!(find(&found, "HorizontalPodAutoscaler", "api-gateway").is_none());
    }
}

#[test]
fn a_wrong_value_is_refused_with_its_key() {
    let Some(program) = tool("helm") else { return };
    let folder = rendered(&Project::example("starter"));
    let chart = charts(folder.path()).remove(0);
    for (set, key) in [
        ("api.imge=x", "imge"),
        ("autoscaling.enabled=maybe", "enabled"),
        ("autoscaling.api.minReplicas=few", "minReplicas"),
        ("ingress.hosts[0].hots=x", "hots"),
    ] {
        let output = Command::new(&program)
            .args(["template", "release", "--set", set])
            .arg(&chart)
            .output()
            .expect("helm runs");
        assert!(!output.status.success(), "{set} is refused");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(key), "{set}: {text}");
    }
}
