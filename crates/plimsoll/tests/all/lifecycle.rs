//! Up, up again, an edit, status, down: what a release does to the cluster.

use crate::harness::{Bench, MIGRATED, SHORTEST, objects};
use serde_json::{Value, json};

#[test]
fn the_shortest_file_comes_up_and_its_routes_answer() {
    let bench = Bench::with(SHORTEST);
    let ran = bench.run(&["up"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.starts_with("\nshop default is up\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("pods        3 of 3 ready"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("https://shop.example.org/  answered by Pod shop/web-"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("no image was pulled"),
        "says where it went"
    );
}

#[test]
fn a_database_is_ready_before_the_service_that_uses_it_begins() {
    let ran = Bench::with(SHORTEST).run(&["up"]);
    let line = |text: &str| {
        ran.stderr
            .lines()
            .position(|line| line.ends_with(text))
            .unwrap_or_else(|| panic!("no line `{text}` in {}", ran.stderr))
    };
    assert!(line("Namespace/shop created") < line("StatefulSet/db created"));
    assert!(line("StatefulSet/db ready") < line("Deployment/web created"));
    assert!(line("Deployment/web created") < line("Deployment/web ready"));
}

#[test]
fn a_second_up_changes_nothing_and_says_so() {
    let bench = Bench::with(SHORTEST);
    let [created, ..] = objects(&bench.json(&["up"], 0));
    let again = bench.json(&["up"], 0);
    assert_eq!(objects(&again), [0, 0, created, 0]);
    assert_eq!(again["ready"], json!(true));
    let ran = bench.run(&["up"]);
    assert!(
        ran.stdout.contains("is up; nothing changed"),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.stderr, "");
}

#[test]
fn an_edit_changes_what_it_is_about_and_nothing_else() {
    let bench = Bench::with(SHORTEST);
    let [all, ..] = objects(&bench.json(&["up"], 0));
    bench.write("plimsoll.yaml", &SHORTEST.replace("1.4.2", "1.4.3"));
    let ran = bench.run(&["up", "--json"]);
    let release: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(objects(&release), [0, 1, all - 1, 0]);
    assert!(
        ran.stderr.starts_with("+00:00 Deployment/web changed\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_the_file_no_longer_says_is_removed() {
    let bench = Bench::with(SHORTEST);
    bench.json(&["up"], 0);
    let (without, _) = SHORTEST.split_once("routes:").expect("routes come last");
    bench.write("plimsoll.yaml", without);
    let release = bench.json(&["up"], 0);
    let [created, _, _, pruned] = objects(&release);
    assert_eq!(created, 0);
    assert!(pruned >= 2, "the route and its redirect: {release}");
    assert_eq!(release["routes"], json!([]));
}

#[test]
fn a_tag_that_is_set_runs_the_migration_again_and_changes_both_services() {
    let bench = Bench::with(MIGRATED);
    let [all, ..] = objects(&bench.json(&["up"], 0));
    let release = bench.json(&["up", "--set", "images.tag=1.5.0"], 0);
    // The old job makes place for the new one.
    assert_eq!(objects(&release), [1, 2, all - 3, 1]);
    assert_eq!(release["migrations"][0]["state"], json!("ran"));
    let again = bench.json(&["up", "--set", "images.tag=1.5.0"], 0);
    assert_eq!(objects(&again), [0, 0, all, 0]);
}

#[test]
fn environments_do_not_meet() {
    let bench = Bench::with(MIGRATED);
    let [production, ..] = objects(&bench.json(&["up"], 0));
    let staging = bench.json(&["up", "-e", "staging"], 0);
    assert_eq!(staging["environment"], json!("staging"));
    assert_eq!(objects(&staging), [production, 0, 0, 0]);
    bench.json(&["down", "-e", "staging"], 0);
    assert_eq!(bench.json(&["status"], 0)["ready"], json!(true));
}

#[test]
fn down_removes_the_rest_and_keeps_the_data() {
    let bench = Bench::with(SHORTEST);
    bench.json(&["up"], 0);
    let removed = bench.json(&["down"], 0);
    let kept: Vec<&str> = removed["kept"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|object| object["kind"].as_str().expect("a kind"))
        .collect();
    assert!(
        kept.contains(&"StatefulSet") && kept.contains(&"Namespace"),
        "{kept:?}"
    );
    assert!(
        kept.contains(&"Secret"),
        "data without its password is lost: {kept:?}"
    );
    assert!(!kept.contains(&"Deployment"), "{kept:?}");
    assert_eq!(removed["stuck"], json!([]));
    assert_eq!(removed["foreign"], json!([]));
}

#[test]
fn what_down_kept_is_taken_up_again() {
    let bench = Bench::with(SHORTEST);
    let [all, ..] = objects(&bench.json(&["up"], 0));
    let removed = bench.json(&["down"], 0);
    let kept = removed["kept"].as_array().expect("a list").len() as u64;
    let [created, _, unchanged, _] = objects(&bench.json(&["up"], 0));
    assert_eq!(created + unchanged, all);
    assert_eq!(unchanged, kept);
}

#[test]
fn status_says_never_shipped_then_ready_then_what_is_left() {
    let bench = Bench::with(SHORTEST);
    let never = bench.run(&["status"]);
    assert_eq!(
        (never.code, never.stdout.as_str()),
        (1, "shop default was never shipped here\n")
    );
    bench.json(&["up"], 0);
    let ready = bench.run(&["status"]);
    assert_eq!(ready.code, 0);
    assert!(
        ready.stdout.starts_with("ready: 3 of 3 pods\n"),
        "{}",
        ready.stdout
    );
    bench.json(&["down"], 0);
    let left = bench.run(&["status"]);
    assert_eq!(left.code, 1);
    assert!(
        left.stdout.contains("StatefulSet/db is kept"),
        "{}",
        left.stdout
    );
}

#[test]
fn down_before_up_has_nothing_to_remove() {
    let ran = Bench::with(SHORTEST).run(&["down"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "there was nothing to remove\n")
    );
}

#[test]
fn reset_forgets_the_cluster_of_one_environment() {
    let bench = Bench::with(SHORTEST);
    let [all, ..] = objects(&bench.json(&["up"], 0));
    assert_eq!(bench.run(&["cluster", "reset"]).code, 0);
    assert_eq!(bench.run(&["status"]).code, 1);
    assert_eq!(objects(&bench.json(&["up"], 0)), [all, 0, 0, 0]);
}

#[test]
fn a_cluster_file_of_another_version_is_set_aside_with_one_line() {
    let bench = Bench::with(SHORTEST);
    bench.json(&["up"], 0);
    bench.damage_clusters();
    let ran = bench.run(&["up"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.starts_with("the embedded cluster starts anew: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn two_processes_say_the_same() {
    let mut bench = Bench::with(MIGRATED);
    let first = bench.run(&["up"]);
    bench.forget();
    let second = bench.run(&["up"]);
    assert_eq!(first.stdout, second.stdout);
    assert_eq!(sorted(&first.stderr), sorted(&second.stderr));
}

/// The lines of a log in the order of their text. Objects that become ready in the same instant are
/// told in an order that differs between processes.
fn sorted(log: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = log.lines().collect();
    lines.sort_unstable();
    lines
}

/// Two listeners of one host shut each other out.
#[test]
fn routes_that_share_a_host_all_answer() {
    let bench = Bench::with(
        "app: shop
services:
  web: { image: ghcr.example/shop/web:1.4.2, ports: 8080 }
  api: { image: ghcr.example/shop/api:1.4.2, ports: 8080 }
routes:
  main: { hosts: [shop.example.org, www.example.org], paths: { /: web } }
  api: { hosts: [www.example.org], paths: { /api: api } }
",
    );
    let up = bench.json(&["up"], 0);
    let routes = up["routes"].as_array().expect("routes");
    assert!(routes.len() >= 3, "{routes:?}");
    for route in routes {
        assert_eq!(route["answers"], json!(true), "{route}");
    }
}
