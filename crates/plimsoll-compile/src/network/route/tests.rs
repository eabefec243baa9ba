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

/// The paths of gRPC routes were left out: all came to the first service.
#[test]
fn paths_of_grpc_are_services_and_methods() {
    let text = "
services: { pub: { ports: { grpc: 9000 } }, adm: { ports: { grpc: 9000 } } }
routes:
  g: { hosts: grpc.example.org, paths: { /: pub, /shop.Catalog: pub, =/shop.Admin/Ban: adm } }
";
    assert_valid(text);
    let made = made(text);
    let rules = made.object("GRPCRoute/g")["spec"]["rules"].clone();
    assert_eq!(rules[0]["matches"], json!(null));
    assert_eq!(
        rules[1]["matches"],
        json!([{"method": {"service": "shop.Catalog"}}])
    );
    let ban = json!([{"method": {"service": "shop.Admin", "method": "Ban"}}]);
    assert_eq!(rules[2]["matches"], ban);
    assert_eq!(rules[2]["backendRefs"][0]["name"], "adm");
}

/// Gateway API refuses one of two routes of both kinds for one host.
#[test]
fn a_host_with_more_than_grpc_has_routes_of_http_alone() {
    let text = "
services: { api: { ports: { http: 80, grpc: 9000 } } }
routes:
  main: { hosts: a.example.org, paths: { /: api, /shop.Catalog: 'api:grpc' } }
  more: { hosts: a.example.org, paths: { /shop.Admin: 'api:grpc' } }
";
    assert_valid(text);
    let made = made(text);
    assert!(!made.has("GRPCRoute/main") && !made.has("GRPCRoute/more"));
    let rule = made.object("HTTPRoute/more")["spec"]["rules"][0].clone();
    assert_eq!(
        rule["matches"][0]["path"],
        json!({"type": "PathPrefix", "value": "/shop.Admin"})
    );
    assert_eq!(rule["backendRefs"][0]["port"], 9000);
}

#[test]
fn what_a_route_of_grpc_cannot_say_a_route_of_http_does() {
    let text = "
services: { api: { ports: { grpc: 9000 } } }
routes: { g: { hosts: a.example.org, paths: { /shop.Catalog: { to: api, stream: false, timeout: 5s } } } }
";
    let made = made(text);
    let rule = made.object("HTTPRoute/g")["spec"]["rules"][0].clone();
    assert_eq!(rule["timeouts"]["request"], "5s");
}

#[test]
fn a_redirect_has_port_and_path_and_a_query_is_told() {
    let text = "
services: { api: { ports: 8080 } }
routes:
  main:
    hosts: a.example.org
    paths: { /: api, /docs: 'https://docs.example.org:8443/v2', /old: 'https://b.example' }
";
    assert_valid(text);
    let all = made(text);
    let rules = all.object("HTTPRoute/main")["spec"]["rules"].clone();
    let redirect = |at: usize| rules[at]["filters"][0]["requestRedirect"].clone();
    assert_eq!(
        redirect(1),
        json!({
            "scheme": "https", "hostname": "docs.example.org", "port": 8443, "statusCode": 308,
            "path": {"type": "ReplaceFullPath", "replaceFullPath": "/v2"},
        })
    );
    assert_eq!(
        redirect(2),
        json!({"scheme": "https", "hostname": "b.example", "statusCode": 308})
    );
    let asked = made(&text.replace("/v2", "/v2?x=1"));
    assert!(asked.findings().contains(&"broken-redirect"));
}

#[test]
fn a_path_that_leads_nowhere_answers_404_by_envoy_and_is_told_elsewhere() {
    let text = "
services: { api: { ports: 8080 } }
routes: { main: { hosts: a.example.org, paths: { /: api, /x: none } } }
";
    assert_valid(text);
    let envoy = made(text);
    let filter = envoy.object("HTTPRoute/main")["spec"]["rules"][1]["filters"][0].clone();
    assert_eq!(filter["extensionRef"]["name"], "main-none");
    let answer = envoy.object("HTTPRouteFilter/main-none")["spec"]["directResponse"].clone();
    assert_eq!(answer, json!({"statusCode": 404}));
    assert!(!envoy.findings().contains(&"none-answers-500"));
    let istio = made(&format!("{text}platform: {{ gateway: istio }}\n"));
    assert!(istio.findings().contains(&"none-answers-500"));
}

/// Envoy never ended a stream on which nothing was said: `timeout` was lost.
#[test]
fn envoy_ends_a_stream_on_which_nothing_was_said() {
    let text = "
services: { api: { ports: { http: 8080, grpc: 9000 } } }
routes:
  main: { hosts: a.example.org, paths: { /: api, /ws: { to: api, stream: true, timeout: 7h } } }
  g: { hosts: g.example.org, paths: { /: 'api:grpc' } }
";
    assert_valid(text);
    let made = made(text);
    let idle = made.object("BackendTrafficPolicy/main-1")["spec"].clone();
    assert_eq!(idle["targetRefs"][0]["sectionName"], "rule-1");
    assert_eq!(
        idle["timeout"],
        json!({"http": {"streamIdleTimeout": "7h"}})
    );
    assert!(!made.has("BackendTrafficPolicy/main"));
    let grpc = made.object("BackendTrafficPolicy/g")["spec"].clone();
    assert_eq!(grpc["targetRefs"][0]["kind"], "GRPCRoute");
    let times = json!({"http": {"requestTimeout": "0s", "streamIdleTimeout": "1h"}});
    assert_eq!(grpc["timeout"], times);
}

/// A rule that replaces a prefix has exactly one match, and an exact path has no prefix.
#[test]
fn a_rewrite_is_one_that_gateways_take() {
    let text = "
services: { api: { ports: 8080 } }
routes:
  main:
    hosts: a.example.org
    paths: { /a: { to: api, rewrite: /b, methods: [GET, POST] }, =/c: { to: api, rewrite: /d, rate: 1/s } }
";
    assert_valid(text);
    let made = made(text);
    let rules = made.object("HTTPRoute/main")["spec"]["rules"].clone();
    let names: Vec<_> = rules
        .as_array()
        .expect("rules")
        .iter()
        .map(|rule| rule["name"].clone())
        .collect();
    assert_eq!(names, ["rule-0-get", "rule-0-post", "rule-1"]);
    assert_eq!(rules[0]["matches"].as_array().map(Vec::len), Some(1));
    let path = rules[2]["filters"][0]["urlRewrite"]["path"].clone();
    assert_eq!(
        path,
        json!({"type": "ReplaceFullPath", "replaceFullPath": "/d"})
    );
}
