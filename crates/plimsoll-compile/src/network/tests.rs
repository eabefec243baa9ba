//! Who may talk to whom, on parsed objects.

use crate::stores::tests::made;
use serde_json::{Value, json};

/// An empty list of ports opened all of them on both ends.
#[test]
fn an_edge_to_a_worker_opens_nothing_and_is_an_error() {
    let text = "
services:
  a: { ports: 80, uses: [w] }
  w: { image: w:1 }
  s: { ports: 80, sidecars: { p: { image: p:1, ports: { side: 81 } } }, callers: [{ ops: { ports: [9000, side] } }] }
";
    let all = made(text);
    assert_eq!(
        all.object("NetworkPolicy/w")["spec"]["ingress"],
        Value::Null
    );
    assert_eq!(all.object("NetworkPolicy/a")["spec"]["egress"], Value::Null);
    let asked = all.object("NetworkPolicy/s")["spec"]["ingress"][0]["ports"].clone();
    let asked: Vec<_> = asked
        .as_array()
        .expect("ports")
        .iter()
        .map(|port| port["port"].clone())
        .collect();
    assert_eq!(asked, [json!(9000), json!(81)]);
    assert!(all.findings().contains(&"nothing-listens"));
}

#[test]
fn callers_of_a_worker_are_told_only_where_it_names_them_itself() {
    let own = made("services: { w: { callers: [ops] } }");
    assert_eq!(
        own.object("NetworkPolicy/w")["spec"]["ingress"],
        Value::Null
    );
    assert!(own.findings().contains(&"nothing-listens"));
    let of_all = made(
        "
defaults: { callers: [ops] }
services:
  w: { scale: single }
",
    );
    assert_eq!(
        of_all.object("NetworkPolicy/w")["spec"]["ingress"],
        Value::Null
    );
    assert!(!of_all.findings().contains(&"nothing-listens"));
}

/// Holds V4. A namespace was let in as any identity on that port.
#[test]
fn the_mesh_lets_in_a_namespace_by_its_name() {
    let made = made(
        "
services: { a: { ports: 80, callers: [ops] } }
platform: { mesh: istio }
",
    );
    let rule = made.object("AuthorizationPolicy/a")["spec"]["rules"][0].clone();
    assert_eq!(rule["from"], json!([{"source": {"namespaces": ["ops"]}}]));
    assert_eq!(rule["to"], json!([{"operation": {"ports": ["80"]}}]));
}
