//! `why`, `graph`, `explain`, `rules`, `schema`: what a user asks.

use crate::harness::{Bench, SHORTEST};
use serde_json::{Value, json};
use std::fs;

const IMAGE: &str = "spec.template.spec.containers[web].image";
const STORAGE: &str = "spec.volumeClaimTemplates[0].spec.resources.requests.storage";

#[test]
fn why_names_the_line_that_wrote_a_value() {
    let ran = Bench::with(SHORTEST).run(&["why", "StatefulSet/db", STORAGE]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        format!("StatefulSet/db {STORAGE} = \"20Gi\"\n  written   plimsoll.yaml:5:36  20Gi\n")
    );
}

#[test]
fn why_names_the_rule_of_a_value_that_nobody_wrote() {
    let ran = Bench::with(SHORTEST).run(&["why", "Deployment/web", "spec.replicas"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (
            0,
            "Deployment/web spec.replicas = 2\n  rule      default: scale.replicas\n"
        )
    );
}

#[test]
fn why_is_a_chain_for_machines() {
    let why = Bench::with(SHORTEST).json(&["why", "Deployment/web", IMAGE], 0);
    assert_eq!(why["value"], json!("ghcr.example/shop/web:1.4.2"));
    let written = why["chain"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|link| link["kind"] == json!("written"))
        .expect("a line wrote it");
    assert_eq!(
        (&written["line"], &written["column"]),
        (&json!(3), &json!(17))
    );
    assert_eq!(written["file"], json!("plimsoll.yaml"));
}

#[test]
fn why_offers_the_near_object() {
    let ran = Bench::with(SHORTEST).run(&["why", "Deployment/wbe"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("did you mean `Deployment/web`?"),
        "{}",
        ran.stderr
    );
}

#[test]
fn graph_draws_lines_or_a_picture() {
    let bench = Bench::with(SHORTEST);
    let text = bench.run(&["graph"]);
    assert_eq!(text.code, 0);
    for word in ["route main", "web", "db", "namespace shop"] {
        assert!(text.stdout.contains(word), "no {word}: {}", text.stdout);
    }
    assert_eq!(bench.run(&["graph", "-o", "graph.svg"]).code, 0);
    let picture = fs::read_to_string(bench.folder().join("graph.svg")).expect("a picture");
    assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"));
}

#[test]
fn every_rule_can_be_explained_by_code_and_by_name() {
    let bench = Bench::empty();
    let rules = bench.run(&["rules"]);
    assert_eq!(rules.code, 0);
    for line in rules.stdout.lines().take(3) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let by_code = bench.run(&["explain", words[0]]);
        assert_eq!(by_code.code, 0, "{line}");
        assert_eq!(by_code, bench.run(&["explain", words[2]]), "{line}");
    }
}

#[test]
fn words_and_engines_are_explained() {
    let bench = Bench::empty();
    let word = bench.run(&["explain", "services.scale"]);
    assert_eq!(word.code, 0);
    assert!(
        word.stdout.starts_with("services.scale\n"),
        "{}",
        word.stdout
    );
    let engine = bench.run(&["explain", "stores.redis"]);
    assert_eq!(engine.code, 0);
    assert!(engine.stdout.contains("redis 6379"), "{}", engine.stdout);
}

#[test]
fn the_schema_is_the_one_of_the_repository() {
    let ran = Bench::empty().run(&["schema"]);
    let committed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/plimsoll.schema.json"
    );
    let committed = fs::read_to_string(committed).expect("a schema");
    let parse = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(parse(&ran.stdout), parse(&committed));
}

/// A failure ends with the name of its page, and the page is there.
#[test]
fn a_failure_names_its_page() {
    let bench = Bench::with(crate::harness::SHORTEST);
    let failed = bench.run(&["up", "--fault", "image=web"]);
    let said = "`plimsoll explain image-not-pulled` says more";
    assert!(failed.stdout.contains(said), "{}", failed.stdout);
    let page = bench.run(&["explain", "image-not-pulled"]);
    assert!(
        page.stdout.contains("registry wants a login"),
        "{}",
        page.stdout
    );
    assert_eq!(bench.run(&["explain", "image-not-puled"]).code, 2);
}
