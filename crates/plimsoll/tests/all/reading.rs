//! Manifests, overlays and charts of somebody else: checked at their lines, shipped like our own.

use crate::harness::{Bench, objects};
use plimsoll_testkit::tool;
use serde_json::{Value, json};

const WEB: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data: { MODE: calm }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app.kubernetes.io/name: web } }
  template:
    metadata: { labels: { app.kubernetes.io/name: web } }
    spec:
      containers:
        - name: web
          image: ghcr.example/shop/web:1.4.2
          ports: [{ containerPort: 8080 }]
          envFrom: [{ configMapRef: { name: web } }]
          readinessProbe: { httpGet: { path: /ready, port: 8080 } }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app.kubernetes.io/name: web }, ports: [{ port: 80, targetPort: 8080 }] }
";

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n";

/// A folder of manifests with a namespace of its own.
fn manifests() -> Bench {
    let bench = Bench::empty();
    bench.write("shop/web.yaml", WEB);
    bench.write("shop/namespace.yaml", NAMESPACE);
    bench
}

/// Where findings are, and what they are.
fn places(found: &Value) -> Vec<(String, u64, String)> {
    let all = found["findings"].as_array().expect("findings");
    let place = |one: &Value| {
        let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        (
            text("file"),
            one["line"].as_u64().unwrap_or(0),
            text("code"),
        )
    };
    all.iter().map(place).collect()
}

fn says(ran: &crate::harness::Ran, words: &str) {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(all.contains(words), "{all}");
}

#[test]
fn a_mistake_in_a_manifest_is_told_at_its_line() {
    let bench = manifests();
    let fine = bench.json(&["check", "shop", "-n", "shop"], 0);
    assert_eq!(fine["findings"], json!([]));
    let broken = WEB
        .replace("replicas: 2", "replica: 2")
        .replace(
            "    metadata: { labels: { app.kubernetes.io/name: web } }",
            "    metadata: { labels: { app.kubernetes.io/name: wob } }",
        )
        .replace("web:1.4.2", "web")
        .replace("configMapRef: { name: web }", "configMapRef: { name: wep }");
    bench.write("shop/web.yaml", &broken);
    let found = bench.json(&["check", "shop", "-n", "shop"], 1);
    let at = |line: u64, code: &str| ("shop/web.yaml".to_owned(), line, code.to_owned());
    assert_eq!(
        places(&found),
        [
            at(10, "PL0502"),
            at(11, "PL0710"),
            at(17, "PL0713"),
            at(19, "PL0711"),
            at(25, "PL0711"),
        ]
    );
    says(
        &bench.run(&["check", "shop", "-n", "shop"]),
        "did you mean `replicas`?",
    );
}

/// Inventory, waves, a second run without change, a change, pruning, undoing, `status`, `down`.
#[test]
fn manifests_live_the_whole_life_of_a_release() {
    let bench = manifests();
    let same = ["shop", "-n", "shop"];
    let run = |command: &str, code: i32| bench.json(&[&[command], &same[..]].concat(), code);
    let first = run("up", 0);
    assert_eq!(first["ready"], true, "{first}");
    assert_eq!(objects(&first), [4, 0, 0, 0]);
    // The namespace, what goes there, and the pods that name it.
    assert_eq!(first["waves"].as_array().map(Vec::len), Some(3));
    assert_eq!(objects(&run("up", 0)), [0, 0, 4, 0]);
    assert_eq!(run("status", 0)["ready"], true);
    assert_eq!(run("plan", 0)["changes"], json!([]));

    bench.write("shop/web.yaml", &WEB.replace("web:1.4.2", "web:1.5.0"));
    let plan = run("plan", 4);
    assert_eq!(plan["changes"][0]["file"], "shop/web.yaml");
    assert_eq!(plan["changes"][0]["line"], 6);
    assert_eq!(objects(&run("up", 0)), [0, 1, 3, 0]);
    assert_eq!(run("rollback", 0)["ready"], true);
    assert_eq!(
        run("history", 0)["releases"].as_array().map(Vec::len),
        Some(3)
    );

    let without = WEB.rsplit_once("---\n").expect("the Service is last").0;
    bench.write("shop/web.yaml", without);
    assert_eq!(objects(&run("up", 0))[3], 1, "the Service is pruned");
    assert_eq!(run("down", 0)["stuck"], json!([]));
    assert_eq!(run("status", 1), Value::Null);
}

/// An image that cannot be pulled is told with the line of the manifest.
#[test]
fn a_failure_names_the_line_of_the_manifest() {
    let bench = manifests();
    let up = ["up", "shop", "-n", "shop", "--fault", "image=web"];
    let failed = bench.json(&up, 1);
    let failure = &failed["failure"];
    assert_eq!(
        (&failure["file"], &failure["line"]),
        (&json!("shop/web.yaml"), &json!(6))
    );
    assert!(
        failure["cause"]
            .as_str()
            .expect("a cause")
            .contains("cannot be pulled"),
        "{failure}"
    );
}

#[test]
fn without_its_program_a_chart_is_not_read_and_the_answer_says_what_to_do() {
    let bench = manifests();
    bench.write(
        "chart/Chart.yaml",
        "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    );
    bench.write(
        "overlay/kustomization.yaml",
        "resources: [../shop/web.yaml]\n",
    );
    for (folder, program) in [
        ("chart", "`helm` is not"),
        ("overlay", "`kustomize` or `kubectl` is not"),
    ] {
        let ran = bench.run(&["check", folder]);
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        says(&ran, program);
        says(&ran, "plimsoll check -");
    }
    let ran = bench.run(&["render", "shop"]);
    assert_eq!(ran.code, 2);
    says(&ran, "holds plain manifests");
}

#[test]
fn a_chart_is_read_through_helm_with_its_values_and_its_hooks_in_order() {
    let Some(helm) = tool("helm") else { return };
    let mut bench = Bench::empty();
    bench.find_programs_beside(&helm);
    bench.write(
        "chart/Chart.yaml",
        "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    );
    bench.write("chart/values.yaml", "replicas: 1\ntag: 1.4.2\n");
    let web = WEB
        .replace("replicas: 2", "replicas: {{ .Values.replicas }}")
        .replace("web:1.4.2", "web:{{ .Values.tag }}");
    bench.write("chart/templates/web.yaml", &web);
    let job = "\
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: { helm.sh/hook: \"pre-install,pre-upgrade\" }
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: migrate, image: \"ghcr.example/shop/web:{{ .Values.tag }}\", args: [migrate] }]
";
    bench.write("chart/templates/migrate.yaml", job);
    bench.write("prod.yaml", "replicas: 3\n");
    let same = ["chart", "--values", "prod.yaml", "-n", "default"];
    let run = |command: &str, more: &[&str], code: i32| {
        bench.json(&[&[command], &same[..], more].concat(), code)
    };
    let first = run("up", &[], 0);
    assert_eq!(first["ready"], true, "{first}");
    assert_eq!(first["pods"]["wanted"], 3);
    let plan = run("plan", &["--set", "tag=1.5.0"], 4);
    let changed: Vec<&str> = plan["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .filter_map(|change| change["object"]["name"].as_str())
        .collect();
    assert_eq!(
        changed,
        ["migrate", "web"],
        "the hook runs again, and first"
    );
    assert_eq!(
        plan["changes"][1]["file"],
        "shop/templates/web.yaml as rendered"
    );
    assert_eq!(run("up", &["--set", "tag=1.5.0"], 0)["ready"], true);
    let again = run("up", &["--set", "tag=1.5.0"], 0);
    assert_eq!(objects(&again), [0, 0, 4, 0]);
    bench.write("prod.yaml", "replicas: many\n");
    let found = run("check", &[], 1);
    let (file, _, code) = places(&found).remove(0);
    assert_eq!(
        (file.as_str(), code.as_str()),
        ("shop/templates/web.yaml as rendered", "PL0502")
    );
}

#[test]
fn an_overlay_is_read_through_kustomize_and_shipped() {
    let Some(kustomize) = tool("kustomize") else {
        return;
    };
    let mut bench = manifests();
    bench.find_programs_beside(&kustomize);
    let overlay =
        "resources: [../shop]\nimages: [{ name: ghcr.example/shop/web, newTag: 2.0.0 }]\n";
    bench.write(
        "shop/kustomization.yaml",
        "namespace: shop\nresources: [web.yaml, namespace.yaml]\n",
    );
    bench.write("prod/kustomization.yaml", overlay);
    let first = bench.json(&["up", "prod", "--name", "shop"], 0);
    assert_eq!(first["ready"], true, "{first}");
    let status = bench.json(&["status", "prod", "--name", "shop"], 0);
    assert_eq!(status["pods"], json!({ "ready": 2, "wanted": 2 }));
    let history = bench.json(&["history", "prod", "--name", "shop"], 0);
    let images = history["releases"][0]["images"].to_string();
    assert!(images.contains("web:2.0.0"), "{images}");
}
