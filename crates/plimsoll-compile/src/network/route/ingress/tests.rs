//! What ingress-nginx is told, on parsed objects.

use crate::stores::tests::{Made, assert_valid, made};
use serde_json::{Value, json};

const PREFIX: &str = "nginx.ingress.kubernetes.io";

fn text(paths: &str) -> String {
    format!(
        "
services: {{ web: {{ ports: {{ http: 8080, grpc: 9000 }}, scale: single }} }}
platform: {{ gateway: ingress-nginx }}
routes: {{ main: {{ hosts: a.example.org, rate: 20/s, paths: {paths} }} }}
"
    )
}

fn said(made: &Made, ingress: &str, key: &str) -> Value {
    made.object(&format!("Ingress/{ingress}"))["metadata"]["annotations"][format!("{PREFIX}/{key}")]
        .clone()
}

/// The Ingress that has a path, with the path's entry.
fn with_path(made: &Made, path: &str) -> (String, Value) {
    let names = made.names();
    let ingresses = names
        .iter()
        .filter_map(|name| name.strip_prefix("Ingress/"));
    let mut found = ingresses.filter_map(|name| {
        let object = made.object(&format!("Ingress/{name}"));
        let paths = object["spec"]["rules"][0]["http"]["paths"].clone();
        let entry = paths
            .as_array()?
            .iter()
            .find(|entry| entry["path"] == path)?
            .clone();
        Some((name.to_owned(), entry))
    });
    found
        .next()
        .unwrap_or_else(|| panic!("no path {path} among {names:?}"))
}

/// Holds S3.
#[test]
fn paths_that_ask_for_nothing_of_their_own_are_one_ingress() {
    let text = text("{ /: web, =/exact: web, /api: web }");
    assert_valid(&text);
    let made = made(&text);
    let paths = made.object("Ingress/main")["spec"]["rules"][0]["http"]["paths"].clone();
    let kinds: Vec<_> = paths
        .as_array()
        .expect("paths")
        .iter()
        .map(|path| &path["pathType"])
        .collect();
    assert_eq!(kinds, ["Prefix", "Exact", "Prefix"]);
    assert!(!made.has("Ingress/main-1"));
    assert_eq!(said(&made, "main", "limit-rps"), "20");
}

/// Holds S3. A path that leads nowhere was left out, and served by what leads to `/`.
#[test]
fn a_path_that_leads_nowhere_lets_nobody_in_and_answers_404() {
    let text = text("{ /: web, /admin: none }");
    assert_valid(&text);
    let made = made(&text);
    let (ingress, _) = with_path(&made, "/admin");
    assert_eq!(ingress, "main-1");
    assert_eq!(
        said(&made, &ingress, "denylist-source-range"),
        "0.0.0.0/0,::/0"
    );
    assert_eq!(said(&made, &ingress, "custom-http-errors"), "403");
    assert_eq!(said(&made, "main", "denylist-source-range"), Value::Null);
}

#[test]
fn a_fixed_redirect_answers_308_and_one_that_keeps_paths_is_a_rewrite_to_elsewhere() {
    let text =
        text("{ /: web, /docs: 'https://d.example:8443/v2?x=1', =/old: 'https://b.example' }");
    assert_valid(&text);
    let all = made(&text);
    let (docs, _) = with_path(&all, "/docs");
    assert_eq!(
        said(&all, &docs, "permanent-redirect"),
        "https://d.example:8443/v2?x=1"
    );
    assert_eq!(said(&all, &docs, "permanent-redirect-code"), "308");
    let (old, _) = with_path(&all, "/old");
    assert_eq!(
        said(&all, &old, "permanent-redirect"),
        "https://b.example/old"
    );
    let kept = made(&self::text("{ /: web, /old: 'https://b.example' }"));
    let (old, entry) = with_path(&kept, "/old(/(.*))?$");
    assert_eq!(
        said(&kept, &old, "rewrite-target"),
        "https://b.example/old$1"
    );
    assert_eq!(entry["pathType"], "ImplementationSpecific");
}

/// A whole host that is sent elsewhere has no service of its own, and Kubernetes wants one named.
#[test]
fn a_host_that_only_redirects_is_there() {
    let made = made(&text("{ /: 'https://b.example' }"));
    let (ingress, entry) = with_path(&made, "/(.*)");
    assert_eq!(ingress, "main");
    assert_eq!(entry["backend"]["service"]["name"], "web");
    assert_eq!(
        said(&made, "main", "rewrite-target"),
        "https://b.example/$1"
    );
}

/// A rewrite makes patterns of all paths of its host, so all are written as patterns, and exact ones are
/// tried first.
#[test]
fn beside_a_rewrite_every_path_of_the_host_is_a_pattern() {
    let text = "
services: { web: { ports: 8080 } }
platform: { gateway: ingress-nginx }
routes:
  main: { hosts: a.example.org, paths: { /: { to: web, rewrite: /app }, /x.y: { to: web, rewrite: / }, =/x.y/z: web } }
  other: { hosts: a.example.org, paths: { /other: web } }
  apart: { hosts: b.example.org, paths: { /apart: web } }
";
    assert_valid(text);
    let made = made(text);
    let (root, _) = with_path(&made, "/(.*)");
    assert_eq!(said(&made, &root, "rewrite-target"), "/app/$1");
    let (below, _) = with_path(&made, "/x[.]y(/(.*))?$");
    assert_eq!(said(&made, &below, "rewrite-target"), "/$2");
    let (exact, _) = with_path(&made, "/x[.]y/z()()()()()$");
    assert_eq!(said(&made, &exact, "rewrite-target"), Value::Null);
    assert_eq!(said(&made, &exact, "use-regex"), "true");
    let (other, _) = with_path(&made, "/other(/(.*))?$");
    assert_eq!(other, "other");
    with_path(&made, "/apart");
}

#[test]
fn what_a_path_asks_for_itself_is_told_of_it_alone() {
    let text = text(
        "{
      /: { to: web, cors: { origins: ['https://x.example', 'https://y.example'], methods: [GET] } },
      /g: 'web:grpc',
      /up: { to: web, rate: 5/m, timeout: 2m },
      /ws: { to: web, stream: true, timeout: none, body: none } }",
    );
    assert_valid(&text);
    let made = made(&text);
    let main = |key| said(&made, "main", key);
    assert_eq!(main("enable-cors"), "true");
    assert_eq!(
        main("cors-allow-origin"),
        "https://x.example, https://y.example"
    );
    assert_eq!(main("cors-allow-credentials"), "false");
    assert_eq!(main("limit-rps"), "20");
    let (grpc, entry) = with_path(&made, "/g");
    assert_eq!(said(&made, &grpc, "backend-protocol"), "GRPC");
    assert_eq!(said(&made, &grpc, "proxy-read-timeout"), "3600");
    assert_eq!(entry["backend"]["service"]["port"]["number"], 9000);
    let (up, _) = with_path(&made, "/up");
    assert_eq!(said(&made, &up, "limit-rpm"), "5");
    assert_eq!(said(&made, &up, "proxy-read-timeout"), "120");
    assert_eq!(said(&made, &up, "enable-cors"), Value::Null);
    let (ws, _) = with_path(&made, "/ws");
    assert_eq!(said(&made, &ws, "proxy-buffering"), "off");
    assert_eq!(said(&made, &ws, "proxy-body-size"), "0");
    assert_eq!(said(&made, &ws, "proxy-send-timeout"), "31536000");
}

/// A canary asks the Ingresses that lead to its service, and no others.
#[test]
fn a_canary_names_the_ingresses_of_its_service() {
    let made = made(
        "
services:
  web: { ports: 8080, strategy: { canary: { steps: [10% for 5m], traffic: gateway } } }
  api: { ports: 8080 }
platform: { gateway: ingress-nginx, rollouts: argo-rollouts }
routes: { main: { hosts: a.example.org, paths: { /: api, /web: { to: web, rate: 1/s }, /no: none } } }
",
    );
    let nginx =
        &made.object("Rollout/web")["spec"]["strategy"]["canary"]["trafficRouting"]["nginx"];
    assert_eq!(nginx["stableIngresses"], json!(["main-1"]));
}
