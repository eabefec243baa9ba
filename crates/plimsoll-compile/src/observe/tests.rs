//! What is seen of an application, on parsed objects.

use crate::stores::tests::{assert_valid, made};
use serde_json::Value;

const SEEN: &str = "
services:
  api:
    ports: 8080
    metrics: { path: /metrics, series: { requests: http_requests_total, errors: 'code=~\"5..\"', duration: http_seconds } }
    uses: [db]
stores: { db: { engine: postgres, instances: 2, backup: { to: away, full: daily 02:00 } } }
externals: { away: { bucket: 's3://copies' } }
observe:
  objectives: { api: { availability: 99.9%, latency: p99 300ms } }
  alerts: { down: 1m, errors: 10% for 2m, latency: 2s for 5m, cpu: 80% for 5m, memory: 80% for 5m, queue-long: { query: 'queue > 5', severity: page } }
  notify: { page: pager }
";

/// The alert of that name in a rule.
fn alert<'a>(rule: &'a Value, name: &str) -> &'a Value {
    let groups = rule["spec"]["groups"].as_array().expect("groups");
    let mut all = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().expect("rules"));
    all.find(|rule| rule["alert"] == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

/// Holds V3.
#[test]
fn alerts_hold_the_limits_of_the_file() {
    assert_valid(SEEN);
    let made = made(SEEN);
    let api = made.object("PrometheusRule/api");
    let down = alert(&api, "ServiceDown");
    assert_eq!(down["for"], "1m");
    assert_eq!(
        down["expr"],
        "(sum(kube_deployment_status_replicas_available{namespace=\"shop\",deployment=\"api\"}) or vector(0)) < 1"
    );
    let errors = alert(&api, "ServiceErrors");
    assert_eq!(errors["for"], "2m");
    let text = errors["expr"].as_str().expect("a query");
    assert!(
        text.contains("code=~\"5..\"}[2m]") && text.ends_with("> 0.1"),
        "{text}"
    );
    assert!(
        alert(&api, "ServiceLatency")["expr"]
            .as_str()
            .expect("a query")
            .ends_with("> 2")
    );
    for name in ["ServiceCpu", "ServiceMemory"] {
        let alert = alert(&api, name);
        assert_eq!(alert["for"], "5m");
        assert!(alert["expr"].as_str().expect("a query").ends_with("> 0.8"));
    }
    let db = made.object("PrometheusRule/db");
    assert_eq!(alert(&db, "StoreDown")["for"], "1m");
    assert!(
        alert(&db, "StoreLag")["expr"]
            .as_str()
            .expect("a query")
            .ends_with("> 30")
    );
    let backup = alert(&db, "BackupMissing")["expr"]
        .as_str()
        .expect("a query");
    assert!(
        backup.contains("cronjob=\"db-backup-full\"") && backup.ends_with("> 93600"),
        "{backup}"
    );
    assert!(made.has("CronJob/db-backup-full"));
}

/// Holds V3.
#[test]
fn a_promise_is_watched_over_two_windows_at_once() {
    let api = made(SEEN).object("PrometheusRule/api");
    let missed = alert(&api, "ObjectiveMissed");
    assert_eq!(
        missed["expr"],
        "service:failures:ratio_rate1h{namespace=\"shop\",service=\"api\"} > 0.0144\n\
         and service:failures:ratio_rate5m{namespace=\"shop\",service=\"api\"} > 0.0144"
    );
    let slow = alert(&api, "ObjectiveTooSlow")["expr"]
        .as_str()
        .expect("a query");
    assert!(
        slow.contains("histogram_quantile(0.99") && slow.contains("> 0.3\nand "),
        "{slow}"
    );
}

#[test]
fn an_alert_of_ones_own_goes_to_the_receiver_of_its_severity() {
    let own = made(SEEN).object("PrometheusRule/shop-alerts");
    let long = alert(&own, "QueueLong");
    assert_eq!(long["expr"], "queue > 5");
    assert_eq!(long["labels"]["receiver"], "pager");
    assert_eq!(long["annotations"]["summary"], "queue-long");
}

/// Holds T9, P11.
#[test]
fn pods_are_read_once_and_by_the_name_of_their_service() {
    let made = made(SEEN);
    let monitor = made.object("PodMonitor/api");
    let endpoint = &monitor["spec"]["podMetricsEndpoints"][0];
    assert_eq!(endpoint["port"], "http");
    assert_eq!(endpoint["path"], "/metrics");
    assert_eq!(endpoint["relabelings"][0]["replacement"], "api");
    let store = made.object("PodMonitor/db");
    assert_eq!(store["spec"]["podMetricsEndpoints"][0]["port"], "metrics");
}

#[test]
fn a_port_that_only_metrics_have_is_declared() {
    let text = "services: { api: { ports: 8080, metrics: { port: 9100 } } }";
    assert_valid(text);
    let made = made(text);
    let monitor = made.object("PodMonitor/api");
    assert_eq!(monitor["spec"]["podMetricsEndpoints"][0]["port"], "metrics");
    let pod = &made.object("Deployment/api")["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["ports"][1]["containerPort"], 9100);
    let service = made.object("Service/api");
    assert_eq!(service["spec"]["ports"].as_array().map(Vec::len), Some(1));
}

/// Holds V3, P11.
#[test]
fn grafana_finds_a_dashboard_for_each_service_and_store() {
    let made = made(SEEN);
    for name in ["api", "db"] {
        let map = made.object(&format!("ConfigMap/{name}-dashboard"));
        assert_eq!(map["metadata"]["labels"]["grafana_dashboard"], "1");
        let text = map["data"][format!("shop-{name}.json")]
            .as_str()
            .expect("a dashboard");
        let model: Value = serde_json::from_str(text).expect("JSON");
        let panels = model["panels"].as_array().expect("panels");
        assert!(panels.len() >= 4);
        assert!(
            panels
                .iter()
                .all(|panel| !panel["targets"].as_array().expect("lines").is_empty())
        );
    }
}

#[test]
fn nothing_is_made_without_a_reader() {
    let made =
        made("services: { api: { ports: 80, metrics: /metrics } }\nplatform: { metrics: none }");
    let seen = ["PodMonitor", "PrometheusRule", "-dashboard"];
    assert!(
        made.names()
            .iter()
            .all(|name| seen.iter().all(|word| !name.contains(word)))
    );
}

#[test]
fn none_turns_an_alert_off_for_all_or_for_one() {
    let text = "
services: { api: { ports: 80 }, web: { ports: 80 } }
observe: { alerts: { cpu: none, services: { web: { down: none } } } }
";
    let made = made(text);
    let names = |name: &str| made.object(&format!("PrometheusRule/{name}")).to_string();
    assert!(names("api").contains("ServiceDown") && !names("api").contains("ServiceCpu"));
    assert!(!names("web").contains("ServiceDown"));
}

/// No query goes to series that nobody has, and the line that asks for them is told.
#[test]
fn what_nobody_counts_is_told_and_not_asked() {
    let released = |metrics: &str| {
        made(&format!(
            "
services: {{ web: {{ ports: 8080, strategy: canary{metrics} }} }}
stores: {{ db: {{ engine: clickhouse }} }}
platform: {{ rollouts: argo-rollouts }}
deliver: {{ analysis: {{ success: 99%, latency: p95 500ms }} }}
observe:
  objectives: {{ web: {{ availability: 99.9% }} }}
  alerts: {{ services: {{ db: {{ connections: 80% for 5m }} }} }}
"
        ))
    };
    let blind = released("");
    let told = |made: crate::stores::tests::Made| {
        let findings = made.findings();
        findings
            .iter()
            .filter(|name| **name == "not-counted")
            .count()
    };
    assert!(!blind.has("AnalysisTemplate/web"));
    let rollout = blind.object("Rollout/web");
    assert_eq!(
        rollout["spec"]["strategy"]["canary"]["analysis"],
        Value::Null
    );
    let rules = blind.object("PrometheusRule/web")["spec"]["groups"].to_string();
    assert!(!rules.contains("ObjectiveMissed") && !rules.contains("ratio_rate"));
    let rules = blind.object("PrometheusRule/db")["spec"]["groups"].to_string();
    assert!(!rules.contains("StoreConnections"));
    // Success, latency, the promise, and the connections of an engine that no exporter is known of.
    assert_eq!(told(blind), 4);
    let counted =
        released(", metrics: { series: { requests: r, errors: 'code=\"5\"', duration: d } }");
    let asked = counted.object("AnalysisTemplate/web")["spec"]["metrics"].clone();
    assert_eq!(asked.as_array().map(Vec::len), Some(2));
    assert_eq!(told(counted), 1);
}
