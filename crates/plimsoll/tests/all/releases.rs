//! Releases that go step by step.

use crate::harness::{Bench, objects};
use serde_json::json;

const CANARY: &str = "\
app: shop
services:
  web: { image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready, scale: 4 }
routes:
  main: { hosts: shop.example.org, paths: { /: web } }
platform: { rollouts: argo-rollouts }
deliver:
  deadline: 5m
  strategy: { canary: { steps: [25% for 5m, 50% for 10m] } }
";

/// Holds T3: steps take the time that they say, and nothing is touched once the release is through.
#[test]
fn a_canary_goes_through_its_steps_and_stays() {
    let bench = Bench::with(CANARY);
    bench.json(&["up"], 0);
    let [.., unchanged, _] = objects(&bench.json(&["up"], 0));
    assert!(unchanged > 10);
    bench.write("plimsoll.yaml", &CANARY.replace("1.4.2", "1.4.3"));
    let release = bench.json(&["up"], 0);
    assert_eq!(release["ready"], json!(true));
    let seconds = release["virtual_seconds"].as_f64().expect("a number");
    assert!(
        seconds > 900.0,
        "the pauses are 15 minutes, it took {seconds} s"
    );
    let [created, changed, _, pruned] = objects(&bench.json(&["up"], 0));
    assert_eq!([created, changed, pruned], [0, 0, 0]);
}
