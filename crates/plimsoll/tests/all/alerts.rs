//! Alerts as Prometheus itself judges them: `promtool check rules` and `promtool test rules`.

use crate::examples::{EXAMPLES, path};
use crate::harness::Bench;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Renders an environment and puts the groups of each of its rules into a file of their own.
fn rules_of(bench: &Bench, example: &str, environment: &str) -> Vec<PathBuf> {
    let ran = bench.run(&[
        "render",
        &path(example),
        "-e",
        environment,
        "-o",
        "out",
        "--set",
        "deliver.folder=.",
    ]);
    assert_eq!(ran.code, 0, "{example} {environment}: {}", ran.stderr);
    let folder = bench.folder().join(format!("out/manifests/{environment}"));
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|file| file.to_string_lossy().contains("-prometheusrule-"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{example} {environment} has rules");
    files.iter().map(|file| groups(bench, file)).collect()
}

/// What stands below `spec` is what Prometheus reads.
fn groups(bench: &Bench, manifest: &Path) -> PathBuf {
    let text = fs::read_to_string(manifest).expect("a manifest");
    let (_, spec) = text.split_once("\nspec:\n").expect("a spec");
    let lines = spec
        .lines()
        .map(|line| line.strip_prefix("  ").unwrap_or(line));
    let name = manifest.file_name().expect("a name");
    let file = bench.folder().join(name);
    fs::write(&file, lines.collect::<Vec<_>>().join("\n")).expect("a file of rules");
    file
}

fn promtool(tool: &Path, words: &[&str], files: &[PathBuf]) {
    let ran = Command::new(tool)
        .args(words)
        .args(files)
        .output()
        .expect("promtool runs");
    let said = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(ran.status.success(), "{}", said.concat());
}

/// Holds V3.
#[test]
fn every_rule_of_every_example_is_read_by_prometheus() {
    let Some(tool) = plimsoll_testkit::tool("promtool") else {
        return;
    };
    for (example, environments) in EXAMPLES {
        let bench = Bench::empty();
        let files = rules_of(&bench, example, environments[0]);
        promtool(
            &tool,
            &["check", "rules", "--lint=all", "--lint-fatal"],
            &files,
        );
    }
}

/// What is counted: a series, and its values from the first minute on, one every 30 seconds.
const COUNTED: &str = r#"
  - interval: 30s
    input_series:
      - { series: 'kube_deployment_status_replicas_available{namespace="traversion-system",deployment="api"}', values: '3x5 0x10 3x25' }
      - { series: 'kube_statefulset_status_replicas_ready{namespace="traversion-system",statefulset="redis"}', values: '1x40' }
      - { series: 'kube_statefulset_status_replicas_ready{namespace="traversion-system",statefulset="timescaledb"}', values: '1x40' }
      - { series: 'http_requests_total{namespace="traversion-system",service="api",status="200"}', values: '0+80x40' }
      - { series: 'http_requests_total{namespace="traversion-system",service="api",status="500"}', values: '0+20x40' }
      - { series: 'http_request_duration_seconds_bucket{namespace="traversion-system",service="api",le="1"}', values: '0+10x40' }
      - { series: 'http_request_duration_seconds_bucket{namespace="traversion-system",service="api",le="5"}', values: '0+100x40' }
      - { series: 'http_request_duration_seconds_bucket{namespace="traversion-system",service="api",le="+Inf"}', values: '0+100x40' }
      - { series: 'container_cpu_usage_seconds_total{namespace="traversion-system",container="api",pod="api-1"}', values: '0+54x40' }
      - { series: 'kube_pod_container_resource_limits{namespace="traversion-system",container="api",pod="api-1",resource="cpu"}', values: '2x40' }
      - { series: 'container_memory_working_set_bytes{namespace="traversion-system",container="api",pod="api-1"}', values: '2000000000x40' }
      - { series: 'kube_pod_container_resource_limits{namespace="traversion-system",container="api",pod="api-1",resource="memory"}', values: '2147483648x40' }
    alert_rule_test:
"#;

/// An alert that is on, or that is not, at an instant.
fn expected(at: &str, name: &str, more: &str, said: Option<(&str, &str)>) -> String {
    let Some((severity, summary)) = said else {
        return format!("      - {{ eval_time: {at}, alertname: {name}, exp_alerts: [] }}\n");
    };
    format!(
        "      - eval_time: {at}\n        alertname: {name}\n        exp_alerts:\n          \
         - exp_labels: {{ severity: {severity}, application: traversion, environment: production, \
         namespace: traversion-system, {more} }}\n            \
         exp_annotations: {{ summary: \"{summary}\" }}\n"
    )
}

/// Holds V3: API or database down for a minute, more than 10 % failing for two, answers slower than
/// two seconds for five, cpu or memory above 80 %.
#[test]
fn the_alerts_of_traversion_come_when_its_document_says() {
    let Some(tool) = plimsoll_testkit::tool("promtool") else {
        return;
    };
    let bench = Bench::empty();
    let files = rules_of(&bench, "traversion", "production");
    let api = "service: api";
    let pod = "service: api, pod: api-1";
    let db = "store: timescaledb";
    let mut tests = String::from("evaluation_interval: 30s\nrule_files:\n");
    for file in &files {
        let _ = writeln!(tests, "  - {}", file.display());
    }
    tests.push_str("tests:");
    tests.push_str(COUNTED);
    for expected in [
        expected("3m30s", "ServiceDown", api, None),
        expected(
            "4m30s",
            "ServiceDown",
            api,
            Some(("critical", "No pod of api is ready")),
        ),
        expected("9m", "ServiceDown", api, None),
        expected("9m", "StoreDown", db, None),
        expected("1m", "ServiceErrors", api, None),
        expected(
            "6m",
            "ServiceErrors",
            api,
            Some(("critical", "More than 10% of the requests to api fail")),
        ),
        expected("4m", "ServiceLatency", api, None),
        expected(
            "12m",
            "ServiceLatency",
            api,
            Some((
                "warning",
                "One answer in twenty of api takes longer than 2s",
            )),
        ),
        expected("4m", "ServiceCpu", pod, None),
        expected(
            "12m",
            "ServiceCpu",
            pod,
            Some(("warning", "A pod of api uses more than 80% of its cpu")),
        ),
        expected(
            "12m",
            "ServiceMemory",
            pod,
            Some(("warning", "A pod of api uses more than 80% of its memory")),
        ),
    ] {
        tests.push_str(&expected);
    }
    // What is gone altogether has no series: that counts as none.
    tests.push_str("  - interval: 30s\n    input_series: []\n    alert_rule_test:\n");
    tests.push_str(&expected("30s", "StoreDown", db, None));
    tests.push_str(&expected(
        "2m",
        "ServiceDown",
        api,
        Some(("critical", "No pod of api is ready")),
    ));
    let file = bench.folder().join("tests.yaml");
    fs::write(&file, tests).expect("a file of tests");
    promtool(&tool, &["test", "rules"], &[file]);
}
