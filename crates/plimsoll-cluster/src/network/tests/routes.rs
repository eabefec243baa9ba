//! Requests through Gateways and Ingresses.

use super::{allow_dns, default_deny, named, policy, prepared, serve, stopped};
use crate::controllers::testing::World;
use crate::models::platform::Component;
use crate::network::{Answer, Request, Walk, route, routes};
use serde_json::{Value, json};

const HOST: &str = "shop.example";

/// A shop behind Envoy Gateway with a certificate from cert-manager, under default deny.
fn shop() -> World {
    let mut world = prepared(&[Component::named("envoy"), Component::named("cert-manager")]);
    default_deny(&mut world);
    allow_dns(&mut world);
    serve(&mut world, "web", 8080);
    policy(
        &mut world,
        "web",
        json!({"podSelector": named("web"), "policyTypes": ["Ingress"], "ingress": [{
            "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "envoy-gateway-system"}}}],
            "ports": [{"port": "http"}],
        }]}),
    );
    world.create(json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "shop", "annotations": {"cert-manager.io/cluster-issuer": "self-signed"}},
        "spec": {"gatewayClassName": "envoy", "listeners": [
            {"name": "http", "port": 80, "protocol": "HTTP", "hostname": HOST},
            {"name": "https", "port": 443, "protocol": "HTTPS", "hostname": HOST, "tls": {"mode": "Terminate", "certificateRefs": [{"name": "shop-tls"}]}},
        ]},
    }));
    world.create(http_route("main", "https", json!([
        {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": [{"name": "web", "port": 80}]},
    ])));
    world.create(http_route("main-redirect", "http", json!([
        {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]},
    ])));
    world.pass(120);
    world
}

fn http_route(name: &str, section: &str, rules: serde_json::Value) -> serde_json::Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name},
        "spec": {"parentRefs": [{"name": "shop", "sectionName": section}], "hostnames": [HOST], "rules": rules},
    })
}

fn ask(world: &World) -> Walk {
    route(&world.state, &Request::get(HOST, "/cart"))
}

#[test]
fn a_request_arrives_at_a_ready_pod_through_every_link() {
    let walk = ask(&shop());
    assert!(walk.arrived(), "{walk:?}");
    let kinds: Vec<_> = walk
        .steps
        .iter()
        .map(|step| step.object.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "GatewayClass",
            "Gateway",
            "Secret",
            "HTTPRoute",
            "Service",
            "NetworkPolicy",
            "Pod"
        ]
    );
}

#[test]
fn plain_http_is_sent_to_https() {
    let walk = route(&shop().state, &Request::get(HOST, "/cart").plain());
    let location = "https://shop.example/cart".to_owned();
    assert_eq!(
        walk.answer,
        Some(Answer::Redirect {
            status: 301,
            location
        })
    );
}

#[test]
fn every_declared_request_is_listed_and_arrives() {
    let world = shop();
    let declared = routes(&world.state);
    let listed: Vec<_> = declared
        .iter()
        .map(|d| (d.host.as_str(), d.path.as_str(), d.tls))
        .collect();
    assert_eq!(listed, [(HOST, "/", false), (HOST, "/", true)]);
    assert!(
        declared
            .iter()
            .all(|d| route(&world.state, &d.request()).arrived())
    );
}

#[test]
fn the_controller_says_what_it_did() {
    let world = shop();
    let gateway = world.get("gateway.networking.k8s.io/Gateway", "shop");
    assert_eq!(
        crate::object::condition(&gateway, "Programmed"),
        Some("True")
    );
    assert_eq!(gateway["status"]["listeners"][1]["attachedRoutes"], 1);
    let route = world.get("gateway.networking.k8s.io/HTTPRoute", "main");
    let conditions = &route["status"]["parents"][0]["conditions"];
    assert_eq!(
        (&conditions[0]["type"], &conditions[0]["status"]),
        (&json!("Accepted"), &json!("True"))
    );
    assert_eq!(
        (&conditions[1]["type"], &conditions[1]["status"]),
        (&json!("ResolvedRefs"), &json!("True"))
    );
}

#[test]
fn an_unknown_host_is_nobodys() {
    let walk = route(&shop().state, &Request::get("other.example", "/"));
    assert_eq!(
        stopped(&walk),
        "Host other.example: no Gateway or Ingress takes https://other.example"
    );
}

#[test]
fn without_its_class_a_gateway_does_not_answer() {
    let mut world = shop();
    let options = crate::state::DeleteOptions::default();
    world
        .state
        .delete(
            "gateway.networking.k8s.io/GatewayClass",
            "",
            "envoy",
            &options,
        )
        .expect("deleted");
    assert_eq!(stopped(&ask(&world)), "GatewayClass envoy: does not exist");
}

#[test]
fn a_class_that_nobody_attends_does_not_answer() {
    let mut world = prepared(&[Component::named("envoy")]);
    world.create(json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "odd"}, "spec": {"controllerName": "odd.example/c"}}));
    world.create(json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "shop"},
        "spec": {"gatewayClassName": "odd", "listeners": [{"name": "https", "port": 443, "protocol": "HTTPS"}]},
    }));
    world.pass(60);
    assert_eq!(
        stopped(&ask(&world)),
        "GatewayClass odd: nobody attends to the controller odd.example/c"
    );
}

#[test]
fn without_its_certificate_https_does_not_answer() {
    let mut world = shop();
    world.edit("gateway.networking.k8s.io/Gateway", "shop", |gateway| {
        gateway["metadata"]["annotations"] = json!({});
        gateway["spec"]["listeners"][1]["tls"]["certificateRefs"][0]["name"] = json!("other-tls");
    });
    world.pass(60);
    assert_eq!(
        stopped(&ask(&world)),
        "Secret app/other-tls: does not exist: no certificate"
    );
    let gateway = world.get("gateway.networking.k8s.io/Gateway", "shop");
    let resolved = gateway["status"]["listeners"][1]["conditions"]
        .as_array()
        .and_then(|all| all.iter().find(|c| c["type"] == "ResolvedRefs").cloned());
    assert_eq!(
        resolved.expect("a condition")["reason"],
        "InvalidCertificateRef"
    );
}

#[test]
fn a_certificate_of_the_wrong_type_is_none() {
    let mut world = shop();
    world.create(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "odd"}, "type": "Opaque", "data": {"tls.crt": "YQ=="}}));
    world.edit("gateway.networking.k8s.io/Gateway", "shop", |gateway| {
        gateway["spec"]["listeners"][1]["tls"]["certificateRefs"][0]["name"] = json!("odd");
    });
    assert_eq!(
        stopped(&ask(&world)),
        "Secret app/odd: has the type Opaque, not kubernetes.io/tls"
    );
}

#[test]
fn without_a_route_the_gateway_says_404() {
    let mut world = shop();
    world.delete("gateway.networking.k8s.io/HTTPRoute", "main");
    assert_eq!(
        stopped(&ask(&world)),
        "Gateway app/shop: no attached route takes shop.example/cart: it answers 404"
    );
}

#[test]
fn a_route_of_another_namespace_needs_the_listeners_leave() {
    let mut world = shop();
    world.edit("gateway.networking.k8s.io/Gateway", "shop", |gateway| {
        gateway["spec"]["listeners"][1]["allowedRoutes"] = json!({"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "a"}}}});
    });
    assert_eq!(
        stopped(&ask(&world)),
        "Gateway app/shop: no attached route takes shop.example/cart: it answers 404"
    );
    world.pass(5);
    let route = world.get("gateway.networking.k8s.io/HTTPRoute", "main");
    assert_eq!(
        route["status"]["parents"][0]["conditions"][0]["reason"],
        "NotAllowedByListeners"
    );
}

#[test]
fn a_backend_that_does_not_exist_stops_the_request() {
    let mut world = shop();
    world.delete("Service", "web");
    world.pass(5);
    assert_eq!(stopped(&ask(&world)), "Service app/web: does not exist");
    let route = world.get("gateway.networking.k8s.io/HTTPRoute", "main");
    assert_eq!(
        route["status"]["parents"][0]["conditions"][1]["reason"],
        "BackendNotFound"
    );
}

#[test]
fn a_port_that_the_service_lacks_stops_the_request() {
    let mut world = shop();
    world.edit("gateway.networking.k8s.io/HTTPRoute", "main", |route| {
        route["spec"]["rules"][0]["backendRefs"][0]["port"] = json!(81);
    });
    assert_eq!(
        stopped(&ask(&world)),
        "Service app/web: has no port 81; it has http 80"
    );
}

#[test]
fn a_backend_in_another_namespace_needs_a_grant() {
    let mut world = shop();
    world.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}));
    world.create(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "other", "name": "far"},
        "spec": {"selector": {"app": "far"}, "ports": [{"port": 80}]},
    }));
    world.edit("gateway.networking.k8s.io/HTTPRoute", "main", |route| {
        route["spec"]["rules"][0]["backendRefs"] =
            json!([{"name": "far", "namespace": "other", "port": 80}]);
    });
    world.pass(5);
    assert_eq!(
        stopped(&ask(&world)),
        "Service other/far: no ReferenceGrant in other lets HTTPRoute of app use it"
    );
    world.create(json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "ReferenceGrant", "metadata": {"namespace": "other", "name": "g"},
        "spec": {"from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "app"}], "to": [{"group": "", "kind": "Service"}]},
    }));
    assert_eq!(stopped(&ask(&world)), "Service other/far: selects no pod");
}

#[test]
fn without_a_ready_pod_nobody_answers() {
    let mut world = shop();
    world.edit("apps/Deployment", "web", |web| {
        web["spec"]["replicas"] = json!(0);
    });
    world.pass(120);
    assert_eq!(stopped(&ask(&world)), "Service app/web: selects no pod");
}

#[test]
fn without_its_policy_the_pod_is_cut_from_the_gateway() {
    let mut world = shop();
    world.delete("networking.k8s.io/NetworkPolicy", "web");
    let why = stopped(&ask(&world));
    assert!(why.starts_with("NetworkPolicy app/default-deny: does not let the Envoy Gateway proxy in envoy-gateway-system to pod app/web-"), "{why}");
    assert!(why.ends_with("on TCP 8080 in"), "{why}");
}

#[test]
fn a_policy_for_the_services_port_is_no_policy_for_the_pods_port() {
    let mut world = shop();
    world.edit("networking.k8s.io/NetworkPolicy", "web", |p| {
        p["spec"]["ingress"][0]["ports"] = json!([{"port": 80, "protocol": "TCP"}]);
    });
    assert!(stopped(&ask(&world)).starts_with("NetworkPolicy app/default-deny"));
}

#[test]
fn a_rule_without_backends_answers_500() {
    let mut world = shop();
    world.edit("gateway.networking.k8s.io/HTTPRoute", "main", |route| {
        route["spec"]["rules"][0] =
            json!({"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]});
    });
    assert_eq!(ask(&world).answer, Some(Answer::Status(500)));
}

#[test]
fn a_redirect_may_replace_host_and_prefix() {
    let mut world = shop();
    world.edit("gateway.networking.k8s.io/HTTPRoute", "main", |route| {
        route["spec"]["rules"][0] = json!({
            "matches": [{"path": {"type": "PathPrefix", "value": "/cart"}}],
            "filters": [{"type": "RequestRedirect", "requestRedirect": {
                "hostname": "new.example", "statusCode": 308, "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/basket"},
            }}],
        });
    });
    let walk = route(&world.state, &Request::get(HOST, "/cart/7"));
    let location = "https://new.example/basket/7".to_owned();
    assert_eq!(
        walk.answer,
        Some(Answer::Redirect {
            status: 308,
            location
        })
    );
}

/// A shop behind an Ingress.
fn ingress_shop() -> World {
    let mut world = prepared(&[
        Component::named("ingress-nginx"),
        Component::named("cert-manager"),
    ]);
    serve(&mut world, "web", 8080);
    world.create(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "main", "annotations": {"cert-manager.io/cluster-issuer": "self-signed"}},
        "spec": {"ingressClassName": "nginx", "tls": [{"hosts": [HOST], "secretName": "shop-tls"}], "rules": [{"host": HOST, "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"name": "http"}}}},
        ]}}]},
    }));
    world.pass(120);
    world
}

#[test]
fn an_ingress_answers_and_sends_plain_http_to_https() {
    let world = ingress_shop();
    assert!(ask(&world).arrived(), "{:?}", ask(&world));
    let plain = route(&world.state, &Request::get(HOST, "/cart").plain());
    assert_eq!(
        plain.answer,
        Some(Answer::Redirect {
            status: 308,
            location: "https://shop.example/cart".to_owned()
        })
    );
    assert_eq!(
        world.get("networking.k8s.io/Ingress", "main")["status"]["loadBalancer"]["ingress"][0]["ip"],
        "198.51.100.5"
    );
}

#[test]
fn an_ingress_of_a_missing_class_does_not_answer() {
    let mut world = ingress_shop();
    world.edit("networking.k8s.io/Ingress", "main", |ingress| {
        ingress["spec"]["ingressClassName"] = json!("other");
    });
    assert_eq!(stopped(&ask(&world)), "IngressClass other: does not exist");
}

#[test]
fn an_ingress_without_tls_has_no_certificate() {
    let mut world = ingress_shop();
    world.edit("networking.k8s.io/Ingress", "main", |ingress| {
        ingress["metadata"]["annotations"] = json!({});
        ingress["spec"]
            .as_object_mut()
            .expect("a spec")
            .shift_remove("tls");
    });
    assert_eq!(
        stopped(&ask(&world)),
        "Ingress app/main: names no certificate for shop.example"
    );
    assert!(route(&world.state, &Request::get(HOST, "/").plain()).arrived());
}

/// What is beside the Ingress of a shop: paths that its controller answers by itself.
fn beside(world: &mut World, name: &str, path: &str, annotations: &Value) {
    world.create(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"ingressClassName": "nginx", "tls": [{"hosts": [HOST], "secretName": "shop-tls"}], "rules": [{"host": HOST, "http": {"paths": [
            {"path": path, "pathType": if path.contains('(') { "ImplementationSpecific" } else { "Prefix" }, "backend": {"service": {"name": "web", "port": {"name": "http"}}}},
        ]}}]},
    }));
    world.pass(10);
}

#[test]
fn a_path_of_an_ingress_that_lets_nobody_in_never_reaches_the_service() {
    let mut world = ingress_shop();
    beside(
        &mut world,
        "closed",
        "/admin",
        &json!({
            "nginx.ingress.kubernetes.io/denylist-source-range": "0.0.0.0/0,::/0",
            "nginx.ingress.kubernetes.io/custom-http-errors": "403",
        }),
    );
    let at = |path: &str| route(&world.state, &Request::get(HOST, path)).answer;
    assert_eq!(at("/admin"), Some(Answer::Status(404)));
    assert_eq!(at("/admin/users"), Some(Answer::Status(404)));
    assert!(matches!(at("/administration"), Some(Answer::Pod(_))));
}

#[test]
fn a_rewrite_makes_patterns_of_all_paths_of_its_host() {
    let mut world = ingress_shop();
    beside(
        &mut world,
        "old",
        "/old[.]x(/(.*))?$",
        &json!({"nginx.ingress.kubernetes.io/rewrite-target": "https://b.example/new$1"}),
    );
    let at = |path: &str| route(&world.state, &Request::get(HOST, path)).answer;
    let moved = |to: &str| {
        Some(Answer::Redirect {
            status: 302,
            location: format!("https://b.example/new{to}"),
        })
    };
    assert_eq!(at("/old.x/a?b=c"), moved("/a?b=c"));
    assert_eq!(at("/OLD.x"), moved(""));
    assert!(matches!(at("/old.xy"), Some(Answer::Pod(_))));
    let declared = routes(&world.state);
    assert!(declared.iter().any(|declared| declared.path == "/old.x"));
}
