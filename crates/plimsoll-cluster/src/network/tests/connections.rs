//! Connections inside the cluster: every declared edge arrives, every other is cut.

use super::{allow_dns, default_deny, named, pod_of, policy, prepared, serve, stopped};
use crate::controllers::testing::World;
use crate::models::platform::Component;
use crate::network::{Answer, PortRef, Target, Walk, connection, dns, probes, scrape};
use serde_json::{Value, json};

/// `web` uses `db` under default deny; `job` uses nobody.
fn shop() -> World {
    let mut world = prepared(&[]);
    default_deny(&mut world);
    allow_dns(&mut world);
    serve(&mut world, "web", 8080);
    serve(&mut world, "db", 5432);
    serve(&mut world, "job", 9000);
    policy(
        &mut world,
        "web",
        json!({"podSelector": named("web"), "policyTypes": ["Egress"], "egress": [
            {"to": [{"podSelector": named("db")}], "ports": [{"port": 5432}]},
        ]}),
    );
    policy(
        &mut world,
        "db",
        json!({"podSelector": named("db"), "policyTypes": ["Ingress"], "ingress": [
            {"from": [{"podSelector": named("web")}], "ports": [{"port": 5432}]},
        ]}),
    );
    world.pass(120);
    world
}

fn call(world: &World, from: &str, to: &str) -> Walk {
    let target = Target::Service {
        namespace: "app".to_owned(),
        name: to.to_owned(),
        port: PortRef::Number(80),
    };
    connection(&world.state, &pod_of(world, from), &target)
}

/// Holds V4, S7.
#[test]
fn a_declared_edge_arrives_and_every_other_pair_is_cut() {
    let world = shop();
    let names = ["web", "db", "job"];
    for from in names {
        for to in names.into_iter().filter(|to| *to != from) {
            let walk = call(&world, from, to);
            assert_eq!(
                walk.arrived(),
                (from, to) == ("web", "db"),
                "{from} to {to}: {walk:?}"
            );
        }
    }
}

#[test]
fn without_egress_the_caller_is_cut() {
    let mut world = shop();
    world.delete("networking.k8s.io/NetworkPolicy", "web");
    let why = stopped(&call(&world, "web", "db"));
    assert!(
        why.starts_with("NetworkPolicy app/default-deny: does not let pod app/web-"),
        "{why}"
    );
    assert!(why.ends_with("on TCP 5432 out (nor does dns)"), "{why}");
}

#[test]
fn without_ingress_the_callee_is_cut() {
    let mut world = shop();
    world.delete("networking.k8s.io/NetworkPolicy", "db");
    assert!(stopped(&call(&world, "web", "db")).ends_with("on TCP 5432 in"));
}

#[test]
fn without_dns_no_name_is_found() {
    let mut world = shop();
    world.delete("networking.k8s.io/NetworkPolicy", "dns");
    let why = stopped(&call(&world, "web", "db"));
    assert!(why.contains("to pod kube-system/coredns-"), "{why}");
}

#[test]
fn dns_by_udp_alone_is_not_enough() {
    let mut world = shop();
    world.edit("networking.k8s.io/NetworkPolicy", "dns", |p| {
        p["spec"]["egress"][0]["ports"] = json!([{"port": 53, "protocol": "UDP"}]);
    });
    assert!(stopped(&dns(&world.state, &pod_of(&world, "web"))).contains("on TCP 53 out"));
}

fn host(world: &World, name: &str, port: u16) -> Walk {
    connection(
        &world.state,
        &pod_of(world, "web"),
        &Target::Host {
            name: name.to_owned(),
            port,
        },
    )
}

#[test]
fn every_form_of_a_services_name_is_found() {
    let world = shop();
    for name in [
        "db",
        "db.app",
        "db.app.svc",
        "db.app.svc.cluster.local",
        "db.app.svc.cluster.local.",
    ] {
        assert!(
            host(&world, name, 80).arrived(),
            "{name}: {:?}",
            host(&world, name, 80)
        );
    }
    assert_eq!(
        stopped(&host(&world, "dbb", 80)),
        "Service app/dbb: does not exist, so dbb is no name"
    );
    assert_eq!(
        stopped(&host(&world, "db", 5432)),
        "Service app/db: has no port 5432; it has http 80"
    );
}

#[test]
fn a_name_outside_is_cut_until_its_addresses_are_allowed() {
    let mut world = shop();
    assert!(stopped(&host(&world, "api.example.org", 443)).contains("on TCP 443 out"));
    policy(
        &mut world,
        "outside",
        json!({"podSelector": named("web"), "policyTypes": ["Egress"], "egress": [
            {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]}}], "ports": [{"port": 443}]},
        ]}),
    );
    assert_eq!(
        host(&world, "api.example.org", 443).answer,
        Some(Answer::Outside("api.example.org".to_owned()))
    );
    assert!(
        !connection(&world.state, &pod_of(&world, "web"), &Target::ApiServer).arrived(),
        "its address is private"
    );
}

#[test]
fn the_api_server_is_reached_by_its_own_address_and_port() {
    let mut world = shop();
    policy(
        &mut world,
        "api-server",
        json!({"podSelector": named("web"), "policyTypes": ["Egress"], "egress": [{"ports": [{"port": 6443}]}]}),
    );
    let walk = connection(&world.state, &pod_of(&world, "web"), &Target::ApiServer);
    assert!(walk.arrived(), "{walk:?}");
}

#[test]
fn a_port_that_no_container_declares_refuses() {
    let mut open = prepared(&[]);
    serve(&mut open, "web", 8080);
    serve(&mut open, "db", 5432);
    open.edit("Service", "db", |db| {
        db["spec"]["ports"][0]["targetPort"] = json!(9999);
    });
    open.pass(120);
    let why = stopped(&call(&open, "web", "db"));
    assert!(
        why.ends_with("no container declares TCP 9999: connection refused"),
        "{why}"
    );
}

#[test]
fn the_kubelets_probes_pass_default_deny() {
    let mut world = prepared(&[]);
    default_deny(&mut world);
    world.create(probed("http"));
    world.pass(60);
    let pod = world.state.list_in("Pod", "app").remove(0);
    assert!(
        probes(&world.state, &pod).arrived(),
        "{:?}",
        probes(&world.state, &pod)
    );
}

#[test]
fn a_probe_of_an_undeclared_port_never_arrives() {
    let mut world = prepared(&[]);
    world.create(probed("metrics"));
    world.pass(30);
    let pod = world.state.list_in("Pod", "app").remove(0);
    assert!(
        stopped(&probes(&world.state, &pod))
            .ends_with("asks the port \"metrics\", which no container declares")
    );
}

/// In Istio's ambient mode probes come from 169.254.7.127, and pods meet on 15008.
#[test]
fn in_ambient_mode_probes_and_calls_need_leave_of_their_own() {
    let mut world = shop();
    let mut namespace = Value::clone(
        &world
            .state
            .get("Namespace", "", "app")
            .expect("a namespace"),
    );
    namespace["metadata"]["labels"]["istio.io/dataplane-mode"] = json!("ambient");
    world.state.update("test", namespace).expect("labelled");
    assert!(stopped(&call(&world, "web", "db")).contains("on TCP 15008 out"));
    policy(
        &mut world,
        "mesh",
        json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"],
        "egress": [{"to": [{"podSelector": {}}], "ports": [{"port": 15008}]}],
        "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 15008}]}]}),
    );
    assert!(call(&world, "web", "db").arrived());
    let target = world.state.list_in("Pod", "app").remove(0);
    let mut pod = Value::clone(&target);
    pod["spec"]["containers"][0]["readinessProbe"] = json!({"tcpSocket": {"port": "http"}});
    let pod = std::sync::Arc::new(pod);
    assert!(stopped(&probes(&world.state, &pod)).contains("169.254.7.127"));
    policy(
        &mut world,
        "probes",
        json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"ipBlock": {"cidr": "169.254.7.127/32"}}]}]}),
    );
    assert!(probes(&world.state, &pod).arrived());
}

/// Under HBONE network policies see one port only: Istio's own policies cut what they cannot.
#[test]
fn in_the_mesh_an_authorization_policy_decides_by_service_account() {
    let mut world = prepared(&[Component::named("istio")]);
    serve(&mut world, "web", 8080);
    serve(&mut world, "db", 5432);
    world.pass(60);
    let mut namespace = Value::clone(
        &world
            .state
            .get("Namespace", "", "app")
            .expect("a namespace"),
    );
    namespace["metadata"]["labels"]["istio.io/dataplane-mode"] = json!("ambient");
    world.state.update("test", namespace).expect("labelled");
    assert!(call(&world, "web", "db").arrived());
    let rule = |account: &str, port: &str| json!([{"from": [{"source": {"principals": [format!("cluster.local/ns/app/sa/{account}")]}}], "to": [{"operation": {"ports": [port]}}]}]);
    let policy = |rules: Value| {
        json!({"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": "db"},
            "spec": {"selector": named("db"), "action": "ALLOW", "rules": rules}})
    };
    world.create(policy(rule("other", "5432")));
    assert!(
        stopped(&call(&world, "web", "db"))
            .starts_with("AuthorizationPolicy app/db: does not let pod app/web-")
    );
    world.edit("security.istio.io/AuthorizationPolicy", "db", |p| {
        p["spec"]["rules"] = rule("default", "5432");
    });
    assert!(
        call(&world, "web", "db").arrived(),
        "{:?}",
        call(&world, "web", "db")
    );
    world.edit("security.istio.io/AuthorizationPolicy", "db", |p| {
        p["spec"]["action"] = json!("DENY");
    });
    assert!(stopped(&call(&world, "web", "db")).contains("refuses to let"));
}

#[test]
fn a_scraper_needs_leave() {
    let mut world = shop();
    let monitor = json!({"kind": "ServiceMonitor", "metadata": {"namespace": "app", "name": "web"}, "spec": {
        "selector": {}, "endpoints": [{"port": "http"}],
    }});
    let scraper = crate::network::Party::workload(
        &world.state,
        "monitoring",
        std::collections::BTreeMap::new(),
    );
    assert!(
        stopped(&scrape(&world.state, &scraper, &monitor))
            .contains("pods of monitoring to pod app/db-")
    );
    policy(
        &mut world,
        "scrape",
        json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [
            {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]},
        ]}),
    );
    assert!(scrape(&world.state, &scraper, &monitor).arrived());
}

fn probed(port: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lone"}, "spec": {"containers": [{
        "name": "lone", "image": "example/lone:1", "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": port}},
    }]}})
}
