//! Services that get another name or another namespace: what serves is there at every moment.

use std::time::Duration;

use plimsoll_cluster::cluster::Cluster;
use plimsoll_ship::{Desired, ObjectKey, Place, Release, ShipError};
use serde_json::{Value, json};

use crate::harness::{client, cluster, ship, try_to_ship, virtually};
use crate::shop::{namespace, object, shop};

/// The shop with a route to its service, a store that lets only the service in, and a program that
/// calls the service.
fn served_by(name: &str) -> Release {
    let mut release = shop();
    let service = [0, 1].map(|at| renamed(&release.objects[at], name));
    let [workload, service] = service;
    let caller = caller(&workload.key, name);
    release.objects[0] = workload;
    release.objects[1] = service;
    release.objects.extend([route(name), policy(name), caller]);
    release
}

/// The same object under another name, with its labels and selectors.
fn renamed(object: &Desired, name: &str) -> Desired {
    let text = object.body.to_string();
    let text = text.replace(
        r#""app.kubernetes.io/name":"api""#,
        &format!(r#""app.kubernetes.io/name":"{name}""#),
    );
    let mut renamed = object.clone();
    renamed.body = serde_json::from_str(&text).expect("JSON");
    renamed.body["metadata"]["name"] = json!(name);
    name.clone_into(&mut renamed.key.name);
    renamed
}

fn route(name: &str) -> Desired {
    let backend = json!({ "service": { "name": name, "port": { "number": 8080 } } });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    object(
        "networking.k8s.io/v1",
        "Ingress",
        "public",
        &json!({ "spec": { "rules": [{ "host": "shop.example.org", "http": { "paths": [path] } }] } }),
    )
}

fn policy(name: &str) -> Desired {
    let peer = json!({ "podSelector": { "matchLabels": { "app.kubernetes.io/name": name } } });
    object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "db",
        &json!({ "spec": {
            "podSelector": { "matchLabels": { "app.kubernetes.io/name": "db" } },
            "policyTypes": ["Ingress"],
            "ingress": [{ "from": [peer] }],
        } }),
    )
}

fn caller(called: &ObjectKey, name: &str) -> Desired {
    let container = json!({
        "name": "web",
        "image": "ghcr.example/web:1",
        "env": [{ "name": "API", "value": format!("http://{name}:8080") }],
        "resources": { "requests": { "cpu": "10m", "memory": "32Mi" } },
    });
    let labels = json!({ "app.kubernetes.io/name": "web" });
    let mut caller = object(
        "apps/v1",
        "Deployment",
        "web",
        &json!({ "spec": {
            "replicas": 1,
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } },
        } }),
    );
    caller.calls = vec![called.clone()];
    caller
}

/// Everything in the namespace, where it was before and where it goes.
fn moved() -> Release {
    let mut release = served_by("api");
    let mut home = namespace();
    home.key = ObjectKey::namespace("front");
    home.body["metadata"]["name"] = json!("front");
    let mut settings = release.objects[2].clone();
    for object in [&mut settings, &mut release.objects[1]] {
        object.key.namespace = Some("front".to_owned());
        object.body["metadata"]["namespace"] = json!("front");
    }
    let workload = &mut release.objects[0];
    workload.key.namespace = Some("front".to_owned());
    workload.body["metadata"]["namespace"] = json!("front");
    let called = workload.key.clone();
    "front".clone_into(&mut release.secrets[0].namespace);
    release
        .objects
        .retain(|object| object.key.kind != "Ingress");
    let caller = release.objects.last_mut().expect("the caller");
    caller.calls = vec![called];
    caller.body["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] =
        json!("http://api.front:8080");
    release.objects.extend([home, settings]);
    release
}

/// Looks ten times a second while something is done; every look must hold.
async fn always<T>(
    cluster: &Cluster,
    holds: impl Fn(&Cluster) -> Result<(), String>,
    work: impl Future<Output = T>,
) -> T {
    let watch = async {
        loop {
            if let Err(why) = holds(cluster) {
                return why;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        done = work => done,
        why = watch => panic!("{why}"),
    }
}

fn get(cluster: &Cluster, kind: &str, namespace: &str, name: &str) -> Option<Value> {
    let found = cluster.with(|state| state.get(kind, namespace, name));
    found.map(|found| (*found).clone())
}

fn ready(cluster: &Cluster, namespace: &str, name: &str) -> bool {
    let live = get(cluster, "apps/Deployment", namespace, name);
    live.is_some_and(|live| {
        live["status"]["readyReplicas"].as_i64() == live["spec"]["replicas"].as_i64()
    })
}

/// A new version of the pods takes this long to be ready.
fn slow(mut release: Release) -> Release {
    release.objects[0].body["spec"]["minReadySeconds"] = json!(20);
    release
}

/// Holds P9.
#[test]
fn a_route_leads_to_a_service_under_its_new_name_only_when_that_answers() {
    virtually(async {
        let cluster = cluster("slow=front:30s");
        let client = client(&cluster);
        assert!(ship(&client, &served_by("api")).await.0.ready);
        let holds = |cluster: &Cluster| {
            let route =
                get(cluster, "networking.k8s.io/Ingress", "shop", "public").expect("a route");
            let path = &route["spec"]["rules"][0]["http"]["paths"][0];
            let leads_to = path["backend"]["service"]["name"].as_str().expect("a name");
            let caller = get(cluster, "apps/Deployment", "shop", "web").expect("a caller");
            let container = &caller["spec"]["template"]["spec"]["containers"][0];
            let calls = container["env"][0]["value"].as_str().expect("an address");
            let called = if calls.contains("front") {
                "front"
            } else {
                "api"
            };
            for name in [leads_to, called] {
                if !ready(cluster, "shop", name) {
                    return Err(format!("{name} is used and does not answer"));
                }
            }
            Ok(())
        };
        let next = slow(served_by("front"));
        let (outcome, lines) = always(&cluster, holds, Box::pin(ship(&client, &next))).await;
        assert!(outcome.ready, "{:?}\n{}", outcome.failure, lines.join("\n"));
        assert!(get(&cluster, "apps/Deployment", "shop", "api").is_none());
        let (again, _) = ship(&client, &next).await;
        assert!(!again.changed_something());
    });
}

/// Holds P9: the store knows both names for as long as both are there, and only the new one then.
#[test]
fn a_store_lets_the_old_pods_in_until_they_are_gone() {
    virtually(async {
        let cluster = cluster("slow=front:30s");
        let client = client(&cluster);
        assert!(ship(&client, &served_by("api")).await.0.ready);
        let lets_in = |cluster: &Cluster, name: &str| {
            let policy = get(cluster, "networking.k8s.io/NetworkPolicy", "shop", "db");
            let rules = policy.expect("a policy")["spec"]["ingress"].to_string();
            rules.contains(&format!("\"{name}\""))
        };
        let holds = |cluster: &Cluster| {
            for name in ["api", "front"] {
                let is_there = cluster.with(|state| {
                    let pods = state.list("Pod");
                    let mut names = pods
                        .iter()
                        .map(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"].clone());
                    names.any(|carried| carried == name)
                });
                if is_there && !lets_in(cluster, name) {
                    return Err(format!("pods of {name} are turned away"));
                }
            }
            Ok(())
        };
        let next = slow(served_by("front"));
        let (outcome, lines) = always(&cluster, holds, Box::pin(ship(&client, &next))).await;
        assert!(outcome.ready, "{:?}\n{}", outcome.failure, lines.join("\n"));
        assert!(lets_in(&cluster, "front") && !lets_in(&cluster, "api"));
        let (again, _) = ship(&client, &next).await;
        assert!(!again.changed_something());
    });
}

/// Holds P9: it is there before the old one goes, and its secrets are the same.
#[test]
fn a_service_that_moves_to_another_namespace_serves_all_the_time_and_keeps_its_secrets() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        assert!(ship(&client, &served_by("api")).await.0.ready);
        let secret = |namespace: &str| get(&cluster, "Secret", namespace, "api-secrets");
        let before = secret("shop").expect("a Secret")["data"].clone();
        let holds = |cluster: &Cluster| {
            let serves = ["shop", "front"]
                .iter()
                .any(|home| ready(cluster, home, "api"));
            serves
                .then_some(())
                .ok_or_else(|| "nobody serves".to_owned())
        };
        let next = slow(moved());
        let (outcome, lines) = always(&cluster, holds, Box::pin(ship(&client, &next))).await;
        assert!(outcome.ready, "{:?}\n{}", outcome.failure, lines.join("\n"));
        assert!(get(&cluster, "apps/Deployment", "shop", "api").is_none());
        assert_eq!(secret("front").expect("a Secret")["data"], before);
        assert!(secret("shop").is_none());
    });
}

/// The shop with its database in a namespace of its own.
fn with_database_in(home: &str) -> Release {
    let mut release = shop();
    let mut namespace = namespace();
    namespace.key = ObjectKey::namespace(home);
    namespace.body["metadata"]["name"] = json!(home);
    let is_database = |object: &&mut Desired| object.key.kind == "StatefulSet";
    let database = release.objects.iter_mut().find(is_database);
    let database = database.expect("a database");
    database.key.namespace = Some(home.to_owned());
    database.body["metadata"]["namespace"] = json!(home);
    database.place = Some(Place {
        file: "plimsoll.yaml".into(),
        line: 7,
        column: 3,
    });
    let key = database.key.clone();
    for object in &mut release.objects {
        if object.key.kind == "Job" {
            object.after = vec![key.clone()];
        }
    }
    home.clone_into(&mut release.secrets[1].namespace);
    release.objects.push(namespace);
    release
}

/// Holds V9.
#[test]
fn a_store_that_would_begin_empty_in_another_namespace_is_refused_before_anything_is_written() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        assert!(ship(&client, &shop()).await.0.ready);
        let before = cluster.with(|state| state.version());
        let stopped = try_to_ship(&client, &with_database_in("data"), "test")
            .await
            .0;
        let Err(ShipError::Obstacles(found)) = stopped else {
            panic!("{stopped:?}");
        };
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            found[0].cause,
            "its data is in namespace shop; in namespace data it would begin empty"
        );
        assert_eq!(found[0].place.as_ref().map(|place| place.line), Some(7));
        assert_eq!(
            cluster.with(|state| state.version()),
            before,
            "nothing was written"
        );
    });
}

/// Holds V9: the old one stays with its data.
#[test]
fn a_store_whose_data_nobody_needs_may_begin_empty_elsewhere() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        assert!(ship(&client, &shop()).await.0.ready);
        let mut next = with_database_in("data");
        for object in &mut next.objects {
            object.protected = false;
        }
        let (outcome, lines) = ship(&client, &next).await;
        assert!(outcome.ready, "{:?}\n{}", outcome.failure, lines.join("\n"));
        for home in ["shop", "data"] {
            assert!(
                get(&cluster, "apps/StatefulSet", home, "db").is_some(),
                "{home}"
            );
        }
    });
}
