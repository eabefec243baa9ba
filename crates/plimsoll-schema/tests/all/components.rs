//! The embedded kinds of components.
use plimsoll_schema::{ListKind, Minor, Path, components, find_kind, kubernetes, validate_object};
use serde_json::{Value, json};

fn problems(object: &Value) -> Vec<String> {
    let problems = validate_object(components(), object, Minor::LAST);
    problems
        .iter()
        .map(|problem| format!("{}: {}", problem.path, problem.kind))
        .collect()
}

#[test]
fn a_sound_route_has_no_problems() {
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {
            "parentRefs": [{"name": "edge", "namespace": "edge"}],
            "hostnames": ["shop.example.org"],
            "rules": [{
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "timeouts": {"request": "30s"},
                "backendRefs": [{"name": "shop", "port": 80, "weight": 1}]
            }]
        }
    });
    assert_eq!(problems(&route), Vec::<String>::new());
}

#[test]
fn a_misspelt_route_is_refused() {
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "shop"},
        "spec": {"rules": [{"matches": [{"path": {"type": "Prefix"}}], "backendRefs": [{"port": "80"}]}]}
    });
    let expected = [
        "spec.rules[0].matches[0].path.type: must be one of Exact, PathPrefix, RegularExpression",
        "spec.rules[0].backendRefs[0].port: expected an integer of 32 bits, found a text",
        "spec.rules[0].backendRefs[0].name: required value is missing",
    ];
    assert_eq!(problems(&route), expected);
}

#[test]
fn listeners_of_a_gateway_are_told_apart_by_name() {
    let table = components();
    let gateway = table
        .kind("gateway.networking.k8s.io", "v1", "Gateway")
        .unwrap();
    let listeners = table.list_kind(gateway, &Path::of_fields("spec.listeners"));
    assert_eq!(
        listeners,
        Some(&ListKind::Map {
            keys: vec!["name".into()]
        })
    );
}

#[test]
fn a_rollout_scales_and_is_held_to_its_schema() {
    let rollout = components()
        .kind_info("argoproj.io", "v1alpha1", "Rollout")
        .unwrap();
    assert_eq!(rollout.subresource("scale").unwrap().kind, "Scale");
    assert_eq!(rollout.short_names, ["ro"]);
    let object = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": {"name": "shop"},
        "spec": {"strategy": {"canary": {"setps": []}}}});
    assert_eq!(
        problems(&object),
        ["spec.strategy.canary.setps: unknown field; did you mean `steps`?"]
    );
}

#[test]
fn every_component_is_there() {
    let kinds = [
        ("cert-manager.io", "v1", "Certificate"),
        ("external-secrets.io", "v1", "ExternalSecret"),
        ("keda.sh", "v1alpha1", "ScaledObject"),
        ("postgresql.cnpg.io", "v1", "Cluster"),
        ("cilium.io", "v2", "CiliumNetworkPolicy"),
        ("argoproj.io", "v1alpha1", "Application"),
        ("monitoring.coreos.com", "v1", "ServiceMonitor"),
        ("bitnami.com", "v1alpha1", "SealedSecret"),
        ("security.istio.io", "v1", "AuthorizationPolicy"),
        ("velero.io", "v1", "Schedule"),
    ];
    for (group, version, kind) in kinds {
        let name = format!("{group}/{version} {kind}");
        let (table, info) = find_kind(&format!("{group}/{version}"), kind).expect(&name);
        assert!(std::ptr::eq(table, components()), "{name}");
        assert!(table.get(info.ty).field("metadata").is_some(), "{name}");
    }
    let (table, _) = find_kind("v1", "Pod").unwrap();
    assert!(std::ptr::eq(table, kubernetes()));
}
