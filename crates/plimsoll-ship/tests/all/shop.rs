//! A small application: a database with data, a migration, a service, policies.

use std::time::Duration;

use plimsoll_secrets::Make;
use plimsoll_ship::{
    Desired, How, KeyWish, Logical, ObjectKey, Part, Place, Release, Role, Rollback, SecretWish,
};
use serde_json::{Value, json};

/// An object in the namespace of the shop.
pub fn object(api_version: &str, kind: &str, name: &str, content: &Value) -> Desired {
    let mut body = json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": { "name": name, "namespace": "shop", "labels": { "app.kubernetes.io/name": name } },
    });
    let all = body.as_object_mut().expect("a map");
    all.extend(content.as_object().expect("a map").clone());
    Desired {
        key: ObjectKey::new(api_version, kind, Some("shop"), name),
        body,
        after: Vec::new(),
        exists_after: Vec::new(),
        calls: Vec::new(),
        protected: false,
        keeps_claims: false,
        role: Role::Plain,
        place: None,
        unit: name.to_owned(),
    }
}

pub fn namespace() -> Desired {
    let mut namespace = object("v1", "Namespace", "shop", &json!({}));
    namespace.key = ObjectKey::namespace("shop");
    namespace.body["metadata"]
        .as_object_mut()
        .expect("a map")
        .remove("namespace");
    namespace
}

pub fn template(name: &str, container: &Value) -> Value {
    let mut whole =
        json!({ "name": name, "resources": { "requests": { "cpu": "10m", "memory": "32Mi" } } });
    whole
        .as_object_mut()
        .expect("a map")
        .extend(container.as_object().expect("a map").clone());
    json!({
        "metadata": { "labels": { "app.kubernetes.io/name": name } },
        "spec": { "containers": [whole] },
    })
}

pub fn api(image: &str, config: &str) -> Desired {
    let container = json!({
        "image": image,
        "ports": [{ "containerPort": 8080 }],
        "envFrom": [{ "configMapRef": { "name": config } }, { "secretRef": { "name": "api-secrets" } }],
        "readinessProbe": { "httpGet": { "path": "/ready", "port": 8080 }, "periodSeconds": 5 },
    });
    let mut api = object(
        "apps/v1",
        "Deployment",
        "api",
        &json!({ "spec": {
            "replicas": 2,
            "selector": { "matchLabels": { "app.kubernetes.io/name": "api" } },
            "template": template("api", &container),
        } }),
    );
    api.role = Role::Workload;
    api.after = vec![ObjectKey::new(
        "batch/v1",
        "Job",
        Some("shop"),
        "db-migrate-1",
    )];
    api.place = Some(Place {
        file: "plimsoll.yaml".into(),
        line: 3,
        column: 3,
    });
    api
}

pub fn config(name: &str, mode: &str) -> Desired {
    object(
        "v1",
        "ConfigMap",
        name,
        &json!({ "data": { "MODE": mode } }),
    )
}

fn database() -> Desired {
    let mut database = stateful("db");
    database.protected = true;
    database.role = Role::Store;
    database
}

/// A service that keeps files on disks of its own.
pub fn files() -> Desired {
    let mut files = stateful("files");
    files.keeps_claims = true;
    files.role = Role::Workload;
    files
}

fn stateful(name: &str) -> Desired {
    let container = json!({
        "image": "ghcr.example/db:1",
        "ports": [{ "containerPort": 5432 }],
        "env": [{
            "name": "POSTGRES_PASSWORD",
            "valueFrom": { "secretKeyRef": { "name": "db-credentials", "key": "password" } },
        }],
        "volumeMounts": [{ "name": "data", "mountPath": "/data" }],
    });
    object(
        "apps/v1",
        "StatefulSet",
        name,
        &json!({ "spec": {
            "serviceName": name,
            "replicas": 1,
            "selector": { "matchLabels": { "app.kubernetes.io/name": name } },
            "template": template(name, &container),
            "volumeClaimTemplates": [{
                "metadata": { "name": "data" },
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": { "requests": { "storage": "1Gi" } },
                },
            }],
        } }),
    )
}

fn migration() -> Desired {
    let mut pod = template(
        "db-migrate",
        &json!({ "image": "ghcr.example/api:1", "args": ["migrate"] }),
    );
    pod["spec"]["restartPolicy"] = json!("Never");
    let mut migration = object(
        "batch/v1",
        "Job",
        "db-migrate-1",
        &json!({ "spec": { "backoffLimit": 0, "template": pod } }),
    );
    migration.role = Role::Migration { name: "db".into() };
    migration.after = vec![ObjectKey::new("apps/v1", "StatefulSet", Some("shop"), "db")];
    migration.place = Some(Place {
        file: "plimsoll.yaml".into(),
        line: 9,
        column: 5,
    });
    migration
}

fn service(name: &str, port: u16) -> Desired {
    object(
        "v1",
        "Service",
        name,
        &json!({ "spec": { "selector": { "app.kubernetes.io/name": name }, "ports": [{ "port": port }] } }),
    )
}

fn secrets() -> Vec<SecretWish> {
    let wish = |name: &str, keys: Vec<KeyWish>| SecretWish {
        namespace: "shop".into(),
        name: name.into(),
        kind: "Opaque".into(),
        labels: Vec::new(),
        keys,
        unit: String::new(),
        place: None,
    };
    let password = How::Made {
        value: Logical::whole("db.password"),
        make: Make::Password { length: 32 },
    };
    let url = How::Composed {
        parts: vec![
            Part::Text("postgres://app:".into()),
            Part::Value {
                value: Logical::whole("db.password"),
                escape: true,
            },
            Part::Text("@db:5432/shop".into()),
        ],
    };
    vec![
        wish(
            "api-secrets",
            vec![KeyWish {
                key: "DATABASE_URL".into(),
                how: url,
            }],
        ),
        wish(
            "db-credentials",
            vec![KeyWish {
                key: "password".into(),
                how: password,
            }],
        ),
    ]
}

/// The whole application.
pub fn shop() -> Release {
    let deny = json!({ "spec": { "podSelector": {}, "policyTypes": ["Ingress"] } });
    Release {
        application: "shop".into(),
        environment: "dev".into(),
        namespace: "shop".into(),
        objects: vec![
            api("ghcr.example/api:1", "api-config-1"),
            service("api", 8080),
            config("api-config-1", "calm"),
            migration(),
            database(),
            service("db", 5432),
            object(
                "networking.k8s.io/v1",
                "NetworkPolicy",
                "default-deny",
                &deny,
            ),
            namespace(),
        ],
        secrets: secrets(),
        deadline: Duration::from_mins(15),
        rollback: Rollback::Never,
        revisions: std::collections::BTreeMap::new(),
    }
}

/// The same with another setting, and so another ConfigMap.
pub fn reconfigured() -> Release {
    let mut release = shop();
    release.objects[0] = api("ghcr.example/api:1", "api-config-2");
    release.objects[2] = config("api-config-2", "busy");
    release
}

/// The kinds that the tests count.
pub const KINDS: &[&str] = &[
    "ConfigMap",
    "Namespace",
    "PersistentVolumeClaim",
    "Pod",
    "Secret",
    "Service",
    "apps/Deployment",
    "apps/ReplicaSet",
    "apps/StatefulSet",
    "batch/Job",
    "coordination.k8s.io/Lease",
    "networking.k8s.io/NetworkPolicy",
];
