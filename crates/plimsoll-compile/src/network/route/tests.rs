//! What stands before routes, on parsed objects.

use crate::stores::tests::{assert_valid, made};
use serde_json::json;

const GUARDED: &str = "
services: { api: { ports: 8080 } }
routes:
  main:
    hosts: a.example.org
    paths: { /: api }
    rate: 100/s
    body: 10Mi
    allow: [192.0.2.0/24]
    auth: { basic: DOOR }
secrets: { DOOR: { kind: password } }
platform: { gateway: ";

fn guarded(gateway: &str) -> String {
    format!("{GUARDED}{gateway} }}")
}

/// Holds S3, V5.
#[test]
fn envoy_is_told_by_policies_attached_to_the_route() {
    let text = guarded("{ use: envoy, tls: modern }");
    assert_valid(&text);
    let made = made(&text);
    let security = &made.object("SecurityPolicy/main")["spec"];
    assert_eq!(security["targetRefs"][0]["kind"], "HTTPRoute");
    assert_eq!(security["basicAuth"]["users"]["name"], "door");
    assert_eq!(security["authorization"]["defaultAction"], "Deny");
    let principal = &security["authorization"]["rules"][0]["principal"];
    assert_eq!(principal["clientCIDRs"], json!(["192.0.2.0/24"]));
    let traffic = &made.object("BackendTrafficPolicy/main")["spec"];
    assert_eq!(traffic["requestBuffer"]["limit"], "10Mi");
    let rule = &traffic["rateLimit"]["local"]["rules"][0];
    assert_eq!(rule["limit"], json!({"requests": 100, "unit": "Second"}));
    assert_eq!(rule["clientSelectors"][0]["sourceCIDR"]["type"], "Distinct");
    let tls = &made.object("ClientTrafficPolicy/shop")["spec"]["tls"];
    assert_eq!(*tls, json!({"minVersion": "1.3"}));
    let key = ("shop".into(), "door".into());
    let secret = made
        .compiled
        .secrets
        .get(&key)
        .expect("a Secret beside the route");
    assert_eq!(
        secret.keys.keys().collect::<Vec<_>>(),
        ["password", ".htpasswd"]
    );
}

/// Holds V5.
#[test]
fn old_clients_get_strong_ciphers_alone() {
    let text = "
services: { api: { ports: 8080 } }
routes: { main: { hosts: a.example.org, paths: { /: api } } }
";
    assert_valid(text);
    let tls = made(text).object("ClientTrafficPolicy/shop")["spec"]["tls"].clone();
    assert_eq!(tls["minVersion"], "1.2");
    let ciphers = tls["ciphers"].as_array().expect("ciphers");
    assert!(
        ciphers
            .iter()
            .all(|cipher| cipher.as_str().is_some_and(|c| c.starts_with("ECDHE")))
    );
}

/// Holds S3.
#[test]
fn traefik_is_told_by_middlewares_that_the_rules_name() {
    let text = guarded("traefik");
    assert_valid(&text);
    let made = made(&text);
    let filters = made.object("HTTPRoute/main")["spec"]["rules"][0]["filters"].clone();
    let names: Vec<_> = filters
        .as_array()
        .expect("filters")
        .iter()
        .map(|filter| {
            filter["extensionRef"]["name"]
                .as_str()
                .expect("a name")
                .to_owned()
        })
        .collect();
    assert_eq!(
        names,
        ["main-allow", "main-rate", "main-body", "main-login"]
    );
    let rate = made.object("Middleware/main-rate")["spec"]["rateLimit"].clone();
    assert_eq!(rate, json!({"average": 100, "burst": 100, "period": "1s"}));
    let login = made.object("Middleware/main-login")["spec"]["basicAuth"].clone();
    assert_eq!(login["secret"], "door");
    let key = ("shop".into(), "door".into());
    let secret = made
        .compiled
        .secrets
        .get(&key)
        .expect("a Secret beside the route");
    assert!(secret.keys.contains_key("users"));
}

#[test]
fn istio_refuses_other_addresses_at_the_gateway() {
    let text = guarded("istio");
    assert_valid(&text);
    let policy = made(&text).object("AuthorizationPolicy/main-allow")["spec"].clone();
    assert_eq!(policy["action"], "DENY");
    let rule = &policy["rules"][0];
    assert_eq!(
        rule["from"][0]["source"]["notRemoteIpBlocks"],
        json!(["192.0.2.0/24"])
    );
    assert_eq!(
        rule["to"][0]["operation"]["hosts"],
        json!(["a.example.org"])
    );
}

#[test]
fn paths_with_guards_of_their_own_are_told_apart() {
    let text = "
services: { api: { ports: 8080 } }
routes:
  main:
    hosts: a.example.org
    rate: 100/s
    paths: { /: api, /login: { to: api, rate: 5/m } }
";
    assert_valid(text);
    let made = made(text);
    let names = made.object("HTTPRoute/main")["spec"]["rules"].clone();
    assert_eq!(names[1]["name"], "rule-1");
    let slow = &made.object("BackendTrafficPolicy/main-1")["spec"];
    assert_eq!(slow["targetRefs"][0]["sectionName"], "rule-1");
    let limit = &slow["rateLimit"]["local"]["rules"][0]["limit"];
    assert_eq!(*limit, json!({"requests": 5, "unit": "Minute"}));
}
