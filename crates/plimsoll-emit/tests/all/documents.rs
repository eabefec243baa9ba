//! Values of the documents that contracts are made of: they install unchanged, and mean what the
//! documents say.

use crate::helm::{charts, rendered};
use crate::project::{Objects, Project, objects};
use plimsoll_testkit::tool;
use serde_json::Value;
use std::process::Command;

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
