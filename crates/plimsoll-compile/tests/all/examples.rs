//! Rows of the requirements, asserted on parsed fields of the examples.

use crate::project::{compiled, default_world, read_well, text, world};
use plimsoll_source::Node;
use plimsoll_world::{Object, World};

fn object<'a>(world: &'a World, name: &str) -> &'a Object {
    world
        .find(name)
        .unwrap_or_else(|| panic!("there is {name}"))
}

fn at(object: &Object, path: &str) -> serde_json::Value {
    let found = plimsoll_world::why::find(&object.body, path);
    found.map_or(serde_json::Value::Null, Node::to_json)
}

fn in_environment(example: &str, environment: &str) -> World {
    let loaded = read_well(&text(example));
    let found = compiled(&loaded)
        .into_iter()
        .find(|(name, _)| name == environment);
    world(
        &found
            .unwrap_or_else(|| panic!("{example} has {environment}"))
            .1,
    )
}

/// Holds V1.
#[test]
fn the_api_of_traversion_scales_between_3_and_50_by_cpu_memory_and_requests() {
    let world = default_world(&text("traversion"));
    let deployment = object(&world, "Deployment/api");
    assert_eq!(at(deployment, "spec.replicas"), serde_json::Value::Null);
    let scaled = object(&world, "ScaledObject/api");
    assert_eq!(at(scaled, "spec.minReplicaCount"), 3);
    assert_eq!(at(scaled, "spec.maxReplicaCount"), 50);
    let kinds: Vec<_> = (0..3)
        .map(|n| at(scaled, &format!("spec.triggers[{n}].type")))
        .collect();
    assert_eq!(kinds, ["cpu", "memory", "prometheus"]);
    assert_eq!(
        at(
            object(&world, "PodDisruptionBudget/api"),
            "spec.maxUnavailable"
        ),
        "25%"
    );
}

/// Holds P3.
#[test]
fn the_graph_and_the_sockets_of_identity_platform_come_in_through_cilium() {
    let world = default_world(&text("identity-platform"));
    let gateway = object(&world, "Gateway/identity-platform");
    assert_eq!(at(gateway, "spec.gatewayClassName"), "cilium");
    for (route, host, path, backend, port, longest) in [
        (
            "graphql",
            "api.identity.dev",
            "/graphql",
            "graphql-bff",
            4000,
            "30s",
        ),
        // A socket stays open as long as its client does.
        ("live", "ws.identity.dev", "/", "websocket", 4100, "0s"),
    ] {
        let object_of_route = object(&world, &format!("HTTPRoute/{route}"));
        assert_eq!(at(object_of_route, "spec.hostnames[0]"), host);
        let rule = |path: &str| at(object_of_route, &format!("spec.rules[0].{path}"));
        assert_eq!(rule("matches[0].path.value"), path);
        assert_eq!(rule("backendRefs[0].name"), backend);
        assert_eq!(rule("backendRefs[0].port"), port);
        assert_eq!(rule("timeouts.request"), longest);
        // Cilium's proxy is an identity of its own, which no portable policy can name.
        let policy = object(&world, &format!("CiliumNetworkPolicy/{backend}"));
        assert_eq!(at(policy, "spec.ingress[0].fromEntities[0]"), "ingress");
    }
}

/// Holds V5.
#[test]
fn traversion_sends_http_to_https_on_four_hosts() {
    let world = default_world(&text("traversion"));
    for (route, host) in [
        ("api", "api"),
        ("ws", "ws"),
        ("monitoring", "monitoring"),
        ("grafana", "grafana"),
    ] {
        let redirect = object(&world, &format!("HTTPRoute/{route}-redirect"));
        assert_eq!(
            at(redirect, "spec.hostnames[0]"),
            format!("{host}.traversion.io")
        );
        assert_eq!(
            at(redirect, "spec.rules[0].filters[0].requestRedirect.scheme"),
            "https"
        );
    }
    let gateway = object(&world, "Gateway/traversion");
    assert_eq!(
        at(gateway, "metadata.annotations[cert-manager.io/issuer]"),
        "letsencrypt"
    );
    let issuer = object(&world, "Issuer/letsencrypt");
    assert_eq!(at(issuer, "spec.acme.email"), "ops@traversion.io");
    let solver = "spec.acme.solvers[0].http01.gatewayHTTPRoute.parentRefs[0].name";
    assert_eq!(at(issuer, solver), "traversion");
}

/// Holds V8.
#[test]
fn staging_of_traversion_is_smaller_and_elsewhere() {
    let world = in_environment("traversion", "staging");
    assert_eq!(world.namespace, "traversion-staging");
    let deployment = object(&world, "Deployment/api");
    assert_eq!(at(deployment, "spec.replicas"), 2);
    assert!(world.find("ScaledObject/api").is_none());
}

/// Holds S1.
#[test]
fn each_service_of_sorcha_has_workload_service_and_autoscaler_of_its_own() {
    let world = default_world(&text("sorcha"));
    for name in [
        "api-gateway",
        "blueprint-service",
        "wallet-service",
        "register-service",
        "peer-service",
        "tenant-service",
    ] {
        let deployment = object(&world, &format!("Deployment/{name}"));
        let container = format!("spec.template.spec.containers[{name}].resources");
        assert_eq!(at(deployment, &format!("{container}.limits.cpu")), "500m");
        assert_eq!(
            at(deployment, &format!("{container}.requests.memory")),
            "128Mi"
        );
        object(&world, &format!("Service/{name}"));
        object(&world, &format!("HorizontalPodAutoscaler/{name}"));
        object(&world, &format!("ServiceAccount/{name}"));
    }
}

/// Holds S3.
#[test]
fn the_gateway_of_sorcha_routes_by_path() {
    let world = default_world(&text("sorcha"));
    let route = object(&world, "HTTPRoute/public");
    let rules = route.body.at(&["spec", "rules"]).expect("rules");
    let backends: Vec<_> = rules
        .items()
        .iter()
        .filter_map(|rule| rule.at(&["backendRefs", "0", "name"]))
        .map(Node::to_json)
        .collect();
    assert_eq!(
        backends,
        [
            "api-gateway",
            "blueprint-service",
            "wallet-service",
            "register-service"
        ]
    );
}

/// Holds S4.
#[test]
fn secrets_of_sorcha_come_from_the_vault_and_restart_pods() {
    let world = default_world(&text("sorcha"));
    let secret = object(&world, "ExternalSecret/wallet-service-secrets");
    assert_eq!(at(secret, "spec.refreshInterval"), "1h");
    assert_eq!(at(secret, "spec.secretStoreRef.kind"), "ClusterSecretStore");
    let deployment = object(&world, "Deployment/wallet-service");
    let reload = "metadata.annotations[secret.reloader.stakater.com/reload]";
    assert_eq!(at(deployment, reload), "wallet-service-secrets");
}

/// Holds S7.
#[test]
fn policies_of_sorcha_open_exactly_what_is_used() {
    let world = default_world(&text("sorcha"));
    let policy = object(&world, "NetworkPolicy/wallet-service");
    let peers = |side: &str, key: &str| -> Vec<serde_json::Value> {
        let rules = policy.body.at(&["spec", side]).expect("rules");
        let name = ["podSelector", "matchLabels", "app.kubernetes.io/name"];
        rules
            .items()
            .iter()
            .filter_map(|rule| rule.get(key)?.items().first()?.at(&name))
            .map(Node::to_json)
            .collect()
    };
    assert_eq!(peers("egress", "to"), ["db", "redis"]);
    let callers = peers("ingress", "from");
    assert!(
        callers.contains(&"api-gateway".into()) && callers.contains(&"blueprint-service".into())
    );
    assert!(!callers.contains(&"tenant-service".into()));
    object(&world, "NetworkPolicy/default-deny");
}

/// Holds S8.
#[test]
fn images_of_sorcha_are_pulled_with_a_secret_from_its_registry() {
    let world = default_world(&text("sorcha"));
    let deployment = object(&world, "Deployment/peer-service");
    assert_eq!(
        at(deployment, "spec.template.spec.imagePullSecrets[0].name"),
        "registry-login"
    );
    let image = at(
        deployment,
        "spec.template.spec.containers[peer-service].image",
    );
    assert_eq!(image, "sorcha.azurecr.io/peer-service:0.9.0");
}

/// Holds W3.
#[test]
fn secrets_of_starter_are_mapped_from_provider_keys() {
    let world = default_world(&text("starter"));
    let secret = object(&world, "ExternalSecret/api-secrets");
    assert_eq!(at(secret, "spec.data[0].secretKey"), "DATABASE_URL");
    assert_eq!(
        at(secret, "spec.data[0].remoteRef.key"),
        "prod/database_url"
    );
    assert_eq!(at(secret, "spec.secretStoreRef.name"), "platform-secrets");
}

/// Holds W5.
#[test]
fn the_worker_of_starter_takes_over_billing() {
    let world = default_world(&text("starter"));
    assert!(world.find("Deployment/worker").is_none());
    let env = |world: &World, name: &str| {
        at(
            object(world, &format!("Deployment/{name}")),
            &format!(
                "spec.template.spec.containers[{name}].env[ENABLE_BILLING_RETRY_WORKER].value"
            ),
        )
    };
    assert_eq!(env(&world, "api"), serde_json::Value::Null);
    let on = text("starter").replace("enabled: false", "enabled: true");
    let world = default_world(&on);
    assert_eq!(env(&world, "api"), "false");
    assert_eq!(env(&world, "worker"), "true");
    let explicit = on.replace(
        "ENABLE_BILLING_RETRY_WORKER: { if: worker, then: \"false\" }",
        "ENABLE_BILLING_RETRY_WORKER: \"true\"",
    );
    assert_eq!(env(&default_world(&explicit), "api"), "true");
}

/// Holds W6.
#[test]
fn starter_migrates_before_new_pods() {
    let world = default_world(&text("starter"));
    let job = world
        .objects
        .iter()
        .find(|o| o.key.kind == "Job")
        .expect("a migration");
    assert!(job.key.name.starts_with("release-migrate-"));
    let container = "spec.template.spec.containers[0]";
    assert_eq!(
        at(job, &format!("{container}.command")),
        serde_json::json!(["starter-console", "release", "db"])
    );
    let api = object(&world, "Deployment/api");
    assert!(api.after.contains(&job.unit));
}

/// Holds W7.
#[test]
fn starter_is_asked_where_its_document_says() {
    let world = default_world(&text("starter"));
    for (name, path) in [("api", "/health/ready"), ("web", "/api/health/ready")] {
        let deployment = object(&world, &format!("Deployment/{name}"));
        let probe = format!("spec.template.spec.containers[{name}].readinessProbe.httpGet.path");
        assert_eq!(at(deployment, &probe), path);
        let live = format!("spec.template.spec.containers[{name}].livenessProbe");
        assert_eq!(
            at(deployment, &format!("{live}.httpGet")),
            serde_json::Value::Null
        );
        assert_ne!(
            at(deployment, &format!("{live}.tcpSocket")),
            serde_json::Value::Null
        );
    }
}

/// Holds P2.
#[test]
fn namespaces_of_the_identity_platform_say_who_may_talk() {
    let world = default_world(&text("identity-platform"));
    for name in ["gateway", "services", "data"] {
        object(&world, &format!("Namespace/{name}"));
        object(&world, &format!("{name}/NetworkPolicy/default-deny"));
    }
}

/// Holds P6.
#[test]
fn migrations_of_the_identity_platform_follow_each_other() {
    let world = default_world(&text("identity-platform"));
    let job = |name: &str| {
        let found = world.objects.iter().find(|o| o.key.name.starts_with(name));
        found.unwrap_or_else(|| panic!("there is {name}"))
    };
    let (identity, auth, legal) = (
        job("identity-db-migrate-"),
        job("auth-db-migrate-"),
        job("legal-db-migrate-"),
    );
    assert!(auth.after.contains(&identity.unit) && legal.after.contains(&auth.unit));
    let command = at(auth, "spec.template.spec.containers[0].command");
    assert_eq!(command[0], "goose");
    assert!(command.to_string().contains("$(DB_AUTH_DB_PASSWORD)"));
    assert!(
        !command.to_string().contains("sh"),
        "no shell is needed in the image"
    );
}
