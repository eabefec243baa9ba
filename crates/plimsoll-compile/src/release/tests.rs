//! Releases by Argo Rollouts and migrations, on parsed objects.

use crate::stores::tests::{assert_valid, made};
use serde_json::{Value, json};

const CANARY: &str = "
services:
  api:
    ports: 8080
    scale: 2..6
    metrics: { path: /metrics, series: { requests: requests_total, errors: 'code=~\"5..\"', duration: seconds } }
  inner: { ports: 8080 }
routes: { main: { hosts: a.example.org, paths: { /: api } } }
platform: { rollouts: argo-rollouts }
deliver:
  strategy: { canary: { steps: [10% for 5m, 50%] } }
  analysis: { success: 99%, latency: p95 500ms, cpu: 85%, stable: { success: 1%, latency: 20% }, every: 30s, fails: 3 }
";

/// Holds T3: a canary takes the place of the Deployment, and weights of the route divide the traffic.
#[test]
fn a_canary_behind_a_route_shifts_its_weights() {
    assert_valid(CANARY);
    let made = made(CANARY);
    assert!(!made.has("Deployment/api"));
    let canary = &made.object("Rollout/api")["spec"]["strategy"]["canary"];
    assert_eq!(
        canary["steps"],
        json!([
            {"setWeight": 10}, {"pause": {"duration": "5m"}},
            {"setWeight": 50}, {"pause": {}},
        ])
    );
    assert_eq!(canary["stableService"], "api");
    assert_eq!(canary["canaryService"], "api-canary");
    let plugin = &canary["trafficRouting"]["plugins"]["argoproj-labs/gatewayAPI"];
    assert_eq!(plugin["httpRoutes"], json!([{"name": "main"}]));
    assert_eq!(plugin["namespace"], "shop");
    let backends = made.object("HTTPRoute/main")["spec"]["rules"][0]["backendRefs"].clone();
    assert_eq!(
        backends,
        json!([
            {"name": "api", "port": 8080, "weight": 100},
            {"name": "api-canary", "port": 8080, "weight": 0},
        ])
    );
    assert!(made.has("Service/api-canary"));
    let inner = &made.object("Rollout/inner")["spec"]["strategy"]["canary"];
    assert_eq!(
        inner["maxUnavailable"], 0,
        "without a route the pods divide the traffic"
    );
    assert!(inner.get("trafficRouting").is_none());
}

/// Holds T3.
#[test]
fn the_autoscaler_turns_the_rollout() {
    let made = made(CANARY);
    let target = made.object("HorizontalPodAutoscaler/api")["spec"]["scaleTargetRef"].clone();
    assert_eq!(
        target,
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "api"})
    );
    assert!(made.object("Rollout/api")["spec"].get("replicas").is_none());
    assert!(made.has("PodDisruptionBudget/api"));
}

fn metric<'a>(template: &'a Value, name: &str) -> &'a Value {
    let all = template["spec"]["metrics"].as_array().expect("metrics");
    let found = all.iter().find(|metric| metric["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}"))
}

/// Holds T12: measured by itself and against the version that runs, and held where nothing is counted.
#[test]
fn a_release_is_measured_by_itself_and_against_the_version_that_runs() {
    let made = made(CANARY);
    let template = made.object("AnalysisTemplate/api");
    let success = metric(&template, "success");
    assert_eq!(success["interval"], "30s");
    assert_eq!(success["failureLimit"], 3);
    assert_eq!(
        success["successCondition"],
        "len(result) > 0 && !isNaN(result[0]) && result[0] >= 0.99"
    );
    assert_eq!(
        success["failureCondition"],
        "len(result) > 0 && !isNaN(result[0]) && result[0] < 0.99"
    );
    let query = &success["provider"]["prometheus"]["query"];
    assert!(
        query.as_str().expect("a query").contains(
            "requests_total{namespace=\"shop\",service=\"api\",\
             rollouts_pod_template_hash=\"{{args.canary-hash}}\",code=~\"5..\"}"
        ),
        "{query}"
    );
    for name in [
        "latency",
        "cpu",
        "success-against-stable",
        "latency-against-stable",
    ] {
        metric(&template, name);
    }
    let against = metric(&template, "latency-against-stable");
    let query = against["provider"]["prometheus"]["query"]
        .as_str()
        .expect("a query");
    assert!(query.contains("args.stable-hash") && query.contains("args.canary-hash"));
    let analysis = &made.object("Rollout/api")["spec"]["strategy"]["canary"]["analysis"];
    assert_eq!(analysis["templates"], json!([{"templateName": "api"}]));
    assert_eq!(
        analysis["args"][1]["valueFrom"]["podTemplateHashValue"],
        "Stable"
    );
    let labels = &made.object("PodMonitor/api")["spec"]["podTargetLabels"];
    assert_eq!(*labels, json!(["rollouts-pod-template-hash"]));
}

/// Holds T3.
#[test]
fn blue_and_green_have_a_service_each_and_switch_at_once() {
    let text = "
services: { api: { ports: 8080, strategy: { blue-green: { hold: 10m, promote: ask } } } }
platform: { rollouts: argo-rollouts }
observe: { objectives: { api: { availability: 99% } } }
";
    assert_valid(text);
    let made = made(text);
    let how = &made.object("Rollout/api")["spec"]["strategy"]["blueGreen"];
    assert_eq!(how["activeService"], "api");
    assert_eq!(how["previewService"], "api-preview");
    assert_eq!(how["autoPromotionEnabled"], false);
    assert_eq!(how["scaleDownDelaySeconds"], 600);
    assert!(made.has("Service/api-preview"));
}

/// Holds T3.
#[test]
fn a_mesh_with_sidecars_shifts_by_virtual_service_and_destination_rule() {
    let text = "
services: { api: { ports: 8080, strategy: { canary: { steps: [20% for 1m], traffic: mesh } } } }
platform: { rollouts: argo-rollouts, mesh: { use: istio, mode: sidecar } }
";
    assert_valid(text);
    let made = made(text);
    let routing = &made.object("Rollout/api")["spec"]["strategy"]["canary"]["trafficRouting"];
    assert_eq!(routing["istio"]["virtualService"]["name"], "api");
    assert_eq!(
        routing["istio"]["destinationRule"]["canarySubsetName"],
        "canary"
    );
    let route = made.object("VirtualService/api")["spec"]["http"][0]["route"].clone();
    assert_eq!(route[0]["weight"], 100);
    assert_eq!(route[1]["destination"]["subset"], "canary");
    let subsets = made.object("DestinationRule/api")["spec"]["subsets"].clone();
    assert_eq!(subsets[0]["labels"]["app.kubernetes.io/name"], "api");
}

#[test]
fn a_release_that_nobody_does_is_said() {
    let text = "services: { api: { ports: 80, strategy: { canary: {} } } }";
    let made = made(text);
    assert!(made.has("Deployment/api"));
    assert_eq!(made.findings(), ["release-without-rollouts"]);
}

#[test]
fn traffic_that_nothing_divides_is_said() {
    let text = "
services: { api: { ports: 80, strategy: { canary: { traffic: mesh } } } }
platform: { rollouts: argo-rollouts }
";
    assert!(made(text).findings().contains(&"canary-without-traffic"));
}

/// Its disks stay where they were: what it begins with is empty.
#[test]
fn a_store_that_moves_to_another_namespace_is_migrated_anew() {
    let migration = |namespace: &str| {
        let text = format!(
            "
namespaces: {{ data: {{}} }}
services: {{ api: {{ ports: 8080, uses: [db] }} }}
stores: {{ db: {{ engine: postgres, storage: 1Gi, namespace: {namespace} }} }}
migrations: {{ schema: {{ store: db, service: api, command: [migrate] }} }}
"
        );
        let names = made(&text).names();
        let mut jobs = names
            .into_iter()
            .filter(|name| name.starts_with("Job/schema-migrate-"));
        jobs.next().expect("a migration")
    };
    assert_ne!(migration("shop"), migration("data"));
}

/// Tools are called as each engine wants it: goose by its driver, Flyway with what JDBC asks for.
#[test]
fn tools_are_called_for_the_engine_that_they_migrate() {
    let command = |engine: &str, tool: &str| {
        let made = made(&format!(
            "
services: {{ api: {{ ports: 8080 }} }}
stores: {{ db: {{ engine: {engine}, backup: none }} }}
migrations: {{ db: {{ service: api, tool: {tool}, folder: /m }} }}
"
        ));
        let job = made
            .names()
            .into_iter()
            .find(|name| name.starts_with("Job/"));
        let job = made.object(&job.expect("a migration"));
        job["spec"]["template"]["spec"]["containers"][0]["command"].clone()
    };
    let mysql = command("mysql", "goose");
    assert_eq!(mysql[3], "mysql");
    assert_eq!(
        mysql[4],
        "app:$(DB_PASSWORD)@tcp(db:3306)/app?parseTime=true"
    );
    assert_eq!(command("clickhouse", "goose")[3], "clickhouse");
    let flyway = command("postgres", "flyway");
    assert_eq!(flyway[2], "-url=jdbc:postgresql://db:5432/app");
    assert_eq!(flyway[3], "-user=app");
    assert_eq!(flyway[4], "-password=$(DB_PASSWORD)");
}

/// Nothing carries the labels of a migration without a Job, and nobody may borrow what they would open.
#[test]
fn a_service_that_migrates_itself_leaves_no_objects_of_a_migration() {
    let made = made(
        "
services: { api: { ports: 8080, uses: [db] } }
stores: { db: { engine: postgres, backup: none } }
migrations: { db: { service: api, tool: self } }
",
    );
    let names = made.names();
    assert!(
        !names.iter().any(|name| name.contains("migrate")),
        "{names:?}"
    );
    let policy = made.object("NetworkPolicy/db").to_string();
    assert!(!policy.contains("migrate"), "{policy}");
}
